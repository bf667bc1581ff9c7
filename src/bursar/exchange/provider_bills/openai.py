"""OpenAI's usage and costs of an organisation, by day, project, user, key and model.

    GET /v1/organization/usage/completions?start_time=&end_time=&bucket_width=1d&group_by=model&...&limit=31&page=
    {"object": "page", "data": [{"object": "bucket", "start_time": ..., "end_time": ..., "results": [{
        "object": "organization.usage.completions.result", "input_tokens": ..., "input_cached_tokens": ...,
        "output_tokens": ..., "input_audio_tokens": ..., "output_audio_tokens": ..., "num_model_requests": ...,
        "project_id": ..., "user_id": ..., "api_key_id": ..., "model": ..., "batch": ..., "service_tier": ...}]}],
     "has_more": true, "next_page": "..."}

`input_tokens` counts cached and cache-written tokens within (API reference, Usage, 2026); embeddings have input alone.
Costs: `/v1/organization/costs`, `results` of `{"amount": {"value": 0.06, "currency": "usd"}, "line_item": ...}`. The
credential is an admin key; keys of projects are refused with 401 or 403.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bursar.errors import InvalidInput
from bursar.exchange.provider_bills import buckets, fields
from bursar.exchange.provider_bills.values import Ask, Cost, Line, Page
from bursar.prices import Usage

BUCKETS = 31
"""Days of one page: the most that usage by day allows."""
_USAGE = ("completions", "embeddings")
_GROUPS = ("project_id", "user_id", "api_key_id", "model")
_COMPLETIONS_GROUPS = (*_GROUPS, "batch", "service_tier")


def headers(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


def asks(since: int, until: int) -> tuple[Ask, ...]:
    """What to ask for the days of [since, until), seconds since 1970."""
    times = (("start_time", str(since)), ("end_time", str(until)), ("bucket_width", "1d"), ("limit", str(BUCKETS)))
    usage = tuple(
        Ask(
            f"/v1/organization/usage/{one}",
            times + tuple(("group_by", group) for group in (_COMPLETIONS_GROUPS if one == "completions" else _GROUPS)),
            what=f"usage of {one}",
        )
        for one in _USAGE
    )
    return (*usage, Ask("/v1/organization/costs", (*times, ("group_by", "line_item")), what="costs"))


def read(ask: Ask, document: Any, number: int) -> Page:
    """One page. Raises InvalidInput with its place for whatever is cut or of another shape."""

    def line_of(day: str, result: Mapping[str, Any], where: str) -> Line:
        return _line(day, result, where, ask.what)

    return buckets.read(
        ask, document, number, start="start_time", day_of=fields.day_of_seconds, line_of=line_of, cost_of=_cost
    )


def _line(day: str, result: Mapping[str, Any], where: str, what: str) -> Line:
    def counted(field: str) -> int:
        return fields.count(result.get(field), f"{where}.{field}")

    if result.get("input_tokens") is None:
        raise InvalidInput(f"{where}.input_tokens", "nothing", "a count")
    cached, written = counted("input_cached_tokens"), counted("input_cache_write_tokens")
    audio, output_audio = counted("input_audio_tokens"), counted("output_audio_tokens")
    text_input = counted("input_tokens") - cached - written
    if text_input < 0:
        raise InvalidInput(f"{where}.input_tokens", "less than its cached part", "all input, cached within")
    return Line(
        day=day,
        model=fields.name(result.get("model"), f"{where}.model"),
        usage=Usage(
            # Audio is counted within the input where its own field is there, as `input_audio_tokens` says.
            input=max(0, text_input - audio),
            cache_read=cached,
            cache_write_5m=written,
            input_audio=min(audio, text_input),
            output=max(0, counted("output_tokens") - output_audio),
            output_audio=output_audio,
        ),
        key=fields.name(result.get("api_key_id"), f"{where}.api_key_id"),
        user=fields.name(result.get("user_id"), f"{where}.user_id"),
        tier="batch" if result.get("batch") is True else _tier(result, where),
        project=fields.name(result.get("project_id"), f"{where}.project_id"),
        detail=what.removeprefix("usage of "),
        requests=counted("num_model_requests"),
    )


def _tier(result: Mapping[str, Any], where: str) -> str:
    found = fields.name(result.get("service_tier"), f"{where}.service_tier").lower()
    return "" if found in ("default", "standard", "auto") else found


def _cost(day: str, result: Mapping[str, Any], where: str) -> Cost:
    amount = fields.table(result.get("amount"), f"{where}.amount")
    currency = fields.name(amount.get("currency"), f"{where}.amount.currency").lower()
    if currency != "usd":
        raise InvalidInput(f"{where}.amount.currency", "another currency", "usd")
    item = fields.name(result.get("line_item"), f"{where}.line_item")
    return Cost(
        day=day,
        item=item,
        amount_nanos=fields.nanos(amount.get("value"), f"{where}.amount.value", 9),
        model=item.split(",")[0].strip(),
        project=fields.name(result.get("project_id"), f"{where}.project_id"),
    )
