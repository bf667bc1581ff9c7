"""Several nodes whose clocks strike at once: each executes everything that is due, and it happens once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from tests.support.plans import LedgerBooks, at, history_of, plan_of

from bursar.grants import execute
from bursar.ledger import Charge, Store, apply_now
from bursar.ledger.reading import LotBalance
from bursar.ledger.verify import verify
from bursar.money import NANO
from bursar.plans.schedule import History, Pause, Segment, due

NODES = 4
PLAN = plan_of(
    100,
    rollover={"share": "50%", "floor": "$5", "cap": "$60", "periods": 2},
    notice={"released_lots": "reduce"},
    leaving={"unspent": "forfeit", "pay_out": "50%"},
)
UNTIL = at(PLAN, "2026-07-15")


def people() -> dict[str, History]:
    """One works on, one is promoted and reduced, one pauses, one leaves."""
    plain = history_of(PLAN, "2026-01-10", "grt_plain")
    amounts = (("2026-01-01", 100), ("2026-03-10", 200), ("2026-05-10", 50))
    segments = tuple(
        Segment(at(PLAN, day), PLAN, "everyone", replace(PLAN.tiers[0].amount, nanos=amount * NANO))
        for day, amount in amounts
    )
    pauses = (Pause(at(PLAN, "2026-02-20"), at(PLAN, "2026-03-20")),)
    return {
        "ada": plain,
        "bob": replace(plain, grant="grt_bob", starts=segments[0].start, segments=segments),
        "cleo": replace(plain, grant="grt_cleo", pauses=pauses),
        "dan": replace(plain, grant="grt_dan", ends=at(PLAN, "2026-06-11"), end_kind="left"),
    }


def execute_everything(store: Store, start: threading.Barrier | None = None) -> None:
    """A node that comes back after half a year: everything due, in order, each event by the same commands."""
    books = LedgerBooks(store, recorded=UNTIL)
    histories = people()
    names = {history.grant: name for name, history in histories.items()}
    events = [event for history in histories.values() for event in due(history, 0, UNTIL)]
    for event in sorted(events, key=lambda one: one.order):
        if start is not None:
            start.wait(30)
        execute(books, names[event.grant], histories[names[event.grant]], event)


def spend(store: Store) -> None:
    """Something is used before the race, so that the rests differ; cleo has used up January's lot."""
    for name in ("bob", "cleo"):
        for event in due(people()[name], 0, at(PLAN, "2026-01-10")):
            execute(LedgerBooks(store), name, people()[name], event)
    for name, dollars in (("bob", 30), ("cleo", 71)):
        apply_now(store, [Charge(f"use:{name}", name, "USD", dollars * NANO)], at(PLAN, "2026-01-10"))


def everything(store: Store) -> dict[str, list[LotBalance]]:
    books = LedgerBooks(store)
    return {name: books.lots(name, UNTIL) for name in people()}


@pytest.mark.parametrize("in_step", [True, False])
def test_four_nodes_execute_the_calendar_once(
    in_step: bool, database_url: str, open_ledger: Callable[[str], Store], tmp_path: Path
) -> None:
    stores = [open_ledger(database_url) for _ in range(NODES)]
    alone = open_ledger(f"sqlite:///{tmp_path / 'alone.db'}")
    spend(stores[0])
    spend(alone)
    start = threading.Barrier(NODES)
    failures: list[BaseException] = []

    def node(store: Store) -> None:
        try:
            execute_everything(store, start if in_step else None)
        except BaseException as error:
            start.abort()
            failures.append(error)

    threads = [threading.Thread(target=node, args=(store,)) for store in stores]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == []
    execute_everything(alone)
    found = everything(stores[0])
    assert found == everything(alone)
    assert any(lot.terms.parent and lot.terms.amount == 5 * NANO for lot in found["cleo"])  # the floor, of an empty lot
    for store in (stores[0], alone):
        verification = store.read(verify)
        assert verification.findings == []
    commands = stores[0].read(lambda session: [row[0] for row in session.rows("SELECT command FROM entry")])
    assert sorted(commands) == sorted(set(commands))
    expected = alone.read(lambda session: [row[0] for row in session.rows("SELECT command FROM entry")])
    assert sorted(commands) == sorted(expected)
    planned = [event.lot.id for history in people().values() for event in due(history, 0, UNTIL) if event.lot]
    released = [command.removeprefix("release:") for command in commands if command.startswith("release:")]
    assert sorted(released) == sorted(planned)
