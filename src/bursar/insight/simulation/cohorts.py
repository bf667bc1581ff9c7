"""People who have the same calendar: one grant stands for all of them, and its calendar is the plan's own.

A cohort is a tier and a start date (and a hire date, where periods are counted from it). Its time is cut wherever
something may happen: at releases, expiries, and the ends of reporting months. Within a step nothing happens but use.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from bursar.calendar import Interval, boundary, days_later, micros, months_later, parse_instant
from bursar.errors import InvalidInput
from bursar.money import NANO, TOKENS, Amount
from bursar.plans.schedule import FOREVER, Event, History, LotPlan, Segment, due, periods_of
from bursar.plans.terms import Plan, Tier

DAY_MICROS = 86_400_000_000
_MONTH = Interval(1, "month")
MAX_STEPS = 20_000
"""Of one cohort: daily periods over ten years have a third of it."""


@dataclass(frozen=True, slots=True)
class Step:
    """A stretch of one cohort's time; instants in microseconds UTC."""

    start: int
    end: int
    month: int
    """The reporting month that it lies in, from 0."""
    share: float
    """Of that month's time."""
    period: int
    """The month in which the period began that this belongs to, -1 before the first."""
    day: float
    """Days since that period began."""
    opens: bool
    """A period begins here."""
    single: bool
    """The period is this step and nothing else."""
    closes: bool
    """The reporting month ends with it."""
    releases: tuple[LotPlan, ...]
    releases_next: bool
    """Something is released at its end, so that an empty lot's floor is funded."""

    @property
    def days(self) -> float:
        return (self.end - self.start) / DAY_MICROS


@dataclass(frozen=True, slots=True)
class Cohort:
    """A tier from a start date on, step by step."""

    tier: Tier
    steps: tuple[Step, ...]
    period_days: float
    """The longest period, as far as it is simulated."""


def month_bounds(plan: Plan, first: date, months: int) -> list[int]:
    """The instants at which reporting months begin, and the end of the last: months on the plan's own clocks."""
    return [micros(boundary(first, _MONTH, n, plan.zone)) for n in range(months + 1)]


def grain_of(plan: Plan) -> int:
    """Nano-units in one unit of the engine: a millionth of a currency or a GPU hour, a whole token.

    Whole numbers of it stay exact in a float64 up to nine billion, so sums do not depend on their order.
    """
    return NANO if plan.tiers[0].amount.unit.base == TOKENS else NANO // 1_000_000


def start_of(plan: Plan, person: Mapping[str, str], first: date, last: date) -> tuple[date, date | None] | None:
    """When a person's grant begins, and the date that stands for their hire date if periods are counted from it.

    None if the grant begins after the end.
    """
    given = person.get("hire_date") or ""
    hired = _hire_date(given) if given else None
    start = max(first, hired) if hired else first
    if start >= last:
        return None
    every = plan.allotment.every
    if plan.allotment.anchor != "hire_date" or hired is None or every is None:
        return start, None
    return start, _same_periods(hired, every, start)


def _same_periods(hired: date, every: Interval, start: date) -> date:
    """The latest date up to the month of `start` that gives the same periods: who shares it shares a cohort."""
    if not every.months:
        return days_later(hired, (start - hired).days // every.days * every.days)
    times = ((start.year - hired.year) * 12 + start.month - hired.month) // every.months
    # In a shorter month the day would be lost for good.
    while months_later(hired, times * every.months).day != hired.day:
        times -= 1
    return months_later(hired, times * every.months)


def cohort(plan: Plan, tier: Tier, start: date, hired: date | None, bounds: Sequence[int]) -> Cohort:
    """The steps of a grant that starts on a local date, up to the end of the last month."""
    begins = max(bounds[0], micros(parse_instant(start.isoformat(), plan.zone)))
    end = bounds[-1]
    history = History("grt_simulated", begins, (Segment(begins, plan, tier.name, tier.amount),), hired)
    events = due(history, begins - 1, end)
    periods = [max(begins, micros(one.start)) for one in periods_of(history, history.segments[0], begins, end)]
    cuts = {begins, end, *(one for one in bounds if begins < one < end), *periods}
    for event in events:
        cuts |= {one for one in _instants(event) if begins < one < end}
    marks = sorted(cuts)
    if len(marks) > MAX_STEPS:
        raise InvalidInput("plan", f"{len(marks)} instants at which something happens", f"at most {MAX_STEPS}")
    return Cohort(tier, tuple(_steps(marks, events, periods, bounds)), _longest(periods, end))


def _steps(marks: list[int], events: list[Event], periods: list[int], bounds: Sequence[int]) -> Iterator[Step]:
    released: dict[int, list[LotPlan]] = {}
    for event in events:
        if event.lot is not None:
            released.setdefault(event.at, []).append(event.lot)
    ends = dict(pairwise([*periods, bounds[-1]]))
    month, period_start, period_month = 0, -1, -1
    for start, end in pairwise(marks):
        while start >= bounds[month + 1]:
            month += 1
        if start in ends:
            period_start, period_month = start, month
        yield Step(
            start,
            end,
            month,
            (end - start) / (bounds[month + 1] - bounds[month]),
            period_month,
            (start - period_start) / DAY_MICROS if period_start >= 0 else 0.0,
            start in ends,
            ends.get(start) == end,
            end == bounds[month + 1],
            tuple(released.get(start, ())),
            end in released,
        )


def _instants(event: Event) -> Iterator[int]:
    yield event.at
    if event.lot is not None and event.lot.expires < FOREVER:
        yield event.lot.expires
        if event.lot.roll is not None and event.lot.roll.expires < FOREVER:
            yield event.lot.roll.expires


def _longest(periods: list[int], end: int) -> float:
    return max((after - before for before, after in pairwise([*periods, end])), default=0) / DAY_MICROS


def _hire_date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InvalidInput("hire_date", repr(text[:40]), "a date such as 2026-02-28") from None


def automatic(plan: Plan) -> Iterator[tuple[str, Amount]]:
    """What happens at the limit by itself, in order: `grace`, `top_up` or `own_money`, and most in one period."""
    for step in plan.at_limit:
        if step.kind == "grace" and step.amount is not None:
            yield "grace", step.amount
        elif step.kind in ("top_up", "own_money") and step.up_to is not None:
            yield step.kind, step.up_to
