"""Is access fair between groups? What people are promised, use and get on top, by what the roster says of them.

Groups of fewer than five are told together (`small_groups`). Middles are medians, which one large grant does not move.
Whose requests are approved is compared by the four-fifths rule (29 CFR 1607.4(D)): a group whose rate is below four fifths
of the highest is flagged. That is for screening only, and by analogy: the rule is of selection, and says nothing of why.
What level or tenure explains of a difference is no part of this.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Literal, get_args

from sqlalchemy import Connection, func, select

from bursar.ledger.session import MICROS_PER_DAY, Session, wide, wide_sum
from bursar.office import grants
from bursar.office.database import reading
from bursar.office.small_groups import LEAST_PEOPLE, split
from bursar.office.standing import Taken, taken
from bursar.office.tables import person, topup_request
from bursar.office.team_use import Spread, spread
from bursar.office.total_pay import year_of

if TYPE_CHECKING:
    from bursar.office.desk import Desk

By = Literal["level", "job_family", "team", "location"]
ATTRIBUTES: tuple[By, ...] = get_args(By)
UNIT = "USD"
USED_DAYS = 30
YEAR_MICROS = 365 * MICROS_PER_DAY
FOUR_FIFTHS = 0.8


@dataclass(frozen=True, slots=True)
class Held:
    """One person; nano-USD."""

    group: str
    promised: int
    """A year, by the grants that run now."""
    used: int
    """In the last thirty days, at list price."""
    approved: int = 0
    """Requests for more of the last year."""
    declined: int = 0


@dataclass(frozen=True, slots=True)
class Group:
    """One line; nano-USD. `merged` small groups together where it is above zero."""

    name: str
    people: int
    without: int
    """To whom nothing is promised."""
    promised: int
    """Of whoever is promised anything, the middle."""
    used: int
    """The middle of everybody."""
    approved: int
    declined: int
    impact: float | None
    """The rate of approval against the highest group's; None for too few decisions."""
    merged: int = 0

    @property
    def rate(self) -> float | None:
        """Approved of what was decided; None for too few decisions."""
        return _rate(self.approved, self.declined)

    @property
    def is_flagged(self) -> bool:
        return self.impact is not None and self.impact < FOUR_FIFTHS


@dataclass(frozen=True, slots=True)
class Parity:
    """The house by an attribute of the roster."""

    by: By
    people: int
    without: int
    promised: tuple[int, ...]
    """What each is promised a year, least first; people without are not in it."""
    used: tuple[int, ...]
    groups: tuple[Group, ...]
    hidden: int
    """People in groups so small that they are not even told together."""

    @property
    def promises(self) -> Spread | None:
        return spread(self.promised)

    @property
    def uses(self) -> Spread | None:
        return spread(self.used)


def parity(desk: Desk, by: By) -> Taken[Parity]:
    """The house as it is now; whoever left is not in it."""
    return taken(desk, f"parity:{by}", lambda own: fold(_read(own, by), by))


def fold(people: Sequence[Held], by: By) -> Parity:
    """What some people come to."""
    by_group: dict[str, list[Held]] = {}
    for one in people:
        by_group.setdefault(one.group, []).append(one)

    def together(names: Collection[str]) -> int:
        return sum(len(by_group[name]) for name in names)

    parts = split([(name, len(found)) for name, found in sorted(by_group.items())], together)
    told = [(name, by_group[name], 0) for name in parts.named]
    hidden = 0
    if parts.merged and parts.people >= LEAST_PEOPLE:
        told.append(("", [one for name in parts.merged for one in by_group[name]], len(parts.merged)))
    else:
        hidden = parts.people
    rates = [rate for _, found, _ in told if (rate := _rate(*_decided(found))) is not None]
    highest = max(rates, default=0.0)
    return Parity(
        by,
        len(people),
        sum(not one.promised for one in people),
        tuple(sorted(one.promised for one in people if one.promised)),
        tuple(sorted(one.used for one in people)),
        tuple(_group(name, found, merged, highest) for name, found, merged in told),
        hidden,
    )


def _group(name: str, people: Sequence[Held], merged: int, highest: float) -> Group:
    approved, declined = _decided(people)
    rate = _rate(approved, declined)
    return Group(
        name,
        len(people),
        sum(not one.promised for one in people),
        _middle(one.promised for one in people if one.promised),
        _middle(one.used for one in people),
        approved,
        declined,
        rate / highest if rate is not None and highest else None,
        merged,
    )


def _decided(people: Sequence[Held]) -> tuple[int, int]:
    return sum(one.approved for one in people), sum(one.declined for one in people)


def _rate(approved: int, declined: int) -> float | None:
    decided = approved + declined
    return approved / decided if decided >= LEAST_PEOPLE else None


def _middle(amounts: Iterable[int]) -> int:
    found = list(amounts)
    return int(median(found)) if found else 0


def _read(desk: Desk, by: By) -> list[Held]:
    now = desk.now()
    with reading(desk.engine) as connection:
        roster = connection.execute(
            select(person.c.id, person.c[by].label("name")).where(person.c.status != "left")
        ).all()
        promised: dict[str, int] = {}
        for grant in grants.listed(connection, active_at=now):
            year = year_of(grant.history.segment_at(now))
            if str(year.unit) == UNIT:
                promised[grant.person] = promised.get(grant.person, 0) + year.nanos
        asked = _asked(connection, now)
    used = desk.store.read(lambda session: _used(session, now // MICROS_PER_DAY))
    return [
        Held(row.name, promised.get(row.id, 0), max(0, used.get(row.id, 0)), *asked.get(row.id, (0, 0)))
        for row in roster
    ]


def _asked(connection: Connection, now: int) -> Mapping[str, tuple[int, int]]:
    """Requests of the last year by person: approved, declined."""
    query = (
        select(topup_request.c.person, topup_request.c.state, func.count().label("number"))
        .where(topup_request.c.state.in_(("approved", "denied")), topup_request.c.decided > now - YEAR_MICROS)
        .group_by(topup_request.c.person, topup_request.c.state)
    )
    found: dict[str, tuple[int, int]] = {}
    for row in connection.execute(query):
        approved, declined = found.get(row.person, (0, 0))
        found[row.person] = (row.number, declined) if row.state == "approved" else (approved, row.number)
    return found


def _used(session: Session, today: int) -> dict[str, int]:
    rows = session.rows(
        f"SELECT person, {wide_sum('list_nanos')} FROM usage_day WHERE unit = ? AND day > ? AND day <= ? GROUP BY person",
        UNIT,
        today - USED_DAYS,
        today,
    )
    return {str(row[0]): wide(row[1], row[2]) for row in rows}
