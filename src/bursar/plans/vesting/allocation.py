"""How exact instalments become whole: the seven allocation types of OCF (schema/enums/AllocationType).

Two kinds of rule. The cumulative ones round the sum that has vested, so that each instalment is the step between two
rounded sums. The loaded ones round every instalment down and hand out what is then left, one grain each, from the front
or the back, or to a single tranche; for these, all instalments that time alone will bring have to be known.

A grain is the smallest piece that vests, in nano-units: one whole unit as in OCF, where it is a share. `FRACTIONAL` has
a grain of one nano-unit: exact where a nano-unit can say it, else cumulative, half up, to the nano-unit.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise

from bursar.money import round_half_up_div
from bursar.plans.vesting.terms import ALLOCATIONS, Allocation

LOADED = frozenset(allocation for allocation in ALLOCATIONS if "_LOADED" in allocation)
"""The rules that have to know every instalment ahead."""


def allocate(
    allocation: Allocation, positions: Sequence[Fraction], start: Fraction, vested: int, quantity: int, grain: int
) -> list[int]:
    """Whole nano-units for instalments that end at `positions`, after `vested` nano-units where the terms say `start`.

    The amounts are 0 or more; what has vested after any of them is at most `quantity`, and exactly that once a
    position reaches it under a cumulative rule, or when the last one does under a loaded rule. What is below the grain
    vests with it.
    """
    match allocation:
        case "CUMULATIVE_ROUNDING" | "FRACTIONAL":
            sums = [_rounded(position, quantity, grain) for position in positions]
        case "CUMULATIVE_ROUND_DOWN":
            sums = [_floor(position, quantity, grain) for position in positions]
        case _:
            return _loaded(allocation, positions, start, vested, quantity, grain)
    amounts = []
    for before, position, each in zip([start, *positions], positions, sums, strict=False):
        # Where nothing is due nothing vests, even if an acceleration left the sum between two grains.
        amounts.append(max(0, each - vested) if position > before else 0)
        vested += amounts[-1]
    return amounts


def _loaded(
    allocation: Allocation, positions: Sequence[Fraction], start: Fraction, vested: int, quantity: int, grain: int
) -> list[int]:
    """Every instalment rounded down; then what is missing to the rounded sum at the end, from the front or the back."""
    front = allocation in ("FRONT_LOADED", "FRONT_LOADED_TO_SINGLE_TRANCHE")
    steps = [after - before for before, after in pairwise([start, *positions])]
    if not any(steps):
        return [0] * len(steps)
    amounts = [step // grain * grain for step in steps]
    # Where events may still follow, the end is no whole number of grains: loading rounds it its own way.
    target = (_ceiling if front else _floor)(positions[-1], quantity, grain)
    left = target - vested - sum(amounts)
    order = [index for index in range(len(steps)) if steps[index]]
    if not front:
        order.reverse()
    if left > 0:
        if allocation in ("FRONT_LOADED", "BACK_LOADED"):
            for index in (index for index in order if steps[index] > amounts[index]):
                given = min(grain, left)
                amounts[index] += given
                left -= given
        amounts[order[0]] += left
        return amounts
    # More has vested than this path will bring to here: the next instalments give it back by vesting less.
    for index in range(len(amounts)):
        taken = min(amounts[index], -left)
        amounts[index] -= taken
        left += taken
    return amounts


def _rounded(position: Fraction, quantity: int, grain: int) -> int:
    if position >= quantity:
        return quantity
    numerator, denominator = position.as_integer_ratio()
    return min(quantity, round_half_up_div(numerator, denominator * grain) * grain)


def _floor(position: Fraction, quantity: int, grain: int) -> int:
    return quantity if position >= quantity else position // grain * grain


def _ceiling(position: Fraction, quantity: int, grain: int) -> int:
    return min(quantity, -(-position // grain) * grain)
