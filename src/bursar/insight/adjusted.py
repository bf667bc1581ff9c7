"""What is left of a gap beside level, family and tenure: least squares on the logarithm of the amounts, with its errors.

Three standard errors, because a few people decide much here: the classical one, HC1 and HC3. A control may be tainted: a
level that hides who is promoted hides a gap as well, so whoever shows a gap beside controls shows it without them too.

Sources: the estimator and its error, any textbook (Greene, Econometric Analysis, 4); HC1, Hinkley 1977; HC3, MacKinnon and
White 1985; a dummy's share of the amounts, Halvorsen and Palmquist 1980; incomplete beta function, Press et al., Numerical
Recipes 6.4.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from bursar.errors import InvalidInput
from bursar.insight.fairness import EU_GAP, checked

LEAST_BEYOND = 2
"""People beyond the columns of a regression, so that its errors mean something."""
_SAME = 1e-10
"""Of one: what is smaller is nothing but rounding."""
_TINY = 1e-30
_STEPS = 300


@dataclass(frozen=True, slots=True)
class AdjustedGap:
    """What is left of a gap beside the controls, from least squares on the logarithm of the amounts."""

    coefficient: float
    """Of belonging to the group, in logarithms."""
    error: float
    """Its classical standard error."""
    hc1_error: float
    """The same where the spread differs from person to person, with the sample's correction (HC1)."""
    robust_error: float
    """The same, each person's rest divided by what one person cannot decide alone (HC3): for small samples."""
    t: float
    gap: float
    """As a share: 0.05 is five percent less."""
    low: float
    high: float
    """The 95 % interval of the gap, from the classical error."""
    robust_low: float
    robust_high: float
    """The 95 % interval of the gap, from the robust error (HC3)."""
    people: int
    freedom: int

    @property
    def is_above_line(self) -> bool:
        """From here on a gap has to be explained or mended."""
        return self.gap >= EU_GAP

    @property
    def is_significant(self) -> bool:
        """Neither interval holds zero: it is hardly chance, however the spread differs."""
        return (self.low > 0 and self.robust_low > 0) or (self.high < 0 and self.robust_high < 0)


@dataclass(frozen=True, slots=True, eq=False)
class Controlled:
    """Amounts with their controls taken out, ready to be asked about any group: the same for all groups of a table."""

    rest: NDArray[np.float64]
    """Of the logarithms, what the controls leave."""
    basis: NDArray[np.float64]
    """Orthonormal columns that span the controls and the constant."""

    def gap(self, in_group: Sequence[bool]) -> AdjustedGap:
        """The gap of a group beside the controls (Frisch and Waugh 1933, Lovell 1963).

        Raises InvalidInput where the people are too few for the columns, or the controls say already who is in the group.
        """
        people, rank = self.basis.shape
        width = rank + 1
        if people < width + LEAST_BEYOND:
            raise InvalidInput("people", f"{people}", f"at least {width + LEAST_BEYOND} for {width} columns")
        member = np.asarray(in_group, dtype=np.float64)
        own = member - self.basis @ (self.basis.T @ member)
        whole = float(own @ own)
        if whole <= _SAME * people:
            raise InvalidInput(
                "controls", "controls that say who is in the group", "ones that vary inside the group too"
            )
        one = float(own @ self.rest) / whole
        rest = self.rest - one * own
        freedom = people - width
        error = math.sqrt(float(rest @ rest) / freedom / whole)
        # How much of a prediction a person decides alone; whoever decides a column alone shows no spread of their own.
        reach = (self.basis**2).sum(axis=1) + own**2 / whole
        lone = np.clip(1 - reach, 1e-12, None)
        robust = float(np.linalg.norm(own * rest / lone)) / whole
        hc1 = float(np.linalg.norm(own * rest)) / whole * math.sqrt(people / freedom)
        factor = student_quantile(0.975, freedom)
        wide, wider = factor * error, factor * robust
        return AdjustedGap(
            one,
            error,
            hc1,
            robust,
            one / error if error > 0 else math.copysign(math.inf, one) if one else 0.0,
            1 - math.exp(one),
            1 - math.exp(one + wide),
            1 - math.exp(one - wide),
            1 - math.exp(one + wider),
            1 - math.exp(one - wider),
            people,
            freedom,
        )


def controlled(amounts: Sequence[float], controls: Mapping[str, Sequence[float] | Sequence[str]]) -> Controlled:
    """Take controls out of amounts: numbers as they are (tenure), words as one column for each but the first (level).

    Amounts have to be above zero. A control that follows from the others adds nothing and harms nothing. Raises InvalidInput.
    """
    found = checked(amounts)
    if (found <= 0).any():
        raise InvalidInput("amounts", "somebody with nothing", "amounts above zero; tell the share without apart")
    columns = [np.ones(len(found))]
    for name, values in controls.items():
        if len(values) != len(found):
            raise InvalidInput(name, f"{len(values)} values", f"one for each of {len(found)} people")
        columns += _columns(values)
    design = np.column_stack(columns)
    # Columns of one size, so that what is small beside the others is told from what is nothing.
    left, sizes, _ = np.linalg.svd(design / np.clip(np.linalg.norm(design, axis=0), 1e-300, None), full_matrices=False)
    basis = left[:, sizes > _SAME * sizes[0]]
    target = np.log(found)
    return Controlled(target - basis @ (basis.T @ target), basis)


def adjusted_gap(
    amounts: Sequence[float],
    in_group: Sequence[bool],
    controls: Mapping[str, Sequence[float] | Sequence[str]],
) -> AdjustedGap:
    """The gap of one group beside controls; see `controlled` and `Controlled.gap`."""
    return controlled(amounts, controls).gap(in_group)


@lru_cache(maxsize=1024)
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


def _columns(values: Sequence[float] | Sequence[str]) -> list[NDArray[np.float64]]:
    if len(values) and isinstance(values[0], str):
        words = np.asarray(values)
        return [(words == kind).astype(np.float64) for kind in np.unique(words)[1:]]
    return [np.asarray(values, dtype=np.float64)]
