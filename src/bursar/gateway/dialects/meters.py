"""Meters: what is known of a reply while its bytes pass through, in one piece or as a stream.

A dialect says what an event or a document means by a plain function over `Seen`; the meters here only find events and
documents in the bytes, in any fragmentation, and never change a byte but to take out a hidden event.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import msgspec

from bursar.gateway.dialects.contract import Meter, Reading
from bursar.gateway.dialects.sse import Events
from bursar.prices.usage import Usage

MAX_DOCUMENT_BYTES = 64 * 1024 * 1024
"""A longer reply in one piece is passed on unread."""

BURST_BYTES = 2048
"""Parts of a stream from this size on are read in one go, where their dialect can."""

UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, ValueError, TypeError, AttributeError, KeyError, RecursionError)
"""Whatever a provider's bytes can raise: they pass on as they are, and are not ours to judge."""


class Seen:
    """What has been read so far. Dialects write to it."""

    __slots__ = (
        "began",
        "error",
        "final",
        "kept",
        "model",
        "others",
        "output_bytes",
        "pending",
        "service_tier",
        "terminal",
        "usage",
    )

    def __init__(self) -> None:
        self.usage: Usage | None = None
        self.final = self.terminal = self.error = self.pending = self.began = False
        self.model = self.service_tier = ""
        self.output_bytes = 0
        self.others: tuple[tuple[str, Usage], ...] = ()
        self.kept: dict[str, Any] = {}
        """What a dialect remembers between events."""

    def reading(self) -> Reading:
        return Reading(
            self.usage,
            self.final,
            self.model,
            self.service_tier,
            self.output_bytes,
            self.error,
            self.pending,
            self.others,
            self.began,
        )


ReadEvent = Callable[[bytes, Seen], bool]
"""Reads one event's data; true if it exists only because we asked for usage."""
ReadMany = Callable[[bytes, Seen], bool]
"""Reads whole events, one after another, in one go; false, having read nothing, where one is not as they usually are."""
ReadDocument = Callable[[bytes, Seen], None]


class StreamMeter:
    """Reads server-sent events. With `hides`, events that `read` answers true for are kept from the client.

    `ends_by_close` is for dialects without a last event: they are over when the provider closes with its figures final.
    `read_many` is for parts that came as a burst: it has to see what `read` would see of their events.
    """

    __slots__ = ("_ends_by_close", "_events", "_hides", "_read", "_read_many", "_seen")

    def __init__(
        self, read: ReadEvent, hides: bool = False, ends_by_close: bool = False, read_many: ReadMany | None = None
    ) -> None:
        self._read, self._hides, self._ends_by_close = read, hides, ends_by_close
        self._read_many = None if hides else read_many
        self._events = Events()
        self._seen = Seen()

    @property
    def terminal(self) -> bool:
        return self._seen.terminal

    def feed(self, chunk: bytes) -> bytes:
        if (
            self._read_many is not None
            and len(chunk) >= BURST_BYTES
            and self._events.between
            and chunk.endswith(b"\n\n")
            and self._read_many(chunk, self._seen)
        ):
            self._seen.began = True
            return chunk
        passed, events = self._events.feed(chunk)
        visible = self._take(passed, events)
        return visible if self._hides else chunk

    def finish(self) -> bytes:
        left, events = self._events.finish()
        visible = self._take(left, events)
        if self._ends_by_close and self._seen.final:
            self._seen.terminal = True
        return visible if self._hides else b""

    def reading(self) -> Reading:
        return self._seen.reading()

    def _take(self, passed: bytes, events: list[Any]) -> bytes:
        start, hidden = 0, []
        for end, data in events:
            if data:
                self._seen.began = True
                try:
                    if self._read(data, self._seen):
                        hidden.append((start, end))
                except UNREADABLE:
                    pass
            start = end
        if not hidden or not self._hides:
            return passed
        kept, at = [], 0
        for start, end in hidden:
            kept.append(passed[at:start])
            at = end
        kept.append(passed[at:])
        return b"".join(kept)


class DocumentMeter:
    """Reads a reply in one piece, once it is complete. `output_bytes` is then the whole reply: more than was generated."""

    __slots__ = ("_parts", "_read", "_seen", "_size")

    def __init__(self, read: ReadDocument) -> None:
        self._read = read
        self._parts: list[bytes] = []
        self._seen = Seen()
        self._size = 0

    @property
    def terminal(self) -> bool:
        return self._seen.terminal

    def feed(self, chunk: bytes) -> bytes:
        self._size += len(chunk)
        if self._size <= MAX_DOCUMENT_BYTES:
            self._parts.append(chunk)
        self._seen.output_bytes = self._size
        return chunk

    def finish(self) -> bytes:
        """Read the document. One that cannot be read was cut: it is neither final nor terminal."""
        seen = self._seen
        if self._size <= MAX_DOCUMENT_BYTES:
            try:
                self._read(b"".join(self._parts), seen)
                seen.final = seen.terminal = True
            except UNREADABLE:
                pass
        self._parts.clear()
        return b""

    def reading(self) -> Reading:
        return self._seen.reading()


class ArrayMeter:
    """Reads a JSON array that is streamed element by element (Gemini without `alt=sse`), or a single object."""

    __slots__ = ("_depth", "_outside", "_quoted", "_read", "_rest", "_searched", "_seen", "_start")

    def __init__(self, read: ReadEvent) -> None:
        self._read = read
        self._seen = Seen()
        self._rest = bytearray()
        self._depth = self._outside = 0
        """How many brackets are open, and how many were around the element that is being read."""
        self._quoted = False
        self._searched = 0
        """How much of `_rest` has been looked at."""
        self._start = -1
        """Where the element that is being read begins, -1 between elements."""

    @property
    def terminal(self) -> bool:
        return self._seen.terminal

    def feed(self, chunk: bytes) -> bytes:
        self._rest += chunk
        while True:
            mark = (_IN_TEXT if self._quoted else _MARK).search(self._rest, self._searched)
            if mark is None:
                # A backslash at the very end waits for the byte that it escapes.
                waits = self._quoted and self._rest.endswith(b"\\") and self._searched < len(self._rest)
                self._searched = len(self._rest) - waits
                break
            self._searched = mark.end()
            self._step(mark[0], mark.start())
        done = self._searched if self._start < 0 else self._start
        del self._rest[:done]
        self._searched -= done
        self._start = min(self._start, 0)
        if len(self._rest) > MAX_DOCUMENT_BYTES:
            self._rest.clear()
            self._searched, self._start = 0, -1
        return chunk

    def finish(self) -> bytes:
        """Complete if every bracket was closed and the last element was the provider's last word."""
        self._seen.terminal = self._depth == 0 and (self._seen.final or self._seen.error)
        return b""

    def reading(self) -> Reading:
        return self._seen.reading()

    def _step(self, mark: bytes, at: int) -> None:
        if mark == b'"':
            self._quoted = not self._quoted
        elif mark in (b"{", b"["):
            if mark == b"{" and self._start < 0:
                self._start, self._outside = at, self._depth
            self._depth += 1
        elif mark in (b"}", b"]"):
            self._depth -= 1
            if self._start >= 0 and self._depth <= self._outside:
                self._element(bytes(self._rest[self._start : self._searched]))
                self._start = -1

    def _element(self, data: bytes) -> None:
        try:
            self._read(data, self._seen)
        except UNREADABLE:
            pass


_MARK = re.compile(rb'["\[\]{}]')
_IN_TEXT = re.compile(rb'"|\\.', re.DOTALL)


def meter_of(content_type: str, streamed: bool, stream: Callable[[], Meter], document: Callable[[], Meter]) -> Meter:
    """The meter for a reply by its content type; `streamed` decides where that says neither."""
    kind = content_type.lower()
    if "event-stream" in kind:
        return stream()
    if "json" in kind:
        return document()
    return stream() if streamed else document()
