"""The burst before a reset: what use-it-or-lose-it makes people spend that they would not have needed.

The model. When a period ends and a part of what is left is about to be forfeited, a share of the people spends a part of
it in the last days. What rolls over provokes nothing, so rollover is the cure. The burst is spending and no longer
forfeited; it serves no demand.

The sources. Liebman and Mahoney (American Economic Review 107(11), 2017) found that 8.7 % of the yearly spending of US
federal agencies falls into the last week, 4.9 times an ordinary week, and no such spike in the agency that may roll over.
Of people with a flexible spending account about half forfeit something (EBRI, 2022), so half spend it down. With typical
months forfeiting nearly half of the allotment, half of the people spending 0.3 of it is that excess of 7 % of the budget.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bursar.errors import InvalidInput
from bursar.insight.simulation.usage import Array


@dataclass(frozen=True, slots=True)
class Behaviour:
    """Shares of one; `days` at the end of a period."""

    people: float = 0.5
    """Who spends before a reset what would be forfeited."""
    part: float = 0.3
    """Of what would be forfeited, how much they spend."""
    days: int = 5
    """In how many days."""

    def __post_init__(self) -> None:
        for name in ("people", "part"):
            if not 0 <= getattr(self, name) <= 1:
                raise InvalidInput(f"burst {name}", f"{getattr(self, name):g}", "a share from 0 to 1")
        if not 1 <= self.days <= 31:
            raise InvalidInput("burst days", str(self.days), "1 to 31")

    @property
    def share(self) -> float:
        """Of everything that would be forfeited."""
        return self.people * self.part


CALM = Behaviour(people=0.0, part=0.0)
"""Nobody spends for the sake of spending."""


def burst(behaviour: Behaviour, forfeitable: Array) -> Array:
    """What is spent before the reset of what would be forfeited; over many people the mean is what counts."""
    return np.rint(forfeitable * behaviour.share)


def intensity(behaviour: Behaviour, burst_sum: float, ordinary_sum: float, days: float) -> float:
    """How many times an ordinary day a day before the reset is, 1 without a burst."""
    if ordinary_sum <= 0 or days <= 0:
        return 1.0
    return 1 + (burst_sum / behaviour.days) / (ordinary_sum / days)
