"""Where cost went: from the house to its people, or into two books at once.

`transfer` says which part of what people now carry (grants that stand in their packages, and what they pay themselves) the
house has saved elsewhere. `counted_twice` finds the same grant in what was offered as pay and in a budget of the house.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bursar.errors import InvalidInput


@dataclass(frozen=True, slots=True)
class Transfer:
    """A year before a plan beside one after it; amounts of one unit, nano-units."""

    saved: int
    """What the house spends less centrally."""
    carried: int
    """What stands with people: grants, and their own money."""
    share: float | None
    """Of what is carried, what was saved elsewhere; None where nothing is carried."""
    own: int
    """Of what is carried: out of people's own pockets."""


def transfer(before: int, after: int, grants: int, own: int = 0) -> Transfer:
    """Central spending before and after a plan, what is granted under it and what people pay. Raises InvalidInput."""
    for name, amount in (("before", before), ("after", after), ("grants", grants), ("own", own)):
        if amount < 0:
            raise InvalidInput(name, str(amount), "no less than nothing")
    saved, carried = max(0, before - after), grants + own
    return Transfer(saved, carried, min(saved, carried) / carried if carried else None, own)


@dataclass(frozen=True, slots=True)
class Twice:
    """The same grant in two books; nano-units."""

    grant: str
    offered: int
    budgeted: int

    @property
    def amount(self) -> int:
        """What is counted twice."""
        return min(self.offered, self.budgeted)


def counted_twice(offered: Mapping[str, int], budgeted: Mapping[str, int]) -> list[Twice]:
    """Grants, by id, that are both offered as pay and budgeted as a cost of the house; the largest first."""
    found = [Twice(one, amount, budgeted[one]) for one, amount in offered.items() if one in budgeted]
    return sorted(found, key=lambda one: (-one.amount, one.grant))
