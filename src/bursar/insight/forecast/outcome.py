"""What the courses come to: quantiles of spending, when each purse runs out, and what of it is lost."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bursar.errors import InvalidInput
from bursar.insight.forecast.courses import checked, paths, shared
from bursar.insight.forecast.model import Floats, History, Numbers, fit

QUANTILES = (0.05, 0.10, 0.25, 0.50, 0.75, 0.90, 0.95)
"""The outer two hold nine cases of ten, the next two eight."""
COUNT = 200
"""Courses."""
AT_ONCE = 500
"""People whose courses are in memory at a time."""


@dataclass(frozen=True, slots=True)
class Purses:
    """What each person has left: (n,) nano-units; when that ends, in whole days from now; what of a rest rolls over."""

    left: Floats
    ends: Numbers
    kept: Floats
    """At most so much of a rest lives on."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """Figures of n people and of all together, nano-units. `q` are `QUANTILES`."""

    days: Floats
    """(q, ahead): spending of all together on each day."""
    total: Floats
    """(q, ahead): the same, added up."""
    daily: Floats
    """(n, q): spending of each person on the first day ahead."""
    spent: Floats
    """(n, q): spending of each person by the last day."""
    mean: Floats
    """(n,): the mean of the same."""
    out_by: Floats
    """(n, ahead): how likely each purse is used up by the end of a day, 0 to 1, before it ends."""
    out_day: Floats
    """(n, q): the day on which it is used up, the first is 0; infinite: not before it ends."""
    forfeited: Floats
    """(n, q): what is lost when the purse ends within the days ahead; 0 if it ends later."""
    forfeited_mean: Floats
    """(n,)"""
    forfeited_total: Floats
    """(q,): of all together."""


def forecast(history: History, ahead: int, seed: int = 0, purses: Purses | None = None, count: int = COUNT) -> Forecast:
    """Draw `count` courses of `ahead` days for everybody. Without purses nobody runs out. Raises InvalidInput."""
    checked(ahead)
    if not 20 <= count <= 10_000:
        raise InvalidInput("count", f"{count} courses", "20 to 10,000")
    n = history.daily.shape[0]
    purses = purses or Purses(np.full(n, np.inf), np.full(n, ahead + 1, dtype=np.int64), np.zeros(n))
    model = fit(history)
    common = shared(count, ahead, np.random.default_rng((seed, 0)))
    whole, lost = np.zeros((count, ahead)), np.zeros(count)
    q = len(QUANTILES)
    daily, spent, out_day, gone = np.zeros((n, q)), np.zeros((n, q)), np.full((n, q), np.inf), np.zeros((n, q))
    mean, gone_mean, out_by = np.zeros(n), np.zeros(n), np.zeros((n, ahead))
    for first in range(0, n, AT_ONCE):
        chosen = np.arange(first, min(n, first + AT_ONCE))
        drawn = paths(model, chosen, ahead, count, common, np.random.default_rng((seed, 1 + first // AT_ONCE)))
        whole += drawn.sum(axis=0)
        daily[chosen] = np.quantile(drawn[:, :, 0], QUANTILES, axis=1).T
        added = np.cumsum(drawn, axis=2, out=drawn)
        spent[chosen] = np.quantile(added[:, :, -1], QUANTILES, axis=1).T
        mean[chosen] = added[:, :, -1].mean(axis=1)
        left, ends = purses.left[chosen], purses.ends[chosen]
        over = (added >= left[:, None, None]) & (np.arange(ahead)[None, None, :] < ends[:, None, None])
        out_by[chosen] = np.maximum.accumulate(over, axis=2).mean(axis=1)
        when = np.where(over.any(axis=2), over.argmax(axis=2).astype(np.float64), np.inf)
        out_day[chosen] = np.quantile(when, QUANTILES, axis=1, method="inverted_cdf").T
        last = np.clip(ends, 0, ahead) - 1
        used = np.where(last[:, None] < 0, 0.0, np.take_along_axis(added, last[:, None, None], axis=2)[:, :, 0])
        rest = np.maximum(0.0, np.where(np.isinf(left), 0.0, left)[:, None] - used)
        rest = np.maximum(0.0, rest - purses.kept[chosen, None]) * (ends <= ahead)[:, None]
        gone[chosen] = np.quantile(rest, QUANTILES, axis=1).T
        gone_mean[chosen] = rest.mean(axis=1)
        lost += rest.sum(axis=0)
    days = np.quantile(whole, QUANTILES, axis=0)
    total = np.quantile(np.cumsum(whole, axis=1), QUANTILES, axis=0)
    return Forecast(days, total, daily, spent, mean, out_by, out_day, gone, gone_mean, np.quantile(lost, QUANTILES))
