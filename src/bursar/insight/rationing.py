"""Does somebody ration: spend less on an active day the less is left?

Days are told apart by how much of the period's amount was left when they began. Who spends on days with less than a fifth
left not even half of what they spend on the others holds back: work waits that would otherwise have been done. With few
days of either kind nothing is said.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bursar.errors import InvalidInput

LOW = 0.20
"""Share of the period's amount that is left; a day that begins with less is a late one."""
HALF = 0.5
"""Late spending over early spending by active day; below it somebody rations."""
LEAST_DAYS = 3
"""Active days of each kind, so that one quiet Friday is no finding."""


@dataclass(frozen=True, slots=True)
class Day:
    """One day: what was spent, and what was left of the period's amount when it began; nano-units."""

    spent: int
    left: int
    amount: int


@dataclass(frozen=True, slots=True)
class Rationing:
    """What the days say."""

    early_days: int
    late_days: int
    early: float
    """Spent by active day while enough was left, nano-units."""
    late: float
    ratio: float | None
    """Late over early; None with too few days of either kind."""

    @property
    def flagged(self) -> bool:
        return self.ratio is not None and self.ratio < HALF

    @property
    def held_back(self) -> float:
        """What would have been spent on the late days at the pace of the early ones, beyond what was; nano-units."""
        return max(0.0, (self.early - self.late) * self.late_days) if self.flagged else 0.0


def rationing(days: Sequence[Day]) -> Rationing:
    """Judge days in any order. Raises InvalidInput for a day that cannot be."""
    early: list[int] = []
    late: list[int] = []
    for one in days:
        if one.amount <= 0 or one.left > one.amount:
            raise InvalidInput("day", f"{one.left} of {one.amount} left", "what is left within an amount above nothing")
        if one.spent > 0:
            (late if one.left < LOW * one.amount else early).append(one.spent)
    before, after = _mean(early), _mean(late)
    known = min(len(early), len(late)) >= LEAST_DAYS
    return Rationing(len(early), len(late), before, after, after / before if known else None)


def _mean(values: Sequence[int]) -> float:
    return sum(values) / len(values) if values else 0.0
