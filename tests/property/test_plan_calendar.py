"""The calendar of plans against a life lived day by day, and what must hold of every calendar."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from random import Random

import pytest
from tests.simulation.days import Owed, Person, live
from tests.support.plans import at, plan_of
from tests.support.profile import size

from bursar.money import NANO
from bursar.plans.schedule import Event, History, Pause, Segment, due
from bursar.plans.terms import Plan

ZONES = (
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Asia/Kolkata",
    "Pacific/Apia",
    "Africa/Cairo",
    "America/Santiago",
    "America/Sao_Paulo",
)
CADENCES = ("week", "2 weeks", "month", "month", "quarter", "year", "2 months", "once")
ODD_DAYS = (date(2020, 2, 29), date(2019, 12, 31), date(2021, 1, 30), date(2024, 2, 29), date(2023, 8, 29))
LAST = date(2040, 12, 31)


def some_day(chance: Random, first: date, last: date) -> datetime:
    """Mostly a midnight, often at the end of a month, sometimes in the middle of a day."""
    day = first + timedelta(days=chance.randint(0, max(0, (last - first).days)))
    if chance.random() < 0.2:
        day = day.replace(day=chance.choice((1, 28)))
    hours = chance.choice((0, 0, 0, 9, 23)) * 3600 + chance.choice((0, 0, 1))
    return datetime.combine(max(day, first), time()) + timedelta(seconds=hours)


def some_life(chance: Random) -> tuple[Person, History]:
    """A person under a random plan, as the day-by-day opinion sees them and as the calendar does."""
    zone, cadence = chance.choice(ZONES), chance.choice(CADENCES)
    begins = some_day(chance, date(2020, 1, 1), date(2036, 1, 1))
    hired = chance.choice((*ODD_DAYS, begins.date() - timedelta(days=chance.randint(0, 900))))
    anchor = chance.choice(("calendar", "hire_date", "grant", *(day.isoformat() for day in ODD_DAYS)))
    proration = chance.choice(("none", "daily", "half_month"))
    takes_back, floor = chance.random() < 0.5, chance.choice((0, 0, 0, 40))
    tail = chance.choice((0, 0, 30))
    plan = plan_of(
        1000,
        zone=zone,
        allotment={"every": cadence, "anchor": anchor, "proration": proration},
        notice={"released_lots": "reduce" if takes_back else "keep"},
        leaving={"unspent": "keep", "tail": f"{tail} days"} if tail else {},
        **({"floor": f"${floor}"} if floor else {}),
    )
    amounts = (100 * NANO, 333_333_333_333, 1, 1000 * NANO, 7 * NANO + 5)
    levels, when = [(begins, chance.choice(amounts))], begins
    for _ in range(chance.choice((0, 0, 1, 2, 5))):
        when = some_day(chance, when.date() + timedelta(days=1), when.date() + timedelta(chance.choice((20, 900))))
        levels.append((when, chance.choice(amounts)))
    pauses, when = list[tuple[datetime, datetime | None]](), begins
    for _ in range(chance.choice((0, 0, 1, 2, 3))):
        since = some_day(chance, when.date() + timedelta(days=1), when.date() + timedelta(chance.choice((5, 700))))
        when = some_day(chance, since.date() + timedelta(days=1), since.date() + timedelta(chance.choice((9, 90, 500))))
        pauses.append((since, when))
    if pauses and chance.random() < 0.2:
        pauses[-1] = (pauses[-1][0], None)
    ends = some_day(chance, begins.date() + timedelta(days=1), LAST) if chance.random() < 0.5 else None
    count, unit = (None, "") if cadence == "once" else (int((cadence.split() if " " in cadence else ["1"])[0]), cadence)
    person = Person(
        zone,
        None if count is None else (count, unit.split()[-1].removesuffix("s")),
        counted_from(anchor, hired, begins.date(), unit),
        proration,
        levels,
        floor * NANO,
        takes_back,
        pauses,
        ends,
        tail,
    )
    return person, as_history(person, plan, hired)


def counted_from(anchor: str, hired: date, begins: date, unit: str) -> date:
    if anchor == "calendar":
        return date(2024, 1, 1)  # a Monday, the first of a month, a quarter and a year
    return {"hire_date": hired, "grant": begins}.get(anchor) or date.fromisoformat(anchor)


def as_history(person: Person, plan: Plan, hired: date) -> History:
    unit = plan.tiers[0].amount.unit
    segments = tuple(
        Segment(at(plan, when), plan, "everyone", replace(plan.tiers[0].amount, nanos=amount, unit=unit))
        for when, amount in person.levels
    )
    pauses = tuple(Pause(at(plan, since), None if until is None else at(plan, until)) for since, until in person.pauses)
    ends = None if person.ends is None else at(plan, person.ends)
    return History("grt_g", segments[0].start, segments, hired, pauses, ends, "left" if ends else "ended")


def owed(event: Event) -> Owed:
    if event.lot is None:
        return Owed(event.at, event.kind, event.amount)
    assert event.lot.effective == event.at
    return Owed(event.at, event.kind, event.lot.amount, event.lot.expires)


@pytest.mark.parametrize("block", range(size(6, 100)))
def test_the_calendar_is_a_life_lived_day_by_day(block: int) -> None:
    for number in range(10):
        person, history = some_life(Random(f"life {block} {number}"))
        events = due(history, 0, at(history.segments[0].plan, LAST))
        assert sorted(owed(event) for event in events) == sorted(live(person, LAST)), f"{block} {number}: {person}"
        lots = [event.lot.id for event in events if event.lot is not None]
        assert len(lots) == len(set(lots)), f"{block} {number}: {person}"
