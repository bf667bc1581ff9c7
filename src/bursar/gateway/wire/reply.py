"""One reply of a provider, read as it comes: its parts in order, its end, or what broke it."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Callable
from typing import TYPE_CHECKING

from bursar.gateway.wire.framing import Headers

if TYPE_CHECKING:
    from bursar.gateway.wire.outbound import ProviderConnection

BUFFER_BYTES = 256 * 1024
"""How much of a reply may wait for whoever reads it."""
INFLATED_BYTES = 1024 * 1024
"""How much is unpacked at a time of a reply that came packed unasked."""


class WireError(Exception):
    """A reply did not come, or did not come whole."""


Read = Callable[[bytes], bytes]
"""Looks at a part as it comes, and says what is to be passed on."""
Pass = Callable[[bytes], bool]
"""Passes a part on at once; false where that has to wait for whoever reads."""


class Reply:
    """One reply of a provider. Its parts are taken as they come: `await read()` until it returns None.

    Of a stream (`flow`) each part is read the moment it comes, and passed on without waking anybody where nothing has to be
    waited for: most of what a stream costs is otherwise the switch between tasks.
    """

    __slots__ = (
        "_connection", "_error", "_idle", "_inflate", "_last", "_limit", "_parts", "_pass", "_read", "_size", "_timer", "_waiter", "ended",
        "headers", "lowered", "reason", "status",
    )  # fmt: skip

    def __init__(self, connection: ProviderConnection, status: int, reason: str, headers: Headers) -> None:
        self._connection = connection
        self.status, self.reason, self.headers = status, reason, headers
        self.lowered = {name.lower(): value for name, value in headers}
        self.ended = False
        self._parts: list[bytes] = []
        self._size = 0
        self._read: Read | None = None
        self._pass: Pass | None = None
        self._error: BaseException | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._idle = self._limit = self._last = 0.0
        self._timer: asyncio.TimerHandle | None = None
        coding = self.lowered.get("content-encoding", "identity").strip().lower()
        self._inflate = None
        if coding in ("gzip", "x-gzip", "deflate"):  # some pack although they were asked not to
            self._inflate = zlib.decompressobj(zlib.MAX_WBITS | (32 if coding != "deflate" else 0))
        elif coding not in ("", "identity"):
            self._error = WireError(f"the reply is packed as {coding[:40]}, which nobody asked for")

    def expect(self, idle_seconds: float, until: float) -> None:
        """Give up reading after a silence of `idle_seconds`, and at the loop's time `until` at the latest."""
        loop = asyncio.get_running_loop()
        self._idle, self._limit, self._last = idle_seconds, until, loop.time()
        if not self.ended:
            self._timer = loop.call_at(min(until, self._last + idle_seconds), self._look)

    def _look(self) -> None:
        loop = asyncio.get_running_loop()
        due = min(self._limit, self._last + self._idle)
        if loop.time() < due:
            self._timer = loop.call_at(due, self._look)
            return
        self._timer = None
        self.fail(TimeoutError("the provider fell silent"))
        self._connection.close()

    def flow(self, read: Read, pass_on: Pass) -> None:
        """Read every part as it comes, and pass it on at once as long as somebody waits in `read()` and `pass_on` can."""
        self._read, self._pass = read, pass_on
        if self._parts:
            self._parts = [read(b"".join(self._parts))]

    async def read(self) -> bytes | None:
        """What has come since the last time, waiting for something; None at the end. Raises WireError, TimeoutError."""
        while not self._parts:
            if self._error is not None:
                raise self._error
            if self.ended:
                return None
            self._connection.read_on()
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        return self.take()

    def take(self) -> bytes:
        """What is there already, without waiting. After `ended` that is the rest."""
        if self._error is not None and not self._parts:
            raise self._error
        parts, self._parts, self._size = self._parts, [], 0
        return parts[0] if len(parts) == 1 else b"".join(parts)

    @property
    def ready(self) -> bool:
        """Something can be taken without waiting."""
        return bool(self._parts) or self.ended

    @property
    def whole(self) -> bool:
        """All of it has come: nothing to wait for."""
        return self.ended and self._error is None

    def feed(self, data: bytes, now: float) -> None:
        self._last = now
        if self._error is not None:
            return
        if self._inflate is not None:
            self._unpack(data)
        else:
            self._take_in(data)
        if self._size > BUFFER_BYTES:
            self._connection.pause()

    def _take_in(self, part: bytes) -> None:
        if self._read is not None:
            part = self._read(part)
            if self._waiter is not None and self._pass is not None and self._pass(part):
                return
        self._parts.append(part)
        self._size += len(part)
        self._wake()

    def _unpack(self, data: bytes) -> None:
        assert self._inflate is not None
        try:
            while data:
                part = self._inflate.decompress(data, INFLATED_BYTES)
                if part:
                    self._take_in(part)
                data = self._inflate.unconsumed_tail
        except zlib.error:
            self.fail(WireError("the reply is packed in a way that cannot be unpacked"))

    def end(self) -> None:
        if self._inflate is not None and not self._inflate.eof and self._last:
            self.fail(WireError("the packed reply was cut short"))
        self.ended = True
        self._stop()
        self._wake()

    def fail(self, error: BaseException) -> None:
        if self._error is None and not self.ended:
            self._error = error
        self._stop()
        self._wake()

    def close(self) -> None:
        """Read no more of it. A reply that has not ended takes its connection with it."""
        if not self.ended:
            self.fail(WireError("the reply was given up"))
            self._connection.close()
        self._stop()

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _wake(self) -> None:
        waiter, self._waiter = self._waiter, None
        if waiter is not None and not waiter.done():
            waiter.set_result(None)


async def whole(reply: Reply, limit: int) -> bytes:
    """All of a reply's body. Raises WireError, also where it is larger than `limit` bytes."""
    found = bytearray()
    while (part := await reply.read()) is not None:
        found += part
        if len(found) > limit:
            raise WireError(f"the reply is larger than {limit} bytes")
    return bytes(found)
