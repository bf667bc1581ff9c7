"""The leaderboard: who gets far with a dollar? Only those who chose to be asked."""

from __future__ import annotations

import secrets
from datetime import date
from typing import Annotated, Any, Literal

from fastapi import Form, Query
from starlette.responses import Response

from bursar.console.board.area import AREA
from bursar.console.visit import Visit, Visitor
from bursar.errors import BursarError
from bursar.insight.leaderboard import LEAST_REQUESTS, LEAST_ROWS, WEEKS, Row, Shown, places
from bursar.office.access import action
from bursar.office.database import reading
from bursar.office.figures import leaderboard

READ, JOIN, SETTINGS = action("leaderboard.read"), action("leaderboard.join"), action("setting.change")
NAME, QUESTION = "Leaderboard", "Who gets far with a dollar?"
ORDERS = (
    ("cost", "Cost of a request"),
    ("cache", "From the cache"),
    ("output", "Output for a dollar"),
    ("days", "Days active"),
)
DONE = {
    "joined": "You stand on the leaderboard, from the day that is said below.",
    "left": "You are off the leaderboard. Nothing of you is on it any more.",
}
_KINDS = ("quiet", "amber", "early", "patient", "curious", "northern", "gentle", "bright", "late", "wandering")
_ANIMALS = ("otter", "heron", "badger", "finch", "lynx", "marten", "plover", "vole", "ibex", "wren", "seal", "hare")

By = Literal["cost", "cache", "output", "days"]


@AREA.page("/leaderboard", name=NAME, question=QUESTION, action="leaderboard.read", whose="house")
def board(visit: Visit, by: Annotated[By, Query()] = "cost", done: str = "") -> Response:
    return _drawn(visit, by=by, done=done)


@AREA.form("/leaderboard/join", action="leaderboard.join", name=NAME, question=QUESTION)
def join(
    visit: Visit,
    shown: Annotated[Literal["pseudonym", "name"], Form()] = "pseudonym",
    pseudonym: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    """Stand on it, or under another name."""
    person = visit.myself(JOIN)
    try:
        with visit.desk() as desk:
            leaderboard.join(desk, person, pseudonym, by_name=shown == "name")
    except BursarError as error:
        return _drawn(visit, error=error, typed={"shown": shown, "pseudonym": pseudonym})
    return visit.done("/leaderboard", "joined")


@AREA.form("/leaderboard/leave", action="leaderboard.join")
def leave(visit: Visit) -> Response:
    """Be gone from it, at once."""
    person = visit.myself(JOIN)
    with visit.desk() as desk:
        leaderboard.leave(desk, person)
    return visit.done("/leaderboard", "left")


def _drawn(
    visit: Visitor,
    *,
    by: By = "cost",
    done: str = "",
    error: BursarError | None = None,
    typed: dict[str, str] | None = None,
) -> Response:
    visit.require(READ)
    player = visit.person if visit.reaches(JOIN, "own") else None
    mine = preview = None
    with visit.desk() as desk:
        found = leaderboard.standing(desk, visit.actor.organisation, by)
        if found.open and player is not None:
            with reading(desk.engine) as connection:
                mine = leaderboard.member(connection, player["id"])
            shown = Shown((mine.pseudonym if mine else "") or "you", mine is not None and not mine.pseudonym)
            preview = leaderboard.preview(desk, player, shown)
    values: dict[str, Any] = {
        "board": found,
        "rows": [(place, row, player is not None and who == player["id"]) for place, (who, row) in _placed(found, by)],
        "first": _spoken(found.first_day),
        "last": _spoken(found.last_day),
        "by": by,
        "orders": ORDERS,
        "player": player,
        "mine": mine,
        "preview": preview,
        "typed": typed or {"shown": "pseudonym", "pseudonym": _suggested()},
        "may_open": visit.reaches(SETTINGS, "house"),
        "least": LEAST_ROWS,
        "least_requests": LEAST_REQUESTS,
        "weeks": WEEKS,
        "done": done,
        "told": DONE,
    }
    if error is not None:
        return visit.show_faults("board/leaderboard.html", error, **values)
    return visit.show("board/leaderboard.html", **values)


def _placed(found: leaderboard.Board, by: By) -> list[tuple[int, tuple[str, Row]]]:
    return list(zip(places([row for _, row in found.rows], by), found.rows, strict=True))


def _spoken(day: str) -> str:
    found = date.fromisoformat(day)
    return f"{found.day} {found:%B}"


def _suggested() -> str:
    return f"{secrets.choice(_KINDS)} {secrets.choice(_ANIMALS)}"
