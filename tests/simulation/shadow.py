"""The naive ledger, following every commit: what the rules answered, and what the database holds, against what it says.

Looked at after each commit, for everybody whom it touched: each answer (so no refusal is false and none is missing), each
lot's buckets, each open hold, and that nobody's time goes back.
"""

from __future__ import annotations

from random import Random

import msgspec
from tests.simulation.database import Applied as Seen
from tests.simulation.naive import FREE, Naive, NaiveLot, NaiveRoll, Outcome
from tests.simulation.traffic import check

from bursar.ledger import (
    Abandon,
    Applied,
    Charge,
    Command,
    Correct,
    Reduce,
    Refused,
    Rejected,
    Release,
    Revoke,
    Roll,
    Settle,
    Store,
    TakeHold,
    Tidy,
    Void,
    reading,
)
from bursar.ledger.reading import LotBalance
from bursar.ledger.session import Session

REMEMBERED = 8
"""Answers about balances that are asked for again at the end."""


class Shadow:
    """Everybody's naive book, and what was answered when."""

    def __init__(self, store: Store, chance: Random, *, clocks_agree: bool) -> None:
        self._store, self._chance, self._clocks_agree = store, chance, clocks_agree
        self.models: dict[str, Naive] = {}
        self.first: dict[str, tuple[bytes, Outcome, Command]] = {}
        """What was applied, by command id: what was asked, and what came of it."""
        self._latest: dict[str, int] = {}
        self.remembered: list[tuple[str, int, int, list[LotBalance]]] = []
        self.too_late: set[str] = set()
        """Holds that were to be ended after they had ended by themselves."""
        self.refused = 0
        self.replayed = 0
        self.commits = 0

    def committed(self, applied: list[Seen]) -> None:
        """Take in what one transaction did. Raises AssertionError."""
        if not applied:
            return
        self.commits += 1
        for command, answer, now in applied:
            self._one(command, answer, now)
        touched = sorted({command.person for command, _, _ in applied})
        self._store.read(lambda session: self._compare(session, touched))
        if self._clocks_agree and self._chance.random() < 0.06 and len(self.remembered) < REMEMBERED:
            self._store.read(lambda session: self._remember(session, touched[0], applied[-1][2]))

    def _one(self, command: Command, answer: Applied | Refused | Rejected, now: int) -> None:
        person, content = command.person, msgspec.json.encode(command)
        model = self.models.setdefault(person, Naive())
        before = self.first.get(command.id)
        if before is not None:
            self.replayed += 1
            if before[0] != content:
                check(command, answer, Outcome("rejected", reason="conflict"))
                return
            outcome = before[1]
            check(command, answer, Outcome("replayed", outcome.amount, outcome.overage, outcome.draws))
            return
        assert not (isinstance(answer, Rejected) and answer.reason == "invalid"), f"{command} -> {answer}"
        model.happen(now)
        outcome = _decided(model, command, now)
        check(command, answer, outcome)
        self.refused += isinstance(answer, Refused)
        if isinstance(command, Settle | Void) and isinstance(answer, Rejected):
            self.too_late.add(command.hold)
        if isinstance(answer, Applied) and not isinstance(command, Tidy | Roll):
            latest = self._latest.get(person, 0)
            assert now >= latest or not self._clocks_agree, f"time goes back for {person} by {latest - now}: {command}"
            self._latest[person] = max(now, latest)
            self.first[command.id] = (content, outcome, command)

    def _compare(self, session: Session, people: list[str]) -> None:
        """What the database holds of these people is what the model says."""
        rows = session.rows(
            "SELECT person, id, amount, available, held, spent, expired, revoked, rolled "
            f"FROM lot WHERE person {session.IN}",
            people,
        )
        found: dict[str, dict[str, tuple[int, ...]]] = {person: {} for person in people}
        for person, name, amount, *buckets in rows:
            assert min(buckets) >= 0, f"lot {name}: a bucket lies below zero: {buckets}"
            assert sum(buckets) == amount, f"lot {name}: {buckets} do not add up to {amount}"
            found[person][name] = tuple(buckets)
        holds: dict[str, set[str]] = {person: set() for person in people}
        for person, name in session.rows(
            f"SELECT person, id FROM hold WHERE state = 'open' AND person {session.IN}", people
        ):
            holds[person].add(name)
        for person in people:
            model = self.models[person]
            expected = model.balances()
            assert found[person] == expected, f"{person} has {found[person]}, the naive ledger says {expected}"
            still = {name for name, hold in model.holds.items() if hold.state == "open"}
            assert holds[person] == still, (
                f"{person} holds {sorted(holds[person])}, the naive ledger says {sorted(still)}"
            )

    def _remember(self, session: Session, person: str, now: int) -> None:
        """What is answered about now, to be asked again when it is long past."""
        seq = session.head().seq
        self.remembered.append((person, now, seq, reading.balance(session, person, now, seq)))

    def asked_again(self, session: Session) -> None:
        """The same questions about the past have the same answers."""
        for person, at, seq, then in self.remembered:
            again = reading.balance(session, person, at, seq)
            assert again == then, f"{person} at {at} as of {seq}: {again}, answered then: {then}"

    def allowed(self) -> None:
        """Over everything: what was settled never exceeds what was released but for what counts as overage."""
        for person, model in self.models.items():
            released = sum(len(lot.units) for lot in model.lots.values())
            charged = sum(len(charge.units) for charge in model.charges.values())
            assert charged - model.overage <= released, f"{person} was charged {charged} of {released}"


def _decided(model: Naive, command: Command, now: int) -> Outcome:
    """What must come of a command that was not applied before."""
    if isinstance(command, TakeHold):
        return model.take(
            command.id,
            command.worst,
            command.floor,
            command.share_divisor,
            command.request.model,
            now,
            expires=command.expires,
            released=command.on_lapse == "released",
            cap=command.cap,
            cap_limit=command.cap_limit,
        )
    if isinstance(command, Settle):
        key = "" if command.usage is None else command.usage.key
        return model.settle(command.id, command.hold, command.amount, now, key)
    if isinstance(command, Void):
        return model.void(command.hold, now)
    if isinstance(command, Abandon):
        return model.abandon(command.id, command.hold, now)
    if isinstance(command, Charge):
        usage = command.usage
        return model.charge(command.id, command.amount, command.request.model, now, "" if usage is None else usage.key)
    if isinstance(command, Release):
        return _released(model, command, now)
    if isinstance(command, Correct):
        return model.correct(command.of, command.amount, now)
    if isinstance(command, Revoke):
        return model.revoke(command.lot, now)
    if isinstance(command, Reduce):
        return model.reduce(command.grant, command.amount, now)
    if isinstance(command, Roll):
        return model.roll_late(command.lot, now)
    return Outcome("applied")


def _released(model: Naive, command: Release, now: int) -> Outcome:
    terms = command.lot
    if terms.id in model.lots:
        return Outcome("rejected", reason="conflict")
    roll = terms.roll
    lot = NaiveLot(
        terms.id,
        terms.effective,
        terms.expires,
        terms.priority,
        terms.promotional,
        terms.scope.models[0] if terms.scope.models else "",
        [FREE] * terms.amount,
        grant=terms.grant,
        roll=None if roll is None else NaiveRoll(roll.expires, roll.cap, roll.floor, roll.share, roll.priority),
    )
    return model.release(lot, now)
