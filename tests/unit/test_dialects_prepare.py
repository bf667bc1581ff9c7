"""The body that is forwarded: untouched, or with its output limit lowered and every other byte as it was."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bursar.gateway.dialects import Call, Dialect, route

CHAT, RESPONSES, MESSAGES = "/v1/chat/completions", "/v1/responses", "/v1/messages"
GENERATE = "/v1beta/models/gemini-2.5-flash:generateContent"


def understood(path: str, body: bytes) -> tuple[Dialect, Call]:
    dialect = route("POST", path)
    assert dialect is not None
    call = dialect.parse(path, "", {}, body)
    assert isinstance(call, Call), call
    return dialect, call


def prepared(path: str, body: bytes, limit: int | None) -> bytes:
    dialect, call = understood(path, body)
    return dialect.prepare(call, body, limit)


def lowered(path: str, body: dict[str, Any], limit: int) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(prepared(path, json.dumps(body).encode(), limit))
    return found


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (CHAT, b'{ "model" : "gpt-5",\n "messages":[] , "temperature": 1.00 }'),
        (CHAT, b'{"model":"gpt-5","stream":true,"stream_options":{"include_usage":true}}'),
        (CHAT, b'{"model":"mistral-large-latest","stream":true,"messages":[]}'),
        (RESPONSES, b'{"model":"gpt-5","input":"x","stream":true}'),
        (MESSAGES, b'{"model":"claude","max_tokens":64000,"messages":[],"stream":true}'),
        (GENERATE, b'{"contents":[]}'),
        ("/v1/embeddings", b'{"model":"e","input":"x"}'),
    ],
)
def test_without_a_limit_the_body_is_relayed_byte_for_byte(path: str, body: bytes) -> None:
    assert prepared(path, body, None) == body


def test_a_chat_stream_is_asked_for_usage_by_a_splice_after_the_brace() -> None:
    body = b' {"model":"gpt-5","stream":true, "seed":123456789012345678901234567890,"temperature":1.10}'
    assert prepared(CHAT, body, None) == b' {"stream_options":{"include_usage":true},' + body[2:]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (b'{"include_usage":false}', b'{"include_usage":true}'),
        (b'{ "include_obfuscation": false }', b'{"include_usage":true, "include_obfuscation": false }'),
        (b"{}", b'{"include_usage":true}'),
        (b"null", b'{"include_usage":true}'),
    ],
)
def test_the_clients_own_stream_options_are_kept(options: bytes, expected: bytes) -> None:
    body = b'{"model":"gpt-5","stream":true,"stream_options":%s,"messages":[]}'
    assert prepared(CHAT, body % options, None) == body % expected


def test_everything_but_the_limit_keeps_its_bytes() -> None:
    head = b'{"seed":123456789012345678901234567890, "temperature":0.10000000000000000555, "model":"gpt-5",'
    tail = b' "user":"\\u00e9\\n","metadata":{"a" : 1e400}}'
    assert prepared(CHAT, head + b'"max_completion_tokens": 9000 ,' + tail, 500) == (
        head + b'"max_completion_tokens": 500 ,' + tail
    )


@pytest.mark.parametrize(
    ("path", "body", "limit", "changed"),
    [
        (CHAT, {"model": "gpt-5"}, 500, {"max_completion_tokens": 500}),
        (CHAT, {"model": "gpt-5", "max_completion_tokens": None}, 500, {"max_completion_tokens": 500}),
        (CHAT, {"model": "gpt-4o", "max_tokens": 900}, 500, {"max_tokens": 500}),
        (CHAT, {"model": "gpt-4o", "max_tokens": 900, "max_completion_tokens": 400}, 500, {"max_tokens": 500}),
        (CHAT, {"model": "llama-3.3-70b"}, 500, {"max_tokens": 500}),
        (
            CHAT,
            {"model": "llama", "max_completion_tokens": 900},
            500,
            {"max_completion_tokens": 500, "max_tokens": 500},
        ),
        (CHAT, {"model": "llama", "max_completion_tokens": 90}, 500, {"max_tokens": 500}),
        (
            CHAT,
            {"model": "a/b", "reasoning": {"max_tokens": 8_000}},
            1_000,
            {"reasoning": {"max_tokens": 750}, "max_tokens": 1_000},
        ),
        (CHAT, {"model": "a/b", "reasoning": {"effort": "high"}}, 1_000, {"max_tokens": 1_000}),
        (RESPONSES, {"model": "gpt-5", "input": "x"}, 500, {"max_output_tokens": 500}),
        (RESPONSES, {"model": "gpt-5", "input": "x", "max_output_tokens": 900}, 500, {"max_output_tokens": 500}),
        (MESSAGES, {"model": "c", "max_tokens": 900}, 500, {"max_tokens": 500}),
        (GENERATE, {"contents": []}, 500, {"generationConfig": {"maxOutputTokens": 500}}),
        (GENERATE, {}, 500, {"generationConfig": {"maxOutputTokens": 500}}),
        (GENERATE, {"generationConfig": None}, 500, {"generationConfig": {"maxOutputTokens": 500}}),
        (GENERATE, {"generationConfig": {}}, 500, {"generationConfig": {"maxOutputTokens": 500}}),
        (
            GENERATE,
            {"generation_config": {"max_output_tokens": 900, "top_p": 1}},
            500,
            {"generation_config": {"max_output_tokens": 500, "top_p": 1}},
        ),
        (
            GENERATE,
            {"generationConfig": {"thinkingConfig": {"thinkingBudget": 24_576, "includeThoughts": True}}},
            1_000,
            {
                "generationConfig": {
                    "maxOutputTokens": 1_000,
                    "thinkingConfig": {"thinkingBudget": 750, "includeThoughts": True},
                }
            },
        ),
        (
            GENERATE,
            {"generationConfig": {"thinkingConfig": {"thinking_budget": -1}}},
            1_000,
            {"generationConfig": {"maxOutputTokens": 1_000, "thinkingConfig": {"thinking_budget": -1}}},
        ),
    ],
)
def test_the_limit_is_lowered_in_the_field_that_the_host_heeds(
    path: str, body: dict[str, Any], limit: int, changed: dict[str, Any]
) -> None:
    assert lowered(path, body, limit) == {**body, **changed}


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (CHAT, {"model": "gpt-5", "max_completion_tokens": 100}),
        (CHAT, {"model": "llama", "max_tokens": 100}),
        (RESPONSES, {"model": "gpt-5", "input": "x", "max_output_tokens": 100}),
        (MESSAGES, {"model": "c", "max_tokens": 100}),
        (MESSAGES, {"model": "c", "max_tokens": 0}),
        (GENERATE, {"generationConfig": {"maxOutputTokens": 100}}),
    ],
)
def test_a_limit_is_never_raised(path: str, body: dict[str, Any]) -> None:
    raw = json.dumps(body).encode()
    assert prepared(path, raw, 5_000) == raw


@pytest.mark.parametrize(
    ("budget", "limit", "thinking"),
    [
        (31_999, 8_000, {"type": "enabled", "budget_tokens": 6_000}),
        (31_999, 1_200, {"type": "enabled", "budget_tokens": 1_024}),
        (31_999, 1_025, {"type": "enabled", "budget_tokens": 1_024}),
        (31_999, 1_024, {"type": "disabled"}),
        (31_999, 500, {"type": "disabled"}),
        (2_000, 8_000, {"type": "enabled", "budget_tokens": 2_000}),
    ],
)
def test_thinking_stays_below_a_lowered_limit(budget: int, limit: int, thinking: dict[str, Any]) -> None:
    """Anthropic takes a budget of at least 1,024 that is less than `max_tokens`; where none fits it is switched off."""
    body = {"model": "c", "max_tokens": 64_000, "thinking": {"type": "enabled", "budget_tokens": budget}}
    assert lowered(MESSAGES, body, limit) == {"model": "c", "max_tokens": limit, "thinking": thinking}


def test_thinking_without_a_budget_is_left_alone() -> None:
    body = {"model": "c", "max_tokens": 64_000, "thinking": {"type": "adaptive"}}
    assert lowered(MESSAGES, body, 500) == {**body, "max_tokens": 500}


def test_a_lowered_chat_stream_is_asked_for_usage_too() -> None:
    body = {"model": "gpt-5", "stream": True, "messages": []}
    assert lowered(CHAT, body, 50) == {
        **body,
        "max_completion_tokens": 50,
        "stream_options": {"include_usage": True},
    }


def test_who_knows_the_provider_may_choose_the_field() -> None:
    from msgspec.structs import replace

    raw = b'{"model":"my-own-model"}'
    dialect, call = understood(CHAT, raw)
    assert json.loads(dialect.prepare(replace(call, limit_field="max_completion_tokens"), raw, 50)) == {
        "model": "my-own-model",
        "max_completion_tokens": 50,
    }


def test_an_embedding_has_no_output_to_limit() -> None:
    raw = b'{"model":"e","input":"x"}'
    assert prepared("/v1/embeddings", raw, 1) == raw
    assert prepared("/v1beta/models/gemini-embedding-001:embedContent", b'{"content":{}}', 1) == b'{"content":{}}'
