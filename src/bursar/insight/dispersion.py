"""How exceptions differ by who made them, and by whom they are for: means, spread and which part lies between the groups.

What somebody negotiated is theirs; how far negotiating goes under one name and not under another is the house's business.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, pvariance


@dataclass(frozen=True, slots=True)
class Group:
    """Exceptions under one name; floats of one unit: nothing here is paid out."""

    name: str
    count: int
    mean: float
    deviation: float


@dataclass(frozen=True, slots=True)
class Dispersion:
    """All exceptions, and those groups of them that are large enough to be told."""

    count: int
    mean: float
    variance: float
    between: float | None
    """Share of the variance that lies between the groups that are told; None where there is none, or none is told."""
    groups: tuple[Group, ...]
    withheld: int
    """Exceptions in groups that are too small."""


def dispersion(exceptions: Sequence[tuple[str, float]], least: int) -> Dispersion:
    """Pairs of a group's name and an amount beyond the plan; groups of fewer than `least` are not told."""
    amounts = [amount for _, amount in exceptions]
    by_name: dict[str, list[float]] = {}
    for name, amount in exceptions:
        by_name.setdefault(name, []).append(amount)
    told = {name: some for name, some in by_name.items() if len(some) >= least}
    inside = [amount for some in told.values() for amount in some]
    mean = fmean(inside) if inside else 0.0
    variance = pvariance(inside) if inside else 0.0
    between = sum(len(some) * (fmean(some) - mean) ** 2 for some in told.values())
    groups = [Group(name, len(some), fmean(some), pvariance(some) ** 0.5) for name, some in told.items()]
    return Dispersion(
        len(amounts),
        fmean(amounts) if amounts else 0.0,
        pvariance(amounts) if amounts else 0.0,
        between / len(inside) / variance if inside and variance else None,
        tuple(sorted(groups, key=lambda one: (-one.mean, one.name))),
        len(amounts) - len(inside),
    )
