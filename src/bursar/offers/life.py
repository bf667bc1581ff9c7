"""A line of an offer, lived through month by month in many worlds at once, by the plan's own calendar and lots.

The calendar is `plans.schedule`, the lots obey the ledger's rules (`insight.simulation`): nothing here knows what a
rollover is. What is added is who uses what is released (work or the person), and what becomes of a shortfall.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from bursar.insight.simulation.cohorts import Step, automatic, cohort, grain_of, month_bounds
from bursar.insight.simulation.lots import Piles
from bursar.money import NANO
from bursar.offers.terms import Line, Person
from bursar.offers.value import Array
from bursar.plans.terms import PARTS, Plan, Tier

CALENDARS = 64
"""Calendars of plans that are kept; a long one has 20,000 steps."""
HALF_A_GRAIN = 0.5
"""Of the engine's unit: what is missing below it is missing by rounding only."""
UNTIL_IT_EXPIRES_DAYS = 30
"""Of what may be used after the last day `until it expires`: a month of it counts."""


@dataclass(slots=True)
class Use:
    """What one month of a line came to, by world, in dollars at that month's list prices."""

    work: Array
    """Consumed for work, with what the plan topped up by itself."""
    personal: Array
    drawn: Array
    """Of what was consumed: from what was released."""
    released: Array | float
    forfeited: Array | float
    payable: Array | float
    """Most of the rest that the plan would let the person pay for."""


@dataclass(slots=True)
class Settled:
    """What became of a shortfall: granted for work and for the person, paid by the person for work."""

    work: Array | float
    personal: Array | float
    own: Array | float


@dataclass(frozen=True, slots=True)
class Course:
    """A line's time, cut into steps; the same for every world."""

    line: Line
    months: tuple[tuple[Step, ...], ...]
    """The steps of each month."""
    grain: int
    unit: float
    """Dollars of the first day in one unit of the engine."""
    in_money: bool
    steps: tuple[tuple[str, float], ...]
    """What happens at the limit by itself: kind, and most in one period in units of the engine."""
    asked: float
    """Most that one approval grants, in units of the engine."""
    periods: int
    """That begin within the horizon."""


def course(line: Line, first: date, months: int) -> Course | None:
    """Prepare a line; None where access is unlimited. Raises `InvalidInput` if too much happens in it."""
    if line.plan is None or line.tier is None:
        return None
    plan, tier = line.plan, line.tier
    by_month = _calendar(_Calendar(plan.digest, tier.name, first, months, plan, tier))
    grain = grain_of(plan)
    requests = [one.up_to for one in plan.at_limit if one.kind == "request" and one.up_to is not None]
    return Course(
        line=line,
        months=by_month,
        grain=grain,
        unit=grain / NANO * line.unit_price,
        in_money=tier.amount.unit.is_currency,
        steps=tuple((kind, float(round(amount.nanos / grain))) for kind, amount in automatic(plan)),
        asked=requests[0].nanos / grain if requests else np.inf,
        periods=sum(step.opens for steps in by_month for step in steps),
    )


@dataclass(frozen=True, slots=True)
class _Calendar:
    """What a plan's calendar depends on."""

    digest: str
    tier_name: str
    first: date
    months: int
    plan: Plan = field(compare=False)
    tier: Tier = field(compare=False)


@lru_cache(maxsize=CALENDARS)
def _calendar(of: _Calendar) -> tuple[tuple[Step, ...], ...]:
    """The steps of each month. Whoever moves an assumption, or asks what another answer is worth, moves no calendar."""
    found = cohort(of.plan, of.tier, of.first, None, month_bounds(of.plan, of.first, of.months))
    by_month = {month: tuple(steps) for month, steps in groupby(found.steps, key=lambda step: step.month)}
    return tuple(by_month.get(number, ()) for number in range(of.months))


class Unlimited:
    """Access without a limit: whatever is wanted is there."""

    def month(self, number: int, work: Array, personal: Array, price: Array | float) -> Use:
        return Use(work, personal, np.zeros_like(work), 0.0, 0.0, 0.0)

    def settle(self, use: Use, work: Array, personal: Array, price: Array | float, approved: Array | float) -> Settled:
        return Settled(0.0, 0.0, 0.0)

    def balance(self, price: Array | float) -> Array | float:
        return 0.0


class Life:
    """One line in one block of worlds; it lives on where it is revoked, and its caller does not look."""

    def __init__(self, prepared: Course, size: int, person: Person) -> None:
        self.course, self.size = prepared, size
        self.work_first = person.work_first
        self.piles = Piles(1, size, prepared.grain)
        self.allowed: list[Array | float] = []
        self.out: NDArray[np.bool_] | None = None
        """Who has run out in this period already."""
        self.periods_out = np.zeros(size)
        """Periods in which a world ran out before their end."""
        self.first_out = np.full(size, np.inf)
        """Months from the start until a world first ran out."""
        self.first_day = np.full(size, np.nan)
        """Days into its period when it did."""

    def month(self, number: int, work: Array, personal: Array, price: Array | float) -> Use:
        """Live through a month. `work` and `personal` are what is wanted, dollars of the month at `price`."""
        unit = self._unit(price)
        drawn, granted, paid, released, forfeited = self._steps(number, (work + personal) / unit)
        used_work, used_personal = self._shared(work, personal, (drawn + granted) * unit)
        return Use(used_work, used_personal, drawn * unit, released * unit, forfeited * unit, paid * unit)

    def settle(self, use: Use, work: Array, personal: Array, price: Array | float, approved: Array | float) -> Settled:
        """What becomes of a shortfall: an approval where `approved` is 1; of the work then left, what the person pays."""
        line = self.course.line
        granted_work: Array | float = 0.0
        granted_personal: Array | float = 0.0
        if line.approval:
            granted = np.minimum(work + personal, self.course.asked * self._unit(price)) * approved
            granted_work, granted_personal = self._shared(work, personal, granted)
            work = work - granted_work
        own: Array | float = np.minimum(use.payable, work)
        if line.own:
            own = own + line.own * (work - own)
        return Settled(granted_work, granted_personal, own)

    def _unit(self, price: Array | float) -> Array | float:
        """Dollars of the month in one unit of the engine."""
        return self.course.unit if self.course.in_money else self.course.unit * price

    def balance(self, price: Array | float) -> Array | float:
        """What is left, dollars of the month."""
        found: Array = self.piles.balance * self._unit(price)
        return found

    def _steps(
        self, number: int, need: Array
    ) -> tuple[Array, Array | float, Array | float, Array | float, Array | float]:
        """Drawn from lots, granted by the plan's steps, payable by its own-money step, released and forfeited."""
        drawn = np.zeros(self.size)
        granted: Array | float = 0.0
        paid: Array | float = 0.0
        released: Array | float = 0.0
        forfeited: Array | float = 0.0
        for step in self.course.months[number]:
            if step.opens:
                self.allowed = [most for _, most in self.course.steps]
                self.out = None
            for lot in step.releases:
                released = released + self.piles.release(lot) / self.piles.people
            want = need if step.share == 1.0 else need * step.share
            missing, taken = self.piles.spend(want[None, :], step.end)
            drawn += taken
            rest = missing[0]
            if (rest > HALF_A_GRAIN).any():
                self._ran_out(step, want, rest, number)
                for index, (kind, _) in enumerate(self.course.steps):
                    covered = np.minimum(rest, self.allowed[index])
                    self.allowed[index] = self.allowed[index] - covered
                    rest = rest - covered
                    if kind == "own_money":
                        paid = paid + covered
                    else:
                        granted = granted + covered
            ended = self.piles.end(step.end, step.releases_next)
            released, forfeited = released + ended.funded, forfeited + ended.forfeited
        return drawn, granted, paid, released, forfeited

    def _shared(self, work: Array, personal: Array, covered: Array) -> tuple[Array, Array]:
        """Who gets what is covered, if it is less than what is wanted: work first, or both the same share."""
        if self.work_first:
            used = np.minimum(work, covered)
            return used, np.minimum(covered - used, personal)
        wanted = work + personal
        part = np.minimum(1.0, np.divide(covered, wanted, out=np.ones_like(wanted), where=wanted > 0))
        return work * part, personal * part

    def _ran_out(self, step: Step, want: Array, rest: Array, number: int) -> None:
        """Note who runs out for the first time in a period. Use is even within a step, so its covered share is time."""
        short = rest > HALF_A_GRAIN
        now = short if self.out is None else short & ~self.out
        self.out = short if self.out is None else self.out | short
        self.periods_out += now
        new = np.flatnonzero(now & np.isinf(self.first_out))
        if new.size:
            lasted = 1 - rest[new] / want[new]
            before = sum(one.share for one in self.course.months[number] if one.start < step.start)
            self.first_out[new] = number + before + step.share * lasted
            self.first_day[new] = step.day + step.days * lasted


def tail_of(line: Line) -> tuple[float, float]:
    """What is kept after the last day: months of use, and the share that is paid out in cash."""
    if line.plan is None:
        return line.access_after_months, 0.0
    leaving = line.plan.leaving
    if leaving.unspent == "keep":
        return (leaving.tail_days or UNTIL_IT_EXPIRES_DAYS) * 12 / 365.25, 0.0
    return 0.0, leaving.pay_out / PARTS
