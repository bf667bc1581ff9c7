"""What the content of a Gemini request adds to the bound of its bytes: parts of contents and of function responses.

The API takes every name in camel case and in snake case, and a single object where a list is meant; so does this.
"""

from __future__ import annotations

from typing import Any

from bursar.gateway.dialects.media import Rules, Tally
from bursar.gateway.dialects.objects import JsonObject

IMAGE_TOKENS = 4_480
"""2,240 at ultra high resolution (Google, media resolution guide); older models count 258 for each of up to 17 tiles."""
PAGE_TOKENS = 1_120
"""A page of a document at high resolution, its text included (same guide)."""
RULES = Rules(IMAGE_TOKENS, PAGE_TOKENS)
MAX_DEPTH = 8
_CLIENT_TOOLS = frozenset({"functionDeclarations", "function_declarations", "computerUse", "computer_use"})


def survey(body: JsonObject, tally: Tally) -> None:
    """Everything of a generation or embedding request that has parts, and its tools."""
    for name in ("contents", "content", "systemInstruction", "system_instruction"):
        _contents(body.value(name), tally, 0)
    requests = body.value("requests")
    for request in requests if isinstance(requests, list) else ():
        if isinstance(request, dict):
            _contents(request.get("content"), tally, 0)
    for tool in _many(body.value("tools")):
        for kind in tool if isinstance(tool, dict) else ():
            if kind not in _CLIENT_TOOLS:
                tally.remote(str(kind)[:64])
    for name in ("cachedContent", "cached_content"):
        if body.has(name):
            tally.remote("cachedContent")


def _contents(found: Any, tally: Tally, depth: int) -> None:
    for content in _many(found):
        if isinstance(content, dict) and depth <= MAX_DEPTH:
            for part in _many(content.get("parts", [content])):
                if isinstance(part, dict):
                    _part(part, tally, depth)


def _part(part: dict[str, Any], tally: Tally, depth: int) -> None:
    for name in ("inlineData", "inline_data"):
        data = part.get(name)
        if isinstance(data, dict) and isinstance(data.get("data"), str):
            tally.inline(_kind(data), data["data"])
    for name in ("fileData", "file_data"):
        file = part.get(name)
        if isinstance(file, dict):
            if _kind(file).startswith("image/"):
                tally.tokens += tally.rules.image
            else:
                tally.remote("remote_file")
    for name in ("functionResponse", "function_response"):
        response = part.get(name)
        if isinstance(response, dict) and "parts" in response:
            _contents(response, tally, depth + 1)


def _kind(data: dict[str, Any]) -> str:
    return str(data.get("mimeType") or data.get("mime_type") or "").lower()


def _many(found: Any) -> list[Any]:
    return found if isinstance(found, list) else [] if found is None else [found]
