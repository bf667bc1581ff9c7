"""Fairness against others: statsmodels and scipy, independent formulas, published examples, the worked cases."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import fisher_exact
from statsmodels.regression.linear_model import OLS
from tests.support.profile import SHARED, WHY_NO_SHARED

from bursar.insight.adjusted import adjusted_gap
from bursar.insight.fairness import fisher, gap, impact_ratio, inequality, lorenz, theil_parts
from bursar.office.figures.parity import ATTRIBUTES, Standing, judged

golden = pytest.mark.skipif(not SHARED.exists(), reason=WHY_NO_SHARED)


def case(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((SHARED / "data" / "golden.json").read_text())[name]
    return found


@pytest.mark.parametrize("seed", range(6))
def test_the_adjusted_gap_and_its_three_errors_are_those_of_statsmodels(seed: int) -> None:
    random = np.random.default_rng(seed)
    people = int(random.integers(14, 200))
    level, family = random.integers(3, 8, people), random.integers(0, 3, people)
    tenure, group = random.gamma(2.0, 2.0, people), random.random(people) < 0.4
    noise = random.normal(size=people) * (0.1 + 0.4 * group)
    amounts = np.exp(7 + 0.2 * level + 0.1 * family + 0.02 * tenure - 0.08 * group + noise)
    controls: dict[str, Any] = {
        "level": [f"L{one}" for one in level],
        "family": [f"f{one}" for one in family],
        "tenure": [float(one) for one in tenure],
    }
    found = adjusted_gap([float(one) for one in amounts], [bool(one) for one in group], controls)
    columns = [np.ones(people), *((level == one) * 1.0 for one in sorted(set(level))[1:])]
    columns += [*((family == one) * 1.0 for one in sorted(set(family))[1:]), tenure, group * 1.0]
    fitted = OLS(np.log(amounts), np.column_stack(columns)).fit()
    assert found.coefficient == pytest.approx(fitted.params[-1], rel=1e-8, abs=1e-10)
    assert found.error == pytest.approx(fitted.bse[-1], rel=1e-8)
    assert found.hc1_error == pytest.approx(fitted.HC1_se[-1], rel=1e-8)
    assert found.robust_error == pytest.approx(fitted.HC3_se[-1], rel=1e-8)
    assert found.t == pytest.approx(fitted.tvalues[-1], rel=1e-7)
    low, high = fitted.conf_int()[-1]
    assert (found.low, found.high) == pytest.approx((1 - math.exp(high), 1 - math.exp(low)), rel=1e-6, abs=1e-9)
    robust = OLS(np.log(amounts), np.column_stack(columns)).fit(cov_type="HC3", use_t=True)
    low, high = robust.conf_int()[-1]
    assert (found.robust_low, found.robust_high) == pytest.approx(
        (1 - math.exp(high), 1 - math.exp(low)), rel=1e-6, abs=1e-9
    )


@given(st.tuples(*[st.integers(0, 60)] * 4).filter(lambda one: sum(one) > 0))
def test_fishers_p_is_that_of_scipy(table: tuple[int, int, int, int]) -> None:
    a, b, c, d = table
    assert fisher(a, b, c, d) == pytest.approx(float(fisher_exact([[a, b], [c, d]]).pvalue), rel=1e-7, abs=1e-12)


def test_fishers_p_of_ten_thousand_people_is_exact_too() -> None:
    assert fisher(2_100, 2_900, 2_300, 2_700) == pytest.approx(
        float(fisher_exact([[2_100, 2_900], [2_300, 2_700]]).pvalue), rel=1e-6
    )


@given(st.lists(st.floats(0.01, 1e6), min_size=2, max_size=50))
def test_every_measure_is_what_its_definition_says(amounts: list[float]) -> None:
    """Gini as the mean difference of all pairs, Atkinson by equally distributed equivalents, entropies by their sums."""
    found, mean, people = inequality(amounts), sum(amounts) / len(amounts), len(amounts)
    pairs = sum(abs(one - other) for one in amounts for other in amounts) / (2 * people**2 * mean)
    assert found.gini == pytest.approx(pairs, rel=1e-6, abs=1e-9)
    assert found.theil == pytest.approx(
        sum(x / mean * math.log(x / mean) for x in amounts) / people, rel=1e-6, abs=1e-9
    )
    assert found.mean_log_deviation == pytest.approx(
        sum(math.log(mean / x) for x in amounts) / people, rel=1e-6, abs=1e-9
    )
    for epsilon, value in ((0.5, found.atkinson_half), (2.0, found.atkinson_two)):
        equal = (sum(x ** (1 - epsilon) for x in amounts) / people) ** (1 / (1 - epsilon))
        assert value == pytest.approx(1 - equal / mean, rel=1e-6, abs=1e-9)
    assert found.atkinson_one == pytest.approx(
        1 - math.exp(sum(map(math.log, amounts)) / people) / mean, rel=1e-6, abs=1e-9
    )


def test_published_examples_are_met() -> None:
    """Shares of fifths: Gini of 20, 80 by hand; Theil at its bounds; the mean of Atkinson's measure for two people.

    The five incomes 10, 20, 30, 40, 100 with Gini 0.4 and Lorenz points 5, 15, 30, 50 % are the usual textbook exercise; a
    distribution in which one of n has all has the Gini (n - 1) / n and the Theil ln n (Cowell, Measuring Inequality, 2011).
    """
    five = inequality([10, 20, 30, 40, 100])
    assert five.gini == pytest.approx(0.4)
    assert [round(part, 4) for _, part in lorenz([10, 20, 30, 40, 100])] == [0, 0.05, 0.15, 0.3, 0.5, 1]
    alone = inequality([0] * 9 + [10])
    assert (alone.gini, alone.theil) == (pytest.approx(0.9), pytest.approx(math.log(10)))
    # An equally distributed equivalent of 3.2 where 2 and 8 are had: harmonic mean, epsilon 2 (Atkinson 1970).
    assert inequality([2, 8]).atkinson_two == pytest.approx(1 - 3.2 / 5)
    assert inequality([2, 8]).atkinson_one == pytest.approx(1 - 4 / 5)
    assert inequality([1, 9]).atkinson_half == pytest.approx(1 - 4 / 5)


@golden
def test_the_worked_case_of_three_tiers() -> None:
    want, tiers = case("G06_tiers"), {"low": [2e3] * 60, "middle": [6e3] * 30, "high": [2e4] * 10}
    amounts = [one for some in tiers.values() for one in some]
    found, parts, curve = inequality(amounts), theil_parts(tiers), dict(lorenz(amounts))
    assert sum(amounts) == want["cap_exposure"]
    for name, value in {
        "mean": found.mean, "gini": found.gini, "theil": found.theil, "theil_between": parts.between,
        "theil_within": parts.within, "mld": found.mean_log_deviation, "atkinson_0_5": found.atkinson_half,
        "atkinson_1": found.atkinson_one, "atkinson_2": found.atkinson_two, "p90_p10": found.p90_p10,
        "palma": found.palma, "top10_share": found.top_tenth,
    }.items():  # fmt: skip
        assert value == pytest.approx(want[name], abs=1e-5), name
    assert all(curve[people] == pytest.approx(part) for people, part in want["lorenz"])


PEOPLE = [(1, 1, True, 2000), (1, 2, True, 2000), (2, 3, True, 6000), (2, 5, True, 5400),
          (1, 1, False, 2000), (2, 2, False, 6000), (2, 4, False, 6000), (2, 6, False, 6600)]  # fmt: skip


@golden
def test_the_worked_case_of_a_gap_and_of_rates() -> None:
    want = case("G17_parity")
    women, men = ([float(one[3]) for one in PEOPLE if one[2] is each] for each in (True, False))
    raw = gap(women, men)
    assert raw.mean * 100 == pytest.approx(want["raw_mean_gap_pct"], abs=1e-4)
    assert raw.median * 100 == pytest.approx(want["raw_median_gap_pct"], abs=1e-4)
    found = adjusted_gap(
        [float(one[3]) for one in PEOPLE],
        [one[2] for one in PEOPLE],
        {"level": [f"L{one[0]}" for one in PEOPLE], "tenure": [float(one[1]) for one in PEOPLE]},
    )
    for name, value in {"coef_female_log": found.coefficient, "se": found.error, "t": found.t}.items():
        assert value == pytest.approx(want[name], abs=1e-4), name
    assert found.gap * 100 == pytest.approx(want["adj_gap_pct"], abs=1e-4)
    assert found.gap >= 0.05
    assert not found.is_significant
    rates = {"f": want["premium_tier_rate_f"], "m": want["premium_tier_rate_m"]}
    assert impact_ratio(rates)["f"] == pytest.approx(want["impact_ratio"], abs=1e-4)
    approvals = case("G17b_topup_approvals")
    ratio = impact_ratio({"f": 21 / 50, "m": 48 / 80})["f"]
    assert (ratio, ratio < 0.8) == (pytest.approx(approvals["impact_ratio"]), approvals["flag"])


@golden
def test_a_lognormal_house_is_as_uneven_as_the_calibration_says() -> None:
    """Drawn at the calibrated sigma: Gini erf(sigma / 2), and what the top tenth has."""
    for name in ("jellyfish_32M_225M_p90", "cursor_lines_p99_46x"):
        want = case("G15_lognormal")[name]
        ranks = (np.arange(400_000) + 0.5) / 400_000
        from scipy.stats import norm

        found = inequality([float(one) for one in np.exp(want["sigma"] * norm.ppf(ranks))])
        assert found.gini == pytest.approx(want["gini"], abs=2e-3)
        assert found.top_tenth == pytest.approx(want["top10_share"], abs=3e-3)


def test_the_house_tells_a_gap_beside_tenure_and_beside_everything_and_the_first_may_be_hidden_by_the_second() -> None:
    """Women are at the lower level only: beside level there is no gap, beside tenure alone there is."""
    empty = dict.fromkeys(ATTRIBUTES, "")
    people = [
        Standing({**empty, "team": "a" if low else "b", "level": "L4" if low and number % 10 else "L5"}, number % 7,
                 (1_000 if low and number % 10 else 2_000) * (1 + number % 5 / 1_000), 0)
        for number in range(60) for low in (True, False)
    ]  # fmt: skip
    found = {one.name: one for one in judged(people, "team", "allotment").groups}
    one = found["a"]
    assert one.adjusted is not None
    assert one.untainted is not None
    assert abs(one.adjusted.gap) < 0.01
    assert one.untainted.gap > 0.4
    assert one.is_above_line
    assert one.untainted.is_significant
