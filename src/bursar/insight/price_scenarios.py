"""What if prices move: pure arithmetic over what was used, by model, and what it would have come to.

A scenario is a list of changes. Each gives every model two factors, one for its list price and one for what it costs the
organisation; several that meet the same model multiply. All people are taken to go on with the same work: the quantities
stay (a Laspeyres index: the old basket at new prices), nobody uses more because it is cheaper. Amounts are nano-USD,
factors exact fractions; only `drifted` and `yearly` are statistics.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from fractions import Fraction
from typing import Literal

PARTS = 10_000
"""Basis points of a whole."""
MAX_CHANGES = 20
LEAST_MONTHS = 3
"""A trend of fewer months is none."""
DRIFTS: Mapping[str, float] = {
    "prices stay": 1.0,
    "-67 % a year": 0.33,
    "ten times cheaper a year": 0.1,
    "forty times cheaper a year": 1 / 40,
    "+20 % a year": 1.2,
}
"""By the year. What blended prices did lately (Fortune, 2025), the same capability over three years (a16z, Welcome to
LLMflation, 2024), its median for a benchmark (Epoch AI, LLM inference price trends, 2025), and dearer frontier models."""


@dataclass(frozen=True, slots=True)
class Use:
    """What was used of a model."""

    provider: str
    model: str
    list_nanos: int
    cost_nanos: int
    input_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0
    person: str = ""

    @property
    def tokens(self) -> int:
        return self.input_tokens + self.cached_tokens + self.output_tokens


@dataclass(frozen=True, slots=True)
class Change:
    """`price`: list price and cost of what matches move by `basis_points` of themselves (-3000 is 30 % less).
    `contract`: what matches costs the organisation so much less than list. `move`: what matches is done by `to`."""

    kind: Literal["price", "contract", "move"]
    what: str
    """A provider, a model, a pattern (`claude-*`), or what a model's name begins with."""
    basis_points: int = 0
    to: str = ""


@dataclass(frozen=True, slots=True)
class Effect:
    """What a model's use would have come to."""

    use: Use
    list_nanos: int
    cost_nanos: int
    touched: bool


@dataclass(frozen=True, slots=True)
class Sums:
    """Before and after, nano-USD."""

    list_before: int
    list_after: int
    cost_before: int
    cost_after: int

    @property
    def factor(self) -> Fraction:
        """What the same work costs at list, of what it costs now; 1 where nothing was used."""
        return Fraction(self.list_after, self.list_before) if self.list_before else Fraction(1)

    @property
    def cost_factor(self) -> Fraction:
        return Fraction(self.cost_after, self.cost_before) if self.cost_before else Fraction(1)


Reprice = Callable[[Use, str], tuple[Fraction, Fraction] | None]
"""By how much the list value and the cost of a use would change if another model did it; None: no price is known."""


def matches(change: Change, provider: str, model: str) -> bool:
    """Whether a change is about a model."""
    what = change.what.lower()
    return provider == what or model == what or fnmatchcase(model, what) or model.startswith(what)


def applied(uses: Iterable[Use], changes: Sequence[Change], reprice: Reprice) -> list[Effect]:
    """What each use would have come to, in their order. A move to a model without a price leaves its use as it is."""
    found = []
    for use in uses:
        listed, cost, touched = Fraction(1), Fraction(1), False
        now_at = (use.provider, use.model)
        for change in changes:
            if not matches(change, *now_at):
                continue
            touched = True
            if change.kind == "price":
                by = Fraction(PARTS + change.basis_points, PARTS)
                listed, cost = listed * by, cost * by
            elif change.kind == "contract":
                # The new contract takes the place of the old one: so much less than the list price, whatever it was.
                share = Fraction(PARTS - change.basis_points, PARTS)
                cost = listed * share * Fraction(use.list_nanos, use.cost_nanos) if use.cost_nanos else cost
            else:
                moved = reprice(use, change.to)
                if moved is not None:
                    listed, cost = listed * moved[0], cost * moved[1]
                    now_at = (change.to.partition("/")[0] if "/" in change.to else use.provider, _model(change.to))
        found.append(Effect(use, _times(use.list_nanos, listed), _times(use.cost_nanos, cost), touched))
    return found


def summed(effects: Iterable[Effect]) -> Sums:
    """All together."""
    found = [0, 0, 0, 0]
    for one in effects:
        for place, amount in enumerate((one.use.list_nanos, one.list_nanos, one.use.cost_nanos, one.cost_nanos)):
            found[place] += amount
    return Sums(*found)


def by_person(effects: Iterable[Effect]) -> dict[str, Fraction]:
    """What the same work costs each person, of what it costs now."""
    sums: dict[str, list[int]] = {}
    for one in effects:
        mine = sums.setdefault(one.use.person, [0, 0])
        mine[0] += one.use.list_nanos
        mine[1] += one.list_nanos
    return {person: Fraction(after, before) if before else Fraction(1) for person, (before, after) in sums.items()}


@dataclass(frozen=True, slots=True)
class Worth:
    """What a promise is worth later, nano-USD."""

    factor: float
    """Price of a unit then, of now."""
    buys: int
    """A promise in dollars buys what costs so much today."""
    tokens_worth: int
    """A promise in tokens that is worth the amount now is worth so much then."""


def worth(amount: int, factor: float) -> Worth:
    """A promised amount (nano-USD) when prices are `factor` of today's, above zero."""
    if not factor > 0 or math.isinf(factor):
        raise ValueError(f"factor: found {factor}, expected a number above 0")
    return Worth(factor, round(amount / factor), round(amount * factor))


def drifted(yearly: float, months: float) -> float:
    """The price factor after some months of a yearly one."""
    return float(yearly ** (months / 12))


def mixed(share: float, times: float) -> float:
    """The price factor where a share of the work goes to what is `times` as dear (more capable models become usual)."""
    return 1 - share + share * times


def yearly(months: Sequence[tuple[int, int]]) -> float | None:
    """The yearly price factor of a family from its months: (list nano-USD, tokens), the oldest first, none left out.

    The slope of the logarithm of the price of a token over the months, each weighted by its amount; None with fewer than
    three months of use. A month without use is skipped.
    """
    points = [
        (place, math.log(amount / tokens), float(amount))
        for place, (amount, tokens) in enumerate(months)
        if amount > 0 and tokens > 0
    ]
    if len(points) < LEAST_MONTHS:
        return None
    weight = sum(one[2] for one in points)
    middle = sum(place * w for place, _, w in points) / weight
    level = sum(price * w for _, price, w in points) / weight
    spread = sum(w * (place - middle) ** 2 for place, _, w in points)
    slope = sum(w * (place - middle) * (price - level) for place, price, w in points) / spread if spread else 0.0
    return math.exp(12 * max(-1.0, min(1.0, slope)))


def _times(amount: int, factor: Fraction) -> int:
    return round(amount * factor)


def _model(to: str) -> str:
    return to.partition("/")[2] or to
