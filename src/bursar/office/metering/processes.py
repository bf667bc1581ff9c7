"""Several gateway processes on one machine: a parent that owns the listening sockets, and children that serve.

The parent never speaks HTTP. It listens once for each place, starts a child on every place's socket, starts anew what died,
and replaces one child after the other when it is told to. Since the sockets are the parent's, a connection that waits to
be accepted waits on when its child ends, and the child that comes next accepts it: nothing is reset.

A child is called `<node>:<number>`. Numbers of children that live together differ, also while one replaces another, so
that the recovery of one never ends the holds of another.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from bursar.errors import Conflict, Unavailable
from bursar.gateway.wire.inbound import BACKLOG

log = logging.getLogger("bursar.processes")

MAX_PROCESSES = 64
START_SECONDS = 60.0
"""How long a child may take until it is ready."""
STEADY_SECONDS = 60.0
"""A child that lived so long is started anew at once; one that did not, after a pause that doubles."""
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.5, 5.0
KILL_SECONDS = 15.0
"""How long after its drain time a child is given up and killed."""
READY = b"+"


@dataclass(frozen=True, slots=True)
class Inherited:
    """What a child gets from its parent."""

    number: int
    place: int
    """Which of the places it fills, from 0; the child of place 0 does what has to be done once on a machine."""
    listener: int
    """File descriptor of the listening socket."""
    parent: int
    """File descriptor of the line to the parent: a `+` says that the child is ready, its end that the parent is gone."""

    def __str__(self) -> str:
        return f"{self.number},{self.place},{self.listener},{self.parent}"

    @classmethod
    def read(cls, text: str) -> Inherited:
        return cls(*(int(one) for one in text.split(",")))


@dataclass(slots=True)
class Child:
    """A running gateway process."""

    number: int
    place: int
    process: asyncio.subprocess.Process
    line: socket.socket
    started: float
    stopping: bool = False
    watch: asyncio.Task[None] | None = field(default=None, repr=False)

    def stop(self) -> None:
        """Let it drain."""
        self.stopping = True
        with suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGTERM)


def listening(host: str, port: int, places: int) -> list[socket.socket]:
    """A listening socket for each place, all on one address. Raises Conflict if somebody else listens there.

    On Linux the kernel spreads connections evenly over sockets that share a port. Elsewhere it does not, so that all
    places share one socket, and whoever is free accepts.
    """
    spread = sys.platform == "linux" and places > 1
    found: list[socket.socket] = []
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:  # sharing a port is silent, also with a stranger
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            address = probe.getsockname()
        for _ in range(places if spread else 1):
            one = socket.socket(family, kind, protocol)
            found.append(one)
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if spread:
                one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            one.bind(address)
            one.listen(BACKLOG)
            one.setblocking(False)
    except OSError as error:
        for one in found:
            one.close()
        raise Conflict(f"nobody can listen on {host} port {port}: {error.strerror}", "choose another --port") from error
    return found if spread else found * places


class Processes:
    """The parent. `await start()`, `await roll()` as often as wanted, `await stop()`."""

    def __init__(
        self,
        command: Sequence[str],
        listeners: Sequence[socket.socket],
        *,
        drain_seconds: float,
        kept: Sequence[int] = (),
        say: Callable[[str], None] = log.info,
    ) -> None:
        """`command` starts a child when what it inherits is put behind it; `kept` are files that it shall hold open."""
        self._command = tuple(command)
        self._listeners = tuple(listeners)
        self._drain = drain_seconds
        self._kept = tuple(kept)
        self._say = say
        self._children: dict[int, Child] = {}
        """By number."""
        self._places: dict[int, Child] = {}
        self._quick: dict[int, int] = {}
        """How often in a row the child of a place died soon."""
        self._stopping = False
        self._rolling = asyncio.Lock()
        self._filling = [asyncio.Lock() for _ in listeners]
        """One child at a time is started for a place."""

    @property
    def url(self) -> str:
        bound = self._listeners[0].getsockname()
        return f"http://[{bound[0]}]:{bound[1]}" if ":" in bound[0] else f"http://{bound[0]}:{bound[1]}"

    @property
    def pids(self) -> list[int]:
        """Process ids of the children, by their places."""
        return [self._places[place].process.pid for place in sorted(self._places)]

    async def start(self) -> None:
        """Start every child and wait until all are ready. Raises Unavailable if one does not come up."""
        made = await asyncio.gather(
            *(self._begin(place, place + 1) for place in range(len(self._listeners))), return_exceptions=True
        )
        for one in made:
            if isinstance(one, BaseException):
                await self.stop()
                raise one

    async def roll(self) -> None:
        """Replace every child, one after the other: the next one serves before the last one drains."""
        async with self._rolling:
            for place in range(len(self._listeners)):
                if self._stopping:
                    return
                async with self._filling[place]:
                    last = self._places[place]
                    dead = last.process.returncode is not None
                    number = next(one for one in range(1, 2 * MAX_PROCESSES) if one not in self._children)
                    try:
                        await self._begin(place, last.number if dead else number)
                    except Unavailable as error:
                        self._say(f"the roll ends at place {place}: {error.sentence}; what served serves on")
                        return
                await self._end(last)
            self._say("every process is replaced")

    async def stop(self) -> int:
        """Let every child drain; returns 0 if all ended well."""
        self._stopping = True
        children = list(self._children.values())
        await asyncio.gather(*(self._end(child) for child in children))
        for child in children:
            if child.watch is not None:
                child.watch.cancel()
        return 0 if all(child.process.returncode == 0 for child in children) else 1

    async def _begin(self, place: int, number: int) -> None:
        """Start a child and wait until it is ready. Raises Unavailable."""
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        listener = self._listeners[place].fileno()
        inherited = Inherited(number, place, listener, theirs.fileno())
        with theirs:
            process = await asyncio.create_subprocess_exec(
                *self._command, str(inherited), pass_fds=(listener, theirs.fileno(), *self._kept)
            )
        loop = asyncio.get_running_loop()
        before = self._children.get(number)
        child = self._children[number] = Child(number, place, process, ours, loop.time())
        said = b""
        with suppress(TimeoutError, OSError):
            async with asyncio.timeout(START_SECONDS):
                said = await loop.sock_recv(ours, 1)
        if said != READY:
            with suppress(ProcessLookupError):
                process.kill()
            code = await process.wait()
            ours.close()
            if before is None:
                del self._children[number]
            else:  # its holds are still to be resolved by somebody of this name
                self._children[number] = before
            raise Unavailable(f"process {number} did not come up (it ended with {code})", "its log says why")
        self._places[place] = child
        child.watch = asyncio.create_task(self._watch(child))
        if self._stopping:
            child.stop()

    async def _watch(self, child: Child) -> None:
        code = await child.process.wait()
        child.line.close()
        if child.stopping or self._stopping:
            self._forget(child)
            return
        lived = asyncio.get_running_loop().time() - child.started
        quick = 0 if lived >= STEADY_SECONDS else self._quick.get(child.place, 0)
        while not self._stopping:
            pause = min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2 ** (quick - 1)) if quick else 0.0
            self._say(f"process {child.number} (pid {child.process.pid}) ended with {code}; it is started anew")
            quick += 1
            self._quick[child.place] = quick
            await asyncio.sleep(pause)
            async with self._filling[child.place]:
                if self._places[child.place] is not child or self._stopping:
                    return  # a roll has filled the place meanwhile
                try:
                    # The same name: what its last life held is resolved before it serves.
                    await self._begin(child.place, child.number)
                    return
                except Unavailable as error:
                    self._say(error.sentence)

    async def _end(self, child: Child) -> None:
        child.stop()
        try:
            async with asyncio.timeout(self._drain + KILL_SECONDS):
                await child.process.wait()
        except TimeoutError:
            self._say(f"process {child.number} did not drain in time and is killed")
            with suppress(ProcessLookupError):
                child.process.kill()
            await child.process.wait()
        self._forget(child)

    def _forget(self, child: Child) -> None:
        if self._children.get(child.number) is child:
            del self._children[child.number]


def adopt(inherited: Inherited, stop: asyncio.Event) -> socket.socket:
    """A child's side: its listening socket; `stop` is set when the parent is gone."""
    line = socket.socket(fileno=os.dup(inherited.parent))
    line.setblocking(False)
    loop = asyncio.get_running_loop()

    def heard() -> None:
        loop.remove_reader(line)
        line.close()
        stop.set()

    loop.add_reader(line, heard)  # the parent says nothing: only its end is heard
    return socket.socket(fileno=inherited.listener)


def ready(inherited: Inherited) -> None:
    """A child's side: tell the parent that it serves."""
    os.write(inherited.parent, READY)
