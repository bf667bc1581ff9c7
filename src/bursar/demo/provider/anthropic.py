"""Anthropic's shapes: messages, token counts, models, errors."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from bursar.demo.provider.generation import Answer, tokens_of

MODELS = ("claude-opus-4-1", "claude-sonnet-4-5", "claude-haiku-4-5")
_ERRORS = {
    400: "invalid_request_error",
    401: "authentication_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    529: "overloaded_error",
}


def error(status: int, message: str) -> dict[str, Any]:
    return {
        "type": "error",
        "error": {"type": _ERRORS.get(status, "api_error"), "message": message},
        "request_id": "req_standin",
    }


def prompt(body: dict[str, Any]) -> tuple[str, str, str, bool]:
    """All text that goes in, the last user message, the prefix marked for caching, and whether for an hour."""
    blocks: list[tuple[str, Any]] = []
    blocks += [
        (json.dumps({name: value for name, value in tool.items() if name != "cache_control"}), tool)
        for tool in body.get("tools") or []
    ]
    system = body.get("system")
    blocks += _blocks(system)
    last = ""
    for message in body.get("messages") or []:
        found = _blocks(message.get("content"))
        blocks += found
        if message.get("role") == "user":
            last = "\n".join(text for text, _ in found)
    marked, hour = -1, False
    for index, (_, block) in enumerate(blocks):
        control = block.get("cache_control") if isinstance(block, dict) else None
        if control:
            marked, hour = index, control.get("ttl") == "1h"
    whole = "\n".join(text for text, _ in blocks)
    prefix = "\n".join(text for text, _ in blocks[: marked + 1])
    return whole, last, prefix, hour


def _blocks(content: Any) -> list[tuple[str, Any]]:
    if isinstance(content, str):
        return [(content, None)]
    found = []
    for block in content or []:
        text = block.get("text")
        if text is None:
            text = json.dumps({name: value for name, value in block.items() if name != "cache_control"})
        found.append((text, block))
    return found


def thinks(body: dict[str, Any]) -> bool:
    return (body.get("thinking") or {}).get("type") in ("enabled", "adaptive")


def usage(answer: Answer, output: int) -> dict[str, Any]:
    return {
        "input_tokens": answer.input,
        "cache_creation_input_tokens": answer.cache_write_5m + answer.cache_write_1h,
        "cache_read_input_tokens": answer.cache_read,
        "cache_creation": {
            "ephemeral_5m_input_tokens": answer.cache_write_5m,
            "ephemeral_1h_input_tokens": answer.cache_write_1h,
        },
        "output_tokens": output,
        "service_tier": "standard",
    }


def reply(name: str, model: str, answer: Answer) -> dict[str, Any]:
    document: dict[str, Any] = {
        "id": name,
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": [{"type": "text", "text": answer.text}],
        "stop_reason": "max_tokens" if answer.cut_short else "end_turn",
        "stop_sequence": None,
        "usage": usage(answer, answer.output + answer.reasoning),
    }
    if answer.how.usage == "none":
        del document["usage"]
    return document


def events(name: str, model: str, answer: Answer) -> Iterator[tuple[bytes, int]]:
    """Events with the visible tokens that each carries; the first usage is a placeholder, the last is cumulative."""

    def event(kind: str, **fields: Any) -> bytes:
        return f"event: {kind}\ndata: {json.dumps({'type': kind, **fields}, separators=(',', ':'))}\n\n".encode()

    message: dict[str, Any] = {
        "id": name,
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
    }
    silent = answer.how.usage == "none"
    yield event("message_start", message=message if silent else {**message, "usage": usage(answer, 1)}), 0
    yield event("content_block_start", index=0, content_block={"type": "text", "text": ""}), 0
    yield event("ping"), 0
    for piece in answer.pieces():
        yield event("content_block_delta", index=0, delta={"type": "text_delta", "text": piece}), tokens_of(piece)
    yield event("content_block_stop", index=0), 0
    delta = {"stop_reason": "max_tokens" if answer.cut_short else "end_turn", "stop_sequence": None}
    final = {} if silent else {"usage": usage(answer, answer.output + answer.reasoning)}
    yield event("message_delta", delta=delta, **final), 0
    yield event("message_stop"), 0


def models() -> dict[str, Any]:
    listed = [{"type": "model", "id": one, "display_name": one, "created_at": "2025-10-01T00:00:00Z"} for one in MODELS]
    return {"data": listed, "has_more": False, "first_id": MODELS[0], "last_id": MODELS[-1]}
