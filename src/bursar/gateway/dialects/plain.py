"""Calls without an output to cap: embeddings, and those that cost nothing (model lists, token counts, HEAD)."""

from __future__ import annotations

from collections.abc import Mapping

from bursar.gateway.dialects import bodies
from bursar.gateway.dialects.contract import Call, Malformed, Meter, Refusal, Reply
from bursar.gateway.dialects.meters import DocumentMeter, Seen
from bursar.gateway.dialects.objects import Unreadable, open_object, spelled
from bursar.gateway.dialects.openai_chat import read_completion
from bursar.gateway.dialects.refusals import refuse

_GUARDED = spelled("model", "input")


class Embeddings:
    name = "openai.embeddings"

    def parse(self, path: str, query: str, headers: Mapping[str, str], body: bytes) -> Call | Malformed:
        """Inputs may be token numbers instead of texts: each takes at least two bytes, so bytes bound them too."""
        try:
            found = open_object(body, _GUARDED)
            model = bodies.model_of(found, bodies.deployment_of(path))
        except Unreadable as error:
            return error.malformed
        size = len(body)
        return Call(
            self.name,
            billable=True,
            model=model,
            output_limit=0,
            input_bound=size,
            text_bytes=size,
            **bodies.labels(headers),
        )

    def prepare(self, call: Call, body: bytes, output_limit: int | None) -> bytes:
        return body

    def meter(self, call: Call, status: int, content_type: str) -> Meter:
        return DocumentMeter(read_completion)

    def refuse(self, refusal: Refusal, user_agent: str, request_id: str) -> Reply:
        return refuse("openai", refusal, user_agent, request_id)

    def stream_error(self, sentence: str, request_id: str) -> bytes | None:
        return None


class Free:
    """A call that costs nothing: relayed, never held, never charged."""

    def __init__(self, name: str) -> None:
        self.name = name

    def parse(self, path: str, query: str, headers: Mapping[str, str], body: bytes) -> Call | Malformed:
        model = ""
        if body:
            try:
                model = open_object(body, _GUARDED).text("model") or ""
            except Unreadable as error:
                return error.malformed
        return Call(self._family(headers) + self.name[self.name.index(".") :], False, model, **bodies.labels(headers))

    def prepare(self, call: Call, body: bytes, output_limit: int | None) -> bytes:
        return body

    def meter(self, call: Call, status: int, content_type: str) -> Meter:
        return DocumentMeter(_ignore)

    def refuse(self, refusal: Refusal, user_agent: str, request_id: str) -> Reply:
        return refuse(self.name.partition(".")[0], refusal, user_agent, request_id)

    def stream_error(self, sentence: str, request_id: str) -> bytes | None:
        return None

    def _family(self, headers: Mapping[str, str]) -> str:
        """Three providers list their models at one path; the headers tell whose client asks."""
        if self.name == "openai.models":
            if "anthropic-version" in headers:
                return "anthropic"
            if "x-goog-api-key" in headers or "x-goog-api-client" in headers:
                return "gemini"
        return self.name.partition(".")[0]


def _ignore(data: bytes, seen: Seen) -> None:
    """Nothing in the reply to a free call is charged."""


embeddings = Embeddings()
openai_models, openai_count = Free("openai.models"), Free("openai.count_tokens")
anthropic_models, anthropic_count = Free("anthropic.models"), Free("anthropic.count_tokens")
