"""What both stores must do alike: once, all or nothing, refused by the database itself where the rules are gone round."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable

import psycopg
import pytest

from bursar.ledger import (
    Abandon,
    Applied,
    Charge,
    Command,
    Correct,
    LotTerms,
    Refused,
    Rejected,
    Release,
    Request,
    Revoke,
    Scope,
    Settle,
    Store,
    StoreUnavailable,
    TakeHold,
    Tidy,
    Usage,
    Void,
    apply_now,
    reading,
    recover,
    sweep,
)
from bursar.ledger.loading import CLOCK_TOLERANCE_MICROS
from bursar.ledger.postgres import PostgresStore
from bursar.ledger.separation import ORGANISATION, options
from bursar.ledger.session import Session
from bursar.ledger.verify import verify
from bursar.ledger.writer import apply_batch

P = "per_1"
BROKEN = (sqlite3.IntegrityError, sqlite3.OperationalError, psycopg.Error)


def give(store: Store, name: str, amount: int, at: int = 1, person: str = P, **terms: object) -> None:
    lot = LotTerms(name, "USD", amount, 0, **terms)  # type: ignore[arg-type]
    (answer,) = apply_now(store, [Release(f"release:{name}", person, lot)], at)
    assert isinstance(answer, Applied)


def hold(name: str, amount: int, person: str = P, expires: int = 10**6, **fields: object) -> TakeHold:
    return TakeHold(name, person, "USD", amount, amount, expires, **fields)  # type: ignore[arg-type]


def one(store: Store, command: Command, at: int) -> object:
    (answer,) = apply_now(store, [command], at)
    return answer


def dump(session: Session) -> list[object]:
    tables = ("account", "lot", "hold", "cap", "entry", "posting", "charge", "usage_day", "seal", "head")
    return [session.rows(f"SELECT * FROM {table} ORDER BY 1, 2") for table in tables]


@pytest.fixture
def full(store: Store) -> Store:
    """A ledger with at least one row in every table."""
    give(store, "lot", 1_000)
    give(store, "short", 50, expires=40)
    apply_now(
        store,
        [
            hold("h1", 100, request=Request("openai", "gpt", "work"), cap="key", cap_limit=500, note={"agent": "a"}),
            hold("h2", 100, on_lapse="released"),
            hold("h3", 10, expires=30),
            Settle("s1", P, "h1", 60, Usage(provider="openai", model="gpt", tokens={"input": 5}, list_nanos=60, at=7)),
            Void("v2", P, "h2", "cut"),
            Charge("c1", P, "USD", 30, usage=Usage(provider="openai", model="gpt", list_nanos=30, at=7)),
            Correct("x1", P, "c1", 10),
        ],
        10,
    )
    apply_now(store, [hold("h4", 20, node="gw/1"), Revoke("r1", P, "lot")], 50)
    return store


# Once.


@pytest.mark.parametrize(
    "command",
    [
        Release(
            "n1", P, LotTerms("new", "USD", 5, 0, 900, 10, True, Scope(models=("a*",)), "grant", "", "label"), "note"
        ),
        hold("n2", 5),
        hold("n3", 0),
        Settle("n4", P, "h4", 5),
        Settle("n5", P, "h4", 500),
        Void("n6", P, "h4"),
        Abandon("n7", P, "h4"),
        Charge("n8", P, "USD", 5),
        Charge("n9", P, "USD", 0),
        Correct("n10", P, "c1", 3),
        Correct("n11", P, "s1", 900),
        Correct("n12", P, "lapse:h3", 0),
        Revoke("n13", P, "fresh"),
        Revoke("n14", P, "held"),
    ],
    ids=lambda command: f"{type(command).__name__} {command.id}",
)
def test_a_command_sent_again_has_its_first_answer_and_changes_nothing(full: Store, command: Command) -> None:
    give(full, "fresh", 100, at=51)
    give(full, "held", 10, at=51, priority=0)
    apply_now(full, [hold("all of it", 10)], 51)
    first = one(full, command, 60)
    assert isinstance(first, Applied)
    before = full.read(dump)
    again = one(full, command, 70)
    assert isinstance(again, Applied)
    assert again.replayed
    assert (again.kind, again.amount, again.draws, again.overage) == (
        first.kind,
        first.amount,
        first.draws,
        first.overage,
    )
    assert full.read(dump) == before


def test_the_same_id_with_other_content_is_a_conflict_whoever_sends_it(full: Store) -> None:
    for command in (Charge("c1", P, "USD", 31), Charge("c1", "per_2", "USD", 30), Void("s1", P, "h1")):
        answer = one(full, command, 60)
        assert isinstance(answer, Rejected)
        assert answer.reason == "conflict"


def test_two_people_in_one_batch_cannot_use_one_id(store: Store) -> None:
    answers = apply_now(store, [Charge("c", "per_a", "USD", 1), Charge("c", "per_b", "USD", 1)], 1)
    assert [type(answer) for answer in answers] == [Applied, Rejected]
    lots = [Release(f"r{person}", person, LotTerms("lot", "USD", 5, 0)) for person in ("per_a", "per_b")]
    assert [type(answer) for answer in apply_now(store, lots, 1)] == [Applied, Rejected]


def test_the_same_command_from_four_connections_at_once_is_applied_once(
    database_url: str, open_ledger: Callable[[str], Store]
) -> None:
    stores = [open_ledger(database_url) for _ in range(4)]
    give(stores[0], "lot", 1_000)
    answers = at_once(stores, lambda store, _: one(store, hold("h", 10), 5))
    assert sorted(isinstance(answer, Applied) and answer.replayed for answer in answers) == [False, True, True, True]
    assert stores[0].read(lambda session: session.rows("SELECT held FROM lot")) == [(10,)]


def test_four_connections_with_one_id_for_four_people_apply_it_for_one(
    database_url: str, open_ledger: Callable[[str], Store]
) -> None:
    stores = [open_ledger(database_url) for _ in range(4)]
    answers = at_once(stores, lambda store, number: one(store, Charge("c", f"per_{number}", "USD", 5), 5))
    assert sorted(type(answer).__name__ for answer in answers) == ["Applied", "Rejected", "Rejected", "Rejected"]


def at_once(stores: list[Store], work: Callable[[Store, int], object]) -> list[object]:
    answers: list[object] = [None] * len(stores)
    gate = threading.Barrier(len(stores))

    def run(number: int) -> None:
        gate.wait()
        answers[number] = work(stores[number], number)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(stores))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


# All or nothing.


def test_a_failure_in_the_middle_of_a_batch_leaves_nothing(full: Store) -> None:
    before = full.read(dump)

    def work(session: Session) -> None:
        apply_batch(
            session,
            [Charge("half", P, "USD", 5), hold("half hold", 5), Release("q", "per_9", LotTerms("q", "USD", 1, 0))],
            60,
        )
        raise RuntimeError("the power is gone")

    with pytest.raises(RuntimeError, match="the power is gone"):
        full.transact(work)
    assert full.read(dump) == before
    assert isinstance(one(full, Charge("half", P, "USD", 5), 60), Applied)


def test_what_is_read_is_one_moment(database_url: str, open_ledger: Callable[[str], Store]) -> None:
    reader, writer = open_ledger(database_url), open_ledger(database_url)
    give(writer, "lot", 100)

    def twice(session: Session) -> tuple[object, object]:
        before = session.rows("SELECT available FROM lot")
        apply_now(writer, [Charge("c", P, "USD", 40)], 5)
        return before, session.rows("SELECT available FROM lot")

    assert reader.read(twice) == ([(100,)], [(100,)])


def test_a_read_cannot_write(full: Store) -> None:
    before = full.read(dump)
    with pytest.raises((*BROKEN, StoreUnavailable)):
        full.read(lambda session: session.run("UPDATE lot SET held = 0"))
    assert full.read(dump) == before


# The database itself refuses.


@pytest.mark.parametrize("table", ["entry", "posting", "charge", "seal"])
@pytest.mark.parametrize("verb", ["UPDATE", "DELETE"])
def test_the_journal_is_append_only(full: Store, table: str, verb: str) -> None:
    statement = f"DELETE FROM {table}" if verb == "DELETE" else f"UPDATE {table} SET {first_column(table)} = 99999"
    with pytest.raises(BROKEN, match=r"append-only|permission denied"):
        full.transact(lambda session: session.run(statement))
    if isinstance(full, PostgresStore):  # the owner is allowed to try
        with psycopg.connect(full.url) as owner, pytest.raises(BROKEN, match="append-only"):
            owner.execute(statement.encode())


def first_column(table: str) -> str:
    return "batch" if table == "seal" else "seq"


@pytest.mark.parametrize(
    ("statement", "why"),
    [
        ("UPDATE hold SET state = 'open' WHERE id = 'h1'", "exactly once"),
        ("UPDATE hold SET state = 'voided' WHERE id = 'h1'", "exactly once"),
        ("DELETE FROM hold", "kept"),
        ("DELETE FROM lot", "kept"),
        ("UPDATE lot SET expires = expires + 1", "terms"),
        ("UPDATE lot SET amount = 2000, available = available + 1000 WHERE id = 'lot'", "terms"),
        ("UPDATE lot SET available = -1", ""),
        ("UPDATE lot SET available = available + 1", ""),
        ("UPDATE lot SET held = held - 1, spent = spent + 2 WHERE id = 'lot'", ""),
        ("UPDATE cap SET held = -1", ""),
        ("UPDATE cap SET spent = -1", ""),
        ("UPDATE head SET id = 2", ""),
        ("INSERT INTO head (id, batch, seq, recorded, hash) VALUES (2, 0, 0, 0, '')", ""),
        ("INSERT INTO posting (seq, line, lot, source, destination, amount) VALUES (1, 9, 'lot', 1, 2, 0)", ""),
        ("INSERT INTO posting (seq, line, lot, source, destination, amount) VALUES (1, 9, 'lot', 1, 1, 5)", ""),
        ("INSERT INTO posting (seq, line, lot, source, destination, amount) VALUES (1, 9, '', 1, 2, 5)", ""),
        ("INSERT INTO posting (seq, line, lot, source, destination, amount) VALUES (1, 9, 'lot', 7, 3, 5)", ""),
        ("INSERT INTO posting (seq, line, lot, source, destination, amount) VALUES (1, 9, 'lot', 1, 8, 5)", ""),
        ("INSERT INTO posting (seq, line, lot, source, destination, amount) VALUES (999, 0, 'lot', 1, 2, 5)", ""),
        ("UPDATE lot SET available = 'much'", ""),
    ],
)
def test_the_database_refuses_what_the_rules_would_never_do(full: Store, statement: str, why: str) -> None:
    before = full.read(dump)
    with pytest.raises(BROKEN, match=f"{why}|permission denied" if why else "."):
        full.transact(lambda session: session.run(statement))
    if isinstance(full, PostgresStore):
        with (
            psycopg.connect(full.url, options=options(ORGANISATION, role="")) as owner,
            pytest.raises(BROKEN, match=why or "."),
        ):
            owner.execute(statement.encode())
    assert full.read(dump) == before


@pytest.mark.parametrize(
    "changes",
    [
        {"amount": 0, "available": 0},
        {"amount": 2**62, "available": 2**62},
        {"expires": 0},
        {"priority": 101},
        {"promotional": 2},
        {"person": "'nobody'"},
        {"id": "''"},
        {"amount": 11},
    ],
)
def test_the_database_refuses_a_lot_that_makes_no_sense(full: Store, changes: dict[str, object]) -> None:
    row: dict[str, object] = {
        "id": "'new'", "person": f"'{P}'", "unit": "'USD'", "amount": 10, "effective": 1, "expires": 9, "priority": 50,
        "promotional": 0, "scope": "'{}'", "grant_id": "''", "parent": "''", "label": "''", "revoked_at": 0,
        "available": 10, "held": 0, "spent": 0, "expired": 0, "revoked": 0, "rolled": 0,
    }  # fmt: skip
    good = f"INSERT INTO lot ({', '.join(row)}) VALUES ({', '.join(str(value) for value in row.values())})"
    row |= changes
    bad = f"INSERT INTO lot ({', '.join(row)}) VALUES ({', '.join(str(value) for value in row.values())})"
    with pytest.raises(BROKEN):
        full.transact(lambda session: session.run(bad))
    full.transact(lambda session: session.run(good))


# Two times.


def test_time_does_not_go_back_for_a_person_when_a_clock_lags_a_little(store: Store) -> None:
    at = 10**9
    give(store, "lot", 100, at=at)
    apply_now(store, [Charge("c1", P, "USD", 10)], at - CLOCK_TOLERANCE_MICROS)
    apply_now(store, [Charge("c2", "per_2", "USD", 10)], at - 5)
    effective = store.read(lambda session: session.rows("SELECT command, effective FROM entry ORDER BY seq"))
    assert effective == [("release:lot", at), ("c1", at), ("c2", at - 5)]


def test_a_clock_that_was_far_ahead_does_not_hold_the_others_up(store: Store) -> None:
    at = 10**9
    give(store, "lot", 100, at=at + CLOCK_TOLERANCE_MICROS + 1)
    assert isinstance(one(store, hold("h", 10, expires=at + 60), at), Applied)
    assert store.read(verify).findings == []


def test_the_journal_says_when_it_was_recorded_and_never_goes_back(store: Store) -> None:
    for number, at in enumerate((100, 90, 200)):
        apply_now(store, [Charge(f"c{number}", f"per_{number}", "USD", 1)], at)
    recorded = store.read(lambda session: session.rows("SELECT recorded FROM entry ORDER BY seq"))
    assert recorded == [(100,), (100,), (200,)]


# Upkeep.


def test_a_refusal_counts_lots_of_which_nothing_is_left_however_the_commands_fell_into_batches(store: Store) -> None:
    give(store, "used up", 70)
    give(store, "expired", 70, expires=4)
    together = apply_now(store, [Charge("c", P, "USD", 140), hold("h", 5)], 5)[1]
    alone = one(store, hold("h2", 5), 6)
    assert isinstance(together, Refused)
    assert isinstance(alone, Refused)
    assert (together.spent, together.limit) == (alone.spent, alone.limit) == (70, 70)


def test_a_charge_can_be_corrected_in_the_batch_that_makes_it(store: Store) -> None:
    give(store, "lot", 100)
    answers = apply_now(
        store, [Charge("c", P, "USD", 40), Correct("x", P, "c", 10), Correct("y", P, "c", 15), hold("h", 85)], 5
    )
    assert all(isinstance(answer, Applied) for answer in answers)
    assert store.read(verify).findings == []


def test_a_limit_that_a_key_is_given_later_counts_what_came_through_it_before(store: Store) -> None:
    give(store, "lot", 100)
    apply_now(store, [Charge("c", P, "USD", 40, usage=Usage(key="k", at=1))], 5)
    answer = one(store, hold("h", 20, cap="k", cap_limit=50), 6)
    assert isinstance(answer, Refused)
    assert (answer.cap, answer.spent, answer.available) == ("k", 40, 10)
    assert store.read(verify).findings == []


def test_recovery_ends_the_holds_of_a_nodes_earlier_generations_only(store: Store) -> None:
    give(store, "lot", 1_000)
    nodes = ("gw_1", "gw_1/1", "gw_1/2", "gw_1/3", "gwx1/1", "gw_1x/1", "other/1")
    apply_now(store, [hold(f"h {node}", 10, node=node) for node in nodes], 5)
    answers = recover(store, "gw_1/3", 9)
    assert sorted(answer.command for answer in answers) == ["abandon:h gw_1", "abandon:h gw_1/1", "abandon:h gw_1/2"]
    left = [found.node for _, found in store.read(lambda session: session.open_holds())]
    assert sorted(left) == ["gw_1/3", "gw_1x/1", "gwx1/1", "other/1"]
    assert recover(store, "gw_1/3", 9) == []
    assert store.read(verify).findings == []


def test_recovery_takes_as_many_transactions_as_it_needs(store: Store) -> None:
    give(store, "lot", 10_000)
    for start in range(0, 600, 200):
        apply_now(store, [hold(f"h{n}", 1, node="gw/1") for n in range(start, start + 200)], 5)
    answers = recover(store, "gw/2", 9)
    assert len(answers) == 600
    assert all(isinstance(answer, Applied) for answer in answers)


def test_a_sweep_records_what_is_due_for_everyone_and_changes_no_balance(store: Store) -> None:
    for number in range(5):
        give(store, f"lot{number}", 100, person=f"per_{number}", expires=50)
    apply_now(store, [hold("h", 30, person="per_0", expires=20), hold("k", 30, person="per_1", expires=90)], 5)

    def balances(session: Session) -> list[object]:
        return [reading.balance(session, f"per_{number}", 60) for number in range(5)]

    before = store.read(balances)
    assert sweep(store, 60) == 5
    assert store.read(balances) == before
    assert sweep(store, 60) == 0
    assert store.read(lambda session: session.rows("SELECT SUM(expired) FROM lot"))[0][0] == 70 + 70 + 300
    assert store.read(verify).findings == []


@pytest.mark.parametrize("sweeps", [(), (10,), (10, 20, 30), (50,)])
def test_the_result_does_not_depend_on_when_a_sweep_ran(store: Store, sweeps: tuple[int, ...]) -> None:
    give(store, "lot", 100, expires=10)
    apply_now(store, [hold("h", 60), hold("gone", 15, expires=20)], 9)
    pending = list(sweeps)

    def tidy(until: int) -> None:
        while pending and pending[0] <= until:
            sweep(store, pending.pop(0))

    tidy(10)
    assert isinstance(one(store, Settle("s", P, "h", 50), 11), Applied)
    tidy(40)
    late = one(store, Settle("late", P, "gone", 5), 41)
    assert isinstance(late, Rejected)
    apply_now(store, [Correct("fix", P, late.charge, 5)], 42)
    tidy(99)
    (found,) = store.read(lambda session: reading.balance(session, P, 100))
    assert (found.spent, found.expired, found.available, found.held) == (55, 45, 0, 0)
    assert store.read(verify).findings == []


def test_a_tidy_of_nobody_leaves_no_trace(store: Store) -> None:
    apply_now(store, [Tidy("t", P)], 5)
    assert store.read(lambda session: session.head().batch) == 0
