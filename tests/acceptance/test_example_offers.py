"""The debate's own figures, as offers that anybody can evaluate: what each example says at its top is what comes out."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from bursar.offers.answers import answers, comparison
from bursar.offers.evaluation import compared, evaluated
from bursar.offers.reading import Draft, read

FOLDER = Path(__file__).resolve().parents[2] / "examples" / "offers"
FILES = sorted(FOLDER.glob("*.yaml"))


def draft(name: str) -> Draft:
    (file,) = FOLDER.glob(f"{name}-*.yaml")
    return read(file.read_text(), file.name, date(2027, 1, 1))


def found(name: str) -> dict[str, Any]:
    return answers(evaluated(draft(name)))


def test_one_dollar_in_five_of_475_000_is_compute() -> None:
    pay = found("01")["pay"]
    assert pay["headline_total"] == 475_000
    assert pay["compute_share"] == pytest.approx(0.2105, abs=5e-5)
    assert pay["one_in"] == 4.75


def test_ten_thousand_that_last_three_months_are_three_very_different_things() -> None:
    own, rationed, topped_up = found("02"), found("03"), found("04")
    for one in (own, rationed, topped_up):
        assert one["run_out"][0]["median_month"] == 3
        assert one["run_out"][0]["ever"] == 1
        assert one["lasts"]["ten_thousand_months"] == 3
    assert own["expected_by_year"]["own"] == 30_000
    assert own["worth"]["by_year"]["mean"] == -46_153.85
    assert "cost you" in own["worth"]["sentence"]
    assert rationed["expected_by_year"]["unmet"] == 30_000
    assert rationed["worth"]["by_year"]["mean"] == 0
    assert topped_up["expected_by_year"]["granted"] == 30_000
    assert topped_up["worth"]["by_year"]["mean"] == 3_830.05


def test_what_one_would_buy_anyway_against_office_supplies() -> None:
    bought, supplies = found("05"), found("06")
    assert bought["worth"]["by_year"]["mean"] == 6_000
    assert bought["worth"]["share_of_face"] == 1
    assert bought["laptop_test"][0]["verdict"] == "perk"
    assert supplies["worth"]["by_year"] == {"p10": 0, "p50": 0, "p90": 0, "mean": 0, "error": 0}
    assert supplies["laptop_test"][0]["score"] == 90
    assert supplies["laptop_test"][0]["verdict"] == "operating cost"
    evidence = {term["term"]: term["evidence"] for term in supplies["laptop_test"][0]["terms"]}
    assert evidence["work_restricted"] == "An API budget of $500 a month for work on our products."


def test_credits_counted_on_one_side_hide_a_pay_cut() -> None:
    both = comparison(compared([draft("07"), draft("08")]))
    assert both["by_headline"][0] == "pay-cut-with-tokens"
    assert both["by_cash_and_equity"][0] == both["by_worth"][0] == "unlimited-tools"
    assert both["real_pay_cuts"] == [["unlimited-tools", "pay-cut-with-tokens"]]
    first, second = (one["pay"] for one in both["offers"])
    assert first["headline_total"] - second["headline_total"] == 5_000
    assert first["spendable_cash"] - second["spendable_cash"] == -10_000


def test_a_signing_credit_on_one_platform() -> None:
    one = found("09")
    assert one["months"] == 12
    assert one["expected_by_year"]["used"] == 18_000
    assert one["expected_by_year"]["forfeited"] == 32_000
    assert one["worth"]["by_year"]["mean"] == 4_341.46
    assert pytest.approx(4_341.46, abs=0.005) == 7_235.77 * 0.6


def test_no_strings_against_tightly_metered() -> None:
    free, metered = found("10"), found("11")
    assert free["expected_by_year"]["face"] == metered["expected_by_year"]["face"] == 12_000
    assert free["worth"]["by_year"]["p10"] > 5_000
    assert metered["worth"]["by_year"]["mean"] < 0
    assert free["laptop_test"][0]["score"] <= 15
    assert metered["laptop_test"][0]["score"] >= 80
    assert any("costs you money" in sentence for sentence in metered["trade_offs"])


def test_more_compute_than_salary_asks_what_is_expected() -> None:
    one = found("12")
    assert one["pay"]["compute_share"] == pytest.approx(250 / 450)
    assert any("ask what output is expected" in sentence for sentence in one["trade_offs"])
    assert "expected" in {question["term"] for question in one["questions"]}


def test_taxed_although_unused() -> None:
    one = found("13")
    assert one["expected_by_year"]["tax"] == 7_000
    assert one["worth"]["by_year"]["mean"] == pytest.approx(-10_769.23, abs=0.5)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_example_names_its_schema_and_answers_everything(file: Path) -> None:
    assert file.read_text().startswith("# yaml-language-server: $schema=../../docs/schema/offer-1.json")
    one = answers(evaluated(read(file.read_text(), file.name)))
    worth = one["worth"]
    assert worth["by_year"]["p10"] <= worth["by_year"]["p50"] <= worth["by_year"]["p90"]
    assert worth["range_of_answers"][0] <= worth["by_year"]["mean"] <= worth["range_of_answers"][1]
    assert one["steps"][-1]["by_year"] == pytest.approx(worth["by_year"]["mean"], abs=0.01)
    assert len(one["prices"]) == 5
    assert all(len(sheet["answers"]) == 12 for sheet in one["fact_sheet"])
