"""One worked example for every rule, with the text it comes from; and none forgotten."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

import pytest

from bursar.money import NANO
from bursar.tax import Assessment, Case, Use, YearToDate, assess, loaded
from bursar.tax.facts import Value

RULES = loaded()
WORK = {"substantiated": True}
BENEFIT = {"plan_class": "benefit"}


def units(amount: float | str) -> int:
    return int(Decimal(str(amount)) * NANO)


@dataclass(frozen=True)
class Example:
    """`expected` of what the rule does: `taxable`, `charge`, `flag`, `timing`, `basis`."""

    rule: str
    said: str
    kind: str
    expected: object
    purpose: str = "personal"
    used: float | str = 500
    cost: float | str | None = None
    facts: Mapping[str, Value] = field(default_factory=dict)
    place: str = ""
    on: date = date(2026, 10, 31)
    wages: int = 0
    supplemental: int = 0
    marginal: int | None = None
    available: int | None = None
    unused: int = 0
    relies: bool = False
    payer: str = "employee"


EXAMPLES = [
    # United States
    Example("US-TIMING-USE", "granted and unused is no income yet", "taxable", 0, used=0, unused=20_000),
    Example("US-FMV", "list price 500 counts, though the employer paid 300", "taxable", 500, cost=300),
    Example("US-132-D", "1.132-5(a): what could be deducted had the employee paid", "taxable", 0, "work", facts=WORK),
    Example(
        "US-15B-2026-AI",
        "draft Pub. 15-B: skills that the job needs",
        "taxable",
        0,
        "learning",
        facts={"job_related": True},
    ),
    Example(
        "US-132-E",
        "1.132-6(a): so small that accounting is unreasonable",
        "taxable",
        0,
        used=3,
        facts={"de_minimis": True},
    ),
    Example("US-61-DEFAULT", "1.61-21(a): presumed to be income", "taxable", 500),
    Example("US-SUPP-22", "22 % of 20,000", "charge", 4400, used=20_000),
    Example(
        "US-SUPP-37",
        "of 50,000 past 980,000, 30,000 lie past the million",
        "charge",
        11_100,
        used=50_000,
        supplemental=980_000,
    ),
    Example(
        "US-OASDI-2025", "EY: at most $10,918.20 in 2025", "charge", "10918.2", used=200_000, on=date(2025, 12, 31)
    ),
    Example("US-OASDI-2026", "EY: at most $11,439.00 in 2026", "charge", 11_439, used=200_000),
    Example("US-HI", "1.45 % of 20,000", "charge", 290, used=20_000, payer="employer"),
    Example("US-ADDL-HI", "0.9 % of what lies past 200,000", "charge", 90, used=20_000, wages=190_000),
    Example(
        "US-132-FSA-BAR", "an amount to choose from", "flag", True, facts={**BENEFIT, "restriction": "unrestricted"}
    ),
    Example(
        "US-N2011-72", "to attract prospective employees", "flag", True, facts={"advertised_as_compensation": True}
    ),
    Example("US-CR-CASHOUT", "so that he may draw upon it at any time", "flag", True, facts={"cash_out": True}),
    Example("US-CR-TRANSFER", "at one's command", "flag", True, facts={"transferable": True}),
    Example(
        "US-409A-ROLL",
        "one year may not affect another",
        "flag",
        True,
        facts={**BENEFIT, "rollover_crosses_year": True},
    ),
    Example("US-NONCASH-TIMING", "no less frequently than annually", "flag", True, facts=BENEFIT),
    Example("US-CA-2802", "shall indemnify", "flag", True, facts={"overage": "out_of_pocket"}, place="US-CA"),
    # United Kingdom
    Example("UK-TIMING-USE", "for the tax year in which it is provided", "taxable", 0, used=0, unused=20_000),
    Example("UK-203-VALUE", "EIM21102: the expense incurred", "taxable", 300, cost=300),
    Example(
        "UK-316",
        "EIM21613: a clear policy, and not recovering is a commercial decision",
        "taxable",
        0,
        facts={"policy_document": True, "private_use_significant": False},
    ),
    Example("UK-365", "deductible had the employee paid", "taxable", 0, "work", facts=WORK),
    Example("UK-250", "work-related training", "taxable", 0, "learning", facts={"job_related": True}),
    Example("UK-203", "the cash equivalent is treated as earnings", "taxable", 2000, used=2000),
    Example(
        "UK-TRIVIAL",
        "EIM21864: the cost does not exceed £50",
        "taxable",
        0,
        used=50,
        facts={"contractual": False, "near_cash": False, "for_services": False},
    ),
    Example("UK-INCOME-TAX", "2,000 at 40 %", "charge", 800, used=2000, marginal=400_000),
    Example(
        "UK-C1A-2023",
        "NIM15021: 13.8 % in 2024 to 2025",
        "charge",
        276,
        used=2000,
        payer="employer",
        on=date(2025, 4, 5),
    ),
    Example(
        "UK-C1A", "NIM15021: 15 % in 2025 to 2026", "charge", 300, used=2000, payer="employer", on=date(2026, 4, 5)
    ),
    Example("UK-OPRA", "pay given up", "flag", True, facts={"salary_sacrifice": True}),
    Example("UK-P11D", "by 6 July", "flag", True, facts=BENEFIT),
    Example("UK-PAYROLLING-2027", "from 6 April 2027", "flag", True, facts=BENEFIT, on=date(2027, 4, 30)),
    # Germany
    Example(
        "DE-HANDOVER",
        "several months handed over: received at handover",
        "timing",
        "vest",
        used=0,
        available=600,
        facts={"several_months_at_once": True},
    ),
    Example("DE-TIMING-USE", "flows in as it is used", "taxable", 0, used=0, unused=20_000),
    Example("DE-8-2-1-VALUE", "the price that is usually asked", "taxable", 500, cost=300),
    Example("DE-WORK", "use for the business alone is no question", "taxable", 0, "work", facts=WORK),
    Example("DE-3-19", "training for the job", "taxable", 0, "learning", facts={"job_related": True}),
    Example(
        "DE-3-45",
        "programs that the employer uses too, where the house relies on it",
        "taxable",
        0,
        facts={"program_used_in_business": True, "employer_device": True},
        relies=True,
    ),
    Example("DE-8-1", "benefits in kind are wages", "taxable", "50.01", used="50.01"),
    Example("DE-8-2-11-44", "44 EUR until 2021", "taxable", 0, used=44, on=date(2021, 12, 31)),
    Example("DE-8-2-11", "gres-partner: EUR 20 in January stays free", "taxable", 0, used=20, on=date(2025, 1, 31)),
    Example("DE-LOHNSTEUER", "60 at 42 %", "charge", "25.2", used=60, marginal=420_000),
    # Canada
    Example(
        "CA-NEARCASH-TIMING",
        "near-cash counts when given",
        "timing",
        "vest",
        used=0,
        available=600,
        facts={"near_cash": True},
    ),
    Example("CA-TIMING-USE", "received or enjoyed in the year", "taxable", 0, used=0, unused=20_000),
    Example("CA-VALUE", "Spence: market value, not cost", "taxable", 500, cost=300),
    Example("CA-NEARCASH", "always taxable", "taxable", 600, used=0, available=600, facts={"near_cash": True}),
    Example("CA-WORK", "the business part is no benefit", "taxable", 0, "work", facts=WORK),
    Example(
        "CA-PRIMARY", "essential, and no extra cost", "taxable", 0, facts={"employer_is_primary_beneficiary": True}
    ),
    Example("CA-6-1-A", "benefits of any kind whatever", "taxable", 500),
    Example("CA-INCOME-TAX", "500 at 33 %", "charge", 165, marginal=330_000),
    Example("CA-CPP", "pensionable, not insurable", "flag", True, facts=BENEFIT),
    Example("CA-QC", "a province of its own", "flag", True, place="CA-QC"),
    # India
    Example("IN-TIMING-USE", "provided as it is used", "taxable", 0, used=0, unused=20_000),
    Example("IN-3-7-IX-VALUE", "the employer's cost", "taxable", 300, cost=300, on=date(2026, 3, 31)),
    Example("IN-15-5-VALUE", "the employer's cost", "taxable", 300, cost=300),
    Example("IN-WORK", "official purposes alone", "taxable", 0, "work", facts=WORK),
    Example("IN-3-7-VII", "computers at nothing", "taxable", 0, facts={"computer_use": True}, on=date(2026, 3, 31)),
    Example("IN-15-5-A", "computers at nothing", "taxable", 0, facts={"computer_use": True}),
    Example("IN-17-2-VIII", "any other benefit", "taxable", 500, on=date(2026, 3, 31)),
    Example("IN-OTHER", "any other benefit", "taxable", 500),
    Example("IN-TDS", "500 at 30 %", "charge", 150, marginal=300_000),
]


def assessed(one: Example) -> Assessment:
    country = RULES.country(one.rule[:2])
    used = units(one.used)
    use = Use(one.purpose, used, used if one.cost is None else units(one.cost))
    available = None if one.available is None else Use("available", units(one.available), units(one.available))
    return assess(
        Case(
            one.place or country.code,
            one.on,
            (use,) if used else (),
            available,
            unused=units(one.unused),
            facts=one.facts,
            currency=country.currency,
            year_to_date=YearToDate(units(one.wages), units(one.supplemental)),
            marginal_ppm=one.marginal,
            relies_on=frozenset([one.rule]) if one.relies else frozenset(),
        ),
        RULES,
    )


@pytest.mark.parametrize("one", EXAMPLES, ids=[one.rule for one in EXAMPLES])
def test_a_rule_does_what_its_example_says(one: Example) -> None:
    found = assessed(one)
    if one.kind == "flag":
        assert one.rule in {flag.rule for flag in found.flags}
        return
    assert one.rule in {step.rule for step in found.trace}
    if one.kind == "taxable":
        assert found.taxable == units(str(one.expected)), one.said
    elif one.kind == "timing":
        assert (found.timing, found.taxable) == (one.expected, units(600))
    else:
        charge = {(charge.rule, charge.payer): charge.amount for charge in found.charges}
        assert charge[one.rule, one.payer] == units(str(one.expected)), one.said


def test_every_rule_has_its_example() -> None:
    rules = {rule.id for country in RULES.countries.values() for rule in country.rules}
    assert {one.rule for one in EXAMPLES} == rules
    assert all(one.said for one in EXAMPLES)


@pytest.mark.parametrize("one", EXAMPLES, ids=[one.rule for one in EXAMPLES])
def test_a_rule_does_nothing_before_its_first_day(one: Example) -> None:
    rule = RULES.rule(one.rule)
    before = rule.effective_from.replace(year=rule.effective_from.year - 1)
    held = RULES.country(one.rule[:2]).in_force(before, one.place or one.rule[:2])
    assert one.rule not in {other.id for other in held}
