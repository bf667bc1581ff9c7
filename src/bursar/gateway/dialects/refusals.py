"""How a refusal is phrased so that real clients stop at once and show its sentence (each recipe was tried on them).

An allotment that is used up is a 429 with `x-should-retry: false` and the body of the provider's own quota error.
Contention and rates per minute are a plain 429 with Retry-After and the provider's own headers of limits, our own faults are a 503 with Retry-After. The machine fields stand in
`bursar` beside the provider's own error, where no client's parser looks, and in `x-bursar-*` headers.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime
from typing import Any

import msgspec

from bursar.gateway.dialects.contract import Refusal, Reply

_STATUS = {
    "exhausted": 429,
    "contention": 429,
    "rate": 429,
    "unauthorized": 401,
    "forbidden": 403,
    "bad_request": 400,
    "not_found": 404,
    "method": 405,
    "timeout": 408,
    "too_large": 413,
    "unavailable": 503,
}
_RETRY_BY_STATUS = re.compile(r"aider|litellm", re.IGNORECASE)
"""User agents that retry any 429, whatever its headers say."""
FAR_SECONDS = 3600
"""Retry-After of a refusal that no known date ends."""
MAX_RETRY_AFTER_SECONDS = 366 * 86_400
MIN_UNAVAILABLE_SECONDS = 2
MAX_CONTENTION_SECONDS = 5
MAX_RATE_SECONDS = 60
MAX_HEADER_CHARS = 1024
_HEADER_NAME = re.compile(r"[^a-z0-9-]+")

_OPENAI = {
    "contention": ("rate_limit_error", "rate_limit_exceeded"),
    "rate": ("rate_limit_error", "rate_limit_exceeded"),
    "unauthorized": ("invalid_request_error", "invalid_api_key"),
    "forbidden": ("invalid_request_error", "model_not_allowed"),
    "not_found": ("invalid_request_error", "model_not_found"),
    "unavailable": ("server_error", "service_unavailable"),
}
_ANTHROPIC = {
    "exhausted": "billing_error",
    "contention": "rate_limit_error",
    "rate": "rate_limit_error",
    "unauthorized": "authentication_error",
    "forbidden": "permission_error",
    "not_found": "not_found_error",
    "too_large": "request_too_large",
    "unavailable": "overloaded_error",
}
_GEMINI = {
    "exhausted": "RESOURCE_EXHAUSTED",
    "contention": "RESOURCE_EXHAUSTED",
    "rate": "RESOURCE_EXHAUSTED",
    "unauthorized": "UNAUTHENTICATED",
    "forbidden": "PERMISSION_DENIED",
    "not_found": "NOT_FOUND",
    "unavailable": "UNAVAILABLE",
    "timeout": "DEADLINE_EXCEEDED",
}


def refuse(family: str, refusal: Refusal, user_agent: str, request_id: str) -> Reply:
    """A complete reply in the shape of `openai`, `anthropic` or `gemini`."""
    status = _status(family, refusal, user_agent)
    body = _BODIES.get(family, _openai)(refusal, status, request_id)
    machine = _machine(refusal)
    body["bursar"] = machine
    headers = [("content-type", "application/json"), *_retry_headers(refusal), *_rate_headers(family, refusal)]
    headers += [
        (f"x-bursar-{_HEADER_NAME.sub('-', name.lower())}", header_safe(str(value))) for name, value in machine.items()
    ]
    return Reply(status, tuple(headers), encode(body))


def encode(document: Any) -> bytes:
    """JSON; lone surrogates, which UTF-8 cannot carry, become question marks."""
    try:
        return msgspec.json.encode(document)
    except UnicodeEncodeError:
        return msgspec.json.encode(_sound(document))


def header_safe(text: str) -> str:
    """Printable ASCII on one line: what every HTTP implementation carries unharmed."""
    folded = unicodedata.normalize("NFKD", text.replace("€", "EUR").replace("–", "-").replace("…", "..."))
    plain = "".join(char for char in folded if not unicodedata.combining(char))
    shown = "".join(char if " " <= char <= "~" else " " if char.isspace() else "?" for char in plain)
    return shown[:MAX_HEADER_CHARS].strip()


def _status(family: str, refusal: Refusal, user_agent: str) -> int:
    """aider retries a 429 by its status alone, for minutes; it gives up on a 422 (OpenAI) or a 400 (the others)."""
    if refusal.kind == "exhausted" and _RETRY_BY_STATUS.search(user_agent):
        return 422 if family == "openai" else 400
    return _STATUS.get(refusal.kind, 400)


def _retry_headers(refusal: Refusal) -> list[tuple[str, str]]:
    """What the client is told about trying again."""
    seconds = refusal.retry_after_seconds
    if refusal.kind == "exhausted":
        wait = FAR_SECONDS if seconds is None else max(1, min(seconds, MAX_RETRY_AFTER_SECONDS))
        return [
            ("x-should-retry", "false"),
            ("retry-after", str(wait)),
            ("x-codex-promo-message", header_safe(refusal.sentence)),
        ]
    if refusal.kind == "contention":
        return [("retry-after", str(max(1, min(seconds or 1, MAX_CONTENTION_SECONDS))))]
    if refusal.kind == "rate":
        return [("retry-after", str(max(1, min(refusal.retry_after_seconds or 1, MAX_RATE_SECONDS))))]
    if refusal.kind == "unavailable":
        return [("retry-after", str(max(MIN_UNAVAILABLE_SECONDS, seconds or 0)))]
    refused = [("x-should-retry", "false")]
    return [("allow", "POST"), *refused] if refusal.kind == "method" else refused


def _rate_headers(family: str, refusal: Refusal) -> list[tuple[str, str]]:
    """The limit of a rate per minute as the provider names its own: requests or tokens, nothing left, when it begins anew."""
    what, _, per = str(refusal.fields.get("reason", "")).partition("_")
    if refusal.kind != "rate" or per != "per_minute":
        return []
    limit, wait, resets = str(refusal.fields.get("limit", 0)), refusal.retry_after_seconds or 1, refusal.resets_at or 0
    if family == "anthropic":
        moment = datetime.fromtimestamp(resets, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        name = f"anthropic-ratelimit-{what}"
        return [(f"{name}-limit", limit), (f"{name}-remaining", "0"), (f"{name}-reset", moment)]
    if family == "openai":
        name = "x-ratelimit"
        return [
            (f"{name}-limit-{what}", limit),
            (f"{name}-remaining-{what}", "0"),
            (f"{name}-reset-{what}", f"{wait}s"),
        ]
    return []


def _machine(refusal: Refusal) -> dict[str, str | int]:
    """Every machine field that has a value: the kind and the reason first."""
    fields = {"kind": refusal.kind, "reason": refusal.fields.get("reason") or refusal.kind, **refusal.fields}
    fields.setdefault("resets_at", refusal.resets_at)
    return {name: value for name, value in fields.items() if value is not None}


def _openai(refusal: Refusal, status: int, request_id: str) -> dict[str, Any]:
    if refusal.kind == "exhausted":
        return {
            "error": {
                "message": refusal.sentence,
                "type": "usage_limit_reached",
                "code": "insufficient_quota",
                "param": None,
                "plan_type": "business",
                "resets_at": refusal.resets_at,
                "resets_in_seconds": refusal.retry_after_seconds,
            }
        }
    kind, code = _OPENAI.get(refusal.kind, ("invalid_request_error", None))
    return {
        "error": {"message": refusal.sentence, "type": kind, "code": code, "param": refusal.fields.get("field")},
    }


def _anthropic(refusal: Refusal, status: int, request_id: str) -> dict[str, Any]:
    kind = _ANTHROPIC.get(refusal.kind, "invalid_request_error")
    return {"type": "error", "error": {"type": kind, "message": refusal.sentence}, "request_id": request_id}


def _gemini(refusal: Refusal, status: int, request_id: str) -> dict[str, Any]:
    message = refusal.sentence + (" (limit: 0)" if refusal.kind == "exhausted" else "")
    error = {"code": status, "status": _GEMINI.get(refusal.kind, "INVALID_ARGUMENT"), "message": message}
    if refusal.kind == "rate":
        delay = f"{refusal.retry_after_seconds or 1}s"
        error["details"] = [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": delay}]
    return {"error": error}


def _sound(document: Any) -> Any:
    if isinstance(document, dict):
        return {_sound(name): _sound(value) for name, value in document.items()}
    if isinstance(document, list):
        return [_sound(one) for one in document]
    return document.encode(errors="replace").decode() if isinstance(document, str) else document


_BODIES = {"openai": _openai, "anthropic": _anthropic, "gemini": _gemini}
