"""A plan's vesting as dated amounts: the short form of a document, walked by the vesting engine."""

from __future__ import annotations

from datetime import date, timedelta

from bursar.plans.terms import Vesting
from bursar.plans.vesting import Started, Tranche, VestingTerms, schedule
from bursar.plans.vesting import tranches as walk

_LATEST = date(2999, 12, 31)


def schedule_of(terms: Vesting) -> VestingTerms:
    """The vesting graph of a plan's short form. Raises `InvalidInput` for steps that do not fit."""
    return schedule(
        over=terms.over, every=terms.every, cliff=terms.cliff, allocation=terms.allocation, shares=terms.shares or None
    )


def tranches(terms: Vesting, nanos: int, start: date) -> tuple[Tranche, ...]:
    """What vests of `nanos` nano-units when it starts on a local date, in order."""
    graph = schedule_of(terms)
    first = graph.conditions[0].id
    return walk(graph, nanos, (Started(first, start),), _LATEST - timedelta(days=1))
