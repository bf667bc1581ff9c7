"""What one takes along from an offer: its questions, a report, the file, a link; and how a file is opened."""

from __future__ import annotations

import re

from starlette.requests import Request
from starlette.responses import Response

from bursar.console.candidate.area import AREA, REPORT_UNITS, SCALES, count
from bursar.console.candidate.sent import LINK, Document, Form, today
from bursar.console.candidate.showing import answer_of, questions_of
from bursar.console.candidate.weigh import NAME, QUESTION, drawn, layout
from bursar.console.guest import Guest
from bursar.errors import InvalidInput
from bursar.offers.interview import written
from bursar.offers.link import MAX_CARRIED_CHARS, MAX_LINK_CHARS, packed
from bursar.offers.reading import read
from bursar.plans.document import PlanFaults

_NOT_IN_NAMES = re.compile(r"[^a-z0-9-]+")


@AREA.ask(
    "/offer/questions", name="Questions to ask", question="What is missing from this offer?",
    action="offer.evaluate", whose="house", public=True,
)  # fmt: skip
def questions(guest: Guest, form: Form) -> Response:
    """Every term that the offer leaves open, the most valuable first."""
    document = form.document
    count(guest)
    try:
        values = answer_of(SCALES.weigh(document, today(guest)))
        values |= questions_of(SCALES.ask(document, today(guest)))
    except PlanFaults:
        return drawn(guest, document, form.line, beside=form.beside)
    return guest.show(
        "candidate/questions.html",
        layout=layout(guest, by_link=False),
        packed=packed(document, MAX_CARRIED_CHARS),
        beside=[packed(one, MAX_CARRIED_CHARS) for one in form.beside],
        plain=[one.question for one in values["questions"]],
        **values,
    )


@AREA.ask(
    "/offer/share", name="Share an offer", question="Who sees what, and where is it stored?",
    action="offer.evaluate", whose="house", public=True,
)  # fmt: skip
def share(guest: Guest, request: Request, form: Form) -> Response:
    """Links that hold the whole offer, and what that means."""
    document = form.document
    count(guest)
    try:
        SCALES.weigh(document, today(guest))
    except PlanFaults:  # a link to what cannot be weighed helps nobody
        return drawn(guest, document, form.line, beside=form.beside)
    here = f"{request.url.scheme}://{request.url.netloc}"
    without_me = {name: value for name, value in document.items() if name != "me"}
    return guest.show(
        "candidate/share.html",
        layout=layout(guest, by_link=False),
        packed=packed(document, MAX_CARRIED_CHARS),
        beside=[packed(one, MAX_CARRIED_CHARS) for one in form.beside],
        edit=_link(f"{here}/offer", document),
        show=_link(f"{here}/offer/view", without_me),
        most=MAX_LINK_CHARS,
    )


@AREA.ask("/offer/report", action="offer.evaluate", whose="house", public=True)
def report(guest: Guest, form: Form) -> Response:
    """The report of an offer: one HTML file that needs nothing else."""
    document = form.document
    count(guest, REPORT_UNITS)
    try:
        text = SCALES.report([document], today(guest))
    except PlanFaults:
        return drawn(guest, document, form.line, beside=form.beside)
    return sent_as(text, "text/html", f"{_stem(document)}-report.html")


@AREA.ask("/offer/file", action="offer.evaluate", whose="house", public=True)
def file(guest: Guest, form: Form) -> Response:
    """The offer as a document, for `bursar offer` or for another day."""
    document = form.document
    return sent_as(written(document), "application/yaml", f"{_stem(document)}.yaml")


@AREA.ask("/offer/open", name=NAME, question=QUESTION, action="offer.evaluate", whose="house", public=True)
def opened(guest: Guest, form: Form) -> Response:
    """The page of an offer that somebody has as a file."""
    try:
        document = document_of(form.file, form.name)
    except PlanFaults as error:
        return drawn(guest, form.base, beside=form.beside, refused=[str(one) for one in error.faults])
    except InvalidInput as error:
        return drawn(guest, form.base, beside=form.beside, refused=[error.sentence])
    return drawn(guest, document, beside=form.beside)


def document_of(text: str, name: str) -> Document:
    """The document in a file. Raises `PlanFaults` with line and column, or `InvalidInput`."""
    value = read(text, name or "offer").source.value
    if not isinstance(value, dict):
        raise InvalidInput("file", type(value).__name__, "an offer that begins with `bursar: offer/1`")
    packed(value, MAX_CARRIED_CHARS)
    return value


def _link(address: str, document: Document) -> str:
    """A link, empty for an offer that is too large for one."""
    try:
        return f"{address}?{LINK}={packed(document)}"
    except InvalidInput:
        return ""


def _stem(document: Document) -> str:
    return _NOT_IN_NAMES.sub("-", str(document.get("name") or "offer").lower()).strip("-")[:60] or "offer"


def sent_as(text: str, type_: str, name: str) -> Response:
    """A file to keep."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "X-Robots-Tag": "noindex"}
    return Response(text, media_type=type_, headers=headers)
