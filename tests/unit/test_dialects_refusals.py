"""Refusals in each provider's shape, as the recipes that real clients were seen to understand; warnings; keys."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bursar.gateway.dialects import Refusal, Reply, authenticate_upstream, credentials, route
from bursar.gateway.dialects.refusals import header_safe
from bursar.gateway.dialects.warnings import STRIPPED_UPSTREAM, allotment_headers, is_stripped

CHAT, RESPONSES, MESSAGES = "/v1/chat/completions", "/v1/responses", "/v1/messages"
GENERATE = "/v1beta/models/gemini-2.5-flash:generateContent"
SENTENCE = "Bursar: Your token allotment ($50) is used up: $0.02 is left and this request needs at least $0.31."
FIELDS: dict[str, str | int | None] = {
    "reason": "exhausted",
    "pool": "person:ada",
    "limit_nanos": 50_000_000_000,
    "used_nanos": 49_980_000_000,
    "held_nanos": 0,
    "needed_nanos": 310_000_000,
    "resets_at": 1_796_083_200,
    "ask_at": "#ai-budget",
}
EXHAUSTED = Refusal("exhausted", SENTENCE, 86_400, 1_796_083_200, FIELDS)


def refused(path: str, refusal: Refusal, user_agent: str = "claude-cli/2.1.329 (external, cli)") -> Reply:
    dialect = route("POST", path)
    assert dialect is not None
    return dialect.refuse(refusal, user_agent, "req_7")


def body_of(reply: Reply) -> Any:
    return json.loads(reply.body)


@pytest.mark.parametrize("path", [CHAT, RESPONSES, MESSAGES, GENERATE])
def test_a_used_up_allotment_is_a_429_that_asks_for_no_second_try(path: str) -> None:
    reply = refused(path, EXHAUSTED)
    headers = dict(reply.headers)
    assert reply.status == 429
    assert headers["x-should-retry"] == "false"
    assert headers["retry-after"] == "86400"
    assert headers["x-codex-promo-message"] == SENTENCE
    assert headers["content-type"] == "application/json"


def test_a_used_up_allotment_in_anthropics_words() -> None:
    body = body_of(refused(MESSAGES, EXHAUSTED))
    assert body["type"] == "error"
    assert body["error"] == {"type": "billing_error", "message": SENTENCE}
    assert body["request_id"] == "req_7"
    assert "credit balance is too low" not in json.dumps(body).lower()


@pytest.mark.parametrize("path", [CHAT, RESPONSES, "/v1/embeddings"])
def test_a_used_up_allotment_in_openais_words(path: str) -> None:
    assert body_of(refused(path, EXHAUSTED))["error"] == {
        "message": SENTENCE,
        "type": "usage_limit_reached",
        "code": "insufficient_quota",
        "param": None,
        "plan_type": "business",
        "resets_at": 1_796_083_200,
        "resets_in_seconds": 86_400,
    }


def test_a_used_up_allotment_in_geminis_words() -> None:
    error = body_of(refused(GENERATE, EXHAUSTED))["error"]
    assert error == {"code": 429, "status": "RESOURCE_EXHAUSTED", "message": SENTENCE + " (limit: 0)"}


@pytest.mark.parametrize("path", [CHAT, RESPONSES, MESSAGES, GENERATE])
def test_every_refusal_has_its_machine_fields_in_body_and_headers(path: str) -> None:
    reply = refused(path, EXHAUSTED)
    assert body_of(reply)["bursar"] == {"kind": "exhausted", **FIELDS}
    headers = dict(reply.headers)
    assert headers["x-bursar-reason"] == "exhausted"
    assert headers["x-bursar-pool"] == "person:ada"
    assert headers["x-bursar-needed-nanos"] == "310000000"
    assert headers["x-bursar-resets-at"] == "1796083200"
    assert headers["x-bursar-ask-at"] == "#ai-budget"


def test_fields_without_a_value_are_left_out() -> None:
    body = body_of(refused(CHAT, Refusal("exhausted", "x", fields={"reason": "cap", "ask_at": None})))
    assert body["bursar"] == {"kind": "exhausted", "reason": "cap"}
    assert body["error"]["resets_at"] is None


@pytest.mark.parametrize(
    ("path", "user_agent", "status"),
    [
        (CHAT, "aider/0.90", 422),
        (CHAT, "litellm/1.106.0", 422),
        (MESSAGES, "AIDER", 400),
        (GENERATE, "litellm", 400),
        (CHAT, "OpenAI/Python 2.0", 429),
        (CHAT, "", 429),
    ],
)
def test_clients_that_retry_any_429_get_another_status(path: str, user_agent: str, status: int) -> None:
    assert refused(path, EXHAUSTED, user_agent).status == status


def test_only_an_exhausted_allotment_changes_its_status_by_client() -> None:
    assert refused(CHAT, Refusal("contention", "x"), "aider").status == 429


@pytest.mark.parametrize(
    ("path", "error"),
    [
        (MESSAGES, {"type": "rate_limit_error", "message": "busy"}),
        (
            CHAT,
            {"message": "busy", "type": "rate_limit_error", "code": "rate_limit_exceeded", "param": None},
        ),
        (GENERATE, {"code": 429, "status": "RESOURCE_EXHAUSTED", "message": "busy"}),
    ],
)
def test_contention_is_a_plain_rate_limit(path: str, error: dict[str, Any]) -> None:
    reply = refused(path, Refusal("contention", "busy", retry_after_seconds=90))
    headers = dict(reply.headers)
    assert reply.status == 429
    assert headers["retry-after"] == "5"
    assert "x-should-retry" not in headers
    assert "x-codex-promo-message" not in headers
    assert body_of(reply)["error"] == error


@pytest.mark.parametrize("seconds", [None, 0, 1])
def test_our_own_fault_is_a_503_with_at_least_two_seconds(seconds: int | None) -> None:
    reply = refused(MESSAGES, Refusal("unavailable", "down", retry_after_seconds=seconds))
    assert reply.status == 503
    assert dict(reply.headers)["retry-after"] == "2"
    assert "x-should-retry" not in dict(reply.headers)
    assert body_of(reply)["error"]["type"] == "overloaded_error"


@pytest.mark.parametrize(
    ("kind", "status", "anthropic", "openai", "gemini"),
    [
        ("unauthorized", 401, "authentication_error", "invalid_api_key", "UNAUTHENTICATED"),
        ("forbidden", 403, "permission_error", "model_not_allowed", "PERMISSION_DENIED"),
        ("bad_request", 400, "invalid_request_error", None, "INVALID_ARGUMENT"),
        ("not_found", 404, "not_found_error", "model_not_found", "NOT_FOUND"),
        ("method", 405, "invalid_request_error", None, "INVALID_ARGUMENT"),
        ("timeout", 408, "invalid_request_error", None, "DEADLINE_EXCEEDED"),
        ("too_large", 413, "request_too_large", None, "INVALID_ARGUMENT"),
    ],
)
def test_other_refusals_are_phrased_as_the_provider_would(
    kind: str, status: int, anthropic: str, openai: str | None, gemini: str
) -> None:
    refusal = Refusal(kind, "no", fields={"field": "max_tokens"})
    for path in (MESSAGES, CHAT, GENERATE):
        reply = refused(path, refusal)
        assert reply.status == status
        assert dict(reply.headers)["x-should-retry"] == "false"
    assert body_of(refused(MESSAGES, refusal))["error"] == {"type": anthropic, "message": "no"}
    error = body_of(refused(CHAT, refusal))["error"]
    assert (error["code"], error["param"]) == (openai, "max_tokens")
    assert body_of(refused(GENERATE, refusal))["error"] == {"code": status, "status": gemini, "message": "no"}


def test_a_wrong_method_names_the_right_one() -> None:
    assert dict(refused(CHAT, Refusal("method", "no")).headers)["allow"] == "POST"


def test_a_sentence_in_a_header_is_ascii_on_one_line() -> None:
    refusal = Refusal("exhausted", "Übrig: 3 €\r\nx-evil: 1 – 日本 \ud800", fields={"ask at\r\n": "a\nb"})
    reply = refused(MESSAGES, refusal)
    for name, value in reply.headers:
        assert f"{name}{value}".isascii()
        assert f"{name}{value}".isprintable()
    assert dict(reply.headers)["x-codex-promo-message"] == "Ubrig: 3 EUR  x-evil: 1 - ?? ?"
    assert body_of(reply)["error"]["message"].startswith("Übrig: 3 €\r\n")


def test_a_header_is_never_longer_than_its_limit() -> None:
    assert len(header_safe("x" * 5_000)) == 1_024


@pytest.mark.parametrize(("path", "event"), [(MESSAGES, "error"), (RESPONSES, "response.failed")])
def test_a_stopped_stream_ends_with_the_dialects_error_event(path: str, event: str) -> None:
    dialect = route("POST", path)
    assert dialect is not None
    raw = dialect.stream_error("stopped\nhere", "req_7")
    assert raw is not None
    head, data, end, rest = raw.split(b"\n")
    assert (head, end, rest) == (b"event: " + event.encode(), b"", b"")
    document = json.loads(data.removeprefix(b"data: "))
    assert document["type"] == event
    if path == MESSAGES:
        assert document["error"] == {"type": "billing_error", "message": "stopped\nhere"}
    else:
        assert document["response"]["status"] == "failed"
        assert document["response"]["error"]["message"] == "stopped\nhere"


def test_a_stopped_chat_stream_ends_with_an_error_and_without_done() -> None:
    dialect = route("POST", CHAT)
    assert dialect is not None
    raw = dialect.stream_error("stopped", "req_7")
    assert raw is not None
    assert raw.startswith(b'data: {"error":{"message":"stopped"')
    assert b"[DONE]" not in raw


def test_a_stopped_gemini_stream_has_to_be_reset() -> None:
    dialect = route("POST", GENERATE)
    assert dialect is not None
    assert dialect.stream_error("stopped", "req_7") is None


def test_claude_code_is_warned_when_three_quarters_are_used() -> None:
    def status(used: int) -> str:
        found = allotment_headers(
            "anthropic.messages", used_nanos=used, limit_nanos=100, balance_nanos=100 - used, resets_at=1_000, now=0
        )
        assert dict(found)["anthropic-ratelimit-unified-reset"] == "1000"
        return dict(found)["anthropic-ratelimit-unified-status"]

    assert [status(used) for used in (0, 74, 75, 100)] == ["allowed", "allowed", "allowed_warning", "allowed_warning"]


def test_codex_sees_the_balance() -> None:
    found = allotment_headers(
        "openai.responses",
        used_nanos=30_000_000_000,
        limit_nanos=40_000_000_000,
        balance_nanos=10_555_000_000,
        resets_at=86_400,
        now=0,
        window_minutes=43_200,
    )
    assert dict(found) == {
        "x-bursar-balance": "10.555000000",
        "x-bursar-used-percent": "75",
        "x-bursar-resets-at": "86400",
        "x-codex-primary-used-percent": "75",
        "x-codex-credits-has-credits": "true",
        "x-codex-credits-unlimited": "false",
        "x-codex-credits-balance": "10.55",
        "x-codex-primary-window-minutes": "43200",
        "x-codex-primary-reset-at": "86400",
    }


@pytest.mark.parametrize("dialect", ["openai.responses", "anthropic.messages", "gemini.generate", "openai.chat"])
def test_an_allotment_without_a_limit_or_below_zero_is_used_up(dialect: str) -> None:
    found = dict(allotment_headers(dialect, used_nanos=-5, limit_nanos=0, balance_nanos=-5, resets_at=None, now=10))
    assert found["x-bursar-balance"] == "0.000000000"
    assert found["x-bursar-used-percent"] == "100"


def test_upstream_headers_about_the_organisations_account_are_stripped() -> None:
    assert "x-codex-primary-used-percent" in STRIPPED_UPSTREAM
    assert "anthropic-ratelimit-unified-5h-utilization" in STRIPPED_UPSTREAM
    assert all(is_stripped(name) for name in STRIPPED_UPSTREAM)
    assert is_stripped("X-Codex-Something-New")
    assert is_stripped("Anthropic-Ratelimit-Unified-Tomorrow")
    assert is_stripped("x-bursar-balance")
    assert not is_stripped("anthropic-ratelimit-requests-remaining")
    assert not is_stripped("x-request-id")


@pytest.mark.parametrize(
    ("query", "headers", "expected"),
    [
        ("", {"authorization": "Bearer bur_live_1"}, ("bur_live_1", "")),
        ("", {"authorization": "bearer   bur_live_1 "}, ("bur_live_1", "")),
        ("", {"x-api-key": "bur_live_1"}, ("bur_live_1", "")),
        ("", {"x-goog-api-key": "bur_live_1"}, ("bur_live_1", "")),
        ("", {"api-key": "bur_live_1"}, ("bur_live_1", "")),
        ("key=bur_live_1", {}, ("bur_live_1", "")),
        ("alt=sse&key=bur_live_1&x=%2F", {}, ("bur_live_1", "alt=sse&x=%2F")),
        ("%6bey=bur%5Flive_1&alt=sse", {}, ("bur_live_1", "alt=sse")),
        ("key=bur_live_1&access_token=t", {}, ("bur_live_1", "")),
        ("alt=sse", {"authorization": "Bearer sk-ant-oat", "x-api-key": "bur_live_1"}, ("bur_live_1", "alt=sse")),
        ("key=bur_live_1", {"authorization": "Bearer sk-other"}, ("bur_live_1", "")),
        ("", {"authorization": "Bearer unknown", "x-api-key": "other"}, ("unknown", "")),
        ("", {"authorization": "Basic dXNlcjpw"}, ("", "")),
        ("beta=true", {}, ("", "beta=true")),
        ("", {"authorization": ""}, ("", "")),
    ],
)
def test_our_key_is_found_wherever_a_client_puts_it(
    query: str, headers: dict[str, str], expected: tuple[str, str]
) -> None:
    assert credentials("/v1/messages", query, headers) == expected


@pytest.mark.parametrize(
    ("dialect", "secret", "headers"),
    [
        ("anthropic.messages", "sk", {"x-api-key": "sk"}),
        ("openai.chat", "sk", {"Authorization": "Bearer sk"}),
        ("gemini.generate", "sk", {"x-goog-api-key": "sk"}),
        ("gemini.generate", "Bearer ya29", {"Authorization": "Bearer ya29"}),
        ("openai.chat", "", {}),
    ],
)
def test_the_providers_key_is_sent_in_its_own_header(dialect: str, secret: str, headers: dict[str, str]) -> None:
    assert authenticate_upstream(dialect, secret) == headers
