"""OpenAI's usage figures, and those of the hosts that speak its dialect, as the canonical disjoint record.

Cached and audio tokens are part of the input count, reasoning and audio tokens part of the output count.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bursar.gateway.dialects.bodies import table, whole
from bursar.prices.usage import Usage


def usage_of(found: Mapping[str, Any], web_searches: int = 0) -> Usage:
    """Read `usage` of a chat completion, a response or an embedding."""
    inputs = table(found.get("prompt_tokens_details") or found.get("input_tokens_details"))
    outputs = table(found.get("completion_tokens_details") or found.get("output_tokens_details"))
    prompt = whole(found.get("prompt_tokens", found.get("input_tokens")))
    completion = whole(found.get("completion_tokens", found.get("output_tokens")))
    cached = whole(inputs.get("cached_tokens", found.get("prompt_cache_hit_tokens")))
    written = whole(inputs.get("cache_write_tokens"))
    audio_in, audio_out = whole(inputs.get("audio_tokens")), whole(outputs.get("audio_tokens"))
    image_in, image_out = whole(inputs.get("image_tokens")), whole(outputs.get("image_tokens"))
    reasoning = whole(outputs.get("reasoning_tokens"))
    cached = min(cached, prompt)
    return Usage(
        input=max(0, prompt - cached - written - audio_in - image_in),
        cache_read=cached,
        cache_write_5m=written,
        input_audio=audio_in,
        input_image=image_in,
        output=max(0, completion - reasoning - audio_out - image_out),
        reasoning=reasoning,
        output_audio=audio_out,
        output_image=image_out,
        web_searches=web_searches,
    )
