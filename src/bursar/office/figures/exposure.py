"""Exposure: what was promised, what became of it, and the most that can still be spent; totals of the house.

Everything is a sum over lots as recorded. What rolled over is counted once: as the lot that it lives on in. What is due
in the future is asked of the plans' own calendar, under the terms that are in force or announced today.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from bursar.ledger.session import MICROS_PER_DAY, Session, wide, wide_sum
from bursar.office.database import reading
from bursar.office.figures import day_sums
from bursar.office.figures.small_groups import split
from bursar.office.granting import grants
from bursar.office.granting.grants import Grant
from bursar.office.months import days_of, month_of, months_between
from bursar.office.standing import Taken, taken
from bursar.plans.schedule import due

if TYPE_CHECKING:
    from bursar.office.desk import Desk

AHEAD_MICROS = 365 * MICROS_PER_DAY
"""How far ahead promises are counted."""
BY_HAND = "given by hand"
NOBODY = "no team"
EVERYWHERE = "any provider"
SMALL = "groups of fewer than five"
POOL = "pool:"
SLICES = ("grace:", "top_up:", "own_money:")
"""What ids of lots begin with that a step at the limit opened."""

By = Literal["plan", "tier", "team", "provider"]
GROUPS: tuple[By, ...] = ("plan", "tier", "team", "provider")


@dataclass(frozen=True, slots=True)
class Held:
    """Sums of lots by bucket, nano-units of one unit."""

    released: int = 0
    """Ever, what rolled over counted once."""
    available: int = 0
    open: int = 0
    """Of what is available: can be drawn on at this instant."""
    held: int = 0
    spent: int = 0
    forfeited: int = 0
    revoked: int = 0
    rolled: int = 0
    """Moved on into a later lot, in all."""

    def __add__(self, other: Held) -> Held:
        return Held(*(getattr(self, name) + getattr(other, name) for name in self.__slots__))


@dataclass(frozen=True, slots=True)
class Row:
    """The lots of one person under one grant, tier and scope."""

    person: str
    unit: str
    plan: str
    tier: str
    team: str
    provider: str
    sums: Held


@dataclass(frozen=True, slots=True)
class Group:
    """One line of a table: a plan, a tier, a team, or where it may be spent."""

    key: str
    people: int
    sums: Held
    coming: int = 0
    """Promised and not released yet, within the time ahead."""
    merged: int = 0
    """How many groups it stands for."""


@dataclass(frozen=True, slots=True)
class Beyond:
    """What steps at the limit may add on top, at most, until the present periods end; nano-USD."""

    grace: int = 0
    top_up: int = 0
    own_money: int = 0

    @property
    def whole(self) -> int:
        """What the house pays: own money is the people's."""
        return self.grace + self.top_up


@dataclass(frozen=True, slots=True)
class Exposure:
    """The house in one unit."""

    unit: str
    sums: Held
    overage: int
    """Spent beyond every lot."""
    coming: int
    people: int
    """Who have something open."""
    beyond: Beyond

    @property
    def most_now(self) -> int:
        """The most that can be spent from here on before anything else is released."""
        return self.sums.open + self.sums.held + self.beyond.whole


@dataclass(frozen=True, slots=True)
class House:
    """Everything that the pages of exposure show."""

    rows: tuple[Row, ...]
    coming: tuple[tuple[str, str, str, str, int], ...]
    """Person, unit, plan, tier, nano-units."""
    teams: dict[str, str]
    exposures: tuple[Exposure, ...]
    """USD first."""
    _groups: dict[tuple[By, str], list[Group]] = field(default_factory=dict, repr=False, compare=False)
    """What was added up once: the figures stand for a moment, and so do their sums."""

    @property
    def units(self) -> list[str]:
        return [one.unit for one in self.exposures]

    def of(self, unit: str) -> Exposure:
        return next((one for one in self.exposures if one.unit == unit), _nothing(unit))

    def by(self, group: By, unit: str) -> list[Group]:
        """Lots by a group, the largest first; small groups of people together. Plans and providers are no people."""
        if (group, unit) not in self._groups:
            self._groups[group, unit] = self._by(group, unit)
        return self._groups[group, unit]

    def _by(self, group: By, unit: str) -> list[Group]:
        sums: dict[str, Held] = {}
        people: dict[str, set[str]] = {}
        coming: dict[str, int] = {}
        for row in self.rows:
            if row.unit == unit:
                key: str = getattr(row, group)
                sums[key] = sums.get(key, Held()) + row.sums
                people.setdefault(key, set()).add(row.person)
        if group != "provider":
            for person, of, plan, tier, amount in self.coming:
                if of == unit:
                    key = {"plan": plan, "tier": tier, "team": self.teams.get(person) or NOBODY}[group]
                    sums.setdefault(key, Held())
                    people.setdefault(key, set()).add(person)
                    coming[key] = coming.get(key, 0) + amount
        order = sorted(sums, key=lambda key: (-sums[key].released, key))
        if group in ("plan", "provider"):
            return [Group(key, len(people[key]), sums[key], coming.get(key, 0)) for key in order]
        parts = split(((key, len(people[key])) for key in order), lambda keys: _distinct(people, keys))
        found = [Group(key, len(people[key]), sums[key], coming.get(key, 0)) for key in parts.named]
        if parts.merged:
            together = sum((sums[key] for key in parts.merged), Held())
            ahead = sum(coming.get(key, 0) for key in parts.merged)
            found.append(Group(SMALL, parts.people, together, ahead, len(parts.merged)))
        return found


def house(desk: Desk) -> Taken[House]:
    """The exposure of the whole house, now or a moment ago."""
    return taken(desk, "exposure", _house)


@dataclass(frozen=True, slots=True)
class Month:
    """What was released, spent and forfeited in a month of UTC, nano-units."""

    month: str
    released: int
    spent: int
    forfeited: int


def months(desk: Desk, first: str, unit: str) -> Taken[list[Month]]:
    """Month by month since `first` (2026-08), this month as far as it has come."""
    return taken(
        desk,
        f"months:{unit}:{first}",
        lambda own: _months(own, first, unit),
    )


def _house(desk: Desk) -> House:
    now = desk.now()
    rows, opened = desk.store.read(lambda session: (_rows(session, now), _slices(session, now)))
    overage = day_sums.overage(desk)
    with reading(desk.engine) as connection:
        running = grants.listed(connection, not_over_at=now)
    teams = {row.person: row.team for row in rows}
    coming = tuple(ahead(running, now, now + AHEAD_MICROS))
    limits = _beyond(running, now, opened)
    units = sorted({row.unit for row in rows} | {one[1] for one in coming} | set(overage))
    order = ["USD", *(one for one in units if one != "USD")]
    exposures = tuple(_exposure(unit, rows, coming, overage, limits) for unit in order)
    return House(tuple(rows), coming, teams, exposures)


def _exposure(
    unit: str,
    rows: list[Row],
    coming: Iterable[tuple[str, str, str, str, int]],
    overage: dict[str, int],
    beyond: Beyond,
) -> Exposure:
    mine = [row for row in rows if row.unit == unit]
    people = {row.person for row in mine if row.sums.open or row.sums.held}
    ahead_of = sum(one[4] for one in coming if one[1] == unit)
    sums = sum((row.sums for row in mine), Held())
    return Exposure(unit, sums, overage.get(unit, 0), ahead_of, len(people), beyond if unit == "USD" else Beyond())


def _nothing(unit: str) -> Exposure:
    return Exposure(unit, Held(), 0, 0, 0, Beyond())


def _distinct(people: dict[str, set[str]], keys: Collection[str]) -> int:
    return len(set().union(*(people[key] for key in keys)))


# What the ledger says.

_OPEN = "CASE WHEN l.effective <= ? AND l.expires > ? AND l.revoked_at = 0 THEN l.available ELSE 0 END"
_BUCKETS = ("l.amount - l.rolled", "l.available", _OPEN, "l.held", "l.spent", "l.expired", "l.revoked", "l.rolled")


def _rows(session: Session, now: int) -> list[Row]:
    sums = ", ".join(wide_sum(f"({one})") for one in _BUCKETS)
    # The tier is that of the terms which the lot was released under, not of those in force today.
    query = (
        f"SELECT l.person, l.unit, COALESCE(g.plan, ''), COALESCE(t.tier, ''), COALESCE(p.team, ''), l.scope, {sums} "
        "FROM lot l LEFT JOIN person p ON p.id = l.person LEFT JOIN plan_grant g ON g.id = l.grant_id "
        "LEFT JOIN grant_terms t ON t.grant_id = l.grant_id AND t.number = (SELECT MAX(o.number) FROM grant_terms o "
        "WHERE o.grant_id = l.grant_id AND (o.start <= l.effective OR o.number = 0)) "
        "GROUP BY l.person, l.unit, g.plan, t.tier, p.team, l.scope"
    )
    found = []
    for row in session.rows(query, now, now, now, now):
        person, plan = str(row[0]), str(row[2])
        pool = person if person.startswith(POOL) else ""
        found.append(
            Row(
                person,
                str(row[1]),
                plan or pool or BY_HAND,
                str(row[3]) or pool or BY_HAND,
                pool or str(row[4]) or NOBODY,
                ", ".join(json.loads(row[5]).get("providers", ())) or EVERYWHERE,
                Held(*(wide(row[place], row[place + 1]) for place in range(6, 22, 2))),
            )
        )
    return found


def _slices(session: Session, now: int) -> dict[str, int]:
    """What steps at the limit have opened already in the periods that run, by step."""
    found = {}
    for prefix in SLICES:
        row = session.rows(
            f"SELECT {wide_sum('amount')} FROM lot WHERE id LIKE ? AND effective <= ? AND expires > ?",
            f"{prefix}%",
            now,
            now,
        )[0]
        found[prefix[:-1]] = wide(row[0], row[1])
    return found


def _months(desk: Desk, first: str, unit: str) -> list[Month]:
    names = months_between(first, month_of(desk.now()))
    start, end = days_of(names[0])[0], days_of(names[-1])[1]
    released, forfeited = desk.store.read(lambda session: _lots_by_day(session, start, end, unit))
    spent = [(one.day, one.amount) for one in day_sums.between(desk, start, end, unit)]
    sums: dict[str, list[int]] = {name: [0, 0, 0] for name in names}
    for place, series in enumerate((released, spent, forfeited)):
        for day, amount in series:
            sums[month_of(day * MICROS_PER_DAY)][place] += amount
    return [Month(name, *sums[name]) for name in names]


def _lots_by_day(session: Session, start: int, end: int, unit: str) -> list[list[tuple[int, int]]]:
    """What lots opened and what of them lapsed, by day."""
    opened, lapsed = f"effective / {MICROS_PER_DAY}", f"(expires - 1) / {MICROS_PER_DAY}"
    found = []
    # What ends at midnight ends with the day before.
    for day, amount, which in ((opened, "amount", "parent = ''"), (lapsed, "expired", "expired > 0")):
        rows = session.rows(
            f"SELECT {day}, {wide_sum(amount)} FROM lot WHERE unit = ? AND {which} AND {day} >= ? AND {day} < ? GROUP BY 1",
            unit,
            start,
            end,
        )
        found.append([(int(row[0]), wide(row[1], row[2])) for row in rows])
    return found


# What the plans promise.


def ahead(running: Iterable[Grant], now: int, until: int) -> list[tuple[str, str, str, str, int]]:
    """What the calendar of these grants will release after `now`: person, unit, plan, tier, nano-units.

    Grants on the calendar's own periods under the same terms are asked once for all.
    """
    known: dict[object, list[tuple[str, str, int]]] = {}
    found = []
    for grant in running:
        key = _alike(grant, now)
        if key not in known:
            sums: dict[tuple[str, str], int] = {}
            for event in due(grant.history, now, until):
                if event.lot is not None:
                    place = (event.lot.unit, grant.history.segments[event.segment].tier)
                    sums[place] = sums.get(place, 0) + event.lot.amount
            known[key] = [(unit, tier, amount) for (unit, tier), amount in sums.items()]
        found += [(grant.person, unit, grant.plan, tier, amount) for unit, tier, amount in known[key]]
    return found


def _alike(grant: Grant, now: int) -> object:
    """Grants with the same key have the same future; one's own id for whoever is not sure to share it."""
    history = grant.history
    simple = len(history.segments) == 1 and not history.pauses and not history.facts and history.ends is None
    segment = history.segments[0]
    plan = segment.plan
    if not simple or segment.start > now or plan.vesting is not None or plan.allotment.anchor != "calendar":
        return grant.id
    return (plan.digest, segment.tier, segment.amount, plan.allotment.every is None)


def _beyond(running: Iterable[Grant], now: int, opened: dict[str, int]) -> Beyond:
    """Every step of every running grant at its most, less what is open already."""
    sums = {"grace": 0, "top_up": 0, "own_money": 0}
    for grant in running:
        if grant.history.starts > now:
            continue
        for step in grant.history.segment_at(now).plan.at_limit:
            if step.kind in sums and step.amount is not None and str(step.amount.unit) == "USD":
                sums[step.kind] += (step.up_to or step.amount).nanos
    left = {name: max(0, amount - opened.get(name, 0)) for name, amount in sums.items()}
    return Beyond(left["grace"], left["top_up"], left["own_money"])
