"""OpenAI responses: usage comes in the terminal event, or in the reply itself.

A background response answers before it has begun; what it will bill is pending.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from bursar.gateway.dialects import bodies
from bursar.gateway.dialects.contract import Call, Malformed, Meter, Refusal, Reply
from bursar.gateway.dialects.figures import name, table, whole, written
from bursar.gateway.dialects.media import Tally
from bursar.gateway.dialects.meters import DocumentMeter, Seen, StreamMeter, meter_of
from bursar.gateway.dialects.objects import Unreadable, edited, open_object, spelled
from bursar.gateway.dialects.openai_content import rules_for, survey_input, survey_model, survey_tools
from bursar.gateway.dialects.openai_usage import usage_of
from bursar.gateway.dialects.refusals import encode, refuse

OVERHEAD_TOKENS = 256
"""What a provider adds to instructions, tools and items when it writes them out for the model."""
_GUARDED = spelled("model", "stream", "max_output_tokens", "service_tier", "input", "tools", "background")
_BEYOND = ("previous_response_id", "conversation", "prompt", "context_management")
_TERMINAL = frozenset({"response.completed", "response.failed", "response.incomplete", "response.cancelled"})
_ABSENT = msgspec.Raw()


class Responses:
    name = "openai.responses"

    def parse(self, path: str, query: str, headers: Mapping[str, str], body: bytes) -> Call | Malformed:
        try:
            found = open_object(body, _GUARDED)
            model = bodies.model_of(found)
            tally = Tally(rules_for(model))
            tally.ttl = "5m"
            survey_input(found, tally)
            survey_tools(found, tally)
            survey_model(model, tally)
            for field in _BEYOND:
                if found.has(field):
                    tally.remote(field)
            text = len(body) - tally.replaced_bytes
            return Call(
                dialect=self.name,
                billable=True,
                model=model,
                stream=found.flag("stream"),
                output_limit=found.count("max_output_tokens", 1, bodies.MAX_OUTPUT_LIMIT),
                input_bound=text + tally.tokens + OVERHEAD_TOKENS,
                text_bytes=text,
                cache_ttl=tally.ttl,
                service_tier=bodies.tier_of(found),
                unbounded=tuple(tally.unbounded),
                limit_field="max_output_tokens",
                **bodies.labels(headers),
            )
        except Unreadable as error:
            return error.malformed

    def prepare(self, call: Call, body: bytes, output_limit: int | None) -> bytes:
        if output_limit is None:
            return body
        found = open_object(body, _GUARDED)
        limit = max(1, output_limit)
        given = found.count("max_output_tokens", 0, bodies.MAX_OUTPUT_LIMIT)
        if given is not None and given <= limit:
            return body
        return edited(body, [found.set("max_output_tokens", b"%d" % limit)])

    def meter(self, call: Call, status: int, content_type: str) -> Meter:
        return meter_of(
            content_type, call.stream, lambda: StreamMeter(read_event), lambda: DocumentMeter(read_response)
        )

    def refuse(self, refusal: Refusal, user_agent: str, request_id: str) -> Reply:
        return refuse("openai", refusal, user_agent, request_id)

    def stream_error(self, sentence: str, request_id: str) -> bytes | None:
        response = {
            "id": request_id,
            "object": "response",
            "status": "failed",
            "output": [],
            "error": {"code": "insufficient_quota", "message": sentence},
        }
        event = {"type": "response.failed", "sequence_number": 0, "response": response}
        return b"event: response.failed\ndata: " + encode(event) + b"\n\n"


class _Item(msgspec.Struct):
    arguments: msgspec.Raw = _ABSENT


class _Event(msgspec.Struct):
    type: str | None = None
    item: _Item | None = None
    delta: msgspec.Raw = _ABSENT
    response: msgspec.Raw = _ABSENT
    choices: msgspec.Raw = _ABSENT
    usage: Any = None
    model: Any = None


class _Search(msgspec.Struct):
    type: Any = None
    action: Any = None


class _Response(msgspec.Struct):
    model: Any = None
    service_tier: Any = None
    status: Any = None
    usage: Any = None
    error: Any = None
    output: list[_Search] | None = None


_events = msgspec.json.Decoder(_Event)
_responses = msgspec.json.Decoder(_Response)


def read_event(data: bytes, seen: Seen) -> bool:
    """One event of a response stream. A chat stream in its place (a host's choice) is read as far as it goes."""
    if data == b"[DONE]":
        seen.terminal = True
        return False
    event = _events.decode(data)
    kind = event.type or ""
    if kind.endswith(".delta"):
        if not kind.endswith("audio.delta"):
            seen.output_bytes += written(bytes(event.delta))
    elif kind == "response.output_item.done":
        # Arguments written as an object came without deltas before.
        if event.item is not None and bytes(event.item.arguments).startswith(b"{"):
            seen.output_bytes += written(bytes(event.item.arguments))
    elif kind in _TERMINAL:
        _take(bytes(event.response), seen)
        seen.terminal = True
        seen.final = seen.usage is not None
        seen.error = seen.error or kind == "response.failed"
    elif kind == "error":
        seen.error = True
    elif not kind and event.choices is not _ABSENT:
        seen.model = name(event.model) or seen.model
        seen.output_bytes += written(bytes(event.choices))
        usage = usage_of(event.usage)
        if usage is not None:
            seen.usage, seen.final = usage, True
    return False


def read_response(data: bytes, seen: Seen) -> None:
    """A reply in one piece: a response or an error."""
    _take(data, seen)


def _take(data: bytes, seen: Seen) -> None:
    try:
        response = _responses.decode(data)
    except msgspec.ValidationError:
        document = table(msgspec.json.decode(data))
        fields = ("model", "service_tier", "status", "usage", "error")
        response = _Response(**{field: document.get(field) for field in fields})
    seen.model = name(response.model) or seen.model
    seen.service_tier = name(response.service_tier) or seen.service_tier
    seen.error = seen.error or bool(response.error)
    seen.usage = usage_of(response.usage, _searches(response))
    seen.pending = seen.usage is None and response.status in ("queued", "in_progress")


def _searches(response: _Response) -> int:
    """Web searches that are billed by the call; opening a page or finding in it is not (OpenAI, pricing)."""
    count = 0
    for item in response.output or ():
        if item.type == "web_search_call" and table(item.action).get("type", "search") == "search":
            count += 1
    return whole(count)


responses = Responses()
