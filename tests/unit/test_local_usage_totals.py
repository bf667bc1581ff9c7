"""Sums by day, month, model, project and session; months that are covered in part; and the rate that follows."""

from __future__ import annotations

import math

import pytest
from tests.support.local_logs import claude, gathered

from bursar.errors import InvalidInput
from bursar.exchange.local_usage import (
    LocalUsage,
    Month,
    active_days,
    by_day_nanos,
    days_covered,
    lasts_months,
    lognormal_days,
    monthly_list_nanos,
    rate_per_month,
    total,
    totals,
    unpriced,
)

DOLLAR = 1_000_000_000


def spent(*days: tuple[str, int], since: int = 0) -> LocalUsage:
    """Dollars by day, as output of a model at $5 per million tokens."""
    return gathered(
        "".join(
            claude(f"msg_{nth}", input=0, output=dollars * 200_000, timestamp=f"{day}T12:00:00Z")
            for nth, (day, dollars) in enumerate(days)
        ),
        since=since,
    )


def test_months_say_how_many_of_their_days_are_covered() -> None:
    found = spent(("2026-09-21", 3), ("2026-11-02", 1), ("2026-11-03", 4), ("2026-11-03", 2))
    assert monthly_list_nanos(found) == [
        Month(2026, 9, 3 * DOLLAR, 10),
        Month(2026, 10, 0, 31),
        Month(2026, 11, 7 * DOLLAR, 3),
    ]
    assert (days_covered(found), active_days(found)) == (44, 3)


def test_a_whole_month_is_neither_stretched_nor_cut() -> None:
    found = spent(("2026-11-01", 1), ("2026-11-30", 29))
    assert monthly_list_nanos(found) == [Month(2026, 11, 30 * DOLLAR, 30)]
    # 30 dollars in 30 days, and a mean month has 30.4375 days.
    assert rate_per_month(found) == 30_437_500_000


def test_a_part_of_a_month_weighs_as_many_days_as_it_is_covered() -> None:
    found = spent(("2026-10-01", 310), ("2026-11-05", 50))
    assert rate_per_month(found) == 360 * DOLLAR * 487 // (36 * 16)
    lasts = lasts_months(10_000 * DOLLAR, rate_per_month(found))
    assert lasts == pytest.approx(10_000 / (360 / 36 * 30.4375))


def test_february_and_the_turn_of_the_year() -> None:
    assert [month.days_covered for month in monthly_list_nanos(spent(("2027-12-31", 1), ("2028-03-01", 1)))] == [
        1,
        31,
        29,
        1,
    ]


def test_without_usage_there_is_no_rate() -> None:
    assert (monthly_list_nanos(LocalUsage()), rate_per_month(LocalUsage()), by_day_nanos(LocalUsage())) == ([], 0, [])
    assert lasts_months(10_000 * DOLLAR, 0) is None


def test_from_a_day_on_the_idle_days_after_it_are_covered_if_the_logs_go_back_that_far() -> None:
    since = 1_793_491_200_000_000  # 2026-11-01
    reaches = spent(("2026-10-15", 9), ("2026-11-11", 1), since=since)
    assert monthly_list_nanos(reaches) == [Month(2026, 11, 1 * DOLLAR, 11)]
    begins = spent(("2026-11-11", 1), since=since)
    assert monthly_list_nanos(begins) == [Month(2026, 11, 1 * DOLLAR, 1)]


def test_days_run_in_order_with_their_idle_ones() -> None:
    found = spent(("2026-11-03", 2), ("2026-11-01", 1))
    assert by_day_nanos(found) == [1 * DOLLAR, 0, 2 * DOLLAR]
    assert [one.key for one in totals(found, "day")] == ["2026-11-01", "2026-11-03"]
    assert [one.key for one in totals(found, "month")] == ["2026-11"]


def test_a_day_is_a_day_of_utc() -> None:
    late = claude(timestamp="2026-11-20T23:30:00-02:00")
    assert [one.key for one in totals(gathered(late), "day")] == ["2026-11-21"]


def test_the_dearest_comes_first_and_what_has_no_price_is_told_apart() -> None:
    found = gathered(
        claude("msg_1", model="kimi-k2.5", cwd="/x/b", sessionId="s-2", requestId="r1")
        + claude("msg_2", output=1, cwd="/x/a")
        + claude("msg_3", model="claude-opus-5-5")
    )
    assert [(one.key, one.list_nanos > 0, one.unpriced_tokens) for one in totals(found, "model")] == [
        ("claude-opus-5-5", True, 0),
        ("claude-haiku-4-5-20251001", True, 0),
        ("kimi-k2.5", False, 110),
    ]
    assert [one.key for one in totals(found, "project")] == ["search", "a", "b"]
    assert [(one.key, one.requests) for one in totals(found, "session")] == [("s-1", 2), ("s-2", 1)]
    assert [(one.model, one.requests, one.usage.output) for one in unpriced(found)] == [("kimi-k2.5", 1, 100)]
    whole = total(found)
    assert (whole.requests, whole.unpriced_tokens) == (3, 110)
    assert whole.list_nanos == sum(one.list_nanos for one in totals(found, "day"))


def test_another_group_is_refused() -> None:
    with pytest.raises(InvalidInput, match="by: found 'hour', expected one of day, month, model, project, session"):
        totals(LocalUsage(), "hour")


def test_ones_own_days_are_a_lognormal_whose_median_and_sigma_are_those_of_the_logarithms() -> None:
    found = lognormal_days(spent(*((f"2026-11-{day:02}", 2**power) for day, power in enumerate((1, 2, 3, 4, 5), 1))))
    assert found is not None
    assert found[0] == pytest.approx(8 * DOLLAR)
    assert found[1] == pytest.approx(math.log(2) * 2**0.5)


def test_too_few_days_are_no_distribution_and_idle_ones_are_not_counted() -> None:
    four = (("2026-11-01", 1), ("2026-11-03", 2), ("2026-11-05", 3), ("2026-11-30", 4))
    assert lognormal_days(spent(*four)) is None
    even = lognormal_days(spent(*four[:3], ("2026-11-09", 6), ("2026-11-30", 6)))
    assert even is not None
    assert even[0] == pytest.approx((1 * 2 * 3 * 6 * 6) ** 0.2 * DOLLAR)
