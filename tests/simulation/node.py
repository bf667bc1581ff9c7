"""A gateway node on the simulated loop: the real gateway, gate, writer and recovery, with a life that can end at once."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable
from random import Random
from typing import TYPE_CHECKING

from tests.simulation.loop import LIFE, Life
from tests.simulation.terms import EPOCH, MICROS, Registry, Terms

from bursar.gateway import recovery
from bursar.gateway.policy import Policy
from bursar.gateway.relay import Gate
from bursar.gateway.server import Gateway
from bursar.gateway.upstream import Upstream
from bursar.ledger import StoreUnavailable, Writer, sweep

if TYPE_CHECKING:
    from tests.simulation.world import World

SWEEP_SECONDS = 7.0
RETRY_SECONDS = 0.7


class SimulatedGate(Gate):
    """The real one, with request ids that a seed decides."""

    chance: Random

    def new_id(self) -> str:
        return f"req_{self.clock():014x}{self.chance.getrandbits(32):08x}"


class Node:
    """One host of the world. `boot` starts a process on it, `kill` ends that without warning, `restart` in good order."""

    def __init__(self, world: World, name: str) -> None:
        self.world, self.name = world, name
        self.chance = Random(f"{world.seed}/{name}")
        self.generation = 0
        self.skew_micros = 0
        self.life: Life | None = None
        self.gateway: Gateway | None = None

    @property
    def up(self) -> bool:
        return self.life is not None

    @property
    def busy(self) -> bool:
        """Requests are in flight, or holds are still being ended for some that are over."""
        gate = None if self.gateway is None else self.gateway._gate
        return gate is not None and bool(len(gate.live) or gate.endings)

    def clock(self) -> int:
        return EPOCH + round(self.world.loop.now * MICROS) + self.skew_micros

    def boot(self) -> None:
        self.generation += 1
        life = self.life = Life(f"{self.name}/{self.generation}")
        self.world.lives.append(life)
        self.world.note(self.name, f"starts as generation {self.generation}")
        context = contextvars.copy_context()
        context.run(LIFE.set, life)
        self.world.loop.create_task(self._serve(life), context=context)

    def kill(self, *, told: bool) -> None:
        life, self.life, self.gateway = self.life, None, None
        assert life is not None
        self.world.note(self.name, "is killed" if told else "vanishes with its host")
        self.world.loop.kill(life)
        self.world.network.sever(life, told=told)
        self.world.deaths.add(life.name)

    async def restart(self) -> None:
        """As a rolling restart does: drain, stop, start again."""
        if await self.stop():
            self.boot()

    async def stop(self) -> bool:
        """Drain, settle what has to be stopped, end; false if the node was not up or did not live to the end of it."""
        gateway, life = self.gateway, self.life
        if gateway is None or life is None:
            return False
        self.world.note(self.name, "drains")
        self.gateway = None
        context = contextvars.copy_context()
        context.run(LIFE.set, life)
        task = self.world.loop.create_task(gateway.stop(), context=context)
        while not task.done() and not life.over:
            await asyncio.sleep(0.25)
        if life.over:
            return False
        task.result()
        gate = gateway._gate
        cut_off = {one.request_id for one in gate.live}
        if cut_off or gate.endings:
            self.world.note(self.name, f"stops with {len(cut_off)} requests and {len(gate.endings)} holds to be ended")
            self.world.unsettled |= cut_off | {task.get_name() for task in gate.endings}
        self.world.loop.kill(life)
        self.life = None
        return True

    async def _serve(self, life: Life) -> None:
        world, size = self.world, self.world.size
        store = world.database.at(life.name)
        await self._insist(lambda: recovery.recover(store, self.name, self.clock()))
        writer = Writer(store, self.clock)
        policy = Policy(
            hold_seconds=size.hold_seconds,
            request_seconds=size.request_seconds,
            floor_output_tokens=size.floor_output_tokens,
            share_divisor=size.share_divisor,
            on_lapse=size.on_lapse,
            hang_up=size.hang_up,
            hang_up_seconds=10.0,
            client_seconds=20.0,
            drain_seconds=5.0,
        )
        terms = Terms(world.people, size, store, self.clock)
        gate = SimulatedGate(Registry(world.people), writer, Upstream(), policy, self.clock, life.name, terms)
        gate.chance = self.chance
        gateway = Gateway(gate)
        await gateway.start(self.name, 80)
        self.gateway = gateway
        world.note(self.name, "serves")
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            await self._insist(lambda: sweep(store, self.clock()))

    async def _insist(self, work: Callable[[], object]) -> None:
        """Until the database lets it be done, as whoever supervises a process starts it again and again."""
        while True:
            try:
                await asyncio.get_running_loop().run_in_executor(None, work)
            except StoreUnavailable:
                await asyncio.sleep(RETRY_SECONDS)
            else:
                return
