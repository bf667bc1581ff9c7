"""The fact sheet: twelve answers in plain sentences, and the question where a document does not say."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.examples import PLANS, ROOT, terms_of

from bursar.errors import InvalidInput
from bursar.plans.check import load
from bursar.plans.factsheet import QUESTIONS, fact_sheet
from bursar.plans.terms import Plan

GOLDEN = Path(__file__).parent / "fact_sheets"
STATEMENTS = ("tax", "expectations", "visibility", "rate_limits", "changes", "approval_time")


def plan(terms: str, statements: tuple[str, ...] = STATEMENTS) -> Plan:
    told = "\n".join(f"  {name}: Told about {name}." for name in statements) or "  {}"
    return load(f"bursar: plan/1\nname: one\ntitle: One\n{terms}\nstatements:\n{told}\n").plan


def answer(terms: str, question: str, tier: str | None = None) -> str:
    return next(one.answer for one in fact_sheet(plan(terms), tier).answers if one.id == question)


@pytest.mark.parametrize("name", ["03-hard-stop", "06-vesting-grant"])
def test_a_sheet_reads_as_it_was_approved(name: str) -> None:
    found = fact_sheet(load((ROOT / "examples" / "plans" / f"{name}.yaml").read_text()).plan)
    assert found.as_markdown() == (GOLDEN / f"{name}.md").read_text()


@pytest.mark.parametrize("path", PLANS, ids=lambda path: path.stem)
def test_every_example_answers_all_twelve(path: Path) -> None:
    terms = load(terms_of(path)).plan
    for tier in (None, *(one.name for one in terms.tiers)):
        sheet = fact_sheet(terms, tier)
        assert [one.id for one in sheet.answers] == list(QUESTIONS)
        assert len(QUESTIONS) == 12
        assert sheet.missing == ()
        assert all(one.answer.endswith((".", "?")) and "  " not in one.answer for one in sheet.answers)


MISSING = {
    "tax": "tax",
    "expectations": "expectations",
    "visibility": "expectations",
    "rate_limits": "models",
    "changes": "changes",
    "approval_time": "limit",
}
"""Which answer needs which statement."""


@given(st.sets(st.sampled_from(STATEMENTS)))
def test_what_is_not_said_becomes_the_question_to_ask(told: set[str]) -> None:
    sheet = fact_sheet(plan("allotment: {amount: $10}\nlimit: {then: [{request: {}}, stop]}", tuple(sorted(told))))
    assert set(sheet.missing) == {MISSING[name] for name in STATEMENTS if name not in told}
    for one in sheet.answers:
        assert one.given == (not one.answer.endswith("?"))
    assert sheet.as_json()["missing"] == list(sheet.missing)
    assert json.loads(json.dumps(sheet.as_json())) == {
        **sheet.as_json(),
        "answers": [dict(one) for one in sheet.as_json()["answers"]],
    }
    assert sheet.as_markdown().count("**Not said.**") == len(sheet.missing)


def test_a_stop_needs_no_approval_time() -> None:
    assert fact_sheet(plan("allotment: {amount: $10}", ("changes",))).missing == ("models", "tax", "expectations")


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        ("benefit", "This counts as pay."),
        ("provisioned_tool", "This is a tool that work needs; not part of your pay."),
        ("hybrid", "Work use is a tool that work needs; personal use counts as pay."),
    ],
)
def test_a_sheet_says_whether_it_is_pay(kind: str, sentence: str) -> None:
    terms = f"class: {kind}\nallotment: {{amount: $10}}"
    assert fact_sheet(plan(terms)).standing == sentence
    assert answer(terms, "tax") == f"{sentence} Told about tax."


@pytest.mark.parametrize(
    ("terms", "question", "sentence"),
    [
        ("allotment: {amount: $10, every: once}", "amount", "$10 once, when the grant starts, in UTC."),
        (
            "allotment: {amount: 9.50 EUR, every: 2 weeks, anchor: 2026-01-05}\ncurrency: EUR",
            "amount",
            "€9.50 every 2 weeks, counted from 2026-01-05, in UTC; for people who join or leave within a period by days.",
        ),
        (
            "allotment: {amount: $10, every: week, anchor: hire_date, proration: none}\nfloor: $2",
            "amount",
            "$10 each week, counted from the hire date, in UTC; for people who join or leave mid-week the whole amount. "
            "It is never less than $2.",
        ),
        ("allotment: {amount: 1234567 tokens}", "amount", "1,234,567 tokens on the first of each month, in UTC; "),
        ("allotment: {amount: $10, expires: 90 days}", "expiry", "Each amount expires 90 days after its release."),
        ("allotment: {amount: $10, expires: 2027-01-01}", "expiry", "It expires as 2027-01-01 begins."),
        (
            "allotment: {amount: $10}\nrollover: {share: 12.5%, cap: $4, periods: unlimited}",
            "rollover",
            "At the end of a month 12.5% of what is left rolls over and lives on without an end. At most $4 is carried in "
            "all; the rest is gone. What was carried is used first.",
        ),
        (
            "class: benefit\nallotment: {amount: $10, every: once}\nvesting: {every: year, shares: [10%, 20%, 70%]}",
            "vesting",
            "It vests in 3 steps, one after each year: 10%, 20% and 70%.",
        ),
        ("allotment: {amount: $10}\nleaving: {unspent: keep}", "leaving", "can be used until it expires."),
        ("allotment: {amount: $10}\nleaving: {pay_out: 100%}", "leaving", "100% of what is unspent on your last day"),
        (
            "allotment: {amount: $10}\nnotice: {revoke: 1 day}",
            "changes",
            "a reduction without notice, a revocation a day",
        ),
        ("allotment: {amount: $10}\nnotice: {released_lots: reduce}", "changes", "A reduction may take back"),
        ("allotment: {amount: $10}\nscope: {purposes: [personal]}", "use", "It is for personal use only"),
    ],
)
def test_answers_are_computed_from_the_terms(terms: str, question: str, sentence: str) -> None:
    assert sentence in answer(terms, question)


def test_a_sheet_for_a_tier_has_its_amounts() -> None:
    terms = (
        "allotment: {every: month}\ntiers: [{name: senior, when: {level: senior}, amount: $900}]\n"
        "otherwise: {name: others, amount: $100}\nrollover: {cap: 50%, periods: 1}"
    )
    assert answer(terms, "amount").startswith(
        "By tier: $900 for senior and $100 for others; on the first of each month"
    )
    assert answer(terms, "amount", "senior").startswith("$900 on the first of each month")
    assert "At most 50% of an allotment ($450) is carried in all" in answer(terms, "rollover", "senior")
    with pytest.raises(InvalidInput, match="one of senior, others"):
        fact_sheet(plan(terms), "chief")
