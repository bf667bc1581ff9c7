"""Where the spending of a house will land: the forecast of `insight.forecast` of its own days, added up.

The same history and seed give the same fan. With less than two weeks of history, or nothing used lately, there is none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bursar.insight.forecast import LEAST_DAYS, MOST_AHEAD, QUANTILES, History, forecast

WEEK = 7
MOST_WEEKS = 13
"""Of history that is looked at."""
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
    """That the forecast rests on."""


def fan(daily: Sequence[int], ahead: int, seed: int = 0, paths: int = PATHS) -> Fan | None:
    """The spending of the `ahead` days after `daily` (whole days, oldest first); None with too little history."""
    if not 0 < ahead <= MOST_AHEAD:
        raise ValueError(f"ahead: found {ahead}, expected 1 to {MOST_AHEAD} days")
    used = _since_first(daily)[-MOST_WEEKS * WEEK :]
    if len(used) < LEAST_DAYS or not any(used[-8 * WEEK :]):
        return None
    alone = np.zeros(1, dtype=np.int64)
    found = forecast(History(np.array([used], dtype=np.float64), alone, alone, many=True), ahead, seed, count=paths)
    lines = [tuple(round(float(one)) for one in found.total[QUANTILES.index(share)]) for share in _SHARES]
    return Fan(lines[0], lines[1], lines[2], lines[3], lines[4], len(used) // WEEK)


def _since_first(daily: Sequence[int]) -> list[int]:
    """History from the first day on which anything was used."""
    first = next((place for place, amount in enumerate(daily) if amount), len(daily))
    return [max(0, amount) for amount in daily[first:]]
