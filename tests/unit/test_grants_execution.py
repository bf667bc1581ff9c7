"""A grant's events on the ledger: what they say they did is what the ledger did."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from bursar.grants import Rehearsal, execute
from bursar.grants.specs import end_of_day, situation
from bursar.plans.check import load
from bursar.plans.schedule import History, due

PLAN = load("{bursar: plan/1, name: one, title: One, allotment: {amount: $31, every: month}}").plan
LAST_DAY = date(2026, 1, 10)
HISTORY = situation("{starts: 2026-01-01}", PLAN).history


def test_an_event_that_is_executed_twice_says_twice_what_it_released_once() -> None:
    rehearsal = Rehearsal([HISTORY])
    (event,) = due(HISTORY, HISTORY.starts - 1, HISTORY.starts)
    assert [execute(rehearsal, "person", HISTORY, event).released for _ in range(2)] == [31_000_000_000] * 2
    assert rehearsal.available(HISTORY.starts) == 31_000_000_000


def test_an_event_whose_amount_has_changed_since_released_nothing() -> None:
    """A last day that becomes known in the middle of a month prorates a lot that has been released in full."""
    rehearsal = Rehearsal([HISTORY])
    rehearsal.run(HISTORY.starts)
    known: History = replace(HISTORY, ends=end_of_day(LAST_DAY, PLAN) + 1, end_kind="left")
    (event,) = due(known, known.starts - 1, known.starts)
    assert event.lot is not None
    assert event.lot.amount == 10_000_000_000
    assert execute(rehearsal, "person", known, event).released == 0
    assert rehearsal.available(HISTORY.starts) == 31_000_000_000
