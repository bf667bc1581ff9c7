"""What all request bodies have in common: a model's name, limits that are not absurd, and labels in the headers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypedDict

from bursar.gateway.dialects.objects import JsonObject, shown

MAX_OUTPUT_LIMIT = 10_000_000
"""No model generates as much; a higher limit is a mistake or an attack on the arithmetic."""
MAX_CHOICES = 128
MAX_MODEL_CHARS = 256
MAX_LABEL_CHARS = 128

SESSION_HEADERS = ("x-claude-code-session-id", "session-id", "session_id", "x-session-id", "conversation_id")
AGENT_HEADERS = ("x-claude-code-agent-id", "x-openai-subagent", "x-agent-id")
PARENT_HEADERS = ("x-claude-code-parent-agent-id", "x-codex-parent-thread-id", "x-parent-agent-id")

_NAMED = frozenset({*SESSION_HEADERS, *AGENT_HEADERS, *PARENT_HEADERS})

DEFAULT_TIERS = frozenset({"auto", "default", "standard", "standard_only", "on_demand"})


class Labels(TypedDict):
    """Whom a request is attributed to, as the clients name them; empty where they do not."""

    session: str
    agent: str
    parent_agent: str


_NOBODY = Labels(session="", agent="", parent_agent="")


def model_of(body: JsonObject, default: str = "") -> str:
    """The model that a body names; `default` is one that the path names."""
    found = body.text("model")
    if found is None and not default:
        raise body.wrong("model", "nothing", "a model's name")
    return checked_model(default if found is None else found, body)


def checked_model(model: str, body: JsonObject) -> str:
    if not model or len(model) > MAX_MODEL_CHARS or not model.isprintable():
        found = shown(model.encode(errors="replace"))
        raise body.wrong("model", found, f"a model's name of at most {MAX_MODEL_CHARS} printable characters")
    return model


def deployment_of(path: str) -> str:
    """Azure names the deployment in the path; a body may then go without a model."""
    _, _, rest = path.partition("/deployments/")
    return rest.partition("/")[0]


def tier_of(body: JsonObject, name: str = "service_tier") -> str:
    """The service tier asked for; empty for every name of the default."""
    tier = (body.text(name) or "")[:MAX_LABEL_CHARS].lower()
    return "" if tier in DEFAULT_TIERS else tier


def labels(headers: Mapping[str, str]) -> Labels:
    """Session, agent and parent agent from the headers (lower-case names)."""
    if _NAMED.isdisjoint(headers):
        return _NOBODY
    return Labels(
        session=_first(headers, SESSION_HEADERS),
        agent=_first(headers, AGENT_HEADERS),
        parent_agent=_first(headers, PARENT_HEADERS),
    )


def _first(headers: Mapping[str, str], names: tuple[str, ...]) -> str:
    for name in names:
        value = headers.get(name)
        if value:
            return "".join(char for char in value[:MAX_LABEL_CHARS] if char.isprintable())
    return ""
