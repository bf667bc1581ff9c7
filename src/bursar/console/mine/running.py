"""Running: what is running now, and what is it capped at?"""

from __future__ import annotations

from starlette.responses import Response

from bursar.console.mine.area import AREA
from bursar.console.visit import Visit, Visitor
from bursar.office.access import action
from bursar.office.metering import running as office

RUNNING = action("running.read")


@AREA.page("/running", name="Running now", question="What is running, and what is it capped at?", action="running.read")
def running(visit: Visit, done: str = "") -> Response:
    return _drawn(visit, "mine/running.html", done)


@AREA.part("/running/now", action="running.read")
def now(visit: Visit) -> Response:
    """The tables alone."""
    return _drawn(visit, "mine/running_now.html", "")


def _drawn(visit: Visitor, template: str, done: str) -> Response:
    person = visit.myself(RUNNING)
    with visit.desk() as desk:
        found = office.running(desk, person["id"])
    return visit.show(template, running=found, done=done)
