"""Wire dialects, sans-IO: parse a request, meter a reply, phrase a refusal. Nothing here reads a clock or a socket."""

from __future__ import annotations

import re

from bursar.gateway.dialects import anthropic, gemini, plain
from bursar.gateway.dialects.contract import Dialect
from bursar.gateway.dialects.keys import authenticate_upstream, credentials
from bursar.gateway.dialects.openai_chat import chat_completions
from bursar.gateway.dialects.openai_responses import responses

_MODELS = re.compile(r"/models(/[^:]+)?$")
_GEMINI = {
    **dict.fromkeys(("generateContent", "streamGenerateContent"), gemini.generate),
    **dict.fromkeys(("embedContent", "batchEmbedContents"), gemini.embed),
    "countTokens": gemini.count,
}
_POST: tuple[tuple[str, Dialect], ...] = (
    ("/chat/completions", chat_completions),
    ("/messages", anthropic.messages),
    ("/responses", responses),
    ("/embeddings", plain.embeddings),
    ("/messages/count_tokens", plain.anthropic_count),
    ("/responses/input_tokens", plain.openai_count),
)


def route(method: str, path: str) -> Dialect | None:
    """The dialect of a request by method and path; None for everything that Bursar does not meter.

    Paths are recognised by their end, so that any prefix of a compatible host (`/openai/v1`, `/api/v1`) works.
    """
    if method == "POST":
        for suffix, dialect in _POST:
            if path.endswith(suffix):
                return dialect
        if ":" in path:
            return _GEMINI.get(path.rsplit(":", 1)[1]) if "/models/" in path else None
        return None
    if method in ("GET", "HEAD") and _MODELS.search(path):
        return gemini.models if path.startswith("/v1beta") else plain.openai_models
    return None


__all__ = ["Dialect", "authenticate_upstream", "credentials", "route"]
