"""One world from its seed: nodes, people, providers and a database under their weather; then everything heals.

First the weather (is anything ever wrong?), then the calm (does everything come to its end?). `run` raises `Failed` with
the seed at the first thing that must not be.
"""

from __future__ import annotations

import asyncio
import contextvars
import logging
from collections.abc import Callable, Coroutine, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from random import Random
from typing import Any

from tests.simulation import ending
from tests.simulation.database import Applied as Seen
from tests.simulation.database import Database, sqlite_file
from tests.simulation.faults import TOLERANCE_SECONDS, draw
from tests.simulation.loop import LIFE, Life, SimulatedLoop
from tests.simulation.network import Network
from tests.simulation.node import Node
from tests.simulation.people import ATTEMPTS, Heard, ask, body_of
from tests.simulation.provider import Provider
from tests.simulation.shadow import Shadow
from tests.simulation.terms import EPOCH, MICROS, MODELS, host_of, people_of, tariff_of
from tests.simulation.trace import Trace

from bursar.ledger import (
    Applied,
    Correct,
    Reduce,
    Refused,
    Rejected,
    Revoke,
    Store,
    StoreUnavailable,
    TakeHold,
    apply_now,
    sweep,
)

HEALING_SECONDS = 300.0
"""After the weather: longer than anybody waits, tries again, or reads on."""

Opened = Callable[[], AbstractContextManager[Callable[[], Store]]]


class Failed(AssertionError):
    """Something that must not be, with the seed that replays it and the story up to it."""

    def __init__(self, seed: int, reason: str, trace: Trace) -> None:
        super().__init__(f"seed {seed}: {reason}\nreplay it: python -m tests.simulation --seed {seed}")
        self.seed, self.reason, self.trace = seed, reason, trace


@dataclass
class Report:
    """What a world came to."""

    seed: int
    digest: str = ""
    events: int = 0
    callbacks: int = 0
    requests: int = 0
    served: int = 0
    refused: int = 0
    commits: int = 0
    killed: int = 0
    bills: dict[str, int] = field(default_factory=dict)
    """Requests by how their charge compares with the provider's bill."""


class World:
    """Everything of one seed."""

    def __init__(
        self,
        seed: int,
        open_store: Callable[[], Store],
        trace: Trace,
        scale: int = 1,
        drawn: Mapping[str, Any] | None = None,
    ) -> None:
        self.seed, self.trace = seed, trace
        self.size, self.faults = draw(self.chance("world"), scale, drawn or {})
        self.loop = SimulatedLoop(lambda: 0.001)
        self.network = Network(self.loop, self.chance("network"), self.faults)
        self.loop.network = self.network
        self.database = Database(self.loop, self.chance("database"), self.faults, open_store, self)
        clocks_agree = self.faults.skew_seconds <= TOLERANCE_SECONDS
        self.shadow = Shadow(self.database.own, self.chance("shadow"), clocks_agree=clocks_agree)
        self.people = people_of(self.size, self.chance("people"))
        self.providers = [
            Provider(host_of(model), tariff_of(model), self.network, self.chance(model), self.faults, trace)
            for model in MODELS
        ]
        self.nodes = [Node(self, f"node-{letter}") for letter in "abc"[: self.size.nodes]]
        self.lives: list[Life] = []
        self.deaths: set[str] = set()
        """Lives that were ended without warning."""
        self.heard: list[Heard] = []
        self.unsettled: set[str] = set()
        """Requests whose settlement was given up: after many attempts, or because their node had to stop."""
        self.posthumous: set[str] = set()
        """Holds whose message was on its way when the node died, and arrived."""
        self._restarting: list[asyncio.Task[None]] = []
        self.failure: BaseException | None = None
        self.bills: dict[str, int] = {}
        self._watch = _Watch(self)

    def chance(self, name: str) -> Random:
        """A source of randomness of its own for each part, so that one does not disturb the other."""
        return Random(f"{self.seed}/{name}")

    def note(self, who: str, what: str) -> None:
        self.trace.note(self.loop.now, who, what)

    def fail(self, error: BaseException) -> None:
        if self.failure is None:
            self.failure = error
            self.loop.stop()

    def committed(self, node: str, applied: list[Seen]) -> None:
        over = any(life.name == node and life.over for life in self.lives)
        for command, answer, now in applied:
            if over and isinstance(command, TakeHold):
                self.posthumous.add(command.id)
            if self.failure is None:
                self.note(node, f"{_said(command, answer)} at {(now - EPOCH) / MICROS:.6f}")
        try:
            self.shadow.committed(applied)
        except BaseException as error:
            self.fail(error)

    def run(self, course: Callable[[], Coroutine[Any, Any, None]] | None = None) -> Report:
        """Live through the whole course, or one that a test has made for a question. Raises Failed."""
        self.loop.set_exception_handler(lambda loop, context: self._unheard(context))
        logger, disabled = logging.getLogger("bursar"), logging.getLogger("bursar").propagate
        logger.addHandler(self._watch)
        logger.propagate = False
        try:
            context = contextvars.copy_context()
            outside = Life("outside")
            self.lives.append(outside)
            context.run(LIFE.set, outside)
            task = self.loop.create_task((course or self._whole)(), context=context)
            task.add_done_callback(lambda _: self.loop.stop())
            self.loop.run_forever()
            if self.failure is None:
                task.result()
        except BaseException as error:
            self.failure = self.failure or error
        finally:
            logger.removeHandler(self._watch)
            logger.propagate = disabled
            self.loop.bury(self.lives)
            self.database.close()
        if self.failure is not None:
            if isinstance(self.failure, KeyboardInterrupt):
                raise self.failure
            reason = f"{type(self.failure).__name__}: {self.failure}"
            self.note("world", f"FAILED {reason}")
            raise Failed(self.seed, reason, self.trace) from self.failure
        return self._report()

    def _unheard(self, context: dict[str, Any]) -> None:
        error = context.get("exception")
        self.fail(error if error is not None else AssertionError(str(context.get("message"))))

    def _report(self) -> Report:
        return Report(
            self.seed,
            self.trace.digest,
            self.trace.events,
            self.loop.callbacks,
            len(self.heard),
            sum(one.served for one in self.heard),
            self.shadow.refused,
            self.shadow.commits,
            len(self.deaths),
            self.bills,
        )

    # The course of a world.

    async def _whole(self) -> None:
        self.note("world", f"{self.size}")
        self.note("world", f"{self.faults}")
        self.begin()
        weather = [
            self.loop.create_task(one)
            for one in (self._kills(), self._restarts(), self._outages(), self._clocks(), self._settlers())
        ]
        chance = self.chance("agents")
        asking = [
            self.loop.create_task(self._agent(number, chance.uniform(0.0, self.size.seconds)))
            for number in range(self.size.requests)
        ]
        await asyncio.sleep(self.size.seconds)
        for task in weather:
            task.cancel()
        self._heal()
        await asyncio.wait(asking, timeout=HEALING_SECONDS * ATTEMPTS)
        assert all(task.done() for task in asking), "somebody waits for ever"
        for task in asking:
            task.result()
        await self._quiet()
        await self._last_requests()
        for node in self.nodes:
            await node.stop()
        self.database.own.read(lambda session: ending.nothing_left_behind(self, session))
        await asyncio.sleep(self.size.hold_seconds + 2 * self.faults.skew_seconds)
        sweep(self.database.at("last"), EPOCH + round(self.loop.now * MICROS))
        self.bills = ending.check(self)
        head = self.database.own.read(lambda session: session.head())
        self.note("world", f"ends with seal {head.batch} over entry {head.seq}: {head.hash}")

    def begin(self) -> None:
        """Providers listen, nodes start."""
        for provider in self.providers:
            provider.start()
        for node in self.nodes:
            node.boot()

    async def _quiet(self) -> None:
        """Until no gateway has anything in flight any more."""
        until = self.loop.now + HEALING_SECONDS
        while any(node.gateway is None or node.busy for node in self.nodes):
            assert self.loop.now < until, "something is in flight for ever"
            await asyncio.sleep(1.0)

    def _heal(self) -> None:
        """No more faults; whoever is down comes up."""
        self.note("world", "everything heals")
        self.network.heal([host_of(model) for model in MODELS])
        self.database.calm = True
        self.database.away, self.database.cut_off = False, ""
        for provider in self.providers:
            provider.calm = True
        for node in self.nodes:
            node.skew_micros = 0
            if not node.up:
                node.boot()

    async def _agent(self, number: int, at: float) -> None:
        """One request of somebody's agent, asked again where that helps."""
        chance = self.chance(f"agent/{number}")
        person = chance.choice(self.people[:-1])
        body = body_of(chance)
        run = f"run{chance.randint(1, 2)}" if not person.cap and chance.random() < self.size.runs else ""
        await asyncio.sleep(at)
        for attempt in range(ATTEMPTS):
            node = chance.choice(self.nodes)
            session = f"s{number}.{attempt}"
            heard = await ask(self.network, chance, self.faults, person, session, node.name, body, run)
            self._take(heard)
            if heard.status not in (0, 429, 502, 503):
                return
            await asyncio.sleep(chance.uniform(0.5, 5.0))

    def _take(self, heard: Heard) -> None:
        self.heard.append(heard)
        what = (
            "is served" if heard.served else f"hears {heard.status or 'nothing'}{'' if heard.whole else ', not whole'}"
        )
        self.note("people", f"{heard.session} {what} {heard.request_id}")
        if heard.served:
            self.database.own.read(lambda session: ending.on_the_ledger(self, session, heard))

    async def _last_requests(self) -> None:
        """With everything healed everybody is answered: served, or refused because the money says so."""
        for number, person in enumerate(self.people[:-1]):
            node = self.nodes[number % len(self.nodes)]
            body = {"model": "gpt", "messages": [{"role": "user", "content": "last"}], "max_tokens": 3}
            heard = await ask(
                self.network, self.chance(f"last/{number}"), self.faults, person, f"last{number}", node.name, body, ""
            )
            self._take(heard)
            assert heard.served or heard.status in (402, 403, 429, 400), f"after healing {person.name} heard {heard}"
            assert "internal fault" not in heard.said, heard

    async def _kills(self) -> None:
        chance = self.chance("kills")
        while self.faults.kill_every_seconds:
            await asyncio.sleep(chance.expovariate(1 / self.faults.kill_every_seconds))
            up = [node for node in self.nodes if node.up]
            if not up:
                continue
            node = chance.choice(up)
            node.kill(told=chance.random() >= self.faults.vanishes)
            self.loop.call_later(chance.uniform(0.2, 20.0), self._back, node)

    def _back(self, node: Node) -> None:
        if not node.up:
            node.boot()

    async def _restarts(self) -> None:
        chance = self.chance("restarts")
        for node in self.nodes:
            await asyncio.sleep(chance.uniform(0.0, self.size.seconds / len(self.nodes)))
            if chance.random() < self.faults.restarts and node.up:
                self._restarting.append(self.loop.create_task(node.restart()))

    async def _outages(self) -> None:
        chance = self.chance("outages")
        while self.faults.away_every_seconds:
            await asyncio.sleep(chance.expovariate(1 / self.faults.away_every_seconds))
            whom = chance.choice(("", *(node.name for node in self.nodes)))
            self.database.away, self.database.cut_off = not whom, whom
            self.note("database", f"is away{whom and ' for ' + whom}")
            await asyncio.sleep(chance.uniform(0.1, self.faults.away_seconds))
            self.database.away, self.database.cut_off = False, ""
            self.note("database", "is back")

    async def _clocks(self) -> None:
        chance, most = self.chance("clocks"), self.faults.skew_seconds
        while most:
            node = chance.choice(self.nodes)
            node.skew_micros = round(chance.uniform(-most, most) * MICROS)
            self.note(node.name, f"its clock shows {node.skew_micros / MICROS:+.6f} s")
            await asyncio.sleep(chance.uniform(1.0, self.size.seconds / 3))

    async def _settlers(self) -> None:
        """The office meanwhile: takes back, reduces, corrects."""
        chance, number = self.chance("office"), 0
        store = self.database.at("office")
        while self.size.settlers:
            await asyncio.sleep(chance.uniform(1.0, self.size.seconds / 4))
            number += 1
            now = EPOCH + round(self.loop.now * MICROS)
            person = chance.choice(self.people[:-1]).name
            model = self.shadow.models.get(person)
            if model is None:
                continue
            kind = chance.choice(("revoke", "reduce", "correct", "correct"))
            name = f"office:{number}"
            command: Any = Reduce(name, person, f"grant_{person}", chance.randint(1, 40))
            if kind == "revoke" and model.lots:
                command = Revoke(name, person, chance.choice(list(model.lots)))
            elif kind == "correct":
                if not model.charges:
                    continue
                of = chance.choice(list(model.charges))
                command = Correct(name, person, of, max(0, len(model.charges[of].units) - chance.randint(0, 9)))
            for _ in range(5):  # the same command again, until somebody says that it is done
                try:
                    apply_now(store, [command], now)
                except StoreUnavailable:
                    await asyncio.sleep(1.0)
                else:
                    break


class _Watch(logging.Handler):
    """An internal fault in the gateway's log is a fault of the world."""

    def __init__(self, world: World) -> None:
        super().__init__(logging.ERROR)
        self._world = world

    def emit(self, record: logging.LogRecord) -> None:
        if "could not be settled" in str(record.msg):
            self._world.note("log", record.getMessage())
            self._world.unsettled.add(str(record.args[0]) if isinstance(record.args, tuple) else "")
            return
        error = record.exc_info[1] if record.exc_info else None
        self._world.fail(error if error is not None else AssertionError(record.getMessage()))


def _said(command: Any, answer: Applied | Refused | Rejected) -> str:
    if isinstance(answer, Applied):
        end = (
            "again"
            if answer.replayed
            else f"{answer.amount}" + (f", {answer.overage} beyond" if answer.overage else "")
        )
    else:
        end = f"{type(answer).__name__.lower()}: {answer.reason}"
    return f"{type(command).__name__} {command.id} of {command.person}: {end}"


def run(
    seed: int,
    *,
    scale: int = 1,
    say: Callable[[str], object] | None = None,
    opened: Opened = sqlite_file,
    **drawn: Any,
) -> Report:
    """Live through the world of a seed; `say` is told each event. Raises Failed.

    `drawn` replaces what the seed draws, by the names of `Size` and `Faults`: a weather made for a question.
    """
    trace = Trace(say)
    with opened() as open_store:
        return World(seed, open_store, trace, scale, drawn).run()


__all__ = ["Failed", "Report", "World", "run"]
