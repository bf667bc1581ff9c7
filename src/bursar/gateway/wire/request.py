"""One request of a client, and the way to answer it: in one piece, in parts, or not to the end."""

from __future__ import annotations

import asyncio
from email.utils import formatdate
from time import time
from typing import TYPE_CHECKING

from bursar.gateway.wire.framing import LAST_CHUNK, Headers, chunk, reply_head

if TYPE_CHECKING:
    from bursar.gateway.wire.inbound import Connection

MAX_EARLY_BODY_BYTES = 256 * 1024
"""How much of a body is read before anybody asked for it."""


class TooLarge(Exception):
    """The body is larger than was allowed."""


class Request:
    """One request of one connection: what was asked, and the way to answer."""

    __slots__ = (
        "_body", "_chunked", "_connection", "_error", "_expects", "_head", "_waiter", "answered", "close", "complete", "headers", "lowered",
        "method", "over", "raw_path", "version",
    )  # fmt: skip

    def __init__(
        self,
        connection: Connection,
        method: str,
        raw_path: str,
        version: str,
        headers: Headers,
        lowered: dict[str, str],
    ) -> None:
        self._connection = connection
        self.method, self.raw_path, self.version, self.headers = method, raw_path, version, headers
        self.lowered = lowered
        """Headers by their names in lower case; of several of one name the last."""
        self._expects = self.lowered.get("expect", "").lower() == "100-continue" and version == "1.1"
        self._body = bytearray()
        self._waiter: asyncio.Future[None] | None = None
        self._error: BaseException | None = None
        self._head = b""
        self._chunked = False
        self.complete = False
        self.over = 0
        """What the body may not exceed; 0: nobody asked for it yet."""
        self.close = False
        """The connection ends with this answer."""
        self.answered = False

    @property
    def gone(self) -> bool:
        """The client has left."""
        return self._connection.is_closing

    @property
    def peer(self) -> str:
        """The client's address."""
        return self._connection.peer

    async def body(self, limit: int, seconds: float) -> bytes:
        """The whole body. Raises TooLarge, TimeoutError, ConnectionResetError."""
        length = self.lowered.get("content-length", "")
        if length and int(length) > limit:
            raise TooLarge
        self.over = limit
        if not self.complete:
            if self._expects:
                self._connection.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            self._connection.read_on()
            async with asyncio.timeout(seconds):
                while not self.complete and len(self._body) <= limit:
                    if self._error is not None:
                        raise self._error
                    self._waiter = asyncio.get_running_loop().create_future()
                    await self._waiter
        if len(self._body) > limit:
            raise TooLarge
        return bytes(self._body)

    def feed(self, data: bytes) -> bool:
        """Take a part of the body; false once there is more than was asked for."""
        self._body += data
        if len(self._body) <= (self.over or MAX_EARLY_BODY_BYTES):
            return True
        self.wake()
        return False

    def wake(self, error: BaseException | None = None) -> None:
        """Something has come, or nothing will come any more."""
        self._error = error
        waiter, self._waiter = self._waiter, None
        if waiter is not None and not waiter.done():
            waiter.set_result(None)

    def respond(self, status: int, headers: Headers, body: bytes, reason: str = "") -> None:
        """Answer in one piece."""
        self.answered = True
        whole = [*headers, ("Content-Length", str(len(body))), *self._closing()]
        head = reply_head(status, reason, whole)
        self._connection.write(head if self.method == "HEAD" else head + body)

    def begin(self, status: int, headers: Headers, reason: str = "") -> None:
        """Begin an answer in parts. Its head leaves with the first of them."""
        self.answered = True
        self._chunked = self.version == "1.1"
        if not self._chunked:
            self.close = True
        framing = [("Transfer-Encoding", "chunked")] if self._chunked else []
        self._head = reply_head(status, reason, [*headers, *framing, *self._closing()])

    def write(self, data: bytes) -> None:
        """Pass a part on; what the client is slow to read is kept, so ask `drained()` between parts."""
        if self.method == "HEAD":
            data = b""
        framed = chunk(data) if data and self._chunked else data
        head, self._head = self._head, b""
        if head or framed:
            self._connection.write(head + framed)

    @property
    def blocked(self) -> bool:
        """The client reads more slowly than it is written to."""
        return self._connection.blocked

    async def drained(self) -> None:
        """Wait until the client has read. Raises ConnectionResetError when it has left."""
        await self._connection.drained()

    def end(self, data: bytes = b"") -> None:
        """End an answer in parts well, with its last part."""
        if self.method == "HEAD":
            data = b""
        framed = chunk(data) if data and self._chunked else data
        head, self._head = self._head, b""
        self._connection.write(head + framed + (LAST_CHUNK if self._chunked and self.method != "HEAD" else b""))

    def break_off(self, data: bytes = b"", *, hard: bool) -> None:
        """End an answer in parts badly: nobody can take it for whole. `hard` resets the connection."""
        self.close = True
        self.write(data)
        self._connection.cut(hard)

    def _closing(self) -> Headers:
        if not self.complete or self._connection.last:
            self.close = True
        date = ("Date", _date())
        if self.close:
            return (date, ("Connection", "close"))
        return (date, ("Connection", "keep-alive")) if self.version == "1.0" else (date,)


_said: tuple[int, str] = (0, "")


def _date() -> str:
    """The Date header, made once a second."""
    global _said
    now = int(time())
    if _said[0] != now:
        _said = (now, formatdate(now, usegmt=True))
    return _said[1]
