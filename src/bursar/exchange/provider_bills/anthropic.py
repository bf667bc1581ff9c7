"""Anthropic's usage report and cost report of an organisation, by day, workspace, key and model.

    GET /v1/organizations/usage_report/messages?starting_at=&ending_at=&bucket_width=1d&group_by[]=model&...&page=
    {"data": [{"starting_at": "2026-11-01T00:00:00Z", "ending_at": ..., "results": [{
        "uncached_input_tokens": ..., "cache_creation": {"ephemeral_5m_input_tokens": ..., "ephemeral_1h_input_tokens": ...},
        "cache_read_input_tokens": ..., "output_tokens": ..., "server_tool_use": {"web_search_requests": ...},
        "api_key_id": ..., "workspace_id": ..., "model": ..., "service_tier": ..., "context_window": "0-200k"}]}],
     "has_more": true, "next_page": "page_..."}

Cost: `/v1/organizations/cost_report`, where `amount` is a decimal text of *cents* and Priority Tier is left out (Admin
API reference, Usage and Cost, 2026). The credential is an admin key in `x-api-key`. Requests are not counted there.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from bursar.errors import InvalidInput
from bursar.exchange.provider_bills import buckets, fields
from bursar.exchange.provider_bills.values import Ask, Cost, Line, Page
from bursar.prices import Usage

BUCKETS = 31
"""Days of one page: the most that there may be."""
VERSION = "2023-06-01"
_CENTS = 7
"""A cent is 10^7 nano-USD."""
_GROUPS = ("api_key_id", "workspace_id", "model", "service_tier", "context_window")


def headers(secret: str) -> dict[str, str]:
    return {"x-api-key": secret, "anthropic-version": VERSION}


def asks(since: int, until: int) -> tuple[Ask, ...]:
    """What to ask for the days of [since, until), seconds since 1970."""
    times = (
        ("starting_at", _instant(since)),
        ("ending_at", _instant(until)),
        ("bucket_width", "1d"),
        ("limit", str(BUCKETS)),
    )
    return (
        Ask(
            "/v1/organizations/usage_report/messages",
            times + tuple(("group_by[]", one) for one in _GROUPS),
            what="usage of messages",
        ),
        Ask("/v1/organizations/cost_report", (*times, ("group_by[]", "description")), what="costs"),
    )


def read(ask: Ask, document: Any, number: int) -> Page:
    """One page. Raises InvalidInput with its place for whatever is cut or of another shape."""
    return buckets.read(
        ask, document, number, start="starting_at", day_of=fields.day_of_text, line_of=_line, cost_of=_cost
    )


def _line(day: str, result: Mapping[str, Any], where: str) -> Line:
    def counted(holder: Mapping[str, Any], field: str) -> int:
        return fields.count(holder.get(field), f"{where}.{field}")

    for field in ("uncached_input_tokens", "output_tokens"):
        if result.get(field) is None:
            raise InvalidInput(f"{where}.{field}", "nothing", "a count")
    written = fields.table(result.get("cache_creation") or {}, f"{where}.cache_creation")
    tools = fields.table(result.get("server_tool_use") or {}, f"{where}.server_tool_use")
    tier = fields.name(result.get("service_tier"), f"{where}.service_tier")
    return Line(
        day=day,
        model=fields.name(result.get("model"), f"{where}.model"),
        usage=Usage(
            input=counted(result, "uncached_input_tokens"),
            cache_read=counted(result, "cache_read_input_tokens"),
            cache_write_5m=counted(written, "ephemeral_5m_input_tokens"),
            cache_write_1h=counted(written, "ephemeral_1h_input_tokens"),
            output=counted(result, "output_tokens"),
            web_searches=counted(tools, "web_search_requests"),
        ),
        key=fields.name(result.get("api_key_id"), f"{where}.api_key_id"),
        tier="" if tier == "standard" else tier,
        project=fields.name(result.get("workspace_id"), f"{where}.workspace_id"),
        detail=fields.name(result.get("context_window"), f"{where}.context_window"),
    )


def _cost(day: str, result: Mapping[str, Any], where: str) -> Cost:
    currency = fields.name(result.get("currency"), f"{where}.currency").lower()
    if currency != "usd":
        raise InvalidInput(f"{where}.currency", "another currency", "USD")
    amount = result.get("amount")
    if not isinstance(amount, str):
        raise InvalidInput(f"{where}.amount", fields.kind(amount), "cents as a decimal text")
    return Cost(
        day=day,
        item=fields.name(result.get("description"), f"{where}.description"),
        amount_nanos=fields.nanos(amount, f"{where}.amount", _CENTS),
        model=fields.name(result.get("model"), f"{where}.model"),
        project=fields.name(result.get("workspace_id"), f"{where}.workspace_id"),
    )


def _instant(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")
