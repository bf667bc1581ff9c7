"""Gemini's shapes: generateContent, its stream, token counts, embeddings, models, errors."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from bursar.demo.provider.generation import Answer, tokens_of

MODELS = ("gemini-2.5-flash", "gemini-2.5-pro", "gemini-2.0-flash")
_STATUS = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    503: "UNAVAILABLE",
}


def error(status: int, message: str) -> dict[str, Any]:
    return {"error": {"code": status, "message": message, "status": _STATUS.get(status, "INTERNAL")}}


def prompt(body: dict[str, Any]) -> tuple[str, str]:
    contents = body.get("contents")
    contents = contents if isinstance(contents, list) else [contents] if contents else []
    texts = [_parts(one) for one in contents]
    system = body.get("systemInstruction") or body.get("system_instruction")
    tools = body.get("tools")
    parts = [*([_parts(system)] if system else []), *([json.dumps(tools)] if tools else []), *texts]
    return "\n".join(parts), texts[-1] if texts else ""


def _parts(content: Any) -> str:
    if isinstance(content, str):
        return content
    return "\n".join(str(part.get("text", "")) for part in (content or {}).get("parts") or [] if isinstance(part, dict))


def config(body: dict[str, Any]) -> dict[str, Any]:
    found = body.get("generationConfig") or body.get("generation_config") or {}
    return found if isinstance(found, dict) else {}


def usage(answer: Answer) -> dict[str, Any]:
    made = answer.output * answer.choices
    thoughts = answer.reasoning * answer.choices
    found: dict[str, Any] = {
        "promptTokenCount": answer.total_input,
        "candidatesTokenCount": made,
        "totalTokenCount": answer.total_input + made + thoughts,
        "promptTokensDetails": [{"modality": "TEXT", "tokenCount": answer.total_input}],
    }
    if thoughts:
        found["thoughtsTokenCount"] = thoughts
    if answer.cache_read:
        found["cachedContentTokenCount"] = answer.cache_read
    return found


def _document(name: str, model: str, answer: Answer, text: str, finish: str | None, with_usage: bool) -> dict[str, Any]:
    candidates = [
        {
            "content": {"parts": [{"text": text}], "role": "model"},
            **({"finishReason": finish} if finish else {}),
            "index": index,
        }
        for index in range(answer.choices)
    ]
    found: dict[str, Any] = {"candidates": candidates}
    if with_usage and answer.how.usage != "none":
        found["usageMetadata"] = usage(answer)
    return {**found, "modelVersion": model, "responseId": name}


def reply(name: str, model: str, answer: Answer) -> dict[str, Any]:
    return _document(name, model, answer, answer.text, "MAX_TOKENS" if answer.cut_short else "STOP", True)


def events(name: str, model: str, answer: Answer, *, sse: bool) -> Iterator[tuple[bytes, int]]:
    """Chunks as server-sent events, or as the elements of one JSON array."""
    pieces = answer.pieces() or [""]
    for index, piece in enumerate(pieces):
        last = index + 1 == len(pieces)
        finish = ("MAX_TOKENS" if answer.cut_short else "STOP") if last else None
        text = json.dumps(_document(name, model, answer, piece, finish, last))
        raw = f"data: {text}\r\n\r\n" if sse else f"{'[' if index == 0 else ','}{text}{']' if last else ''}\n"
        yield raw.encode(), tokens_of(piece) * answer.choices


def embedding(text: str) -> dict[str, Any]:
    return {"embedding": {"values": [((len(text) * (place + 7)) % 97) / 97 for place in range(16)]}}


def models() -> dict[str, Any]:
    listed = [
        {"name": f"models/{one}", "displayName": one, "supportedGenerationMethods": ["generateContent"]}
        for one in MODELS
    ]
    return {"models": listed}
