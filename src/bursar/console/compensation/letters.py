"""Letters: what is somebody's total pay, with the tokens told honestly beside cash and equity?

What is typed in as pay is drawn into the page and kept nowhere: it comes with a form, so it is in no address either. The
same statement can be had as a file that needs nothing else, to be sent or printed.
"""

from __future__ import annotations

import re
from typing import Annotated, Any

from fastapi import Depends, Path, Query
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response

from bursar.charts import Bar, Bars, Step, Total, Waterfall
from bursar.console import rendering, words
from bursar.console.compensation.area import AREA
from bursar.console.mine.area import AREA as MINE
from bursar.console.visit import Visit, Visitor
from bursar.errors import BursarError
from bursar.offers.telling import DISCLAIMER, attributes, cents, said
from bursar.offers.terms import STEADY
from bursar.office.access import action
from bursar.office.database import reading
from bursar.office.figures import total_pay, total_pay_paper
from bursar.office.figures.total_pay import FIELDS, Expected, Statement
from bursar.office.oversight import subjects
from bursar.office.workforce import people
from bursar.web import paging

PAY, RECORD = action("pay.read"), action("person.read")
PAGE_ROWS = 50
MAX_TYPED = 60
QUESTION = "What is the total pay, and what are the tokens in it worth?"

Handle = Annotated[str, Path(max_length=200)]


async def _typed(request: Request) -> dict[str, str]:
    form = await request.form()
    return {name: str(form.get(name, ""))[:MAX_TYPED] for name in FIELDS}


Pay = Annotated[dict[str, str], Depends(_typed)]


@AREA.page("/letters", name="Letters", question="Whose statement of total pay?", action="pay.read", whose="house")
def listed(
    visit: Visit, person: Annotated[str, Query(max_length=100)] = "", after: Annotated[str, Query(max_length=200)] = ""
) -> Response:
    """People to choose from, by handle."""
    visit.require(PAY)
    visit.require(RECORD)
    place = paging.read(after, str) or ""
    with reading(visit.caller.desks.engine) as connection:
        rows = people.found(connection, person, after=place, limit=PAGE_ROWS + 1)
    return visit.show(
        "compensation/letters.html",
        rows=paging.sliced(rows, PAGE_ROWS, lambda one: one["handle"]),
        person=person,
        first=not after,
    )


@AREA.page(
    "/letters/{handle}", name="Statement of total pay", question=QUESTION,
    action="pay.read", whose="house", in_menu=False,
)  # fmt: skip
def letter(visit: Visit, handle: Handle) -> Response:
    """The statement without cash and equity: nobody keeps them here."""
    return _drawn(visit, _whose(visit, handle), f"/letters/{handle}", {})


@AREA.form("/letters/{handle}", action="pay.read", whose="house", name="Statement of total pay", question=QUESTION)
def with_pay(visit: Visit, handle: Handle, typed: Pay) -> Response:
    """The same beside what was typed in; nothing of it is kept."""
    return _drawn(visit, _whose(visit, handle), f"/letters/{handle}", typed)


@AREA.form("/letters/{handle}/file", action="pay.read", whose="house", name="Statement of total pay", question=QUESTION)
def as_file(visit: Visit, handle: Handle, typed: Pay) -> Response:
    """The same as a page of its own, to be kept, sent and printed."""
    return _drawn(visit, _whose(visit, handle), f"/letters/{handle}", typed, as_file=True)


@AREA.form("/letters/{handle}/pdf", action="pay.read", whose="house", name="Statement of total pay", question=QUESTION)
def as_pdf(visit: Visit, handle: Handle, typed: Pay) -> Response:
    """The same on paper."""
    return _printed(visit, _whose(visit, handle), f"/letters/{handle}", typed)


@MINE.page(
    "/total-pay",
    name="Total pay",
    question="What is my total pay, and what are the tokens in it worth?",
    action="pay.read",
)
def own(visit: Visit) -> Response:
    """One's own statement."""
    return _drawn(visit, visit.myself(PAY)["id"], "/total-pay", {})


@MINE.form(
    "/total-pay", action="pay.read",
    name="Total pay", question="What is my total pay, and what are the tokens in it worth?",
)  # fmt: skip
def own_with_pay(visit: Visit, typed: Pay) -> Response:
    """The same beside one's own cash and equity; nothing of it is kept."""
    return _drawn(visit, visit.myself(PAY)["id"], "/total-pay", typed)


@MINE.form(
    "/total-pay/file", action="pay.read",
    name="Total pay", question="What is my total pay, and what are the tokens in it worth?",
)  # fmt: skip
def own_as_file(visit: Visit, typed: Pay) -> Response:
    """One's own as a page of its own."""
    return _drawn(visit, visit.myself(PAY)["id"], "/total-pay", typed, as_file=True)


@MINE.form(
    "/total-pay/pdf", action="pay.read",
    name="Total pay", question="What is my total pay, and what are the tokens in it worth?",
)  # fmt: skip
def own_as_pdf(visit: Visit, typed: Pay) -> Response:
    """One's own on paper."""
    return _printed(visit, visit.myself(PAY)["id"], "/total-pay", typed)


@MINE.part("/total-pay.pdf", action="pay.read")
def own_pdf(visit: Visit) -> Response:
    """The same without cash and equity, by its address."""
    return _printed(visit, visit.myself(PAY)["id"], "/total-pay", {})


def _whose(visit: Visitor, handle: str) -> str:
    """Id of the person, once the look is on record."""
    with reading(visit.caller.desks.engine) as connection:
        about, _ = subjects.required(connection, visit.actor, PAY, handle)
    visit.look(PAY, [about], "statement of total pay")
    return about.person


def _drawn(visit: Visitor, person: str, here: str, typed: dict[str, str], *, as_file: bool = False) -> Response:
    error: BursarError | None = None
    with visit.desk() as desk:
        try:
            found = total_pay.statement(desk, person, typed)
        except BursarError as refused:
            error = refused
            found = total_pay.statement(desk, person, {})
    values: dict[str, Any] = {
        "found": found,
        "here": here,
        "typed": {name: typed.get(name, "") for name in FIELDS},
        "said": lambda amount: said(amount, found.currency),
        "cents": cents,
        "package": _package(found),
        "waterfall": _waterfall(found.expected, found) if found.expected is not None else None,
        "attributes": attributes(found.lines[0]) if found.lines else [],
        "disclaimer": DISCLAIMER,
        "whole": found.pay.salary is not None,
        "assumed": STEADY,
    }
    if error is not None:
        return visit.show_faults("compensation/letter.html", error, **values)
    if as_file:
        style = Markup(rendering.stylesheet())  # noqa: S704 (ours: nothing in it was typed by anybody)
        answer = visit.show("compensation/letter_paper.html", style=style, **values)
        name = f"total-pay-{found.person['handle']}-{words.local_date(visit.now, visit.zone)}.html"
        answer.headers["Content-Disposition"] = f'attachment; filename="{_plain(name)}"'
        return answer
    return visit.show("compensation/letter.html", **values)


def _printed(visit: Visitor, person: str, here: str, typed: dict[str, str]) -> Response:
    try:
        with visit.desk() as desk:
            found = total_pay.statement(desk, person, typed)
    except BursarError:
        return _drawn(visit, person, here, typed)
    name = f"total-pay-{found.person['handle']}-{words.local_date(visit.now, visit.zone)}.pdf"
    headers = {"Content-Disposition": f'attachment; filename="{_plain(name)}"'}
    return Response(total_pay_paper.pdf(found, visit.now), media_type="application/pdf", headers=headers)


def _package(found: Statement) -> Bars | None:
    """Cash first; of the tokens, what they are worth as pay, and the rest of their face."""
    if found.pay.salary is None or found.expected is None:
        return None
    worth = max(0.0, found.expected.worth)
    return Bars(
        "package",
        "A year",
        "Pay and tokens are two things and are not added. Of the tokens, the first part is what they are worth as pay.",
        [
            Bar("pay", [round(found.pay.cash, 2), round(found.pay.equity + found.pay.benefits, 2), 0, 0]),
            Bar("tokens, at face", [0, 0, round(worth, 2), round(max(0.0, found.expected.face - worth), 2)]),
        ],
        ("cash", "equity and benefits", "tokens, worth as pay", "the rest of their face"),
        written=lambda amount: said(amount, found.currency),
    )


def _waterfall(one: Expected, found: Statement) -> Waterfall:
    """From what a year promises to what it is worth as pay."""
    steps: list[Step | Total] = [Step("Promised", round(one.face, 2), "at face")]
    if one.granted >= 0.5:
        steps.append(Step("On top", round(one.granted, 2), "by grace and automatic top-ups"))
    steps.append(Step("Not used", -round(one.unused, 2), "expires, or is still there"))
    rest = one.face + one.granted - one.unused - one.used
    if abs(rest) >= 0.5:
        steps.append(Step("Prices", -round(rest, 2), "tokens keep their number"))
    steps.append(Total("Used, at list price", "expected"))
    steps.append(Step("For work", -round(one.work, 2), "the employer's, not pay"))
    worth = one.worth - one.personal
    if abs(worth) >= 0.5:
        steps.append(Step("As pay", round(worth, 2), "later, beyond what one would buy, and untaxed"))
    steps.append(Total("Worth as pay", "before tax"))
    return Waterfall(
        "worth",
        "From what is promised to what it is worth as pay, a year",
        "What the plan promises stands on top; at the bottom stands the sum of salary that would be worth the same.",
        steps,
        written=lambda amount: said(amount, found.currency),
    )


def _plain(name: str) -> str:
    """A file name without anything that a header or a file system would take for more than a name."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", name)
