"""How evenly something is shared: inequality of amounts, gaps between groups, and what of a gap is left beside level and tenure.

Pure statistics in floats on amounts of one unit; no figure here is ever paid out. Who is in too small a group to be told
apart is not decided here (`office.small_groups`). Where the logarithm is taken, nobody may have nothing: the share of
people without anything is told beside it.

Sources: Gini 1912; Theil 1967 and its decomposition, Bourguignon 1979; Atkinson 1970; Palma 2011; quantiles of type 1,
Hyndman and Fan 1996; HC3, MacKinnon and White 1985; four fifths, 29 CFR 1607.4(D); Fisher 1935; incomplete beta function,
Press et al., Numerical Recipes 6.4.
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
LEAST_BEYOND = 2
"""People beyond the columns of a regression, so that its errors mean something."""
_TINY = 1e-30
_STEPS = 300


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


@dataclass(frozen=True, slots=True)
class AdjustedGap:
    """What is left of a gap beside the controls, from least squares on the logarithm of the amounts."""

    coefficient: float
    """Of belonging to the group, in logarithms."""
    error: float
    """Its classical standard error."""
    robust_error: float
    """The same where the spread differs from person to person (HC3)."""
    t: float
    gap: float
    """As a share: 0.05 is five percent less."""
    low: float
    high: float
    """The 95 % interval of the gap, from the classical error."""
    people: int
    freedom: int

    @property
    def is_significant(self) -> bool:
        """The interval does not hold zero."""
        return self.low > 0 or self.high < 0


def inequality(amounts: Sequence[float]) -> Inequality:
    """All measures of some people's amounts, none below zero. Raises InvalidInput for nobody, or nothing at all."""
    found = _checked(amounts)
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
        gini=gini([float(one) for one in found]),
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
    found = np.sort(_checked(amounts))
    parts = np.cumsum(found) / found.sum()
    return [(0.0, 0.0), *((place / len(found), float(part)) for place, part in enumerate(parts, 1))]


def theil_parts(groups: Mapping[K, Sequence[float]]) -> Parts:
    """Theil's T between groups and within them. Raises InvalidInput for nobody, or nothing at all."""
    kept = {name: np.asarray(some, dtype=np.float64) for name, some in groups.items() if len(some)}
    every = _checked([float(one) for some in kept.values() for one in some])
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
    one, two = _checked(group), _checked(others)
    middle = median(two)
    if middle <= 0:
        raise InvalidInput("others", "a median of nothing", "amounts to compare with")
    return Gap(float(1 - one.mean() / two.mean()), float(1 - median(one) / middle))


def adjusted_gap(
    amounts: Sequence[float],
    in_group: Sequence[bool],
    controls: Mapping[str, Sequence[float] | Sequence[str]],
) -> AdjustedGap:
    """The gap beside controls: numbers as they are (tenure), words as one column for each but the first (level).

    Amounts have to be above zero. Raises InvalidInput where they are not, where the people are too few for the columns,
    or where the controls say already who is in the group.
    """
    found = _checked(amounts)
    if (found <= 0).any():
        raise InvalidInput("amounts", "somebody with nothing", "amounts above zero; tell the share without apart")
    names, columns = ["1"], [np.ones(len(found))]
    for name, values in controls.items():
        if len(values) != len(found):
            raise InvalidInput(name, f"{len(values)} values", f"one for each of {len(found)} people")
        for label, column in _columns(name, values):
            names.append(label)
            columns.append(column)
    columns.append(np.asarray(in_group, dtype=np.float64))
    design = np.column_stack(columns)
    people, width = design.shape
    if people < width + LEAST_BEYOND:
        raise InvalidInput("people", f"{people}", f"at least {width + LEAST_BEYOND} for {width} columns")
    if np.linalg.matrix_rank(design) < width:
        raise InvalidInput("controls", "controls that say who is in the group", "ones that vary inside the group too")
    inverse = np.linalg.inv(design.T @ design)
    target = np.log(found)
    coefficients = inverse @ design.T @ target
    rest = target - design @ coefficients
    freedom = people - width
    error = math.sqrt(float(rest @ rest) / freedom * inverse[-1, -1])
    reach = (design @ inverse * design).sum(axis=1)
    lone = np.clip(1 - reach, 1e-12, None)  # whoever alone decides a column: no spread of theirs is seen
    weighted = design * (rest / lone)[:, None]
    robust = math.sqrt(float((inverse @ (weighted.T @ weighted) @ inverse)[-1, -1]))
    one = float(coefficients[-1])
    wide = student_quantile(0.975, freedom) * error
    return AdjustedGap(
        one,
        error,
        robust,
        one / error if error > 0 else math.copysign(math.inf, one) if one else 0.0,
        1 - math.exp(one),
        1 - math.exp(one + wide),
        1 - math.exp(one - wide),
        people,
        freedom,
    )


def impact_ratio(rates: Mapping[K, float]) -> dict[K, float]:
    """Each group's rate over the highest one; below four fifths is worth a look, and proves nothing."""
    most = max(rates.values(), default=0.0)
    return {name: rate / most if most > 0 else 1.0 for name, rate in rates.items()}


def fisher(yes: int, no: int, other_yes: int, other_no: int) -> float:
    """Two-sided p of a table of two groups: how likely one at least as uneven is if the groups do not matter."""
    if min(yes, no, other_yes, other_no) < 0:
        raise InvalidInput("table", "a number below zero", "counts of people")
    row, column, every = yes + no, yes + other_yes, yes + no + other_yes + other_no
    ways = math.comb(every, column)
    here = math.comb(row, yes) * math.comb(every - row, column - yes)
    first, last = max(0, column - (every - row)), min(row, column)
    each = [math.comb(row, one) * math.comb(every - row, column - one) for one in range(first, last + 1)]
    return sum(one for one in each if one <= here) / ways


def student_quantile(share: float, freedom: int) -> float:
    """Where Student's distribution reaches a share, by halving; exact to twelve digits."""
    if not 0 < share < 1 or freedom < 1:
        raise InvalidInput("share", f"{share:g} at {freedom}", "a share between 0 and 1 and freedom of at least 1")
    if share < 0.5:
        return -student_quantile(1 - share, freedom)
    low, high = 0.0, 1.0
    while _student(high, freedom) < share:
        high *= 2
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if _student(middle, freedom) < share else (low, middle)
    return (low + high) / 2


def _student(t: float, freedom: int) -> float:
    """Student's distribution at t >= 0, by the regularised incomplete beta function."""
    return 1 - _beta(freedom / 2, 0.5, freedom / (freedom + t * t)) / 2


def _beta(a: float, b: float, x: float) -> float:
    if x <= 0 or x >= 1:
        return float(x >= 1)
    front = math.exp(math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x))
    if x < (a + 1) / (a + b + 2):
        return front * _fraction(a, b, x) / a
    return 1 - front * _fraction(b, a, 1 - x) / b


def _fraction(a: float, b: float, x: float) -> float:
    """Lentz's continued fraction."""
    c, d = 1.0, 1 / _away(1 - (a + b) * x / (a + 1))
    found = d
    for m in range(1, _STEPS):
        for step in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d = 1 / _away(1 + step * d)
            c = _away(1 + step / c)
            found *= d * c
        if abs(d * c - 1) < 1e-15:
            break
    return found


def _away(value: float) -> float:
    return value if abs(value) > _TINY else _TINY


def _columns(name: str, values: Sequence[float] | Sequence[str]) -> list[tuple[str, NDArray[np.float64]]]:
    if values and isinstance(values[0], str):
        kinds = sorted({str(one) for one in values})
        return [(f"{name} {kind}", np.array([float(one == kind) for one in values])) for kind in kinds[1:]]
    return [(name, np.asarray(values, dtype=np.float64))]


def _lowest_share(amounts: NDArray[np.float64], share: float) -> float:
    """What the lowest share of the people has of the whole; a person may be cut."""
    ordered = np.sort(amounts)
    place = share * len(ordered)
    whole = math.floor(place + 1e-9)
    part = float(ordered[:whole].sum())
    if whole < len(ordered):
        part += (place - whole) * float(ordered[whole])
    return part / float(ordered.sum())


def _checked(amounts: Sequence[float]) -> NDArray[np.float64]:
    found = np.asarray(amounts, dtype=np.float64)
    if not len(found) or not np.isfinite(found).all() or (found < 0).any() or found.sum() <= 0:
        raise InvalidInput(
            "amounts", "nobody, nothing, or less than nothing", "amounts from zero up, some of them above"
        )
    return found
