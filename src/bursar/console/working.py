"""Long work on a page: begun by a form, followed by a part that is asked for every second, cancelled by another form."""

from __future__ import annotations

from starlette.responses import Response

from bursar.console.visit import Visitor
from bursar.office import house_work as work
from bursar.office.house_work import Work


def followed(visit: Visitor, found: Work | None, path: str, cancel: str, doing: str) -> Response:
    """The part that shows how far work is; once it has ended, the page is asked for anew."""
    answer = visit.show("work_part.html", work=found, path=path, cancel=cancel, doing=doing)
    if found is None or found.state != "running":
        answer.headers["HX-Refresh"] = "true"
    return answer


def cancelled(visit: Visitor, kind: str, back: str) -> Response:
    """Ask the work of a kind to stop, and go back to its page."""
    with visit.desk() as desk:
        found = work.newest(desk, visit.actor.organisation, kind, now=visit.now)
        if found is not None and found.state == "running":
            work.cancel(desk, found.id)
    return visit.done(back, "cancelled")
