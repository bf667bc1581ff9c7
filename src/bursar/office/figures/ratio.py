"""Spend against pay: what somebody's tokens come to in a year beside what their level is paid.

Spending of the last 90 days at list price, taken for a year, over the band of the level. The levels `approaching` and
`exceeds` are those of the offers' report (`offers/pay.py`). A figure about the tool, not about the person: it says when
finance starts to ask what the tokens buy.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from sqlalchemy import Connection, select

from bursar.ledger.session import MICROS_PER_DAY, Session, wide, wide_sum
from bursar.offers.pay import against_salary
from bursar.office.database import reading
from bursar.office.figures import kept_usage
from bursar.office.standing import Taken, taken
from bursar.office.tables import ORGANISATION, person
from bursar.office.workforce import bands

if TYPE_CHECKING:
    from bursar.office.desk import Desk

WINDOW_DAYS = 90
YEAR_DAYS = 365
EDGES = (0, 5, 10, 20, 30, 40, 60, 80, 100, 150)
"""Of the distribution, in percent; what is above the last lies in one more bin."""

Status = Literal["ok", "approaching", "exceeds", "unknown"]
ORDER: tuple[Status, ...] = ("exceeds", "approaching", "ok", "unknown")


@dataclass(frozen=True, slots=True)
class Ratio:
    """One person; amounts in nano-USD."""

    person: str
    handle: str
    name: str
    team: str
    level: str
    spent: int
    """In the window."""
    yearly: int
    band: int
    """0: the level has none."""

    @property
    def percent(self) -> int:
        return self.yearly * 100 // self.band if self.band else 0

    @property
    def status(self) -> Status:
        return _status(self.yearly, self.band)


@dataclass(frozen=True, slots=True)
class Level:
    """A level's people together."""

    level: str
    people: int
    band: int
    median: int
    """Percent."""
    highest: int
    asked: int
    """How many are approaching or beyond."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Everybody, the highest ratio first."""

    people: tuple[Ratio, ...]
    days: int
    """That the figures are made from."""

    def with_status(self, status: Status) -> list[Ratio]:
        return [one for one in self.people if one.status == status]

    def levels(self) -> list[Level]:
        found: dict[str, list[Ratio]] = {}
        for one in self.people:
            found.setdefault(one.level, []).append(one)
        return [_level(level, some) for level, some in sorted(found.items())]

    def distribution(self) -> list[int]:
        """How many lie between neighbouring `EDGES`, and above the last."""
        counts = [0] * len(EDGES)
        for one in self.people:
            if one.band:
                counts[sum(one.percent >= edge for edge in EDGES) - 1] += 1
        return counts


@dataclass(frozen=True, slots=True)
class Together:
    """Some people together; amounts in nano-USD, of those whose level has a band."""

    key: str
    people: int
    yearly: int
    compared: int
    """Of that, what is spent by those whose level has a band."""
    band: int
    """The pay of these in all; 0: no level has a band."""

    @property
    def percent(self) -> int:
        return self.compared * 100 // self.band if self.band else 0

    @property
    def status(self) -> Status:
        return _status(self.compared, self.band)


def grouped(found: Comparison, by: str) -> list[Together]:
    """By `person` (each alone), `team` or `level`: what they spend over what they are paid, the highest first."""
    groups: dict[str, list[Ratio]] = {}
    for one in found.people:
        key = one.handle if by == "person" else (one.team or "no team") if by == "team" else (one.level or "no level")
        groups.setdefault(key, []).append(one)
    rows = [
        Together(
            key,
            len(some),
            sum(one.yearly for one in some),
            sum(one.yearly for one in some if one.band),
            sum(one.band for one in some),
        )
        for key, some in groups.items()
    ]
    return sorted(rows, key=lambda one: (-(one.compared / one.band) if one.band else 1.0, -one.yearly, one.key))


def comparison(desk: Desk) -> Taken[Comparison]:
    """Everybody of the roster who has not left.

    Bands and levels are set against what was spent, which in a large house takes longer to sum than to compare: so a band
    that somebody has just set is in it at once.
    """
    spent = taken(desk, "ratio-spent", _spending)
    found = taken(desk, "ratio", _comparison)
    return Taken(found.value, min(found.at, spent.at))


def of_person(desk: Desk, person_id: str) -> Ratio | None:
    """One person's own figure, as finance sees it."""
    return next((one for one in comparison(desk).value.people if one.person == person_id), None)


def _spending(desk: Desk) -> tuple[dict[str, int], int]:
    """By person, and how many days of the window there are."""
    today = desk.now() // MICROS_PER_DAY
    spent, first = desk.store.read(lambda session: _spent(session, today - WINDOW_DAYS, today))
    return spent, min(WINDOW_DAYS, max(1, today - first) if first else WINDOW_DAYS)


def _comparison(desk: Desk) -> Comparison:
    spent, days = taken(desk, "ratio-spent", _spending).value
    with reading(desk.engine) as connection:
        known = {one.level: one.yearly_nanos for one in bands.listed(connection)}
        return compared(_people(connection), spent, known, days)


def compared(
    people: Iterable[tuple[str, str, str, str, str]], spent: dict[str, int], known: dict[str, int], days: int
) -> Comparison:
    """Pure: people as id, handle, name, team, level; spending by id over `days`; bands by level."""
    found = []
    for person_id, handle, name, team, level in people:
        amount = max(0, spent.get(person_id, 0))
        yearly = amount * YEAR_DAYS // days
        found.append(Ratio(person_id, handle, name, team, level, amount, yearly, known.get(level, 0)))
    found.sort(key=lambda one: (-(one.yearly / one.band) if one.band else 1.0, -one.yearly, one.handle))
    return Comparison(tuple(found), days)


def _status(yearly: int, band: int) -> Status:
    if not band:
        return "unknown"
    found = against_salary(yearly, band)
    return "exceeds" if found == "exceeds" else "approaching" if found == "approaching" else "ok"


def _level(level: str, some: list[Ratio]) -> Level:
    shares = sorted(one.percent for one in some)
    asked = sum(one.status in ("approaching", "exceeds") for one in some)
    return Level(level, len(some), some[0].band, shares[len(shares) // 2], shares[-1], asked)


def _people(connection: Connection) -> list[tuple[str, str, str, str, str]]:
    row = person.c
    query = select(row.id, row.handle, row.name, row.team, row.level)
    found = connection.execute(query.where(row.organisation == ORGANISATION, row.status != "left"))
    return [(one.id, one.handle, one.name, one.team, one.level) for one in found]


def _spent(session: Session, first: int, end: int) -> tuple[dict[str, int], int]:
    """Whole days at list price by person, and the first day with anything."""
    totals, days = kept_usage.person_totals(session, first, end), kept_usage.house_days(session, first, end)
    rows = session.rows(
        f"SELECT person, {wide_sum('list_nanos')} FROM {totals.sql} AS u GROUP BY person", *totals.parameters
    )
    (begun,) = session.rows(f"SELECT MIN(day) FROM {days.sql} AS u", *days.parameters)[0]
    return {str(row[0]): wide(row[1], row[2]) for row in rows}, int(begun or 0)
