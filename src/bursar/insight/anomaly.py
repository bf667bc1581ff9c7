"""A key that burns far beyond its usual rate: the rule.

The usual rate of a key is the median of the minutes in which it was used at all, so that neither idle nights nor a few
dear minutes move it (a median stands up to just under half of wild values: Hampel 1974). A minute is unusual where it
costs `factor` times that, and `BEYOND_WORST` times the dearest minute but one in a hundred, so that a key that always
comes in bursts is not told of for being itself. A key is not told of before it is known: `LEAST_MINUTES` of use.
Nothing below `LEAST_BURN` is worth waking anybody for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

LEAST_MINUTES = 20
"""With fewer minutes of use than this, nothing is usual yet."""
LEAST_RATE = 10_000_000
"""Nano-USD a minute ($0.01): whatever is less counts as this, or a key that counts tokens for nothing would always burn."""
LEAST_BURN = 1_000_000_000
"""Nano-USD in a minute ($1)."""
BEYOND_WORST = 2
WORST_SHARE = 0.99


@dataclass(frozen=True, slots=True)
class Usual:
    """What a key usually costs in a minute of use, nano-USD."""

    minutes: int
    """Of use that it is known from."""
    middle: int
    worst: int
    """Ninety-nine of a hundred minutes cost at most this."""


@dataclass(frozen=True, slots=True)
class Unusual:
    """A minute that is far beyond the usual."""

    burned: int
    """Nano-USD in the last minute."""
    usual: int
    """In a minute, never below `LEAST_RATE`."""

    @property
    def times(self) -> int:
        return self.burned // self.usual


def usual(minutes: Sequence[int]) -> Usual:
    """From what each minute of use cost, nano-USD, in any order; minutes that cost nothing do not count."""
    used = sorted(one for one in minutes if one > 0)
    if not used:
        return Usual(0, 0, 0)
    return Usual(len(used), used[len(used) // 2], used[min(len(used) - 1, int(len(used) * WORST_SHARE))])


def unusual(burned: int, known: Usual, factor: int) -> Unusual | None:
    """Whether a minute in which a key burned so much (nano-USD) is told of, and by how much; a factor of 0 is never."""
    if factor <= 0 or burned < LEAST_BURN or known.minutes < LEAST_MINUTES:
        return None
    rate = max(LEAST_RATE, known.middle)
    if burned < factor * rate or burned < BEYOND_WORST * known.worst:
        return None
    return Unusual(burned, rate)
