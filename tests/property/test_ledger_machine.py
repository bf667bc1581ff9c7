"""The eight invariants, as a random machine: the real rules and stores against one naive model.

A seeded stream of commands runs for several people over a moving clock; after every batch each balance, hold and refusal
must be the model's. The default profile makes 20,000 operations on each engine, the nightly one 1,000,000.
"""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.support.model import Model, ModelLot
from tests.support.profile import size

from bursar.ledger import (
    Applied,
    Charge,
    LotTerms,
    Refused,
    Rejected,
    Release,
    Request,
    Revoke,
    Scope,
    Settle,
    Store,
    TakeHold,
    Tidy,
    Usage,
    Void,
    reading,
)
from bursar.ledger.book import Book
from bursar.ledger.rules import apply
from bursar.ledger.session import Session
from bursar.ledger.verify import verify
from bursar.ledger.writer import apply_batch

OPERATIONS = size(20_000, 1_000_000)
BATCH = 50
PEOPLE = ("per_a", "per_b", "per_c")
MODELS = ("gpt", "claude")


class Stream:
    """Commands with the model's expected outcome, drawn from one seed."""

    def __init__(self, seed: int, sweeps: str = "sometimes") -> None:
        self.chance = random.Random(seed)
        self.now = 1_000_000
        self.models = {person: Model() for person in PEOPLE}
        self.count = 0
        self.open: dict[str, list[str]] = {person: [] for person in PEOPLE}
        self.sweeps = sweeps

    def tick(self) -> None:
        self.now += self.chance.choice((0, 1, 3, 40, 400))

    def next(self) -> tuple[object, Callable[[object], None]]:
        """A command, and a check of its answer."""
        chance = self.chance
        person = chance.choice(PEOPLE)
        model = self.models[person]
        model.happen(self.now)
        self.open[person] = [name for name in self.open[person] if name in model.holds]
        self.count += 1
        name = f"c{self.count:08}"
        live = [lot for lot in model.lots.values() if not lot.dead(self.now)]
        kinds = ["hold", "hold", "hold", "settle", "settle", "settle", "void", "charge", "tidy"]
        if len(live) < 4:
            kinds += ["release"] * 3
        if len(live) > 2:
            kinds.append("revoke")
        return getattr(self, f"_{chance.choice(kinds)}")(person, model, name)

    def _release(self, person: str, model: Model, name: str):
        chance = self.chance
        lot = ModelLot(
            f"lot{name}",
            chance.randint(1, 2_000),
            self.now + chance.choice((0, 0, 0, 100)),
            self.now + chance.choice((150, 1_000, 5_000, 10**9)),
            chance.choice((10, 50, 50, 90)),
            chance.choice(("", "", "", *MODELS)),
            chance.random() < 0.2,
        )
        model.release(lot)
        terms = LotTerms(
            lot.name,
            "USD",
            lot.amount,
            lot.opens,
            lot.expires,
            lot.priority,
            lot.promotional,
            Scope(models=(lot.only,)) if lot.only else Scope(),
        )
        return Release(name, person, terms), lambda answer: expect(isinstance(answer, Applied), answer)

    def _hold(self, person: str, model: Model, name: str):
        chance = self.chance
        floor = chance.randint(0, 120)
        worst = floor + chance.choice((0, 0, 50, 3_000))
        share = chance.choice((1, 2, 8))
        which = chance.choice(MODELS)
        expires = self.now + chance.choice((30, 300, 10_000))
        released = chance.random() < 0.5
        free = model.available(which, self.now)
        size_held = model.hold(name, worst, floor, share, which, self.now, expires, released)
        command = TakeHold(
            name,
            person,
            "USD",
            worst,
            floor,
            expires,
            Request("p", which, "work"),
            share,
            "released" if released else "unresolved",
        )
        if size_held is None:

            def refused(answer: object) -> None:
                expect(isinstance(answer, Refused), answer)
                expect(answer.available == free, answer)  # type: ignore[attr-defined]

            return command, refused
        self.open[person].append(name)
        return command, lambda answer: expect(isinstance(answer, Applied) and answer.amount == size_held, answer)

    def _settle(self, person: str, model: Model, name: str):
        chance = self.chance
        if not self.open[person]:
            return self._charge(person, model, name)
        hold = chance.choice(self.open[person])
        held = sum(amount for _, amount in model.holds[hold].draws)
        amount = chance.choice((0, held, held // 2, chance.randint(0, max(1, held)), held + chance.randint(0, 50)))
        overage = model.settle(hold, amount, self.now)
        usage = Usage(provider="p", model="gpt", list_nanos=amount, at=self.now)
        return Settle(name, person, hold, amount, usage), lambda answer: expect(
            isinstance(answer, Applied) and answer.overage == overage, answer
        )

    def _void(self, person: str, model: Model, name: str):
        hold = self.chance.choice(self.open[person]) if self.open[person] and self.chance.random() < 0.8 else "nothing"
        there = model.void(hold, self.now)
        return Void(name, person, hold), lambda answer: expect(
            isinstance(answer, Applied if there else Rejected), answer
        )

    def _charge(self, person: str, model: Model, name: str):
        which, amount = self.chance.choice(MODELS), self.chance.randint(0, 80)
        overage = model.spend(amount, which, self.now)
        command = Charge(name, person, "USD", amount, Request("p", which, "work"), Usage(model=which, at=self.now))
        return command, lambda answer: expect(isinstance(answer, Applied) and answer.overage == overage, answer)

    def _revoke(self, person: str, model: Model, name: str):
        lot = self.chance.choice([lot for lot in model.lots.values() if not lot.dead(self.now)])
        model.revoke(lot.name)
        return Revoke(name, person, lot.name), lambda answer: expect(isinstance(answer, Applied), answer)

    def _tidy(self, person: str, model: Model, name: str):
        return Tidy(name, person), lambda answer: expect(isinstance(answer, Applied), answer)


def expect(holds: bool, answer: object) -> None:
    assert holds, answer


def expect_equal(model: Model, balances: list[reading.LotBalance]) -> None:
    """Every lot is where the model has it, and adds up."""
    for lot in balances:
        mine = model.lots[lot.terms.id]
        assert (lot.available, lot.held, lot.spent) == (mine.free, mine.held, mine.spent), lot
        assert lot.expired + lot.revoked + lot.rolled == mine.gone
        assert lot.terms.amount == lot.available + lot.held + lot.spent + lot.expired + lot.revoked + lot.rolled


def books_equal(model: Model, book: Book) -> None:
    for name, mine in model.lots.items():
        lot = book.lots[name]
        assert (lot.available, lot.held, lot.spent) == (mine.free, mine.held, mine.spent)


@settings(
    max_examples=size(60, 2_000), deadline=None, suppress_health_check=list(HealthCheck), phases=(Phase.generate,)
)
@given(st.integers(0, 2**32))
def test_the_rules_agree_with_the_naive_model_after_every_command(seed: int) -> None:
    stream = Stream(seed)
    books = {person: Book(person) for person in PEOPLE}
    for _ in range(size(120, 500)):
        stream.tick()
        command, check = stream.next()
        check(apply(books[command.person], command, stream.now))  # type: ignore[attr-defined, arg-type]
        books_equal(stream.models[command.person], books[command.person])  # type: ignore[attr-defined]


def test_each_store_agrees_with_the_naive_model_over_a_long_run(store: Store) -> None:
    stream = Stream(20261120)
    remembered: list[tuple[str, int, int, object]] = []
    for number in range(OPERATIONS // BATCH):
        stream.tick()
        drawn = [stream.next() for _ in range(BATCH)]
        commands = [command for command, _ in drawn]
        answers = store.transact(lambda session, commands=commands: apply_batch(session, commands, stream.now))
        for (_, check), answer in zip(drawn, answers, strict=True):
            check(answer)
        if number % (OPERATIONS // BATCH // 20 or 1) == 0:
            for person in PEOPLE:
                _compare(store, stream, person)
                seq = store.read(lambda session: session.rows("SELECT seq FROM head")[0][0])
                shown = store.read(
                    lambda session, person=person, seq=seq: reading.balance(session, person, stream.now, seq)
                )
                remembered.append((person, stream.now, seq, _figures(shown)))
    for person, at, seq, shown in remembered:  # an answer for (at, seq) never changes
        again = store.read(lambda session, person=person, at=at, seq=seq: reading.balance(session, person, at, seq))
        assert _figures(again) == shown
    verification = store.read(verify)
    assert verification.findings == []
    assert verification.entries > OPERATIONS // 3
    overage = sum(model.overage for model in stream.models.values())
    assert store.read(lambda session: reading.exposure(session)).overage == overage


def _compare(store: Store, stream: Stream, person: str) -> None:
    model = stream.models[person]
    model.happen(stream.now)
    balances = store.read(lambda session: reading.balance(session, person, stream.now))
    expect_equal(model, balances)
    assert len(balances) == len(model.lots)


def _figures(balances: list[reading.LotBalance]) -> list[tuple[object, ...]]:
    return [(lot.terms.id, lot.available, lot.held, lot.spent, lot.expired, lot.revoked) for lot in balances]


@pytest.mark.parametrize("sweep", ["never", "early", "late"])
def test_the_result_does_not_depend_on_when_the_sweep_runs(store: Store, sweep: str) -> None:
    """The same commands with a sweep before, after or never give the same balances."""

    def run(session: Session) -> object:
        lot = LotTerms("lot", "USD", 100, 0, 10)
        apply_batch(session, [Release("r", "per_a", lot), TakeHold("h", "per_a", "USD", 60, 60, 30)], 9)
        if sweep == "early":
            apply_batch(session, [Tidy("t1", "per_a")], 10)
        answers = apply_batch(session, [Settle("s", "per_a", "h", 50)], 11)
        if sweep == "late":
            apply_batch(session, [Tidy("t2", "per_a")], 50)
        assert isinstance(answers[0], Applied)
        return _figures(reading.balance(session, "per_a", 60))

    assert store.transact(run) == [("lot", 0, 0, 50, 50, 0)]


def test_one_long_run_and_the_same_run_in_pieces_are_alike(store: Store) -> None:
    def play(people_prefix: str, pieces: int) -> list[object]:
        stream = Stream(7)
        commands = []
        for _ in range(600):
            stream.tick()
            commands.append((stream.now, stream.next()[0]))
        renamed = [(at, _renamed(command, people_prefix)) for at, command in commands]
        for start in range(0, len(renamed), pieces):
            part = renamed[start : start + pieces]
            store.transact(lambda session, part=part: [apply_batch(session, [one], at)[0] for at, one in part])
        end = renamed[-1][0]
        return [
            [
                row[1:]
                for row in _figures(
                    store.read(lambda session, person=person: reading.balance(session, people_prefix + person, end))
                )
            ]
            for person in PEOPLE
        ]

    assert play("one", 600) == play("two", 7)


def _renamed(command: object, prefix: str) -> object:
    import msgspec

    changed: dict[str, object] = {"id": prefix + command.id, "person": prefix + command.person}  # type: ignore[attr-defined]
    if isinstance(command, Release):
        changed["lot"] = msgspec.structs.replace(command.lot, id=prefix + command.lot.id)
    if isinstance(command, Revoke):
        changed["lot"] = prefix + command.lot
    if isinstance(command, Settle | Void):
        changed["hold"] = prefix + command.hold
    return msgspec.structs.replace(command, **changed)  # type: ignore[type-var]
