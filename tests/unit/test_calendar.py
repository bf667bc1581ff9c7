"""Boundaries, periods, zones and proration at the edges: month's ends, daylight saving, skipped and repeated time."""

from __future__ import annotations

import doctest
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bursar.calendar import (
    LAST_YEAR,
    Interval,
    Period,
    as_utc,
    boundary,
    from_micros,
    micros,
    months_later,
    parse_instant,
    parse_interval,
    parse_zone,
    period,
    period_at,
    period_index,
    periods_between,
    proration,
    proration_by_days,
    proration_by_halves,
    to_local,
    to_utc,
)
from bursar.errors import InvalidInput
from bursar.money import Amount, Unit

MONTH = Interval(1, "month")
DAY = Interval(1, "day")
GREENWICH = ZoneInfo("UTC")
BERLIN = ZoneInfo("Europe/Berlin")
NEW_YORK = ZoneInfo("America/New_York")
SAMOA = ZoneInfo("Pacific/Apia")
BEIRUT = ZoneInfo("Asia/Beirut")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def wall(text: str) -> datetime:
    return datetime.fromisoformat(text)


def local_days(anchor: date, interval: Interval, count: int, zone: ZoneInfo = BERLIN) -> list[str]:
    return [str(to_local(boundary(anchor, interval, n, zone), zone).date()) for n in range(count)]


def test_the_31st_is_clamped_to_the_months_end_and_comes_back() -> None:
    days = local_days(date(2024, 1, 31), MONTH, 5)
    assert days == ["2024-01-31", "2024-02-29", "2024-03-31", "2024-04-30", "2024-05-31"]


def test_a_leap_day_falls_on_the_28th_in_common_years_and_comes_back() -> None:
    days = local_days(date(2024, 2, 29), Interval(1, "year"), 5)
    assert days == ["2024-02-29", "2025-02-28", "2026-02-28", "2027-02-28", "2028-02-29"]


def test_quarters_and_counts_of_months_are_clamped_alike() -> None:
    assert local_days(date(2025, 11, 30), Interval(1, "quarter"), 3) == ["2025-11-30", "2026-02-28", "2026-05-30"]
    assert local_days(date(2025, 11, 30), Interval(3, "month"), 3) == ["2025-11-30", "2026-02-28", "2026-05-30"]


def test_weeks_and_days_are_counted_on_the_wall_clock() -> None:
    assert local_days(date(2025, 3, 24), Interval(2, "week"), 3) == ["2025-03-24", "2025-04-07", "2025-04-21"]
    # Two days of 24 hours, with one of 23 between them.
    starts = [boundary(date(2025, 3, 29), DAY, n, BERLIN) for n in range(4)]
    hours = [(after - before) / timedelta(hours=1) for before, after in pairwise(starts)]
    assert hours == [24, 23, 24]


def test_boundaries_run_backwards_too() -> None:
    assert to_local(boundary(date(2024, 3, 31), MONTH, -1, BERLIN), BERLIN) == wall("2024-02-29")
    assert to_local(boundary(date(2024, 3, 31), MONTH, -13, BERLIN), BERLIN) == wall("2023-02-28")


def test_months_later_crosses_years_both_ways() -> None:
    assert months_later(date(2025, 12, 31), 2) == date(2026, 2, 28)
    assert months_later(date(2025, 1, 31), -1) == date(2024, 12, 31)
    assert months_later(date(2025, 1, 31), -14) == date(2023, 11, 30)


def test_a_repeated_hour_means_its_first_occurrence() -> None:
    assert to_utc(wall("2025-10-26T02:30"), BERLIN) == at("2025-10-26T00:30+00:00")
    assert to_utc(wall("2025-10-26T02:30").replace(fold=1), BERLIN) == at("2025-10-26T00:30+00:00")
    assert boundary(wall("2025-09-26T02:30"), MONTH, 1, BERLIN) == at("2025-10-26T00:30+00:00")


def test_the_second_pass_through_a_repeated_hour_does_not_go_back_a_period() -> None:
    anchor = wall("2025-10-20T02:30")
    assert period_index(anchor, DAY, BERLIN, at("2025-10-26T02:29+02:00")) == 5
    assert period_index(anchor, DAY, BERLIN, at("2025-10-26T02:30+02:00")) == 6
    assert period_index(anchor, DAY, BERLIN, at("2025-10-26T02:15+01:00")) == 6


def test_a_skipped_hour_is_shifted_forward_by_the_gap() -> None:
    assert to_utc(wall("2025-03-30T02:30"), BERLIN) == at("2025-03-30T03:30+02:00")
    assert boundary(wall("2025-02-28T02:30"), Interval(30, "day"), 1, BERLIN) == at("2025-03-30T03:30+02:00")
    # The day after is not dragged along.
    assert boundary(wall("2025-02-28T02:30"), Interval(31, "day"), 1, BERLIN) == at("2025-03-31T02:30+02:00")


def test_a_midnight_that_never_comes_begins_the_day_an_hour_later() -> None:
    assert parse_instant("2025-03-30", BEIRUT) == at("2025-03-30T01:00+03:00")


def test_a_half_hour_of_daylight_saving_shifts_by_half_an_hour() -> None:
    lord_howe = ZoneInfo("Australia/Lord_Howe")
    assert to_local(to_utc(wall("2025-10-05T02:10"), lord_howe), lord_howe) == wall("2025-10-05T02:40")


def test_the_day_that_samoa_skipped_is_an_empty_period_that_contains_nothing() -> None:
    anchor = date(2011, 12, 28)
    skipped = period(anchor, DAY, 2, SAMOA)
    assert skipped.start == skipped.end == at("2011-12-31T00:00+14:00")
    assert period_index(anchor, DAY, SAMOA, skipped.start) == 3
    assert period_index(anchor, DAY, SAMOA, skipped.start - timedelta(microseconds=1)) == 1
    found = periods_between(anchor, DAY, SAMOA, boundary(anchor, DAY, 0, SAMOA), boundary(anchor, DAY, 5, SAMOA))
    assert [each.index for each in found] == [0, 1, 3, 4]


def test_a_period_includes_its_start_and_not_its_end() -> None:
    january = period(date(2025, 1, 1), MONTH, 0, BERLIN)
    assert january == Period(0, at("2025-01-01T00:00+01:00"), at("2025-02-01T00:00+01:00"))
    assert january.start in january
    assert january.end not in january
    assert january.end - timedelta(microseconds=1) in january


def test_before_the_anchor_periods_are_negative() -> None:
    anchor = wall("2025-01-31T15:00")
    assert period_index(anchor, MONTH, GREENWICH, at("2025-01-31T14:59:59+00:00")) == -1
    assert period_index(anchor, MONTH, GREENWICH, at("2025-01-31T15:00+00:00")) == 0
    assert period_index(anchor, MONTH, GREENWICH, at("2024-01-31T15:00+00:00")) == -12


def test_the_same_moment_in_any_zone_lies_in_the_same_period() -> None:
    moment = datetime(2025, 10, 26, 2, 30, tzinfo=BERLIN, fold=1)
    periods = {
        period_at(wall("2025-09-26T03:30"), MONTH, BERLIN, each) for each in (moment, moment.astimezone(NEW_YORK))
    }
    assert len(periods) == 1


def test_catching_up_gives_each_period_once_however_it_is_cut() -> None:
    anchor, start, end = date(2025, 1, 20), at("2025-01-20T00:00+01:00"), at("2026-01-20T00:00+01:00")
    whole = list(periods_between(anchor, MONTH, BERLIN, start, end))
    assert [each.index for each in whole] == list(range(12))
    daily = {
        each
        for day in range(365)
        for each in periods_between(anchor, MONTH, BERLIN, start + timedelta(days=day), start + timedelta(days=day + 1))
    }
    assert sorted(daily, key=lambda each: each.index) == whole


def test_no_period_lies_between_an_instant_and_itself() -> None:
    now = at("2025-01-20T00:00+01:00")
    assert list(periods_between(date(2025, 1, 20), MONTH, BERLIN, now, now)) == []


def test_an_anchor_is_local_and_carries_no_offset() -> None:
    with pytest.raises(InvalidInput, match="anchor: found 2025-01-31T00:00:00\\+00:00"):
        boundary(at("2025-01-31T00:00+00:00"), MONTH, 0, BERLIN)
    with pytest.raises(InvalidInput, match="local time: found"):
        to_utc(at("2025-01-31T00:00+00:00"), BERLIN)


@pytest.mark.parametrize(
    ("interval", "n"),
    [(MONTH, 12 * 1000), (MONTH, -12 * 1000), (DAY, 10**6), (DAY, -(10**6)), (DAY, 10**30), (MONTH, 10**30)],
)
def test_a_boundary_beyond_the_calendar_is_refused(interval: Interval, n: int) -> None:
    with pytest.raises(InvalidInput, match="expected a year from 1900 to 2999"):
        boundary(date(2025, 1, 31), interval, n, BERLIN)


def test_an_instant_without_an_offset_is_no_instant() -> None:
    naive: Any = wall("2025-01-01")
    for ask in (
        micros,
        as_utc,
        lambda each: to_local(each, BERLIN),
        lambda each: period_at(date(2025, 1, 1), DAY, BERLIN, each),
    ):
        with pytest.raises(InvalidInput, match="a time with its offset"):
            ask(naive)


@pytest.mark.parametrize(
    "edge",
    [
        datetime.max.replace(tzinfo=timezone(timedelta(hours=-1))),
        datetime.min.replace(tzinfo=timezone(timedelta(hours=1))),
    ],
)
def test_an_instant_beyond_the_year_9999_or_before_1_is_refused(edge: datetime) -> None:
    with pytest.raises(InvalidInput, match="one of the years 1 to 9999"):
        as_utc(edge)


def test_microseconds_go_both_ways_exactly() -> None:
    assert micros(at("1970-01-01T00:00+00:00")) == 0
    assert micros(at("2025-01-31T15:00:00.000001+01:00")) == 1_738_332_000_000_001
    assert from_micros(-1) == datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)
    for count in (10**18, -(10**18), 10**40):
        with pytest.raises(InvalidInput, match="instant: found"):
            from_micros(count)


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2025-07-01", "2025-07-01T00:00+02:00"),
        ("2025-07-01T15:00", "2025-07-01T15:00+02:00"),
        ("2025-07-01 15:00:01.5", "2025-07-01T15:00:01.500000+02:00"),
        ("2025-07-01T15:00Z", "2025-07-01T15:00+00:00"),
        ("2025-07-01t15:00z", "2025-07-01T15:00+00:00"),
        ("2025-07-01T15:00:00-05:30", "2025-07-01T15:00-05:30"),
        (" 2025-07-01 ", "2025-07-01T00:00+02:00"),
    ],
)
def test_a_time_is_read_as_local_unless_it_says_its_offset(text: str, instant: str) -> None:
    read = parse_instant(text, BERLIN)
    assert read == at(instant)
    assert read.tzinfo is UTC


@pytest.mark.parametrize(
    "text",
    [
        "",
        "tomorrow",
        "2025",
        "2025-W01",
        "20250101",
        "01/02/2025",
        "2025-02-29",
        "2025-13-01",
        "2025-01-01T24:00",
        "2025-01-01T10:60",
        "2025-01-01T10",
        "2025-01-01T10:00+1",
        "2025-01-01T10:00+24:00",
        "2025-01-01T10:00+05:60",
        "2025-01-01Z",
        "2025-01-01T10:00:00.1234567",
        "1899-12-31",
        "3000-01-01",
        "٢٠٢٥-01-01",
        "2025-01-01T10:00Z\n",
    ],
)
def test_what_is_no_date_or_time_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match=r"^--at: found"):
        parse_instant(text, BERLIN, field="--at")


@pytest.mark.parametrize("name", ["UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires", "Etc/GMT+5"])
def test_a_zone_is_named_as_iana_names_it(name: str) -> None:
    assert parse_zone(name).key == name


@pytest.mark.parametrize(
    "name",
    [
        "",
        "EST",
        "CET",
        "localtime",
        "America",
        "Europe/Berlinn",
        "../etc/passwd",
        "/etc/localtime",
        "Europe/",
        "+02:00",
        "A/" * 99,
    ],
)
def test_anything_else_is_no_zone(name: str) -> None:
    with pytest.raises(InvalidInput, match="expected UTC or an IANA time zone such as Europe/Berlin"):
        parse_zone(name)


def test_a_mistyped_zone_is_answered_with_the_nearest() -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_zone("europe/berlinn")
    assert "Europe/Berlin" in caught.value.hint


@pytest.mark.parametrize(
    ("text", "interval"),
    [
        ("month", MONTH),
        ("every month", MONTH),
        ("Monthly", MONTH),
        ("P1M", MONTH),
        ("2 weeks", Interval(2, "week")),
        ("every 2 weeks", Interval(2, "week")),
        ("P2W", Interval(2, "week")),
        ("quarterly", Interval(1, "quarter")),
        ("P1Y", Interval(1, "year")),
        ("P10D", Interval(10, "day")),
    ],
)
def test_an_interval_is_read_in_words_or_as_iso_8601(text: str, interval: Interval) -> None:
    assert parse_interval(text) == interval
    assert parse_interval(str(interval)) == interval


@pytest.mark.parametrize(
    "text", ["", "fortnight", "0 months", "P0M", "1201 months", "-1 month", "1.5 months", "P1M1D", "PT1H"]
)
def test_what_is_no_interval_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match=r"^plan\.every: found"):
        parse_interval(text, field="plan.every")


def test_an_interval_has_a_length_and_a_limit() -> None:
    assert (Interval(2, "quarter").months, Interval(2, "quarter").days) == (6, 0)
    assert (Interval(2, "week").months, Interval(2, "week").days) == (0, 14)
    with pytest.raises(InvalidInput, match="expected 1 to 1200 months"):
        Interval(1201, "month")
    unit: Any = "hour"
    with pytest.raises(InvalidInput, match="interval: found 'hour'"):
        Interval(1, unit)


JANUARY = period(date(2025, 1, 1), MONTH, 0, BERLIN)
NOVEMBER = period(date(2025, 11, 1), MONTH, 0, NEW_YORK)


def test_the_share_of_a_period_is_exact_and_in_lowest_terms() -> None:
    assert proration(JANUARY, at("2025-01-20T00:00+01:00"), JANUARY.end) == (12, 31)
    assert proration(JANUARY, JANUARY.start, JANUARY.start + timedelta(microseconds=1)) == (1, 2_678_400_000_000)
    assert Amount.of(500, Unit("USD")).share(12, 31).nanos == 193_548_387_097


def test_what_lies_outside_the_period_does_not_count() -> None:
    before, after = JANUARY.start - timedelta(days=99), JANUARY.end + timedelta(days=99)
    shares: list[Callable[[Period, datetime, datetime], tuple[int, int]]] = [
        proration,
        partial(proration_by_days, zone=BERLIN),
        partial(proration_by_halves, zone=BERLIN),
    ]
    for share in shares:
        assert share(JANUARY, before, after) == (1, 1)
        assert share(JANUARY, before, JANUARY.start) == (0, 1)
        assert share(JANUARY, JANUARY.end, after) == (0, 1)
        assert share(JANUARY, after, before) == (0, 1)


def test_the_hour_of_daylight_saving_counts_as_time_but_not_as_a_day() -> None:
    sixteenth = at("2025-11-16T00:00-05:00")
    assert proration(NOVEMBER, sixteenth, NOVEMBER.end) == (15 * 24, 30 * 24 + 1)
    assert proration_by_days(NOVEMBER, sixteenth, NOVEMBER.end, NEW_YORK) == (1, 2)


def test_a_day_that_is_touched_counts_whole() -> None:
    def days(start: str, end: str) -> tuple[int, int]:
        return proration_by_days(JANUARY, at(start), at(end), BERLIN)

    assert days("2025-01-20T17:00+01:00", "2025-02-01T00:00+01:00") == (12, 31)
    assert days("2025-01-01T00:00+01:00", "2025-01-10T00:00+01:00") == (9, 31)
    assert days("2025-01-01T00:00+01:00", "2025-01-10T00:00:01+01:00") == (10, 31)
    assert days("2025-01-10T09:00+01:00", "2025-01-10T10:00+01:00") == (1, 31)


def test_a_day_without_midnight_is_still_one_day() -> None:
    weeks = period(date(2025, 3, 30), Interval(1, "week"), 0, BEIRUT)
    assert proration_by_days(weeks, at("2025-03-31T00:00+03:00"), weeks.end, BEIRUT) == (6, 7)


def test_a_half_month_that_is_touched_counts_whole() -> None:
    def halves(start: str, end: str) -> tuple[int, int]:
        return proration_by_halves(JANUARY, at(start), at(end), BERLIN)

    assert halves("2025-01-15T23:59+01:00", "2025-02-01T00:00+01:00") == (1, 1)
    assert halves("2025-01-16T00:00+01:00", "2025-02-01T00:00+01:00") == (1, 2)
    assert halves("2025-01-31T09:00+01:00", "2025-02-01T00:00+01:00") == (1, 2)
    assert halves("2025-01-01T00:00+01:00", "2025-01-16T00:00+01:00") == (1, 2)
    assert halves("2025-01-01T00:00+01:00", "2025-01-16T00:01+01:00") == (1, 1)


@pytest.mark.parametrize(
    ("anchor", "interval", "index", "joins", "share"),
    [
        (date(2025, 1, 1), Interval(1, "quarter"), 0, "2025-02-16T00:00+01:00", (1, 2)),
        (date(2025, 1, 1), Interval(1, "quarter"), 0, "2025-02-15T00:00+01:00", (2, 3)),
        (date(2024, 1, 1), Interval(1, "year"), 0, "2024-12-20T00:00+01:00", (1, 24)),
        (date(2025, 1, 31), MONTH, 1, "2025-03-15T00:00+01:00", (1, 2)),
        (date(2025, 1, 31), MONTH, 1, "2025-03-14T00:00+01:00", (1, 1)),
        (date(2025, 1, 31), Interval(2, "month"), 0, "2025-03-20T00:00+01:00", (1, 4)),
        (date(2025, 1, 6), Interval(1, "week"), 0, "2025-01-12T00:00+01:00", (1, 1)),
        (date(2025, 1, 6), Interval(2, "week"), 0, "2025-01-19T00:00+01:00", (1, 1)),
        (date(2025, 1, 6), Interval(4, "week"), 0, "2025-01-21T00:00+01:00", (1, 2)),
    ],
)
def test_half_months_are_counted_from_the_periods_first_day(
    anchor: date, interval: Interval, index: int, joins: str, share: tuple[int, int]
) -> None:
    whole = period(anchor, interval, index, BERLIN)
    assert proration_by_halves(whole, at(joins), whole.end, BERLIN) == share


def test_an_empty_period_is_shared_by_nobody() -> None:
    skipped = period(date(2011, 12, 28), DAY, 2, SAMOA)
    assert proration(skipped, skipped.start, skipped.end) == (0, 1)
    assert proration_by_days(skipped, skipped.start, skipped.end, SAMOA) == (0, 1)
    assert proration_by_halves(skipped, skipped.start, skipped.end, SAMOA) == (0, 1)


def test_the_last_year_of_the_calendar_still_has_its_periods() -> None:
    december = period_at(date(2025, 1, 1), MONTH, GREENWICH, datetime(LAST_YEAR, 11, 30, tzinfo=UTC))
    assert december.start == datetime(LAST_YEAR, 11, 1, tzinfo=UTC)


def test_the_examples_in_the_reference_are_true() -> None:
    page = Path(__file__).resolve().parents[2] / "docs" / "reference" / "calendar.md"
    outcome = doctest.testfile(str(page), module_relative=False, encoding="utf-8")
    assert outcome.attempted > 5
    assert outcome.failed == 0
