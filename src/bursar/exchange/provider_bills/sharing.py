"""A sum shared out among charges that are not known exactly: in proportion to their estimates, to the token."""

from __future__ import annotations

from collections.abc import Sequence

from bursar.exchange.provider_bills.values import COUNTS
from bursar.prices import Usage


def shared(total: Usage, estimates: Sequence[Usage]) -> list[Usage]:
    """Parts of `total`, one for each estimate, that add up to it in every field.

    Field by field by the estimates of that field, or by their sizes where none of them has it; the largest remainders
    get what is left over (Hamilton's method), the earlier charge first.
    """
    sizes = [one.total_input + one.total_output for one in estimates]
    parts: list[dict[str, int]] = [{} for _ in estimates]
    for name in COUNTS:
        whole = getattr(total, name)
        if not whole:
            continue
        weights = [getattr(one, name) for one in estimates]
        if not any(weights):
            weights = sizes if any(sizes) else [1] * len(estimates)
        for part, amount in zip(parts, _apportioned(whole, weights), strict=True):
            part[name] = amount
    return [Usage(**part) for part in parts]


def _apportioned(whole: int, weights: Sequence[int]) -> list[int]:
    every = sum(weights)
    floors = [whole * weight // every for weight in weights]
    order = sorted(range(len(weights)), key=lambda nth: (-(whole * weights[nth] % every), nth))
    for nth in order[: whole - sum(floors)]:
        floors[nth] += 1
    return floors
