"""The daily rollup: what charges and corrections add to the sums of a person's day by model, purpose and project."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from bursar.ledger.values import Usage

MICROS_PER_DAY = 86_400_000_000

KEYS = ("person", "day", "unit", "provider", "model", "purpose", "project")
SUMS = ("requests", "input_tokens", "cached_tokens", "output_tokens", "amount", "list_nanos", "cost_nanos", "overage")

Key = tuple[str, int, str, str, str, str, str]
Sums = list[int]


def key_of(person: str, unit: str, usage: Usage) -> Key:
    """The row of the rollup that a charge belongs to."""
    return (person, usage.at // MICROS_PER_DAY, unit, usage.provider, usage.model, usage.purpose, usage.project)


def add(rollup: dict[Key, Sums], key: Key, usage: Usage, amount: int, overage: int, *, sign: int = 1) -> None:
    """Count one charge with its whole amount, or take it out again with sign -1."""
    sums = rollup.get(key)
    if sums is None:
        sums = rollup[key] = [0] * len(SUMS)
    sums[0] += sign
    for name, count in usage.tokens.items():
        here = place(name)
        if here:
            sums[here] += sign * count
    sums[4] += sign * amount
    sums[5] += sign * usage.list_nanos
    sums[6] += sign * usage.cost_nanos
    sums[7] += sign * overage


@lru_cache(maxsize=256)
def place(field: str) -> int:
    """Which sum a field of the usage counts towards; 0 for none."""
    if field.startswith("cache_read"):
        return SUMS.index("cached_tokens")
    if field.startswith(("input", "cache_write")):
        return SUMS.index("input_tokens")
    return SUMS.index("output_tokens") if field.startswith(("output", "reasoning")) else 0


def rows(rollup: dict[Key, Sums]) -> Iterator[tuple[str | int, ...]]:
    """Rows in the order of their keys, so that two transactions lock them alike."""
    for key, sums in sorted(rollup.items()):
        yield (*key, *sums)
