"""What compounds, and what does not."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from bursar.offers.pay import Headline, pay_cut, years
from bursar.offers.terms import Pay, Person


def test_a_raise_of_20_000_over_five_years() -> None:
    # The worked example of a raise of $20,000: taxed at 35 %, growing by 4 %, saved at 5 %.
    found = years(20_000, 7_000, Person(), 5)
    assert round(found[-1].saved) == 77_517
    assert round(found[-1].salary) == 24_333
    untaxed = years(20_000, 7_000, replace(Person(), tax=0.0), 5)
    assert round(untaxed[-1].tokens) == 35_000
    assert [year.year for year in found] == [1, 2, 3, 4, 5]
    assert all(after.gap > before.gap for before, after in pairwise(found))


def test_a_match_is_added_and_grows() -> None:
    (first, second) = years(10_000, 0, replace(Person(), match=0.06), 2)
    assert round(first.matched, 6) == 600
    assert round(second.matched, 6) == round(600 * 1.05 + 600 * 1.04, 6)


def test_inflation_and_the_rate_of_a_dollar() -> None:
    found = Headline(cash=375_000, equity=0, signing=0, tokens=100_000, worth=35_000)
    assert found.rate == 0.35
    assert round(found.inflation, 6) == round(65 / 375, 6)
    assert found.cash_like == 410_000


def test_nothing_paid_and_nothing_promised_divides_by_nothing() -> None:
    nothing = Headline(0, 0, 0, 0, 0)
    assert (nothing.share, nothing.one_in, nothing.uplift, nothing.inflation, nothing.rate) == (0, 0, 0, 0, 0)


def test_more_of_both_is_no_cut() -> None:
    assert not pay_cut(Pay(100_000), Pay(110_000), 5_000, 5_000)
    assert not pay_cut(Pay(100_000), Pay(90_000), 0, 5_000)
    assert pay_cut(Pay(100_000), Pay(90_000), 0, 10_000)
