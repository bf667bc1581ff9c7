"""The walk through the graph: which conditions are met, when, and how much of the grant has vested then.

OCF documents it as a look at the graph on every day (docs/explainers/VestingTerms.md): of the conditions that may come
next, the first that is met wins, those that stand first in `next_condition_ids` before the others on the same day, and
only one path is ever taken. Instead of walking the days, each candidate says the first day on which it is met.

Nothing here rounds. `position` is an exact fraction of nano-units, by the terms alone: accelerations do not enter.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction

from bursar.calendar import days_later, months_later
from bursar.errors import InvalidInput
from bursar.money import round_half_up_div
from bursar.plans.vesting.terms import (
    Absolute,
    Days,
    Event,
    Fact,
    Happened,
    Months,
    Relative,
    Start,
    Started,
    VestingCondition,
    VestingTerms,
)


@dataclass(frozen=True, slots=True)
class Instalment:
    """On `date`, `condition` brings what has vested to `position` nano-units, exactly."""

    date: date
    condition: str
    position: Fraction


@dataclass(slots=True)
class _Place:
    """Where the walk stands: since when its condition is met, when its last instalment fell, what was met before."""

    since: date = date.min
    arrived: date = date.min
    start_day: int | None = None
    met: dict[str, date] = field(default_factory=dict)


def walk(terms: VestingTerms, quantity: int, facts: Sequence[Fact]) -> Iterator[Instalment]:
    """The instalments of the one path that these facts and time lead along, oldest first, to the end of the calendar.

    A condition is met once: a circle ends there. A reference that leads nowhere is never met.
    """
    known = {condition.id: condition for condition in terms.conditions}
    starts, events = _dates(facts, Started), _dates(facts, Happened)
    place, position = _Place(), Fraction(0)
    candidates: Sequence[VestingCondition] = terms.conditions[:1]
    while True:
        dates = [_first_met(each, place, starts, events) for each in candidates]
        met = [(day, order) for order, day in enumerate(dates) if day is not None]
        if not met:
            return
        first, order = min(met)
        condition = candidates[order]
        last = first
        for due in _due(condition, first, place):
            if due is None:
                return
            last, position = due, _after(position, quantity, condition)
            yield Instalment(last, condition.id, position)
        if place.start_day is None or isinstance(condition.trigger, Start):
            place.start_day = first.day
        place.since, place.arrived = first, last
        place.met[condition.id] = last
        candidates = [known[each] for each in condition.next_condition_ids if each in known and each not in place.met]


def _dates(facts: Sequence[Fact], kind: type[Started] | type[Happened]) -> dict[str, list[date]]:
    """The dates recorded for each condition, oldest first."""
    found: dict[str, list[date]] = {}
    for fact in sorted((fact for fact in facts if isinstance(fact, kind)), key=lambda fact: fact.date):
        found.setdefault(fact.condition, []).append(fact.date)
    return found


def _first_met(
    condition: VestingCondition, place: _Place, starts: dict[str, list[date]], events: dict[str, list[date]]
) -> date | None:
    """The first day on which the condition is met, never before the walk got here; `None` is never."""
    day: date | None
    match condition.trigger:
        case Start() | Event():
            recorded = starts if isinstance(condition.trigger, Start) else events
            # What happened before the condition in front of it was met does not count: order is part of the terms.
            day = next((day for day in recorded.get(condition.id, ()) if day >= place.since), None)
        case Absolute(day):
            pass
        case Relative(period, relative_to):
            day = _nth(period, place.met[relative_to], 1, place.start_day) if relative_to in place.met else None
    return None if day is None else max(day, place.arrived)


def _due(condition: VestingCondition, first: date, place: _Place) -> Iterator[date | None]:
    """The date of each instalment, those before the cliff on the cliff; `None` past the end of the calendar."""
    if not isinstance(condition.trigger, Relative):
        yield first
        return
    period, base = condition.trigger.period, place.met[condition.trigger.relative_to]
    cliff = min(period.cliff_installment or 1, period.occurrences)
    for n in range(1, period.occurrences + 1):
        day = _nth(period, base, max(n, cliff), place.start_day)
        yield None if day is None else max(day, first)


def _nth(period: Days | Months, base: date, n: int, start_day: int | None) -> date | None:
    """`n` periods after `base`, always counted from it; `None` past the end of the calendar."""
    try:
        if isinstance(period, Months):
            return months_later(base, n * period.length, period.day_of_month or start_day)
        return days_later(base, n * period.length)
    except InvalidInput:
        return None


def _after(position: Fraction, quantity: int, condition: VestingCondition) -> Fraction:
    """The position after one more instalment, at most the whole grant."""
    portion = condition.portion
    if portion is None:
        position += condition.quantity or 0
    elif not portion.remainder:
        position += Fraction(quantity * portion.numerator, portion.denominator)
    else:
        # In whole nano-units: shares of shares of shares would grow fractions without end.
        taken = (quantity - position) * Fraction(portion.numerator, portion.denominator)
        position = Fraction(round_half_up_div(*(position + taken).as_integer_ratio()))
    return min(position, Fraction(quantity))
