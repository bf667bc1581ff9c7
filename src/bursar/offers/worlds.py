"""What may happen: a person's use, the price of it, and when a promise is taken away, month by month, in many worlds.

The same seed gives the same worlds to every offer (common random numbers), so that a difference between two offers is a
difference of their terms. Each kind of chance has a stream of its own, so that switching one off moves no other.

A month m has the instant t = (m + 1/2) / 12 years. Use is level * exp(growth * t) * noise, with noise of mean one, and grows
for a while only; price is a random walk around its drift, with now and then a step to dearer models.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from math import exp, log, sqrt

import numpy as np

from bursar.offers.terms import Person
from bursar.offers.value import Array

BLOCK = 4_096
"""Worlds that are lived through at once: their arrays stay in the cache."""
MAX_PATHS = 1_000_000

_STREAMS = ("level", "growth", "noise", "price", "shift", "revoked", "left", "approved")


@dataclass(frozen=True, slots=True)
class Month:
    """One month of a block of worlds."""

    number: int
    quantity: Array
    """What the person wants to use, dollars at the first day's prices."""
    price: Array | float
    """Of the same work, 1 on the first day."""
    approvals: Array | None
    """Uniform numbers: whoever asks for more is answered by them. None where nobody can ask."""


class Worlds:
    """One block of worlds of a person."""

    def __init__(self, person: Person, months: int, seed: int, block: int, size: int, approvals: bool = False) -> None:
        self.person, self.months, self.size = person, months, size
        self._seed, self._block = seed, block
        self._open: dict[str, np.random.Generator] = {}
        self._asks = approvals

    @cached_property
    def revoked(self) -> Array:
        """When a hazard of one a year strikes, years; divided by a line's own hazard."""
        return self._stream("revoked").standard_exponential(self.size)

    @cached_property
    def left(self) -> Array:
        """When somebody leaves, at a hazard of one a year, years."""
        return self._stream("left").standard_exponential(self.size)

    def _stream(self, name: str) -> np.random.Generator:
        """The numbers of one kind of chance, opened when they are first needed."""
        found = self._open.get(name)
        if found is None:
            key = np.random.SeedSequence(self._seed, spawn_key=(self._block, _STREAMS.index(name)))
            found = self._open[name] = np.random.Generator(np.random.PCG64(key))
        return found

    def __iter__(self) -> Iterator[Month]:
        person, size = self.person, self.size
        level = np.full(size, log(person.usage.median))
        if person.usage.sigma:
            level += person.usage.sigma * self._stream("level").standard_normal(size)
        rate = np.full(size, log(person.growth) - person.growth_sigma**2 / 2)
        if person.growth_sigma:
            rate += person.growth_sigma * self._stream("growth").standard_normal(size)
        steady = not (person.growth_sigma or person.month_sigma)
        drift, sigma = log(person.price.per_year), person.price.sigma
        walk: Array | float = np.zeros(size) if sigma or person.shifts else 0.0
        drawn = np.empty(size)
        for number in range(self.months):
            at = (number + 0.5) / 12
            quantity = rate * min(at, person.growth_years)
            quantity += level
            if person.month_sigma:
                self._stream("noise").standard_normal(out=drawn)
                quantity += person.month_sigma * drawn - person.month_sigma**2 / 2
            np.exp(quantity, out=quantity)
            if steady and not person.usage.sigma and person.growth == 1.0:
                quantity[:] = person.usage.median  # what is certain stays exact
            if sigma:
                self._stream("price").standard_normal(out=drawn)
                walk += sigma * sqrt((0.5 if number == 0 else 1.0) / 12) * drawn
            if person.shifts and number:
                walk += self._shifts()
            price = np.exp(drift * at + walk) if isinstance(walk, np.ndarray) else exp(drift * at)
            yield Month(number, quantity, price, self._stream("approved").random(size) if self._asks else None)

    def _shifts(self) -> Array:
        """Logarithms of the steps to dearer models that happen in a month."""
        person = self.person
        happened = self._stream("shift").poisson(person.shifts / 12, self.size)
        step = np.log1p(person.shift_part * (person.shift_factor - 1))
        found: Array = happened * step
        return found


def blocks(paths: int) -> Iterator[tuple[int, int]]:
    """Number and size of each block of `paths` worlds."""
    for number, start in enumerate(range(0, paths, BLOCK)):
        yield number, min(BLOCK, paths - start)
