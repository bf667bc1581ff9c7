"""The calendar of a grant where terms change: nothing is released twice, nothing that was promised is lost."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from bursar.calendar import micros
from bursar.grants.specs import run_specs, situation
from bursar.plans.check import load
from bursar.plans.schedule import Event, History, Segment, due
from bursar.plans.terms import Plan

FAR = micros(datetime(2030, 1, 1, tzinfo=UTC))
TIERS = """\
tiers: [{name: high, when: {level: high}, amount: $900}, {name: mid, when: {level: mid}, amount: $600}]
otherwise: {name: low, amount: $300}
"""


def plan(terms: str) -> Plan:
    return load(f"bursar: plan/1\nname: one\ntitle: One\n{terms}").plan


def at(day: str) -> int:
    return micros(datetime.fromisoformat(day).replace(tzinfo=UTC))


def with_version(history: History, start: str, changed: Plan) -> History:
    """A history in which a new version of the plan takes effect."""
    segment = replace(history.segments[-1], start=at(start), plan=changed, amount=changed.tiers[0].amount)
    return replace(history, segments=(*history.segments, segment))


def told(events: list[Event]) -> list[tuple[str, str, int]]:
    return [(one.kind, one.key, (one.amount if one.lot is None else one.lot.amount) // 1_000_000_000) for one in events]


def test_a_new_version_of_a_plan_that_pays_once_does_not_pay_again() -> None:
    terms = plan("allotment: {amount: $50_000, every: once}")
    history = with_version(situation("{starts: 2026-01-05}", terms).history, "2026-03-01", replace(terms, title="Two"))
    assert told(due(history, 0, FAR)) == [("release", "2026-01-05", 50_000)]


def test_more_of_what_is_paid_once_is_the_difference() -> None:
    terms = plan("allotment: {amount: $50_000, every: once}")
    more = plan("allotment: {amount: $60_000, every: once}")
    history = with_version(situation("{starts: 2026-01-05}", terms).history, "2026-03-01", more)
    assert told(due(history, 0, FAR)) == [("release", "2026-01-05", 50_000), ("adjust", "2026-03-01", 10_000)]


def test_what_vests_once_goes_on_vesting_and_does_not_begin_again() -> None:
    terms = plan("class: benefit\nallotment: {amount: $400, every: once}\nvesting: {over: 4 months, every: month}")
    history = with_version(situation("{starts: 2026-01-05}", terms).history, "2026-03-01", replace(terms, title="Two"))
    assert [(one.kind, one.key) for one in due(history, 0, FAR)] == [("vest", f"2026-01-05.{n}") for n in range(4)]
    assert sum(one.lot.amount for one in due(history, 0, FAR) if one.lot) == 400_000_000_000


def test_a_month_that_begins_in_a_pause_is_released_after_it_whatever_changed_meanwhile() -> None:
    specs = """\
- name: the pause ends in the month of the promotion
  given: {starts: 2026-01-01, level: low, events: [{on: 2026-02-20, paused: true}, {on: 2026-04-05, level: mid},
    {on: 2026-04-08, level: high}, {on: 2026-04-16, resumed: true}]}
  expect: [{on: 2026-04-15, available: $0, next_release: 2026-04-16}, {on: 2026-04-16, available: $450},
    {on: 2026-05-01, available: $900}]
"""
    assert [one.differences for one in run_specs(specs, plan(f"allotment: {{every: month}}\n{TIERS}"))] == [()]


def test_a_promotion_within_a_pause_counts_from_its_end() -> None:
    specs = """\
- name: two promotions while the month's allotment waits
  given: {starts: 2026-04-01, level: low, events: [{on: 2026-04-03, paused: true}, {on: 2026-04-05, level: mid},
    {on: 2026-04-08, level: high}, {on: 2026-04-16, resumed: true}]}
  expect: [{on: 2026-04-15, available: $300}, {on: 2026-04-16, available: $600, lots: 2}, {on: 2026-05-01, available: $900}]
- name: the pause goes on into the next month
  given: {starts: 2026-04-01, level: low, events: [{on: 2026-04-03, paused: true}, {on: 2026-04-05, level: high},
    {on: 2026-05-16, resumed: true}]}
  expect: [{on: 2026-04-30, available: $300}, {on: 2026-05-16, released_so_far: '$764.516129032'}]
"""
    assert [one.differences for one in run_specs(specs, plan(f"allotment: {{every: month}}\n{TIERS}"))] == [(), ()]


def test_the_floor_of_a_rollover_is_carried_once_however_often_the_amount_changed() -> None:
    specs = """\
- name: a promotion, and nothing is left
  given: {starts: 2026-04-01, level: low, events: [{on: 2026-04-16, level: mid}, {on: 2026-04-20, used: $450}]}
  expect: [{on: 2026-04-20, available: $0}, {on: 2026-05-01, available: $625, lots: 2}]
"""
    terms = plan(f"allotment: {{every: month}}\n{TIERS}rollover: {{floor: $25, periods: 1}}")
    assert [one.differences for one in run_specs(specs, terms)] == [()]


def test_a_change_of_the_cadence_begins_anew() -> None:
    monthly = plan("allotment: {amount: $310}")
    weekly = plan("allotment: {amount: $70, every: week}")
    history = with_version(situation("{starts: 2026-01-01}", monthly).history, "2026-01-14", weekly)
    assert isinstance(history.segments[1], Segment)
    assert told(due(history, 0, at("2026-01-20"))) == [
        ("release", "2026-01-01", 310),
        ("release", "2026-01-14", 50),  # Wednesday to Sunday, 5 of 7 days
        ("release", "2026-01-19", 70),
    ]
