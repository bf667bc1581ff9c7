"""Openings: what has the organisation opened to its people and to visitors?"""

from __future__ import annotations

from typing import Annotated

from fastapi import Form, Path
from starlette.responses import Response

from bursar.console.board.area import AREA
from bursar.console.visit import Visit
from bursar.office import openings
from bursar.office.access import action
from bursar.office.database import reading, transaction

Name = Annotated[str, Path(max_length=80)]

READ, CHANGE = action("setting.read"), action("setting.change")
PATHS = {openings.VISITORS.name: "/offer", openings.LEADERBOARD.name: "/leaderboard"}
"""Where each of them is."""
DONE = {"open": "It is open now.", "closed": "It is closed now."}


@AREA.page(
    "/openings",
    name="What is open",
    question="What has the organisation opened?",
    action="setting.read",
    whose="house",
)
def shown(visit: Visit, done: str = "") -> Response:
    visit.require(READ)
    with reading(visit.caller.desks.engine) as connection:
        found = openings.listed(connection, visit.actor.organisation)
    may = visit.reaches(CHANGE, "house")
    here = f"{visit.request.url.scheme}://{visit.request.url.netloc}"
    addresses = {name: here + path for name, path in PATHS.items()}
    return visit.show("board/openings.html", openings=found, may=may, done=done, told=DONE, addresses=addresses)


@AREA.page(
    "/openings/{name}/close",
    name="Close",
    question="What is lost with it?",
    action="setting.change",
    whose="house",
    in_menu=False,
)
def close(visit: Visit, name: Name) -> Response:
    """Ask again, where opening it another time would not bring back what is there."""
    visit.require(CHANGE)
    return visit.show("board/close.html", opening=openings.named(name))


@AREA.form("/openings/{name}", action="setting.change", whose="house")
def change(visit: Visit, name: Name, to: Annotated[str, Form(pattern="^(open|closed)$")]) -> Response:
    """Open something, or close it again."""
    visit.require(CHANGE)
    with transaction(visit.caller.desks.engine) as connection:
        openings.change(
            connection,
            name,
            to=to == "open",
            by=visit.actor.label,
            now=visit.now,
            organisation=visit.actor.organisation,
        )
    return visit.done("/openings", to)
