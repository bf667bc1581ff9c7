"""Claude Code's log: one line for each block of an answer, each with the usage of the whole answer so far.

So one answer is told by several lines, while it streams with growing figures, and told again in the files of sessions
that resume or fork this one, of sub-agents, and of side questions (there under requests of their own). The message's id
and the request name it; what is made of its lines is decided in `gathering`.

    {"type": "assistant", "timestamp": ..., "sessionId": ..., "cwd": ..., "requestId": ..., "isSidechain": false,
     "message": {"id": "msg_...", "model": ..., "usage": {"input_tokens": ..., ...}}}

A sub-agent's progress (`"type": "progress"`) wraps the same line. `<synthetic>` is what the client says by itself.
What else the duplicates have taught others: ccusage issues 797, 901, 913, 938, 976, 1115.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from bursar.errors import InvalidInput
from bursar.exchange.local_usage.fields import count, dollars, folder, identity, kind, moment, named
from bursar.exchange.local_usage.values import MAX_EVENT_TOKENS, Nothing, Sighting, UsageEvent
from bursar.prices.reported import ANTHROPIC_FIGURES, anthropic_steps, anthropic_tier, anthropic_usage, table

SOURCE = "claude"
SYNTHETIC = "<synthetic>"
_SPLIT = ("ephemeral_5m_input_tokens", "ephemeral_1h_input_tokens")
_ABSENT = msgspec.Raw()


class Line(msgspec.Struct, rename="camel"):
    """What is looked at of a line; everything else, the conversation itself above all, is passed over unread."""

    type: Any = None
    timestamp: Any = None
    session_id: Any = None
    request_session_id: Any = None
    """The session that asked, where a fork has copied the answer."""
    cwd: Any = None
    request_id: Any = None
    is_sidechain: Any = None
    uuid: Any = None
    cost: Any = msgspec.field(default=None, name="costUSD")
    message: msgspec.Raw = _ABSENT
    data: msgspec.Raw = _ABSENT


class _Message(msgspec.Struct):
    id: Any = None
    model: Any = None
    usage: Any = None


class _Progress(msgspec.Struct):
    message: msgspec.Raw = _ABSENT


_message = msgspec.json.Decoder(_Message)
_progress = msgspec.json.Decoder(_Progress)
_wrapped = msgspec.json.Decoder(Line)


def sightings(line: Line, place: str) -> list[Sighting] | Nothing:
    """The events that a line tells of. Raises InvalidInput.

    `place` names the line where it names no message, so that it is told apart from every other.
    """
    if line.type == "progress":
        inner = _unwrapped(line)
        return [] if inner is None else sightings(inner, place)
    if line.type != "assistant" or not _is_object(line.message):
        return []
    message = _message.decode(line.message)
    if not isinstance(message.usage, dict):
        return []
    _check(message.usage)
    usage = anthropic_usage(message.usage)
    if usage is None:
        return []
    if message.model == SYNTHETIC:
        return Nothing.UNBILLED
    told = [(named(message.model), usage)]
    told += [(model or named(message.model), step) for model, step in anthropic_steps(message.usage)]
    billed = [
        (nth, model, one)
        for nth, (model, one) in enumerate(told)
        if one.total_input or one.total_output or one.web_searches
    ]
    if not billed:
        return Nothing.UNBILLED
    at = moment(line.timestamp, "timestamp")
    name = named(message.id) or named(line.uuid) or place
    cost = dollars(repr(line.cost), "costUSD") if isinstance(line.cost, int | float) else None
    return [
        Sighting(
            identity(SOURCE, name, nth),
            UsageEvent(
                at_micros=at,
                source=SOURCE,
                model=model,
                provider="",
                usage=one,
                stated_nanos=cost if nth == 0 else None,
                service_tier=named(anthropic_tier(message.usage)),
                session=named(line.request_session_id) or named(line.session_id),
                project=folder(line.cwd),
            ),
            variant=named(line.request_id),
            sidechain=line.is_sidechain is True,
        )
        for nth, model, one in billed
    ]


def _unwrapped(line: Line) -> Line | None:
    """The sub-agent's line within a line of progress, with the session and folder of its parent."""
    if not _is_object(line.data):
        return None
    raw = _progress.decode(line.data).message
    if not _is_object(raw):
        return None
    inner = _wrapped.decode(raw)
    if inner.type != "assistant":
        return None
    for field in ("timestamp", "session_id", "cwd"):
        if getattr(inner, field) is None:
            setattr(inner, field, getattr(line, field))
    return inner


def _check(found: Mapping[str, Any]) -> None:
    """Figures that are there are figures: an answer is counted right or not at all."""
    for field in ANTHROPIC_FIGURES:
        count(found.get(field), f"usage.{field}", MAX_EVENT_TOKENS)
    split = found.get("cache_creation")
    for field in _SPLIT:
        count(table(split).get(field), f"usage.cache_creation.{field}", MAX_EVENT_TOKENS)
    steps = found.get("iterations")
    if steps is not None and not isinstance(steps, list):
        raise InvalidInput("usage.iterations", kind(steps), "a list")
    for step in steps or ():
        if isinstance(step, dict) and "iterations" not in step:
            _check(step)


def _is_object(raw: msgspec.Raw) -> bool:
    return bytes(raw)[:1] == b"{"
