"""The leaderboard of those who chose to stand on it, what the organisation has opened, and its settings."""

from __future__ import annotations

import os
from typing import Annotated

from fastapi import Path, Query
from pydantic import Field

from bursar.api.calls import Called
from bursar.api.routes import Resource
from bursar.api.shapes import Amount, Day, Document, Instant, Line, Page, Sent, amount_of, instant, said
from bursar.insight.leaderboard import By
from bursar.office import openings, setting_list
from bursar.office.database import reading, transaction
from bursar.office.figures import leaderboard
from bursar.office.workforce import people

BOARD = Resource("Leaderboard", "Who gets far with a dollar, among those who chose to be asked.")
HOUSE = Resource("Organisation", "What the organisation has opened, and how it is set up.")


class BoardRow(Document):
    """Somebody who chose to be here; figures are rounded or told in bands."""

    place: int = said("In this order.", 1)
    shown: str = said("A pseudonym, or a name.", "quiet otter")
    by_name: bool = said("Whether it is their own name.", False)
    mine: bool = said("Whether it is the caller's own row.", False)
    cost: Amount = Field(description="Of a request.")
    cache_percent: int = said("Of the input, what came from a cache.", 45)
    output_tokens: int = said("Tokens of output by dollar.", 38_000)
    days: str = said("On how many of the days.", "10 to 14")
    spend: str = said("In dollars, in all.", "50 to 200")


class Board(Document):
    """What everybody sees: figures of four whole weeks. A leaderboard says nothing about how good anybody's work is."""

    open: bool = said("Whether the organisation has one.", True)
    first_day: Day = said("First day that counts.", "2026-10-19")
    last_day: Day = said("Last day that counts.", "2026-11-15")
    items: list[BoardRow] = Field(description="Empty while fewer than five stand on it.")


class Joining(Sent):
    """How somebody wants to be shown."""

    pseudonym: Line = said("A name that nobody goes by.", "quiet otter", "")
    by_name: bool = said("Under one's own name instead.", False, False)


class Member(Document):
    """That somebody stands on the board."""

    pseudonym: str = said("Empty: under their own name.", "quiet otter")
    joined: Instant = said("Since when.", "2026-11-20T09:00:00Z")
    appears: Instant = said("When the row is there.", "2026-11-23T00:00:00Z")


class OpeningDocument(Document):
    """Something that is off until an owner turns it on."""

    name: str = said("Its name.", "leaderboard")
    title: str = said("As people call it.", "Leaderboard")
    what: str = said("What it opens.", "Whoever chooses to may stand on a leaderboard.")
    why: str = said("Why it is closed by default.", "Rankings by use were gamed elsewhere.")
    is_open: bool = said("Whether it is open.", False)


class OpeningSent(Sent):
    """Open or closed."""

    is_open: bool = said("Whether it shall be open.", True)


class SettingDocument(Document):
    """How one thing is set up. A secret is never told."""

    name: str = said("Its name.", "port")
    variable: str = said("The environment variable that sets it.", "BURSAR_PORT")
    value: str = said("In force; of a secret only whether there is one.", "8787")
    default: str = said("Without any setting.", "8787")
    source: str = said("environment, file or default.", "default")
    what: str = said("What it is for.", "Port of the gateway; 0 takes a free one.")


@BOARD.get("/leaderboard", "getLeaderboard", "The leaderboard", action="leaderboard.read", whose="house")
def get_leaderboard(call: Called, by: Annotated[By, Query(description="What to order by.")] = "cost") -> Board:
    """There is no order by spend or tokens: what is counted is what is gamed."""
    with call.desk() as desk:
        found = leaderboard.standing(desk, call.by.organisation, by)
    return Board(
        open=found.open,
        first_day=found.first_day,
        last_day=found.last_day,
        items=[
            BoardRow(
                place=place,
                shown=row.shown,
                by_name=row.by_name,
                mine=bool(call.by.person) and who == call.by.person,
                cost=amount_of(row.cost),
                cache_percent=row.cache,
                output_tokens=row.output,
                days=row.days,
                spend=row.spend,
            )
            for place, (who, row) in enumerate(found.rows, start=1)
        ],
    )


@BOARD.post(
    "/people/{person}/leaderboard/join", "joinLeaderboard", "Stand on it", action="leaderboard.join", whose="person"
)
def join_leaderboard(call: Called, body: Joining) -> Member:
    """Or under another name. The row appears with the next week."""
    with call.desk() as desk:
        with reading(desk.engine) as connection:
            holder = people.named(connection, call.person)
        found = leaderboard.join(desk, holder, body.pseudonym, by_name=body.by_name)
    return Member(pseudonym=found.pseudonym, joined=instant(found.joined), appears=instant(found.appears))


@BOARD.post(
    "/people/{person}/leaderboard/leave",
    "leaveLeaderboard",
    "Be gone from it",
    action="leaderboard.join",
    whose="person",
    status=204,
)
def leave_leaderboard(call: Called) -> None:
    """At once."""
    with call.desk() as desk:
        leaderboard.leave(desk, {"id": call.person})


@HOUSE.get("/openings", "listOpenings", "What is open", action="setting.read", whose="house")
def list_openings(call: Called) -> Page[OpeningDocument]:
    """What an owner may open, and whether it is."""
    with reading(call.desks.engine) as connection:
        return Page[OpeningDocument](
            items=[_opening(one.opening, one.open) for one in openings.listed(connection, call.by.organisation)]
        )


@HOUSE.put("/openings/{opening}", "putOpening", "Open or close something", action="setting.change", whose="house")
def put_opening(
    call: Called, opening: Annotated[str, Path(description="Its name.", max_length=60)], body: OpeningSent
) -> OpeningDocument:
    """With a line in the audit log; a leaderboard that is closed forgets who stood on it."""
    call.worked = True
    with transaction(call.desks.engine) as connection:
        found = openings.change(
            connection, opening, to=body.is_open, by=call.by.label, now=call.now, organisation=call.by.organisation
        )
    return _opening(found, body.is_open)


@HOUSE.get("/settings", "listSettings", "How it is set up", action="setting.read", whose="house")
def list_settings(call: Called) -> Page[SettingDocument]:
    """Every setting with where it comes from; of a secret only that there is one."""
    names = ("name", "variable", "value", "default", "source", "what")
    found = setting_list.listed(call.desks.settings, os.environ)
    return Page[SettingDocument](
        items=[SettingDocument(**{name: getattr(one, name) for name in names}) for one in found]
    )


def _opening(one: openings.Opening, is_open: bool) -> OpeningDocument:
    return OpeningDocument(name=one.name, title=one.title, what=one.what, why=one.why, is_open=is_open)
