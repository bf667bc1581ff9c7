"""Groups of fewer than five people are not told apart: a team of two is its people.

What is too small is told together with as many of the next small groups as make five people, so that no group can be
had by taking the others from the whole. Pure; how many people several groups have together is asked through `together`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

K = TypeVar("K")

LEAST_PEOPLE = 5
"""As the access table says of `spend.read`."""


@dataclass(frozen=True, slots=True)
class Split(Generic[K]):
    """Groups that may be named, and those that are told as one."""

    named: tuple[K, ...]
    merged: tuple[K, ...]
    people: int
    """In the merged ones together; fewer than five only where there is nothing else."""


def split(
    groups: Iterable[tuple[K, int]],
    together: Callable[[Collection[K]], int],
    least: int = LEAST_PEOPLE,
) -> Split[K]:
    """Divide groups, given with the number of their people; those named keep their order."""
    found = list(groups)
    small = [key for key, people in found if people < least]
    if not small:
        return Split(tuple(key for key, _ in found), (), 0)
    rest = sorted(((people, place) for place, (_, people) in enumerate(found) if people >= least), reverse=True)
    merged = list(small)
    number = together(merged)
    while number < least and rest:
        merged.append(found[rest.pop()[1]][0])
        number = together(merged)
    hidden = set(merged)
    return Split(tuple(key for key, _ in found if key not in hidden), tuple(merged), number)
