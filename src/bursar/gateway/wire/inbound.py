"""Towards clients: connections that read requests one after another, and requests that are answered once.

A request is handled as soon as its head is there, so that it can be refused before its body has arrived; its body is
asked for by `body()`. Every wait has an end: for the head, for the body, for the next request, for a client that does
not read. What was sent before a request is answered waits in the socket (pipelining), one request at a time.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import httptools

from bursar.gateway.wire.framing import MAX_HEADER_BYTES, BadHead, check_head, reply_head
from bursar.gateway.wire.request import Request

log = logging.getLogger("bursar.gateway")

LINGER_SECONDS = 1.0
"""How long a client may go on sending what is no longer wanted, so that it can read the answer."""
WRITE_BUFFER_BYTES = 256 * 1024
BACKLOG = 1024
"""Connections that may wait to be accepted."""
FULL = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 2\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Limits:
    """What a connection may take. Durations in seconds."""

    receipt_seconds: float
    keepalive_seconds: float
    max_connections: int


Handler = Callable[[Request], Awaitable[None]]


def _too_long() -> BadHead:
    return BadHead(f"the header lines are longer than {MAX_HEADER_BYTES} bytes", 431)


class Connection(asyncio.Protocol):
    """One connection of one client."""

    __slots__ = (
        "_began",
        "_deadline",
        "_drain",
        "_handler",
        "_head_bytes",
        "_heading",
        "_idle",
        "_limits",
        "_listener",
        "_loop",
        "_mute",
        "_names",
        "_parser",
        "_reading",
        "_request",
        "_target",
        "_task",
        "_timer",
        "_transport",
        "_values",
        "_waiting",
        "blocked",
        "deaf",
        "ending",
        "peer",
    )  # fmt: skip

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._handler, self._limits, self._loop = listener.handler, listener.limits, listener.loop
        self._transport: asyncio.Transport | None = None
        self._parser = httptools.HttpRequestParser(self)
        self._target = b""
        self._names: list[bytes] = []
        self._values: list[bytes] = []
        self._head_bytes = 0
        self._reading: Request | None = None
        """The request whose body is being read."""
        self._request: Request | None = None
        """The request that is being answered."""
        self._waiting: deque[Request] = deque()
        self._task: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._deadline = 0.0
        """When it is given up; 0 while a request is being answered."""
        self._drain: asyncio.Future[None] | None = None
        self._idle = self._mute = self._heading = self._began = False
        self.blocked = False
        self.ending = False
        """No request is read any more but those that have come."""
        self.deaf = False
        """Whatever still comes is thrown away."""
        self.peer = ""

    @property
    def is_closing(self) -> bool:
        return self._transport is None or self._transport.is_closing()

    @property
    def last(self) -> bool:
        """No request follows the one that is being answered."""
        return (self.ending or self._listener.draining) and not self._waiting

    @property
    def busy(self) -> bool:
        """A request is being answered."""
        return self._request is not None

    # What asyncio tells.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]
        assert self._transport is not None
        if len(self._listener.connections) >= self._limits.max_connections:
            self._transport.write(FULL)
            self._transport.close()
            self.deaf = True
            return
        self._listener.connections.add(self)
        name = transport.get_extra_info("peername")
        self.peer = str(name[0]) if isinstance(name, tuple) and name else ""
        self._transport.set_write_buffer_limits(high=WRITE_BUFFER_BYTES)
        self._wait(self._limits.receipt_seconds)

    def data_received(self, data: bytes) -> None:
        if self.deaf:
            return
        if self._idle:
            self._idle = False
            self._wait(self._limits.receipt_seconds)
        self._began = False
        try:
            while data:
                try:
                    self._parser.feed_data(data)
                    break
                except httptools.HttpParserUpgrade as upgrade:
                    # Nobody has to follow an upgrade: the request is answered as it is (RFC 9110 7.8).
                    self._parser = httptools.HttpRequestParser(self)
                    data = data[upgrade.args[0] :]
        except httptools.HttpParserError as error:
            cause = error.__context__ if isinstance(error, httptools.HttpParserCallbackError) else None
            bad = cause if isinstance(cause, BadHead) else BadHead("this is not HTTP/1.1 as RFC 9112 has it")
            self._refuse(bad)
            return
        if self._heading and not self._began:  # all of this piece was head, and it goes on in the next one
            self._head_bytes += len(data)
            if self._head_bytes > MAX_HEADER_BYTES:
                self._refuse(_too_long())
        elif self._reading is not None and self._request is None:
            self._next()

    def eof_received(self) -> bool:
        """The client sends no more; what it asked for whole is still answered."""
        if self._request is None and not self._waiting:
            return False
        self.ending = True
        if self._reading is not None and not self._reading.complete:
            self._reading.wake(ConnectionResetError("the client left in the middle of its request"))
            return False
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        self._listener.connections.discard(self)
        self.ending = self.deaf = True
        if self._timer is not None:
            self._timer.cancel()
        gone = ConnectionResetError("the client left")
        if self._reading is not None:
            self._reading.wake(gone)
        if self._drain is not None and not self._drain.done():
            self._drain.set_exception(gone)
            self._drain.exception()  # whoever waits sees it; where nobody waits it is no fault
        self._waiting.clear()

    def pause_writing(self) -> None:
        self.blocked = True
        self._drain = self._loop.create_future()

    def resume_writing(self) -> None:
        self.blocked = False
        if self._drain is not None and not self._drain.done():
            self._drain.set_result(None)

    # What llhttp tells.

    def on_message_begin(self) -> None:
        self._target, self._names, self._values, self._head_bytes = b"", [], [], 0
        self._heading = self._began = True

    def on_url(self, url: bytes) -> None:
        self._target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self._names.append(name)
        self._values.append(value)

    def on_headers_complete(self) -> None:
        version = self._parser.get_http_version()
        target = self._target.decode("latin-1")
        self._heading = False
        names = b"\n".join(self._names).decode("latin-1")
        values = [value.decode("latin-1") for value in self._values]
        if len(target) + len(names) + sum(map(len, values)) > MAX_HEADER_BYTES:
            raise _too_long()
        lowered = names.lower().split("\n") if names else []
        check_head(version, target, lowered, values)
        method = self._parser.get_method().decode("latin-1")
        headers = tuple(zip(names.split("\n"), values, strict=True)) if values else ()
        request = Request(self, method, target, version, headers, dict(zip(lowered, values, strict=True)))
        request.close = not self._parser.should_keep_alive()
        self._reading = request
        if self._request is not None or self._waiting:
            self._waiting.append(request)
            self.pause()

    def on_body(self, data: bytes) -> None:
        assert self._reading is not None
        if not self._reading.feed(data):
            self.pause()

    def on_message_complete(self) -> None:
        request = self._reading
        if request is None:
            return
        request.complete = True
        request.wake()
        if self._request is None and not self._waiting:
            self._next()
        if request.close:
            self.deaf = True  # it said that it would ask nothing more
        self._reading = None

    # Answering.

    def _next(self) -> None:
        """Answer the next request, if there is one."""
        if self._waiting:
            request = self._waiting.popleft()
            self.read_on()
        elif self._reading is not None:
            request = self._reading
        else:
            return
        self._request = request
        self._deadline = 0.0
        self._task = self._loop.create_task(self._answer(request))

    async def _answer(self, request: Request) -> None:
        try:
            await self._handler(request)
        except ConnectionResetError:
            request.close = True
        except Exception:
            log.exception("an answer failed")
            self.cut(hard=True)
        self._answered(request)

    def _answered(self, request: Request) -> None:
        self._request = self._task = None
        if self.is_closing:
            return
        if not request.complete:
            self._linger()
        elif request.close or not request.answered or (self.ending and not self._waiting):
            self.cut(hard=False)
        elif self._waiting or self._reading is not None:
            self._next()
        else:
            self._idle = True
            self.read_on()
            self._wait(self._limits.keepalive_seconds)

    def write(self, data: bytes) -> None:
        if self._transport is not None and not self._mute and not self._transport.is_closing():
            self._transport.write(data)

    async def drained(self) -> None:
        if self.is_closing:
            raise ConnectionResetError("the client left")
        if self.blocked and self._drain is not None:
            await self._drain

    def pause(self) -> None:
        """Read no more for now."""
        if self._transport is not None and not self._transport.is_closing() and self._transport.is_reading():
            self._transport.pause_reading()

    def read_on(self) -> None:
        if self._transport is not None and not self._transport.is_closing() and not self._transport.is_reading():
            self._transport.resume_reading()

    def cut(self, hard: bool) -> None:
        """End the connection: after what was written, or at once."""
        self.ending = self.deaf = True
        if self._transport is None:
            return
        if hard:
            self._transport.abort()
        else:
            self._transport.close()

    def _refuse(self, bad: BadHead) -> None:
        """Answer what cannot be read, unless another answer is on its way, and end the connection."""
        request, reading = self._request, self._reading
        if request is not None and (request is not reading or request.complete or request.answered):
            # What is being answered is answered; then nothing more is read.
            self.ending = self.deaf = True
            if self._waiting and reading is self._waiting[-1] and not reading.complete:
                self._waiting.pop()
            return
        text = f"Bursar: {bad.sentence}.\n".encode()
        headers = (
            ("Content-Type", "text/plain; charset=utf-8"),
            ("Content-Length", str(len(text))),
            ("Connection", "close"),
        )
        self.write(reply_head(bad.status, "", headers) + text)
        self._linger()
        if reading is not None:
            reading.wake(ConnectionResetError(bad.sentence))

    def _linger(self) -> None:
        """Close in a way that lets the client read the answer although it is still sending."""
        self.ending = self.deaf = True
        if self._transport is None or self._transport.is_closing():
            return
        self._mute = True  # all is said
        if self._transport.can_write_eof():
            self._transport.write_eof()
        self.read_on()
        self._wait(LINGER_SECONDS)

    # Deadlines: one timer for each connection, moved only when it goes off.

    def _wait(self, seconds: float) -> None:
        self._deadline = self._loop.time() + seconds
        if self._timer is None:
            self._timer = self._loop.call_at(self._deadline, self._look)
        elif self._timer.when() > self._deadline:
            self._timer.cancel()
            self._timer = self._loop.call_at(self._deadline, self._look)

    def _look(self) -> None:
        self._timer = None
        if self.is_closing or not self._deadline:
            return
        if self._deadline <= self._loop.time():
            self.cut(hard=not self._idle)
        else:
            self._timer = self._loop.call_at(self._deadline, self._look)


class Listener:
    """Accepts connections and hands their requests to a handler."""

    def __init__(self, handler: Handler, limits: Limits) -> None:
        self.handler, self.limits = handler, limits
        self.loop = asyncio.get_running_loop()
        self.connections: set[Connection] = set()
        self._server: asyncio.Server | None = None
        self.draining = False

    async def start(self, host: str, port: int, sock: socket.socket | None = None) -> tuple[str, int]:
        """Listen, on a socket that listens already if there is one; returns the address that was bound."""
        where: Any = {"sock": sock} if sock is not None else {"host": host, "port": port}
        self._server = await self.loop.create_server(lambda: Connection(self), backlog=BACKLOG, **where)
        bound = self._server.sockets[0].getsockname()
        return str(bound[0]), int(bound[1])

    def drain(self) -> None:
        """Accept nothing more; every answer from now on says that its connection ends with it.

        A connection without a request is left open: its client may be sending one just now, and would never know whether
        it was read. The next request on it is answered, and is its last.
        """
        self.draining = True
        if self._server is not None:
            self._server.close()

    async def close(self, seconds: float = 1.0) -> None:
        """End every connection, those that do not end by themselves by force."""
        self.drain()
        for connection in tuple(self.connections):
            connection.ending = True
            if not connection.busy:
                connection.cut(hard=False)
        end = self.loop.time() + seconds
        while self.connections and self.loop.time() < end:
            await asyncio.sleep(0.01)
        for connection in tuple(self.connections):
            connection.cut(hard=True)
        await asyncio.sleep(0)
