"""How much people want to use: documented distributions, or their own history; growth, price drift, dearer models.

Everything is a median and a spread that can be replaced. Where a figure comes from stands beside it; what is a judgement
says so. Randomness comes from a seed alone, in streams that belong to blocks of people and of scenarios, so that an
answer depends neither on how the work is cut nor on how many threads do it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import exp, log

import numpy as np
from numpy.typing import NDArray

from bursar.errors import InvalidInput

Array = NDArray[np.float64]

BLOCK_PEOPLE = 64
"""People who share a stream of random numbers."""
MAX_HISTORY_MONTHS = 120
ACTIVE_DAYS = 21
"""Working days of a month, for figures that are given by active day."""


@dataclass(frozen=True, slots=True)
class Persona:
    """Monthly use at list price, lognormal between people: the median in dollars, the sigma of the logarithm."""

    name: str
    median: float
    sigma: float
    source: str


PERSONAS = {
    one.name: one
    for one in (
        Persona(
            "moderate", 279.07, 0.8646, "fit to Uber's tiers: 35% below $200, 40% to $500, 20% to $2,000; mean $406"
        ),
        Persona("light", 120.12, 1.2816, "Anthropic: $13 by active day, 90% below $30; median $5.72 on 21 days"),
        Persona("heavy", 1_500.0, 0.8646, "the amount of Uber's monthly limit by tool, with the spread of its tiers"),
        Persona("heavy-tailed", 127.37, 1.5219, "the mean of `moderate`, with Jellyfish's p90 of 7 times the median"),
    )
}
DEFAULT_PERSONA = "moderate"


@dataclass(frozen=True, slots=True)
class PriceDrift:
    """What becomes of the price of the same work: a factor in a year, and the sigma of its logarithm in a year."""

    name: str
    per_year: float
    sigma: float
    source: str


PRICES = {
    one.name: one
    for one in (
        PriceDrift("flat", 1.0, 0.0, "today's list prices for ever: the list price of a model hardly ever changes"),
        PriceDrift("halving", 0.5, 0.35, "a judgement between the price of one model (flat) and of one ability"),
        PriceDrift("falling", 0.33, 0.35, "blended price by token -67% in a year, as reported in 2026"),
        PriceDrift("collapsing", 0.1, 0.35, "a16z, LLMflation: ten times cheaper each year for the same ability"),
        PriceDrift("rising", 1.2, 0.35, "a stress: frontier models and long contexts +20% in a year"),
    )
}


@dataclass(frozen=True, slots=True)
class Usage:
    """All assumptions about use. Shares of one, factors by year, sigmas of logarithms."""

    by_tier: Mapping[str, Persona] = field(default_factory=dict)
    """The persona of a tier; one that is not named gets the persona of its own name, else `everybody`."""
    everybody: Persona = PERSONAS[DEFAULT_PERSONA]
    month_sigma: float = 0.5
    """Of one person from month to month, around a mean of one. A judgement."""
    growth: float = 3.0
    """Of what everybody uses, in a year. A judgement; Jellyfish saw 18.6 times the tokens in nine months."""
    growth_sigma: float = 0.5
    price: PriceDrift = PRICES["halving"]
    shifts: float = 1.0
    """How often in a year a part of the work moves to a dearer model (Poisson)."""
    shift_part: tuple[float, float] = (0.10, 0.30)
    shift_factor: tuple[float, float] = (3.0, 5.0)

    def persona_of(self, tier: str) -> Persona:
        return self.by_tier.get(tier) or PERSONAS.get(tier) or self.everybody


STEADY = Usage(month_sigma=0.0, growth=1.0, growth_sigma=0.0, price=PRICES["flat"], shifts=0.0)
"""No growth, no noise, no drift: what is left is the difference between people."""

_OWN = re.compile(r"\$?(\d{1,7}(?:\.\d{1,9})?)(?:@(\d{1,2}(?:\.\d{1,6})?))?", re.ASCII)


def parse_persona(text: str) -> Persona:
    """A persona's name, or a median with a sigma: `heavy`, `$400`, `400@0.9`. Raises `InvalidInput`."""
    if text in PERSONAS:
        return PERSONAS[text]
    read = _OWN.fullmatch(text.strip())
    if read is None or float(read[1]) <= 0 or float(read[2] or 0) > 4:
        expected = f"one of {', '.join(PERSONAS)}, or a monthly median and a sigma up to 4, such as $400@0.9"
        raise InvalidInput("usage", repr(text[:60]), expected)
    sigma = float(read[2]) if read[2] else PERSONAS[DEFAULT_PERSONA].sigma
    return Persona(text.strip(), float(read[1]), sigma, "given")


def parse_price(text: str) -> PriceDrift:
    """A scenario's name or a yearly change: `falling`, `-40%`, `+20%`. Raises `InvalidInput`."""
    if text in PRICES:
        return PRICES[text]
    read = re.fullmatch(r"([+-]?\d{1,3}(?:\.\d{1,4})?) ?%", text.strip(), re.ASCII)
    if read is None or not -100 < float(read[1]) <= 900:
        raise InvalidInput("price", repr(text[:60]), f"one of {', '.join(PRICES)}, or a yearly change such as -40%")
    return PriceDrift(text.strip(), 1 + float(read[1]) / 100, 0.35, "given")


@dataclass(frozen=True, slots=True)
class Paths:
    """What happens to everybody alike: (months, scenarios) factors on the first month's quantity and price."""

    quantity: Array
    price: Array


def paths(usage: Usage, months: int, scenarios: int, seed: int) -> Paths:
    """Draw growth, drift and shifts; the first month is 1 everywhere."""
    draws = np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed, spawn_key=(0,))))
    year = np.arange(months)[:, None] / 12
    rate = log(usage.growth) + usage.growth_sigma * draws.standard_normal(scenarios)
    walk = np.cumsum(draws.standard_normal((months, scenarios)), axis=0)
    walk -= walk[:1]
    drift = log(usage.price.per_year) * year + usage.price.sigma / 12**0.5 * walk
    low, high = usage.shift_part
    least, most = usage.shift_factor
    dearer = np.zeros((months, scenarios))
    shifts = draws.poisson(usage.shifts / 12, (months, scenarios))
    for nth in range(1, int(shifts.max(initial=0)) + 1):
        part = draws.uniform(low, high, (months, scenarios))
        factor = draws.uniform(least, most, (months, scenarios))
        dearer += np.where(shifts >= nth, np.log1p(part * (factor - 1)), 0.0)
    dearer[0] = 0.0
    return Paths(np.exp(rate * year), np.exp(drift + np.cumsum(dearer, axis=0)))


@dataclass(frozen=True, slots=True)
class Histories:
    """Past monthly use of those who have some, in the engine's units: (people, months) padded, and how many are real."""

    amounts: Array
    counts: NDArray[np.int64]

    @classmethod
    def of(cls, months: Sequence[Sequence[float]]) -> Histories:
        width = max([1, *(len(one) for one in months)])
        if width > MAX_HISTORY_MONTHS:
            raise InvalidInput("history", f"{width} months", f"at most {MAX_HISTORY_MONTHS}")
        amounts = np.zeros((len(months), width))
        for row, one in enumerate(months):
            amounts[row, : len(one)] = one
        return cls(amounts, np.array([len(one) for one in months], dtype=np.int64))


class Draws:
    """The random numbers of one stretch of people in one block of scenarios, month by month.

    `first` and `last` are places in the roster; `first` is a multiple of `BLOCK_PEOPLE`.
    """

    def __init__(self, seed: int, first: int, last: int, block: int, width: int) -> None:
        assert first % BLOCK_PEOPLE == 0
        self.rows, self.width = last - first, width
        self._streams = [
            (
                slice(start - first, min(start + BLOCK_PEOPLE, last) - first),
                np.random.Generator(np.random.SFC64(np.random.SeedSequence(seed, spawn_key=(1, block, start)))),
            )
            for start in range(first, last, BLOCK_PEOPLE)
        ]

    def normals(self, out: Array) -> None:
        for rows, stream in self._streams:
            stream.standard_normal(out=out[rows])

    def uniforms(self, out: Array) -> None:
        for rows, stream in self._streams:
            stream.random(out=out[rows])


def wanted(
    draws: Draws,
    medians: Array,
    sigmas: Array,
    usage: Usage,
    factors: Array,
    histories: Histories | None = None,
) -> Array:
    """What each person of a stretch wants in each month of each scenario: (months, people, scenarios), unrounded.

    `medians` and `sigmas` are by person, `factors` (months, scenarios) are everybody's. Who has a history gets months
    of it, drawn with replacement, in place of the distribution.
    """
    months = factors.shape[0]
    found = np.empty((months, draws.rows, draws.width))
    level = np.empty((draws.rows, draws.width))
    draws.normals(level)
    level *= sigmas[:, None]
    sigma = usage.month_sigma
    if sigma:  # one exponential for both: level and month are added as logarithms
        level += np.log(medians)[:, None] - sigma * sigma / 2
    else:
        np.exp(level, out=level)
        level *= medians[:, None]
    known = np.flatnonzero(histories.counts) if histories is not None else np.empty(0, dtype=np.int64)
    chances = np.empty_like(level)
    for month in range(months):
        here = found[month]
        if sigma:
            draws.normals(here)
            here *= sigma
            here += level
            np.exp(here, out=here)
        else:
            here[:] = level
        if histories is not None and known.size:
            draws.uniforms(chances)
            which = (chances[known] * histories.counts[known, None]).astype(np.int64)
            here[known] = np.take_along_axis(histories.amounts[known], which, axis=1)
        here *= factors[month]
    return found


def mean_of(persona: Persona) -> float:
    """The mean of a persona's months, dollars."""
    return persona.median * exp(persona.sigma**2 / 2)
