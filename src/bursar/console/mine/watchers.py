"""Watchers: what can my employer see, and who looked?"""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from starlette.responses import Response

from bursar.console.mine.area import AREA
from bursar.console.visit import Visit
from bursar.office.access import action
from bursar.office.database import reading
from bursar.office.oversight import reads, watching
from bursar.web import paging

READS = action("reads.read")
ROWS = 50


@AREA.page(
    "/watchers", name="Who can see this", question="What can my employer see, and who looked?", action="reads.read"
)
def watchers(visit: Visit, after: Annotated[str, Query(max_length=200)] = "") -> Response:
    person = visit.myself(READS)
    before = paging.read(after, int) or 0
    with reading(visit.caller.desks.engine) as connection:
        found = reads.reads_of(connection, person["id"], before=before, limit=ROWS + 1)
    page = paging.sliced(found, ROWS, lambda one: one.at)
    return visit.show(
        "mine/watchers.html",
        looks=page.rows,
        next=page.next,
        first=not after,
        roles=watching.seen_by_role(),
        alone=watching.seen_by_auditors_alone(),
    )
