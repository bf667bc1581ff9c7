"""OpenAI chat completions, and every host that speaks them.

The stream reports usage only if asked: it is asked for, and the extra chunk is hidden from a client that did not ask.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from bursar.gateway.dialects import bodies
from bursar.gateway.dialects.contract import Call, Malformed, Meter, Refusal, Reply
from bursar.gateway.dialects.openai_usage import usage_of
from bursar.gateway.dialects.refusals import refuse
from bursar.gateway.dialects.sse import DocumentMeter, StreamMeter, decode

OVERHEAD_TOKENS = 32
"""What a provider's chat template may add to the text itself."""
IMAGE_TOKENS = 2_500
MINI_IMAGE_TOKENS = 48_169
"""gpt-4o-mini counts 2,833 tokens for an image and 5,667 for each of up to eight tiles (OpenAI, vision guide)."""
_GUARDED = (b"model", b"stream", b"max_tokens", b"max_completion_tokens", b"max_output_tokens", b"n")
_MEDIA = (b'"image_url"', b'"input_audio"', b'"file"', b'"file_id"')
_SPLICE = b'"stream_options":{"include_usage":true},'


class _Options(msgspec.Struct):
    include_usage: bool | None = None


class _Body(msgspec.Struct):
    model: str
    stream: bool | None = None
    max_tokens: int | None = None
    max_completion_tokens: int | None = None
    max_output_tokens: int | None = None
    n: int | None = None
    service_tier: str | None = None
    stream_options: _Options | None = None
    web_search_options: msgspec.Raw = bodies.ABSENT
    plugins: msgspec.Raw = bodies.ABSENT


_decoder = msgspec.json.Decoder(_Body)


class ChatCompletions:
    name = "openai.chat"

    def parse(self, path: str, query: str, headers: Mapping[str, str], body: bytes) -> Call | Malformed:
        found = bodies.read(_decoder, body, _GUARDED)
        if isinstance(found, Malformed):
            return found
        limits = [
            one for one in (found.max_completion_tokens, found.max_tokens, found.max_output_tokens) if one is not None
        ]
        limit = min(limits) if limits else None
        wrong = bodies.check_limits(found.model, limit, found.n)
        if wrong is not None:
            return wrong
        text, tokens, remote = len(body), 0, False
        if any(mark in body for mark in _MEDIA):
            image = MINI_IMAGE_TOKENS if "4o-mini" in found.model else IMAGE_TOKENS
            text, tokens, remote = bodies.media(body, image)
        unbounded = tuple(
            name
            for name, there in (
                ("web_search", bodies.present(found.web_search_options) or bodies.present(found.plugins)),
                ("remote_file", remote),
            )
            if there
        )
        session, agent, parent = bodies.labels(headers)
        stream = bool(found.stream)
        return Call(
            dialect=self.name,
            billable=True,
            model=found.model,
            stream=stream,
            output_limit=limit,
            choices=found.n or 1,
            input_bound=text + tokens + OVERHEAD_TOKENS,
            text_bytes=text,
            service_tier=found.service_tier or "",
            unbounded=unbounded,
            reports_usage=not stream or bool(found.stream_options and found.stream_options.include_usage),
            session=session,
            agent=agent,
            parent_agent=parent,
        )

    def prepare(self, call: Call, body: bytes, output_limit: int | None) -> bytes:
        if output_limit is None:
            return body if call.reports_usage else _ask_for_usage(body)

        def change(document: dict[str, Any]) -> None:
            names = [
                name
                for name in ("max_completion_tokens", "max_tokens", "max_output_tokens")
                if document.get(name) is not None
            ]
            for name in names or ["max_completion_tokens"]:
                document[name] = min(output_limit, document.get(name) or output_limit)
            if not call.reports_usage:
                document["stream_options"] = {**(document.get("stream_options") or {}), "include_usage": True}

        return bodies.reencode(body, change)

    def meter(self, call: Call, status: int, content_type: str) -> Meter:
        if call.stream and "json" not in content_type:
            return StreamMeter(_read_event, _counts, None if call.reports_usage else _is_usage_only)
        return DocumentMeter(_read_document)

    def refuse(self, refusal: Refusal, user_agent: str, request_id: str) -> Reply:
        return refuse("openai", refusal, user_agent, request_id)

    def stream_error(self, sentence: str, request_id: str) -> bytes | None:
        error = {"message": sentence, "type": "server_error", "code": "stream_stopped", "param": None}
        return b"data: " + msgspec.json.encode({"error": error}) + b"\n\n"


def _ask_for_usage(body: bytes) -> bytes:
    """Splice the option in after the opening brace; decode only if the client has options of its own."""
    if b'"stream_options"' in body:

        def change(document: dict[str, Any]) -> None:
            document["stream_options"] = {**(document.get("stream_options") or {}), "include_usage": True}

        return bodies.reencode(body, change)
    brace = body.index(b"{") + 1
    return body[:brace] + _SPLICE + body[brace:]


def _counts(data: bytes) -> bool:
    return b'"delta"' in data


def _read_event(data: bytes, meter: StreamMeter) -> None:
    if data == b"[DONE]":
        meter.terminal = True
        return
    if not meter.model or (b'"usage"' in data and b'"usage":null' not in data) or b'"error"' in data:
        document = decode(data)
        meter.model = meter.model or document.get("model") or ""
        meter.service_tier = document.get("service_tier") or meter.service_tier
        found = document.get("usage") or bodies.table(document.get("x_groq")).get("usage")
        if isinstance(found, dict):
            meter.usage, meter.final = usage_of(found), True
        if document.get("error"):
            meter.error = True


def _is_usage_only(data: bytes) -> bool:
    """The chunk that exists only because usage was asked for: no choices, but usage."""
    if b'"usage"' not in data or b'"choices"' not in data:
        return False
    document = decode(data)
    return document.get("choices") == [] and isinstance(document.get("usage"), dict)


def _read_document(document: Any, meter: DocumentMeter) -> None:
    if isinstance(document, list) and document:
        document = document[0]
    meter.model = document.get("model") or ""
    meter.service_tier = document.get("service_tier") or ""
    meter.error = bool(document.get("error"))
    found = document.get("usage")
    if isinstance(found, dict):
        meter.usage = usage_of(found)


chat_completions = ChatCompletions()
