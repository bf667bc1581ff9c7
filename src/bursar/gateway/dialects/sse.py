"""Server-sent events as they pass: complete events out of any fragmentation, and meters that read them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from bursar.gateway.dialects.contract import Reading
from bursar.prices.usage import Usage

MAX_EVENT_BYTES = 8 * 1024 * 1024
"""A longer event is passed on unread."""
MAX_DOCUMENT_BYTES = 64 * 1024 * 1024

decode = msgspec.json.decode


class Events:
    """Cuts a stream into events: `feed` returns (raw bytes, data bytes) for each event that is now complete."""

    __slots__ = ("_rest",)

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, chunk: bytes) -> list[tuple[bytes, bytes]]:
        buffer = self._rest + chunk if self._rest else chunk
        found: list[tuple[bytes, bytes]] = []
        start = 0
        while True:
            end, size = _boundary(buffer, start)
            if end < 0:
                break
            raw = buffer[start : end + size]
            found.append((raw, _data(raw)))
            start = end + size
        self._rest = buffer[start:] if start else buffer
        if len(self._rest) > MAX_EVENT_BYTES:
            found.append((self._rest, b""))
            self._rest = b""
        return found

    def flush(self) -> list[tuple[bytes, bytes]]:
        """What is left at the end of the stream, complete or not."""
        rest, self._rest = self._rest, b""
        return [(rest, _data(rest))] if rest else []


def _boundary(buffer: bytes, start: int) -> tuple[int, int]:
    """Where the next blank line is, and how many bytes end the event."""
    plain = buffer.find(b"\n\n", start)
    mixed = buffer.find(b"\n\r\n", start, plain + 2 if plain >= 0 else len(buffer))
    if mixed >= 0 and (plain < 0 or mixed < plain):
        return mixed, 3
    return plain, 2


def _data(raw: bytes) -> bytes:
    if raw.startswith(b"data: ") and raw.find(b"\n") >= len(raw) - 4:
        return raw[6:].rstrip(b"\r\n")
    parts = [line[5:].strip() for line in raw.split(b"\n") if line.startswith(b"data:")]
    return parts[0] if len(parts) == 1 else b"\n".join(parts)


class StreamMeter:
    """Reads a stream of events; a dialect says what an event means.

    `read(data, meter)` sets `usage`, `final`, `terminal` and so on; `counts(data)` says whether an event carries generated
    text, whose size is estimated from the events' lengths so that most events need not be decoded at all.
    """

    def __init__(
        self,
        read: Callable[[bytes, StreamMeter], None],
        counts: Callable[[bytes], bool],
        hides: Callable[[bytes], bool] | None = None,
    ) -> None:
        self._read, self._counts, self._hides = read, counts, hides
        self._events = Events()
        self.usage: Usage | None = None
        self.final = False
        self.terminal = False
        self.error = False
        self.model = ""
        self.service_tier = ""
        self.kept: dict[str, Any] = {}
        """What a dialect remembers between events."""
        self._began = False
        self._count = self._total = 0
        self._least = 1 << 30

    def feed(self, chunk: bytes) -> bytes:
        if self._hides is None:
            for _, data in self._events.feed(chunk):
                self._take(data)
            return chunk
        return b"".join([raw for raw, data in self._events.feed(chunk) if not self._take(data)])

    def finish(self) -> bytes:
        left = self._events.flush()
        hidden = [self._take(data) for _, data in left]
        if self._hides is None:
            return b""
        return b"".join([raw for (raw, _), hide in zip(left, hidden, strict=True) if not hide])

    def reading(self) -> Reading:
        count, least = self._count, self._least if self._count else 0
        return Reading(
            usage=self.usage,
            final=self.final,
            model=self.model,
            service_tier=self.service_tier,
            output_bytes=self._total - count * least + 4 * count,
            error=self.error,
            began=self._began,
        )

    def _take(self, data: bytes) -> bool:
        """Read one event; true if the client must not see it."""
        if not data:
            return False
        self._began = True
        if self._counts(data):
            size = len(data)
            self._count += 1
            self._total += size
            self._least = min(self._least, size)
        try:
            self._read(data, self)
        except (msgspec.DecodeError, UnicodeDecodeError, AttributeError, TypeError, ValueError, RecursionError):
            return False  # not ours to judge: the client gets the bytes as they are
        return self._hides is not None and self._hides(data)


class DocumentMeter:
    """Reads a reply in one piece, once it is complete."""

    terminal = False

    def __init__(self, read: Callable[[Any, DocumentMeter], None]) -> None:
        self._read = read
        self._parts: list[bytes] = []
        self._size = 0
        self.usage: Usage | None = None
        self.final = False
        self.error = False
        self.pending = False
        self.model = ""
        self.service_tier = ""

    def feed(self, chunk: bytes) -> bytes:
        self._size += len(chunk)
        if self._size <= MAX_DOCUMENT_BYTES:
            self._parts.append(chunk)
        return chunk

    def finish(self) -> bytes:
        self.final = True
        try:
            self._read(decode(b"".join(self._parts)), self)
        except (msgspec.DecodeError, UnicodeDecodeError, AttributeError, TypeError, ValueError, RecursionError):
            self.final = False
        self._parts.clear()
        return b""

    def reading(self) -> Reading:
        return Reading(
            usage=self.usage,
            final=self.final,
            model=self.model,
            service_tier=self.service_tier,
            output_bytes=0 if self.error else self._size,
            error=self.error,
            pending=self.pending,
        )
