"""Where it went: what consumed my allotment?"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated, Any, Literal

from fastapi import Query
from starlette.responses import Response

from bursar.charts import Cell, Chart, Columns, Part, Treemap
from bursar.console import words
from bursar.console.mine.area import AREA
from bursar.console.visit import Visit
from bursar.errors import InvalidInput
from bursar.office.access import action
from bursar.office.figures import reports, spending
from bursar.office.metering import outside

USAGE = action("usage.read")
GROUPS = {
    "model": "Model",
    "project": "Project",
    "purpose": "Work or personal",
    "session": "Agent session",
    "agent": "Agent",
    "key": "Key",
    "day": "Day",
}
DAYS = (7, 30, 90)
MOST_CELLS = 40


@AREA.page("/usage", name="Where it went", question="What consumed my allotment?", action="usage.read")
def usage(
    visit: Visit,
    by: Annotated[str, Query(max_length=20)] = "model",
    days: Annotated[int, Query()] = 30,
    sort: Annotated[Literal["amount", "requests", "key"], Query()] = "amount",
    down: Annotated[bool, Query()] = True,
) -> Response:
    person = visit.myself(USAGE)
    if by not in GROUPS:
        raise InvalidInput("by", repr(by), f"one of {', '.join(GROUPS)}")
    if days not in DAYS:
        raise InvalidInput("days", str(days), f"one of {', '.join(map(str, DAYS))}")
    start = (words.local_date(visit.now, visit.zone) - timedelta(days=days - 1)).isoformat()
    with visit.desk() as desk:
        daily = reports.usage(desk, "day", person=person["id"], start=start)
        if by in spending.GROUPS:
            detail = spending.spending(desk, person["id"], by, days)
            rows, complete = [_named(row, by) for row in detail["rows"]], detail["complete"]
        else:
            found = daily if by == "day" else reports.usage(desk, by, person=person["id"], start=start)
            rows, complete = [{**row, "name": row["key"] or "none named"} for row in found["rows"]], True
        past = outside.of_person(desk, person["id"], days)
    whole = sum(row["amount_nanos"] for row in rows)
    key = {"amount": "amount_nanos", "requests": "requests", "key": "name"}[sort]
    rows.sort(key=lambda row: row[key], reverse=down)
    return visit.show(
        "mine/usage.html",
        by=by,
        days=days,
        sort=sort,
        down=down,
        groups=GROUPS,
        choices=DAYS,
        rows=rows,
        whole=whole,
        complete=complete,
        chart=_chart(by, rows, whole, days),
        daily=_daily(daily, start),
        total=sum(daily["spent_by_day_nanos"]),
        others=daily["other_units"],
        past=past,
    )


def _named(row: dict[str, Any], by: str) -> dict[str, Any]:
    unnamed = {"session": "outside of a session", "agent": "no agent named", "key": "before keys, or by hand"}
    return {**row, "name": row["name"] or unnamed[by]}


def _chart(by: str, rows: list[dict[str, Any]], whole: int, days: int) -> Chart | None:
    """A treemap; days are columns already, and a single cell says nothing."""
    cells = [Cell(row["name"], row["amount_nanos"]) for row in rows if row["amount_nanos"] > 0]
    if by == "day" or len(cells) < 2:
        return None
    cells.sort(key=lambda one: -one.value)
    most = cells[0]
    share = words.percent(int(most.value), whole)
    return Treemap(
        "went",
        f"By {GROUPS[by].lower()}",
        f"{most.label} took {share} of the {words.written(whole)} of these {days} days. Areas are shares of it.",
        cells[:MOST_CELLS],
        axis=GROUPS[by].lower(),
        written=words.written,
    )


def _daily(found: dict[str, Any], start: str) -> Columns:
    first = date.fromisoformat(start)
    days = [first + timedelta(days=place) for place in range(len(found["spent_by_day_nanos"]))]
    return Columns(
        "daily",
        "Day by day",
        "What was spent on each day (UTC).",
        names=[f"{day.day} {day:%b}" for day in days],
        parts=[Part("spent", found["spent_by_day_nanos"])],
        axis="day",
        written=words.written_round,
        empty="Nothing was used in these days",
    )
