"""The simulator can fail: each of these breaks the real code in one way, and some seed among a few finds it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from tests.simulation.world import Failed, run

from bursar.gateway import recovery, settlement
from bursar.gateway.dialects.contract import Reading
from bursar.gateway.relay import Exchange
from bursar.gateway.velocity import Velocity
from bursar.ledger import Answer, Command, TakeHold, expiry, loading, reading, rules, saving
from bursar.ledger.book import Book
from bursar.ledger.journal import GENESIS
from bursar.ledger.session import Session
from bursar.ledger.values import AVAILABLE, Hold, Lot
from bursar.ledger.writer import Writer, apply_batch


def finds(said: str, worlds: int = 20, **drawn: Any) -> None:
    """Some of these worlds fails, and says so, with the seed that replays it."""
    for seed in range(worlds):
        try:
            run(seed, **drawn)
        except Failed as failed:
            found = failed
            break
    else:
        pytest.fail(f"none of {worlds} worlds noticed")
    assert said in found.reason
    assert f"--seed {found.seed}" in str(found)


class _NotYet(Exception):
    pass


def test_a_writer_that_answers_before_the_commit(monkeypatch: pytest.MonkeyPatch) -> None:
    running = []

    async def transact(self: Writer, commands: list[Command]) -> list[Answer]:
        now = self._clock()
        answers: list[Answer] = []

        def look(session: Session) -> None:
            answers.extend(apply_batch(session, commands, now))
            raise _NotYet

        try:
            self._store._store.transact(look)  # type: ignore[attr-defined]
        except _NotYet:
            pass
        later = asyncio.ensure_future(self._store.transact_async(lambda session: apply_batch(session, commands, now)))
        later.add_done_callback(lambda done: done.cancelled() or done.exception())
        running.append(later)
        return answers

    monkeypatch.setattr(Writer, "_transact", transact)
    finds("is not on the ledger", lost=0.2)


def test_a_settlement_that_forgets_to_give_back(monkeypatch: pytest.MonkeyPatch) -> None:
    real = rules.consume

    def consume(book: Book, hold: Hold, amount: int, now: int) -> Any:
        postings, draws, rest = real(book, hold, amount, now)
        return [one for one in postings if one.destination not in (AVAILABLE,)], draws, rest

    monkeypatch.setattr(rules, "consume", consume)
    finds("the naive ledger says")


def test_what_comes_back_to_a_dead_lot_and_lives(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Lot, "home", lambda self, now: AVAILABLE)
    finds("the naive ledger says", 40)


def test_a_node_that_does_not_recover(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recovery, "recover", lambda store, node, now: [])
    finds("holds were left behind")


def test_a_hold_that_is_taken_again_when_it_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    real = rules.apply

    def apply(book: Book, command: Command, now: int) -> Answer:
        if isinstance(command, TakeHold):
            book.applied.pop(command.id, None)
        return real(book, command, now)

    monkeypatch.setattr(rules, "apply", apply)
    finds("", 60)


def test_a_clock_that_may_go_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "CLOCK_TOLERANCE_MICROS", 0)
    finds("time goes back")


def test_a_refusal_although_the_money_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    real = rules.hold_size

    def hold_size(worst: int, floor: int, available: int, divisor: int) -> int | None:
        return None if available < floor + 3 else real(worst, floor, available, divisor)

    monkeypatch.setattr(rules, "hold_size", hold_size)
    finds("expected Outcome(kind='applied'", 40)


def test_a_run_whose_lapsed_holds_count_against_its_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """As it was once, and how it was found."""
    real = rules._usage_of

    def usage_of(hold: Hold, amount: int, status: str, at: int) -> Any:
        usage = real(hold, amount, status, at)
        key = str((hold.note or {}).get("key", "")) or hold.terms.cap
        return type(usage)(**{**{name: getattr(usage, name) for name in usage.__struct_fields__}, "key": key})

    monkeypatch.setattr(rules, "_usage_of", usage_of)
    finds("expected Outcome", 40, runs=0.6, kill_every_seconds=10.0, on_lapse="unresolved")


def test_a_hold_that_nobody_ends_when_only_its_answer_was_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    """As it was once, and how it was found."""
    monkeypatch.setattr(Exchange, "_let_go", lambda self: None)
    finds("", 40)


def test_a_client_that_reads_nothing_and_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """As it was once, and how it was found."""
    monkeypatch.setattr(Exchange, "_drained", lambda self: self.request.drained())
    finds("in flight for ever", 40, breaks=0.5, buffer_bytes=100, slow_readers=0.8)


def test_a_reply_that_is_handed_over_before_it_is_settled(monkeypatch: pytest.MonkeyPatch) -> None:
    async def relay(self: Exchange, reply: Any, meter: Any) -> None:
        body = await self._whole_body(reply, meter) + meter.finish()
        self.request.respond(reply.status, self._reply_headers(reply), body, reply.reason)
        await self._settle(meter, reply.status)

    monkeypatch.setattr(Exchange, "_relay_whole", relay)
    finds(
        "is not on the ledger",
        cut=0.0,
        breaks=0.0,
        silent=0.0,
        late=0.0,
        vanishes=0.0,
        kill_every_seconds=0.0,
        slow=0.3,
    )


def test_a_second_expiry_under_the_id_of_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """As it was once, and how it was found: by clocks a minute apart."""
    real = expiry._forfeit

    def forfeit(book: Book, lot: Lot, amount: int, kind: str, command: str, at: int) -> None:
        real(book, lot, amount, kind, f"expire:{lot.terms.id}" if kind == "expire" else command, at)

    monkeypatch.setattr(expiry, "_forfeit", forfeit)
    finds("UNIQUE constraint", 40, skew_seconds=60.0)


def test_a_pace_that_nobody_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Velocity, "count", lambda self, person, amount, now: None)
    finds("in hour", 40, nodes=1, paced=True, overruns=0.0, kill_every_seconds=0.0, away_every_seconds=0.0, lost=0.0)


def test_a_seal_over_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(saving, "_skipped", lambda *of: GENESIS)
    finds("does not verify")


def test_a_past_that_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    real = reading.balance
    monkeypatch.setattr(reading, "_goes_beyond", lambda *of: False)
    assert real is reading.balance
    finds("answered then")


def test_a_charge_that_is_not_what_the_provider_bills(monkeypatch: pytest.MonkeyPatch) -> None:
    real = settlement.outcome_of

    def outcome_of(billing: Any, read: Reading, *rest: Any) -> Any:
        outcome = real(billing, read, *rest)
        return type(outcome)(outcome.amount + (outcome.amount > 20), outcome.usage, outcome.beside)

    monkeypatch.setattr(settlement, "outcome_of", outcome_of)
    finds("billed")
