"""A network in memory under the real wire: connections with delay, fragments, resets, silence and slow readers.

Like TCP, a connection delivers its bytes in their order or breaks; what comes out of order is what different connections
carry. Bytes are cut at any place, so parsers see every fragmentation. A host that dies resets its connections, one that
vanishes says nothing at all.
"""

from __future__ import annotations

import asyncio
import contextvars
from collections import deque
from collections.abc import Callable, Collection
from random import Random
from typing import Any

from tests.simulation.faults import Faults
from tests.simulation.loop import LIFE, Life, SimulatedLoop

END = b""
"""In an inbox: the other side sends no more."""
STEP_SECONDS = 1e-6
"""What lies between two arrivals at least, so that none overtakes another on its connection."""


class Network:
    """Hosts by name and port, and the connections between them."""

    def __init__(self, loop: SimulatedLoop, chance: Random, faults: Faults) -> None:
        self.loop, self.chance, self.faults = loop, chance, faults
        self.calm = False
        """No more faults are put in."""
        self._listening: dict[tuple[str, int], _Server] = {}
        self._ends: list[Endpoint] = []
        self.connections = 0

    def listen(self, factory: Callable[[], Any], host: str, port: int) -> _Server:
        server = self._listening[host, port] = _Server(self, factory, host, port)
        return server

    def forget(self, server: _Server) -> None:
        if self._listening.get((server.host, server.port)) is server:
            del self._listening[server.host, server.port]

    async def connect(self, factory: Callable[[], Any], host: str, port: int) -> tuple[Endpoint, Any]:
        """Raises ConnectionRefusedError; a host that vanished is waited for until the caller gives up."""
        mine = contextvars.copy_context()
        await asyncio.sleep(self.delay())
        server = self._listening.get((host, port))
        if not self.calm and self.chance.random() < self.faults.unreachable:
            await asyncio.sleep(3600)
        if server is None or (server.life is not None and server.life.over):
            raise ConnectionRefusedError(f"nobody listens at {host}:{port}")
        self.connections += 1
        here, there = Endpoint(self, mine, host), Endpoint(self, server.context, f"client{self.connections}")
        here.peer, there.peer = there, here
        self._ends += [here, there]
        if len(self._ends) > 400:
            self._ends = [one for one in self._ends if not one.gone]
        there.protocol = server.context.run(server.factory)
        here.protocol = factory()
        server.context.run(there.protocol.connection_made, there)
        here.protocol.connection_made(here)
        if not self.calm and self.chance.random() < self.faults.breaks:
            after = self.chance.uniform(0.0, 3.0)
            if self.chance.random() < 0.7:
                self.loop.call_later(after, self._while_bad, here.reset, context=_NOBODY)
                self.loop.call_later(after + self.delay(), self._while_bad, there.reset, context=_NOBODY)
            else:  # a firewall forgets it: neither side is told
                self.loop.call_later(after, self._while_bad, here.mute, context=_NOBODY)
                self.loop.call_later(after, self._while_bad, there.mute, context=_NOBODY)
        return here, here.protocol

    def _while_bad(self, fault: Callable[[], None]) -> None:
        """A fault that was to come when everything had healed does not come."""
        if not self.calm:
            fault()

    def delay(self) -> float:
        slow = not self.calm and self.chance.random() < self.faults.slow
        return self.chance.uniform(0.0002, 0.002) + (self.chance.uniform(0.05, 1.5) if slow else 0.0)

    def heal(self, servers: Collection[str]) -> None:
        """No more faults; forgotten connections to these servers are reset. A client that fell silent stays silent."""
        self.calm = True
        for end in [one for one in self._ends if one.silent and not one.gone]:
            assert end.peer is not None
            if end.name in servers or end.peer.name in servers:
                end.reset()

    def sever(self, life: Life, *, told: bool) -> None:
        """A process is gone: its connections are reset, or (with its host) never heard of again."""
        for end in [one for one in self._ends if not one.gone and one.life is life]:
            end.gone = end.closing = True
            assert end.peer is not None
            if told:
                self.loop.call_later(self.delay(), end.peer.reset, context=_NOBODY)


_NOBODY = contextvars.Context()
"""What the network does itself belongs to no life."""


class _Server:
    """What `create_server` returns, as far as anybody asks."""

    def __init__(self, network: Network, factory: Callable[[], Any], host: str, port: int) -> None:
        self._network, self.factory, self.host, self.port = network, factory, host, port
        self.context = contextvars.copy_context()
        self.life = self.context.get(LIFE)
        self.sockets = [self]

    def getsockname(self) -> tuple[str, int]:
        return self.host, self.port

    def close(self) -> None:
        self._network.forget(self)

    async def wait_closed(self) -> None:
        pass


class Endpoint(asyncio.Transport):
    """One end of a connection."""

    def __init__(self, network: Network, context: contextvars.Context, name: str) -> None:
        super().__init__()
        self._network, self._loop = network, network.loop
        self.context, self.name = context, name
        self.life = context.get(LIFE)
        self.peer: Endpoint | None = None
        self.protocol: Any = None
        self.closing = self.gone = False
        self.silent = self._paused = self._ended = False
        self._due = 0.0
        self._inbox: deque[bytes] = deque()
        self._unread = 0
        self._high, self._full = 65_536, False

    # What a protocol asks of its transport.

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return (self.name, 1) if name == "peername" else default

    def set_protocol(self, protocol: Any) -> None:
        self.protocol = protocol

    def get_protocol(self) -> Any:
        return self.protocol

    def is_closing(self) -> bool:
        return self.closing

    def is_reading(self) -> bool:
        return not self._paused and not self.closing

    def pause_reading(self) -> None:
        self._paused = True

    def resume_reading(self) -> None:
        if self._paused:
            self._paused = False
            if self._inbox:
                self._loop.call_soon(self._read, context=self.context)

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        self._high = min(high or 65_536, self._network.faults.buffer_bytes)

    def get_write_buffer_size(self) -> int:
        return self._unread

    def can_write_eof(self) -> bool:
        return True

    def write(self, data: Any) -> None:
        if self.closing or self._ended or not data:
            return
        self._unread += len(data)
        for piece in self._pieces(bytes(data)):
            self._send(piece)
        if self._unread > self._high and not self._full:
            self._full = True
            self.protocol.pause_writing()

    def write_eof(self) -> None:
        if not self._ended and not self.closing:
            self._ended = True
            self._send(END)

    def close(self) -> None:
        if not self.closing:
            self.write_eof()
            self.closing = True
            self._loop.call_soon(self._lost, None, context=self.context)

    def abort(self) -> None:
        if not self.closing or not self.gone:
            self.closing = True
            self._loop.call_soon(self._lost, None, context=self.context)
            assert self.peer is not None
            if not self.silent:
                self._loop.call_later(self._network.delay(), self.peer.reset, context=_NOBODY)

    # What the network does.

    def _pieces(self, data: bytes) -> list[bytes]:
        network = self._network
        if network.calm or len(data) < 2 or network.chance.random() >= network.faults.fragments:
            return [data]
        cut = network.chance.randrange(1, len(data))
        return [data[:cut], *self._pieces(data[cut:])]

    def _send(self, piece: bytes) -> None:
        assert self.peer is not None
        self._due = max(self._due + STEP_SECONDS, self._loop.now + self._network.delay())
        if not self.silent:
            self._loop.call_at(self._due, self.peer._arrive, piece, context=self.peer.context)

    def _arrive(self, piece: bytes) -> None:
        if self.gone or self.silent:
            return
        if self.closing:  # whoever goes on sending to a closed end is told so
            assert self.peer is not None
            if piece:
                self._loop.call_later(self._network.delay(), self.peer.reset, context=_NOBODY)
            return
        self._inbox.append(piece)
        if not self._paused:
            self._read()

    def _read(self) -> None:
        while self._inbox and not self._paused and not self.closing:
            piece = self._inbox.popleft()
            if piece:
                assert self.peer is not None
                self.peer._consumed(len(piece))
                self.protocol.data_received(piece)
            elif not self.protocol.eof_received():
                self.close()

    def _consumed(self, size: int) -> None:
        self._unread -= size
        if self._full and self._unread <= self._high // 4:
            self._full = False
            if not self.gone:
                self._loop.call_soon(self.protocol.resume_writing, context=self.context)

    def reset(self) -> None:
        if not self.gone and not self.closing:
            self.closing = True
            self._loop.call_soon(self._lost, ConnectionResetError("reset by peer"), context=self.context)

    def mute(self) -> None:
        self.silent = True

    def _lost(self, error: Exception | None) -> None:
        if not self.gone:
            self.gone = True
            self.protocol.connection_lost(error)
