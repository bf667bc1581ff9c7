"""What the columns of a bill mean, by the names that providers and their users give them.

Names are compared in lower case with one underline for everything that is no letter or digit: `Usage Date (UTC)` is
`usage_date_utc`. Where several names of one meaning stand in a header, the first of the list that has a value counts.

Observed headers (exports of 2025 and 2026; the providers document none of them):

- Anthropic console, usage: usage_date_utc, model_version, api_key, workspace, usage_type, context_window,
  usage_input_tokens_no_cache, usage_input_tokens_cache_write_5m, usage_input_tokens_cache_write_1h,
  usage_input_tokens_cache_read, usage_output_tokens, web_search_count, inference_geo, speed
- Anthropic console, cost: usage_date_utc, model, workspace, api_key, usage_type, context_window, token_type, cost_usd,
  list_price_usd, cost_type, inference_geo, speed
- OpenAI platform, usage: start_time, end_time, start_time_iso, end_time_iso, project_id, num_model_requests, user_id,
  api_key_id, model, batch, service_tier, input_tokens, output_tokens, input_cached_tokens, input_uncached_tokens,
  input_text_tokens, output_text_tokens, input_cached_text_tokens, input_audio_tokens, input_cached_audio_tokens,
  output_audio_tokens, input_image_tokens, input_cached_image_tokens, output_image_tokens
- OpenAI platform, cost: start_time, end_time, start_time_iso, end_time_iso, amount_value, amount_currency, line_item,
  project_id, organization_id, organization_name
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from bursar.errors import InvalidInput

MEANINGS: dict[str, tuple[str, ...]] = {
    "time": (
        "usage_date_utc",
        "start_time_iso",
        "start_time",
        "timestamp",
        "time",
        "datetime",
        "created_at",
        "created",
        "date",
        "day",
        "usage_date",
    ),
    "model": ("model_version", "model", "model_name", "model_id"),
    "item": ("line_item",),
    "provider": ("provider", "vendor"),
    "input": ("input_tokens", "prompt_tokens"),
    "fresh": ("usage_input_tokens_no_cache", "uncached_input_tokens", "input_uncached_tokens"),
    "cached within": ("input_cached_tokens", "cached_input_tokens", "cached_tokens"),
    "cached beside": ("usage_input_tokens_cache_read", "cache_read_input_tokens", "cache_read_tokens"),
    "written within": ("input_cache_write_tokens", "cache_write_input_tokens"),
    "written beside": (
        "usage_input_tokens_cache_write_5m",
        "usage_input_tokens_cache_write",
        "cache_creation_input_tokens",
        "cache_creation_tokens",
        "cache_write_tokens",
    ),
    "written for an hour": ("usage_input_tokens_cache_write_1h", "cache_creation_1h_input_tokens"),
    "audio": ("input_audio_tokens",),
    "cached audio": ("input_cached_audio_tokens",),
    "image": ("input_image_tokens",),
    "cached image": ("input_cached_image_tokens",),
    "output": ("usage_output_tokens", "output_tokens", "completion_tokens"),
    "reasoning": ("reasoning_tokens", "reasoning_output_tokens"),
    "output audio": ("output_audio_tokens",),
    "output image": ("output_image_tokens",),
    "searches": ("web_search_count", "web_search_requests"),
    "requests": ("num_model_requests", "requests", "num_requests"),
    "cost": ("cost_usd", "amount_value", "amount_usd", "cost", "cost_in_usd"),
    "list price": ("list_price_usd",),
    "currency": ("amount_currency", "currency"),
    "tier": ("service_tier", "usage_type"),
    "batch": ("batch",),
    "speed": ("speed",),
    "window": ("context_window",),
    "project": ("project", "project_name", "workspace", "project_id"),
    "key": ("api_key_id", "api_key", "key_id"),
    "session": ("session", "session_id"),
    "id": ("request_id", "id"),
}
TOKENS = (
    "input",
    "fresh",
    "cached within",
    "cached beside",
    "written within",
    "written beside",
    "written for an hour",
    "output",
)
"""Meanings of which a bill of tokens has one at least."""
_ANTHROPIC = frozenset({"usage_date_utc"})
_OPENAI = frozenset({"num_model_requests", "amount_value"})


def plain(name: str) -> str:
    """A column's name as it is compared."""
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")


def renamed(header: Sequence[str], given: Mapping[str, str]) -> list[str]:
    """A header whose columns are called by what somebody says that they mean. Raises InvalidInput."""
    known = {plain(name): name for names in MEANINGS.values() for name in names}
    wanted = {plain(meaning): known.get(plain(meaning)) for meaning in given.values()}
    for column, meaning in given.items():
        if plain(column) not in {plain(name) for name in header}:
            raise InvalidInput("map", repr(column[:80]), "a column of the file")
        if wanted[plain(meaning)] is None:
            first = ", ".join(names[0] for names in MEANINGS.values())
            raise InvalidInput("map", repr(meaning[:80]), f"one of {first}")
    by_name = {plain(column): wanted[plain(meaning)] for column, meaning in given.items()}
    return [by_name.get(plain(name)) or name for name in header]


def places(header: Sequence[str]) -> dict[str, tuple[int, ...]]:
    """Where each meaning stands in a header, the preferred column first; meanings that stand nowhere are left out."""
    at = {plain(name): nth for nth, name in reversed(list(enumerate(header)))}
    found = {meaning: tuple(at[name] for name in names if name in at) for meaning, names in MEANINGS.items()}
    return {meaning: columns for meaning, columns in found.items() if columns}


def exporter(header: Sequence[str]) -> str:
    """The provider whose console writes such a header; "" for any other."""
    names = {plain(name) for name in header}
    return "anthropic" if names & _ANTHROPIC else "openai" if names & _OPENAI else ""
