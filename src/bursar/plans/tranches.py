"""A plan's vesting as dated amounts: the short form of a document, walked by the vesting engine."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from bursar.money import NANO, TOKENS, Amount
from bursar.plans.terms import Vesting
from bursar.plans.vesting import Started, Tranche, VestingTerms, schedule
from bursar.plans.vesting import tranches as walk

_LATEST = date(2999, 12, 31)


def schedule_of(terms: Vesting) -> VestingTerms:
    """The vesting graph of a plan's short form. Raises `InvalidInput` for steps that do not fit."""
    return schedule(
        over=terms.over,
        every=terms.every,
        cliff=terms.cliff,
        allocation=terms.allocation,
        shares=[str(Decimal(one) / 10_000) for one in terms.shares] or None,
    )


def tranches(terms: Vesting, amount: Amount, start: date) -> tuple[Tranche, ...]:
    """What vests of an amount when it starts on a local date, in order; whole cents, whole tokens."""
    graph = schedule_of(terms)
    grain = NANO if amount.unit.base == TOKENS else NANO // 100
    return walk(graph, amount.nanos, (Started(graph.conditions[0].id, start),), _LATEST, grain=grain)
