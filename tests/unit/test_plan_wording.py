"""What a plan says to others: a letter with all its answers, an advertisement with its restrictions, two framings."""

from __future__ import annotations

import pytest
from tests.unit.test_plan_factsheet import STATEMENTS, plan

from bursar.errors import InvalidInput
from bursar.plans.check import load
from bursar.plans.factsheet import QUESTIONS, fact_sheet
from bursar.plans.wording import framings, letter, linked, posting

TERMS = "allotment: {amount: $500}\nscope: {purposes: [work]}\nclass: provisioned_tool"
TIERS = """
tiers:
  - {name: senior, when: {level: senior}, amount: $900}
otherwise: {amount: $300}
allotment: {every: month}
"""


def advised(text: str) -> set[str]:
    return {one.code for one in load(f"bursar: plan/1\nname: one\n{text}").advice}


def test_a_letter_has_the_amount_the_restrictions_and_every_answer() -> None:
    found = letter(plan(TERMS), to="Ada Abara", employer="Acme Ltd")
    assert "Acme Ltd promises Ada Abara: $500 on the first of each month" in found
    assert "It is not cash" in found
    assert "not part of your pay" in found
    assert all(question in found for name, question in QUESTIONS.items() if name != "amount")
    assert found.index(QUESTIONS["expiry"]) < found.index(QUESTIONS["unit"])


@pytest.mark.parametrize("missing", [one for one in STATEMENTS if one != "approval_time"])
def test_no_letter_is_written_while_an_answer_is_missing(missing: str) -> None:
    bare = plan(TERMS, tuple(one for one in STATEMENTS if one != missing))
    with pytest.raises(InvalidInput, match=r"no answer to: .*expected all twelve answers"):
        letter(bare, to="Ada", employer="Acme")


def test_a_letter_names_somebody_and_one_tier() -> None:
    with pytest.raises(InvalidInput, match="to: found"):
        letter(plan(TERMS), to=" ", employer="Acme")
    with pytest.raises(InvalidInput, match="expected one of senior, otherwise"):
        letter(plan(TIERS), to="Ada", employer="Acme")
    assert "$900" in letter(plan(TIERS), to="Ada", employer="Acme", tier="senior")


def test_an_advertisement_never_has_the_amount_without_its_terms_and_never_in_the_salary() -> None:
    found = posting(plan(TERMS))
    assert (found["@type"], "baseSalary" in found) == ("JobPosting", False)
    for words in ("$500", "restricted to work", "expires", "announced", "It is not cash"):
        assert words in found["jobBenefits"]
    properties = {one["name"]: one["value"] for one in found["additionalProperty"]}
    assert properties["class"] == "provisioned_tool"
    assert "restricted to work" in properties["use"]


def test_a_sheet_for_machines_has_twelve_questions_and_no_made_up_answer() -> None:
    found = linked(fact_sheet(plan(TERMS, ())))
    assert [one["identifier"] for one in found["mainEntity"]] == list(QUESTIONS)
    unanswered = {one["identifier"] for one in found["mainEntity"] if "acceptedAnswer" not in one}
    assert unanswered == set(fact_sheet(plan(TERMS, ())).missing) == {"models", "changes", "tax", "expectations"}
    assert "announced" in fact_sheet(plan(TERMS, ())).answers[7].answer


def test_another_framing_changes_class_headline_and_tax() -> None:
    tool, pay = framings(plan("allotment: {amount: $500}", ()))
    assert (tool.plan_class, tool.counts_as_pay, tool.in_headline) == ("provisioned_tool", False, None)
    assert (pay.plan_class, pay.counts_as_pay, str(pay.in_headline)) == (
        "benefit",
        True,
        str(plan(TERMS).tiers[0].amount),
    )
    assert "tools for your work" in tool.sentence
    assert "a part of what we pay you" in pay.sentence
    assert (framings(plan(TERMS))[0].taxed, framings(plan(TERMS))[1].taxed, pay.taxed) == (
        "nothing",
        "all of it",
        "all of it",
    )
    assert tool.taxed == "personal use"
    assert "tax-missing" in {one.code for one in pay.advice}
    assert "tax-missing" not in {one.code for one in tool.advice}


def test_a_guarantee_of_capacity_is_told_apart_from_the_amount() -> None:
    text = f"{TERMS}\nstatements: {{guarantee: Ten parallel requests at any hour.}}"
    found = fact_sheet(load(f"bursar: plan/1\nname: one\ntitle: One\n{text}\n").plan)
    answers = {one.id: one.answer for one in found.answers}
    assert "Guaranteed, whatever is left of the amount: Ten parallel requests at any hour." in answers["models"]
    assert "Guaranteed" not in answers["amount"]


def test_a_tool_that_is_sold_as_a_perk_is_pointed_at() -> None:
    assert "perk-wording" in advised("title: A perk for engineers\nallotment: {amount: $500}")
    assert "perk-wording" not in advised("title: A perk for engineers\nclass: benefit\nallotment: {amount: $500}")
    assert "perk-wording" not in advised("title: AI tools\nallotment: {amount: $500}")


def test_own_money_for_work_warns_of_the_duty_to_reimburse() -> None:
    step = "limit: {then: [{own_money: {step: $20, up_to: $100}}, stop]}"
    assert "own-money-work" in advised(f"title: One\nallotment: {{amount: $500}}\n{step}")
    personal = "scope: {purposes: [personal]}\nclass: benefit"
    assert "own-money-work" not in advised(f"title: One\nallotment: {{amount: $500}}\n{step}\n{personal}")


def test_a_cash_out_and_a_single_provider_are_pointed_at() -> None:
    assert "pay-out" in advised("title: One\nallotment: {amount: $500}\nleaving: {pay_out: 25%}")
    assert "pay-out" not in advised("title: One\nallotment: {amount: $500}")
    assert "lock-in" in advised("title: One\nallotment: {amount: $500}\nscope: {providers: [anthropic]}")
    assert "lock-in" not in advised("title: One\nallotment: {amount: $500}\nscope: {providers: [anthropic, openai]}")


def test_what_is_pay_and_says_nothing_of_tax_is_pointed_at_and_a_plan_is_a_tool_unless_it_says_otherwise() -> None:
    assert plan("allotment: {amount: $500}").plan_class == "provisioned_tool"
    assert "tax-missing" in advised("title: One\nclass: benefit\nallotment: {amount: $500}")
    told = "statements: {tax: Personal use is wages at list price.}"
    assert "tax-missing" not in advised(f"title: One\nclass: benefit\nallotment: {{amount: $500}}\n{told}")
