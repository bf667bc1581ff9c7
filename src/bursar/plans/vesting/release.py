"""What vests when: the walk, rounded, with the accelerations between, up to a date.

Facts are taken day by day, oldest first, and what vests on a day depends on nothing that is recorded for a later day.
So a longer `until` only adds tranches, and recording the next event never moves a tranche that lies before it.

An acceleration vests some of the rest at once. Everything after it keeps its date and its share of what is then left:
all later tranches shrink alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from itertools import groupby

from bursar.calendar import LAST_YEAR
from bursar.errors import InvalidInput
from bursar.money import MAX_NANOS, NANO, round_half_up_div
from bursar.plans.vesting.allocation import LOADED, allocate
from bursar.plans.vesting.terms import (
    MAX_FACTS,
    Accelerated,
    Event,
    Fact,
    Portion,
    Start,
    Started,
    Tranche,
    VestingTerms,
    within,
)
from bursar.plans.vesting.walk import Instalment, walk


@dataclass(slots=True)
class _Progress:
    """What has vested, and how the terms' positions map onto the quantity: linearly from `anchor` to the whole."""

    terms: VestingTerms
    quantity: int
    grain: int
    vested: int = 0
    taken: int = 0
    position: Fraction = Fraction(0)
    anchor: Fraction = Fraction(0)
    anchored_at: int = 0

    def vest(self, path: Sequence[Instalment], before: date) -> list[tuple[date, int, str | None]]:
        """Vest the instalments of `path` dated before that day that have not vested yet."""
        rest = path[self.taken :]
        count = sum(1 for each in rest if each.date < before)
        if not count:
            return []
        ahead = rest if self.terms.allocation in LOADED else rest[:count]
        amounts = allocate(
            self.terms.allocation,
            [self._actual(each.position) for each in ahead],
            self._actual(self.position),
            self.vested,
            self.quantity,
            self.grain,
        )[:count]
        self.taken += count
        self.vested += sum(amounts)
        self.position = rest[count - 1].position
        return [(each.date, amount, each.condition) for each, amount in zip(rest, amounts, strict=False)]

    def accelerate(self, fact: Accelerated) -> tuple[date, int, str | None]:
        """Vest ahead of schedule, at most what is left; what follows shares the rest in its old proportions."""
        left = self.quantity - self.vested
        amount = min(left, _wanted(fact.quantity, self.quantity, left, self.grain))
        self.vested += amount
        self.anchor, self.anchored_at = self.position, self.vested
        return fact.date, amount, None

    def _actual(self, position: Fraction) -> Fraction:
        """Where the terms' exact position lies after the accelerations so far."""
        if self.anchor >= self.quantity:
            return Fraction(self.quantity)
        scale = Fraction(self.quantity - self.anchored_at) / (self.quantity - self.anchor)
        return self.anchored_at + (position - self.anchor) * scale


def tranches(
    terms: VestingTerms, quantity: int, facts: Sequence[Fact], until: date, *, grain: int = NANO
) -> tuple[Tranche, ...]:
    """What vests of `quantity` nano-units up to and including `until`, oldest first; the sum is at most `quantity`.

    `until` is the day asked about, or the last day of a person who leaves: vesting stops there, and facts of later days
    do not count. `grain` is the smallest piece that vests, in nano-units (one unit; `FRACTIONAL` always takes 1).
    Instalments of one condition on one day are one tranche; amounts of 0 are left out. Raises `InvalidInput` for a
    quantity or grain out of range, too many facts, and facts about conditions that are not of their kind.
    """
    within("quantity", quantity, 0, MAX_NANOS)
    within("grain", grain, 1, MAX_NANOS)
    _check_facts(terms, facts)
    until = min(until, date(LAST_YEAR, 12, 31))
    progress = _Progress(terms, quantity, 1 if terms.allocation == "FRACTIONAL" else grain)
    vested: list[tuple[date, int, str | None]] = []
    known: list[Fact] = []
    path = list(walk(terms, quantity, known))
    in_order = sorted((fact for fact in facts if fact.date <= until), key=lambda fact: fact.date)
    for day, of_the_day in groupby(in_order, key=lambda fact: fact.date):
        vested += progress.vest(path, day)
        new = list(of_the_day)
        if any(not isinstance(fact, Accelerated) for fact in new):
            known += new
            path = list(walk(terms, quantity, known))
        if accelerations := [fact for fact in new if isinstance(fact, Accelerated)]:
            # What the schedule brings on the day of an acceleration comes before it.
            vested += progress.vest(path, date.fromordinal(day.toordinal() + 1))
            vested += [progress.accelerate(fact) for fact in accelerations]
    vested += progress.vest(path, date.fromordinal(until.toordinal() + 1))
    return _numbered(vested)


def _numbered(vested: Sequence[tuple[date, int, str | None]]) -> tuple[Tranche, ...]:
    merged = [
        (day, sum(amount for _, amount, _ in group), condition)
        for (day, condition), group in groupby(vested, key=lambda each: (each[0], each[2]))
    ]
    positive = [each for each in merged if each[1]]
    return tuple(Tranche(index, *each) for index, each in enumerate(positive))


def _wanted(wanted: int | Portion | None, quantity: int, left: int, grain: int) -> int:
    if wanted is None:
        return left
    if isinstance(wanted, int):
        return wanted
    whole = left if wanted.remainder else quantity
    if wanted.numerator == wanted.denominator:
        return whole
    return round_half_up_div(whole * wanted.numerator, wanted.denominator * grain) * grain


def _check_facts(terms: VestingTerms, facts: Sequence[Fact]) -> None:
    if len(facts) > MAX_FACTS:
        raise InvalidInput("facts", f"{len(facts)} facts", f"at most {MAX_FACTS}")
    triggers = {condition.id: condition.trigger for condition in terms.conditions}
    for position, fact in enumerate(facts):
        if isinstance(fact, Accelerated):
            continue
        kind, name = (Start, "a start") if isinstance(fact, Started) else (Event, "an event")
        if not isinstance(triggers.get(fact.condition), kind):
            raise InvalidInput(
                f"facts[{position}].condition", repr(fact.condition), f"a condition of {terms.id!r} that {name} meets"
            )
