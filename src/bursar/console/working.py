"""Long work on a page: begun by a form, followed by a part that is asked for every second, cancelled by another form."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from bursar.console.visit import Visitor
from bursar.office.database import reading, transaction
from bursar.office.works import work
from bursar.office.works.work import Work
from bursar.web import works


def begin(visit: Visitor, kind: str, title: str, asked: dict[str, Any]) -> Work:
    """Have shared work done, and wait a moment for it. Raises Conflict if some of its kind is not done yet."""
    return works.begin(visit.request, visit.actor, kind, title, asked, shared=True, wait_seconds=works.WAIT_SECONDS)


def newest(visit: Visitor, kind: str) -> Work | None:
    """The shared work of a kind that was begun last."""
    with reading(visit.caller.desks.engine) as connection:
        found = work.newest(connection, visit.actor.organisation, kind)
    works.looked_at(visit.request, found)
    return found


def newest_done(visit: Visitor, kind: str) -> tuple[Work | None, dict[str, Any]]:
    """The last of a kind that came to its end, with what came out."""
    with reading(visit.caller.desks.engine) as connection:
        found = work.newest(connection, visit.actor.organisation, kind, "done")
        return found, work.document(connection, found)


def followed(visit: Visitor, kind: str, path: str, cancel: str, doing: str) -> Response:
    """The part that shows how far work is; once it has ended, the page is asked for anew."""
    found = newest(visit, kind)
    answer = visit.show("work_part.html", work=found, path=path, cancel=cancel, doing=doing)
    if found is None or not found.is_open:
        answer.headers["HX-Refresh"] = "true"
    return answer


def cancelled(visit: Visitor, kind: str, back: str) -> Response:
    """Ask the work of a kind to stop, and go back to its page."""
    found = newest(visit, kind)
    if found is not None and found.is_open:
        with transaction(visit.caller.desks.engine) as connection:
            work.cancel(connection, found, visit.now)
    return visit.done(back, "cancelled")
