"""Reading requests: what they ask for as far as money is concerned, and what is refused before it is priced."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from bursar.gateway.dialects import Call, Malformed, route
from bursar.gateway.dialects.anthropic_content import IMAGE_TOKENS as ANTHROPIC_IMAGE
from bursar.gateway.dialects.anthropic_content import RULES as ANTHROPIC_RULES
from bursar.gateway.dialects.bodies import MAX_CHOICES, MAX_OUTPUT_LIMIT
from bursar.gateway.dialects.gemini_content import IMAGE_TOKENS as GEMINI_IMAGE
from bursar.gateway.dialects.objects import MAX_FIELDS
from bursar.gateway.dialects.openai_content import IMAGE_TOKENS, MINI_IMAGE_TOKENS, OLDER_IMAGE_TOKENS

CHAT, RESPONSES, MESSAGES = "/v1/chat/completions", "/v1/responses", "/v1/messages"
GENERATE = "/v1beta/models/gemini-2.5-flash:generateContent"
STREAM = "/v1beta/models/gemini-2.5-flash:streamGenerateContent"
PNG = base64.b64encode(b"\x89PNG" + b"\0" * 60_000).decode()
HI = [{"role": "user", "content": "hi"}]


def parse(path: str, body: Any, headers: dict[str, str] | None = None, query: str = "") -> Call | Malformed:
    dialect = route("POST", path)
    assert dialect is not None
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return dialect.parse(path, query, headers or {}, raw)


def read(path: str, body: Any, headers: dict[str, str] | None = None, query: str = "") -> Call:
    call = parse(path, body, headers, query)
    assert isinstance(call, Call), call
    return call


def wrong(path: str, body: Any, headers: dict[str, str] | None = None, query: str = "") -> Malformed:
    malformed = parse(path, body, headers, query)
    assert isinstance(malformed, Malformed), malformed
    assert malformed.status == 400
    return malformed


def message(**fields: Any) -> dict[str, Any]:
    return {"model": "claude-sonnet-4-5", "max_tokens": 100, "messages": HI, **fields}


def block(**fields: Any) -> dict[str, Any]:
    return message(messages=[{"role": "user", "content": [fields]}])


def part(**fields: Any) -> dict[str, Any]:
    return {"model": "gpt-5", "messages": [{"role": "user", "content": [fields]}]}


def gemini(**fields: Any) -> dict[str, Any]:
    return {"contents": [{"parts": [{"text": "hi"}]}], **fields}


@pytest.mark.parametrize(
    ("path", "name"),
    [
        (CHAT, "openai.chat"),
        ("/openai/v1/chat/completions", "openai.chat"),
        ("/api/v1/chat/completions", "openai.chat"),
        ("/chat/completions", "openai.chat"),
        ("/openai/deployments/gpt-4o/chat/completions", "openai.chat"),
        (RESPONSES, "openai.responses"),
        ("/v1/embeddings", "openai.embeddings"),
        (MESSAGES, "anthropic.messages"),
        ("/v1/messages/count_tokens", "anthropic.count_tokens"),
        ("/v1/responses/input_tokens", "openai.count_tokens"),
        (GENERATE, "gemini.generate"),
        (STREAM, "gemini.generate"),
        ("/v1/models/gemini-2.5-flash:streamGenerateContent", "gemini.generate"),
        (
            "/v1beta1/projects/p/locations/global/publishers/google/models/gemini-3-pro:generateContent",
            "gemini.generate",
        ),
        ("/v1beta/models/gemini-2.5-flash:countTokens", "gemini.count"),
        ("/v1beta/models/gemini-embedding-001:embedContent", "gemini.embed"),
        ("/v1beta/models/gemini-embedding-001:batchEmbedContents", "gemini.embed"),
    ],
)
def test_a_posted_path_is_recognised_by_its_end(path: str, name: str) -> None:
    dialect = route("POST", path)
    assert dialect is not None
    assert dialect.name == name


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v1/images/generations"),
        ("POST", "/v1/audio/speech"),
        ("POST", "/v1/completions"),
        ("POST", "/v1/messages/batches"),
        ("POST", "/v1/threads/t_1/messages"),
        ("POST", "/v1/responses/resp_1/cancel"),
        ("POST", "/v1/fine_tuning/jobs"),
        ("POST", "/v1beta/models/veo-3:predictLongRunning"),
        ("POST", "/v1beta/cachedContents"),
        ("POST", "/v1/projects/p/locations/l/publishers/anthropic/models/claude:rawPredict"),
        ("POST", "/"),
        ("POST", ""),
        ("POST", "v1/messages"),
        ("GET", "/v1/messages"),
        ("GET", "/v1/responses/resp_1"),
        ("GET", "/v1beta/models/gemini-2.5-flash:generateContent"),
        ("PUT", "/v1/messages"),
        ("DELETE", "/v1/models/ft:mine"),
        ("POST", "/v1/messages#/count_tokens"),
        ("POST", "/v1/messages;/count_tokens"),
        ("POST", "/v1/messages/x/../count_tokens"),
        ("POST", "/v1/./messages"),
        ("POST", "/v1//messages"),
        ("POST", "/v1/messages%2Fcount_tokens"),
        ("POST", "/v1/messages%23/messages/count_tokens"),
        ("POST", "/v1/messages\\count_tokens"),
        ("POST", "/v1/messages\r\nx/messages"),
        ("POST", "/v1beta/models/a%3AgenerateContent:countTokens"),
        ("POST", "/" + "a" * 2000 + "/messages"),
    ],
)
def test_what_is_not_known_to_be_metered_has_no_dialect(method: str, path: str) -> None:
    assert route(method, path) is None


@pytest.mark.parametrize(
    ("method", "path", "headers", "name"),
    [
        ("GET", "/v1/models", {}, "openai.models"),
        ("GET", "/api/v1/models/openai/gpt-5", {}, "openai.models"),
        ("GET", "/v1/models", {"anthropic-version": "2023-06-01"}, "anthropic.models"),
        ("GET", "/v1/models", {"x-goog-api-key": "k"}, "gemini.models"),
        ("GET", "/v1beta/models", {}, "gemini.models"),
        ("HEAD", "/v1/models", {}, "openai.models"),
        ("HEAD", "/v1/messages", {}, "anthropic.models"),
        ("HEAD", GENERATE, {}, "gemini.models"),
    ],
)
def test_lists_and_head_are_free(method: str, path: str, headers: dict[str, str], name: str) -> None:
    dialect = route(method, path)
    assert dialect is not None
    call = dialect.parse(path, "", headers, b"")
    assert isinstance(call, Call)
    assert (call.dialect, call.billable) == (name, False)


def test_counting_tokens_is_free_and_knows_its_model() -> None:
    assert read("/v1/messages/count_tokens", message()) == Call("anthropic.count_tokens", False, "claude-sonnet-4-5")
    assert read("/v1beta/models/gemini-2.5-flash:countTokens", gemini()) == Call(
        "gemini.count", False, "gemini-2.5-flash"
    )


def test_a_claude_code_request_is_read_with_its_labels() -> None:
    headers = {
        "x-claude-code-session-id": "s-1",
        "x-claude-code-agent-id": "a-1",
        "x-claude-code-parent-agent-id": "a-0",
    }
    body = message(
        stream=True,
        max_tokens=64_000,
        thinking={"type": "enabled", "budget_tokens": 31_999},
        tools=[{"name": "Task", "description": "x", "input_schema": {"properties": {"model": {}, "max_tokens": {}}}}],
        context_management={"edits": [{"type": "clear_thinking_20251015", "keep": "all"}]},
    )
    call = read(MESSAGES, body, headers)
    assert (call.model, call.stream, call.output_limit) == ("claude-sonnet-4-5", True, 64_000)
    assert (call.session, call.agent, call.parent_agent) == ("s-1", "a-1", "a-0")
    assert (call.unbounded, call.cache_ttl, call.reports_usage) == ((), "", True)
    assert call.text_bytes == len(json.dumps(body))


def test_a_codex_request_has_no_cap_and_names_its_session() -> None:
    body = {"model": "gpt-5.5-codex", "stream": True, "input": [{"type": "message", "role": "user", "content": []}]}
    call = read(RESPONSES, body, {"session_id": "c-1"})
    assert (call.output_limit, call.stream, call.session) == (None, True, "c-1")


def test_labels_are_cut_and_stripped_of_what_no_label_has() -> None:
    call = read(MESSAGES, message(), {"x-claude-code-session-id": "a\x07b" + "c" * 500})
    assert call.session.startswith("abc")
    assert len(call.session) <= 128


@pytest.mark.parametrize(
    ("fields", "ttl"),
    [
        ({}, ""),
        ({"cache_control": {"type": "ephemeral"}}, "5m"),
        ({"system": [{"type": "text", "text": "x", "cache_control": {"type": "ephemeral"}}]}, "5m"),
        ({"system": [{"type": "text", "text": "x", "cache_control": {"type": "ephemeral", "ttl": "1h"}}]}, "1h"),
        ({"tools": [{"name": "x", "cache_control": {"type": "ephemeral", "ttl": "1h"}}]}, "1h"),
        ({"system": 'say "cache_control": {"ttl": "1h"}'}, ""),
        ({"cache_control": {"type": "ephemeral", "ttl": "2h"}}, "1h"),
    ],
)
def test_the_dearest_cache_write_that_is_asked_for_is_known(fields: dict[str, Any], ttl: str) -> None:
    assert read(MESSAGES, message(**fields)).cache_ttl == ttl


def test_a_breakpoint_written_with_escapes_is_seen() -> None:
    body = json.dumps(message(system=[{"type": "text", "text": "x", "cache_control": {"ttl": "1h"}}]))
    escaped = body.replace("cache_control", "cache\\u005fcontrol").replace("1h", "\\u0031h")
    assert read(MESSAGES, escaped.encode()).cache_ttl == "1h"


def test_openai_may_write_its_cache_unasked() -> None:
    assert read(CHAT, part(type="text", text="x")).cache_ttl == "5m"
    assert read(RESPONSES, {"model": "gpt-5.6-sol", "input": "x"}).cache_ttl == "5m"


@pytest.mark.parametrize(
    ("body", "limit", "field"),
    [
        ({"model": "gpt-5"}, None, "max_completion_tokens"),
        ({"model": "gpt-5", "max_completion_tokens": 9}, 9, "max_completion_tokens"),
        ({"model": "gpt-4o", "max_tokens": 8}, 8, "max_completion_tokens"),
        ({"model": "gpt-4o", "max_tokens": 8, "max_completion_tokens": 11}, 11, "max_completion_tokens"),
        ({"model": "gpt-4o", "max_tokens": None}, None, "max_completion_tokens"),
        ({"model": "openai/gpt-5", "max_tokens": 8}, 8, "max_tokens"),
        ({"model": "llama-3.3-70b", "max_tokens": 8}, 8, "max_tokens"),
        ({"model": "gpt-oss-120b"}, None, "max_tokens"),
        ({"model": "mistral-large-latest"}, None, "max_tokens"),
        ({"model": "deepseek-chat", "max_tokens": 5, "max_completion_tokens": 50}, 50, "max_tokens"),
    ],
)
def test_a_chat_cap_is_the_one_that_the_host_heeds(body: dict[str, Any], limit: int | None, field: str) -> None:
    call = read(CHAT, {"messages": HI, **body})
    assert (call.output_limit, call.limit_field) == (limit, field)


def test_a_cap_that_compatible_hosts_ignore_caps_nothing() -> None:
    """DeepSeek and Ollama take `max_completion_tokens` without a word and generate on."""
    assert read(CHAT, {"model": "deepseek-chat", "messages": HI, "max_completion_tokens": 1}).output_limit is None
    assert read(CHAT, {"model": "llama3", "messages": HI, "max_output_tokens": 1}).output_limit is None


def test_choices_multiply() -> None:
    assert read(CHAT, {"model": "gpt-5", "messages": HI, "n": 4}).choices == 4
    assert read(GENERATE, gemini(generationConfig={"candidateCount": 3})).choices == 3
    assert read(GENERATE, gemini(generation_config={"candidate_count": 3})).choices == 3


def test_gemini_takes_both_spellings_of_its_limits() -> None:
    assert read(GENERATE, gemini(generationConfig={"maxOutputTokens": 7})).output_limit == 7
    assert read(GENERATE, gemini(generation_config={"max_output_tokens": 7})).output_limit == 7
    assert read(STREAM, gemini(), query="alt=sse").stream
    assert not read(GENERATE, gemini()).stream


def test_gemini_refuses_a_limit_in_both_spellings() -> None:
    twice = {"maxOutputTokens": 7, "max_output_tokens": 70_000}
    assert wrong(GENERATE, gemini(generationConfig=twice)).field == "generationConfig.max_output_tokens"
    assert wrong(GENERATE, gemini(generationConfig={}, generation_config={"a": 1})).field == "generation_config"


@pytest.mark.parametrize("query", ["fields=candidates", "$fields=candidates", "alt=proto", "$alt=proto", "callback=x"])
def test_gemini_refuses_a_query_that_hides_the_usage(query: str) -> None:
    assert wrong(GENERATE, gemini(), query=query).field.startswith("?")


def test_gemini_refuses_a_header_that_hides_the_usage() -> None:
    assert wrong(GENERATE, gemini(), {"x-goog-fieldmask": "candidates"}).field == "x-goog-fieldmask"


@pytest.mark.parametrize(
    ("path", "body", "headers", "tier"),
    [
        (CHAT, {"model": "gpt-5", "messages": HI, "service_tier": "priority"}, {}, "priority"),
        (CHAT, {"model": "gpt-5", "messages": HI, "service_tier": "auto"}, {}, ""),
        (RESPONSES, {"model": "gpt-5", "input": "x", "service_tier": "flex"}, {}, "flex"),
        (MESSAGES, message(speed="fast"), {}, "speed:fast"),
        (MESSAGES, message(service_tier="standard_only"), {}, ""),
        (GENERATE, gemini(serviceTier="flex"), {}, "flex"),
        (GENERATE, gemini(), {"x-vertex-ai-llm-shared-request-type": "priority"}, "priority"),
    ],
)
def test_the_service_tier_asked_for_is_known(path: str, body: Any, headers: dict[str, str], tier: str) -> None:
    assert read(path, body, headers).service_tier == tier


@pytest.mark.parametrize(
    ("path", "body", "name"),
    [
        (MESSAGES, message(tools=[{"type": "web_search_20250305", "name": "web_search"}]), "web_search_20250305"),
        (MESSAGES, message(tools=[{"type": "anything_new_20270101"}]), "anything_new_20270101"),
        (MESSAGES, message(mcp_servers=[{"url": "x"}]), "mcp_servers"),
        (MESSAGES, message(container="container_1"), "container"),
        (MESSAGES, message(context_management={"edits": [{"type": "compact_20260112"}]}), "compact_20260112"),
        (MESSAGES, block(type="document", source={"type": "url", "url": "https://x"}), "remote_document"),
        (MESSAGES, block(type="document", source={"type": "file", "file_id": "f"}), "remote_document"),
        (MESSAGES, block(type="container_upload", file_id="f"), "container_upload"),
        (CHAT, {"model": "gpt-5", "messages": HI, "web_search_options": {"a": 1}}, "web_search"),
        (CHAT, {"model": "a/b:online", "messages": HI}, "agentic_model"),
        (CHAT, {"model": "groq/compound", "messages": HI}, "agentic_model"),
        (CHAT, {"model": "a/b", "messages": HI, "models": ["c/d"]}, "fallback_models"),
        (CHAT, {"model": "gpt-5", "messages": HI, "prediction": {"content": "x"}}, "prediction"),
        (CHAT, part(type="file", file={"file_id": "f"}), "file"),
        (CHAT, part(type="video_url", video_url={"url": "https://x"}), "video_url"),
        (RESPONSES, {"model": "gpt-5", "input": "x", "tools": [{"type": "web_search"}]}, "web_search"),
        (RESPONSES, {"model": "gpt-5", "input": "x", "tools": [{"type": "code_interpreter"}]}, "code_interpreter"),
        (RESPONSES, {"model": "gpt-5", "input": "x", "previous_response_id": "r"}, "previous_response_id"),
        (RESPONSES, {"model": "gpt-5", "input": "x", "conversation": "c"}, "conversation"),
        (RESPONSES, {"model": "gpt-5", "input": [{"type": "item_reference", "id": "i"}]}, "item_reference"),
        (GENERATE, gemini(tools=[{"googleSearch": {}}]), "googleSearch"),
        (GENERATE, gemini(tools={"code_execution": {}}), "code_execution"),
        (GENERATE, gemini(cachedContent="cachedContents/1"), "cachedContent"),
        (GENERATE, {"contents": [{"parts": [{"fileData": {"fileUri": "gs://x"}}]}]}, "remote_file"),
    ],
)
def test_what_only_the_provider_can_size_is_named(path: str, body: Any, name: str) -> None:
    assert name in read(path, body).unbounded


@pytest.mark.parametrize("kind", [[], {}, 5, True, "x" * 500])
def test_a_type_that_is_no_name_is_named_as_unbounded(kind: Any) -> None:
    for path, body in (
        (MESSAGES, block(type=kind)),
        (MESSAGES, message(tools=[{"type": kind}])),
        (MESSAGES, message(context_management={"edits": [{"type": kind}]})),
        (CHAT, part(type=kind)),
        (CHAT, {"model": "gpt-5", "messages": HI, "tools": [{"type": kind}]}),
    ):
        (name,) = read(path, body).unbounded
        assert len(name) <= 64


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (MESSAGES, message(tools=[{"name": "x"}, {"type": "custom"}, {"type": "bash_20250124"}])),
        (CHAT, {"model": "gpt-5", "messages": HI, "tools": [{"type": "function"}, {"type": "custom"}]}),
        (RESPONSES, {"model": "gpt-5", "input": "x", "tools": [{"type": "function"}, {"type": "local_shell"}]}),
        (GENERATE, gemini(tools=[{"functionDeclarations": []}])),
        (RESPONSES, {"model": "gpt-5", "input": "x", "previous_response_id": None, "tools": []}),
    ],
)
def test_tools_that_the_client_runs_are_bounded(path: str, body: Any) -> None:
    assert read(path, body).unbounded == ()


@pytest.mark.parametrize(
    ("path", "body", "tokens"),
    [
        (
            MESSAGES,
            block(type="image", source={"type": "base64", "media_type": "image/png", "data": PNG}),
            ANTHROPIC_IMAGE,
        ),
        (
            MESSAGES,
            block(
                type="tool_result",
                content=[{"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG}}],
            ),
            ANTHROPIC_IMAGE,
        ),
        (CHAT, part(type="image_url", image_url={"url": f"data:image/png;base64,{PNG}"}), IMAGE_TOKENS),
        (
            RESPONSES,
            {
                "model": "gpt-4o",
                "input": [{"content": [{"type": "input_image", "image_url": f"data:image/png;base64,{PNG}"}]}],
            },
            OLDER_IMAGE_TOKENS,
        ),
        (
            RESPONSES,
            {
                "model": "gpt-4o-mini",
                "input": [
                    {
                        "type": "function_call_output",
                        "output": [{"type": "input_image", "image_url": f"data:image/png;base64,{PNG}"}],
                    }
                ],
            },
            MINI_IMAGE_TOKENS,
        ),
        (
            GENERATE,
            {"contents": [{"parts": [{"inlineData": {"mimeType": "image/png", "data": PNG}}]}]},
            GEMINI_IMAGE,
        ),
        (
            GENERATE,
            {"contents": {"parts": {"inline_data": {"mime_type": "image/png", "data": PNG}}}},
            GEMINI_IMAGE,
        ),
    ],
)
def test_an_inline_image_counts_by_the_rule_and_not_by_its_bytes(path: str, body: Any, tokens: int) -> None:
    call = read(path, body)
    assert call.text_bytes < 1_000
    assert tokens <= call.input_bound < tokens + 2_000


@pytest.mark.parametrize(
    ("path", "body", "tokens"),
    [
        (MESSAGES, block(type="image", source={"type": "url", "url": "https://x/y.png"}), ANTHROPIC_IMAGE),
        (CHAT, part(type="image_url", image_url={"url": "https://x/y.png"}), IMAGE_TOKENS),
        (GENERATE, {"contents": [{"parts": [{"fileData": {"mimeType": "image/png", "fileUri": "x"}}]}]}, GEMINI_IMAGE),
    ],
)
def test_a_remote_image_counts_at_the_most(path: str, body: Any, tokens: int) -> None:
    call = read(path, body)
    assert call.input_bound >= tokens
    assert call.unbounded == ()


def test_base64_inside_a_tool_call_is_text() -> None:
    """The API takes no media there: the model reads every byte."""
    fake = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG}}
    call = read(MESSAGES, message(messages=[{"role": "assistant", "content": [{"type": "tool_use", "input": fake}]}]))
    assert call.input_bound > len(PNG)


def test_the_pages_of_a_pdf_are_counted() -> None:
    pdf = b"%PDF-1.4\n" + b"<< /Type /Page /Parent 1 0 R >>\n" * 3 + b"<< /Type /Pages /Count 3 >>" + b"x" * 90_000
    data = base64.b64encode(pdf).decode()
    source = {"type": "base64", "media_type": "application/pdf", "data": data}
    call = read(MESSAGES, block(type="document", source=source))
    assert call.unbounded == ()
    assert 3 * ANTHROPIC_RULES.page <= call.input_bound < 3 * ANTHROPIC_RULES.page + 2_000


def test_a_pdf_that_hides_its_pages_is_named_as_unbounded() -> None:
    pdf = base64.b64encode(b"%PDF-1.5 /ObjStm" + b"x" * 10_000).decode()
    call = read(CHAT, part(type="file", file={"file_data": f"data:application/pdf;base64,{pdf}"}))
    assert call.unbounded == ("document",)
    assert call.input_bound > 10_000 / 2_048 * 3_000


def test_sound_counts_less_than_its_bytes() -> None:
    data = base64.b64encode(b"\0" * 80_000).decode()
    call = read(CHAT, part(type="input_audio", input_audio={"format": "wav", "data": data}))
    assert 10_000 <= call.input_bound < 13_000
    assert call.unbounded == ()


def test_cursor_sends_the_shape_of_a_response_to_the_chat_path() -> None:
    body = {"model": "gpt-5", "stream": True, "input": HI, "max_output_tokens": 77}
    call = read(CHAT, body)
    assert (call.dialect, call.output_limit, call.reports_usage) == ("openai.responses", 77, True)
    dialect = route("POST", CHAT)
    assert dialect is not None
    raw = json.dumps(body).encode()
    assert dialect.prepare(call, raw, None) == raw
    assert json.loads(dialect.prepare(call, raw, 50)) == {**body, "max_output_tokens": 50}


def test_azure_names_the_deployment_in_the_path() -> None:
    assert read("/openai/deployments/my-gpt/chat/completions", {"messages": HI}).model == "my-gpt"


def test_embeddings_are_bounded_by_their_bytes() -> None:
    call = read("/v1/embeddings", {"model": "text-embedding-3-small", "input": [[1, 2, 3]]})
    assert (call.output_limit, call.input_bound) == (0, call.text_bytes)


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        (CHAT, b"", "body"),
        (CHAT, b"   ", "body"),
        (CHAT, b"null", "body"),
        (CHAT, b"[]", "body"),
        (CHAT, b'"x"', "body"),
        (CHAT, b"{", "body"),
        (CHAT, b'{"model":"gpt-5"} {}', "body"),
        (CHAT, b'{"model":"gpt-5",}', "body"),
        (CHAT, b'{"model":"gpt-5","temperature":NaN}', "body"),
        (CHAT, b'{"model":"gpt-5","temperature":Infinity}', "body"),
        (CHAT, b'\xff\xfe{"model":"gpt-5"}', "body"),
        (CHAT, b'{"model":"gpt-5","user":"\xff"}', "body"),
        (CHAT, b'\xef\xbb\xbf{"model":"gpt-5"}', "body"),
        (CHAT, b'{"model":"gpt-5","messages":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "body"),
        (CHAT, {"messages": HI}, "model"),
        (CHAT, {"model": None}, "model"),
        (CHAT, {"model": ""}, "model"),
        (CHAT, {"model": 5}, "model"),
        (CHAT, {"model": "a\nb"}, "model"),
        (CHAT, {"model": "a" * 300}, "model"),
        (CHAT, {"model": "gpt-5", "stream": "yes"}, "stream"),
        (CHAT, {"model": "gpt-5", "stream": 1}, "stream"),
        (CHAT, {"model": "gpt-5", "n": 0}, "n"),
        (CHAT, {"model": "gpt-5", "n": MAX_CHOICES + 1}, "n"),
        (CHAT, {"model": "gpt-5", "max_tokens": 0}, "max_tokens"),
        (CHAT, {"model": "gpt-5", "max_tokens": -5}, "max_tokens"),
        (CHAT, {"model": "gpt-5", "max_tokens": 1.5}, "max_tokens"),
        (CHAT, {"model": "gpt-5", "max_tokens": True}, "max_tokens"),
        (CHAT, {"model": "gpt-5", "max_tokens": "100"}, "max_tokens"),
        (CHAT, {"model": "gpt-5", "max_tokens": MAX_OUTPUT_LIMIT + 1}, "max_tokens"),
        (CHAT, b'{"model":"gpt-5","max_tokens":' + b"9" * 5_000 + b"}", "max_tokens"),
        (CHAT, b'{"model":"gpt-5","max_tokens":1e99}', "max_tokens"),
        (CHAT, {"model": "gpt-5", "messages": "hi"}, "messages"),
        (CHAT, {"model": "gpt-5", "reasoning": {"max_tokens": -1}}, "reasoning.max_tokens"),
        (CHAT, {"model": "gpt-5", "tools": [5]}, "tools"),
        (CHAT, {"model": "gpt-5", "stream_options": []}, "stream_options"),
        (CHAT, {"model": "gpt-5", "stream_options": {"include_usage": "no"}}, "stream_options.include_usage"),
        (CHAT, {f"f{number}": 1 for number in range(MAX_FIELDS + 1)}, "body"),
        (MESSAGES, {"model": "claude", "messages": HI}, "max_tokens"),
        (MESSAGES, message(max_tokens=-1), "max_tokens"),
        (MESSAGES, message(thinking={"type": "enabled", "budget_tokens": -1}), "thinking.budget_tokens"),
        (MESSAGES, message(thinking="on"), "thinking"),
        (RESPONSES, {"model": "gpt-5", "max_output_tokens": 0}, "max_output_tokens"),
        (GENERATE, gemini(generationConfig={"maxOutputTokens": 0}), "generationConfig.maxOutputTokens"),
        (GENERATE, gemini(generationConfig={"maxOutputTokens": "9"}), "generationConfig.maxOutputTokens"),
        (GENERATE, gemini(generationConfig=[]), "generationConfig"),
    ],
)
def test_a_body_that_cannot_be_understood_names_what_is_wrong(path: str, body: Any, field: str) -> None:
    malformed = wrong(path, body)
    assert malformed.field == field
    assert malformed.found
    assert malformed.expected
    assert malformed.sentence == f"{field}: found {malformed.found}, expected {malformed.expected}"
    assert len(malformed.sentence) < 400


@pytest.mark.parametrize(
    "body",
    [
        b'{"model":"gpt-5","max_tokens":1,"max_tokens":100000}',
        b'{"model":"gpt-5","max_tokens":1,"messages":[],"max_tokens":1}',
        b'{"model":"gpt-5","max_tokens":12,"max_tokens":1}',
        b'{"model":"gpt-5","model":"gpt-5-pro"}',
        b'{"model":"gpt-5","stream":true,"stream":false}',
        b'{"model":"gpt-5","max_tokens":1,"max\\u005ftokens":100000}',
        b'{"model":"gpt-5","messages":[1],"messages":[]}',
        b'{"model":"gpt-5","stream_options":{"include_usage":true,"include_usage":false}}',
    ],
)
def test_a_field_that_is_there_twice_is_refused(body: bytes) -> None:
    """Parsers differ on which of two counts: the provider might read the other one."""
    assert wrong(CHAT, body).found == "the field twice"


def test_a_limit_inside_an_object_that_is_there_twice_is_refused() -> None:
    thinking = b'{"model":"c","max_tokens":9,"thinking":{"budget_tokens":1,"budget_tokens":2}}'
    assert wrong(MESSAGES, thinking).field == "thinking.budget_tokens"
    config = b'{"generationConfig":{"maxOutputTokens":1,"maxOutputTokens":60000}}'
    assert wrong(GENERATE, config).field == "generationConfig.maxOutputTokens"


@pytest.mark.parametrize("name", ["Max_Tokens", "MODEL", "Stream", "N"])
def test_a_decisive_field_in_another_case_is_refused(name: str) -> None:
    """Some hosts' parsers do not heed case."""
    assert wrong(CHAT, {"model": "gpt-5", name: 1}).field == name


def test_the_same_word_inside_a_tool_is_no_second_field() -> None:
    schema = {"properties": {"model": {}, "stream": {}, "max_tokens": {"type": "integer"}}}
    tools = [{"type": "function", "function": {"name": "x", "parameters": schema}}]
    assert read(CHAT, {"model": "gpt-5", "messages": HI, "tools": tools}).model == "gpt-5"


def test_zero_tokens_fill_the_cache_at_anthropic() -> None:
    assert read(MESSAGES, message(max_tokens=0)).output_limit == 0
