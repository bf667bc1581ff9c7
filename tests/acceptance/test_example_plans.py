"""The example plans do what their calendars say, which were worked out by hand: in a rehearsal and on a real ledger."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from tests.support.examples import PLANS, SPECS, Golden, days_of, golden

from bursar.calendar import from_micros, to_local
from bursar.grants import Rehearsal, execute
from bursar.grants.specs import end_of_day, run_specs
from bursar.ledger import Answer, Applied, Charge, Command, Store, Tidy, Usage, apply_now
from bursar.ledger.reading import LotBalance, balance
from bursar.ledger.replay import journal_of
from bursar.ledger.verify import verify
from bursar.plans.check import load
from bursar.plans.schedule import Event, due

MONTHS_24 = 729
"""Days that a calendar spans at least."""
each_plan = pytest.mark.parametrize("path", PLANS, ids=lambda path: path.stem)


class StoreBooks:
    """A store as a calendar's books."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def apply(self, commands: Sequence[Command], at: int) -> list[Answer]:
        answers = apply_now(self.store, commands, at)
        assert all(isinstance(answer, Applied) for answer in answers), answers
        return answers

    def lots(self, person: str, at: int) -> list[LotBalance]:
        return self.store.read(lambda session: balance(session, person, at))


def test_there_are_ten_shapes_or_more() -> None:
    assert len(PLANS) >= 10


@each_plan
def test_a_rehearsal_keeps_the_calendar(path: Path) -> None:
    told = golden(path)
    assert (told.last - told.first).days >= MONTHS_24
    rehearsal = Rehearsal([told.given.history])
    for day, available in told.available.items():
        at = end_of_day(day, told.plan)
        rehearsal.run(at, told.given.spending)
        assert rehearsal.available(at, told.plan.unit) == available, day
    rehearsal.run(end_of_day(told.last, told.plan), told.given.spending)
    assert days_of(rehearsal.journal, told.plan, told.last) == told.days


@each_plan
def test_a_real_ledger_keeps_the_calendar(path: Path, tmp_path: Path, open_ledger: Callable[[str], Store]) -> None:
    told = golden(path)
    store = open_ledger(f"sqlite:///{tmp_path / 'ledger.db'}")
    books = StoreBooks(store)
    _live(books, told)
    entries = store.read(lambda session: [line.entry for line in journal_of(session, "ada")])
    assert days_of(entries, told.plan, told.last) == told.days
    for day, available in told.available.items():
        lots = books.lots("ada", end_of_day(day, told.plan))
        assert sum(lot.available for lot in lots if lot.open) == available, day
    assert store.read(verify).findings == []


def _live(books: StoreBooks, told: Golden) -> None:
    """Everything that is given happens in its order, and the last day comes to its end."""
    history, last = told.given.history, end_of_day(told.last, told.plan)
    waiting = list(enumerate(told.given.spending))
    for event in [*due(history, history.starts - 1, last), None]:
        until = last if event is None else event.at
        while waiting and waiting[0][1].at < until:
            number, one = waiting.pop(0)
            usage = Usage(list_nanos=one.amount, cost_nanos=one.amount, at=one.at)
            books.apply([Charge(f"use:{number}", "ada", one.unit, one.amount, one.request, usage)], one.at)
        if event is not None:
            execute(books, "ada", history, event)
    books.apply([Tidy("tidy", "ada")], last)


@each_plan
def test_whoever_looks_a_year_late_finds_the_same(path: Path) -> None:
    """Nothing depends on when somebody looks: the calendar asked for once, and asked for every day."""
    told = golden(path)
    history, last = told.given.history, end_of_day(told.last, told.plan)
    at_once = due(history, history.starts - 1, last)
    daily: list[Event] = []
    at = history.starts - 1
    while at < last:
        until = min(last, at + 86_400_000_000)
        daily += due(history, at, until)
        at = until
    assert daily == at_once
    assert all(told.first <= to_local(from_micros(event.at), told.plan.zone).date() <= told.last for event in at_once)


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.name)
def test_the_specs_beside_a_plan_pass(path: Path) -> None:
    plan = load(path.with_name(path.name.replace(".test.yaml", ".yaml")).read_text()).plan
    results = run_specs(path.read_text(), plan, path.name)
    assert len(results) >= 3
    assert [str(one) for result in results for one in result.differences] == []


def test_three_plans_or_more_have_specs() -> None:
    assert len(SPECS) >= 3
