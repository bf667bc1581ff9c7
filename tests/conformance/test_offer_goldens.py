"""The worked examples of the offer evaluator, at every digit that they give."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.support.offers import line, offer, outcome, steady
from tests.support.profile import SHARED, WHY_NO_SHARED

from bursar.insight.simulation.usage import Persona
from bursar.offers.laptop import WEIGHTS, score, topped_up_without_blinking
from bursar.offers.outcome import Setup, evaluate
from bursar.offers.pay import Headline, against_salary, headline, pay_cut
from bursar.offers.terms import Pay, Person

GOLDEN = SHARED / "data" / "golden.json"
pytestmark = pytest.mark.skipif(not GOLDEN.exists(), reason=WHY_NO_SHARED)


@pytest.fixture(scope="module")
def golden() -> dict[str, Any]:
    return dict(json.loads(GOLDEN.read_text()))


def test_one_dollar_in_five(golden: dict[str, Any]) -> None:
    given, expected = golden["G01_tunguz"]["in"], golden["G01_tunguz"]["out"]
    found = headline(Pay(salary=given["cash_equity"]), given["tokens"], 0.0)
    assert found.total == expected["total"]
    assert round(found.share, 6) == expected["share"]
    assert found.one_in == expected["one_in"]
    assert round(100 * found.uplift, 4) == expected["uplift_pct"]


def test_half_of_base_again_in_tokens(golden: dict[str, Any]) -> None:
    given, expected = golden["G02_huang"]["in"], golden["G02_huang"]["out"]
    found = headline(Pay(salary=given["base"]), given["tokens"], 0.0)
    assert found.uplift == expected["ratio"]
    assert round(found.share, 6) == expected["share"]


def test_ten_thousand_a_year_at_four_usages(golden: dict[str, Any]) -> None:
    for usage, expected in golden["G03_10k"].items():
        found = outcome(line(), steady(float(usage)))
        totals = found.totals
        assert round(totals.drawn, 4) == expected["consumed"]
        assert round(totals.forfeited, 4) == expected["forfeited"]
        assert round(totals.unmet + totals.missed, 4) == expected["unmet"]
        assert round(totals.drawn / totals.face, 4) == expected["util"]
        (run_out,) = found.run_outs
        assert (run_out.ever == 1.0) is expected["runs_out_in_year"]
        if run_out.ever:
            assert round(run_out.first_month, 4) == expected["month_of_runout"]


CASES: dict[str, tuple[float, dict[str, Any], dict[str, Any]]] = {
    "A_open_generous": (700.0, {}, {}),
    "B_work_only": (800.0, {"personal_share": 0.0}, {}),
    "C_mixed": (800.0, {"personal_share": 0.375}, {}),
    "D_mixed_untaxed": (800.0, {"personal_share": 0.375}, {"taxed": "nothing"}),
    "E_locked_at_60c": (700.0, {}, {"fit": 0.6}),
    "F_work_additional_20pct": (800.0, {"personal_share": 0.0, "additionality": 0.2}, {}),
}


@pytest.mark.parametrize("name", CASES)
def test_what_a_package_of_ten_thousand_is_worth(golden: dict[str, Any], name: str) -> None:
    usage, person, terms = CASES[name]
    expected = golden["G13_offers"][name]
    who = steady(usage, **{"discount": 0.05, "tax": 0.35, **person})
    monthly = line(f"${10_000 / 12:.9f}", "month", **{"revocation": 0.10, "taxed": "personal_use", **terms})
    found = outcome(monthly, who)
    assert round(found.cash.mean, 4) == expected["cash_gross_equiv"]
    assert round(1 - found.cash.mean / 10_000, 4) == expected["haircut"]
    assert found.cash.p10 == found.cash.p90
    certain = outcome(line(f"${10_000 / 12:.9f}", "month"), who)
    assert round(certain.totals.used, 2) == expected["consumed"]
    assert round(certain.totals.forfeited, 2) == expected["forfeit"]


@pytest.mark.parametrize(
    ("name", "share"), [("G_seed_003_500mo_subscription", 1.0), ("H_seed_003_500mo_worktasks", 0.0)]
)
def test_five_hundred_a_month(golden: dict[str, Any], name: str, share: float) -> None:
    expected = golden["G13_offers"][name]
    found = outcome(line("$500", "month"), steady(500.0, tax=0.35, own_spend=6_000.0, personal_share=share))
    assert round(found.cash.mean, 4) == expected["cash_gross_equiv"]
    assert found.totals.face == expected["face"]
    assert found.totals.used == expected["consumed"]


def test_compute_beside_a_salary(golden: dict[str, Any]) -> None:
    for name, expected in golden["G14_ratio"].items():
        month, salary = name.split("_vs_")
        spend, _, times = month.partition("/mo")
        yearly = 12 * float(spend) * float(times.removeprefix("_x") or 1)
        assert round(yearly / float(salary), 4) == expected["ratio"]
        if "flag" in expected:
            assert expected["flag"].startswith(against_salary(yearly, float(salary)))


def test_the_laptop_test(golden: dict[str, Any]) -> None:
    expected = golden["G19_laptop"]
    assert dict(WEIGHTS) == expected["weights"]
    everything = dict.fromkeys(WEIGHTS, 1.0)
    api_for_work = {**everything, "justification_on_topup": 0.5, "employer_can_revoke": 0.5}
    subscription = {
        **dict.fromkeys(WEIGHTS, 0.0),
        "expires": 1.0,
        "no_rollover": 1.0,
        "not_portable": 1.0,
        "employer_can_revoke": 1.0,
        "burned_in_work_hours": 0.1,
    }
    open_and_portable = {**dict.fromkeys(WEIGHTS, 0.0), "burned_in_work_hours": 0.2}
    assert round(score(everything), 9) == 100
    assert round(score(api_for_work), 6) == expected["seed_003_500_api_work"]
    assert round(score(subscription), 6) == expected["seed_003_500_claude_pro"]
    assert round(score(open_and_portable), 6) == expected["open_rollover_portable"]


def test_a_signing_credit(golden: dict[str, Any]) -> None:
    expected = golden["G22_signing"]
    found = outcome(
        line(f"${expected['face']}", "once", {"allotment": {"expires": "1 year"}}),
        steady(expected["personal_per_month"], own_spend=expected["own_spend_year"]),
    )
    assert round(found.totals.used, 6) == expected["consumed"]
    assert round(found.totals.forfeited, 6) == expected["forfeit"]
    assert round(found.cash.mean, 2) == expected["value_pre_tax_eps1"]
    assert round(found.cash.mean / found.totals.face, 4) == expected["ratio_to_face"]


def test_a_pay_cut_that_looks_like_a_raise(golden: dict[str, Any]) -> None:
    expected = golden["G23_paycut"]
    with_tokens, without = Pay(expected["X"]["base"]), Pay(expected["Y"]["base"])
    x, y = headline(with_tokens, expected["X"]["tokens_work_only"], 0.0), headline(without, 0.0, 0.0)
    assert (x.total, y.total) == (expected["X"]["headline"], expected["Y"]["headline"])
    assert x.total - y.total == expected["headline_delta_X_minus_Y"]
    assert x.cash - y.cash == expected["cash_first_delta"]
    assert pay_cut(without, with_tokens, 0.0, expected["X"]["tokens_work_only"])
    assert not pay_cut(with_tokens, without, expected["X"]["tokens_work_only"], 0.0)


def test_topped_up_without_blinking(golden: dict[str, Any]) -> None:
    expected = golden["G26_topup"]
    assert expected["auto_approved"] / expected["requests"] == expected["approval_rate"]
    assert topped_up_without_blinking(
        expected["requests"], expected["auto_approved"], expected["median_minutes"], False
    )
    assert not topped_up_without_blinking(40, 38, 4, True)
    assert not topped_up_without_blinking(40, 35, 4, False)
    assert not topped_up_without_blinking(40, 38, 16, False)


def test_compute_in_the_fully_loaded_cost(golden: dict[str, Any]) -> None:
    expected = golden["G27_fully_loaded"]
    found = Headline(
        expected["salary"] + expected["bonus"] + expected["benefits"],
        expected["equity"],
        0.0,
        expected["compute_cost"],
        0.0,
    )
    assert found.total == expected["total"]
    assert round(found.share, 3) == round(expected["compute_share"], 3)


class TestMonteCarlo:
    """The sampler differs, so what is drawn agrees within four standard errors of both together, quantiles within 2 %."""

    def test_the_typical_engineer_and_ten_thousand_up_front(self, golden: dict[str, Any]) -> None:
        expected = golden["MC1_default_10k_upfront"]
        who = Person(usage=Persona("given", 279.07, 0.0, "given"), shifts=0.0)
        found = evaluate(
            offer(line(revocation=0.10, taxed="personal_use")), who, Setup(paths=expected["n"], seed=expected["seed"])
        )
        error = 4 * (found.cash.error**2 + expected["mc_se"] ** 2) ** 0.5
        assert abs(found.cash.mean - expected["mean"]) <= error
        assert abs(found.sure - expected["certainty_equiv"]) <= error
        assert (found.cash.p10, found.cash.p50, found.cash.p90) == pytest.approx(
            expected["cash_value_p10_50_90"], rel=0.02
        )
        assert (found.used.p10, found.used.p50, found.used.p90) == pytest.approx(expected["used_p10_50_90"], rel=0.02)
        (run_out,) = found.run_outs
        assert run_out.ever == pytest.approx(expected["p_runout_before_end"], abs=0.0025)
        assert found.totals.forfeited == pytest.approx(expected["E_forfeit"], rel=0.01)
        assert found.totals.unmet + found.totals.missed == pytest.approx(expected["E_unmet"], abs=4.0)
        assert found.totals.drawn / found.totals.face == pytest.approx(expected["util"], abs=0.005)

    @pytest.mark.parametrize(("name", "usage"), [("MC3_no_growth", 500.0), ("MC4_degenerate_exhaust", 10_000 / 3)])
    def test_without_noise_everything_is_exact(self, golden: dict[str, Any], name: str, usage: float) -> None:
        expected = golden[name]
        who = steady(usage, own_spend=1e9)
        found = evaluate(offer(line()), who, Setup(paths=expected["n"], seed=expected["seed"]))
        assert [round(one, 6) for one in (found.cash.p10, found.cash.p50, found.cash.p90)] == expected[
            "cash_value_p10_50_90"
        ]
        assert round(found.cash.mean, 6) == expected["mean"]
        assert round(found.cash.error, 6) == 0
        assert round(found.sure, 6) == expected["certainty_equiv"]
        assert found.run_outs[0].ever == expected["p_runout_before_end"]
        assert round(found.totals.forfeited, 6) == expected["E_forfeit"]
        assert round(found.totals.unmet + found.totals.missed, 2) == expected["E_unmet"]
        assert round(found.totals.drawn / found.totals.face, 6) == expected["util"]
