"""A plan that somebody is under, as an offer: it means there what it means here."""

from __future__ import annotations

from pathlib import Path

import pytest

from bursar.offers.filling import values_of
from bursar.offers.from_plan import document_of, line_of
from bursar.offers.reading import read, read_plain
from bursar.plans.check import compiled, load

FOLDER = Path(__file__).parents[2] / "examples" / "plans"
PLANS = sorted(file for file in FOLDER.glob("*.yaml") if not file.stem.endswith(".test"))


@pytest.mark.parametrize("file", PLANS, ids=lambda file: file.stem)
def test_a_line_from_a_plan_has_its_terms(file: Path) -> None:
    plan = load(file.read_text(encoding="utf-8"), file.name).plan
    for tier in plan.tiers:
        line = line_of(plan, tier.amount)
        if not tier.amount.unit.is_currency:
            line["unit_price"] = "$6"
        document = document_of([line], {"usage": "$400"}, plan.currency)
        if plan.currency != "USD":
            document["rates"] = {"USD": "0.9"}
        found = read_plain(document).offer.lines[0]
        assert found.plan is not None
        assert found.tier is not None
        assert found.tier.amount == tier.amount
        assert found.plan.allotment.every == plan.allotment.every
        assert found.plan.allotment.expires == plan.allotment.expires
        for term in ("vesting", "rollover", "at_limit", "leaving"):
            assert getattr(found.plan, term) == getattr(plan, term), term
        assert values_of(document)["amount"] == line["amount"]


def test_what_a_plan_says_answers_the_forms_questions() -> None:
    plan = compiled(
        {
            "bursar": "plan/1",
            "name": "stipend",
            "title": "Stipend",
            "class": "benefit",
            "allotment": {"amount": "$500", "every": "month"},
            "rollover": {"share": "50%", "periods": 2},
            "scope": {"purposes": ["work"], "providers": ["anthropic"]},
            "notice": {"reduce": "30 days", "revoke": "60 days"},
            "leaving": {"unspent": "keep", "tail": "90 days"},
            "statements": {"expectations": "None.", "visibility": "Nobody."},
        }
    )
    shown = values_of(document_of([line_of(plan, plan.tiers[0].amount)], {}, "USD"))
    assert {name: shown[name] for name in ("every", "use", "rollover", "limit", "leaving", "changes", "taxed")} == {
        "every": "month",
        "use": "work",
        "rollover": "half",
        "limit": "stop",
        "leaving": "tail",
        "changes": "notice",
        "taxed": "use",
    }


def test_a_limit_that_says_how_long_a_request_waits_can_be_read() -> None:
    text = (
        "bursar: offer/1\nname: acme\ntokens:\n  amount: $500\n  limit:\n"
        "    then: [{request: {reason: required, expires: 7 days}}, stop]\n"
    )
    line = read(text).offer.lines[0]
    assert line.plan is not None
    assert line.plan.at_limit[0].expires_days == 7
