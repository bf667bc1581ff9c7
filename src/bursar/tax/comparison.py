"""The same three situations under every country's rules: granted and unused, used personally, used for work alone.

Amounts are in each country's own money, so that no exchange rate stands between the rules. What the employer pays is 60 % of
list price, so that it shows which of the two a country asks for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from bursar.money import NANO
from bursar.tax.case import Assessment, Case, Use, share
from bursar.tax.engine import assess
from bursar.tax.facts import Value
from bursar.tax.values import Country, Rules

COST_PPM = 600_000
GRANTED, A_MONTH = 20_000 * NANO, 500 * NANO
"""What is granted and not used at all; what is used in a month."""


@dataclass(frozen=True, slots=True)
class Situation:
    """One column of the comparison."""

    name: str
    title: str
    uses: tuple[Use, ...]
    available: Use
    unused: int
    facts: Mapping[str, Value]


def _use(purpose: str, amount: int) -> Use:
    return Use(purpose, amount, share(amount, COST_PPM))


SITUATIONS = (
    Situation(
        "granted_unused",
        "20,000 granted, nothing used",
        (),
        _use("available", GRANTED),
        GRANTED,
        {"plan_class": "benefit", "restriction": "unrestricted"},
    ),
    Situation(
        "personal",
        "500 a month used personally",
        (_use("personal", A_MONTH),),
        _use("available", A_MONTH),
        0,
        {"plan_class": "benefit", "restriction": "unrestricted"},
    ),
    Situation(
        "work_only",
        "500 a month, for work alone",
        (_use("work", A_MONTH),),
        _use("available", A_MONTH),
        0,
        {"plan_class": "provisioned_tool", "restriction": "work_only", "substantiated": True},
    ),
)
RESTRICTED = (
    Situation(
        "work_only",
        "for work alone",
        (_use("work", A_MONTH),),
        _use("available", A_MONTH),
        0,
        {"plan_class": "provisioned_tool", "restriction": "work_only", "substantiated": True},
    ),
    Situation(
        "work_and_incidental",
        "work, and a little for oneself",
        (_use("personal", A_MONTH // 10), _use("work", A_MONTH - A_MONTH // 10)),
        _use("available", A_MONTH),
        0,
        {"plan_class": "hybrid", "restriction": "work_and_incidental", "substantiated": True},
    ),
    Situation(
        "learning",
        "for learning that the job needs",
        (_use("learning", A_MONTH),),
        _use("available", A_MONTH),
        0,
        {"plan_class": "benefit", "restriction": "learning", "job_related": True},
    ),
    Situation(
        "unrestricted",
        "for whatever one likes",
        (_use("personal", A_MONTH),),
        _use("available", A_MONTH),
        0,
        {"plan_class": "benefit", "restriction": "unrestricted"},
    ),
)
"""500 in a month under each degree of restriction that a plan may have."""


@dataclass(frozen=True, slots=True)
class Row:
    """A country's answers, in the order of the situations."""

    country: Country
    answers: tuple[Assessment, ...]


def compared(
    rules: Rules,
    on: date,
    facts: Mapping[str, Value] | None = None,
    timing: str = "",
    situations: tuple[Situation, ...] = SITUATIONS,
) -> tuple[Row, ...]:
    """Every country's answers on a day; `facts` are said of all situations, `timing` is what the plan says of when it counts."""
    return tuple(
        Row(
            country,
            tuple(
                assess(
                    Case(
                        country.code,
                        on,
                        one.uses,
                        one.available,
                        unused=one.unused,
                        facts={**one.facts, **(facts or {})},
                        timing=timing,
                        currency=country.currency,
                    ),
                    rules,
                )
                for one in situations
            ),
        )
        for _, country in sorted(rules.countries.items())
    )
