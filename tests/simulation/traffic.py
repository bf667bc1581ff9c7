"""Commands of every kind with what the naive ledger says must come of them, drawn from a source of randomness."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

import msgspec
from tests.simulation.naive import FREE, Naive, NaiveLot, NaiveRoll, Outcome

from bursar.ledger import (
    Abandon,
    Answer,
    Applied,
    Charge,
    Command,
    Correct,
    LotTerms,
    Reduce,
    Refused,
    Rejected,
    Release,
    Request,
    Revoke,
    Roll,
    Scope,
    Settle,
    TakeHold,
    Tidy,
    Usage,
    Void,
)
from bursar.ledger.reading import LotBalance
from bursar.ledger.values import Rollover

MODELS = ("gpt", "claude")
KEYS = ("", "", "key_a", "key_b")
GRANTS = ("", "grant_a", "grant_b")
START = 1_000_000
KINDS = (
    "release",
    "hold",
    "settle",
    "void",
    "abandon",
    "charge",
    "correct",
    "revoke",
    "reduce",
    "roll",
    "tidy",
    "resend",
    "misuse",
)
_LIKELY = ("hold",) * 6 + ("settle",) * 6 + ("charge",) * 3 + ("release",) * 2 + KINDS


@dataclass
class Player:
    """A person with the model's view of them."""

    name: str
    model: Naive = field(default_factory=Naive)
    commands: int = 0
    applied: list[tuple[Command, Outcome]] = field(default_factory=list)

    def named(self, open_only: bool, chance: Random) -> str:
        """A hold to name in a command, usually an open one."""
        names = [name for name, hold in self.model.holds.items() if hold.state == "open" or not open_only]
        return chance.choice(names) if names else "nothing"


class Traffic:
    """A stream of commands for a few people over a moving clock. `prefix` keeps its ids apart from other streams'."""

    def __init__(self, prefix: str, people: int = 3) -> None:
        self.prefix = prefix
        self.now = START
        self.count = 0
        self.players = [self.arrive() for _ in range(people)]

    def arrive(self) -> Player:
        self.count += 1
        return Player(f"{self.prefix}per{self.count}")

    def advance(self, chance: Random) -> None:
        """Time passes: not at all, a little, much, or exactly to the next instant at which something falls due."""
        if chance.random() < 0.3:
            instants = sorted(one for player in self.players for one in _instants(player.model) if one > self.now)
            if instants:
                self.now = instants[0] - chance.choice((0, 0, 1))
                return
        self.now += chance.choice((0, 1, 3, 40, 400))

    def next(self, chance: Random, kind: str = "") -> tuple[Command, Outcome]:
        """A command, and what must come of it."""
        player = chance.choice(self.players)
        player.model.happen(self.now)
        player.commands += 1
        self.count += 1
        live = sum(not lot.revoked and self.now < lot.expires for lot in player.model.lots.values())
        kind = kind or ("release" if live < 2 else chance.choice(_LIKELY))
        if kind == "release" and live > 6:
            kind = "charge"
        name = f"{self.prefix}{kind[:3]}{self.count}"
        command, outcome = getattr(self, f"_{kind}")(player, name, chance)
        if outcome.kind == "applied" and not isinstance(command, Tidy | Roll):
            player.applied.append((command, outcome))
        return command, outcome

    def _release(self, player: Player, name: str, chance: Random) -> tuple[Command, Outcome]:
        opens = self.now + chance.choice((0, 0, 0, -50, 100))
        expires = opens + chance.choice((20, 150, 1_000, 5_000, 10**9))
        only = chance.choice(("", "", "", *MODELS))
        lot = NaiveLot(
            f"lot{name}",
            opens,
            expires,
            chance.choice((10, 50, 50, 90)),
            chance.random() < 0.2,
            only,
            [FREE] * chance.randint(1, 200),
            grant=chance.choice(GRANTS),
            roll=self._rollover(expires, chance) if chance.random() < 0.4 else None,
        )
        terms = LotTerms(
            lot.name,
            "USD",
            len(lot.units),
            opens,
            expires,
            lot.priority,
            lot.promotional,
            Scope(models=(only,)) if only else Scope(),
            lot.grant,
            roll=lot.roll
            and Rollover(lot.roll.expires, lot.roll.cap, lot.roll.floor, lot.roll.share, lot.roll.priority),
        )
        return Release(name, player.name, terms), player.model.release(lot, self.now)

    def _rollover(self, expires: int, chance: Random) -> NaiveRoll:
        cap = chance.choice((0, 10, 60, 10**6))
        floor = min(cap, chance.choice((0, 0, 5, 30)))
        share = chance.choice((0, 333_333, 500_000, 1_000_000, 1_000_000))
        return NaiveRoll(expires + chance.choice((1, 20, 150, 5_000)), cap, floor, share, chance.choice((10, 50)))

    def _hold(self, player: Player, name: str, chance: Random) -> tuple[Command, Outcome]:
        floor = chance.randint(0, 20)
        worst = max(0, floor + chance.choice((0, 0, -3, 10, 300)))
        share, model, cap = chance.choice((1, 2, 8)), chance.choice(MODELS), chance.choice(KEYS)
        expires = self.now + chance.choice((1, 30, 300, 10_000))
        released = chance.random() < 0.5
        limit = chance.choice((40, 400)) if cap else 0
        command = TakeHold(
            name,
            player.name,
            "USD",
            worst,
            floor,
            expires,
            Request("p", model, "work"),
            share,
            "released" if released else "unresolved",
            "node/1",
            cap,
            limit,
            {"agent": "a"} if chance.random() < 0.5 else None,
        )
        return command, player.model.take(
            name,
            worst,
            floor,
            share,
            model,
            self.now,
            expires=expires,
            released=released,
            cap=cap,
            cap_limit=limit,
        )

    def _settle(self, player: Player, name: str, chance: Random) -> tuple[Command, Outcome]:
        hold = player.named(chance.random() < 0.9, chance)
        held = len(player.model.holds[hold].units) if hold in player.model.holds else 5
        amount = max(0, chance.choice((0, held, held, held // 2, held - 1, held + 1, chance.randint(0, held + 30))))
        usage = self._usage(amount, chance)
        return Settle(name, player.name, hold, amount, usage), player.model.settle(
            name, hold, amount, self.now, "" if usage is None else usage.key
        )

    def _usage(self, amount: int, chance: Random, model: str = "") -> Usage | None:
        if not model and chance.random() < 0.2:
            return None
        return Usage(
            key=chance.choice(KEYS),
            provider="p",
            model=model or chance.choice(MODELS),
            tokens={"input": amount, "output": 1},
            list_nanos=amount,
            at=self.now,
        )

    def _void(self, player: Player, name: str, chance: Random) -> tuple[Command, Outcome]:
        hold = player.named(chance.random() < 0.9, chance)
        return Void(name, player.name, hold), player.model.void(hold, self.now)

    def _abandon(self, player: Player, name: str, chance: Random) -> tuple[Command, Outcome]:
        hold = player.named(chance.random() < 0.9, chance)
        return Abandon(name, player.name, hold), player.model.abandon(name, hold, self.now)

    def _charge(self, player: Player, name: str, chance: Random) -> tuple[Command, Outcome]:
        model, amount = chance.choice(MODELS), chance.randint(0, 40)
        usage = self._usage(amount, chance, model)
        command = Charge(name, player.name, "USD", amount, Request("p", model, "work"), usage)
        return command, player.model.charge(name, amount, model, self.now, "" if usage is None else usage.key)

    def _correct(self, player: Player, name: str, chance: Random) -> tuple[Command, Outcome]:
        names = list(player.model.charges)[-20:]
        of = chance.choice(names) if names else "nothing"
        charge = player.model.charges.get(of)
        total = len(charge.units) if charge else 0
        amount = max(0, total + chance.choice((0, -total, -1, 1, -total // 2, 25)))
        return Correct(name, player.name, of, amount), player.model.correct(of, amount, self.now)

    def _revoke(self, player: Player, name: str, chance: Random) -> tuple[Command, Outcome]:
        lot = chance.choice([*player.model.lots, "nothing"])
        return Revoke(name, player.name, lot), player.model.revoke(lot, self.now)

    def _reduce(self, player: Player, name: str, chance: Random) -> tuple[Command, Outcome]:
        grant, amount = chance.choice(("grant_a", "grant_b", "nothing")), chance.choice((1, 20, 300))
        return Reduce(name, player.name, grant, amount), player.model.reduce(grant, amount, self.now)

    def _roll(self, player: Player, name: str, chance: Random) -> tuple[Command, Outcome]:
        """Mostly of a lot that has ended, as a calendar asks for it."""
        lots = player.model.lots
        ended = [one for one, lot in lots.items() if lot.roll is not None and lot.expires <= self.now]
        lot = chance.choice(ended if ended and chance.random() < 0.8 else [*lots, "nothing"])
        return Roll(name, player.name, lot), player.model.roll_late(lot, self.now)

    def _tidy(self, player: Player, name: str, chance: Random) -> tuple[Command, Outcome]:
        return Tidy(name, player.name), Outcome("applied")

    def _resend(self, player: Player, name: str, chance: Random) -> tuple[Command, Outcome]:
        """Something applied before, as it was or with other content."""
        if not player.applied:
            return self._tidy(player, name, chance)
        command, outcome = chance.choice(player.applied[-30:])
        if chance.random() < 0.3:
            return msgspec.structs.replace(command, person=player.name + "x"), Outcome("rejected", reason="conflict")
        return command, Outcome("replayed", outcome.amount, outcome.overage, outcome.draws)

    def _misuse(self, player: Player, name: str, chance: Random) -> tuple[Command, Outcome]:
        """Something that makes no sense."""
        lots = list(player.model.lots)
        lot = LotTerms(f"lot{name}", "USD", 5, self.now)
        command: Command = chance.choice(
            (
                TakeHold(name, player.name, "USD", -1, 0, self.now + 5),
                TakeHold(name, player.name, "USD", 5, 5, self.now),
                TakeHold(name, player.name, "USD", 5, 5, self.now + 5, share_divisor=0),
                Charge(name, player.name, "USD", 2**62),
                Charge(f"lapse:{name}", player.name, "USD", 1),
                Release(name, player.name, msgspec.structs.replace(lot, amount=0)),
                Release(name, player.name, msgspec.structs.replace(lot, expires=self.now)),
                Release(name, player.name, msgspec.structs.replace(lot, priority=101)),
                Release(
                    name, player.name, msgspec.structs.replace(lot, expires=self.now + 9, roll=Rollover(self.now + 9))
                ),
                Reduce(name, player.name, "grant_a", 0),
                Reduce(name, player.name, "", 5),
                Release(name, player.name, msgspec.structs.replace(lot, id=lots[0] if lots else "")),
            )
        )
        taken = isinstance(command, Release) and command.lot.id in player.model.lots
        return command, Outcome("rejected", reason="conflict" if taken else "invalid")


def _instants(model: Naive) -> list[int]:
    holds = [hold.expires for hold in model.holds.values() if hold.state == "open"]
    return holds + [one for lot in model.lots.values() for one in (lot.opens, lot.expires)]


def check(command: Command, answer: Answer, outcome: Outcome) -> None:
    """The ledger said what the model says."""
    said = f"{command} -> {answer}, expected {outcome}"
    if outcome.kind in ("applied", "replayed"):
        assert isinstance(answer, Applied), said
        assert answer.replayed == (outcome.kind == "replayed"), said
        assert (answer.amount, answer.overage) == (outcome.amount, outcome.overage), said
        if isinstance(command, TakeHold | Settle | Charge | Void | Abandon | Reduce):
            assert _merged(answer) == outcome.draws, said
        if isinstance(command, TakeHold) and outcome.kind == "applied":
            assert answer.available == outcome.available, said
    elif outcome.kind == "refused":
        assert isinstance(answer, Refused), said
        assert answer.available == outcome.available, said
    else:
        assert isinstance(answer, Rejected), said
        assert answer.reason == outcome.reason, said


def _merged(answer: Applied) -> list[tuple[str, int]]:
    draws: list[tuple[str, int]] = []
    for draw in answer.draws:
        if draws and draws[-1][0] == draw.lot:
            draws[-1] = (draw.lot, draws[-1][1] + draw.amount)
        else:
            draws.append((draw.lot, draw.amount))
    return draws


def buckets(balances: list[LotBalance]) -> dict[str, tuple[int, ...]]:
    """Balances in the model's form; each adds up to its amount."""
    for lot in balances:
        assert lot.terms.amount == lot.available + lot.held + lot.spent + lot.expired + lot.revoked + lot.rolled
    return {
        lot.terms.id: (lot.available, lot.held, lot.spent, lot.expired, lot.revoked, lot.rolled) for lot in balances
    }
