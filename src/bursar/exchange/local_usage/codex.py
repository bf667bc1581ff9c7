"""Codex's log, the rollout of a thread: who it is, then what it runs with, then what it has used.

    {"type": "session_meta", "payload": {"id": ..., "forked_from_id": ..., "cwd": ..., "model_provider": ...}}
    {"type": "turn_context", "payload": {"turn_id": ..., "model": ...}}
    {"type": "token_usage_record", "payload": {"response_id": ..., "thread_id": ..., "usage": {...}}}
    {"type": "event_msg", "payload": {"type": "token_count",
                                      "info": {"total_token_usage": {...}, "last_token_usage": {...}}}}

Since version 0.154 every answer has a record of its own, named by its response: that is what is counted, and totals
beside it are not looked at any more. Older rollouts have only running totals, told again whenever the screen is
refreshed: what is counted is what a total has grown by. Where a rollout begins, its first total may contain what its
parent used, so there `last_token_usage` counts. A total that shrinks has begun anew.

Older versions copy the parent's history to the top of a fork or of a sub-agent's thread, with new times. Those lines
end where a turn begins that is younger than the thread (ids of turns are UUIDs of version 7, which carry their time);
where turns have no such id, they are those of the first `REPLAY_MICROS`. They move the total and count for nothing.

Cached and written input are part of the input, reasoning is part of the output, and the model is that of the turn.
A rollout that names no model has events without one: they are listed as unpriced, never guessed.
Sources: rollouts of Codex 0.169; openai/codex issues 32479, 47003; ccusage issues 897, 1288, 1349, 1617.
"""

from __future__ import annotations

from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from bursar.errors import InvalidInput
from bursar.exchange.local_usage.fields import count, folder, identity, kind, moment, named
from bursar.exchange.local_usage.values import MAX_EVENT_TOKENS, MAX_TOTAL_TOKENS, Nothing, Sighting, UsageEvent
from bursar.prices import Usage
from bursar.prices.reported import table

SOURCE = "codex"
TYPES = frozenset({"session_meta", "turn_context", "token_usage_record", "event_msg"})
"""Lines that are looked into."""
REPLAY_MICROS = 2_000_000
"""Copied history is written within milliseconds; no turn of a thread's own ends this soon after its beginning."""
_FIELDS = (
    "input_tokens",
    "cached_input_tokens",
    "cache_write_input_tokens",
    "output_tokens",
    "reasoning_output_tokens",
)


class Counts(NamedTuple):
    """Figures as Codex adds them up: `cached` and `written` within `input`, `reasoning` within `output`."""

    input: int
    cached: int
    written: int
    output: int
    reasoning: int


NONE = Counts(0, 0, 0, 0, 0)


class Payload(msgspec.Struct):
    """What is looked at of the payloads, of whatever line."""

    type: Any = None
    id: Any = None
    forked_from_id: Any = None
    timestamp: Any = None
    cwd: Any = None
    model_provider: Any = None
    source: Any = None
    turn_id: Any = None
    model: Any = None
    response_id: Any = None
    thread_id: Any = None
    usage: Any = None
    thread_token_usage: Any = None
    info: Any = None
    input_tokens: Any = None


class Rollout:
    """One file, read from its top."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._thread = self._model = self._provider = self._project = ""
        self._began: int | None = None
        self._replaying = self._turns_dated = self._recorded = False
        self._total: Counts | None = None
        self._restarts = 0

    def read(self, line: str, payload: Payload, timestamp: Any) -> list[Sighting] | Nothing:
        """The events that a line of one of `TYPES` tells of. Raises InvalidInput."""
        if line == "session_meta":
            self._open(payload, timestamp)
        elif line == "turn_context":
            self._turn(payload)
        elif line == "token_usage_record":
            return self._record(payload, timestamp)
        elif payload.type == "token_count":
            return self._count(payload, timestamp)
        return []

    def _open(self, meta: Payload, timestamp: Any) -> None:
        """The first is the file's own; one of another thread after it is a copy, and so is what follows it."""
        name = named(meta.id)
        if self._thread:
            self._replaying |= bool(name) and name != self._thread
            return
        self._thread = name
        self._project = folder(meta.cwd)
        self._provider = named(meta.model_provider)
        self._began = _minted(name)
        if self._began is None:
            self._began = moment(meta.timestamp or timestamp, "session_meta.timestamp")
        spawned = table(table(meta.source).get("subagent")).get("thread_spawn")
        self._replaying = bool(meta.forked_from_id or spawned)

    def _turn(self, context: Payload) -> None:
        self._model = named(context.model) or self._model
        self._project = folder(context.cwd) or self._project
        minted = _minted(named(context.turn_id))
        if minted is not None:
            self._turns_dated = True
            if self._began is None or minted >= self._began:
                self._replaying = False

    def _record(self, record: Payload, timestamp: Any) -> list[Sighting] | Nothing:
        """What one response used, by the response's own name."""
        self._recorded = True
        counts = _counts(record.usage, "usage", MAX_EVENT_TOKENS)
        thread = named(record.thread_id) or self._thread
        response = named(record.response_id)
        name = (response,) if response else (thread, _counts(record.thread_token_usage, "thread_token_usage"))
        # With its figures, since a gateway may give every response the same name; a copy has the same figures.
        return self._seen(counts, identity(SOURCE, "response", *name, counts), timestamp, thread)

    def _count(self, event: Payload, timestamp: Any) -> list[Sighting] | Nothing:
        """What a running total has grown by."""
        if self._recorded:
            return []
        info = event.info
        if info is None and event.input_tokens is None:
            return []
        if not isinstance(info, dict):
            raise InvalidInput("token_count.info", kind(info), "running totals; older formats have none")
        total, last = info.get("total_token_usage"), info.get("last_token_usage")
        if total is None and last is None:
            return []
        at = moment(timestamp, "timestamp")
        self._leave_copies(at)
        if total is None:
            counts = _counts(last, "last_token_usage", MAX_EVENT_TOKENS)
            return Nothing.AGAIN if self._replaying else self._seen(counts, self._named("last", at, counts), timestamp)
        now, before = _counts(total, "total_token_usage"), self._total
        self._total = now
        if self._replaying or now == before:
            return Nothing.AGAIN
        began_anew = before is not None and any(new < old for new, old in zip(now, before, strict=True))
        self._restarts += began_anew
        if before is not None and not began_anew:
            grown = Counts(*(new - old for new, old in zip(now, before, strict=True)))
        else:
            grown = now if last is None else _counts(last, "last_token_usage", MAX_EVENT_TOKENS)
        return self._seen(grown, self._named("total", self._restarts, now), timestamp)

    def _leave_copies(self, at: int) -> None:
        if self._replaying and not self._turns_dated and self._began is not None:
            self._replaying = at <= self._began + REPLAY_MICROS

    def _named(self, *parts: object) -> bytes:
        """A total names an answer within its thread, in whichever file the thread lies."""
        return identity(SOURCE, self._thread or self._file, *parts)

    def _seen(self, counts: Counts, name: bytes, timestamp: Any, thread: str = "") -> list[Sighting] | Nothing:
        if counts == NONE:
            return Nothing.UNBILLED
        return [
            Sighting(
                name,
                UsageEvent(
                    at_micros=moment(timestamp, "timestamp"),
                    source=SOURCE,
                    model=self._model,
                    provider=self._provider,
                    usage=usage_of(counts),
                    session=thread or self._thread,
                    project=self._project,
                ),
            )
        ]


def usage_of(counts: Counts) -> Usage:
    """Every token in one field; parts that exceed their whole are cut, as they are in a reply."""
    cached = min(counts.cached, counts.input)
    written = min(counts.written, counts.input - cached)
    reasoning = min(counts.reasoning, counts.output)
    return Usage(
        input=counts.input - cached - written,
        cache_read=cached,
        cache_write_5m=written,
        output=counts.output - reasoning,
        reasoning=reasoning,
    )


def _counts(found: Any, field: str, most: int = MAX_TOTAL_TOKENS) -> Counts:
    if not isinstance(found, dict):
        raise InvalidInput(field, kind(found), "figures")
    return Counts(*(count(found.get(name), f"{field}.{name}", most) for name in _FIELDS))


def _minted(name: str) -> int | None:
    """When a UUID of version 7 was made, microseconds UTC (RFC 9562: 48 bits of milliseconds); None for other names."""
    try:
        found = UUID(name)
    except ValueError:
        return None
    return (found.int >> 80) * 1_000 if found.version == 7 else None
