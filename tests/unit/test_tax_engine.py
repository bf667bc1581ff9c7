"""The engine: what differs between countries, what nobody knows, limits, grossing up, and named assumptions."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bursar.errors import InvalidInput
from bursar.money import NANO
from bursar.tax import FACTS, Case, Exchange, Use, YearToDate, assess, gross_up, loaded
from bursar.tax.case import share
from bursar.tax.comparison import RESTRICTED, SITUATIONS, compared

RULES = loaded()
OCTOBER = date(2026, 10, 31)
US_RATES = [rule for rule in RULES.country("US").in_force(OCTOBER, "US") if rule.effect == "rate"]


def case(place: str = "US", *, personal: int = 500, **more: object) -> Case:
    amount = personal * NANO
    return Case(place, OCTOBER, (Use("personal", amount, share(amount, 600_000)),), **more)  # type: ignore[arg-type]


SHOWN = {
    # Granted and unused, 500 personally, 500 for work alone: what is taxable in the country's own money.
    "US": (0, 500, 0),
    "UK": (0, 300, 0),
    "DE": (0, 500, 0),
    "CA": (0, 500, 0),
    "IN": (0, 300, 0),
}


@pytest.mark.parametrize(("code", "shown"), SHOWN.items())
def test_granted_and_unused_personal_and_work_differ_as_the_rules_say(code: str, shown: tuple[int, ...]) -> None:
    row = next(row for row in compared(RULES, OCTOBER) if row.country.code == code)
    assert [one.taxable for one in row.answers] == [amount * NANO for amount in shown]
    unused, personal, work = row.answers
    assert [line.rule for line in unused.lines] == [f"{code}-TIMING-USE"]
    reasons = [{line.rule for line in one.lines} for one in (unused, personal, work)]
    assert reasons[0].isdisjoint(reasons[1])
    assert reasons[1].isdisjoint(reasons[2])
    assert reasons[0].isdisjoint(reasons[2])


def test_where_availability_counts_the_unused_grant_is_taxed_in_full() -> None:
    rows = compared(RULES, OCTOBER, timing="vest")
    assert {row.country.code: row.answers[0].taxable for row in rows} == {
        "US": 20_000 * NANO, "UK": 12_000 * NANO, "DE": 20_000 * NANO, "CA": 20_000 * NANO, "IN": 12_000 * NANO,
    }  # fmt: skip
    assert len(SITUATIONS) == 3


RESTRICTED_SHOWN = {
    # For work alone, work and a little for oneself, learning that the job needs, whatever one likes.
    "US": (0, 50, 0, 500),
    "UK": (0, 30, 0, 300),
    "DE": (0, 0, 0, 500),  # 50 is within the limit of a month
    "CA": (0, 50, 500, 500),  # no rule of the table takes learning out
    "IN": (0, 30, 300, 300),
}


@pytest.mark.parametrize(("code", "shown"), RESTRICTED_SHOWN.items())
def test_every_degree_of_restriction_leads_to_a_rule_in_every_country(code: str, shown: tuple[int, ...]) -> None:
    rows = compared(RULES, OCTOBER, situations=RESTRICTED)
    row = next(row for row in rows if row.country.code == code)
    assert [one.taxable for one in row.answers] == [amount * NANO for amount in shown]
    assert all(line.rule for one in row.answers for line in one.lines)
    assert [one.name for one in RESTRICTED] == list(FACTS["restriction"].choices)


def test_a_place_without_rules_needs_an_adviser_and_is_never_zero() -> None:
    for place in ("FR", "", "Atlantis", "U"):
        found = assess(case(place), RULES)
        assert (found.status, found.taxable, found.at_least) == ("needs_adviser", None, 0)
        assert [(line.purpose, line.used, line.taxable) for line in found.lines] == [("personal", 500 * NANO, None)]
        assert found.why


def test_a_purpose_that_no_rule_knows_needs_an_adviser_and_the_rest_still_counts() -> None:
    uses = (Use("other", 100 * NANO, 60 * NANO), Use("personal", 200 * NANO, 120 * NANO))
    found = assess(Case("UK", OCTOBER, uses, currency="GBP"), RULES)
    assert (found.status, found.taxable, found.at_least) == ("needs_adviser", None, 120 * NANO)
    assert "other" in found.why


def test_a_day_before_every_rule_needs_an_adviser() -> None:
    assert assess(Case("DE", date(1990, 1, 1), currency="EUR"), RULES).status == "needs_adviser"


def test_an_open_rule_takes_nothing_out_until_somebody_relies_on_it() -> None:
    facts = {"program_used_in_business": True, "employer_device": True}
    alone = assess(case("DE", currency="EUR", facts=facts), RULES)
    assert alone.taxable == 500 * NANO
    assert "DE-3-45" in {flag.rule for flag in alone.flags}
    assert assess(case("DE", currency="EUR", facts=facts, relies_on=frozenset({"DE-3-45"})), RULES).taxable == 0


@pytest.mark.parametrize(("own", "others", "taxable"), [(50, 0, 0), (51, 0, 51), (30, 20, 0), (30, 21, 30)])
def test_the_german_limit_adds_up_every_benefit_of_the_month(own: int, others: int, taxable: int) -> None:
    found = assess(case("DE", personal=own, currency="EUR", other_benefits=others * NANO), RULES)
    assert found.taxable == taxable * NANO


def test_without_an_exchange_rate_no_limit_of_another_currency_is_tried() -> None:
    bare = assess(case("DE", personal=40), RULES)
    assert (bare.unit, bare.taxable) == ("USD", 40 * NANO)
    assert "exchange" in {one.name for one in bare.assumptions}
    told = assess(case("DE", personal=40, exchange=Exchange(920_000, "ECB, 2026-10-30")), RULES)
    assert (told.unit, told.taxable) == ("EUR", 0)
    assert any("ECB, 2026-10-30" in one.words for one in told.assumptions)


def test_withholding_that_needs_the_years_pay_is_not_made_up() -> None:
    found = assess(case(), RULES)
    assert {one.rule for one in found.charges} == {"US-HI"}
    said = next(one.words for one in found.assumptions if one.name == "year_to_date")
    assert all(rule in said for rule in ("US-SUPP-22", "US-OASDI-2026", "US-ADDL-HI"))


def test_what_the_person_paid_counts_against_it() -> None:
    assert assess(case(made_good=200 * NANO), RULES).taxable == 300 * NANO
    over = assess(case(made_good=900 * NANO), RULES)
    assert over.taxable == 0
    assert sum(line.taxable or 0 for line in over.lines) == 0


def test_every_fact_that_was_not_given_is_named_and_a_given_one_is_not() -> None:
    bare = {one.name for one in assess(case(), RULES).assumptions}
    assert {"de_minimis", "plan_class", "cash_out"} <= bare
    told = assess(case(facts={"de_minimis": False, "plan_class": "benefit", "cash_out": False}), RULES)
    assert {one.name for one in told.assumptions}.isdisjoint({"de_minimis", "plan_class", "cash_out"})


def test_the_notice_names_the_version() -> None:
    found = assess(case(), RULES)
    assert found.notice == f"Estimate for discussion, not tax advice; rules version {RULES.version}"


def test_the_rules_of_a_part_of_a_country_add_to_the_countrys() -> None:
    facts = {"overage": "out_of_pocket"}
    assert "US-CA-2802" in {flag.rule for flag in assess(case("us-ca", facts=facts), RULES).flags}
    assert "US-CA-2802" not in {flag.rule for flag in assess(case("US-NY", facts=facts), RULES).flags}
    assert assess(case("GB", currency="GBP"), RULES).jurisdiction == "UK"


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"facts": {"colour": True}}, "facts.colour"),
        ({"facts": {"cash_out": "yes"}}, "facts.cash_out"),
        ({"facts": {"purpose": "work"}}, "facts.purpose"),
        ({"timing": "someday"}, "timing"),
        ({"unused": -1}, "unused"),
        ({"marginal_ppm": 1_000_000}, "marginal rate"),
        ({"exchange": Exchange(0, "nobody")}, "exchange"),
    ],
)
def test_a_case_that_cannot_be_is_refused_by_field(wrong: dict[str, object], field: str) -> None:
    with pytest.raises(InvalidInput) as error:
        case(**wrong)
    assert error.value.field == field


@given(
    net=st.integers(1, 5_000_000 * NANO),
    wages=st.integers(0, 400_000 * NANO),
    supplemental=st.integers(0, 1_200_000 * NANO),
)
def test_of_a_gross_that_was_grossed_up_the_net_is_left(net: int, wages: int, supplemental: int) -> None:
    found = gross_up(net, US_RATES, YearToDate(wages, supplemental))
    taken = sum(one.amount for one in found.charges if one.payer == "employee")
    assert abs(found.gross - taken - net) <= len(US_RATES)
    assert found.gross >= net


def test_grossing_up_without_the_years_pay_is_refused() -> None:
    with pytest.raises(InvalidInput, match="without the year's pay"):
        gross_up(NANO, US_RATES, None)


@given(
    personal=st.integers(0, 10**15), work=st.integers(0, 10**15), place=st.sampled_from(["US", "UK", "DE", "CA", "IN"])
)
def test_what_counts_never_exceeds_what_was_used_and_work_adds_nothing(personal: int, work: int, place: str) -> None:
    currency = RULES.country(place).currency
    uses = (Use("personal", personal, personal), Use("work", work, work))
    found = assess(Case(place, OCTOBER, uses, facts={"substantiated": True}, currency=currency), RULES)
    alone = assess(Case(place, OCTOBER, uses[:1], facts={"substantiated": True}, currency=currency), RULES)
    assert found.taxable == alone.taxable
    assert found.taxable is not None
    assert 0 <= found.taxable <= personal
