"""The worked examples of tax (G08, G09): withholding on a fringe benefit, grossing up, the limits of Germany and the UK."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from tests.support.profile import SHARED, WHY_NO_SHARED

from bursar.money import NANO
from bursar.tax import Assessment, Case, Use, YearToDate, assess, gross_up, loaded
from bursar.tax.facts import Value

GOLDEN = SHARED / "data" / "golden.json"
pytestmark = pytest.mark.skipif(not GOLDEN.exists(), reason=WHY_NO_SHARED)
RULES = loaded()
DAY = date(2026, 6, 30)


def golden(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(GOLDEN.read_text(encoding="utf-8"), parse_float=Decimal)[name]
    return found


def units(amount: object) -> int:
    return int(Decimal(str(amount)) * NANO)


def fringe(personal: int, wages: int, supplemental: int = 0, *, work: int = 0) -> Assessment:
    uses = (Use("personal", units(personal), units(personal)), Use("work", units(work), units(work)))
    year = YearToDate(units(wages), units(supplemental))
    return assess(Case("US", DAY, uses, facts={"substantiated": True}, year_to_date=year), RULES)


def figures(found: Assessment) -> dict[str, int]:
    def of(rules: tuple[str, ...], payer: str) -> int:
        return sum(one.amount for one in found.charges if one.payer == payer and one.rule in rules)

    assert found.taxable is not None
    return {
        "fit": of(("US-SUPP-22", "US-SUPP-37"), "employee"),
        "ss": of(("US-OASDI-2026",), "employee"),
        "medicare": of(("US-HI",), "employee"),
        "addl_medicare": of(("US-ADDL-HI",), "employee"),
        "ee_total": found.charged("employee"),
        "er_total": found.charged("employer"),
        "net": found.taxable - found.charged("employee"),
    }


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("G08_us_fringe20000_ytd150000", fringe(20_000, 150_000)),
        ("G08_us_fringe20000_ytd175000", fringe(20_000, 175_000)),
        ("G08_us_fringe20000_ytd375000", fringe(20_000, 375_000)),
        ("G08c_million", fringe(50_000, 1_500_000, 980_000)),
        ("G08d_personal15pct", fringe(3_000, 375_000, work=17_000)),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_withholding_on_a_fringe_benefit_is_as_worked_out(name: str, found: Assessment) -> None:
    assert figures(found) == {key: units(value) for key, value in golden(name).items()}


def test_grossing_up_is_as_worked_out() -> None:
    expected = golden("G08b_grossup_ytd375000")
    rates = [rule for rule in RULES.country("US").in_force(DAY, "US") if rule.effect == "rate"]
    found = gross_up(units(20_000), rates, YearToDate(units(375_000)))
    cent = NANO // 100
    assert abs(found.gross - units(expected["gross"])) < cent
    assert abs(found.tax - units(expected["tax"])) < cent
    assert sum(one.rate_ppm for one in found.charges if one.payer == "employee") == int(expected["rate"] * 1_000_000)


def test_the_german_limit_is_as_worked_out() -> None:
    for amount, taxable in golden("G09_de_freigrenze").items():
        use = Use("personal", units(amount), units(amount))
        assert assess(Case("DE", DAY, (use,), currency="EUR"), RULES).taxable == units(taxable), amount


def test_the_british_figures_are_as_worked_out() -> None:
    expected = golden("G09_uk")

    def uk(amount: object, **facts: Value) -> Assessment:
        use = Use("personal", units(amount), units(amount))
        return assess(Case("UK", DAY, (use,), facts=facts, currency="GBP", marginal_ppm=400_000), RULES)

    clear = uk(2000, policy_document=True, private_use_significant=False)
    assert clear.taxable == units(expected["not_significant"])
    charged = uk(2000)
    assert charged.taxable == units(expected["cash_equiv"])
    assert charged.charged("employee") == units(expected["income_tax_40"])
    assert charged.charged("employer") == units(expected["class1a_15"])
    for name, taxable in expected["trivial"].items():
        owed, amount = name.startswith("contractual_"), name.removeprefix("contractual_")
        found = uk(amount, contractual=owed, near_cash=False, for_services=False)
        assert found.taxable == units(taxable), name
