"""Health: is everything running?"""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from bursar.console.platform.area import AREA
from bursar.console.visit import Visit
from bursar.office.access import action
from bursar.office.database import reading
from bursar.office.granting.grants import NOTHING_DUE
from bursar.office.metering import nodes
from bursar.office.telling import health

NODE = action("node.read")
SHOWN_MICROS = 7 * 86_400_000_000
"""Nodes that were last heard of longer ago are not shown."""


@AREA.page("/platform", name="Health", question="Is everything running?", action="node.read", whose="house")
def page(visit: Visit) -> Response:
    visit.require(NODE)
    return visit.show("platform/health.html", **_found(visit))


@AREA.part("/platform/now", action="node.read", whose="house")
def now(visit: Visit) -> Response:
    """The figures alone, asked for again now and then."""
    visit.require(NODE)
    return visit.show("platform/health_now.html", **_found(visit))


def _found(visit: Visit) -> dict[str, Any]:
    with visit.desk() as desk:
        found = health.health(desk)
    with reading(visit.caller.desks.engine) as connection:
        known = [one for one in nodes.listed(connection) if visit.now - one.beat < SHOWN_MICROS]
    state = {one.name: one.state(visit.now) for one in known}
    wrong = [one for one in found.value.checks if not one.good]
    return {
        "health": found.value,
        "nodes": known,
        "state": state,
        "running": sum(one == "running" for one in state.values()),
        "silent": [one.name for one in known if state[one.name] == "silent"],
        "wrong": wrong,
        "late": found.value.late(visit.now),
        "nothing_due": found.value.calendar_due >= NOTHING_DUE,
        "as_of": found.at,
    }
