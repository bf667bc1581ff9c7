"""Statement: everything that moved my account in a month, to read and to print."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Any

from fastapi import Query
from starlette.responses import Response

from bursar.calendar import months_later
from bursar.console import words
from bursar.console.mine.area import AREA
from bursar.console.visit import Visit
from bursar.errors import InvalidInput
from bursar.office import reports
from bursar.office.access import action

STATEMENT = action("statement.read")
MONTHS_BACK = 12
KINDS = {
    "release": "Allotment",
    "settle": "Request",
    "charge": "Charge",
    "unresolved": "Unresolved",
    "expire": "Expired",
    "revoke": "Taken back",
    "reduce": "Taken back",
    "roll": "Rolled over",
    "trim": "Above the cap",
    "correct": "Correction",
}
QUIET = frozenset({"hold", "void", "lapse"})
"""What moved nothing in the end."""


@AREA.page("/statement", name="Statement", question="What moved my account in a month?", action="statement.read")
def statement(
    visit: Visit, month: Annotated[str, Query(max_length=7)] = "", each: Annotated[bool, Query()] = False
) -> Response:
    person = visit.myself(STATEMENT)
    this = words.local_date(visit.now, visit.zone).replace(day=1)
    first = _month(month, this)
    # The running month ends now: beyond, there is only what would happen if nobody did anything.
    end = "" if first == this else months_later(first, 1).isoformat()
    with visit.desk() as desk:
        found = reports.statement(desk, person["id"], first.isoformat(), end)
    return visit.show(
        "mine/statement.html",
        accounts=[_account(one, each) for one in (found, *found["other_units"])],
        month=first,
        months=[months_later(this, -back) for back in range(MONTHS_BACK)],
        each=each,
        person=person,
    )


def _month(text: str, this: date) -> date:
    if not text:
        return this
    if not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", text):
        raise InvalidInput("month", repr(text), "a month such as 2026-11")
    found = date.fromisoformat(f"{text}-01")
    if found > this:
        raise InvalidInput("month", repr(text), "this month or one before it")
    return found


def _account(found: dict[str, Any], each: bool) -> dict[str, Any]:
    """Requests of a day as one line, unless each is asked for; everything else stands for itself."""
    lines: list[dict[str, Any]] = []
    for line in found["lines"]:
        if line["kind"] in QUIET and not line["spent_nanos"]:
            continue
        kind = KINDS.get(line["kind"], line["kind"])
        day = line["at_micros"] // 86_400_000_000
        last = lines[-1] if lines else None
        bundled = not each and line["kind"] in ("settle", "charge") and line["request_id"] is not None
        if bundled and last is not None and last["day"] == day and last["bundled"]:
            last["count"] += 1
            last["spent_nanos"] += line["spent_nanos"]
            last["change_nanos"] += line["change_nanos"]
            last["balance_nanos"] = line["balance_nanos"]
            continue
        lines.append({**line, "kind": kind, "day": day, "bundled": bundled, "count": 1})
    return {
        **found,
        "lines": lines,
        "spent_nanos": sum(line["spent_nanos"] for line in lines),
        "added_nanos": sum(line["change_nanos"] for line in lines if line["change_nanos"] > 0),
    }
