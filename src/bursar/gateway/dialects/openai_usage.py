"""OpenAI's usage figures, and those of the hosts that speak its dialect, as the canonical disjoint record.

Cached, written and media tokens are part of the input count; reasoning and media tokens are part of the output count.
Some hosts (xAI, Perplexity) count reasoning beside the output: their totals tell. Figures that contradict each other
(more reasoning than output) are cut so that no token is counted twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bursar.gateway.dialects.figures import stated, table, whole
from bursar.prices.usage import Usage

_IN = ("cache_write_tokens", "audio_tokens", "image_tokens", "video_tokens")
_OUT = ("audio_tokens", "image_tokens")
_TOTALS = ("prompt_tokens", "input_tokens", "completion_tokens", "output_tokens", "total_tokens")


def usage_of(found: Any, web_searches: int = 0) -> Usage | None:
    """Read `usage` of a chat completion, a response or an embedding; None if it holds no figure."""
    if not isinstance(found, dict) or not any(stated(found.get(name)) for name in _TOTALS):
        return None
    inputs = table(found.get("prompt_tokens_details") or found.get("input_tokens_details"))
    outputs = table(found.get("completion_tokens_details") or found.get("output_tokens_details"))
    prompt = whole(found.get("prompt_tokens", found.get("input_tokens")))
    completion = whole(found.get("completion_tokens", found.get("output_tokens")))
    reasoning = whole(outputs.get("reasoning_tokens", found.get("reasoning_tokens")))
    if _beside(found, prompt, completion, reasoning):
        completion += reasoning
    cached = inputs.get("cached_tokens", found.get("prompt_cache_hit_tokens"))
    cached, written, audio_in, image_in, video_in = _parts(prompt, cached, *map(inputs.get, _IN))
    reasoning, audio_out, image_out = _parts(completion, reasoning, *map(outputs.get, _OUT))
    searches = whole(table(found.get("server_tool_use_details")).get("web_search_requests"))
    return Usage(
        input=prompt - cached - written - audio_in - image_in - video_in,
        cache_read=cached,
        cache_write_5m=written,
        input_audio=audio_in,
        input_image=image_in,
        input_video=video_in,
        output=completion - reasoning - audio_out - image_out,
        reasoning=reasoning,
        output_audio=audio_out,
        output_image=image_out,
        web_searches=web_searches or searches or whole(found.get("num_search_queries")),
    )


def _beside(found: Mapping[str, Any], prompt: int, completion: int, reasoning: int) -> bool:
    """Whether the host counts reasoning beside the completion, by its own total."""
    total = whole(found.get("total_tokens"))
    return reasoning > 0 and total == prompt + completion + reasoning


def _parts(total: int, *values: Any) -> list[int]:
    """Counts that are part of a total, each at most what the ones before it have left."""
    if not any(values):
        return [0] * len(values)
    found, left = [], total
    for value in values:
        part = min(whole(value), left)
        found.append(part)
        left -= part
    return found
