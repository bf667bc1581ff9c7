"""An offer's document: what is missing becomes unknown, what is wrong is named with its line, nothing is guessed silently."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bursar.errors import InvalidInput
from bursar.offers.document import json_schema
from bursar.offers.reading import read
from bursar.plans.document import PlanFaults

SCHEMA = Path(__file__).resolve().parents[2] / "docs" / "schema" / "offer-1.json"
HEAD = "bursar: offer/1\nname: acme\n"


def text(tokens: str = "amount: $10,000", **more: str) -> str:
    return HEAD + "".join(f"{name}: {value}\n" for name, value in more.items()) + f"tokens: {{{tokens}}}\n"


def test_the_smallest_offer_is_an_amount() -> None:
    found = read(text("amount: '$10,000'")).offer
    (line,) = found.lines
    assert found.months == 12
    assert found.pay.salary is None
    assert "use" in line.unknown
    assert "every" in line.unknown
    assert line.plan is not None
    assert str(line.plan.allotment.every) == "year"


def test_what_is_said_is_not_unknown() -> None:
    terms = (
        "amount: '$500', every: month, expires: period, rollover: none, vesting: none, use: work, needed: yes, portable: no, "
        "limit: {then: [stop]}, changes: contract, leaving: {unspent: forfeit}, taxed: nothing, expected: Nothing., "
        "seen_by: Nobody., rate_limits: None."
    )
    (line,) = read(text(terms)).offer.lines
    assert line.unknown == ()
    assert line.revocation == 0
    assert (line.automatic, line.justified, line.needed, line.portable) == ("no", "no", "yes", "no")


def test_unknown_is_the_same_as_nothing() -> None:
    said = read(text("amount: $500, use: unknown, rollover: unknown, taxed: unknown")).offer.lines[0]
    assert said.unknown == read(text("amount: $500")).offer.lines[0].unknown


def test_one_line_may_stand_without_a_list_and_several_have_names() -> None:
    several = HEAD + "tokens:\n- {name: a, amount: $1}\n- {name: b, amount: $2}\n"
    assert [line.name for line in read(several).offer.lines] == ["a", "b"]
    with pytest.raises(PlanFaults, match="a name that no other line has"):
        read(HEAD + "tokens:\n- {amount: $1}\n- {amount: $2}\n")


def test_a_plan_beside_the_offer_is_its_terms() -> None:
    plan = "bursar: plan/1\nname: p\ntitle: P\nscope: {purposes: [work]}\ntiers:\n- {name: a, when: {level: L4}, amount: $1}\n- {name: b, when: {level: L5}, amount: $2}\nallotment: {every: month}\n"
    (line,) = read(text("plan: p.yaml, tier: b"), plan=lambda name: plan).offer.lines
    assert line.use == "work"
    assert line.taxed == "nothing"
    assert line.tier is not None
    assert line.tier.name == "b"
    assert "expires" not in line.unknown
    with pytest.raises(PlanFaults, match="one of a, b"):
        read(text("plan: p.yaml"), plan=lambda name: plan)
    with pytest.raises(PlanFaults, match=r"p\.yaml"):
        read(text("plan: p.yaml"), plan=lambda name: "bursar: plan/1\nname: p\n")


def test_money_in_other_currencies_needs_a_rate() -> None:
    with pytest.raises(PlanFaults, match="EUR"):
        read(text("amount: 500 EUR"))
    found = read(text("amount: 500 EUR, every: month", rates="{EUR: 1.1}")).offer
    assert found.lines[0].unit_price == pytest.approx(1.1)
    pounds = read(text("amount: 500 GBP", currency="GBP", rates="{USD: 0.8}"))
    assert pounds.person.own_spend == pytest.approx(12 * 200 * 0.8)
    with pytest.raises(PlanFaults, match="USD"):
        read(text("amount: 500 GBP", currency="GBP"))


def test_tokens_need_a_price_and_money_has_none() -> None:
    with pytest.raises(PlanFaults, match="what a million tokens costs at list price"):
        read(text("amount: 100M tokens"))
    assert read(text("amount: 100M tokens, unit_price: $6")).offer.lines[0].unit_price == 6e-6
    assert read(text("amount: 10 GPU-h, unit_price: $2")).offer.lines[0].unit_price == 2
    with pytest.raises(PlanFaults, match="the amount is in money"):
        read(text("amount: $100, unit_price: $6"))


@pytest.mark.parametrize(
    ("terms", "months"),
    [
        ("amount: $1, every: month", 12),
        ("amount: $1, every: once, expires: 18 months", 18),
        ("amount: $1, every: once", 48),
        ("amount: $1, vesting: {over: 3 years}", 36),
        ("amount: $1, vesting: {over: 10 years}", 48),
        ("unlimited: true", 12),
    ],
)
def test_an_offer_is_looked_at_for_as_long_as_it_runs(terms: str, months: int) -> None:
    assert read(text(terms)).offer.months == months


@pytest.mark.parametrize(
    ("document", "line", "field", "expected"),
    [
        (HEAD, 1, "tokens", "at least one promise"),
        (text("every: month"), 3, "tokens", "an amount, a plan, or unlimited"),
        (text("unlimited: true, amount: $5"), 3, "tokens.unlimited", "one of them"),
        (text("unlimited: true, rollover: none"), 3, "tokens.rollover", "no limit"),
        (text("amount: $5, tier: a"), 3, "tokens.tier", "a plan that has tiers"),
        (text("amount: -$5"), 3, "tokens.amount", "0 or more"),
        (text("amount: $5, every: once, rollover: {periods: 1}"), 3, "tokens.rollover", "none"),
        (text("amount: $5, taxed: nothing, grossed_up: yes"), 3, "tokens.grossed_up", "taxed"),
        (text("amount: $5, use: work, would_buy: yes"), 3, "tokens.would_buy", "replaces nothing"),
        (text("amount: $5, changes: contract, notice: 30 days"), 3, "tokens.notice", "changes: notice"),
        (text("amount: $5, own_money: 120%"), 3, "tokens.own_money", "0% to 100%"),
        (text("amount: $5, wholesale: 100%"), 3, "tokens.wholesale", "less than 100%"),
        (text("amount: $5, approval: {chance: 50%, reason: none}"), 3, "tokens.approval.chance", "100%"),
        (text("amount: $5, quotes: {usw: hello}"), 3, "tokens.quotes.usw", "one of"),
        (text("amount: $5, roll_over: none"), 3, "tokens.roll_over", "rollover"),
        (text("amount: $5", pay="{salary: -$1}"), 3, "pay.salary", "0 or more"),
        (text("amount: $5", pay="{salary: 10M tokens}"), 3, "pay.salary", "money"),
        (text("amount: $5", horizon="41 years"), 3, "horizon", "40 years"),
        (text("amount: $5", me="{tax: 100%}"), 3, "me.tax", "less than 100%"),
        (text("amount: $5", me="{usage: much}"), 3, "me.usage", "one of"),
        (text("amount: $5", me="{growth: -1}"), 3, "me.growth", "0.01"),
        (text("amount: $5", me="{elasticity: 0}"), 3, "me.elasticity", "0.05"),
        (text("amount: $5", currency="XXQ"), 3, "currency", "ISO 4217"),
        ("bursar: offer/2\nname: a\ntokens: {amount: $1}\n", 1, "bursar", "offer/1"),
        ("- 1\n", 1, "document", "offer/1"),
        ("", 1, "document", "offer/1"),
    ],
)
def test_every_fault_has_its_line_field_and_what_is_allowed(
    document: str, line: int, field: str, expected: str
) -> None:
    with pytest.raises(PlanFaults) as refused:
        read(document, "acme.yaml")
    found = next((one for one in refused.value.faults if one.field == field), None)
    assert found is not None, [str(one) for one in refused.value.faults]
    assert found.line == line
    assert expected in found.expected


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=12),
        lambda one: (
            st.lists(one, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    ("tokens", "amount", "me", "pay", "limit", "usage", "bursar", "name", "every", "rollover")
                ),
                one,
                max_size=5,
            )
        ),
        max_leaves=12,
    )
)
def test_whatever_is_written_is_read_or_refused(value: Any) -> None:
    document = {"bursar": "offer/1", "name": "a", **(value if isinstance(value, dict) else {"tokens": value})}
    try:
        read(json.dumps(document))
    except InvalidInput as refused:
        error = refused
    else:
        return
    assert error.field
    assert error.expected


def test_the_published_schema_is_the_one_of_the_code() -> None:
    assert json.loads(SCHEMA.read_text()) == json_schema()
