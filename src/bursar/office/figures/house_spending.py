"""Where the money goes: usage by provider, model, project, team and month, at list price and at what it costs.

Totals of the house from the daily rollup. Groups of people are told with `small_groups`, so that nobody is found by
looking at a team of two; a provider is no group of people, and its month has to be held against its bill.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from bursar.calendar import from_micros
from bursar.errors import InvalidInput
from bursar.insight.burn import Fan, fan
from bursar.ledger.session import MICROS_PER_DAY, Session, wide, wide_sum
from bursar.office.figures import day_sums, kept_usage
from bursar.office.figures.small_groups import LEAST_PEOPLE, split
from bursar.office.months import days_of, following, month_of, months_between
from bursar.office.standing import Taken, taken

if TYPE_CHECKING:
    from bursar.office.desk import Desk

By = Literal["model", "project", "team", "provider", "purpose", "day"]
GROUPS: tuple[By, ...] = ("model", "project", "team", "provider", "purpose")
"""That pages group by."""
DAYS = 30
MAX_DAYS = 3_700
MONTHS = 12
"""Of the series by month."""
HISTORY_DAYS = 91
"""Of the daily series that the forecast is drawn from."""
NOTHING = {"project": "no project", "team": "no team", "provider": "no provider", "model": "no model"}
_COUNTS = ("requests", "input_tokens", "cached_tokens", "output_tokens")
_SUMS = ("amount", "list_nanos", "cost_nanos", "overage")
_TEAM = "COALESCE(p.team, '')"


@dataclass(frozen=True, slots=True)
class Sums:
    """Usage of a group; amounts in nano-units, values in nano-USD."""

    requests: int = 0
    input_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0
    amount: int = 0
    list_nanos: int = 0
    cost_nanos: int = 0
    overage: int = 0

    def __add__(self, other: Sums) -> Sums:
        return Sums(*(getattr(self, name) + getattr(other, name) for name in self.__slots__))

    @property
    def tokens(self) -> int:
        return self.input_tokens + self.cached_tokens + self.output_tokens

    @property
    def spread(self) -> int:
        """What the contract saves against the list price; below zero where it costs more."""
        return self.list_nanos - self.cost_nanos


@dataclass(frozen=True, slots=True)
class Group:
    """One line: `merged` small groups together where it is above zero."""

    key: str
    people: int
    sums: Sums
    merged: int = 0


@dataclass(frozen=True, slots=True)
class Spend:
    """Usage of some days by a group."""

    by: By
    whole: Sums
    people: int
    groups: tuple[Group, ...]


@dataclass(frozen=True, slots=True)
class Cell:
    """A provider's month; tokens are not counted by month."""

    month: str
    provider: str
    sums: Sums


@dataclass(frozen=True, slots=True)
class Landing:
    """Where the month will land: what was spent on each day so far, and the fan from today on."""

    month: str
    unit: str
    first_day: int
    daily: tuple[int, ...]
    """Of the month, yesterday included."""
    today: int
    """So far."""
    days: int
    """From today to the end of the horizon."""
    fan: Fan | None
    released: int
    """What lots have opened in the month, what rolled into it included."""


def days(desk: Desk, start: str, end: str) -> tuple[int, int]:
    """A stretch of days as people write it, the end exclusive; without any, the last 30. Raises InvalidInput."""
    today = desk.now() // MICROS_PER_DAY
    first = desk.instant(start, "UTC", "from") // MICROS_PER_DAY if start else today - DAYS + 1
    last = desk.instant(end, "UTC", "until") // MICROS_PER_DAY if end else today + 1
    if not first < last <= first + MAX_DAYS:
        expected = f"a day after {start or 'the first one'}, at most {MAX_DAYS} days later"
        raise InvalidInput("until", end or "now", expected)
    return first, last


def spend(desk: Desk, by: By, first_day: int, end_day: int, unit: str = "USD") -> Taken[Spend]:
    """Usage by a group, most first; days since 1970-01-01 UTC, the end exclusive."""
    name = f"spend:{by}:{first_day}:{end_day}:{unit}"
    return taken(desk, name, lambda own: own.store.read(lambda session: _spend(session, by, first_day, end_day, unit)))


def by_month(desk: Desk, last: str, unit: str = "USD", months: int = MONTHS) -> Taken[list[Cell]]:
    """Usage of each provider in the months up to `last`."""
    first = following(last, 1 - months)
    return taken(desk, f"by_month:{first}:{last}:{unit}", lambda own: _by_month(own, first, last, unit))


def landing(desk: Desk, months: int = 1, unit: str = "USD") -> Taken[Landing]:
    """The month's spending so far, and the forecast to the end of the month that is `months - 1` later."""
    return taken(desk, f"landing:{months}:{unit}", lambda own: _landing(own, months, unit))


def _sums(row: tuple[object, ...], place: int) -> Sums:
    counts = [int(str(one)) for one in row[place : place + len(_COUNTS)]]
    place += len(_COUNTS)
    amounts = [wide(row[at], row[at + 1]) for at in range(place, place + 2 * len(_SUMS), 2)]
    return Sums(*counts, *amounts)


def _wanted(alias: str = "u") -> str:
    counts = ", ".join(f"COALESCE(SUM({alias}.{name}), 0)" for name in _COUNTS)
    return f"{counts}, {', '.join(wide_sum(f'{alias}.{name}') for name in _SUMS)}"


def _spend(session: Session, by: By, first: int, end: int, unit: str) -> Spend:
    found, people, together = (_by_team if by == "team" else _by_column)(session, by, first, end, unit)
    found.sort(key=lambda one: (-one.sums.amount, one.key))
    whole = sum((one.sums for one in found), Sums())
    if by not in ("provider", "purpose"):
        parts = split([(one.key, one.people) for one in found], together)
        by_key = {one.key: one for one in found}
        kept = [by_key[key] for key in parts.named]
        if parts.merged:
            rest = sum((by_key[key].sums for key in parts.merged), Sums())
            kept.append(Group("", parts.people, rest, len(parts.merged)))
        found = kept
    named = [Group(_named(by, one), one.people, one.sums, one.merged) for one in found]
    return Spend(by, whole, people, tuple(named))


_Found = tuple[list[Group], int, Callable[[Collection[str]], int]]
"""Groups, how many people in all, and in some groups together."""


def _by_team(session: Session, by: By, first: int, end: int, unit: str) -> _Found:
    """People are in one team each: whole days of people, added up by person first."""
    days = kept_usage.person_totals(session, first, end)
    rows = session.rows(
        f"SELECT u.person, MIN({_TEAM}), {_wanted()} FROM {days.sql} AS u LEFT JOIN person p ON p.id = u.person "
        "WHERE u.unit = ? GROUP BY u.person",
        *days.parameters,
        unit,
    )
    sums: dict[str, list[Sums]] = {}
    for row in rows:
        sums.setdefault(str(row[1]), []).append(_sums(row, 2))
    groups = [Group(team, len(some), sum(some, Sums())) for team, some in sums.items()]
    return groups, len(rows), lambda keys: sum(len(sums[key]) for key in keys)


def _by_column(session: Session, by: By, first: int, end: int, unit: str) -> _Found:
    monthly = by in kept_usage.PERSON_MONTH.keys
    source = kept_usage.person_sums(session, first, end) if monthly else kept_usage.rollup(first, end)
    where, given = f"FROM {source.sql} AS u WHERE u.unit = ?", (*source.parameters, unit)
    rows = session.rows(f"SELECT u.{by}, COUNT(DISTINCT u.person), {_wanted()} {where} GROUP BY u.{by}", *given)
    (people,) = session.rows(f"SELECT COUNT(DISTINCT u.person) {where}", *given)[0]

    def together(keys: Collection[str]) -> int:
        query = f"SELECT COUNT(DISTINCT u.person) {where} AND u.{by} {session.IN}"
        return int(session.rows(query, *given, list(keys))[0][0])

    return [Group(str(row[0]), int(row[1]), _sums(row, 2)) for row in rows], int(people), together


def _named(by: By, group: Group) -> str:
    if group.merged:
        return f"fewer than {LEAST_PEOPLE} people each"
    if by == "day":
        return from_micros(int(group.key) * MICROS_PER_DAY).date().isoformat()
    return group.key or NOTHING.get(by, "")


def _by_month(desk: Desk, first: str, last: str, unit: str) -> list[Cell]:
    sums: dict[tuple[str, str], Sums] = {}
    for one in day_sums.between(desk, days_of(first)[0], days_of(last)[1], unit):
        key = (month_of(one.day * MICROS_PER_DAY), one.provider)
        more = Sums(one.requests, 0, 0, 0, one.amount, one.list_nanos, one.cost_nanos, one.overage)
        sums[key] = sums.get(key, Sums()) + more
    return [Cell(month, provider, one) for (month, provider), one in sorted(sums.items())]


def _landing(desk: Desk, months: int, unit: str) -> Landing:
    now = desk.now()
    today, month = now // MICROS_PER_DAY, month_of(now)
    names = months_between(month, following(month, months - 1))
    first, end = days_of(month)[0], days_of(names[-1])[1]
    start = min(first, today - HISTORY_DAYS)
    by_day: dict[int, int] = {}
    for one in day_sums.between(desk, start, today + 1, unit):
        by_day[one.day] = by_day.get(one.day, 0) + one.amount
    history = [by_day.get(day, 0) for day in range(today - HISTORY_DAYS, today)]
    opened = desk.store.read(
        lambda session: session.rows(
            f"SELECT {wide_sum('amount - rolled')} FROM lot WHERE unit = ? AND effective >= ? AND effective < ?",
            unit,
            first * MICROS_PER_DAY,
            now + 1,
        )[0]
    )
    return Landing(
        month,
        unit,
        first,
        tuple(by_day.get(day, 0) for day in range(first, today)),
        by_day.get(today, 0),
        end - today,
        fan(history, end - today, seed=today),
        wide(opened[0], opened[1]),
    )
