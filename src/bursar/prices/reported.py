"""Usage as a provider reports it, read into the canonical record, wherever it was written down: a reply, a log, a file.

Whatever stands there, nothing raises and nothing negative comes out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bursar.prices.usage import Usage

MAX_COUNT = 2**53
"""A larger figure is no count of tokens."""
ANTHROPIC_FIGURES = ("input_tokens", "output_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")
"""What a usage object of Anthropic counts at its top."""


def whole(value: Any) -> int:
    """A count as a provider reports it; what is not a non-negative number counts as none."""
    if type(value) is int:
        return value if 0 <= value <= MAX_COUNT else 0
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= MAX_COUNT:
        return 0
    return int(value)


def stated(value: Any) -> bool:
    """Whether a field is a figure at all: an explicit zero is, null is not."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def table(value: Any) -> Mapping[str, Any]:
    """The value if it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def name(value: Any) -> str:
    """The value if it is a text, else an empty one."""
    return value if isinstance(value, str) else ""


def anthropic_usage(found: Mapping[str, Any]) -> Usage | None:
    """Anthropic counts cached tokens beside the input, thinking inside the output. None if there is no figure."""
    if not any(stated(found.get(field)) for field in ANTHROPIC_FIGURES):
        return None
    split = table(found.get("cache_creation"))
    short, long = whole(split.get("ephemeral_5m_input_tokens")), whole(split.get("ephemeral_1h_input_tokens"))
    total = max(whole(found.get("cache_creation_input_tokens")), short + long)
    output = whole(found.get("output_tokens"))
    thinking = min(output, whole(table(found.get("output_tokens_details")).get("thinking_tokens")))
    return Usage(
        input=whole(found.get("input_tokens")),
        cache_read=whole(found.get("cache_read_input_tokens")),
        cache_write_5m=total - long,
        cache_write_1h=long,
        output=output - thinking,
        reasoning=thinking,
        web_searches=whole(table(found.get("server_tool_use")).get("web_search_requests")),
    )


def anthropic_steps(found: Mapping[str, Any]) -> tuple[tuple[str, Usage], ...]:
    """Model ("" is the message's own) and usage of steps that are billed and not part of the figures at the top.

    A message of several steps lists them as `iterations`; those of the message itself are summed at the top, those of
    compaction and of an advisor are not (guides to compaction and to the advisor tool).
    """
    iterations = found.get("iterations")
    steps = []
    for step in iterations if isinstance(iterations, list) else ():
        if isinstance(step, dict) and step.get("type") not in (None, "message"):
            usage = anthropic_usage(step)
            if usage is not None and (usage.total_input or usage.total_output):
                steps.append((name(step.get("model")), usage))
    return tuple(steps)


def anthropic_tier(found: Mapping[str, Any]) -> str:
    """The service tier that prices the message; fast mode is one of its own."""
    return "speed:fast" if found.get("speed") == "fast" else name(found.get("service_tier"))
