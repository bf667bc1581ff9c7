"""Which groups of people may be told in several tables at once, so that no sum or difference of what is told is about a few.

A table has one attribute and divides everybody into groups; sums of several tables and of the whole can be added and taken
from each other. A group of fewer than `least` people is never told apart, and neither is anything that follows from the
tables: where some combination of the published sums, with whatever factors, is the sum over fewer than `least` people,
further groups are told together until there is none (complementary suppression; Cox 1980, Willenborg and de Waal 2001).

People who are in the same groups of every table are one cell. A sum over some cells follows from the tables if and only if
its indicator lies in the space that the tables' indicators span, that is if taking its projection from it leaves nothing.
Pure: only records decide, never amounts, so what is told is the same for every figure.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LEAST = 5
OTHERS = ""
"""Stands for the groups of a table that are told as one."""
NOT_GIVEN = "not given"
MAX_CANDIDATES = 1_200
"""Cells that are tried together; where more could be, the smallest group is told together without further trial."""
_NEAR = 1e-6

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Told:
    """What may be told: by attribute, the group as which each value is told."""

    groups: Mapping[str, Mapping[str, str]]

    def group(self, attribute: str, value: str) -> str:
        """Under which name somebody is told; `OTHERS` for those who are told together."""
        return self.groups[attribute][value or NOT_GIVEN]

    def merged(self, attribute: str) -> int:
        """How many values are told as one."""
        return sum(one == OTHERS for one in self.groups[attribute].values())


def told_apart(records: Sequence[Mapping[str, str]], attributes: Sequence[str], least: int = LEAST) -> Told:
    """What may be told of these people in one table for each attribute. The order of the records does not matter."""
    tables = [_Table([one[name] or NOT_GIVEN for one in records], least) for name in attributes]
    counted = Counter(zip(*(table.values for table in tables), strict=True))
    people = sorted(counted)
    sizes = np.array([counted[one] for one in people], dtype=np.int64)
    while people:
        found = _telling(
            [[table.group[one[place]] for one in people] for place, table in enumerate(tables)], sizes, least
        )
        if not found:
            break
        for cells in found:
            _together(tables, [people[cell] for cell in cells])
    return Told({name: dict(table.group) for name, table in zip(attributes, tables, strict=True)})


class _Table:
    """One attribute: how many have each value, and as which group it is told."""

    def __init__(self, values: Sequence[str], least: int) -> None:
        self.values = values
        self.people = Counter(values)
        self.group = {value: value for value in sorted(self.people)}
        for value, number in self.people.items():
            if number < least:
                self.group[value] = OTHERS
        while 0 < self.others < least and self.merge():
            pass

    @property
    def others(self) -> int:
        return sum(number for value, number in self.people.items() if self.group[value] == OTHERS)

    def named(self) -> list[str]:
        """Groups that are still told by their name, the smallest first."""
        left = [value for value, group in self.group.items() if group != OTHERS]
        return sorted(left, key=lambda value: (self.people[value], value))

    def merge(self, value: str = "") -> bool:
        """Tell a group, or the smallest, together with the others; with another one where there were none."""
        left = self.named()
        if not left:
            return False
        self.group[value or left[0]] = OTHERS
        if sum(group == OTHERS for group in self.group.values()) == 1 and self.named():
            self.group[self.named()[0]] = OTHERS
        return True


def _together(tables: Sequence[_Table], cells: Sequence[tuple[str, ...]]) -> None:
    """Tell less, where these cells can be had: the smallest group that one of them is in, of any table."""
    hit = [
        (table.people[cell[place]], place, cell[place])
        for place, table in enumerate(tables)
        for cell in cells
        if table.group[cell[place]] != OTHERS
    ]
    if hit:
        _, place, value = min(hit)
        tables[place].merge(value)
        return
    left = [(table.people[table.named()[0]], place) for place, table in enumerate(tables) if table.named()]
    if left:
        tables[min(left)[1]].merge()


def _telling(groups: Sequence[Sequence[str]], sizes: Ints, least: int) -> list[tuple[int, ...]]:
    """Sets of cells with fewer than `least` people together whose sum follows from the tables; some of them, not all."""
    if int(sizes.sum()) < least:
        return []
    columns: list[Ints] = []
    width = 0
    for table in groups:
        names = {name: place for place, name in enumerate(sorted(set(table)))}
        columns.append(np.array([names[name] + width for name in table], dtype=np.int64))
        width += len(names)
    within = np.column_stack(columns)
    gram = np.zeros((width, width))
    for one in columns:
        for other in columns:
            np.add.at(gram, (one, other), 1.0)
    inverse: Floats = np.asarray(np.linalg.pinv(gram, rcond=1e-10, hermitian=True), dtype=np.float64)
    reach = _between(inverse, within, within)
    small = sizes < least
    alone = np.flatnonzero(small & (reach > 1 - _NEAR))
    if len(alone):
        return [(int(cell),) for cell in alone]
    # A set of k cells follows only if each of its cells reaches 1/k (Cauchy-Schwarz).
    for count in range(2, least):
        fits = np.flatnonzero((sizes <= least - count) & (reach > 1 / count - _NEAR))
        if len(fits) < count:
            continue
        if len(fits) > MAX_CANDIDATES:
            return [(int(fits[np.argmax(reach[fits])]),)]
        found = _sets(inverse, within[fits], sizes[fits], count, least)
        if found:
            return [tuple(int(fits[place]) for place in one) for one in found]
    return []


def _between(inverse: Floats, one: Ints, other: Ints) -> Floats:
    """The projection's entries of cells with themselves, from the inverse of the tables' products."""
    return np.asarray(sum(inverse[one[:, p], other[:, q]] for p in range(one.shape[1]) for q in range(one.shape[1])))


def _sets(inverse: Floats, within: Ints, sizes: Ints, count: int, least: int) -> list[tuple[int, ...]]:
    """Sets of so many of these cells whose projection is themselves: each one's entries over the set add up to one."""
    number, tables = within.shape
    entries = np.zeros((number, number))
    for p in range(tables):
        for q in range(tables):
            entries += inverse[np.ix_(within[:, p], within[:, q])]
    found: list[tuple[int, ...]] = []
    taken: set[int] = set()

    def search(chosen: tuple[int, ...], rest: Floats, people: int) -> bool:
        """Whether a set that begins so was found; `rest` is what each cell lacks to one."""
        if len(chosen) == count:
            if all(abs(rest[cell]) < _NEAR for cell in chosen):
                found.append(chosen)
                taken.update(chosen)
                return True
            return False
        left = count - len(chosen) - 1
        for cell in range(chosen[-1] + 1, number):
            if cell in taken or people + int(sizes[cell]) + left >= least:
                continue
            after = rest - entries[cell]
            # With one more to come, only one that fills the gap of the first can be right.
            if left == 0 and abs(after[chosen[0]]) >= _NEAR:
                continue
            if search((*chosen, cell), after, people + int(sizes[cell])):
                return True
        return False

    for first in range(number):
        if first not in taken:
            search((first,), 1 - entries[first], int(sizes[first]))
    return found
