"""Reading replies while they pass: what was used, when it is over, and what the client sees of it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import pytest

from bursar.gateway.dialects import Call, Meter, Reading, route
from bursar.gateway.dialects.sse import MAX_EVENT_BYTES
from bursar.prices import Usage

CHAT, RESPONSES, MESSAGES = "/v1/chat/completions", "/v1/responses", "/v1/messages"
GENERATE = "/v1beta/models/gemini-2.5-flash:generateContent"
STREAM = "/v1beta/models/gemini-2.5-flash:streamGenerateContent"
EVENTS, JSON = "text/event-stream", "application/json"

CHAT_USAGE = {
    "prompt_tokens": 100,
    "completion_tokens": 50,
    "total_tokens": 150,
    "prompt_tokens_details": {"cached_tokens": 30, "audio_tokens": 10},
    "completion_tokens_details": {"reasoning_tokens": 20, "audio_tokens": 5},
}
CHAT_READ = Usage(input=60, cache_read=30, input_audio=10, output=25, reasoning=20, output_audio=5)


def meter_for(path: str, request: dict[str, Any], content_type: str, status: int = 200) -> Meter:
    dialect = route("POST", path)
    assert dialect is not None
    call = dialect.parse(path, "", {}, json.dumps(request).encode())
    assert isinstance(call, Call), call
    return dialect.meter(call, status, content_type)


def chat_meter(asked: bool = False, content_type: str = EVENTS) -> Meter:
    options = {"stream_options": {"include_usage": True}} if asked else {}
    return meter_for(CHAT, {"model": "gpt-5", "stream": True, "messages": [], **options}, content_type)


def messages_meter(content_type: str = EVENTS) -> Meter:
    return meter_for(MESSAGES, {"model": "claude", "max_tokens": 9, "stream": True}, content_type)


def data(document: Any, end: str = "\n") -> bytes:
    return f"data: {json.dumps(document)}{end}{end}".encode()


def named(document: dict[str, Any]) -> bytes:
    return f"event: {document['type']}\n".encode() + data(document)


def delta(text: str) -> dict[str, Any]:
    return {"model": "gpt-5-2026", "choices": [{"index": 0, "delta": {"content": text}}]}


def seen(meter: Meter, *pieces: bytes) -> bytes:
    return b"".join([meter.feed(piece) for piece in pieces])


def whole(path: str, request: dict[str, Any], reply: Any, status: int = 200) -> Reading:
    meter = meter_for(path, request, JSON, status)
    body = json.dumps(reply).encode()
    assert meter.feed(body) + meter.finish() == body
    return meter.reading()


def over(meter: Meter) -> bool:
    """Whether the meter says that the reply is complete; a call, since it changes while it is fed."""
    return meter.terminal


def one_by_one(body: bytes) -> Iterable[bytes]:
    return (body[at : at + 1] for at in range(len(body)))


USAGE_CHUNK = {"model": "gpt-5-2026", "choices": [], "usage": CHAT_USAGE, "service_tier": "default"}


def test_the_injected_usage_chunk_is_read_and_hidden() -> None:
    meter = chat_meter()
    before, after = data(delta("Hel")) + data(delta("lo")), b"data: [DONE]\n\n"
    assert seen(meter, before, data(USAGE_CHUNK), after) == before + after
    assert over(meter)
    assert meter.reading() == Reading(CHAT_READ, True, "gpt-5-2026", "default", 5)


def test_a_client_that_asked_sees_its_usage_chunk() -> None:
    meter = chat_meter(asked=True)
    body = data(delta("x")) + data(USAGE_CHUNK) + b"data: [DONE]\n\n"
    assert seen(meter, body) == body
    assert meter.reading().usage == CHAT_READ


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_hiding_works_byte_by_byte_and_with_either_line_end(end: str) -> None:
    meter = chat_meter()
    before = f": keep-alive{end}{end}".encode() + data(delta("é€😀"), end)
    after = f"data: [DONE]{end}{end}".encode()
    body = before + data(USAGE_CHUNK, end) + after
    assert b"".join([meter.feed(piece) for piece in one_by_one(body)]) + meter.finish() == before + after
    assert over(meter)
    assert meter.reading().usage == CHAT_READ


def test_usage_on_the_last_real_chunk_is_read_and_stays() -> None:
    meter = chat_meter()
    body = data({**delta("x"), "usage": CHAT_USAGE}) + b"data: [DONE]\n\n"
    assert seen(meter, body) == body
    assert meter.reading().usage == CHAT_READ


def test_groq_reports_usage_in_a_place_of_its_own() -> None:
    meter = chat_meter()
    body = data({**delta(""), "x_groq": {"usage": {"prompt_tokens": 5, "completion_tokens": 3}}})
    assert seen(meter, body) == body
    assert meter.reading().usage == Usage(input=5, output=3)


def test_a_null_usage_is_no_usage() -> None:
    meter = chat_meter()
    assert seen(meter, data({**delta("x"), "usage": None})) == data({**delta("x"), "usage": None})
    assert meter.reading().usage is None
    assert not meter.reading().final


def test_an_explicit_zero_is_a_figure() -> None:
    reading = whole(CHAT, {"model": "g"}, {"usage": {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}})
    assert reading.usage == Usage()
    assert reading.final


@pytest.mark.parametrize("usage", [None, {}, {"trafficType": "ON_DEMAND"}, {"prompt_tokens": None}, [], "none", 5])
def test_usage_without_a_figure_is_no_usage(usage: Any) -> None:
    assert whole(CHAT, {"model": "g"}, {"usage": usage}).usage is None
    assert whole(GENERATE, {}, {"usageMetadata": usage}).usage is None
    assert whole(MESSAGES, {"model": "c", "max_tokens": 1}, {"usage": usage}).usage is None
    assert whole(RESPONSES, {"model": "g", "input": ""}, {"usage": usage}).usage is None


def test_an_empty_choices_chunk_without_usage_passes() -> None:
    """Azure sends its content filter's verdict so."""
    meter = chat_meter()
    body = data({"choices": [], "prompt_filter_results": [{}]})
    assert seen(meter, body) == body


def test_an_error_beside_the_usage_is_never_hidden() -> None:
    meter = chat_meter()
    body = data({"choices": [], "usage": CHAT_USAGE, "error": {"message": "cut"}})
    assert seen(meter, body) == body
    assert meter.reading().error


def test_a_cut_stream_leaves_the_bytes_that_were_generated() -> None:
    meter = chat_meter()
    tool = {"choices": [{"delta": {"tool_calls": [{"function": {"name": "f", "arguments": '{"a"'}}]}}]}
    held = b'data: {"choices":[{"del'
    passed = seen(meter, data(delta("abc")), data({"choices": [{"delta": {"reasoning": "xy"}}]}), data(tool), held)
    assert (
        passed + meter.finish()
        == data(delta("abc")) + data({"choices": [{"delta": {"reasoning": "xy"}}]}) + data(tool) + held
    )
    reading = meter.reading()
    assert (reading.usage, reading.final, meter.terminal) == (None, False, False)
    assert reading.output_bytes == 3 + 2 + 1 + len('{\\"a\\"')


def test_a_host_with_a_shape_of_its_own_is_read_as_far_as_it_goes() -> None:
    meter = chat_meter()
    odd = {"model": 5, "choices": [{"delta": "text"}], "usage": CHAT_USAGE}
    assert seen(meter, data(odd)) == data(odd)
    assert meter.reading().usage == CHAT_READ
    assert meter.reading().output_bytes > 0


def test_data_in_several_lines_is_one_event() -> None:
    meter = chat_meter()
    body = b'data: {"choices":[],\ndata: "usage":{"prompt_tokens":1,\ndata:"completion_tokens":2}}\n\n'
    assert seen(meter, body) == b""
    assert meter.reading().usage == Usage(input=1, output=2)


def test_the_last_event_counts_without_its_blank_line() -> None:
    meter = chat_meter(asked=True)
    body = data(USAGE_CHUNK).rstrip()
    assert seen(meter, body) + meter.finish() == body
    assert meter.reading().usage == CHAT_READ


def test_a_byte_order_mark_before_the_first_event_is_no_harm() -> None:
    meter = chat_meter(asked=True)
    body = b"\xef\xbb\xbf" + data(USAGE_CHUNK)
    assert seen(meter, body) == body
    assert meter.reading().usage == CHAT_READ


def test_an_event_beyond_the_limit_passes_unread() -> None:
    meter = chat_meter()
    huge = b"data: " + b"x" * MAX_EVENT_BYTES
    assert seen(meter, huge[:100], huge[100:]) == huge
    assert seen(meter, b"\n\n" + data(USAGE_CHUNK)) == b"\n\n"


def test_an_error_document_in_place_of_a_stream_is_an_error() -> None:
    meter = chat_meter(content_type=JSON)
    body = b'{"error":{"message":"no"}}'
    assert seen(meter, body) + meter.finish() == body
    assert meter.reading() == Reading(None, True, output_bytes=len(body), error=True)


def test_a_cut_document_is_neither_final_nor_terminal() -> None:
    meter = meter_for(CHAT, {"model": "g"}, JSON)
    meter.feed(b'{"usage":{"prompt_tokens":1,"completion_tokens":2}')
    meter.finish()
    assert not over(meter)
    assert meter.reading() == Reading(None, False, output_bytes=50)


def test_a_document_comes_through_at_once_in_pieces() -> None:
    meter = meter_for(CHAT, {"model": "g"}, JSON)
    body = json.dumps({"model": "g", "usage": CHAT_USAGE, "service_tier": "flex"}).encode()
    assert [meter.feed(piece) for piece in one_by_one(body)] == list(one_by_one(body))
    assert meter.finish() == b""
    assert over(meter)
    assert meter.reading() == Reading(CHAT_READ, True, "g", "flex", len(body))


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        ({"prompt_tokens": 10, "completion_tokens": 5}, Usage(input=10, output=5)),
        (
            {"prompt_tokens": 10, "completion_tokens": 5, "prompt_tokens_details": {"cache_write_tokens": 4}},
            Usage(input=6, cache_write_5m=4, output=5),
        ),
        (
            {"prompt_tokens": 10, "completion_tokens": 5, "prompt_cache_hit_tokens": 4},
            Usage(input=6, cache_read=4, output=5),
        ),
        (
            {"prompt_tokens": 10, "completion_tokens": 10, "completion_tokens_details": {"reasoning_tokens": 11}},
            Usage(input=10, reasoning=10),
        ),
        (
            {
                "prompt_tokens": 10,
                "completion_tokens": 5,
                "total_tokens": 115,
                "completion_tokens_details": {"reasoning_tokens": 100},
            },
            Usage(input=10, output=5, reasoning=100),
        ),
        (
            {"prompt_tokens": 10, "completion_tokens": 5, "prompt_tokens_details": {"cached_tokens": 50}},
            Usage(cache_read=10, output=5),
        ),
        ({"prompt_tokens": 10, "completion_tokens": 5, "num_search_queries": 2}, Usage(10, output=5, web_searches=2)),
        ({"prompt_tokens": -3, "completion_tokens": 5.0}, Usage(output=5)),
        ({"prompt_tokens": 10, "completion_tokens": True, "prompt_tokens_details": "x"}, Usage(input=10)),
    ],
)
def test_a_chat_usage_is_disjoint(usage: dict[str, Any], expected: Usage) -> None:
    """The cases: plain, written cache, DeepSeek's names, contradicting figures, xAI's reasoning beside the completion."""
    assert whole(CHAT, {"model": "g"}, {"usage": usage}).usage == expected


def test_an_embedding_reports_its_input() -> None:
    reading = whole(
        "/v1/embeddings", {"model": "e", "input": "x"}, {"data": [], "model": "e", "usage": {"prompt_tokens": 4}}
    )
    assert (reading.usage, reading.final) == (Usage(input=4), True)


START = {
    "type": "message_start",
    "message": {
        "model": "claude-sonnet-4-5-20250929",
        "usage": {
            "input_tokens": 3,
            "cache_creation_input_tokens": 1_000,
            "cache_read_input_tokens": 20_000,
            "cache_creation": {"ephemeral_5m_input_tokens": 400, "ephemeral_1h_input_tokens": 600},
            "output_tokens": 1,
            "service_tier": "standard",
        },
    },
}


def test_an_anthropic_stream_is_completed_field_by_field() -> None:
    """The start has a placeholder output; the delta is cumulative; fields that it leaves out stand (case 18)."""
    meter = messages_meter()
    text = {"type": "content_block_delta", "delta": {"type": "text_delta", "text": "héllo"}}
    thought = {"type": "content_block_delta", "delta": {"type": "thinking_delta", "thinking": "hm"}}
    tool = {"type": "content_block_delta", "delta": {"type": "input_json_delta", "partial_json": "{}"}}
    meter.feed(named(START) + named({"type": "ping"}) + named(text) + named(thought) + named(tool))
    reading = meter.reading()
    assert reading.usage == Usage(input=3, cache_read=20_000, cache_write_5m=400, cache_write_1h=600, output=1)
    assert (reading.final, reading.model) == (False, "claude-sonnet-4-5-20250929")
    assert reading.output_bytes == len("h\\u00e9llo") + 2 + 2
    meter.feed(named({"type": "message_delta", "delta": {}, "usage": {"output_tokens": 500}}))
    assert not over(meter)
    meter.feed(named({"type": "message_stop"}))
    assert over(meter)
    reading = meter.reading()
    assert reading.usage == Usage(input=3, cache_read=20_000, cache_write_5m=400, cache_write_1h=600, output=500)
    assert (reading.final, reading.service_tier) == (True, "standard")


def test_the_rest_of_the_cache_writes_is_priced_when_the_split_covers_one_iteration() -> None:
    """With server tools the total covers every iteration and the split only the first."""
    meter = messages_meter()
    final = {"input_tokens": 9, "output_tokens": 7, "cache_creation_input_tokens": 5_000}
    meter.feed(named(START) + named({"type": "message_delta", "usage": final}))
    usage = meter.reading().usage
    assert usage is not None
    assert (usage.cache_write_5m, usage.cache_write_1h) == (4_400, 600)


def test_cache_writes_without_a_split_are_of_five_minutes() -> None:
    reply = {"usage": {"input_tokens": 1, "output_tokens": 1, "cache_creation_input_tokens": 10}}
    assert whole(MESSAGES, {"model": "c", "max_tokens": 1}, reply).usage == Usage(input=1, cache_write_5m=10, output=1)


def test_thinking_and_searches_are_told_apart() -> None:
    usage = {
        "input_tokens": 1,
        "output_tokens": 10,
        "output_tokens_details": {"thinking_tokens": 4},
        "server_tool_use": {"web_search_requests": 2},
        "speed": "fast",
    }
    reading = whole(MESSAGES, {"model": "c", "max_tokens": 1}, {"model": "c", "usage": usage})
    assert reading.usage == Usage(input=1, output=6, reasoning=4, web_searches=2)
    assert reading.service_tier == "speed:fast"


def test_steps_that_the_figures_leave_out_are_read_beside_them() -> None:
    """An advisor's model and compaction are billed, and not part of the figures at the top."""
    usage = {
        "input_tokens": 10,
        "output_tokens": 5,
        "iterations": [
            {"type": "compaction", "input_tokens": 180_000, "output_tokens": 3_500},
            {"type": "message", "input_tokens": 10, "output_tokens": 5},
            {"type": "advisor_message", "model": "claude-fable-5", "input_tokens": 99, "output_tokens": 9},
        ],
    }
    reading = whole(MESSAGES, {"model": "c", "max_tokens": 1}, {"model": "c", "usage": usage})
    assert reading.usage == Usage(input=10, output=5)
    assert reading.others == (
        ("", Usage(input=180_000, output=3_500)),
        ("claude-fable-5", Usage(input=99, output=9)),
    )


def test_an_anthropic_error_event_is_an_error_and_not_the_end() -> None:
    meter = messages_meter()
    body = named(START) + named({"type": "error", "error": {"type": "overloaded_error"}})
    assert meter.feed(body) == body
    assert meter.reading().error
    assert not over(meter)


@pytest.mark.parametrize("kind", ["completed", "incomplete", "failed", "cancelled"])
def test_a_response_stream_ends_with_its_terminal_event(kind: str) -> None:
    meter = meter_for(RESPONSES, {"model": "gpt-5", "input": "x", "stream": True}, EVENTS)
    usage = {"input_tokens": 10, "output_tokens": 8, "output_tokens_details": {"reasoning_tokens": 3}}
    meter.feed(named({"type": "response.created", "response": {"usage": None, "model": "gpt-5", "status": "queued"}}))
    meter.feed(named({"type": "response.output_text.delta", "delta": "abc"}))
    meter.feed(named({"type": "response.function_call_arguments.delta", "delta": "{}"}))
    assert not over(meter)
    response = {"model": "gpt-5-2026", "service_tier": "default", "usage": usage, "output": []}
    meter.feed(named({"type": f"response.{kind}", "response": response}))
    assert over(meter)
    expected = Reading(Usage(input=10, output=5, reasoning=3), True, "gpt-5-2026", "default", 5, kind == "failed")
    assert meter.reading() == expected


def test_a_failed_response_without_usage_has_none() -> None:
    meter = meter_for(RESPONSES, {"model": "gpt-5", "input": "x", "stream": True}, EVENTS)
    meter.feed(named({"type": "response.failed", "response": {"usage": None, "error": {"code": "x"}}}))
    reading = meter.reading()
    assert (reading.usage, reading.final, reading.error, meter.terminal) == (None, False, True, True)


def test_a_background_response_is_pending() -> None:
    reading = whole(RESPONSES, {"model": "g", "input": ""}, {"status": "queued", "background": True, "usage": None})
    assert (reading.usage, reading.pending) == (None, True)


def test_searches_of_a_response_are_counted_and_opened_pages_are_not() -> None:
    output = [
        {"type": "web_search_call", "action": {"type": "search", "query": "x"}},
        {"type": "web_search_call", "action": {"type": "open_page"}},
        {"type": "web_search_call"},
        {"type": "message", "content": []},
    ]
    reply = {"model": "g", "output": output, "usage": {"input_tokens": 1, "output_tokens": 1}}
    reading = whole(RESPONSES, {"model": "g", "input": ""}, reply)
    assert reading.usage == Usage(input=1, output=1, web_searches=2)


def chunk(text: str, candidates: int, finish: str | None = None, **usage: Any) -> dict[str, Any]:
    candidate: dict[str, Any] = {"content": {"parts": [{"text": text}], "role": "model"}, "index": 0}
    if finish:
        candidate["finishReason"] = finish
    figures = {"promptTokenCount": 6, "candidatesTokenCount": candidates, **usage}
    return {"candidates": [candidate], "usageMetadata": figures, "modelVersion": "gemini-2.5-flash"}


def test_a_gemini_stream_is_over_when_it_closes_after_a_finish_reason() -> None:
    meter = meter_for(STREAM, {"contents": []}, EVENTS)
    meter.feed(data(chunk("Par", 1), "\r\n"))
    assert meter.reading() == Reading(Usage(input=6, output=1), False, "gemini-2.5-flash", "", 3)
    meter.feed(data(chunk("is", 2, "STOP", thoughtsTokenCount=35), "\r\n"))
    assert not over(meter)
    meter.finish()
    assert over(meter)
    assert meter.reading() == Reading(Usage(input=6, output=2, reasoning=35), True, "gemini-2.5-flash", "", 5)


def test_a_gemini_stream_that_closes_early_was_cut() -> None:
    meter = meter_for(STREAM, {"contents": []}, EVENTS)
    meter.feed(data(chunk("Par", 1)))
    meter.finish()
    assert not over(meter)
    assert not meter.reading().final


def test_gemini_without_sse_streams_an_array() -> None:
    first, last = chunk('P"]}{\\', 1), chunk("is", 2, "STOP")
    body = f"[{json.dumps(first)}\n,\r\n{json.dumps(last)}]\n".encode()
    for size in (1, 3, 10, len(body)):
        meter = meter_for(STREAM, {"contents": []}, JSON)
        pieces = [body[at : at + size] for at in range(0, len(body), size)]
        assert seen(meter, *pieces) + meter.finish() == body
        assert over(meter)
        reading = meter.reading()
        assert (reading.usage, reading.final) == (Usage(input=6, output=2), True)
        assert reading.output_bytes == len(json.dumps('P"]}{\\')) - 2 + 2


def test_a_cut_array_keeps_the_figures_so_far() -> None:
    meter = meter_for(STREAM, {"contents": []}, JSON)
    meter.feed(b"[" + json.dumps(chunk("Par", 1)).encode() + b',\n{"candid')
    meter.finish()
    assert not over(meter)
    assert meter.reading().usage == Usage(input=6, output=1)


def test_a_gemini_error_in_an_array_is_an_error() -> None:
    meter = meter_for(STREAM, {"contents": []}, JSON, 429)
    meter.feed(b'[{"error":{"code":429}}]')
    meter.finish()
    assert meter.reading().error
    assert over(meter)


def test_a_blocked_prompt_is_final() -> None:
    meter = meter_for(STREAM, {"contents": []}, EVENTS)
    meter.feed(data({"promptFeedback": {"blockReason": "SAFETY"}, "usageMetadata": {"promptTokenCount": 6}}))
    meter.finish()
    assert over(meter)
    assert meter.reading().usage == Usage(input=6)


def test_a_gemini_usage_is_disjoint() -> None:
    """Thoughts are billed as output (case 21), tool prompts as input, cached tokens by modality within the prompt."""
    usage = {
        "promptTokenCount": 1_000,
        "cachedContentTokenCount": 400,
        "candidatesTokenCount": 60,
        "thoughtsTokenCount": 70,
        "toolUsePromptTokenCount": 200,
        "promptTokensDetails": [
            {"modality": "TEXT", "tokenCount": 300},
            {"modality": "AUDIO", "tokenCount": 300},
            {"modality": "VIDEO", "tokenCount": 250},
            {"modality": "DOCUMENT", "tokenCount": 150},
        ],
        "cacheTokensDetails": [{"modality": "AUDIO", "tokenCount": 100}, {"modality": "TEXT", "tokenCount": 300}],
        "toolUsePromptTokensDetails": [{"modality": "IMAGE", "tokenCount": 50}],
        "candidatesTokensDetails": [{"modality": "IMAGE", "tokenCount": 40}, "odd"],
        "trafficType": "ON_DEMAND_FLEX",
    }
    reading = whole(GENERATE, {}, {"usageMetadata": usage, "modelVersion": "gemini"})
    assert reading.usage == Usage(
        input=150,
        cache_read=300,
        input_audio=200,
        input_image=200,
        input_video=250,
        cache_read_audio=100,
        output=20,
        reasoning=70,
        output_image=40,
    )
    assert reading.usage.total_input == 1_200
    assert reading.service_tier == "flex"


def test_the_tier_that_a_reply_was_billed_at_is_known() -> None:
    assert whole(GENERATE, {}, {"usageMetadata": {"promptTokenCount": 1, "serviceTier": "priority"}}).service_tier == (
        "priority"
    )
    assert (
        whole(GENERATE, {}, {"usageMetadata": {"promptTokenCount": 1, "trafficType": "ON_DEMAND"}}).service_tier == ""
    )


def test_the_content_type_decides_over_what_was_asked_for() -> None:
    meter = meter_for(CHAT, {"model": "gpt-5", "messages": []}, "text/event-stream; charset=utf-8")
    meter.feed(data({**delta("x"), "usage": CHAT_USAGE}) + b"data: [DONE]\n\n")
    assert over(meter)
    assert meter.reading().usage == CHAT_READ


def test_a_chat_stream_in_answer_to_a_response_shaped_body_is_read() -> None:
    meter = meter_for(CHAT, {"model": "gpt-5", "stream": True, "input": "x"}, EVENTS)
    body = data(delta("abc")) + data(USAGE_CHUNK) + b"data: [DONE]\n\n"
    assert seen(meter, body) == body
    assert over(meter)
    assert meter.reading().usage == CHAT_READ
