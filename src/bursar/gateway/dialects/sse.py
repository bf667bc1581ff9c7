"""Server-sent events as they pass: complete events out of any fragmentation, by the bytes that they take up.

Lines end with LF or CRLF (the standard's lone CR is sent by no provider and would pass unread). An event is everything
up to a blank line; comments and keep-alives are events without data.
"""

from __future__ import annotations

from typing import NamedTuple

MAX_EVENT_BYTES = 8 * 1024 * 1024
"""A longer event is passed on unread."""
_BOM = b"\xef\xbb\xbf"


class Event(NamedTuple):
    """Where an event ends in the bytes that `feed` returned beside it, and its data (empty if it has none)."""

    end: int
    data: bytes


class Events:
    """Cuts a stream into events. `feed` returns the bytes of all that are complete now, and where each one ends."""

    __slots__ = ("_rest", "_searched")

    def __init__(self) -> None:
        self._rest = bytearray()
        self._searched = 0

    @property
    def between(self) -> bool:
        """Nothing is left of an event that has begun."""
        return not self._rest

    def feed(self, chunk: bytes) -> tuple[bytes, list[Event]]:
        if self._rest:
            self._rest += chunk
            # A boundary may have begun in the last three bytes that were searched before.
            if _boundary(self._rest, max(0, self._searched - 3)) < 0 and len(self._rest) <= MAX_EVENT_BYTES:
                self._searched = len(self._rest)
                return b"", []
            chunk = bytes(self._rest)
            self._rest.clear()
        events: list[Event] = []
        start = 0
        while (end := _boundary(chunk, start)) >= 0:
            events.append(Event(end, _data(chunk[start:end])))
            start = end
        if len(chunk) - start > MAX_EVENT_BYTES:
            events.append(Event(len(chunk), b""))
            return chunk, events
        if start == len(chunk):
            return chunk, events
        self._rest += chunk[start:]
        self._searched = len(self._rest)
        return chunk[:start], events

    def finish(self) -> tuple[bytes, list[Event]]:
        """What is left at the end of the stream, complete or not."""
        rest = bytes(self._rest)
        self._rest.clear()
        return rest, [Event(len(rest), _data(rest))] if rest else []


def _boundary(buffer: bytes | bytearray, start: int) -> int:
    """Where the first event from `start` on ends, its blank line included; -1 if it is not complete."""
    plain = buffer.find(b"\n\n", start)
    mixed = buffer.find(b"\n\r\n", start, plain + 1 if plain >= 0 else len(buffer))
    if mixed >= 0:
        return mixed + 3
    return plain + 2 if plain >= 0 else -1


def _data(event: bytes) -> bytes:
    """The data lines of one event, joined by line feeds as the standard says."""
    if event.startswith(b"data: ") and event.find(b"\n") >= len(event) - 4:
        return event[6:].rstrip(b"\r\n")
    lines = event.removeprefix(_BOM).split(b"\n")
    return b"\n".join([line[5:].rstrip(b"\r").removeprefix(b" ") for line in lines if line.startswith(b"data:")])
