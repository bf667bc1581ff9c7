"""Weigh an offer: what is this token line worth to me in cash?

One form whose every control may be unknown, and an answer that follows it. With script the answer alone is asked for again
while somebody moves a control; without, the form is sent like any other. Nothing of it is stored or logged.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from bursar.console.candidate.area import AREA, SCALES, count
from bursar.console.candidate.sent import Document, Form, Sent, linked, today, unseen
from bursar.console.candidate.showing import answer_of, form_of, questions_of
from bursar.console.guest import Guest, Stranger
from bursar.console.visit import Visitor
from bursar.errors import BursarError
from bursar.offers import telling
from bursar.offers.controls import CONTROLS
from bursar.offers.filling import blank, controls_of
from bursar.offers.link import MAX_CARRIED_CHARS, packed
from bursar.plans.document import Fault, PlanFaults
from bursar.web.problems import problem_of

NAME, QUESTION = "Weigh an offer", "What is this token line worth to me in cash?"


@AREA.page("/offer", name=NAME, question=QUESTION, action="offer.evaluate", whose="house", public=True)
def offer(guest: Guest, request: Request) -> Response:
    """The form: as a link has it, or as it begins."""
    given = linked(request)
    answer = drawn(guest, given[0] if given else blank(), beside=given[1:], by_link=bool(given))
    return unseen(answer) if given else answer


@AREA.ask("/offer", name=NAME, question=QUESTION, action="offer.evaluate", whose="house", public=True)
def sent(guest: Guest, form: Form) -> Response:
    """The same with what the form says."""
    return drawn(guest, form.document, form.next_line, beside=form.beside)


@AREA.ask("/offer/now", action="offer.evaluate", whose="house", public=True)
def now(guest: Guest, form: Form) -> Response:
    """The answer alone, while somebody moves a control; notes beside controls come along out of their place."""
    try:
        document = form.document
        count(guest)
        try:
            values = answer_of(SCALES.weigh(document, today(guest)))
        except PlanFaults as error:
            return _beside_controls(guest, form, document, error)
    except BursarError as error:
        return _kept(guest, problem_of(error).sentence)
    values["packed"] = packed(document, MAX_CARRIED_CHARS)
    values["beside"] = [packed(one, MAX_CARRIED_CHARS) for one in form.beside]
    answer = guest.show("candidate/now.html", **values, **form_of(document, form.line))
    answer.headers["HX-Trigger"] = "weighed"  # the questions follow, once nothing moves for a moment
    return answer


@AREA.ask("/offer/asked", action="offer.evaluate", whose="house", public=True)
def asked(guest: Guest, form: Form) -> Response:
    """The questions alone, a moment after the answer."""
    document = form.document
    count(guest)
    found = questions_of(SCALES.ask(document, today(guest)))
    currency = str(document.get("currency") or "USD")
    return guest.show("candidate/asked_now.html", **found, said=partial(telling.said, currency=currency))


@AREA.page(
    "/offer/view", name="An offer", question="What is it worth?", action="offer.evaluate", whose="house",
    in_menu=False, public=True,
)  # fmt: skip
def view(guest: Guest, request: Request) -> Response:
    """An offer by a link, to be read only: for whoever is shown it."""
    given = linked(request)
    if not given:
        return guest.show("candidate/no_link.html", layout=layout(guest, by_link=False))
    count(guest)
    document = given[0]
    values = answer_of(SCALES.weigh(document, today(guest)))
    values |= questions_of(SCALES.ask(document, today(guest)))
    values |= {"mine": "me" in document, "layout": layout(guest, by_link=True), "packed": packed(document)}
    return unseen(guest.show("candidate/view.html", **values))


def drawn(
    guest: Visitor | Stranger,
    document: Document,
    line: int = 0,
    *,
    beside: list[Document] | None = None,
    by_link: bool = False,
    mine: bool = False,
    refused: Sequence[str] = (),
) -> Response:
    """The page of an offer. What is wrong with it stands beside its controls, with status 422.

    `refused` is what was wrong with a file that could not be opened instead.
    """
    count(guest)
    shared: dict[str, Any] = {
        "layout": layout(guest, by_link=by_link),
        "packed": packed(document, MAX_CARRIED_CHARS),
        "beside": [packed(one, MAX_CARRIED_CHARS) for one in beside or []],
        "mine": mine,
        "refused": refused,
    }
    try:
        values = answer_of(SCALES.weigh(document, today(guest)))
        values |= questions_of(SCALES.ask(document, today(guest)))
    except PlanFaults as error:
        faults, loose = controls_of(error.faults, line)
        form = form_of(document, line, faults, loose)
        return guest.show("candidate/offer.html", 422, weighed=None, **shared, **form, **told(faults, loose))
    status = 422 if refused else 200
    return guest.show("candidate/offer.html", status, **shared, **values, **form_of(document, line), wrong=[])


def layout(guest: Visitor | Stranger, *, by_link: bool) -> str:
    """With the menu for whoever is signed in; a page whose address holds an offer has none.

    Its address must be told to no other page, and a browser that is told so sends the menu's forms without saying where
    they come from, which the console refuses.
    """
    return "base.html" if isinstance(guest, Visitor) and not by_link else "candidate/open.html"


def told(faults: dict[str, Fault], loose: list[Fault]) -> dict[str, Any]:
    """A problem for the top of the page."""
    lines = [(CONTROLS[name].label, fault) for name, fault in faults.items()]
    return {"wrong": [*lines, *((fault.field, fault) for fault in loose)]}


def _beside_controls(guest: Visitor | Stranger, form: Sent, document: Document, error: PlanFaults) -> Response:
    faults, loose = controls_of(error.faults, form.line)
    values = form_of(document, form.line, faults, loose)
    answer = guest.show("candidate/now_wrong.html", **values, **told(faults, loose))
    answer.headers["HX-Reswap"] = "none"
    return answer


def _kept(guest: Visitor | Stranger, sentence: str) -> Response:
    """What is shown stays, with a sentence above it."""
    answer = guest.show("candidate/now_kept.html", sentence=sentence)
    answer.headers["HX-Reswap"] = "none"
    return answer
