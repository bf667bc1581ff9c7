"""What an offer's compute comes to, as values: figures over all worlds, and how they were worked out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from bursar.errors import InvalidInput
from bursar.offers.value import Array
from bursar.offers.worlds import MAX_PATHS

FAN_PATHS = 8_192
"""Worlds whose balances are kept by month for the fan."""
FAN_QUANTILES = (0.10, 0.25, 0.50, 0.75, 0.90)

DEFAULT_PATHS = 20_000
DEFAULT_SEED = 20_261_120

Hazard = Literal["drawn", "weighted"]
Against = Literal["salary", "cash"]


@dataclass(frozen=True, slots=True)
class Setup:
    """How it is worked out."""

    paths: int = DEFAULT_PATHS
    seed: int = DEFAULT_SEED
    hazard: Hazard = "drawn"
    """When a line is revoked: drawn in each world, or every month weighted with the chance that it still runs."""
    against: Against = "salary"
    """Weighed against a salary, which stops on leaving too, or against cash that one would keep."""
    fan: bool = True

    def __post_init__(self) -> None:
        if not 1 <= self.paths <= MAX_PATHS:
            raise InvalidInput("paths", f"{self.paths:,}", f"1 to {MAX_PATHS:,}")
        if not 0 <= self.seed < 2**63:
            raise InvalidInput("seed", str(self.seed), "a whole number from 0")


@dataclass(frozen=True, slots=True)
class Spread:
    """A figure over all worlds, dollars."""

    p10: float
    p50: float
    p90: float
    mean: float
    error: float
    """Standard error of the mean."""

    @classmethod
    def of(cls, values: Array) -> Spread:
        p10, p50, p90 = (float(one) for one in np.quantile(values, (0.10, 0.50, 0.90)))
        return cls(p10, p50, p90, float(values.mean()), float(values.std()) / len(values) ** 0.5)


@dataclass(frozen=True, slots=True)
class RunOut:
    """When a line runs out before a period ends."""

    line: str
    ever: float
    """Share of worlds in which it does at least once."""
    periods: float
    """Share of all periods."""
    first_month: float
    """Median of the months from the start until it first does, where it does; inf where it never does."""
    day: float
    """Median day of the period, where it does; nan where it never does."""


@dataclass(frozen=True, slots=True)
class Totals:
    """Means over all worlds of sums over the horizon, dollars of the day."""

    face: float = 0.0
    """What is promised, at the list price of the day on which it is released; access without a limit has none."""
    released: float = 0.0
    """Of that: what is released before the line is revoked."""
    wanted: float = 0.0
    personal: float = 0.0
    work: float = 0.0
    drawn: float = 0.0
    """Of what was used: from what was released."""
    unlimited: float = 0.0
    """Of what was used: on a line without a limit."""
    granted: float = 0.0
    """Of what was used: topped up or approved on request."""
    left: float = 0.0
    """Unspent and still usable at the end."""
    forfeited: float = 0.0
    """Expired or taken away unused."""
    own: float = 0.0
    """Work that the person pays for."""
    own_more: float = 0.0
    """Of that: what they would not have paid for anyway."""
    unmet: float = 0.0
    """Work that is rationed."""
    missed: float = 0.0
    """Personal use that was wanted and not covered."""
    tax: float = 0.0
    """That the person pays on it."""
    worth: float = 0.0
    """Of the personal use, before tax and discount."""
    additional: float = 0.0
    """Worth of the work use that the person would have paid for."""
    tail: float = 0.0
    """Worth of what may be used or is paid out after leaving."""
    cost: float = 0.0
    """What the employer pays for what is used."""

    @property
    def used(self) -> float:
        """Consumed at list price."""
        return self.personal + self.work


@dataclass(frozen=True, slots=True)
class Outcome:
    """An offer's compute over its whole horizon; money of the horizon, not by year, where nothing else is said."""

    months: int
    paths: int
    cash: Spread
    """X: the sum before tax that would be worth the same, present value."""
    sure: float
    """Its certainty equivalent."""
    used: Spread
    totals: Totals
    run_outs: tuple[RunOut, ...]
    """By line; without those that have no limit."""
    fan: Array | None
    """(quantiles, months): what is left at the end of each month, dollars."""
    kept: Array
    """(months,): mean of the same."""
    raise_: float
    """The raise in salary by year that is worth the same."""

    @property
    def years(self) -> float:
        return self.months / 12

    @property
    def a_year(self) -> float:
        """X by year, its mean."""
        return self.cash.mean / self.years
