"""How use spreads, month by month: how many use it, what they spend, what the middle person of a level uses.

Aggregates only: a month or a level with fewer people than `least` says nothing but that there are few. What became usual
last year is expected this year, so the middle by level is told with how it moved.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, slots=True)
class Used:
    """What one person used in a month; nano-units."""

    person: str
    level: str
    amount: int


@dataclass(frozen=True, slots=True)
class Level:
    """A level in a month, everybody of it counted, also who used nothing."""

    name: str
    people: int
    median: float
    """Nano-units."""


@dataclass(frozen=True, slots=True)
class Month:
    """The house in a month; nano-units. None where too few people stand behind a figure."""

    month: str
    people: int
    """On the roster."""
    active: int | None
    amount: int | None
    per_active: float | None
    per_head: float | None
    """Spend over everybody on the roster: compute beside headcount."""
    levels: tuple[Level, ...]
    """Those with enough people, by name."""

    @property
    def adoption(self) -> float | None:
        return None if self.active is None or not self.people else self.active / self.people


def month(name: str, roster: Mapping[str, str], used: Sequence[Used], least: int) -> Month:
    """One month: `roster` has the level of everybody who was there, `used` what was used by whom of them."""
    amounts: dict[str, int] = {}
    for one in used:
        amounts[one.person] = amounts.get(one.person, 0) + one.amount
    active = [one for one, amount in amounts.items() if amount > 0 and one in roster]
    whole = sum(amounts[one] for one in active)
    few = _few(len(roster), len(active), least)
    return Month(
        name,
        len(roster),
        None if few else len(active),
        None if few else whole,
        None if few or not active else whole / len(active),
        None if few or not roster else whole / len(roster),
        tuple(_levels(roster, amounts, least)),
    )


def _few(people: int, active: int, least: int) -> bool:
    """Too few who use it, or who do not, to be told: either group would be told apart by the other."""
    return people < least or 0 < active < least or 0 < people - active < least


def _levels(roster: Mapping[str, str], amounts: Mapping[str, int], least: int) -> list[Level]:
    by_level: dict[str, list[int]] = {}
    for person, level in roster.items():
        by_level.setdefault(level, []).append(amounts.get(person, 0))
    return [Level(name, len(some), median(some)) for name, some in sorted(by_level.items()) if len(some) >= least]


@dataclass(frozen=True, slots=True)
class Drift:
    """How the middle of a level moved over the months in which it was told."""

    level: str
    first: float
    last: float

    @property
    def times(self) -> float | None:
        return self.last / self.first if self.first else None


def drifts(months: Collection[Month]) -> list[Drift]:
    """Every level with a middle in two months or more, from the first to the last."""
    told: dict[str, list[float]] = {}
    for one in months:
        for level in one.levels:
            told.setdefault(level.name, []).append(level.median)
    return [Drift(name, values[0], values[-1]) for name, values in sorted(told.items()) if len(values) > 1]
