"""Calls without an output to cap: embeddings, and those that cost nothing (model lists, token counts)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from bursar.gateway.dialects import bodies
from bursar.gateway.dialects.contract import Call, Malformed, Meter, Refusal, Reply
from bursar.gateway.dialects.openai_usage import usage_of
from bursar.gateway.dialects.refusals import refuse
from bursar.gateway.dialects.sse import DocumentMeter


class _Body(msgspec.Struct):
    model: str


_decoder = msgspec.json.Decoder(_Body)


class Embeddings:
    name = "openai.embeddings"

    def parse(self, path: str, query: str, headers: Mapping[str, str], body: bytes) -> Call | Malformed:
        found = bodies.read(_decoder, body, (b"model",))
        if isinstance(found, Malformed):
            return found
        wrong = bodies.check_limits(found.model, None, None)
        if wrong is not None:
            return wrong
        session, agent, parent = bodies.labels(headers)
        return Call(
            dialect=self.name,
            billable=True,
            model=found.model,
            output_limit=0,
            input_bound=len(body),
            text_bytes=len(body),
            session=session,
            agent=agent,
            parent_agent=parent,
        )

    def prepare(self, call: Call, body: bytes, output_limit: int | None) -> bytes:
        return body

    def meter(self, call: Call, status: int, content_type: str) -> Meter:
        return DocumentMeter(_read_document)

    def refuse(self, refusal: Refusal, user_agent: str, request_id: str) -> Reply:
        return refuse("openai", refusal, user_agent, request_id)

    def stream_error(self, sentence: str, request_id: str) -> bytes | None:
        return None


def _read_document(document: Any, meter: DocumentMeter) -> None:
    meter.model = document.get("model") or ""
    meter.error = bool(document.get("error"))
    found = document.get("usage")
    if isinstance(found, dict):
        meter.usage = usage_of(found)


class Free:
    """A call that costs nothing: relayed, never held, never charged."""

    def __init__(self, name: str) -> None:
        self.name = name

    def parse(self, path: str, query: str, headers: Mapping[str, str], body: bytes) -> Call | Malformed:
        name = self.name
        if name == "openai.models":  # three providers list their models at one path; the headers tell whose client asks
            if "anthropic-version" in headers:
                name = "anthropic.models"
            elif "x-goog-api-key" in headers:
                name = "gemini.models"
        model = ""
        if body:
            found = bodies.read(_decoder, body, (b"model",))
            model = "" if isinstance(found, Malformed) else found.model
        return Call(name, billable=False, model=model)

    def prepare(self, call: Call, body: bytes, output_limit: int | None) -> bytes:
        return body

    def meter(self, call: Call, status: int, content_type: str) -> Meter:
        return DocumentMeter(lambda document, meter: None)

    def refuse(self, refusal: Refusal, user_agent: str, request_id: str) -> Reply:
        return refuse(self.name.partition(".")[0], refusal, user_agent, request_id)

    def stream_error(self, sentence: str, request_id: str) -> bytes | None:
        return None


embeddings = Embeddings()
openai_models, anthropic_count = Free("openai.models"), Free("anthropic.count_tokens")
openai_count = Free("openai.count_tokens")
