"""Exposure of any day, down to the lots: what was promised then, and which lots make a figure?"""

from __future__ import annotations

from typing import Annotated, cast, get_args
from urllib.parse import urlencode

from fastapi import Query
from starlette.responses import Response

from bursar.console.audit.moments import instant, local
from bursar.console.finance.area import AREA
from bursar.console.visit import Visit
from bursar.errors import InvalidInput
from bursar.office import naming
from bursar.office.access import action
from bursar.office.database import reading
from bursar.office.figures import exposure_at
from bursar.office.figures.exposure_at import By
from bursar.office.oversight.subjects import everybody

BOOKS = action("books.read")
PATH = "/finance/lots"
MOST_LINES = 200
BY: dict[By, str] = {
    "plan": "Plan",
    "tier": "Tier",
    "team": "Team",
    "scope": "Where it may be spent",
    "person": "Person",
}


@AREA.page(
    PATH,
    name="Any day",
    question="What was promised then, and which lots make a figure?",
    action="books.read",
    whose="house",
)
def page(
    visit: Visit,
    by: Annotated[str, Query(max_length=20)] = "plan",
    key: Annotated[str, Query(max_length=200)] = "",
    unit: Annotated[str, Query(max_length=100)] = "USD",
    at: Annotated[str, Query(max_length=40)] = "",
) -> Response:
    """All lines of a grouping, or the lots of one; each lot leads to its person's ledger."""
    visit.look(BOOKS, [everybody(visit.actor)], "lots")
    if by not in get_args(By):
        raise InvalidInput("by", repr(by), f"one of {', '.join(get_args(By))}")
    chosen = cast("By", by)
    moment = instant(at, visit.zone, "at") if at else visit.now
    with visit.desk() as desk:
        found = exposure_at.past(desk, moment).value
        # What it was spent on is counted by whole days.
        used = {one: exposure_at.used(desk, one, moment, unit) for one in exposure_at.USES} if not key else {}
    if unit not in found.units():
        raise InvalidInput("unit", repr(unit), f"one of {', '.join(found.units())}")
    lots = found.of(chosen, key, unit)[:MOST_LINES] if key else []
    groups = [] if key else found.by(chosen, unit)
    shown = groups[:MOST_LINES]
    people = {one.person for one in lots} | ({one.key for one in shown} if by == "person" else set())
    with reading(visit.caller.desks.engine) as connection:
        names = naming.subjects(connection, people)

    def path(**changed: str) -> str:
        asked = {"by": by, "unit": unit, "at": at, "key": key, **changed}
        return f"{PATH}?{urlencode({name: value for name, value in asked.items() if value})}"

    return visit.show(
        "finance/lots.html",
        found=found,
        whole=found.whole(unit),
        groups=shown,
        more=max(0, len(groups) - MOST_LINES),
        lots=lots,
        used=used,
        names=names,
        by=by,
        heading=BY[chosen],
        key=key,
        unit=unit,
        at=at or local(moment, visit.zone),
        line=path,
        choices=[(path(by=one, key=""), BY[one], one) for one in get_args(By)],
    )
