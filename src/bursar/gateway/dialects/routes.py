"""Which dialect a request speaks, by method and path. What is not known is refused: an unknown path may cost money.

Paths are recognised by their end, so that any prefix of a compatible host (`/openai/v1`, `/api/v1`) works. A path that a
provider might read differently from us (dot segments, escaped slashes, a fragment) is no path that we know.
"""

from __future__ import annotations

import re
from functools import lru_cache

from bursar.gateway.dialects import anthropic, gemini, plain
from bursar.gateway.dialects.contract import Dialect
from bursar.gateway.dialects.openai_chat import chat_completions
from bursar.gateway.dialects.openai_responses import responses

MAX_PATH_CHARS = 1024
_PLAIN_PATH = re.compile(r"(?:/(?!\.{1,2}(?:/|$))(?:[A-Za-z0-9._~@:$,+=!*'()-]|%20)+)+")
_MODELS = re.compile(r"/models(?:/[^:]+)?$")
_GEMINI_METHODS: dict[str, Dialect] = {
    **dict.fromkeys(gemini.GENERATE, gemini.generate),
    **dict.fromkeys(gemini.EMBED, gemini.embed),
    **dict.fromkeys(gemini.COUNT, gemini.count),
}
_POST: tuple[tuple[str, Dialect], ...] = (
    ("/chat/completions", chat_completions),
    ("/messages", anthropic.messages),
    ("/responses", responses),
    ("/embeddings", plain.embeddings),
    ("/messages/count_tokens", plain.anthropic_count),
    ("/responses/input_tokens", plain.openai_count),
)
_NOT_MESSAGES = re.compile(r"/(?:threads|conversations|batches)/")


def route(method: str, path: str) -> Dialect | None:
    """The dialect of a request; None for everything that Bursar does not meter. `path` is raw, without its query."""
    return None if len(path) > MAX_PATH_CHARS else _route(method, path)


@lru_cache(maxsize=1024)
def _route(method: str, path: str) -> Dialect | None:
    """Clients ask for the same few paths again and again."""
    if not _PLAIN_PATH.fullmatch(path):
        return None
    if method == "POST":
        return _posted(path)
    if method in ("GET", "HEAD") and _MODELS.search(path):
        return gemini.models if _is_google(path) else plain.openai_models
    if method == "HEAD":
        return _FREE_TWIN.get(_posted(path))
    return None


def _posted(path: str) -> Dialect | None:
    for suffix, dialect in _POST:
        if path.endswith(suffix):
            return None if _NOT_MESSAGES.search(path) else dialect
    found = gemini.PATH.search(path)
    return None if found is None else _GEMINI_METHODS.get(found["method"])


def _is_google(path: str) -> bool:
    return "/v1beta" in path or "/publishers/" in path


_FREE_TWIN: dict[Dialect | None, Dialect] = {
    chat_completions: plain.openai_models,
    responses: plain.openai_models,
    plain.embeddings: plain.openai_models,
    plain.openai_count: plain.openai_count,
    anthropic.messages: plain.anthropic_models,
    plain.anthropic_count: plain.anthropic_count,
    gemini.generate: gemini.models,
    gemini.embed: gemini.models,
    gemini.count: gemini.count,
}
"""What a HEAD of a path is: it never costs, whatever a POST there would."""
