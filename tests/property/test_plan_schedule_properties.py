"""Whatever happens to a grant: a calendar does not depend on when it is asked, and a period pays at most its allotment."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from bursar.calendar import micros, to_utc
from bursar.plans.check import load
from bursar.plans.schedule import History, Pause, Segment, due
from bursar.plans.terms import Plan

FIRST = date(2026, 1, 1)
DAYS = 400
AMOUNTS = (300, 600, 900)


def plan(every: str, anchor: str, proration: str, zone: str, vests: bool) -> Plan:
    vesting = "vesting: {over: 6 months, every: month, cliff: 2 months}\n" if vests else ""
    return load(
        f"bursar: plan/1\nname: one\ntitle: One\nzone: {zone}\nclass: benefit\n{vesting}"
        f"allotment: {{every: {every}, anchor: {anchor}, proration: {proration}}}\ntiers:\n"
        + "".join(f"  - {{name: t{one}, when: {{level: t{one}}}, amount: ${one}}}\n" for one in AMOUNTS)
    ).plan


PLANS = st.builds(
    plan,
    st.sampled_from(["week", "month", "quarter", "once"]),
    st.sampled_from(["calendar", "hire_date", "grant"]),
    st.sampled_from(["none", "daily", "half_month"]),
    st.sampled_from(["UTC", "Europe/Berlin"]),
    st.booleans(),
)


@st.composite
def histories(draw: st.DrawFn) -> History:
    terms = draw(PLANS)

    def instant(day: int) -> int:
        return micros(to_utc(datetime.combine(FIRST + timedelta(days=day), datetime.min.time()), terms.zone))

    days = sorted(draw(st.sets(st.integers(0, DAYS), min_size=1, max_size=4)))
    segments = [
        Segment(instant(day), terms, f"t{amount}", terms.tiers[AMOUNTS.index(amount)].amount)
        for day in days
        for amount in [draw(st.sampled_from(AMOUNTS))]
    ]
    marks = sorted(draw(st.sets(st.integers(0, DAYS), max_size=6)))
    pauses = [Pause(instant(one), instant(two)) for one, two in zip(marks[::2], marks[1::2], strict=False)]
    if len(marks) % 2:
        pauses.append(Pause(instant(marks[-1]), None))
    ends = draw(st.none() | st.integers(days[0] + 1, DAYS + 60))
    hired = FIRST - timedelta(days=draw(st.integers(0, 400)))
    return History(
        "grt_one",
        segments[0].start,
        tuple(segments),
        hired,
        tuple(pauses),
        None if ends is None else instant(ends),
        "left" if ends is not None else "ended",
    )


@given(histories(), st.integers(1, 40))
@settings(max_examples=60)
def test_a_calendar_does_not_depend_on_when_it_is_asked(history: History, step: int) -> None:
    start, last = history.starts - 1, history.starts + DAYS * 86_400_000_000
    at_once = due(history, start, last)
    found, at = [], start
    while at < last:
        until = min(last, at + step * 86_400_000_000 - 7)
        found += due(history, at, until)
        at = until
    assert found == at_once


@given(histories())
@settings(max_examples=150)
def test_no_lot_comes_twice_and_no_pause_releases(history: History) -> None:
    events = due(history, history.starts - 1, history.starts + 2 * DAYS * 86_400_000_000)
    lots = [event.lot for event in events if event.lot is not None]
    assert [name for name, count in Counter(lot.id for lot in lots).items() if count > 1] == []
    assert all(lot.amount > 0 for lot in lots)
    for event in events:
        if event.lot is not None:
            assert event.at < history.stop
            assert not any(
                one.start <= event.at and (one.until is None or event.at < one.until) for one in history.pauses
            )


@given(histories())
@settings(max_examples=150)
def test_a_period_pays_at_most_its_largest_allotment(history: History) -> None:
    terms = history.segments[0].plan
    most = max(one.amount.nanos for one in history.segments)
    sums: Counter[int] = Counter()
    for event in due(history, history.starts - 1, history.starts + 2 * DAYS * 86_400_000_000):
        if event.lot is not None and terms.vesting is None:
            sums[event.lot.expires if terms.allotment.every is not None else 0] += event.lot.amount
    assert all(one <= most + 4 for one in sums.values())  # each part is rounded to the nano-unit
