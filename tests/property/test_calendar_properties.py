"""What holds for every anchor, interval, zone and instant, against an oracle that walks day by day."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from bursar.calendar import (
    Interval,
    Period,
    boundary,
    from_micros,
    micros,
    period_at,
    periods_between,
    proration,
    proration_by_days,
    proration_by_halves,
    to_local,
    to_utc,
)
from bursar.money import Amount, Unit

ZONES = st.sampled_from(
    [
        "UTC",
        "Europe/Berlin",
        "Europe/London",
        "Europe/Dublin",
        "America/New_York",
        "America/Sao_Paulo",
        "America/St_Johns",
        "Asia/Beirut",
        "Asia/Kolkata",
        "Asia/Kathmandu",
        "Asia/Gaza",
        "Africa/Cairo",
        "Africa/Casablanca",
        "Africa/Monrovia",
        "Australia/Lord_Howe",
        "Pacific/Apia",
        "Pacific/Chatham",
        "Pacific/Kiritimati",
        "Pacific/Kwajalein",
        "Antarctica/Troll",
        "America/Scoresbysund",
    ]
).map(ZoneInfo)
INTERVALS = st.one_of(
    st.builds(Interval, st.integers(1, 40), st.sampled_from(["day", "week", "month"])),
    st.builds(Interval, st.integers(1, 4), st.sampled_from(["quarter", "year"])),
    st.builds(Interval, st.just(1), st.sampled_from(["day", "week", "month", "quarter", "year"])),
)
# Month's ends and leap days oftener than chance would have them.
DAYS = st.one_of(
    st.dates(date(1970, 1, 1), date(2199, 12, 31)),
    st.sampled_from([date(2024, 2, 29), date(2025, 1, 31), date(2023, 11, 30), date(2024, 12, 31), date(2000, 2, 29)]),
)
TIMES = st.one_of(
    st.times(), st.times().map(lambda each: each.replace(hour=0)), st.times().map(lambda each: each.replace(hour=2))
)
ANCHORS = st.one_of(DAYS, st.builds(datetime.combine, DAYS, TIMES))
INSTANTS = st.integers(micros(datetime(1970, 1, 2, tzinfo=UTC)), micros(datetime(2200, 1, 1, tzinfo=UTC))).map(
    from_micros
)
NEAR_NOW = st.dates(date(2015, 1, 1), date(2035, 1, 1))


@given(ANCHORS, INTERVALS, ZONES, INSTANTS)
def test_every_instant_lies_in_exactly_the_period_that_is_found(
    anchor: date, interval: Interval, zone: ZoneInfo, at: datetime
) -> None:
    found = period_at(anchor, interval, zone, at)
    assert found.start <= at < found.end
    assert found.start == boundary(anchor, interval, found.index, zone)
    assert found.end == boundary(anchor, interval, found.index + 1, zone)
    assert period_at(anchor, interval, zone, found.start) == found
    assert period_at(anchor, interval, zone, found.end - timedelta(microseconds=1)) == found


@given(ANCHORS, INTERVALS, ZONES, st.integers(-17, 150))
def test_boundaries_increase_except_across_a_day_that_the_zone_skipped(
    anchor: date, interval: Interval, zone: ZoneInfo, n: int
) -> None:
    here, following = boundary(anchor, interval, n, zone), boundary(anchor, interval, n + 1, zone)
    assert here < following or (here == following and whole_day_skipped(zone, here))


@settings(deadline=None)
@given(NEAR_NOW, TIMES, INTERVALS, ZONES, st.integers(0, 20 * 366 * 86_400))
def test_a_walk_day_by_day_finds_the_same_period(
    day: date, clock: time, interval: Interval, zone: ZoneInfo, seconds: int
) -> None:
    wall = datetime.combine(day, clock)
    at = earliest_instant(wall, zone) + timedelta(seconds=seconds)
    assert period_at(wall, interval, zone, at) == walked(wall, interval, zone, at)


@given(DAYS, TIMES, ZONES)
def test_a_wall_time_is_its_first_instant_or_shifted_by_the_gap(day: date, clock: time, zone: ZoneInfo) -> None:
    wall = datetime.combine(day, clock)
    assert to_utc(wall, zone) == earliest_instant(wall, zone)


@given(INSTANTS)
def test_microseconds_lose_nothing(instant: datetime) -> None:
    assert from_micros(micros(instant)) == instant


@given(ANCHORS, INTERVALS, ZONES, INSTANTS, st.lists(st.integers(0, 400 * 86_400), max_size=6))
def test_catching_up_in_steps_finds_the_periods_of_catching_up_at_once(
    anchor: date, interval: Interval, zone: ZoneInfo, start: datetime, steps: list[int]
) -> None:
    moments = [start]
    for seconds in steps:
        moments.append(moments[-1] + timedelta(seconds=seconds))
    at_once = list(periods_between(anchor, interval, zone, moments[0], moments[-1]))
    in_steps: list[object] = []
    for since, until in pairwise(moments):
        in_steps += [each for each in periods_between(anchor, interval, zone, since, until) if each not in in_steps]
    assert in_steps == at_once


@given(ANCHORS, INTERVALS, ZONES, INSTANTS, st.integers(0, 10**6))
def test_the_shares_of_adjoining_stretches_sum_to_the_whole(
    anchor: date, interval: Interval, zone: ZoneInfo, at: datetime, amount: int
) -> None:
    whole = period_at(anchor, interval, zone, at)
    before, after = proration(whole, whole.start, at), proration(whole, at, whole.end)
    assert before[0] * after[1] + after[0] * before[1] == before[1] * after[1]
    dollars = Amount(amount, Unit("USD"))
    assert abs((dollars.share(*before) + dollars.share(*after) - dollars).nanos) <= 1


@given(ANCHORS, INTERVALS, ZONES, INSTANTS)
def test_rules_of_days_and_halves_give_the_whole_to_the_whole_and_no_more_to_a_part(
    anchor: date, interval: Interval, zone: ZoneInfo, at: datetime
) -> None:
    whole = period_at(anchor, interval, zone, at)
    for rule in (proration_by_days, proration_by_halves):
        numerator, denominator = rule(whole, at, whole.end, zone)
        assert 0 <= numerator <= denominator
        assert rule(whole, whole.start, whole.end, zone) == (1, 1)


def earliest_instant(wall: datetime, zone: ZoneInfo) -> datetime:
    """Every offset that the zone uses around that time is tried; the first instant that shows `wall` wins."""
    there = wall.replace(tzinfo=UTC)
    offsets = {(there + timedelta(hours=hours)).astimezone(zone).utcoffset() for hours in range(-48, 49, 4)}
    candidates = sorted(there - offset for offset in offsets if offset is not None)
    showing = [each for each in candidates if to_local(each, zone) == wall]
    if showing:
        return showing[0]
    # In a gap the two offsets beside it give one instant before and one after; shifting forward is the one after.
    return next(each for each in candidates if to_local(each, zone) > wall)


def walked(wall: datetime, interval: Interval, zone: ZoneInfo, at: datetime) -> Period:
    """Step over the calendar one day at a time from the anchor; every so many days or months is a boundary."""
    months = interval.count * {"month": 1, "quarter": 3, "year": 12}.get(interval.unit, 0)
    every = months or interval.count * {"day": 1, "week": 7}[interval.unit]
    day, start, index, passed = wall.date(), wall.date(), 0, 0
    while True:
        day += timedelta(days=1)
        is_last_of_month = (day + timedelta(days=1)).month != day.month
        if months and not (day.day == wall.day or (is_last_of_month and day.day < wall.day)):
            continue
        passed += 1
        if passed % every:
            continue
        # Far from the instant the date alone decides.
        end_is_far_back = day < (at - timedelta(days=4)).date()
        if not end_is_far_back and earliest_instant(datetime.combine(day, wall.time()), zone) > at:
            marks = [earliest_instant(datetime.combine(each, wall.time()), zone) for each in (start, day)]
            return Period(index, *marks)
        start, index = day, index + 1


def whole_day_skipped(zone: ZoneInfo, around: datetime) -> bool:
    days = {to_local(around + timedelta(hours=hours), zone).date() for hours in range(-72, 73)}
    return (max(days) - min(days)).days + 1 > len(days)
