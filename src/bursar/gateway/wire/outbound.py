"""Towards providers: pooled connections that carry one request at a time, and replies that are read as they come.

A connection goes back to the pool only after a reply that ended where its framing said; anything else closes it, so that
nobody is handed the rest of somebody else's reply.
"""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import urlsplit

import httptools

from bursar.gateway.wire.framing import MAX_HEADER_BYTES, Headers, request_head
from bursar.gateway.wire.reply import Reply, WireError

KEEPALIVE_SECONDS = 30.0
"""How long a connection is kept that nobody uses: less than providers keep theirs, so that it is not stale."""


class NotConnected(WireError):
    """No connection came about: nothing was sent."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a provider is reached."""

    host: str
    port: int
    tls: bool
    prefix: str
    """What stands before every path."""
    name: str
    """As the Host header has it."""


@lru_cache(maxsize=256)
def origin_of(base_url: str) -> Origin:
    """The origin of a base URL that was checked when it was set."""
    parts = urlsplit(base_url)
    tls = parts.scheme == "https"
    return Origin(parts.hostname or "", parts.port or (443 if tls else 80), tls, parts.path.rstrip("/"), parts.netloc)


class Resuming(ssl.SSLContext):
    """A client's context that goes on with the last session of a host: a new connection then costs a third of a first one.

    Ciphers, certificates and names are checked as `ssl.create_default_context` has them.
    """

    sessions: dict[str, ssl.SSLSession]

    def __new__(cls, cafile: str | None = None) -> Resuming:
        self = super().__new__(cls, ssl.PROTOCOL_TLS_CLIENT)
        self.sessions = {}
        if cafile is None:
            self.load_default_certs()
        else:
            self.load_verify_locations(cafile)
        return self

    def wrap_bio(  # what asyncio and uvloop ask, which know nothing of sessions
        self,
        incoming: ssl.MemoryBIO,
        outgoing: ssl.MemoryBIO,
        server_side: bool = False,
        server_hostname: str | bytes | None = None,
        session: ssl.SSLSession | None = None,
    ) -> ssl.SSLObject:
        known = self.sessions.get(str(server_hostname)) if session is None else session
        return super().wrap_bio(incoming, outgoing, server_side, server_hostname, known)

    def remember(self, connection: ssl.SSLObject) -> None:
        """Keep the session of a connection; its tickets come with the first reply."""
        if connection.session is not None and connection.session.has_ticket:
            self.sessions[str(connection.server_hostname)] = connection.session


class ProviderConnection(asyncio.Protocol):
    """One connection to a provider, for one exchange at a time."""

    __slots__ = (
        "_body", "_by_close", "_header_bytes", "_headers", "_loop", "_method", "_parser", "_pool", "_reason", "_reply", "_skip",
        "_transport", "_waiter", "origin", "since",
    )  # fmt: skip

    def __init__(self, pool: Pool, origin: Origin) -> None:
        self._pool, self.origin = pool, origin
        self._loop = asyncio.get_running_loop()
        self._parser = httptools.HttpResponseParser(self)
        self._transport: asyncio.Transport | None = None
        self._waiter: asyncio.Future[Reply] | None = None
        self._reply: Reply | None = None
        self._body: list[bytes] = []
        """Parts of the body that came in one piece from the socket."""
        self._headers: list[tuple[str, str]] = []
        self._header_bytes = 0
        self._reason = ""
        self._method = ""
        self._skip = self._by_close = False
        self.since = 0.0
        """Since when nobody uses it."""

    @property
    def usable(self) -> bool:
        return self._transport is not None and not self._transport.is_closing()

    async def ask(self, method: str, head: bytes, body: bytes, seconds: float) -> Reply:
        """Send a request and wait for the head of its reply. Raises WireError, TimeoutError."""
        assert self._transport is not None
        self._method = method
        waiter = self._waiter = self._loop.create_future()
        # A bare timer: asyncio.timeout() costs several times as much, and every request passes here.
        timer = self._loop.call_later(seconds, self._late, waiter)
        try:
            self._transport.write(head + body)
            reply: Reply = await waiter
            return reply
        finally:
            timer.cancel()

    def _late(self, waiter: asyncio.Future[Reply]) -> None:
        if not waiter.done():
            waiter.set_exception(TimeoutError("no reply in time"))

    def remember(self, context: ssl.SSLContext) -> None:
        """Keep the session, so that the next connection to the same host begins with it."""
        found = None if self._transport is None else self._transport.get_extra_info("ssl_object")
        if found is not None and isinstance(context, Resuming):
            context.remember(found)

    def close(self) -> None:
        """End it now; what it still carries is lost."""
        if self._transport is not None:
            self._transport.abort()

    def pause(self) -> None:
        if self._transport is not None and not self._transport.is_closing() and self._transport.is_reading():
            self._transport.pause_reading()

    def read_on(self) -> None:
        if self._transport is not None and not self._transport.is_closing() and not self._transport.is_reading():
            self._transport.resume_reading()

    # What asyncio tells.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]

    def data_received(self, data: bytes) -> None:
        if self._waiter is None and self._reply is None:
            self.close()  # nobody asked: what comes now belongs to no request
            return
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self._broken(WireError("the provider's reply is not HTTP/1.1"))
            return
        if self._body:
            self._hand_over()

    def eof_received(self) -> bool:
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        if self._reply is not None and self._by_close and exc is None:
            reply, self._reply = self._reply, None
            reply.end()
        else:
            self._broken(WireError("the connection broke"))

    def _broken(self, error: WireError) -> None:
        waiter, self._waiter = self._waiter, None
        if waiter is not None and not waiter.done():
            waiter.set_exception(error)
        reply, self._reply = self._reply, None
        if reply is not None:
            reply.fail(error)
        self.close()

    # What llhttp tells.

    def on_message_begin(self) -> None:
        self._headers, self._header_bytes, self._reason = [], 0, ""

    def on_status(self, reason: bytes) -> None:
        self._reason += reason.decode("latin-1")

    def on_header(self, name: bytes, value: bytes) -> None:
        self._header_bytes += len(name) + len(value)
        if self._header_bytes > MAX_HEADER_BYTES:
            raise WireError("the head of the reply is too long")
        self._headers.append((name.decode("latin-1"), value.decode("latin-1")))

    def on_headers_complete(self) -> None:
        status = self._parser.get_status_code()
        self._skip = 100 <= status < 200
        if self._skip:
            if status == 101:
                raise WireError("the provider changed the protocol")
            return
        waiter, self._waiter = self._waiter, None
        if waiter is None or waiter.done():
            raise WireError("a reply that nobody waits for")
        reply = self._reply = Reply(self, status, self._reason, self._headers)
        self._by_close = not ("content-length" in reply.lowered or "transfer-encoding" in reply.lowered)
        if self._method == "HEAD":
            # llhttp would wait for the body that the head speaks of.
            self._reply = None
            reply.end()
            self.close()
        waiter.set_result(reply)

    def on_body(self, data: bytes) -> None:
        self._body.append(data)

    def _hand_over(self) -> None:
        """What came together is read and passed on together: the busier the node, the fewer and larger the parts."""
        body, self._body = self._body, []
        if self._reply is not None:
            self._reply.feed(body[0] if len(body) == 1 else b"".join(body), self._loop.time())

    def on_message_complete(self) -> None:
        if self._skip:
            return
        if self._body:
            self._hand_over()
        reply, self._reply = self._reply, None
        if reply is not None:
            reply.end()
            if self._parser.should_keep_alive():
                self._pool.give_back(self)
                return
        self.close()


class Pool:
    """Connections to every provider. Create on the event loop."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self._loop = asyncio.get_running_loop()
        self._tls = tls
        self._free: dict[Origin, list[ProviderConnection]] = {}
        self._sweep: asyncio.TimerHandle | None = None

    async def ask(
        self,
        origin: Origin,
        method: str,
        target: str,
        headers: Headers,
        body: bytes,
        *,
        connect_seconds: float,
        reply_seconds: float,
    ) -> Reply:
        """Send a request and wait for the head of its reply. Raises NotConnected, WireError, TimeoutError."""
        head = request_head(method, origin.prefix + target, [("Host", origin.name), *headers])
        connection = self._taken(origin) or await self._connected(origin, connect_seconds)
        try:
            return await connection.ask(method, head, body, reply_seconds)
        except BaseException:
            connection.close()
            raise

    def give_back(self, connection: ProviderConnection) -> None:
        if not connection.usable:
            return
        if not connection.since and connection.origin.tls:
            connection.remember(self._context())
        connection.read_on()
        connection.since = self._loop.time()
        self._free.setdefault(connection.origin, []).append(connection)
        if self._sweep is None:
            self._sweep = self._loop.call_later(KEEPALIVE_SECONDS, self._swept)

    def _taken(self, origin: Origin) -> ProviderConnection | None:
        free = self._free.get(origin)
        oldest = self._loop.time() - KEEPALIVE_SECONDS
        while free:
            connection = free.pop()  # the one that was used last is the least likely to be stale
            if connection.usable and connection.since >= oldest:
                return connection
            connection.close()
        return None

    async def _connected(self, origin: Origin, seconds: float) -> ProviderConnection:
        tls = self._context() if origin.tls else None
        try:
            async with asyncio.timeout(seconds):
                _, connection = await self._loop.create_connection(
                    lambda: ProviderConnection(self, origin),
                    origin.host,
                    origin.port,
                    ssl=tls,
                    server_hostname=origin.host if tls else None,
                )
        except (OSError, TimeoutError, UnicodeError) as error:
            raise NotConnected(str(error)) from error
        return connection

    def _context(self) -> ssl.SSLContext:
        if self._tls is None:
            self._tls = Resuming()
        return self._tls

    def _swept(self) -> None:
        """Close what nobody used for long."""
        self._sweep = None
        oldest = self._loop.time() - KEEPALIVE_SECONDS
        for origin, free in list(self._free.items()):
            kept = [one for one in free if one.usable and one.since >= oldest]
            for one in free:
                if one.usable and one.since < oldest:
                    one.close()
            if kept:
                self._free[origin] = kept
            else:
                del self._free[origin]
        if self._free:
            self._sweep = self._loop.call_later(KEEPALIVE_SECONDS / 2, self._swept)

    async def close(self) -> None:
        """Close every connection that is free."""
        if self._sweep is not None:
            self._sweep.cancel()
            self._sweep = None
        free, self._free = self._free, {}
        for connections in free.values():
            for one in connections:
                one.close()
        await asyncio.sleep(0)
