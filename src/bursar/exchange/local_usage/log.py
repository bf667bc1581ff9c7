"""A log, line by line: which client wrote a line shows in the line, so no folder and no file name is trusted for it."""

from __future__ import annotations

import msgspec

from bursar.errors import InvalidInput
from bursar.exchange.local_usage import claude, codex
from bursar.exchange.local_usage.values import MAX_LINE_BYTES, Nothing, Sighting

UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
"""What bytes that are no line of a log raise when they are decoded."""
_TOO_LONG = f"longer than {MAX_LINE_BYTES // 1024 // 1024} MiB"


class _Line(claude.Line):
    payload: msgspec.Raw = msgspec.Raw()


_lines = msgspec.json.Decoder(_Line)
_payloads = msgspec.json.Decoder(codex.Payload)


class Log:
    """One file of a client's log, read from its top."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._rollout = codex.Rollout(file)

    def read(self, number: int, line: bytes | None) -> list[Sighting] | Nothing:
        """The events that a line tells of; a line of None was too long. Raises InvalidInput."""
        if line is None:
            raise InvalidInput("line", _TOO_LONG, "a shorter line")
        if not line.strip():
            return []
        try:
            found = _lines.decode(line)
            if isinstance(found.type, str) and found.type in codex.TYPES:
                return self._rollout.read(found.type, _payloads.decode(found.payload), found.timestamp)
            return claude.sightings(found, f"{self._file}:{number}")
        except UNREADABLE:
            raise InvalidInput(
                "line", "no JSON object", "a whole line of a log; the writer may have been cut"
            ) from None
