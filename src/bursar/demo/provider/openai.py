"""OpenAI's shapes: chat completions, responses, embeddings, models, errors."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from bursar.demo.provider.generation import Answer, tokens_of

MODELS = ("gpt-4o", "gpt-4o-mini", "gpt-4.1-mini", "gpt-5", "gpt-5-mini", "gpt-5-codex", "o3", "text-embedding-3-small")


def error(status: int, message: str) -> dict[str, Any]:
    kind, code = {
        401: ("invalid_request_error", "invalid_api_key"),
        404: ("invalid_request_error", "model_not_found"),
        429: ("requests", "rate_limit_exceeded"),
    }.get(status, ("server_error" if status >= 500 else "invalid_request_error", None))
    return {"error": {"message": message, "type": kind, "param": None, "code": code}}


def chat_prompt(body: dict[str, Any]) -> tuple[str, str]:
    """All text that goes in, and the last user message."""
    messages = body.get("messages") or []
    parts = [_text(one.get("content")) for one in messages if isinstance(one, dict)]
    tools = body.get("tools")
    users = [_text(one.get("content")) for one in messages if isinstance(one, dict) and one.get("role") == "user"]
    return "\n".join([*([json.dumps(tools)] if tools else []), *parts]), users[-1] if users else ""


def responses_prompt(body: dict[str, Any]) -> tuple[str, str]:
    given = body.get("input")
    texts = (
        [given]
        if isinstance(given, str)
        else [_text(one.get("content")) for one in given or [] if isinstance(one, dict)]
    )
    parts = [str(body.get("instructions") or ""), *([json.dumps(body["tools"])] if body.get("tools") else []), *texts]
    return "\n".join(parts), texts[-1] if texts else ""


def _text(content: Any) -> str:
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return "\n".join(str(part.get("text", "")) for part in content if isinstance(part, dict))
    return ""


def chat_limit(body: dict[str, Any]) -> int | None:
    limits = [body[name] for name in ("max_completion_tokens", "max_tokens") if isinstance(body.get(name), int)]
    return min(limits) if limits else None


def chat_usage(answer: Answer) -> dict[str, Any]:
    completion = (answer.output + answer.reasoning) * answer.choices
    return {
        "prompt_tokens": answer.total_input,
        "completion_tokens": completion,
        "total_tokens": answer.total_input + completion,
        "prompt_tokens_details": {"cached_tokens": answer.cache_read, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": answer.reasoning * answer.choices,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }


def chat_reply(name: str, model: str, at: int, answer: Answer) -> dict[str, Any]:
    reply: dict[str, Any] = {
        "id": name,
        "object": "chat.completion",
        "created": at,
        "model": model,
        "choices": [
            {
                "index": index,
                "message": {"role": "assistant", "content": answer.text, "refusal": None, "annotations": []},
                "logprobs": None,
                "finish_reason": "length" if answer.cut_short else "stop",
            }
            for index in range(answer.choices)
        ],
        "usage": chat_usage(answer),
        "service_tier": "default",
        "system_fingerprint": None,
    }
    if answer.how.usage == "none":
        del reply["usage"]
    return reply


def chat_events(name: str, model: str, at: int, answer: Answer, with_usage: bool) -> Iterator[tuple[bytes, int]]:
    """Events with the visible tokens that each carries, for all choices together."""

    def chunk(choices: list[dict[str, Any]], usage: Any = None) -> bytes:
        document = {
            "id": name,
            "object": "chat.completion.chunk",
            "created": at,
            "model": model,
            "service_tier": "default",
            "system_fingerprint": None,
            "choices": choices,
        }
        if with_usage:
            document["usage"] = usage
        return b"data: " + json.dumps(document, separators=(",", ":")).encode() + b"\n\n"

    def delta(index: int, content: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
        return {"index": index, "delta": content, "logprobs": None, "finish_reason": finish}

    everyone = range(answer.choices)
    yield chunk([delta(index, {"role": "assistant", "content": "", "refusal": None}) for index in everyone]), 0
    for piece in answer.pieces():
        yield chunk([delta(index, {"content": piece}) for index in everyone]), tokens_of(piece) * answer.choices
    yield chunk([delta(index, {}, "length" if answer.cut_short else "stop") for index in everyone]), 0
    if with_usage and answer.how.usage != "none":
        yield chunk([], chat_usage(answer)), 0
    yield b"data: [DONE]\n\n", 0


def responses_usage(answer: Answer) -> dict[str, Any]:
    output = answer.output + answer.reasoning
    return {
        "input_tokens": answer.total_input,
        "input_tokens_details": {"cached_tokens": answer.cache_read},
        "output_tokens": output,
        "output_tokens_details": {"reasoning_tokens": answer.reasoning},
        "total_tokens": answer.total_input + output,
    }


def response(name: str, model: str, at: int, answer: Answer, status: str) -> dict[str, Any]:
    done = status != "in_progress"
    item = _item(name, answer.text, "completed" if status == "completed" else "incomplete")
    return {
        "id": name,
        "object": "response",
        "created_at": at,
        "status": status,
        "background": False,
        "error": None,
        "incomplete_details": {"reason": "max_output_tokens"} if status == "incomplete" else None,
        "instructions": None,
        "max_output_tokens": None,
        "model": model,
        "output": [item] if done else [],
        "parallel_tool_calls": True,
        "previous_response_id": None,
        "reasoning": {"effort": None, "summary": None},
        "service_tier": "default",
        "store": False,
        "temperature": 1.0,
        "text": {"format": {"type": "text"}},
        "tool_choice": "auto",
        "tools": [],
        "top_p": 1.0,
        "truncation": "disabled",
        "usage": responses_usage(answer) if done and answer.how.usage != "none" else None,
        "user": None,
        "metadata": {},
    }


def _item(name: str, text: str, status: str) -> dict[str, Any]:
    part = {"type": "output_text", "text": text, "annotations": [], "logprobs": []}
    return {"id": f"msg_{name[5:]}", "type": "message", "status": status, "role": "assistant", "content": [part]}


def responses_events(name: str, model: str, at: int, answer: Answer) -> Iterator[tuple[bytes, int]]:
    number = 0

    def event(kind: str, **fields: Any) -> bytes:
        nonlocal number
        document = {"type": kind, "sequence_number": number, **fields}
        number += 1
        return f"event: {kind}\ndata: {json.dumps(document, separators=(',', ':'))}\n\n".encode()

    item = _item(name, "", "in_progress")
    place = {"item_id": item["id"], "output_index": 0, "content_index": 0}
    started = response(name, model, at, answer, "in_progress")
    yield event("response.created", response=started), 0
    yield event("response.in_progress", response=started), 0
    yield event("response.output_item.added", output_index=0, item={**item, "content": []}), 0
    yield event("response.content_part.added", **place, part={"type": "output_text", "text": "", "annotations": []}), 0
    for piece in answer.pieces():
        yield event("response.output_text.delta", **place, delta=piece, logprobs=[]), tokens_of(piece)
    yield event("response.output_text.done", **place, text=answer.text, logprobs=[]), 0
    part = {"type": "output_text", "text": answer.text, "annotations": []}
    yield event("response.content_part.done", **place, part=part), 0
    yield event("response.output_item.done", output_index=0, item=_item(name, answer.text, "completed")), 0
    status = "incomplete" if answer.cut_short else "completed"
    yield event(f"response.{status}", response=response(name, model, at, answer, status)), 0


def embedding(model: str, inputs: Any) -> dict[str, Any]:
    texts = (
        [inputs]
        if isinstance(inputs, str)
        else [one if isinstance(one, str) else json.dumps(one) for one in inputs or []]
    )
    total = sum(tokens_of(text) for text in texts)
    vectors = [
        {
            "object": "embedding",
            "index": index,
            "embedding": [((len(text) * (place + 7)) % 97) / 97 for place in range(16)],
        }
        for index, text in enumerate(texts)
    ]
    return {"object": "list", "data": vectors, "model": model, "usage": {"prompt_tokens": total, "total_tokens": total}}


def models(at: int) -> dict[str, Any]:
    return {
        "object": "list",
        "data": [{"id": one, "object": "model", "created": at, "owned_by": "standin"} for one in MODELS],
    }
