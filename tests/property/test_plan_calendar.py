"""The calendar of plans against a life lived day by day, and what must hold of every calendar."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any, Literal

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from tests.simulation.days import Owed, Person, live
from tests.support.plans import at, history_of, plan_of
from tests.support.profile import size

from bursar.grants import Rehearsal, Spending
from bursar.ledger import Settle, TakeHold, Void
from bursar.money import NANO
from bursar.plans.schedule import Event, History, Pause, Segment, due, next_due
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
MANY, FEW = settings(max_examples=size(60, 2_000)), settings(max_examples=size(20, 400))


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


# What must hold of every calendar.

SPAN = timedelta(days=500)
plans = st.builds(
    plan_of,
    st.just(1000),
    zone=st.sampled_from(ZONES),
    allotment=st.fixed_dictionaries(
        {
            "every": st.sampled_from(("week", "2 weeks", "month", "quarter")),
            "anchor": st.sampled_from(("calendar", "grant", "2024-01-31")),
            "proration": st.sampled_from(("none", "daily", "half_month")),
        }
    ),
    rollover=st.one_of(
        st.just("none"),
        st.fixed_dictionaries(
            {"periods": st.sampled_from((1, 2, "unlimited")), "share": st.sampled_from(("0%", "33.3333%", "100%"))},
            optional={"cap": st.sampled_from(("$70", "$700", "50%")), "floor": st.sampled_from(("$1", "$60"))},
        ),
    ),
    notice=st.sampled_from(({}, {"released_lots": "reduce"})),
)
vestings = st.builds(
    plan_of,
    st.just(1000),
    zone=st.sampled_from(ZONES),
    allotment=st.sampled_from(({"every": "once"}, {"every": "quarter"}, {"every": "year", "anchor": "hire_date"})),
    vesting=st.fixed_dictionaries(
        {"over": st.just("12 months"), "every": st.sampled_from(("month", "quarter"))},
        optional={"cliff": st.sampled_from(("3 months", "6 months"))},
    ),
)


@st.composite
def histories(draw: st.DrawFn, kinds: st.SearchStrategy[Plan] = plans | vestings) -> History:
    """A grant of some months from 2026 on with changes, pauses and an end."""
    plan = draw(kinds)
    first = date(2026, 1, 1)
    hours = st.sampled_from((0, 0, 0, 21, 23)).map(time)
    moments = st.builds(datetime.combine, st.dates(first, first + SPAN), hours)
    begins = datetime.combine(draw(st.dates(first, date(2026, 6, 1))), time())
    whole = plan.tiers[0].amount
    levels = sorted(
        (when, amount)
        for when, amount in draw(st.lists(st.tuples(moments, st.integers(1, 2000)), max_size=3))
        if when > begins
    )
    segments = tuple(
        Segment(at(plan, when), plan, "everyone", replace(whole, nanos=amount * NANO))
        for when, amount in [(begins, 1000), *levels]
    )
    cuts = sorted(set(draw(st.lists(moments, max_size=4))))
    pauses = tuple(Pause(at(plan, since), at(plan, until)) for since, until in zip(cuts[::2], cuts[1::2], strict=False))
    ends = draw(st.none() | moments.filter(lambda when: when > begins))
    kind: Literal["left", "revoked", "ended"] = draw(st.sampled_from(("left", "revoked", "ended")))
    return History(
        "grt_g", segments[0].start, segments, begins.date(), pauses, None if ends is None else at(plan, ends), kind
    )


def end_of(history: History) -> int:
    return history.starts + SPAN // timedelta(microseconds=1)


def instants(history: History) -> st.SearchStrategy[int]:
    """Instants, also exactly those at which something happens, and those beside them."""
    exact = [event.at for event in due(history, 0, end_of(history))] or [history.starts]
    return (
        st.integers(history.starts - 1, end_of(history))
        | st.sampled_from(exact)
        | st.sampled_from(exact).map(lambda one: one - 1)
    )


def rehearsed(history: History, stops: list[int], spending: list[Spending]) -> Rehearsal:
    rehearsal = Rehearsal([history])
    for stop in sorted(stops):
        rehearsal.run(max(stop, rehearsal.at), spending)
    return rehearsal


def uses(history: History) -> st.SearchStrategy[list[Spending]]:
    one = st.builds(Spending, instants(history).filter(lambda at: at >= history.starts), st.integers(1, 900 * NANO))
    return st.lists(one, max_size=8).map(lambda some: sorted(some, key=lambda one: one.at))


@FEW
@given(st.data(), histories())
def test_catching_up_is_running_daily(data: st.DataObject, history: History) -> None:
    spending = data.draw(uses(history))
    stops = data.draw(st.lists(instants(history), max_size=12))
    at_once = rehearsed(history, [end_of(history)], spending)
    step = 86_400_000_000
    daily = rehearsed(history, [*range(history.starts, end_of(history), step), end_of(history)], spending)
    with_gaps = rehearsed(history, [*stops, end_of(history)], spending)
    for other in (daily, with_gaps):
        differing = [pair for pair in zip(at_once.journal, other.journal, strict=False) if pair[0] != pair[1]]
        assert not differing, differing[0]
        assert len(at_once.journal) == len(other.journal)
        assert (at_once.done == other.done, at_once.unmet == other.unmet) == (True, True)


@MANY
@given(st.data(), histories())
def test_windows_put_together_are_the_whole(data: st.DataObject, history: History) -> None:
    cuts = sorted(data.draw(st.lists(instants(history), max_size=6)))
    edges = [history.starts - 1, *[cut for cut in cuts if cut >= history.starts - 1], end_of(history)]
    pieces = [event for after, until in itertools.pairwise(edges) for event in due(history, after, until)]
    assert pieces == due(history, edges[0], edges[-1])


@MANY
@given(st.data(), histories())
def test_the_next_event_is_the_first_that_is_due(data: st.DataObject, history: History) -> None:
    after = data.draw(instants(history))
    event, ahead = next_due(history, after), due(history, after, end_of(history))
    assert (ahead[0] if ahead else None) == (event if event is not None and event.at <= end_of(history) else None)


@MANY
@given(histories())
def test_every_lot_and_every_event_has_a_name_of_its_own(history: History) -> None:
    events = due(history, 0, end_of(history))
    lots = [event.lot.id for event in events if event.lot is not None]
    assert len(set(lots)) == len(lots)
    assert len({(event.kind, event.key) for event in events}) == len(events)
    rehearsal = rehearsed(history, [end_of(history)], [])
    assert len([one for one in rehearsal.done if one.released]) == len(lots)


@MANY
@given(st.data(), histories(), st.integers(1, 2000))
def test_what_comes_later_changes_nothing_before(data: st.DataObject, history: History, dollars: int) -> None:
    """An amendment, a pause and an end leave every earlier event as it was; an end known before shortens its period."""
    last = max(history.segments[-1].start, *(pause.until or 0 for pause in history.pauses), history.starts)
    when = data.draw(st.integers(last + 1, end_of(history)))
    plan, amount = history.segments[-1].plan, history.segments[-1].amount
    later = replace(history, segments=(*history.segments, Segment(when, plan, "other", replace(amount, nanos=dollars))))
    paused = replace(history, pauses=(*history.pauses, Pause(when, data.draw(st.none() | st.just(when + 10**13)))))
    before = due(history, 0, when - 1)
    assert due(later, 0, when - 1) == before
    assert due(paused, 0, when - 1) == before
    if history.ends is None or history.ends >= when:
        ended = replace(history, ends=when, end_kind="left")
        assert names(due(ended, 0, when - 1)) == names(before)


def names(events: list[Event]) -> list[tuple[str, str, int]]:
    return [(event.kind, event.key, event.at) for event in events]


@MANY
@given(histories())
def test_a_pause_never_releases_more(history: History) -> None:
    """Neither in sum nor at any time on the way.

    Without proration whoever comes back has a whole period at the level that they come back to, as a joiner has; so
    there a raise during a pause may bring more than its share of the period would.
    """
    assume(history.segments[0].plan.allotment.proration != "none" or len(history.segments) == 1)
    paused = total = 0
    both = [(event, 0) for event in due(history, 0, end_of(history))]
    both += [(event, 1) for event in due(replace(history, pauses=()), 0, end_of(history))]
    for event, which in sorted(both, key=lambda one: (one[0].at, -one[1])):
        amount = event.lot.amount if event.lot is not None else 0
        paused, total = paused + amount * (not which), total + amount * which
        assert paused <= total


@MANY
@given(histories(vestings))
def test_what_vests_is_the_sum_of_the_tranches(history: History) -> None:
    """Whoever stays to the end, paused or not, gets each allotment whole: no cent is lost or made by rounding."""
    stays = replace(history, ends=None)
    plan = history.segments[0].plan
    begun: dict[str, int] = {}
    for event in due(stays, 0, end_of(stays) + 800 * 86_400_000_000):
        assert event.lot is not None
        begun[event.key.rsplit(".", 2)[0]] = begun.get(event.key.rsplit(".", 2)[0], 0) + event.lot.amount
    if plan.allotment.every is None:
        assert list(begun.values()) == [1000 * NANO]
        return
    first, *others = list(begun.values())
    assert first <= 1000 * NANO
    amounts = {segment.amount.nanos for segment in history.segments}
    whole = others[: len(others) - 4]  # the last ones have not vested yet
    assert all(one in amounts for one in whole)


@MANY
@given(
    share=st.integers(0, 100),
    cap=st.none() | st.integers(0, 150),
    floor=st.integers(0, 100),
    used=st.integers(0, 1200),
    held=st.integers(0, 100),
    ending=st.sampled_from(("before", "settle", "void")),
)
def test_what_rolls_over(share: int, cap: int | None, floor: int, used: int, held: int, ending: str) -> None:
    """min(cap, max(floor, share of the rest)); a hold keeps its claim on the old lot and what it gives back is gone."""
    terms: dict[str, Any] = {"share": f"{share}%", "periods": 1, "floor": f"${floor}"}
    if cap is not None:
        floor = min(floor, cap)
        terms |= {"cap": f"${cap}", "floor": f"${floor}"}
    plan = plan_of(100, rollover=terms)
    rehearsal = Rehearsal([history_of(plan, "2026-01-01")])
    rehearsal.run(at(plan, "2026-01-20"), [Spending(at(plan, "2026-01-10"), used * NANO // 12)])
    rest = max(0, 100 * NANO - used * NANO // 12)
    boundary, held = at(plan, "2026-02-01"), min(held * NANO, rest)
    if held:
        rehearsal.run(boundary - 10)
        hold = TakeHold("h", "person", "USD", held, held, boundary + 10**9, share_divisor=1, on_lapse="released")
        rehearsal.apply([hold], boundary - 10)
        if ending == "before":
            rehearsal.apply([Settle("s", "person", "h", held)], boundary - 5)
        rest -= held
    rehearsal.run(boundary)
    rolled = [lot for lot in rehearsal.lots("person", boundary) if lot.terms.parent]
    most = 2**62 if cap is None else cap * NANO
    wanted = min(most, max(floor * NANO, (rest * share * 2 + 100) // 200))
    assert sum(lot.available for lot in rolled) == wanted
    if held and ending != "before":
        end = Settle("s", "person", "h", held // 2) if ending == "settle" else Void("s", "person", "h")
        rehearsal.apply([end], boundary + 5)
        assert sum(lot.available for lot in rehearsal.lots("person", boundary + 5) if lot.terms.parent) == wanted
        (old,) = [lot for lot in rehearsal.lots("person", boundary + 5) if lot.terms.expires == boundary]
        assert old.available == old.held == 0
        assert old.spent == min(100 * NANO, used * NANO // 12) + (held // 2 if ending == "settle" else 0)
