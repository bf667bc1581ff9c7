"""How a refusal is phrased so that real clients stop at once and show its sentence (each recipe was tried on them).

An allotment that is used up is a 429 with `x-should-retry: false` and the body of the provider's own quota error.
Contention is a plain 429 with a short Retry-After, our own faults are a 503 with Retry-After.
"""

from __future__ import annotations

from typing import Any

import msgspec

from bursar.gateway.dialects.contract import Refusal, Reply

_STATUS = {
    "exhausted": 429,
    "contention": 429,
    "unauthorized": 401,
    "forbidden": 403,
    "bad_request": 400,
    "not_found": 404,
    "method": 405,
    "timeout": 408,
    "too_large": 413,
    "unavailable": 503,
}
_RETRY_BY_STATUS = ("aider", "litellm")
_FAR_SECONDS = 3600
"""Retry-After of a refusal that no known date ends."""
_MIN_UNAVAILABLE_SECONDS = 2
_MAX_CONTENTION_SECONDS = 5

_OPENAI_TYPES = {
    "contention": ("rate_limit_error", "rate_limit_exceeded"),
    "unauthorized": ("invalid_request_error", "invalid_api_key"),
    "forbidden": ("invalid_request_error", "model_not_allowed"),
    "not_found": ("invalid_request_error", "model_not_found"),
    "unavailable": ("server_error", "service_unavailable"),
}
_ANTHROPIC_TYPES = {
    "exhausted": "billing_error",
    "contention": "rate_limit_error",
    "unauthorized": "authentication_error",
    "forbidden": "permission_error",
    "not_found": "not_found_error",
    "too_large": "request_too_large",
    "unavailable": "overloaded_error",
}
_GEMINI_STATUS = {
    "exhausted": "RESOURCE_EXHAUSTED",
    "contention": "RESOURCE_EXHAUSTED",
    "unauthorized": "UNAUTHENTICATED",
    "forbidden": "PERMISSION_DENIED",
    "not_found": "NOT_FOUND",
    "unavailable": "UNAVAILABLE",
    "timeout": "DEADLINE_EXCEEDED",
}


def refuse(family: str, refusal: Refusal, user_agent: str, request_id: str) -> Reply:
    """A complete reply in the shape of `openai`, `anthropic` or `gemini`."""
    status = _status(family, refusal, user_agent)
    body = _BODIES[family](refusal, status, request_id)
    return Reply(status, tuple(_headers(refusal)), msgspec.json.encode(body))


def _status(family: str, refusal: Refusal, user_agent: str) -> int:
    """aider retries a 429 by its status alone, for minutes; it gives up on a 422 (OpenAI) or a 400 (Anthropic)."""
    agent = user_agent.lower()
    if refusal.kind == "exhausted" and any(name in agent for name in _RETRY_BY_STATUS):
        return 400 if family == "anthropic" else 422
    return _STATUS.get(refusal.kind, 400)


def _headers(refusal: Refusal) -> list[tuple[str, str]]:
    headers = [("content-type", "application/json")]
    if refusal.kind == "exhausted":
        headers += [
            ("x-should-retry", "false"),
            ("retry-after", str(refusal.retry_after_seconds or _FAR_SECONDS)),
            ("x-codex-promo-message", header_safe(refusal.sentence)),
        ]
    elif refusal.kind == "contention":
        headers.append(("retry-after", str(min(_MAX_CONTENTION_SECONDS, max(1, refusal.retry_after_seconds or 1)))))
    elif refusal.kind == "unavailable":
        seconds = max(_MIN_UNAVAILABLE_SECONDS, refusal.retry_after_seconds or 0)
        headers.append(("retry-after", str(seconds)))
    else:
        headers.append(("x-should-retry", "false"))
    for name, value in refusal.fields.items():
        if value is not None:
            headers.append((f"x-bursar-{name.replace('_', '-')}", header_safe(str(value))))
    return headers


def header_safe(text: str) -> str:
    """Printable ASCII on one line: what every HTTP implementation carries unharmed."""
    folded = text.replace("\r", " ").replace("\n", " ").encode("ascii", "replace").decode()
    return "".join(char if char.isprintable() else " " for char in folded)[:1024]


def _openai(refusal: Refusal, status: int, request_id: str) -> dict[str, Any]:
    if refusal.kind == "exhausted":
        error: dict[str, Any] = {
            "message": refusal.sentence,
            "type": "usage_limit_reached",
            "code": "insufficient_quota",
            "param": None,
            "plan_type": "business",
            "resets_at": refusal.resets_at,
            "resets_in_seconds": refusal.retry_after_seconds,
        }
    else:
        kind, code = _OPENAI_TYPES.get(refusal.kind, ("invalid_request_error", None))
        error = {"message": refusal.sentence, "type": kind, "code": code, "param": refusal.fields.get("field")}
    return {"error": error, **_bursar(refusal)}


def _anthropic(refusal: Refusal, status: int, request_id: str) -> dict[str, Any]:
    kind = _ANTHROPIC_TYPES.get(refusal.kind, "invalid_request_error")
    return {
        "type": "error",
        "error": {"type": kind, "message": refusal.sentence},
        "request_id": request_id,
        **_bursar(refusal),
    }


def _gemini(refusal: Refusal, status: int, request_id: str) -> dict[str, Any]:
    message = refusal.sentence + (" (limit: 0)" if refusal.kind == "exhausted" else "")
    return {
        "error": {"code": status, "status": _GEMINI_STATUS.get(refusal.kind, "INVALID_ARGUMENT"), "message": message},
        **_bursar(refusal),
    }


def _bursar(refusal: Refusal) -> dict[str, Any]:
    """The machine fields, beside the provider's own error so that nobody's parser trips over them."""
    fields = {name: value for name, value in refusal.fields.items() if value is not None}
    return {"bursar": {"kind": refusal.kind, **fields}} if fields else {}


_BODIES = {"openai": _openai, "anthropic": _anthropic, "gemini": _gemini}
