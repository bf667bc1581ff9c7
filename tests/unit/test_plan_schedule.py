"""The calendar of a grant where amounts and periods change: the difference is paid, a floor is carried once."""

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


def test_more_of_what_is_paid_once_is_the_difference() -> None:
    terms = plan("allotment: {amount: $50_000, every: once}")
    more = plan("allotment: {amount: $60_000, every: once}")
    history = with_version(situation("{starts: 2026-01-05}", terms).history, "2026-03-01", more)
    assert told(due(history, 0, FAR)) == [("release", "2026-01-05", 50_000), ("adjust", "2026-03-01", 10_000)]


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


def test_an_end_that_was_not_known_yet_does_not_rewrite_a_release() -> None:
    history = situation("{starts: 2026-04-01}", plan("allotment: {amount: $300}")).history
    known = replace(history, ends=at("2026-05-16"), end_kind="left", end_known=at("2026-04-20"))
    late = replace(known, end_known=at("2026-05-10"))
    assert [one[2] for one in told(due(known, 0, FAR)) if one[0] == "release"] == [300, 145]  # 15 of 31 days
    assert [one[2] for one in told(due(late, 0, FAR)) if one[0] == "release"] == [300, 300]
