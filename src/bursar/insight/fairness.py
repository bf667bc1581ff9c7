"""How evenly something is shared: inequality of amounts, raw gaps between groups, rates beside each other.

Pure statistics in floats on amounts of one unit; no figure here is ever paid out. Who is in too small a group to be told
apart is not decided here (`office.small_groups`). Where the logarithm is taken, nobody may have nothing: the share of
people without anything is told beside it.

Sources: Gini 1912; Theil 1967 and its decomposition, Bourguignon 1979; Atkinson 1970; Palma 2011; quantiles of type 1,
Hyndman and Fan 1996; four fifths, 29 CFR 1607.4(D); Fisher 1935.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from bursar.charts import gini
from bursar.errors import InvalidInput

K = TypeVar("K")

FOUR_FIFTHS = 0.8
EU_GAP = 0.05
"""From here on a gap in pay has to be explained or mended: Directive (EU) 2023/970, article 10."""


@dataclass(frozen=True, slots=True)
class Inequality:
    """How unevenly amounts are shared; 0 is even in each of the first six. None where somebody's nothing forbids it."""

    people: int
    without: float
    """Share of people who have nothing."""
    mean: float
    median: float
    gini: float
    theil: float
    mean_log_deviation: float | None
    atkinson_half: float
    atkinson_one: float
    atkinson_two: float | None
    p90_p10: float | None
    palma: float | None
    """What the top tenth has over what the lower four tenths have."""
    top_tenth: float
    """Share of the whole that the top tenth has."""


@dataclass(frozen=True, slots=True)
class Parts:
    """Theil's T, divided without a rest: inequality between groups (policy) and within them (exceptions)."""

    whole: float
    between: float
    within: float


@dataclass(frozen=True, slots=True)
class Gap:
    """How much less one group has than another, as a share of what the other has."""

    mean: float
    median: float


def inequality(amounts: Sequence[float]) -> Inequality:
    """All measures of some people's amounts, none below zero. Raises InvalidInput for nobody, or nothing at all."""
    found = checked(amounts)
    share = found / found.mean()
    some = share[share > 0]
    everybody_has = len(some) == len(share)
    p10 = quantile(found, 0.1)
    lower = _lowest_share(found, 0.4)
    top = 1 - _lowest_share(found, 0.9)
    return Inequality(
        people=len(found),
        without=1 - len(some) / len(found),
        mean=float(found.mean()),
        median=float(np.median(found)),
        gini=gini([float(one) for one in np.sort(found)]),
        theil=float((some * np.log(some)).sum() / len(share)),
        mean_log_deviation=float(-np.log(share).mean()) if everybody_has else None,
        atkinson_half=float(1 - np.sqrt(share).mean() ** 2),
        atkinson_one=float(1 - np.exp(np.log(share).mean())) if everybody_has else 1.0,
        atkinson_two=float(1 - 1 / (1 / share).mean()) if everybody_has else None,
        p90_p10=quantile(found, 0.9) / p10 if p10 > 0 else None,
        palma=top / lower if lower > 0 else None,
        top_tenth=top,
    )


def quantile(amounts: Sequence[float] | NDArray[np.float64], share: float) -> float:
    """The least amount that at least this share of the people do not exceed (type 1, the inverted distribution)."""
    return float(np.quantile(np.asarray(amounts, dtype=np.float64), share, method="inverted_cdf"))


def lorenz(amounts: Sequence[float]) -> list[tuple[float, float]]:
    """Points of the curve: share of the people from the least on, share of the whole that they have."""
    found = np.sort(checked(amounts))
    parts = np.cumsum(found) / found.sum()
    return [(0.0, 0.0), *((place / len(found), float(part)) for place, part in enumerate(parts, 1))]


def theil_parts(groups: Mapping[K, Sequence[float]]) -> Parts:
    """Theil's T between groups and within them. Raises InvalidInput for nobody, or nothing at all."""
    kept = {name: np.asarray(some, dtype=np.float64) for name, some in groups.items() if len(some)}
    every = checked([float(one) for some in kept.values() for one in some])
    mean, people = every.mean(), len(every)
    between = within = 0.0
    for some in kept.values():
        if some.sum() <= 0:
            continue
        part = some.sum() / every.sum()
        between += part * math.log(some.mean() / mean)
        ratio = some[some > 0] / some.mean()
        within += part * float((ratio * np.log(ratio)).sum() / len(some))
    whole = every[every > 0] / mean
    return Parts(float((whole * np.log(whole)).sum() / people), between, within)


def gap(group: Sequence[float], others: Sequence[float]) -> Gap:
    """How much less a group has than the others, by mean and by median; negative where it has more.

    Raises InvalidInput where one of them is empty, or the others have nothing.
    """
    one, two = checked(group), checked(others)
    middle = median(two)
    if middle <= 0:
        raise InvalidInput("others", "a median of nothing", "amounts to compare with")
    return Gap(float(1 - one.mean() / two.mean()), float(1 - median(one) / middle))


def impact_ratio(rates: Mapping[K, float]) -> dict[K, float]:
    """Each group's rate over the highest one; below four fifths is worth a look, and proves nothing."""
    most = max(rates.values(), default=0.0)
    return {name: rate / most if most > 0 else 1.0 for name, rate in rates.items()}


def fisher(yes: int, no: int, other_yes: int, other_no: int) -> float:
    """Two-sided p of a table of two groups: how likely one at least as uneven is if the groups do not matter."""
    if min(yes, no, other_yes, other_no) < 0:
        raise InvalidInput("table", "a number below zero", "counts of people")
    row, column, every = yes + no, yes + other_yes, yes + no + other_yes + other_no
    logs = np.concatenate(([0.0], np.cumsum(np.log(np.arange(1, every + 1, dtype=np.float64)))))
    each = np.arange(max(0, column - (every - row)), min(row, column) + 1)
    # Whatever is the same in every table falls out of the sum.
    ways = -(logs[each] + logs[row - each] + logs[column - each] + logs[every - row - column + each])
    chances = np.exp(ways - ways.max())
    here = chances[yes - each[0]]
    return float(min(1.0, chances[chances <= here * (1 + 1e-7)].sum() / chances.sum()))


def _lowest_share(amounts: NDArray[np.float64], share: float) -> float:
    """What the lowest share of the people has of the whole; a person may be cut."""
    ordered = np.sort(amounts)
    place = share * len(ordered)
    whole = math.floor(place + 1e-9)
    part = float(ordered[:whole].sum())
    if whole < len(ordered):
        part += (place - whole) * float(ordered[whole])
    return part / float(ordered.sum())


def checked(amounts: Sequence[float]) -> NDArray[np.float64]:
    found = np.asarray(amounts, dtype=np.float64)
    if not len(found) or not np.isfinite(found).all() or (found < 0).any() or found.sum() <= 0:
        raise InvalidInput(
            "amounts", "nobody, nothing, or less than nothing", "amounts from zero up, some of them above"
        )
    return found
