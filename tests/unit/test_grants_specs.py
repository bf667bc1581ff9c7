"""Specs beside a plan: what passes, what differs in which words, what is refused where."""

from __future__ import annotations

import pytest

from bursar.grants.specs import MAX_SPECS, run_specs, situation
from bursar.plans.check import load
from bursar.plans.document import PlanFaults
from bursar.plans.terms import Plan

PLAN = load("""\
bursar: plan/1
name: two
title: Two tiers
zone: Europe/Berlin
allotment: {every: month}
tiers:
  - {name: senior, when: {level: senior}, amount: "$1,000"}
otherwise: {name: others, amount: $310}
scope: {models: [claude-*], purposes: [work]}
""").plan

SINGLE = load("{bursar: plan/1, name: one, title: One, for: {team: core}, allotment: {amount: $10}}").plan


def spec(given: str, expect: str, name: str = "a spec") -> str:
    return f"- name: {name}\n  given: {given}\n  expect: [{expect}]\n"


def fault(text: str, plan: Plan = PLAN) -> str:
    with pytest.raises(PlanFaults) as caught:
        run_specs(text, plan, "two.test.yaml")
    return "\n".join(str(one) for one in caught.value.faults)


def test_what_differs_is_told_with_the_day_and_both_amounts() -> None:
    text = spec(
        "{hired: 2026-01-31, tier: others, events: [{on: 2026-02-03, used: $12.50}]}",
        "{on: 2026-02-28, available: $300, lots: 2, next_release: 2026-04-01}, {on: 2026-01-31, available: $10}",
    )
    (result,) = run_specs(text, PLAN)
    assert (result.name, result.passed, result.line) == ("a spec", False, 1)
    assert [str(one) for one in result.differences] == [
        "2026-02-28: available: found $297.50, expected $300.00",
        "2026-02-28: lots: found 1, expected 2",
        "2026-02-28: next release: found 2026-03-01, expected 2026-04-01",
    ]
    assert {one.line for one in result.differences} == {3}


def test_a_promotion_is_the_difference_for_the_rest_of_the_month() -> None:
    text = spec(
        "{hired: 2026-01-01, level: mid, events: [{on: 2026-04-16, level: senior}]}",
        "{on: 2026-04-16, available: $655, lots: 2}, {on: 2026-05-01, available: '$1,000'}",
    )
    assert [one.differences for one in run_specs(text, PLAN)] == [()]


def test_spending_outside_the_scope_is_unmet() -> None:
    text = spec(
        "{hired: 2026-01-01, tier: others, events: [{on: 2026-01-02, used: $5, model: gpt-5}, {on: 2026-01-02, used: $7}]}",
        "{on: 2026-01-02, used_so_far: $7, unmet_so_far: $5, available: $303}",
    )
    assert [one.differences for one in run_specs(text, PLAN)] == [()]


def test_given_can_be_read_alone() -> None:
    found = situation("{starts: 2026-07-01, events: [{on: 2026-07-02, used: $3}]}", SINGLE)
    assert found.history.segments[0].tier == "everyone"
    assert [one.amount for one in found.spending] == [3_000_000_000]


OK = "{on: 2026-02-28, lots: 1}"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "two.test.yaml:1:1: document: found nothing, expected a list of specs with name, given and expect"),
        ("bursar: plan/1", "two.test.yaml:1:1: document: found fields, expected a list of specs"),
        ("[]", "two.test.yaml:1:1: document: found a list without specs, expected a list of specs"),
        ("- name: [", "YAML"),
        (spec("{tier: others}", OK), "two.test.yaml:2:3: 0.given: found neither hired nor starts, expected the day"),
        (spec("{hired: 2026-01-01, tier: chief}", OK), "0.given.tier: found 'chief', expected one of the plan's tiers"),
        (spec("{hired: 2026-02-30}", OK), "two.test.yaml:2"),
        (spec("{hired: 2026-01-01, teir: others}", OK), "0.given.teir: found a field that is not known here, expected perhaps tier"),
        (
            spec("{hired: 2026-01-01, tier: others, events: [{on: 2025-12-31, used: $1}]}", OK),
            "0.given.events.0.on: found 2025-12-31, expected 2026-01-01, when the grant starts, or a later day",
        ),
        (
            spec("{hired: 2026-01-01, tier: others, events: [{on: 2026-01-02, used: $1, leaves: true}]}", OK),
            "0.given.events.0: found used and leaves, expected one of used, paused, resumed, leaves, tier or level",
        ),
        (
            spec("{hired: 2026-01-01, tier: others, events: [{on: 2026-01-02}]}", OK),
            "0.given.events.0: found nothing that happens, expected one of",
        ),
        (
            spec("{hired: 2026-01-01, tier: others, events: [{on: 2026-01-02, resumed: true}]}", OK),
            "0.given.events.0.resumed: found the end of no pause, expected paused before it",
        ),
        (
            spec("{hired: 2026-01-01, tier: others, events: [{on: 2026-01-02, paused: true}, {on: 2026-01-03, paused: true}]}", OK),
            "0.given.events.1.paused: found a pause within a pause, expected resumed before it",
        ),
        (
            spec("{hired: 2026-01-01, tier: others, events: [{on: 2026-01-02, leaves: true}, {on: 2026-01-03, leaves: true}]}", OK),
            "0.given.events.1.leaves: found another last day, expected one; it was 2026-01-02",
        ),
        (
            spec("{hired: 2026-01-01, tier: others, events: [{on: 2026-01-02, paused: true, model: gpt-5}]}", OK),
            "0.given.events.0.model: found it beside paused, expected it beside used only",
        ),
        (
            spec("{hired: 2026-01-01, tier: others, events: [{on: 2026-01-02, used: 5 EUR}]}", OK),
            "0.given.events.0.used: found '5 EUR', expected an amount in USD, as the plan's",
        ),
        (
            spec("{hired: 2026-01-01, tier: others}", "{on: 2026-01-02, available: 5 GPU-h}"),
            "0.expect.0.available: found '5 GPU-h', expected an amount in USD, as the plan's",
        ),
        (
            spec("{hired: 2026-01-01, tier: others}", "{on: 2026-01-02}"),
            "0.expect.0: found a day of which nothing is expected, expected an amount, lots or next_release",
        ),
        (
            spec("{hired: 2026-01-01, tier: others}", "{on: 2046-02-01, lots: 1}"),
            "0.expect.0.on: found 2046-02-01, expected a day within 20 years from 2026-01-01 on",
        ),
        (
            spec("{hired: 2026-01-01, tier: others}", OK) * 2,
            "two.test.yaml:4:3: 1.name: found 'a spec', expected a name that no other spec of the file has",
        ),
        (spec("{hired: 2026-01-01, tier: others}", OK) * (MAX_SPECS + 1), f"at most {MAX_SPECS} items"),
    ],
)  # fmt: skip
def test_a_spec_that_makes_no_sense_is_refused_with_its_place(text: str, sentence: str) -> None:
    assert sentence in fault(text)


def test_a_person_whom_the_plan_is_not_for_is_refused() -> None:
    assert "found team web, expected somebody whom the plan is for" in fault(
        spec("{hired: 2026-01-01, team: web}", OK), SINGLE
    )
