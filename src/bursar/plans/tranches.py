"""A plan's vesting as dated amounts: the short form of a document, walked by the vesting engine."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from bursar.money import NANO, TOKENS, Amount
from bursar.plans.terms import Vesting
from bursar.plans.vesting import Accelerated, Fact, Start, Started, Tranche, VestingTerms, schedule
from bursar.plans.vesting import tranches as walk

_LATEST = date(2999, 12, 31)


def schedule_of(terms: Vesting) -> VestingTerms:
    """The vesting graph of a plan's short form. Raises `InvalidInput` for steps that do not fit."""
    if terms.on_event:
        return schedule(
            on_event=terms.on_event, deadline=terms.deadline, over=terms.over, cliff=terms.cliff,
            shares=[str(one) for one in terms.shares] or None, allocation=terms.allocation,
        )  # fmt: skip
    return schedule(
        over=terms.over,
        every=terms.every,
        cliff=terms.cliff,
        deadline=terms.deadline,
        allocation=terms.allocation,
        shares=[str(Decimal(one) / 10_000) for one in terms.shares] or None,
    )


def tranches(terms: Vesting, amount: Amount, start: date, facts: Sequence[Fact] = ()) -> tuple[Tranche, ...]:
    """What vests of an amount when it starts on a local date, in order; whole cents, whole tokens.

    `facts` are events that happened and accelerations; those before the start do not count.
    """
    graph = schedule_of(terms)
    grain = NANO if amount.unit.base == TOKENS else NANO // 100
    begun = tuple(Started(one.id, start) for one in graph.conditions if isinstance(one.trigger, Start))
    known = {one.id for one in graph.conditions}
    later = tuple(
        one for one in facts if one.date >= start and (isinstance(one, Accelerated) or one.condition in known)
    )
    return walk(graph, amount.nanos, (*begun, *later), _LATEST, grain=grain)
