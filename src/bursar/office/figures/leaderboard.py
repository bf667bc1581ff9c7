"""The leaderboard of an organisation: whoever chooses to stands on it, under a pseudonym or a name, and leaves at any time.

Figures are those that the gateway metered in four whole weeks. Who joins or takes another name appears with the next week,
when every figure moves; who leaves is gone at once. Nothing of anybody else is read.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, delete, insert, or_, select, update

from bursar.calendar import from_micros
from bursar.errors import Conflict, InvalidInput
from bursar.insight.leaderboard import DAYS, By, Row, Shown, Used, board, row_of
from bursar.ledger import reading as ledger
from bursar.office import openings
from bursar.office.database import reading, transaction
from bursar.office.granting import seats
from bursar.office.metering import usage_events
from bursar.office.tables import leaderboard_member, person

if TYPE_CHECKING:
    from bursar.office.desk import Desk

LEAST_CHARS, MOST_CHARS = 3, 24
"""Of a pseudonym."""
MAX_MEMBERS = 5_000
"""Who stands on one board; a look reads the weeks of all of them."""
MICROS_PER_DAY = 86_400_000_000
_MONDAY = 3
"""Days from a Monday to the first day of 1970, a Thursday."""
_NOT_METERED = (seats.PROVIDER, usage_events.PROVIDER)
"""Charges that no gateway measured: seats, and what people recorded themselves."""


@dataclass(frozen=True, slots=True)
class Member:
    """That somebody is on the board, and how."""

    pseudonym: str
    """Empty: under their own name."""
    joined: int
    appears: int
    """When the row is there, microseconds UTC."""


@dataclass(frozen=True, slots=True)
class Board:
    """What everybody sees of one organisation, at an instant."""

    open: bool
    rows: tuple[tuple[str, Row], ...]
    """Person's id and row; the id is for telling somebody which row is theirs, and is never shown."""
    first_day: str
    last_day: str


def member(connection: Connection, person_id: str) -> Member | None:
    """Whether a person is on the board."""
    row = connection.execute(select(leaderboard_member).where(leaderboard_member.c.person == person_id)).first()
    return None if row is None else Member(row.pseudonym, row.joined, _appears(row.joined))


def join(desk: Desk, holder: dict[str, Any], pseudonym: str, *, by_name: bool = False) -> Member:
    """Put a person on the board, or under another name; it is their own choice, so a face asks `leaderboard.join`.

    Raises Conflict while the organisation has not opened it, InvalidInput for a pseudonym that cannot be.
    """
    now = desk.now()
    shown = "" if by_name else _checked(pseudonym)
    with transaction(desk.engine) as connection:
        organisation = connection.execute(select(person.c.organisation).where(person.c.id == holder["id"])).scalar_one()
        if not openings.is_open(connection, openings.LEADERBOARD, organisation):
            raise Conflict("there is no leaderboard here", "an owner opens it: `bursar setting open leaderboard`")
        if shown:
            _refuse_taken(connection, organisation, holder["id"], shown)
        before = member(connection, holder["id"])
        if before is not None and before.pseudonym == shown:
            return before
        values = {"pseudonym": shown, "folded": _folded(shown), "joined": now}
        here = leaderboard_member.c.person == holder["id"]
        if connection.execute(update(leaderboard_member).where(here).values(**values)).rowcount == 0:
            connection.execute(
                insert(leaderboard_member).values(person=holder["id"], organisation=organisation, **values)
            )
    return Member(shown, now, _appears(now))


def leave(desk: Desk, holder: dict[str, Any]) -> bool:
    """Take a person off the board, at once; whether they were on it."""
    with transaction(desk.engine) as connection:
        here = leaderboard_member.c.person == holder["id"]
        return connection.execute(delete(leaderboard_member).where(here)).rowcount > 0


def standing(desk: Desk, organisation: str, by: By = "cost") -> Board:
    """The board of an organisation now; without rows while it is closed or too few stand on it."""
    start, end = weeks(desk.now())
    days = (_day(start), _day(end - 1))
    with reading(desk.engine) as connection:
        if not openings.is_open(connection, openings.LEADERBOARD, organisation):
            return Board(False, (), *days)
        members = _members(connection, organisation, end)
    rows = board(members, _used(desk, list(members), start, end), by)
    return Board(True, tuple(rows), *days)


def preview(desk: Desk, holder: dict[str, Any], shown: Shown) -> Row | None:
    """The row that a person would have, for nobody but themselves; None for whoever used too little."""
    start, end = weeks(desk.now())
    return row_of(shown, _used(desk, [holder["id"]], start, end).get(holder["id"], Used()))


def weeks(now: int) -> tuple[int, int]:
    """The days that are shown at an instant, since 1970-01-01 UTC, the end exclusive: it is always a Monday."""
    today = now // MICROS_PER_DAY
    end = today - (today + _MONDAY) % 7
    return end - DAYS, end


def _members(connection: Connection, organisation: str, end: int) -> dict[str, Shown]:
    """Who stands on it since the last Monday or longer, without those who have left or may not work now."""
    row = leaderboard_member.c
    query = (
        select(row.person, row.pseudonym, person.c.name, person.c.handle)
        .join(person, person.c.id == row.person)
        .where(
            row.organisation == organisation,
            row.joined < end * MICROS_PER_DAY,
            person.c.status == "active",
            or_(person.c.leave_date == "", person.c.leave_date >= _day(end)),
        )
        .order_by(row.person)
        .limit(MAX_MEMBERS)
    )
    return {
        one.person: Shown(one.pseudonym or one.name or one.handle, not one.pseudonym)
        for one in connection.execute(query)
    }


def _used(desk: Desk, people: list[str], start: int, end: int) -> dict[str, Used]:
    if not people:
        return {}
    sums = desk.store.read(lambda session: ledger.usage_of(session, people, start, end, _NOT_METERED))
    return {
        who: Used(one.requests, one.input_tokens, one.cached_tokens, one.output_tokens, one.amount, one.days)
        for who, one in sums.items()
    }


def _appears(joined: int) -> int:
    """The Monday after."""
    return (weeks(joined)[1] + 7) * MICROS_PER_DAY


def _day(day: int) -> str:
    return from_micros(day * MICROS_PER_DAY).date().isoformat()


def _checked(pseudonym: str) -> str:
    found = " ".join(unicodedata.normalize("NFKC", pseudonym[: 4 * MOST_CHARS]).split())
    fits = len(found) <= MOST_CHARS and len(_folded(found)) >= LEAST_CHARS
    if not fits or not all(one.isalnum() or one in " -_." for one in found):
        expected = f"{LEAST_CHARS} to {MOST_CHARS} letters and digits, with spaces, points or dashes between"
        raise InvalidInput("pseudonym", repr(pseudonym[:40]), expected, "such as quiet otter")
    return found


def _refuse_taken(connection: Connection, organisation: str, person_id: str, pseudonym: str) -> None:
    """One answer for a pseudonym that another has and for somebody's own name: it tells nobody who is here."""
    folded = _folded(pseudonym)
    row = leaderboard_member.c
    others = select(row.person).where(row.organisation == organisation, row.folded == folded, row.person != person_id)
    names = select(person.c.handle, person.c.name, person.c.email).where(person.c.organisation == organisation)
    taken = connection.execute(others).first() is not None or any(
        folded in (_folded(one.handle), _folded(one.name), _folded(one.email.partition("@")[0]))
        for one in connection.execute(names)
    )
    if taken:
        raise InvalidInput("pseudonym", repr(pseudonym), "one that nobody else goes by")


def _folded(text: str) -> str:
    """What two names that look alike have in common: case and separators count for nothing."""
    return "".join(one for one in unicodedata.normalize("NFKC", text).casefold() if one.isalnum())
