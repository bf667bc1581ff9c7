"""Where the spending of a house will land: whole weeks of the recent past, drawn again and again.

A week ahead is taken to be like one of the last eight, drawn whole, so that its good and bad days stay together and
weekdays stay weekdays. Nothing else is known or guessed: no trend, no holidays, no new plan. The same history and seed
give the same fan.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

WEEK = 7
MOST_WEEKS = 8
"""Of history that is looked at."""
LEAST_DAYS = 2 * WEEK
"""With less history than this there is no fan."""
MOST_AHEAD = 400
PATHS = 2_000
_SHARES = (0.10, 0.25, 0.50, 0.75, 0.90)


@dataclass(frozen=True, slots=True)
class Fan:
    """Cumulative spending by day ahead, nano-units: a tenth of the paths stay below `low`, a tenth above `high`."""

    low: tuple[int, ...]
    inner_low: tuple[int, ...]
    middle: tuple[int, ...]
    inner_high: tuple[int, ...]
    high: tuple[int, ...]
    weeks: int
    """That were drawn from."""


def fan(daily: Sequence[int], ahead: int, seed: int = 0, paths: int = PATHS) -> Fan | None:
    """The spending of the `ahead` days after `daily` (whole days, oldest first); None with too little history."""
    if not 0 < ahead <= MOST_AHEAD:
        raise ValueError(f"ahead: found {ahead}, expected 1 to {MOST_AHEAD} days")
    used = _since_first(daily)
    weeks = min(MOST_WEEKS, len(used) // WEEK)
    if len(used) < LEAST_DAYS or not any(used[-weeks * WEEK :]):
        return None
    blocks = np.array(used[-weeks * WEEK :], dtype=np.float64).reshape(weeks, WEEK)
    needed = -(-ahead // WEEK)
    chance = np.random.default_rng(seed)
    drawn = blocks[chance.integers(0, weeks, size=(paths, needed))].reshape(paths, needed * WEEK)[:, :ahead]
    quantiles = np.quantile(np.cumsum(drawn, axis=1), _SHARES, axis=0)
    low, inner_low, middle, inner_high, high = (tuple(round(float(one)) for one in row) for row in quantiles)
    return Fan(low, inner_low, middle, inner_high, high, weeks)


def _since_first(daily: Sequence[int]) -> list[int]:
    """History from the first day on which anything was used."""
    first = next((place for place, amount in enumerate(daily) if amount), len(daily))
    return [max(0, amount) for amount in daily[first:]]
