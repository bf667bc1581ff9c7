"""Anthropic messages: usage begins in `message_start` and is completed, field by field, by `message_delta`.

The last writer of each field wins. The five-minute and one-hour split of cache writes may cover less than the total
when server tools ran more than one iteration; the rest of the total is priced at the five-minute rate.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from bursar.gateway.dialects import bodies
from bursar.gateway.dialects.bodies import table, whole
from bursar.gateway.dialects.contract import Call, Malformed, Meter, Refusal, Reply
from bursar.gateway.dialects.refusals import refuse
from bursar.gateway.dialects.sse import DocumentMeter, StreamMeter, decode
from bursar.prices.usage import Usage

IMAGE_TOKENS = 5_000
"""Most that one image counts, at the highest resolution that any model takes (Anthropic, vision guide)."""
OVERHEAD_TOKENS = 64
TOOLS_TOKENS = 1_536
"""System prompt that tool use adds, with the client-side tools that carry their own (Anthropic, tool use pricing)."""
MIN_THINKING_TOKENS = 1024
_GUARDED = (b"model", b"stream", b"max_tokens")
_MEDIA = (b'"image"', b'"document"')
_SERVER_TOOLS = (b'"web_search_', b'"web_fetch_', b'"code_execution_', b'"tool_search_')


class _Body(msgspec.Struct):
    model: str
    max_tokens: int
    stream: bool | None = None
    service_tier: str | None = None
    speed: str | None = None
    tools: msgspec.Raw = bodies.ABSENT
    mcp_servers: msgspec.Raw = bodies.ABSENT
    container: msgspec.Raw = bodies.ABSENT


_decoder = msgspec.json.Decoder(_Body)


class Messages:
    name = "anthropic.messages"

    def parse(self, path: str, query: str, headers: Mapping[str, str], body: bytes) -> Call | Malformed:
        found = bodies.read(_decoder, body, _GUARDED)
        if isinstance(found, Malformed):
            return found
        wrong = bodies.check_limits(found.model, found.max_tokens, None)
        if wrong is not None:
            return wrong
        text, tokens, remote = len(body), 0, False
        if any(mark in body for mark in _MEDIA):
            text, tokens, remote = bodies.media(body, IMAGE_TOKENS)
        tools = bytes(found.tools) if bodies.present(found.tools) else b""
        unbounded = [mark.decode().strip('"_') for mark in _SERVER_TOOLS if mark in tools]
        if bodies.present(found.mcp_servers):
            unbounded.append("mcp_servers")
        if remote:
            unbounded.append("remote_file")
        ttl = ""
        if b'"cache_control"' in body:
            ttl = "1h" if b'"1h"' in body else "5m"
        session, agent, parent = bodies.labels(headers)
        return Call(
            dialect=self.name,
            billable=True,
            model=found.model,
            stream=bool(found.stream),
            output_limit=found.max_tokens,
            input_bound=text + tokens + OVERHEAD_TOKENS + (TOOLS_TOKENS if tools else 0),
            text_bytes=text,
            cache_ttl=ttl,
            service_tier="speed:fast" if found.speed == "fast" else "",
            unbounded=tuple(unbounded),
            session=session,
            agent=agent,
            parent_agent=parent,
        )

    def prepare(self, call: Call, body: bytes, output_limit: int | None) -> bytes:
        if output_limit is None:
            return body

        def change(document: dict[str, Any]) -> None:
            limit = document["max_tokens"] = min(output_limit, document["max_tokens"])
            thinking = document.get("thinking")
            if isinstance(thinking, dict) and isinstance(thinking.get("budget_tokens"), int):
                if limit <= MIN_THINKING_TOKENS:
                    document["thinking"] = {"type": "disabled"}
                elif thinking["budget_tokens"] >= limit:
                    thinking["budget_tokens"] = max(MIN_THINKING_TOKENS, min(limit - 1, limit * 3 // 4))

        return bodies.reencode(body, change)

    def meter(self, call: Call, status: int, content_type: str) -> Meter:
        if call.stream and "json" not in content_type:
            return StreamMeter(_read_event, _counts)
        return DocumentMeter(_read_document)

    def refuse(self, refusal: Refusal, user_agent: str, request_id: str) -> Reply:
        return refuse("anthropic", refusal, user_agent, request_id)

    def stream_error(self, sentence: str, request_id: str) -> bytes | None:
        event = {"type": "error", "error": {"type": "billing_error", "message": sentence}, "request_id": request_id}
        return b"event: error\ndata: " + msgspec.json.encode(event) + b"\n\n"


def _counts(data: bytes) -> bool:
    return b'"content_block_delta"' in data[:64]


def _read_event(data: bytes, meter: StreamMeter) -> None:
    head = data[:64]
    if b'"content_block_delta"' in head or b'"ping"' in head:
        return
    if b'"message_' not in data and b'"error"' not in data:
        return
    document = decode(data)
    kind = document.get("type")
    if kind == "message_start":
        message = table(document.get("message"))
        meter.model = message.get("model") or ""
        _merge(meter, message.get("usage"))
    elif kind == "message_delta":
        _merge(meter, document.get("usage"))
        meter.final = meter.usage is not None
    elif kind == "message_stop":
        meter.terminal = True
    elif kind == "error":
        meter.error = True


def _merge(meter: StreamMeter, found: Any) -> None:
    """Take in a usage object: a field that is there replaces the one before, a field that is not leaves it."""
    if not isinstance(found, dict):
        return
    meter.kept.update({name: value for name, value in found.items() if value is not None})
    meter.service_tier = _tier(meter.kept)
    meter.usage = usage_of(meter.kept)


def _read_document(document: Any, meter: DocumentMeter) -> None:
    meter.model = document.get("model") or ""
    meter.error = document.get("type") == "error"
    found = document.get("usage")
    if isinstance(found, dict):
        meter.usage = usage_of(found)
        meter.service_tier = _tier(found)


def _tier(found: Mapping[str, Any]) -> str:
    if found.get("speed") == "fast":
        return "speed:fast"
    tier = found.get("service_tier")
    return tier if isinstance(tier, str) else ""


def usage_of(found: Mapping[str, Any]) -> Usage:
    """Anthropic counts cached tokens beside the input, thinking inside the output."""
    split = table(found.get("cache_creation"))
    written = whole(found.get("cache_creation_input_tokens"))
    short, long = whole(split.get("ephemeral_5m_input_tokens")), whole(split.get("ephemeral_1h_input_tokens"))
    written = max(written, short + long)
    return Usage(
        input=whole(found.get("input_tokens")),
        cache_read=whole(found.get("cache_read_input_tokens")),
        cache_write_5m=written - long,
        cache_write_1h=long,
        output=whole(found.get("output_tokens")),
        web_searches=whole(table(found.get("server_tool_use")).get("web_search_requests")),
    )


messages = Messages()
