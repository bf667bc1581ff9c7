"""Every degree of restriction leads to a rule in every country, and when it counts makes a difference."""

from __future__ import annotations

from datetime import date

import pytest

from bursar.money import NANO
from bursar.tax import Case, Use, assess, loaded
from bursar.tax.facts import RESTRICTIONS

RULES = loaded()
DAY = date(2026, 10, 31)
PURPOSE = {"work_only": "work", "work_and_incidental": "work", "learning": "learning", "unrestricted": "personal"}


def use(purpose: str, dollars: int = 500) -> Use:
    return Use(purpose, dollars * NANO, dollars * NANO * 6 // 10)


@pytest.mark.parametrize("country", sorted(RULES.countries))
@pytest.mark.parametrize("restriction", RESTRICTIONS)
def test_no_restriction_is_without_a_rule_and_none_is_silently_nothing(country: str, restriction: str) -> None:
    currency = RULES.countries[country].currency
    uses = (use(PURPOSE[restriction]),)
    found = assess(Case(country, DAY, uses, facts={"restriction": restriction}, currency=currency), RULES)
    assert found.trace
    for line in found.lines:
        assert line.rule or found.status == "needs_adviser", (country, restriction)
    if restriction == "unrestricted":
        assert sum(line.taxable or 0 for line in found.lines) > 0


@pytest.mark.parametrize("country", sorted(RULES.countries))
def test_the_same_month_counts_differently_by_when_it_counts(country: str) -> None:
    """$20,000 granted, of which $500 was used personally and $300 vested: by use, by vesting and by grant."""
    currency = RULES.countries[country].currency
    facts = {"restriction": "unrestricted", "plan_class": "benefit"}
    by_use = assess(Case(country, DAY, (use("personal", 500),), facts=facts, timing="use", currency=currency), RULES)
    by_grant = assess(
        Case(
            country,
            DAY,
            (use("personal", 500),),
            use("available", 20_000),
            unused=19_500 * NANO,
            facts=facts,
            timing="grant",
            currency=currency,
        ),
        RULES,
    )
    by_vest = assess(
        Case(
            country,
            DAY,
            (use("personal", 500),),
            use("available", 300),
            facts=facts,
            timing="vest",
            currency=currency,
        ),
        RULES,
    )
    amounts = [one.taxable for one in (by_use, by_vest, by_grant)]
    assert len(set(amounts)) == 3, amounts
