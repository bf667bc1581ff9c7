"""Gemini's usage figures as the canonical disjoint record.

Cached tokens are part of the prompt, thoughts and the prompts of tools stand beside it. Pages of documents count as
images, as Google bills them. Searches are not counted: the free allowance that they draw on is the project's, not the
request's.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bursar.gateway.dialects.figures import name, stated, table, whole
from bursar.prices.usage import Usage

_FIGURES = (
    "promptTokenCount",
    "candidatesTokenCount",
    "thoughtsTokenCount",
    "toolUsePromptTokenCount",
    "cachedContentTokenCount",
    "totalTokenCount",
)
_MEDIA = ("audio", "image", "video")
_MODALITIES = {"AUDIO": "audio", "IMAGE": "image", "DOCUMENT": "image", "VIDEO": "video"}
_TRAFFIC = {"ON_DEMAND": "", "ON_DEMAND_FLEX": "flex", "ON_DEMAND_PRIORITY": "priority"}


def usage_of(found: Any) -> Usage | None:
    """Read `usageMetadata`; None if it holds no figure."""
    if not isinstance(found, dict) or not any(stated(found.get(field)) for field in _FIGURES):
        return None
    prompt = _by_modality(found, "promptTokensDetails", "toolUsePromptTokensDetails")
    cached = _by_modality(found, "cacheTokensDetails")
    made = _by_modality(found, "candidatesTokensDetails", "responseTokensDetails")
    total_prompt = whole(found.get("promptTokenCount")) + whole(found.get("toolUsePromptTokenCount"))
    total_cached = min(whole(found.get("cachedContentTokenCount")), total_prompt)
    total_made = whole(found.get("candidatesTokenCount", found.get("responseTokenCount")))
    cached = _within(cached, total_cached)
    fresh = _within({kind: max(0, prompt[kind] - cached[kind]) for kind in _MEDIA}, total_prompt - total_cached)
    made = _within(made, total_made)
    return Usage(
        input=total_prompt - total_cached - sum(fresh.values()),
        cache_read=total_cached - sum(cached.values()),
        input_audio=fresh["audio"],
        input_image=fresh["image"],
        input_video=fresh["video"],
        cache_read_audio=cached["audio"],
        cache_read_image=cached["image"],
        cache_read_video=cached["video"],
        output=total_made - sum(made.values()),
        reasoning=whole(found.get("thoughtsTokenCount")),
        output_audio=made["audio"],
        output_image=made["image"],
        output_video=made["video"],
    )


def tier_of(found: Any) -> str:
    """The tier that a reply was billed at; empty for the default."""
    tier = name(table(found).get("serviceTier")).lower()
    if tier:
        return "" if tier == "standard" else tier
    traffic = name(table(found).get("trafficType"))
    return _TRAFFIC.get(traffic, traffic.lower())


def _by_modality(found: Mapping[str, Any], *names: str) -> dict[str, int]:
    counts = dict.fromkeys(_MEDIA, 0)
    for field in names:
        details = found.get(field)
        for one in details if isinstance(details, list) else ():
            kind = _MODALITIES.get(name(table(one).get("modality")).upper())
            if kind:
                counts[kind] += whole(table(one).get("tokenCount"))
    return counts


def _within(counts: dict[str, int], total: int) -> dict[str, int]:
    """Counts cut so that together they are at most the total."""
    kept = {}
    for kind, count in counts.items():
        kept[kind] = min(count, total)
        total -= kept[kind]
    return kept
