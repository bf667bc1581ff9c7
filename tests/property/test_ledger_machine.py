"""The invariants of the ledger as machines: the rules alone, and whole stores on both engines, beside a naive model.

Hypothesis draws commands of every kind over a clock that likes to stop exactly where something falls due; after each
step every answer and every bucket must be the model's. The default profile makes more than 20,000 operations on the
rules and on each engine, the nightly one 1,000,000.
"""

from __future__ import annotations

import itertools
from functools import partial
from random import Random

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from tests.simulation.naive import Outcome
from tests.simulation.traffic import KEYS, KINDS, Traffic, buckets, check
from tests.support.profile import size

from bursar.ledger import Answer, Applied, Command, Store, Tidy, reading
from bursar.ledger.book import Book
from bursar.ledger.rules import apply
from bursar.ledger.session import Session
from bursar.ledger.values import Cap
from bursar.ledger.verify import verify
from bursar.ledger.writer import apply_batch

OPERATIONS = size(20_000, 1_000_000)
BURST = 40
STEPS = 30
_examples = itertools.count()


class LedgerMachine(RuleBasedStateMachine):
    """Commands for three people, held against the naive model. Subclasses say where the commands go."""

    operations = 0
    restless = 0.3
    """How likely time passes after a command of a burst; what lies between is one batch."""

    def __init__(self) -> None:
        super().__init__()
        self.traffic = Traffic(f"e{next(_examples)}-")
        self.waiting: list[tuple[Command, Outcome]] = []

    def submit(self, commands: list[Command], now: int) -> list[Answer]:
        raise NotImplementedError

    def compare(self) -> None:
        raise NotImplementedError

    @rule(chance=st.randoms(use_true_random=False), kind=st.sampled_from(KINDS))
    def one_command(self, chance: Random, kind: str) -> None:
        self.waiting.append(self.traffic.next(chance, kind))

    @rule(seed=st.integers(0, 2**32))
    def a_burst_of_commands(self, seed: int) -> None:
        chance = Random(seed)
        for _ in range(BURST):
            self.waiting.append(self.traffic.next(chance))
            if chance.random() < self.restless:
                self.flush()
                self.traffic.advance(chance)

    @rule(chance=st.randoms(use_true_random=False))
    def time_passes(self, chance: Random) -> None:
        self.flush()
        self.traffic.advance(chance)

    @rule(person=st.integers(0, 2))
    def a_sweep(self, person: int) -> None:
        self.flush()
        self.traffic.count += 1
        command = Tidy(f"{self.traffic.prefix}sweep{self.traffic.count}", self.traffic.players[person].name)
        self.submit([command], self.traffic.now)

    @invariant()
    def the_ledger_is_the_model(self) -> None:
        if len(self.waiting) >= BURST:
            self.flush()
            self.compare()

    def flush(self) -> None:
        """Everything that waits goes in as one batch; each answer must be the model's."""
        batch, self.waiting = self.waiting, []
        if batch:
            answers = self.submit([command for command, _ in batch], self.traffic.now)
            for (command, outcome), answer in zip(batch, answers, strict=True):
                check(command, answer, outcome)
            type(self).operations += len(batch)

    def teardown(self) -> None:
        self.flush()
        self.compare()


class RulesMachine(LedgerMachine):
    """The pure rules on books in memory, which live as long as the machine."""

    def __init__(self) -> None:
        super().__init__()
        applied: dict[str, tuple[str, Applied]] = {}
        self.books = {
            player.name: Book(player.name, caps=[Cap(key, "USD", 0) for key in KEYS if key], applied=applied)
            for player in self.traffic.players
        }

    def submit(self, commands: list[Command], now: int) -> list[Answer]:
        for command in commands:
            book = self.books.setdefault(command.person, Book(command.person, applied=self.books[self.someone].applied))
            named = getattr(command, "of", None)
            if named is not None:
                _know_charge(book, named)
        return [apply(self.books[command.person], command, now) for command in commands]

    @property
    def someone(self) -> str:
        return self.traffic.players[0].name

    def compare(self) -> None:
        for player in self.traffic.players:
            player.model.happen(self.traffic.now)
            self.submit([Tidy("now", player.name)], self.traffic.now)
            book = self.books[player.name]
            found = {
                name: (lot.available, lot.held, lot.spent, lot.expired, lot.revoked, lot.rolled)
                for name, lot in book.lots.items()
            }
            assert found == player.model.balances()


def _know_charge(book: Book, named: str) -> None:
    """What a store loads for a correction: the charge and its corrections so far."""
    if named not in book.charges:
        book.charges[named] = [
            entry for entry in book.entries if entry.usage and (entry.corrects or entry.command) == named
        ]


def test_the_rules_agree_with_the_naive_model() -> None:
    _run(RulesMachine)


def _run(machine: type[LedgerMachine], operations: int = OPERATIONS) -> None:
    """Examples, drawn anew each time, until the operations that the profile asks for have been made."""
    machine.operations = 0
    while machine.operations < operations:
        profile = settings(
            max_examples=(operations - machine.operations) * 5 // (STEPS * BURST) + 1,
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            database=None,
        )
        run_state_machine_as_test(machine, settings=profile)  # type: ignore[no-untyped-call]


def test_each_store_agrees_with_the_naive_model(store: Store) -> None:
    class StoreMachine(LedgerMachine):
        """Batches through a real database; what was shown once is asked again at the end."""

        restless = 0.06

        def __init__(self) -> None:
            super().__init__()
            self.shown: list[tuple[str, int, int, list[reading.LotBalance]]] = []

        def submit(self, commands: list[Command], now: int) -> list[Answer]:
            return store.transact(lambda session: apply_batch(session, commands, now))

        def compare(self) -> None:
            now = self.traffic.now
            for player in self.traffic.players:
                player.model.happen(now)
                found, seq = store.read(partial(_shown, person=player.name, at=now))
                assert buckets(found) == player.model.balances()
                self.shown.append((player.name, now, seq, found))

        def teardown(self) -> None:
            super().teardown()
            for name, at, seq, found in self.shown[-12:]:
                assert store.read(partial(_shown, person=name, at=at, as_of_seq=seq))[0] == found

    _run(StoreMachine)
    verification = store.read(verify)
    assert verification.findings == []
    assert verification.entries > OPERATIONS // 3


def _shown(
    session: Session, *, person: str, at: int, as_of_seq: int | None = None
) -> tuple[list[reading.LotBalance], int]:
    return reading.balance(session, person, at, as_of_seq), session.head().seq
