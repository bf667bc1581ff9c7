"""Statement: everything that moved my account in a month, to read and to print; any day of it request by request."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated

from fastapi import Path, Query
from starlette.responses import Response

from bursar.calendar import months_later
from bursar.console import words
from bursar.console.mine.area import AREA
from bursar.console.visit import Visit
from bursar.errors import InvalidInput
from bursar.office.access import action
from bursar.office.figures import statements
from bursar.web import paging

STATEMENT = action("statement.read")
MONTHS_BACK = 12
KINDS = {
    "release": "Allotment",
    "unresolved": "Never settled",
    "expire": "Expired",
    "revoke": "Taken back",
    "reduce": "Taken back",
    "roll": "Rolled over",
    "trim": "Above the cap",
    "correct": "Correction",
}


@AREA.page("/statement", name="Statement", question="What moved my account in a month?", action="statement.read")
def statement(visit: Visit, month: Annotated[str, Query(max_length=7)] = "") -> Response:
    person = visit.myself(STATEMENT)
    this = words.local_date(visit.now, visit.zone).replace(day=1)
    first = _month(month, this)
    with visit.desk() as desk:
        found = statements.month(desk, person["id"], first)
    return visit.show(
        "mine/statement.html",
        accounts=[found, *found["other_units"]],
        month=first,
        months=[months_later(this, -back) for back in range(MONTHS_BACK)],
        person=person,
        kinds=KINDS,
        running=first == this,
    )


@AREA.page(
    "/statement/{day}", name="A day's requests", question="What was each request of this day?", action="statement.read",
    in_menu=False,
)  # fmt: skip
def one_day(
    visit: Visit, day: Annotated[str, Path(max_length=10)], after: Annotated[str, Query(max_length=200)] = ""
) -> Response:
    person = visit.myself(STATEMENT)
    on = _day(day)
    with visit.desk() as desk:
        found = statements.day(desk, person["id"], on, paging.read(after, int))
    page = paging.sliced(found, statements.CHARGES_AT_ONCE, lambda line: line.seq)
    return visit.show("mine/statement_day.html", charges=page.rows, next=page.next, first=not after, day=on)


def _month(text: str, this: date) -> date:
    if not text:
        return this
    if not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", text):
        raise InvalidInput("month", repr(text), "a month such as 2026-11")
    found = date.fromisoformat(f"{text}-01")
    if found > this:
        raise InvalidInput("month", repr(text), "this month or one before it")
    return found


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InvalidInput("day", repr(text), "a day such as 2026-11-21") from None
