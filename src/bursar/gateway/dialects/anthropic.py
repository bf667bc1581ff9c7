"""Anthropic messages: usage begins in `message_start` and is completed, field by field, by `message_delta`.

The last writer of each field wins. The split of cache writes into five minutes and one hour may cover less than their
total when server tools ran several iterations; the rest of the total is priced at the five-minute rate. Steps that the
figures leave out though they are billed (an advisor's model, compaction) are read from `iterations`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from bursar.gateway.dialects import bodies
from bursar.gateway.dialects.anthropic_content import RULES, survey
from bursar.gateway.dialects.contract import Call, Malformed, Meter, Refusal, Reply
from bursar.gateway.dialects.figures import name as named
from bursar.gateway.dialects.figures import stated, written
from bursar.gateway.dialects.media import Tally
from bursar.gateway.dialects.meters import DocumentMeter, Seen, StreamMeter, meter_of
from bursar.gateway.dialects.objects import Unreadable, edited, open_object, spelled
from bursar.gateway.dialects.refusals import encode, refuse
from bursar.prices.reported import anthropic_steps, anthropic_tier
from bursar.prices.reported import anthropic_usage as usage_of

OVERHEAD_TOKENS = 256
"""What the API adds to a request that asks for a format, an effort or thinking."""
MIN_THINKING_TOKENS = 1024
"""The least `thinking.budget_tokens` that the API takes; it has to stay below `max_tokens` (extended thinking guide)."""
_GUARDED = spelled("model", "max_tokens", "stream", "thinking", "speed", "service_tier", "messages", "system", "tools")
_BEYOND = ("mcp_servers", "container", "fallbacks")
_ABSENT = msgspec.Raw()


class Messages:
    name = "anthropic.messages"

    def parse(self, path: str, query: str, headers: Mapping[str, str], body: bytes) -> Call | Malformed:
        try:
            found = open_object(body, _GUARDED)
            model = bodies.model_of(found)
            # 0 fills the prompt cache without an answer (the API reference); nothing below it is taken.
            limit = found.count("max_tokens", 0, bodies.MAX_OUTPUT_LIMIT)
            if limit is None:
                raise found.wrong("max_tokens", "nothing", "a whole number")
            thinking = found.inner("thinking")
            if thinking is not None:
                thinking.count("budget_tokens", 0, bodies.MAX_OUTPUT_LIMIT)
            tally = Tally(RULES)
            survey(found, tally)
            for field in _BEYOND:
                if found.has(field):
                    tally.remote(field)
            text = len(body) - tally.replaced_bytes
            return Call(
                dialect=self.name,
                billable=True,
                model=model,
                stream=found.flag("stream"),
                output_limit=limit,
                input_bound=text + tally.tokens + OVERHEAD_TOKENS,
                text_bytes=text,
                cache_ttl=tally.ttl,
                service_tier="speed:fast" if found.text("speed") == "fast" else bodies.tier_of(found),
                unbounded=tuple(tally.unbounded),
                limit_field="max_tokens",
                **bodies.labels(headers),
            )
        except Unreadable as error:
            return error.malformed

    def prepare(self, call: Call, body: bytes, output_limit: int | None) -> bytes:
        """Thinking is kept below a lowered limit, with a quarter of it left for the answer; where not even the least
        budget fits, thinking is switched off."""
        if output_limit is None:
            return body
        found = open_object(body, _GUARDED)
        given = found.count("max_tokens", 0, bodies.MAX_OUTPUT_LIMIT)
        limit = max(1, output_limit) if given is None else min(max(1, output_limit), given)
        if limit == given:
            return body
        edits = [found.set("max_tokens", b"%d" % limit)]
        thinking = found.inner("thinking")
        budget = None if thinking is None else thinking.count("budget_tokens", 0, bodies.MAX_OUTPUT_LIMIT)
        if thinking is not None and budget is not None:
            if limit <= MIN_THINKING_TOKENS:
                edits.append(found.set("thinking", b'{"type":"disabled"}'))
            elif budget >= limit:
                edits.append(thinking.set("budget_tokens", b"%d" % max(MIN_THINKING_TOKENS, limit * 3 // 4)))
        return edited(body, edits)

    def meter(self, call: Call, status: int, content_type: str) -> Meter:
        return meter_of(content_type, call.stream, lambda: StreamMeter(read_event), lambda: DocumentMeter(read_message))

    def refuse(self, refusal: Refusal, user_agent: str, request_id: str) -> Reply:
        return refuse("anthropic", refusal, user_agent, request_id)

    def stream_error(self, sentence: str, request_id: str) -> bytes | None:
        event = {"type": "error", "error": {"type": "billing_error", "message": sentence}, "request_id": request_id}
        return b"event: error\ndata: " + encode(event) + b"\n\n"


class _Delta(msgspec.Struct):
    text: msgspec.Raw = _ABSENT
    thinking: msgspec.Raw = _ABSENT
    partial_json: msgspec.Raw = _ABSENT


class _Message(msgspec.Struct):
    model: Any = None
    usage: Any = None


class _Event(msgspec.Struct):
    type: Any = None
    delta: _Delta | None = None
    message: _Message | None = None
    usage: Any = None


class _Document(msgspec.Struct):
    type: Any = None
    model: Any = None
    usage: Any = None
    error: Any = None


_events = msgspec.json.Decoder(_Event)
_documents = msgspec.json.Decoder(_Document)


def read_event(data: bytes, seen: Seen) -> bool:
    """One event of a message stream."""
    event = _events.decode(data)
    if event.type == "content_block_delta":
        if event.delta is not None:
            for part in (event.delta.text, event.delta.thinking, event.delta.partial_json):
                if part is not _ABSENT:
                    seen.output_bytes += written(bytes(part))
    elif event.type == "message_start" and event.message is not None:
        seen.model = named(event.message.model) or seen.model
        _merge(event.message.usage, seen)
    elif event.type == "message_delta":
        _merge(event.usage, seen)
        seen.final = isinstance(event.usage, dict) and stated(event.usage.get("output_tokens"))
    elif event.type == "message_stop":
        seen.terminal = True
    elif event.type == "error":
        seen.error = True
    return False


def read_message(data: bytes, seen: Seen) -> None:
    """A reply in one piece: a message or an error."""
    document = _documents.decode(data)
    seen.model = named(document.model)
    seen.error = document.type == "error" or bool(document.error)
    _merge(document.usage, seen)


def _merge(found: Any, seen: Seen) -> None:
    """Take in a usage object: a field that is there replaces the one before, a field that is not leaves it."""
    if not isinstance(found, dict):
        return
    seen.kept.update({field: value for field, value in found.items() if value is not None})
    seen.service_tier = anthropic_tier(seen.kept)
    seen.usage = usage_of(seen.kept)
    seen.others = anthropic_steps(seen.kept)


messages = Messages()
