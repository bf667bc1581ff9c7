"""Whatever bytes arrive: nothing raises, no limit is raised, no byte of a reply is lost or changed."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bursar.gateway.dialects import Call, Dialect, Malformed, Meter, Refusal, credentials, route
from bursar.gateway.dialects.refusals import header_safe
from bursar.prices import Usage

PATHS = {
    "chat": "/v1/chat/completions",
    "responses": "/v1/responses",
    "embeddings": "/v1/embeddings",
    "messages": "/v1/messages",
    "count": "/v1/messages/count_tokens",
    "generate": "/v1beta/models/gemini-2.5-flash:generateContent",
    "stream": "/v1beta/models/gemini-2.5-flash:streamGenerateContent",
    "embed": "/v1beta/models/gemini-embedding-001:batchEmbedContents",
}
VALID: dict[str, dict[str, Any]] = {
    "chat": {
        "model": "gpt-5",
        "messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "https://x"}}]}],
        "max_completion_tokens": 9_000,
        "stream": True,
        "stream_options": {"include_usage": False},
        "tools": [{"type": "function"}],
        "reasoning": {"max_tokens": 5_000},
        "n": 2,
    },
    "responses": {"model": "gpt-5", "input": [{"type": "message", "content": "x"}], "max_output_tokens": 9_000},
    "embeddings": {"model": "text-embedding-3-small", "input": ["x"]},
    "messages": {
        "model": "claude-sonnet-4-5",
        "max_tokens": 64_000,
        "thinking": {"type": "enabled", "budget_tokens": 31_999},
        "system": [{"type": "text", "text": "x", "cache_control": {"type": "ephemeral", "ttl": "1h"}}],
        "messages": [
            {"role": "user", "content": [{"type": "document", "source": {"type": "base64", "data": "JVBERi0="}}]}
        ],
        "tools": [{"name": "x"}],
    },
    "count": {"model": "claude-sonnet-4-5", "messages": []},
    "generate": {
        "contents": [{"parts": [{"inlineData": {"mimeType": "audio/wav", "data": "AAAA"}}]}],
        "generationConfig": {"maxOutputTokens": 9_000, "thinkingConfig": {"thinkingBudget": 8_000}},
        "tools": {"googleSearch": {}},
    },
    "stream": {"contents": {"parts": {"text": "x"}}},
    "embed": {"requests": [{"content": {"parts": [{"text": "x"}]}}]},
}
CONTENT_TYPES = ["text/event-stream", "application/json", "text/plain", ""]

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.sampled_from(["5m", "data:,x"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
names = st.sampled_from(sorted(PATHS))


def dialect_of(name: str) -> Dialect:
    dialect = route("POST", PATHS[name])
    assert dialect is not None
    return dialect


def parsed(name: str, body: bytes) -> Call | Malformed:
    return dialect_of(name).parse(PATHS[name], "", {}, body)


@st.composite
def mutated(draw: st.DrawFn, name: str) -> bytes:
    """A valid body with a value somewhere in it replaced, a field doubled, or bytes cut out, changed or put in."""
    document = json.loads(json.dumps(VALID[name]))
    for _ in range(draw(st.integers(0, 2))):
        _replace(draw, document)
    body = json.dumps(document).encode()
    for _ in range(draw(st.integers(0, 2))):
        at, to = sorted((draw(st.integers(0, len(body))), draw(st.integers(0, len(body)))))
        kind = draw(st.sampled_from(["cut", "insert", "double"]))
        if kind == "cut":
            body = body[:at] + body[min(to, at + 4) :]
        elif kind == "insert":
            body = body[:at] + draw(st.binary(max_size=3)) + body[at:]
        else:
            body = body[:at] + body[at:to] + body[at:]
    return body


def _replace(draw: st.DrawFn, document: Any) -> None:
    node = document
    while True:
        keys = list(node) if isinstance(node, dict) else list(range(len(node)))
        if not keys:
            return
        key = draw(st.sampled_from(keys))
        if isinstance(node[key], dict | list) and node[key] and draw(st.booleans()):
            node = node[key]
            continue
        node[key] = draw(json_values)
        return


@given(names, st.binary(max_size=300))
def test_arbitrary_bytes_are_read_or_refused(name: str, body: bytes) -> None:
    found = parsed(name, body)
    assert isinstance(found, Call | Malformed)


@given(st.data(), names)
def test_a_mutated_body_is_read_or_refused_and_what_is_read_can_be_prepared(data: st.DataObject, name: str) -> None:
    body = data.draw(mutated(name))
    call = parsed(name, body)
    if isinstance(call, Malformed):
        assert call.field
        assert len(call.sentence) < 1_000
        return
    assert 0 <= call.text_bytes <= len(body)
    assert call.input_bound >= call.text_bytes
    assert call.output_limit is None or call.output_limit >= 0
    limit = data.draw(st.none() | st.integers(1, 100_000))
    json.loads(dialect_of(name).prepare(call, body, limit))


@given(names, st.integers(1, 100_000))
def test_a_prepared_body_never_allows_more_than_the_limit_or_the_client(name: str, limit: int) -> None:
    body = json.dumps(VALID[name]).encode()
    before = parsed(name, body)
    assert isinstance(before, Call)
    if not before.billable or before.output_limit == 0:
        return
    after = parsed(name, dialect_of(name).prepare(before, body, limit))
    assert isinstance(after, Call)
    assert after.output_limit == (limit if before.output_limit is None else min(limit, before.output_limit))


@given(
    st.dictionaries(st.sampled_from(["seed", "user", "a b", "ü", "x\\y", '"']), json_values, max_size=4), st.booleans()
)
def test_everything_but_the_limit_survives(extra: dict[str, Any], spaced: bool) -> None:
    document = {**extra, "model": "claude", "max_tokens": 64_000, "z": 12345678901234567890123}
    try:
        body = json.dumps(document, indent=1 if spaced else None, allow_nan=False).encode()
    except ValueError:
        return
    call = parsed("messages", body)
    if isinstance(call, Malformed):  # a lone surrogate, which no provider takes either
        return
    assert dialect_of("messages").prepare(call, body, 99) == body.replace(b'"max_tokens": 64000', b'"max_tokens": 99')


@given(st.text(max_size=12), json_values, json_values)
def test_no_field_may_be_there_twice(name: str, first: Any, second: Any) -> None:
    key = json.dumps(name)
    body = f'{{"model":"gpt-5",{key}:{json.dumps(first)},"messages":[],{key}:{json.dumps(second)}}}'.encode()
    found = parsed("chat", body)
    assert isinstance(found, Malformed)


def fed(meter: Meter, body: bytes, cuts: list[int]) -> bytes:
    out, at = b"", 0
    for cut in sorted({cut % (len(body) + 1) for cut in cuts}):
        out += meter.feed(body[at:cut])
        at = cut
    return out + meter.feed(body[at:]) + meter.finish()


def meter_of(name: str, content_type: str) -> Meter:
    body = json.dumps(VALID[name]).encode()
    call = parsed(name, body)
    assert isinstance(call, Call)
    return dialect_of(name).meter(call, 200, content_type)


reply_pieces = st.sampled_from(
    [
        b"data: ",
        b"event: message_delta\n",
        b"\n",
        b"\r\n",
        b"\n\n",
        b": comment\n\n",
        b"[DONE]",
        b"{",
        b"}",
        b"[",
        b"]",
        b'"',
        b"\\",
        b",",
        b'{"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2}}',
        b'{"type":"message_delta","usage":{"output_tokens":5}}',
        b'{"type":"response.completed","response":{"usage":5,"output":"x"}}',
        b'{"candidates":[{"content":5,"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":-1}}',
        b'{"usage":{"prompt_tokens":1e400,"completion_tokens":{}}}',
        b"\xff",
    ]
)


@given(
    names,
    st.sampled_from(CONTENT_TYPES),
    st.lists(reply_pieces | st.binary(max_size=8)),
    st.lists(st.integers(0, 10_000)),
)
def test_a_meter_never_raises_and_never_changes_a_byte(
    name: str, content_type: str, pieces: list[bytes], cuts: list[int]
) -> None:
    body = b"".join(pieces)
    meter = meter_of(name, content_type)
    out = fed(meter, body, cuts)
    reading = meter.reading()
    if name == "chat":  # injected usage may be taken out, and nothing else
        assert len(out) <= len(body)
        assert out == body or reading.usage is not None
    else:
        assert out == body
    assert reading.output_bytes >= 0
    assert reading.usage is None or min(reading.usage.total_input, reading.usage.total_output) >= 0


def stream_of(texts: list[str], end: str) -> tuple[bytes, bytes]:
    """A chat stream with its injected chunk, and what the client has to see of it."""
    chunks = [json.dumps({"choices": [{"delta": {"content": text}}]}, ensure_ascii=False) for text in texts]
    usage = json.dumps({"choices": [], "usage": {"prompt_tokens": 7, "completion_tokens": len(texts)}})

    def events(found: list[str]) -> bytes:
        return "".join(f"data: {one}{end}{end}" for one in found).encode()

    return events([*chunks, usage, "[DONE]"]), events([*chunks, "[DONE]"])


@given(
    st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=6), max_size=6),
    st.sampled_from(["\n", "\r\n"]),
    st.lists(st.integers(0, 5_000)),
)
def test_hiding_does_not_depend_on_the_fragmentation(texts: list[str], end: str, cuts: list[int]) -> None:
    body, visible = stream_of(texts, end)
    meter = meter_of("chat", "text/event-stream")
    assert fed(meter, body, cuts) == visible
    assert meter.terminal
    assert meter.reading().usage == Usage(input=7, output=len(texts))


_DELTA = {"model": "gpt-5", "choices": [{"index": 0, "delta": {"content": "ember " * 12}}], "usage": None}
_COUNTED = {"prompt_tokens": 9, "completion_tokens": 4, "prompt_tokens_details": {"cached_tokens": 3}}
BURST_EVENTS = [
    json.dumps(_DELTA).encode(),
    json.dumps({**_DELTA, "choices": [{"delta": {"tool_calls": [{"function": {"arguments": "{\\n}"}}]}}]}).encode(),
    json.dumps({**_DELTA, "choices": [], "usage": _COUNTED, "service_tier": "flex"}).encode(),
    json.dumps({"choices": "odd", "usage": _COUNTED}).encode(),
    json.dumps({"error": {"message": "x"}}).encode(),
    b"[DONE]",
    b"",
    b"{",
    b'{"model":\ndata: "gpt-5-mini"}',
    b"{}\r",
]


@given(
    st.lists(st.sampled_from(BURST_EVENTS[:3]), min_size=10, max_size=30),
    st.none() | st.tuples(st.integers(0, 30), st.sampled_from(BURST_EVENTS[3:])),
    st.sampled_from([b"", b"", b"", b": ping\n\n", b"event: x\n", b"\n"]),
    st.sampled_from([b"", b"", b"", b"data: [DONE]\n\n", b"data: {", b"\n"]),
)
def test_a_burst_says_what_its_events_say_one_by_one(
    events: list[bytes], odd: tuple[int, bytes] | None, before: bytes, rest: bytes
) -> None:
    if odd is not None:
        events.insert(*odd)
    framed = [before + b"data: " + event + b"\n\n" if event else b"data:\n\n" for event in events]
    chat = dialect_of("chat")
    call = Call("openai.chat", billable=True, model="gpt-5", stream=True)
    together, apart = (chat.meter(call, 200, "text/event-stream") for _ in range(2))
    assert together.feed(b"".join(framed) + rest) == b"".join(framed) + rest
    for event in [*framed, rest]:
        apart.feed(event)
    assert together.reading() == apart.reading()
    assert together.reading().began == apart.reading().began
    assert together.terminal == apart.terminal
    together.finish(), apart.finish()
    assert together.reading() == apart.reading()


@given(
    st.lists(st.dictionaries(st.text(max_size=5), json_values, max_size=3), max_size=4), st.lists(st.integers(0, 5_000))
)
def test_a_streamed_array_is_read_alike_in_any_fragmentation(elements: list[dict[str, Any]], cuts: list[int]) -> None:
    last = {"candidates": [{"finishReason": "STOP"}], "usageMetadata": {"promptTokenCount": 9}}
    body = b"[" + b",\r\n".join(json.dumps(one).encode() for one in [*elements, last]) + b"]"
    meter = meter_of("stream", "application/json")
    assert fed(meter, body, cuts) == body
    assert meter.terminal
    assert meter.reading().usage == Usage(input=9)


@given(
    st.sampled_from(["exhausted", "contention", "unauthorized", "unavailable", "bad_request", "anything"]),
    st.text(),
    st.none() | st.integers(-(10**9), 10**12),
    st.dictionaries(st.text(max_size=8), st.none() | st.text(max_size=8) | st.integers(-(2**63), 2**63)),
    st.text(max_size=20),
    names,
)
def test_a_refusal_can_be_phrased_whatever_it_says(
    kind: str, sentence: str, seconds: int | None, fields: dict[str, Any], user_agent: str, name: str
) -> None:
    reply = dialect_of(name).refuse(Refusal(kind, sentence, seconds, seconds, fields), user_agent, "req_1")
    assert 400 <= reply.status < 600
    assert isinstance(json.loads(reply.body)["error"], dict)
    for header, value in reply.headers:
        assert header.isascii()
        assert all(" " <= char <= "~" for char in header + value)


@given(st.text())
def test_a_folded_header_is_printable_ascii(text: str) -> None:
    assert all(" " <= char <= "~" for char in header_safe(text))


@given(st.text(max_size=40), st.text(max_size=60), st.text(max_size=60))
def test_no_credential_of_ours_stays_in_the_query(path: str, query: str, header: str) -> None:
    key, cleaned = credentials(path, query + "&key=bur_live_secret", {"authorization": header})
    assert "bur_live_secret" not in cleaned
    assert key


@given(
    names, st.text(max_size=40), st.dictionaries(st.sampled_from(["session_id", "x-agent-id"]), st.text(max_size=300))
)
def test_any_query_and_label_is_taken(name: str, query: str, headers: dict[str, str]) -> None:
    found = dialect_of(name).parse(PATHS[name], query, headers, json.dumps(VALID[name]).encode())
    if isinstance(found, Call):
        assert len(found.session) <= 128
        assert (found.session + found.agent).isprintable()


@given(st.sampled_from(["POST", "GET", "HEAD", "PUT", ""]), st.text(max_size=60))
def test_any_path_has_a_dialect_or_none(method: str, path: str) -> None:
    for candidate in (path, f"/v1/{path}/messages", f"/v1beta/models/{path}:generateContent"):
        dialect = route(method, candidate)
        if dialect is not None:
            assert isinstance(dialect.parse(candidate, "", {}, b"{}"), Call | Malformed)
            assert ".." not in candidate.split("/")


@pytest.mark.parametrize("name", sorted(VALID))
def test_the_valid_bodies_are_valid(name: str) -> None:
    assert isinstance(parsed(name, json.dumps(VALID[name]).encode()), Call)
