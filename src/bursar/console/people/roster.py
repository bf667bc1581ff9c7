"""The roster: who is on it?"""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from starlette.responses import Response

from bursar.console import working
from bursar.console.people.area import AREA
from bursar.console.visit import Visit
from bursar.office.access import action, reach
from bursar.office.database import reading
from bursar.office.workforce import importing, people
from bursar.web import paging

READ, CHANGE = action("person.read"), action("person.change")
PAGE_ROWS = 100
TOLD = {
    "imported": "The roster is imported. Whose tier changed, their grants follow by the notice of their terms.",
    "added": "Added to the roster.",
    "cancelled": "The import was cancelled; nothing of it was changed.",
}


@AREA.page("/people", name="People", question="Who is on the roster?", action="person.read", whose="house")
def listed(
    visit: Visit,
    find: Annotated[str, Query(max_length=200)] = "",
    left: bool = False,
    after: Annotated[str, Query(max_length=200)] = "",
    done: str = "",
) -> Response:
    """By handle, with who left only on demand."""
    visit.require(READ)
    place = paging.read(after, str) or ""
    may_change = "organisation" in reach(visit.actor, CHANGE)
    with reading(visit.caller.desks.engine) as connection:
        rows = people.found(connection, find, after=place, limit=PAGE_ROWS + 1, left=left)
        counts = people.counts(connection)
    return visit.show(
        "people/roster.html",
        rows=paging.sliced(rows, PAGE_ROWS, lambda one: one["handle"]),
        counts=counts,
        find=find,
        left=left,
        first=not after,
        may_change=may_change,
        last=working.newest(visit, importing.KIND) if may_change else None,
        told=TOLD,
        done=done,
    )
