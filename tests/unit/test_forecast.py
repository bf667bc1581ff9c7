"""When an allotment runs out: the documented model and nothing cleverer."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bursar.office.figures.forecast import (
    HISTORY_HOURS,
    HORIZON_HOURS,
    MICROS_PER_HOUR,
    ahead,
    chance,
    rate_per_day,
    run_out,
)

UTC_ZONE = ZoneInfo("UTC")
BERLIN = ZoneInfo("Europe/Berlin")
MONDAY = datetime(2026, 11, 16, 10, 0, tzinfo=UTC)


def at(moment: datetime) -> int:
    return int(moment.timestamp()) * 1_000_000


def weeks_of(cost: dict[tuple[int, int], int], now: datetime, zone: ZoneInfo) -> list[int]:
    """Two weeks and the present hour in which each weekday's hour cost what it says."""
    start = now.replace(minute=0, second=0, microsecond=0) - timedelta(hours=HISTORY_HOURS)
    hours = [(start + timedelta(hours=n)).astimezone(zone) for n in range(HISTORY_HOURS)]
    return [cost.get((one.weekday(), one.hour), 0) for one in hours] + [0]


def test_nothing_left_has_run_out_already() -> None:
    assert run_out([5], 0, at(MONDAY), UTC_ZONE) == at(MONDAY)


def test_what_nobody_uses_never_runs_out() -> None:
    assert run_out([], 100, at(MONDAY), UTC_ZONE) is None
    assert run_out([0] * (HISTORY_HOURS + 1), 100, at(MONDAY), UTC_ZONE) is None


def test_with_little_history_the_last_day_is_spread_evenly() -> None:
    assert run_out([240], 100, at(MONDAY), UTC_ZONE) == at(MONDAY + timedelta(hours=10))
    assert run_out([0, 0, 120, 120], 25, at(MONDAY), UTC_ZONE) == at(MONDAY + timedelta(hours=2, minutes=30))


def test_only_the_last_24_hours_count_where_history_is_short() -> None:
    assert run_out([10**9] * 30 + [24] * 24, 240, at(MONDAY), UTC_ZONE) == at(MONDAY + timedelta(hours=10))


def test_with_two_weeks_an_hour_costs_what_its_weekday_cost() -> None:
    busy = {(day, hour): 10 for day in range(5) for hour in range(9, 17)}
    now = datetime(2026, 11, 20, 16, 30, tzinfo=UTC)  # Friday, half an hour before the weekend
    assert run_out(weeks_of(busy, now, UTC_ZONE), 25, at(now), UTC_ZONE) == at(
        datetime(2026, 11, 23, 11, 0, tzinfo=UTC)
    )


def test_the_hours_are_those_of_the_persons_zone_also_where_the_clocks_change() -> None:
    # The clocks of Berlin went back on 25 October 2026: nine o'clock there is another hour of UTC than the week before.
    now = datetime(2026, 10, 26, 0, 0, tzinfo=UTC)
    found = run_out(weeks_of({(2, 9): 60}, now, BERLIN), 30, at(now), BERLIN)
    assert found == at(datetime(2026, 10, 28, 9, 30, tzinfo=BERLIN))


def test_what_was_corrected_to_less_than_nothing_counts_as_nothing() -> None:
    assert run_out([-100], 10, at(MONDAY), UTC_ZONE) is None


@given(
    st.lists(st.integers(-(10**9), 10**15), max_size=HISTORY_HOURS + 40),
    st.integers(1, 10**18),
    st.integers(0, 3600 * 10**6 - 1),
    st.sampled_from([UTC_ZONE, BERLIN, ZoneInfo("Asia/Kolkata")]),
)
def test_a_forecast_lies_ahead_and_within_its_horizon(
    hourly: list[int], available: int, into: int, zone: ZoneInfo
) -> None:
    now = at(MONDAY) + into
    found = run_out(hourly, available, now, zone)
    assert found is None or now <= found <= now + HORIZON_HOURS * MICROS_PER_HOUR
    more = run_out(hourly, available * 2, now, zone)
    if found is None:
        assert more is None
    elif more is not None:
        assert more >= found


@pytest.mark.parametrize("length", [24, HISTORY_HOURS, HISTORY_HOURS + 1])
def test_an_even_rate_gives_the_same_answer_however_long_it_is_known(length: int) -> None:
    assert run_out([24] * length, 10**4, at(MONDAY), UTC_ZONE) == at(MONDAY) + 10**4 * MICROS_PER_HOUR // 24


def test_what_costs_the_same_every_week_is_known_without_a_band() -> None:
    hourly = weeks_of({(day, 9): 100 for day in range(7)}, MONDAY, UTC_ZONE)
    found = ahead(hourly, 10_000, at(MONDAY), at(MONDAY + timedelta(days=5)), UTC_ZONE)
    assert [one.middle for one in found] == [10_000, 9_900, 9_800, 9_700, 9_600, 9_500]
    assert all(one.low == one.middle == one.high for one in found)
    assert rate_per_day(hourly, at(MONDAY), UTC_ZONE) == 100


def test_the_band_is_the_spread_of_days_around_their_weekday() -> None:
    # Every weekday cost 100 more in one week than in the other: 50 off its mean in each of 14 days, 7 degrees of freedom.
    hourly = [0] * (HISTORY_HOURS + 1)
    for day in range(14):
        hourly[day * 24] = 100 if day < 7 else 200
    spread = (14 * 50**2 / 7) ** 0.5
    found = ahead(hourly, 100_000, at(MONDAY), at(MONDAY + timedelta(days=10)), UTC_ZONE)
    for day, one in enumerate(found[1:], start=1):
        by = round(1.2816 * spread * (day + day * day / 14) ** 0.5)
        assert (one.middle - one.low, one.high - one.middle) == (by, by)
        assert one.middle == 100_000 - 150 * day


def test_the_band_holds_eight_cases_of_ten_where_days_vary_as_they_did() -> None:
    chance, inside, cases = Random(7), 0, 400
    for _ in range(cases):
        days = [chance.gauss(1_000, 250) for _ in range(14 + 7)]
        hourly = [0] * (HISTORY_HOURS + 1)
        for day in range(14):
            hourly[day * 24] = round(days[day])
        last = ahead(hourly, 100_000, at(MONDAY), at(MONDAY + timedelta(days=7)), UTC_ZONE)[-1]
        inside += last.low <= 100_000 - sum(days[14:]) <= last.high
    assert 0.74 < inside / cases < 0.87


def test_a_day_of_history_has_a_rate_and_no_band() -> None:
    found = ahead([240], 1_000, at(MONDAY), at(MONDAY + timedelta(days=2)), UTC_ZONE)
    assert [(one.low, one.middle, one.high) for one in found] == [(1_000,) * 3, (760,) * 3, (520,) * 3]


def test_nothing_is_left_below_nothing() -> None:
    hourly = weeks_of({(day, 9): 100 for day in range(7)}, MONDAY, UTC_ZONE)
    found = ahead(hourly, 150, at(MONDAY), at(MONDAY + timedelta(days=4)), UTC_ZONE)
    assert [one.middle for one in found] == [150, 50, 0, 0, 0]


def test_how_likely_it_runs_out_is_known_from_the_spread_of_days() -> None:
    # Days of 20 and 30 by turns: 25 a day on average, so that 14 days cost 350 give or take.
    cost = {(day, hour): 1 for day in range(7) for hour in range(24)}
    hourly = weeks_of(cost, MONDAY, UTC_ZONE)
    for day in range(14):
        hourly[day * 24] += 10 if day % 2 else 0
    until = at(MONDAY + timedelta(days=14))
    exactly = sum(hourly[:-1])
    assert chance(hourly, exactly, at(MONDAY), until, UTC_ZONE) == pytest.approx(0.5, abs=0.05)
    likely = [chance(hourly, left, at(MONDAY), until, UTC_ZONE) for left in (100, 350, 400, 450, 600)]
    assert likely == sorted(likely, reverse=True)
    assert likely[0] == pytest.approx(1, abs=1e-3)
    assert likely[-1] == pytest.approx(0, abs=1e-3)


def test_use_that_never_varies_runs_out_for_sure_or_not_at_all() -> None:
    hourly = weeks_of({(day, 9): 10 for day in range(7)}, MONDAY, UTC_ZONE)
    until = at(MONDAY + timedelta(days=10))
    assert chance(hourly, 99, at(MONDAY), until, UTC_ZONE) == 1.0
    assert chance(hourly, 101, at(MONDAY), until, UTC_ZONE) == 0.0


def test_with_less_than_two_weeks_nobody_knows_how_likely_it_is() -> None:
    assert chance([240], 100, at(MONDAY), at(MONDAY + timedelta(days=1)), UTC_ZONE) is None
