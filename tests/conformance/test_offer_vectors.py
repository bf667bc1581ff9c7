"""Worked examples of offers, prices, use and value: the closed forms, and the evaluation where an example has a calendar."""

from __future__ import annotations

import json
from math import exp, inf, log
from statistics import NormalDist
from typing import Any

import numpy as np
import pytest
from tests.support.offers import line, outcome, steady
from tests.support.offers_oracle import Holder, Package, live
from tests.support.profile import SHARED, WHY_NO_SHARED

from bursar.insight.simulation.usage import ACTIVE_DAYS, PERSONAS, PRICES
from bursar.offers.benchmarks import table, uber
from bursar.offers.pay import headline
from bursar.offers.terms import Pay
from bursar.offers.value import (
    exceeds,
    limited_expected,
    lognormal_gini,
    lognormal_top_share,
    mixed_factor,
    percentile_of,
    personal_value,
    price_factor,
    run_out,
)

GOLDEN = SHARED / "data" / "golden.json"
pytestmark = pytest.mark.skipif(not GOLDEN.exists(), reason=WHY_NO_SHARED)
FIGURES: dict[str, Any] = json.loads(GOLDEN.read_text()) if GOLDEN.exists() else {}
TENTH, HUNDREDTH = NormalDist().inv_cdf(0.9), NormalDist().inv_cdf(0.99)
CENT = 0.005
FOURTH = 5e-5
"""Of figures that are given to two and to four places."""


def test_half_of_base_in_tokens_is_a_third_of_the_headline() -> None:
    given, expected = FIGURES["G02_huang"]["in"], FIGURES["G02_huang"]["out"]
    found = headline(Pay(salary=given["base"]), given["tokens"], 0.0)
    assert found.uplift == expected["ratio"]
    assert found.share == pytest.approx(expected["share"], abs=5e-7)
    assert table().row("nvidia-half-of-base").a_year == (given["tokens"], given["tokens"])


# Ten thousand a year.


@pytest.mark.parametrize("monthly", FIGURES.get("G03_10k", {}))
def test_ten_thousand_a_year_lasts_as_long_as_it_does(monthly: str) -> None:
    expected, rate = FIGURES["G03_10k"][monthly], float(monthly)
    assert run_out(10_000.0, rate) == pytest.approx(expected["month_of_runout"], abs=FOURTH)
    assert run_out(10_000.0, 12 * rate) == pytest.approx(expected["month_of_runout"] / 12, abs=FOURTH)
    found = outcome(line("$10_000", "year", use="work"), steady(rate, personal_share=0.0))
    (ran,) = found.run_outs
    runs_out = ran.first_month if expected["runs_out_in_year"] else inf
    assert ran.first_month == (inf if runs_out == inf else pytest.approx(expected["month_of_runout"], abs=FOURTH))
    assert found.totals.used == pytest.approx(expected["consumed"])
    assert found.totals.forfeited == pytest.approx(expected["forfeited"])
    assert found.totals.unmet == pytest.approx(expected["unmet"])
    assert found.totals.used / found.totals.face == pytest.approx(expected["util"])
    told = live(Package(10_000, every=12, use="work"), Holder(rate, personal=0.0), 12)
    assert (told.used, told.forfeited) == pytest.approx((expected["consumed"], expected["forfeited"]))
    assert told.unmet == pytest.approx(expected["unmet"], abs=1e-9)


# Prices.

PER_YEAR = {
    "flat": 1.0,
    "minus67pct": PRICES["falling"].per_year,
    "a16z_10x": PRICES["collapsing"].per_year,
    "epoch_40x": 1 / 40,
    "epoch_9x": 1 / 9,
    "epoch_900x": 1 / 900,
    "plus20pct": PRICES["rising"].per_year,
}


@pytest.mark.parametrize("name", PER_YEAR)
def test_money_and_tokens_move_in_opposite_directions(name: str) -> None:
    expected, factor = FIGURES["G10_drift_6m"][name], price_factor(PER_YEAR[name], 0.5)
    assert factor == pytest.approx(expected["price_factor"], abs=5e-7)
    assert 10_000 / factor == pytest.approx(expected["usd10k_buys_todays_units_worth"], abs=CENT)
    assert 10_000 * factor == pytest.approx(expected["token_denominated_10k_now_worth"], abs=CENT)


def test_no_scenario_of_prices_is_left_out() -> None:
    assert set(PER_YEAR) == set(FIGURES["G10_drift_6m"])


def test_moving_a_part_of_the_work_to_a_dearer_model_is_a_rise_in_price() -> None:
    expected = FIGURES["G10b_mix_shift"]
    factor = mixed_factor(expected["share"], expected["mult"])
    assert factor == pytest.approx(expected["price_factor"])
    assert 10_000 / factor == pytest.approx(expected["usd10k_buys"], abs=CENT)


# What personal use is worth.


@pytest.mark.parametrize("name", FIGURES.get("G11_personal_value", {}))
def test_personal_use_is_worth_what_was_worked_out(name: str) -> None:
    own, consumed, elasticity = (float(part[1:]) for part in name.split("_"))
    expected = FIGURES["G11_personal_value"][name]
    found = float(personal_value(np.array([consumed]), own, elasticity)[0])
    assert found == pytest.approx(expected["value"], abs=CENT)
    assert found / consumed == pytest.approx(expected["ratio"], abs=FOURTH)


def test_a_signing_credit_that_outruns_its_use_is_worth_a_seventh() -> None:
    expected = FIGURES["G22_signing"]
    consumed = min(float(expected["face"]), expected["personal_per_month"] * float(expected["months"]))
    assert (consumed, expected["face"] - consumed) == (expected["consumed"], expected["forfeit"])
    found = float(personal_value(np.array([consumed]), expected["own_spend_year"], 1.0)[0])
    assert found == pytest.approx(expected["value_pre_tax_eps1"], abs=CENT)
    assert found / expected["face"] == pytest.approx(expected["ratio_to_face"], abs=FOURTH)
    # The same by the month, as an evaluation takes it: even use makes no difference.
    month = float(personal_value(np.array([consumed / 12]), expected["own_spend_year"] / 12, 1.0)[0])
    assert 12 * month == pytest.approx(found)


# How use is distributed.


def test_no_lognormal_has_both_the_mean_and_the_ninth_decile_of_claude_code() -> None:
    expected = FIGURES["G15_lognormal"]
    mean, decile = (table().row(name).amount for name in ("claude-code-day", "claude-code-day-p90"))
    found = TENTH**2 - 2 * log(decile / mean)  # of sigma**2 / 2 - z sigma + ln(p90 / mean) = 0
    assert found == pytest.approx(expected["anthropic_mean13_p90_30"]["discriminant"], abs=5e-7)
    assert found < 0
    nearest, light = expected["anthropic_boundary_sigma"], PERSONAS["light"]
    assert light.sigma == nearest["sigma"] == pytest.approx(TENTH, abs=FOURTH)
    assert light.median / ACTIVE_DAYS == pytest.approx(nearest["median"], abs=CENT)
    assert light.median / ACTIVE_DAYS * exp(light.sigma**2 / 2) == pytest.approx(mean, abs=CENT)
    assert exceeds(nearest["p90"], nearest["median"], nearest["sigma"]) == pytest.approx(0.1, abs=FOURTH)
    assert exceeds(nearest["p99"], nearest["median"], nearest["sigma"]) == pytest.approx(0.01, abs=FOURTH)


def test_ubers_tiers_are_a_lognormal_month() -> None:
    expected, found = FIGURES["G15_lognormal"]["uber_tiers_35_40_20"], uber()
    assert found.sigma == pytest.approx(expected["sigma"], abs=FOURTH)
    assert log(found.median) == pytest.approx(expected["mu"], abs=FOURTH)
    assert found.median == pytest.approx(expected["median"], abs=CENT)
    mean = found.median * exp(found.sigma**2 / 2)
    assert mean == pytest.approx(expected["mean"], abs=CENT)
    assert percentile_of(2_000, found.median, found.sigma) == pytest.approx(expected["p_le_2000"], abs=FOURTH)
    assert exceeds(1_500, found.median, found.sigma) == pytest.approx(expected["p_gt_1500"], abs=FOURTH)
    cut = mean - limited_expected(1_500, found.median, found.sigma)
    assert cut == pytest.approx(expected["expected_cut_by_1500_cap"], abs=CENT)


def spreads() -> dict[str, float]:
    """Sigma of each reported spread, from the table's own rows."""
    median, decile = table().row("jellyfish-median").amount, table().row("jellyfish-p90").amount
    return {
        "jellyfish_32M_225M_p90": log(decile / median) / TENTH,
        "cursor_lines_p90_10x": log(table().row("cursor-p90").amount) / TENTH,
        "cursor_lines_p99_46x": log(table().row("cursor-p99").amount) / HUNDREDTH,
    }


@pytest.mark.parametrize("name", spreads())
def test_reported_spreads_are_as_unequal_as_worked_out(name: str) -> None:
    expected, sigma = FIGURES["G15_lognormal"][name], spreads()[name]
    assert sigma == pytest.approx(expected["sigma"], abs=FOURTH)
    assert lognormal_gini(sigma) == pytest.approx(expected["gini"], abs=FOURTH)
    assert lognormal_top_share(sigma) == pytest.approx(expected["top10_share"], abs=FOURTH)


def test_a_tenth_that_uses_half_has_that_spread() -> None:
    assert lognormal_top_share(FIGURES["G15_lognormal"]["viberank_top10_51pct"]["sigma"]) == pytest.approx(
        0.51, abs=FOURTH
    )


@pytest.mark.parametrize("limit", FIGURES.get("G16_limited_expected", {}))
def test_a_use_it_or_lose_it_month_comes_to_what_was_worked_out(limit: str) -> None:
    expected, most = FIGURES["G16_limited_expected"][limit], float(limit)
    median, sigma = exp(5.6314), 0.8647
    used = limited_expected(most, median, sigma)
    near = 0.03  # the parameters are given to four places
    assert used == pytest.approx(expected["E_used"], abs=near)
    assert most - used == pytest.approx(expected["E_forfeit"], abs=near)
    assert median * exp(sigma**2 / 2) - used == pytest.approx(expected["E_unmet"], abs=near)
    assert exceeds(most, median, sigma) == pytest.approx(expected["p_exceed"], abs=FOURTH)
    assert used / most == pytest.approx(expected["util"], abs=FOURTH)
