"""What if prices move: the factors that were worked out independently, and what each change does to which use."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bursar.insight.price_scenarios import (
    Change,
    Use,
    applied,
    by_person,
    drifted,
    matches,
    mixed,
    summed,
    worth,
    yearly,
)

DOLLAR = 10**9
USES = [
    Use("anthropic", "claude-sonnet-4-5", 100 * DOLLAR, 90 * DOLLAR, person="ada"),
    Use("anthropic", "claude-opus-4-1", 50 * DOLLAR, 45 * DOLLAR, person="ben"),
    Use("openai", "gpt-5.1", 50 * DOLLAR, 50 * DOLLAR, person="ben"),
]


def _none(use, to):
    return None


@pytest.mark.parametrize(
    ("year", "factor", "buys", "tokens"),
    [
        (1.0, 1.0, 10_000, 10_000),
        (0.33, 0.574456, 17_407.77, 5_744.56),
        (0.1, 0.316228, 31_622.78, 3_162.28),
        (1 / 40, 0.158114, 63_245.55, 1_581.14),
        (1 / 9, 0.333333, 30_000, 3_333.33),
        (1 / 900, 0.033333, 300_000, 333.33),
        (1.2, 1.095445, 9_128.71, 10_954.45),
    ],
)
def test_ten_thousand_dollars_in_half_a_year(year, factor, buys, tokens):
    found = worth(10_000 * DOLLAR, drifted(year, 6))
    assert found.factor == pytest.approx(factor, abs=1e-6)
    assert found.buys / DOLLAR == pytest.approx(buys, abs=0.01)
    assert found.tokens_worth / DOLLAR == pytest.approx(tokens, abs=0.01)


def test_a_third_of_the_work_on_a_model_five_times_as_dear():
    assert mixed(0.3, 5) == pytest.approx(2.2)
    assert worth(10_000 * DOLLAR, mixed(0.3, 5)).buys / DOLLAR == pytest.approx(4_545.45, abs=0.01)


def test_a_family_that_falls_by_thirty_percent_takes_its_own_use_along_and_no_other():
    found = applied(USES, [Change("price", "claude", -3000)], _none)
    assert [one.list_nanos // DOLLAR for one in found] == [70, 35, 50]
    assert [one.touched for one in found] == [True, True, False]
    sums = summed(found)
    assert (sums.list_before, sums.list_after) == (200 * DOLLAR, 155 * DOLLAR)
    assert sums.factor == Fraction(155, 200)
    assert by_person(found) == {"ada": Fraction(7, 10), "ben": Fraction(85, 100)}


def test_a_contract_changes_what_it_costs_and_not_the_list_price():
    found = applied(USES, [Change("contract", "anthropic", 2500)], _none)
    assert [one.list_nanos for one in found] == [one.list_nanos for one in USES]
    assert [one.cost_nanos / DOLLAR for one in found] == [75, 37.5, 50]


def test_a_contract_on_a_price_that_fell_is_less_than_the_new_price():
    found = applied(USES[:1], [Change("price", "claude", -3000), Change("contract", "anthropic", 2500)], _none)
    assert found[0].cost_nanos == 70 * DOLLAR * 3 // 4


def test_everybody_moves_to_another_model_and_one_without_a_price_moves_nobody():
    half = applied(
        USES, [Change("move", "claude-opus*", to="claude-sonnet-4-5")], lambda use, to: (Fraction(1, 5), Fraction(1, 5))
    )
    assert [one.list_nanos // DOLLAR for one in half] == [100, 10, 50]
    same = applied(USES, [Change("move", "claude-opus*", to="nothing")], _none)
    assert [one.list_nanos for one in same] == [one.list_nanos for one in USES]


def test_who_is_meant():
    assert matches(Change("price", "anthropic"), "anthropic", "claude-opus-4-1")
    assert matches(Change("price", "Claude-*-4-1"), "anthropic", "claude-opus-4-1")
    assert not matches(Change("price", "gpt"), "anthropic", "claude-opus-4-1")


def test_a_trend_is_found_in_months_of_use_and_none_in_two():
    fell = [(round(1_000_000 * 0.9**month), 1_000) for month in range(6)]
    assert yearly(fell) == pytest.approx(0.9**12, rel=1e-3)
    assert yearly([(5, 1), (0, 0), (5, 1), (5, 1)]) == pytest.approx(1.0)
    assert yearly([(5, 1), (4, 1)]) is None


@given(st.lists(st.integers(-9_999, 20_000), max_size=4), st.integers(0, 10**15))
def test_changes_of_price_multiply_whatever_their_order(points, amount):
    use = [Use("p", "m", amount, amount)]
    changes = [Change("price", "m", one) for one in points]
    one, other = applied(use, changes, _none), applied(use, changes[::-1], _none)
    assert one == other
    assert one[0].list_nanos >= 0
