"""My usage: where did it go?"""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from starlette.responses import Response

from bursar.charts import Cell, Treemap
from bursar.console import words
from bursar.console.mine.area import AREA
from bursar.console.visit import Visit
from bursar.office import reports
from bursar.office.access import action

USAGE = action("usage.read")
GROUPS = {"model": "model", "project": "project", "provider": "provider", "purpose": "purpose", "day": "day"}


@AREA.page("/usage", name="Where it went", question="What consumed my allotment?", action="usage.read")
def usage(visit: Visit, by: Annotated[str, Query(max_length=20)] = "model") -> Response:
    person = visit.myself(USAGE)
    with visit.desk() as desk:
        found = reports.usage(desk, by, person=person["id"])
    cells = [Cell(row["key"] or "none", row["amount_nanos"]) for row in found["rows"][:60] if row["amount_nanos"] > 0]
    chart = Treemap(
        "usage",
        f"Spend by {by}",
        "The larger the area, the more was spent on it.",
        cells,
        axis=by,
        written=words.written,
    )
    return visit.show("mine/usage.html", usage=found, chart=chart, by=by, groups=GROUPS)
