"""OpenAI responses: usage comes in the terminal event, or in the reply itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from bursar.gateway.dialects import bodies
from bursar.gateway.dialects.contract import Call, Malformed, Meter, Refusal, Reply
from bursar.gateway.dialects.openai_chat import IMAGE_TOKENS, MINI_IMAGE_TOKENS, OVERHEAD_TOKENS
from bursar.gateway.dialects.openai_usage import usage_of
from bursar.gateway.dialects.refusals import refuse
from bursar.gateway.dialects.sse import DocumentMeter, StreamMeter, decode

_GUARDED = (b"model", b"stream", b"max_output_tokens")
_MEDIA = (b'"input_image"', b'"image_url"', b'"input_file"', b'"input_audio"')
_SERVER_TOOLS = (
    b'"web_search"',
    b'"web_search_preview"',
    b'"file_search"',
    b'"code_interpreter"',
    b'"image_generation"',
    b'"mcp"',
    b'"computer_use_preview"',
)
_TERMINAL = (b'"response.completed"', b'"response.failed"', b'"response.incomplete"', b'"response.cancelled"')


class _Body(msgspec.Struct):
    model: str
    stream: bool | None = None
    max_output_tokens: int | None = None
    service_tier: str | None = None
    previous_response_id: str | None = None
    conversation: msgspec.Raw = bodies.ABSENT
    prompt: msgspec.Raw = bodies.ABSENT
    tools: msgspec.Raw = bodies.ABSENT


_decoder = msgspec.json.Decoder(_Body)


class Responses:
    name = "openai.responses"

    def parse(self, path: str, query: str, headers: Mapping[str, str], body: bytes) -> Call | Malformed:
        found = bodies.read(_decoder, body, _GUARDED)
        if isinstance(found, Malformed):
            return found
        wrong = bodies.check_limits(found.model, found.max_output_tokens, None, "max_output_tokens")
        if wrong is not None:
            return wrong
        text, tokens, remote = len(body), 0, False
        if any(mark in body for mark in _MEDIA):
            text, tokens, remote = bodies.media(body, MINI_IMAGE_TOKENS if "4o-mini" in found.model else IMAGE_TOKENS)
        tools = bytes(found.tools) if bodies.present(found.tools) else b""
        unbounded = [
            mark.decode().strip('"') for mark in _SERVER_TOOLS if b'"type":' + mark in tools.replace(b" ", b"")
        ]
        if found.previous_response_id:
            unbounded.append("previous_response_id")
        unbounded += [name for name in ("conversation", "prompt") if bodies.present(getattr(found, name))]
        if remote:
            unbounded.append("remote_file")
        session, agent, parent = bodies.labels(headers)
        return Call(
            dialect=self.name,
            billable=True,
            model=found.model,
            stream=bool(found.stream),
            output_limit=found.max_output_tokens,
            input_bound=text + tokens + OVERHEAD_TOKENS,
            text_bytes=text,
            service_tier=found.service_tier or "",
            unbounded=tuple(unbounded),
            session=session,
            agent=agent,
            parent_agent=parent,
        )

    def prepare(self, call: Call, body: bytes, output_limit: int | None) -> bytes:
        if output_limit is None:
            return body

        def change(document: dict[str, Any]) -> None:
            document["max_output_tokens"] = min(output_limit, document.get("max_output_tokens") or output_limit)

        return bodies.reencode(body, change)

    def meter(self, call: Call, status: int, content_type: str) -> Meter:
        if call.stream and "json" not in content_type:
            return StreamMeter(_read_event, _counts)
        return DocumentMeter(_read_document)

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
        return b"event: response.failed\ndata: " + msgspec.json.encode(event) + b"\n\n"


def _counts(data: bytes) -> bool:
    return b'.delta"' in data[:120]


def _read_event(data: bytes, meter: StreamMeter) -> None:
    head = data[:400] if len(data) > 4096 else data
    if any(mark in head for mark in _TERMINAL) or b'"type":"error"' in head:
        document = decode(data)
        kind = document.get("type", "")
        if kind in ("response.completed", "response.failed", "response.incomplete", "response.cancelled"):
            meter.terminal = True
            response = bodies.table(document.get("response"))
            _take(response, meter)
            meter.error = kind == "response.failed"
            meter.final = meter.usage is not None
        elif kind == "error":
            meter.error = True


def _read_document(document: Any, meter: DocumentMeter) -> None:
    meter.error = bool(document.get("error"))
    _take(document, meter)


def _take(response: Mapping[str, Any], meter: StreamMeter | DocumentMeter) -> None:
    meter.model = response.get("model") or ""
    meter.service_tier = response.get("service_tier") or ""
    found = response.get("usage")
    if isinstance(found, dict):
        output = response.get("output")
        searches = sum(1 for item in output if _is_search(item)) if isinstance(output, list) else 0
        meter.usage = usage_of(found, searches)
    elif isinstance(meter, DocumentMeter):
        meter.pending = response.get("status") in ("queued", "in_progress")


def _is_search(item: Any) -> bool:
    """A web search that is billed by the call; opening a page or finding in it is not."""
    return (
        isinstance(item, dict)
        and item.get("type") == "web_search_call"
        and bodies.table(item.get("action")).get("type", "search") == "search"
    )


responses = Responses()
