"""The closed forms of an offer's value against what they stand for: areas, averages and steps, summed up."""

from __future__ import annotations

from math import exp, fsum, inf, isclose, log

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from tests.support.profile import size

from bursar.errors import InvalidInput
from bursar.offers.value import (
    annuity,
    certainty_equivalent,
    exceeds,
    limited_expected,
    lognormal_gini,
    lognormal_top_share,
    mixed_factor,
    personal_value,
    price_factor,
    run_out,
)

NODES, WEIGHTS = np.polynomial.legendre.leggauss(200)
DEVIATES = np.linspace(-10.0, 10.0, 40_001)
DENSITY = np.exp(-(DEVIATES**2) / 2) / np.sqrt(2 * np.pi) * (DEVIATES[1] - DEVIATES[0])

dollars = st.floats(0.0, 1e6, allow_subnormal=False)
some_dollars = st.floats(1.0, 1e5)
elasticities = st.one_of(st.floats(0.1, 10.0), st.just(1.0), st.floats(1 - 1e-7, 1 + 1e-7))
sigmas = st.floats(0.05, 2.5)


def value(consumed: float, own: float, elasticity: float) -> float:
    return float(personal_value(np.array([consumed]), own, elasticity)[0])


def area(consumed: float, own: float, elasticity: float) -> float:
    """Under the marginal value of the next dollar (3): 1 up to `own`, then falling; in logarithms, where it is smooth."""
    if consumed <= own:
        return consumed
    end = log(consumed / own)
    at = (NODES + 1) / 2 * end
    return own + own * float(np.sum(WEIGHTS * np.exp(at * (1 - 1 / elasticity)))) / 2 * end


# (4) Personal use.


@settings(max_examples=size(200, 5_000))
@given(consumed=dollars, own=some_dollars, elasticity=elasticities)
@example(18_000.0, 2_400.0, 1.0)
def test_personal_use_is_worth_the_area_under_its_demand(consumed: float, own: float, elasticity: float) -> None:
    assert value(consumed, own, elasticity) == pytest.approx(area(consumed, own, elasticity), rel=1e-8)


@settings(max_examples=size(200, 5_000))
@given(less=dollars, more=dollars, own=some_dollars, elasticity=elasticities)
def test_more_use_is_worth_more_but_each_dollar_less(less: float, more: float, own: float, elasticity: float) -> None:
    less, more = sorted((less, more))
    low, middle, high = (value(one, own, elasticity) for one in (less, (less + more) / 2, more))
    slack = 1e-9 * (1 + high)
    assert low <= middle + slack <= high + 2 * slack
    assert high - middle <= middle - low + slack
    assert high <= more + slack


@given(consumed=dollars, own=some_dollars, elasticity=elasticities, times=st.floats(0.01, 100))
def test_it_does_not_matter_in_which_currency(consumed: float, own: float, elasticity: float, times: float) -> None:
    scaled = value(consumed * times, own * times, elasticity)
    assert scaled == pytest.approx(times * value(consumed, own, elasticity), rel=1e-9)


@given(consumed=dollars, own=some_dollars, elasticity=st.floats(0.1, 0.9))
def test_stiff_demand_is_worth_no_more_than_a_multiple_of_own_spend(
    consumed: float, own: float, elasticity: float
) -> None:
    assert value(consumed, own, elasticity) <= own / (1 - elasticity) * (1 + 1e-12)


@given(consumed=dollars, elasticity=elasticities)
def test_without_own_spend_nothing_is_known_and_nothing_is_counted(consumed: float, elasticity: float) -> None:
    assert value(consumed, 0.0, elasticity) == 0.0


@pytest.mark.parametrize("elasticity", [0.0, -1.0])
def test_demand_that_does_not_fall_with_its_price_is_refused(elasticity: float) -> None:
    with pytest.raises(InvalidInput, match=r"elasticity: found .*, expected more than 0"):
        value(1.0, 1.0, elasticity)


# (7) What is as good as a gamble.

gambles = st.lists(st.floats(-50_000, 500_000), min_size=1, max_size=20)


def as_good_as(gains: list[float], wealth: float, aversion: float) -> float:
    if isclose(aversion, 1.0):
        return exp(fsum(log(wealth + gain) for gain in gains) / len(gains)) - wealth
    powers = fsum((wealth + gain) ** (1 - aversion) for gain in gains)
    return (powers / len(gains)) ** (1 / (1 - aversion)) - wealth


@settings(max_examples=size(200, 5_000))
@given(
    gains=gambles, wealth=st.floats(60_000, 1e6), aversion=st.one_of(st.just(1.0), st.floats(0, 0.9), st.floats(1.1, 8))
)
@example([608.36, 1701.65], 200_000.0, 2.0)
def test_the_sure_amount_is_as_good_as_the_gamble(gains: list[float], wealth: float, aversion: float) -> None:
    found = certainty_equivalent(np.array(gains), wealth, aversion)
    assert found == pytest.approx(as_good_as(gains, wealth, aversion), abs=1e-9 * (wealth + max(gains)))
    slack = 1e-9 * (wealth + max(gains))
    assert min(gains) - slack <= found <= fsum(gains) / len(gains) + slack


@given(gains=gambles, wealth=st.floats(60_000, 1e6), aversion=st.floats(0, 8), more=st.floats(0, 4))
def test_who_dislikes_risk_more_takes_less_for_it(
    gains: list[float], wealth: float, aversion: float, more: float
) -> None:
    less = certainty_equivalent(np.array(gains), wealth, aversion + more)
    assert less <= certainty_equivalent(np.array(gains), wealth, aversion) + 1e-6 * wealth


def test_a_loss_of_everything_is_refused() -> None:
    with pytest.raises(InvalidInput, match=r"wealth: found 1,000, expected more than the greatest loss, 1,000"):
        certainty_equivalent(np.array([-1_000.0, 5.0]), 1_000.0, 2.0)


# (9) Until it runs out.


def stepped(balance: float, rate: float, growth: float) -> float:
    """Use small stretches of time up, each at the rate in its middle."""
    at, step = 0.0, 1 / 2_000
    while at < 60:
        used = rate * exp(growth * (at + step / 2)) * step
        if used >= balance:
            return at + step * balance / used
        balance -= used
        at += step
    return inf


growths = st.one_of(st.just(0.0), st.floats(1e-6, 3), st.floats(-3, -1e-6))


@settings(max_examples=size(40, 400))
@given(balance=st.floats(10, 1e5), rate=st.floats(100, 1e5), growth=growths)
@example(10_000.0, 18_000.0, 0.0)
@example(10_000.0, 3_348.0, log(3) + log(0.5))
@example(1_000.0, 900.0, -1.0)
def test_a_balance_lasts_as_long_as_stepping_through_time_says(balance: float, rate: float, growth: float) -> None:
    found = run_out(balance, rate, growth)
    assume(not 50 < found < inf)
    if found == inf:
        assert growth < 0
        assert rate / -growth <= balance * (1 + 1e-9)  # all that will ever be used
    else:
        assert found == pytest.approx(stepped(balance, rate, growth), rel=1e-4, abs=1e-5)


def test_nothing_is_gone_at_once_and_what_nobody_uses_never() -> None:
    assert run_out(0.0, 5.0) == 0.0
    assert run_out(5.0, 0.0) == inf


# (10) A use-it-or-lose-it month.


@settings(max_examples=size(200, 5_000))
@given(limit=st.floats(0.01, 1e5), median=st.floats(1, 1e4), sigma=sigmas)
@example(1_500.0, 279.07, 0.8646)
def test_a_limited_month_is_the_average_of_what_the_limit_leaves(limit: float, median: float, sigma: float) -> None:
    months = median * np.exp(sigma * DEVIATES)
    average = float(np.sum(np.minimum(months, limit) * DENSITY))
    assert limited_expected(limit, median, sigma) == pytest.approx(average, rel=2e-5)
    assert exceeds(limit, median, sigma) == pytest.approx(float(np.sum(DENSITY[months > limit])), abs=5e-4)


@given(limit=st.floats(0.01, 1e5), median=st.floats(1, 1e4))
def test_a_month_without_spread_is_its_median_up_to_the_limit(limit: float, median: float) -> None:
    assert limited_expected(limit, median, 0.0) == min(limit, median)
    assert exceeds(limit, median, 0.0) == (median > limit)
    assert limited_expected(limit, median, 1e-9) == pytest.approx(min(limit, median))


# (11) How unequal use is.


@settings(max_examples=size(60, 1_000))
@given(sigma=sigmas, top=st.floats(0.01, 0.5))
def test_concentration_is_that_of_everybody_in_order(sigma: float, top: float) -> None:
    people = np.exp(sigma * DEVIATES) * DENSITY
    held = np.cumsum(people) / people.sum()
    below = np.cumsum(DENSITY)
    gini = 1 - float(np.sum((held[1:] + held[:-1]) * np.diff(below)))
    assert lognormal_gini(sigma) == pytest.approx(gini, abs=1e-4)
    assert lognormal_top_share(sigma, top) == pytest.approx(1 - float(np.interp(1 - top, below, held)), abs=2e-3)


# Prices and time.


@given(per_year=st.floats(0.001, 10), years=st.floats(0, 40), more=st.floats(0, 40))
def test_prices_drift_the_same_in_every_stretch_of_time(per_year: float, years: float, more: float) -> None:
    together = price_factor(per_year, years) * price_factor(per_year, more)
    assert price_factor(per_year, years + more) == pytest.approx(together, rel=1e-9)


@given(share=st.floats(0, 1), multiple=st.floats(0.1, 10))
def test_a_mix_costs_between_its_parts(share: float, multiple: float) -> None:
    assert min(1.0, multiple) - 1e-12 <= mixed_factor(share, multiple) <= max(1.0, multiple) + 1e-12


@given(rate=st.floats(0.001, 0.5), months=st.integers(1, 480))
def test_an_annuity_is_its_geometric_sum(rate: float, months: int) -> None:
    factor = exp(-rate / 12)
    assert annuity(rate, months) == pytest.approx(factor * (1 - factor**months) / (1 - factor) / 12, rel=1e-9)
    assert annuity(0.0, months) == pytest.approx(months / 12)
