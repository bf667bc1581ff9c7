"""The provider's administration: usage, costs and seats in the shapes that the real ones document.

What it tells is the bill, by day of UTC, key and model; costs are at list price. `Faults` lets it fail as the real ones
do: a page that comes twice, one that is cut, a day that is late, a cursor that leads back, an answer that asks to wait.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from typing import Any

from aiohttp import web

from bursar.demo.provider.bill import Served
from bursar.prices import PriceBook, Usage, list_prices
from bursar.prices.usage import Usage as Counted

PAGE_BUCKETS = 7
"""Days of a page, however many are asked for: the providers' own default."""
_USAGE = "/v1/organization/usage/"
_COSTS = "/v1/organization/costs"
_REPORT = "/v1/organizations/usage_report/messages"
_COST_REPORT = "/v1/organizations/cost_report"
_MEMBERS = "/teams/members"
_EVENTS = "/teams/filtered-usage-events"
_SEATS = "/copilot/billing/seats"
_EMBEDDING = "embedding"
NANOS_PER_CENT = 10**7
NANO = 10**9


@dataclass(slots=True)
class Faults:
    """What goes wrong, until it is put right."""

    repeated_page: bool = False
    """The first page of a report comes twice, under a cursor of its own."""
    cut_page: int = 0
    """The number of the page that ends in the middle; 0: none."""
    leading_back: bool = False
    """The cursor of the second page is that of the first."""
    late_days: frozenset[str] = frozenset()
    """Days that nothing is told of yet."""
    busy: list[tuple[int, str]] = field(default_factory=list)
    """Statuses with `Retry-After` to answer first, one for each request."""


@dataclass(frozen=True, slots=True)
class SeatHolder:
    """Somebody with a seat of Copilot, or a member of a Cursor team."""

    login: str
    email: str
    since: str
    last_used: str = ""


class Administration:
    """Answers the requests of an administration. `lines` are read anew for each."""

    def __init__(self, lines: Callable[[], Iterable[Served]]) -> None:
        self._lines = lines
        self._book = PriceBook(list_prices())
        self.faults = Faults()
        self.admin_key = ""
        """What a request has to bring; empty: anything."""
        self.seats: list[SeatHolder] = []
        self._days: tuple[int, dict[tuple[str, str], list[Served]]] = (-1, {})
        self.asked: list[str] = []
        """Paths and queries of every request, for tests to look at."""

    @staticmethod
    def serves(path: str) -> bool:
        return path.startswith(("/v1/organization/", "/v1/organizations/", "/teams/", "/orgs/"))

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        """The answer to one request, or the fault that is due."""
        self.asked.append(request.path_qs)
        if self.admin_key and _given(request) != self.admin_key:
            return web.json_response({"error": {"message": "an admin key is needed"}}, status=401)
        if self.faults.busy:
            status, wait = self.faults.busy.pop(0)
            return web.json_response({}, status=status, headers={"retry-after": wait} if wait else {})
        body = json.loads(await request.content.read()) if request.method == "POST" else {}
        found = self._document(request, body)
        if found is None:
            return web.json_response({"error": {"message": "no such report"}}, status=404)
        text = json.dumps(found)
        if self.faults.cut_page and _page_number(request, body) == self.faults.cut_page:
            text = text[: len(text) // 2]
        return web.Response(text=text, content_type="application/json")

    def _document(self, request: web.BaseRequest, body: dict[str, Any]) -> dict[str, Any] | None:
        path = request.path
        if path.startswith(_USAGE):
            wanted = path.removeprefix(_USAGE) == "embeddings"
            return self._openai(request, lambda day: self._openai_results(day, embeddings=wanted))
        if path == _COSTS:
            return self._openai(request, self._openai_costs)
        if path == _REPORT:
            return self._anthropic(request, self._anthropic_results)
        if path == _COST_REPORT:
            return self._anthropic(request, self._anthropic_costs)
        if path.endswith(_SEATS):
            return self._copilot(request)
        if path == _MEMBERS:
            members = [{"name": one.login, "email": one.email, "role": "member"} for one in self.seats]
            return {"teamMembers": members}
        return self._cursor_events(body) if path == _EVENTS else None

    # Days in pages.

    def _openai(self, request: web.BaseRequest, results: Callable[[date], list[dict[str, Any]]]) -> dict[str, Any]:
        query = request.query
        first = datetime.fromtimestamp(int(query["start_time"]), UTC).date()
        last = datetime.fromtimestamp(int(query["end_time"]), UTC).date()
        days, following = self._page(query.get("page", ""), first, last)
        data = [
            {
                "object": "bucket",
                "start_time": _seconds(day),
                "end_time": _seconds(day + timedelta(days=1)),
                "results": results(day),
            }
            for day in days
        ]
        return {"object": "page", "data": data, "has_more": bool(following), "next_page": following or None}

    def _anthropic(self, request: web.BaseRequest, results: Callable[[date], list[dict[str, Any]]]) -> dict[str, Any]:
        query = request.query
        first = datetime.fromisoformat(query["starting_at"]).date()
        last = datetime.fromisoformat(query["ending_at"]).date()
        days, following = self._page(query.get("page", ""), first, last)
        data = [
            {
                "starting_at": f"{day}T00:00:00Z",
                "ending_at": f"{day + timedelta(days=1)}T00:00:00Z",
                "results": results(day),
            }
            for day in days
        ]
        return {"data": data, "has_more": bool(following), "next_page": following or None}

    def _page(self, cursor: str, first: date, last: date) -> tuple[list[date], str]:
        """Days of a page and the cursor of the next one; a cursor is its first day."""
        start = _opened(cursor) if cursor else first
        if not cursor and self.faults.leading_back:
            return [first], _cursor(first, "")
        end = min(last, start + timedelta(days=PAGE_BUCKETS))
        days = [start + timedelta(days=nth) for nth in range((end - start).days)]
        told = [day for day in days if day.isoformat() not in self.faults.late_days]
        if self.faults.leading_back:
            return told, _cursor(first, "")
        if self.faults.repeated_page and not cursor:
            return told, _cursor(start, "again")
        return told, _cursor(end, "") if end < last else ""

    # What stands in them.

    def _of(self, provider: str, day: date) -> list[Served]:
        every = list(self._lines())
        if self._days[0] != len(every):
            found: dict[tuple[str, str], list[Served]] = {}
            for one in every:
                name = datetime.fromtimestamp(one.at // 1_000_000, UTC).date().isoformat()
                found.setdefault((one.provider, name), []).append(one)
            self._days = (len(every), found)
        return self._days[1].get((provider, day.isoformat()), [])

    def _sums(self, provider: str, day: date) -> dict[tuple[str, str, str], tuple[Usage, int, int]]:
        """Usage, requests and list value by key, model and user."""
        found: dict[tuple[str, str, str], tuple[Usage, int, int]] = {}
        for one in self._of(provider, day):
            if not (one.usage.total_input or one.usage.total_output):
                continue
            key = (one.key, one.model, one.user)
            usage, requests, value = found.get(key, (Counted(), 0, 0))
            tariff = self._book.tariff(one.provider, one.model, one.at, one.service_tier)
            nanos = tariff.list_nanos(one.usage) if tariff else 0
            found[key] = (_plus(usage, one.usage), requests + 1, value + nanos)
        return found

    def _openai_results(self, day: date, *, embeddings: bool) -> list[dict[str, Any]]:
        results = []
        for (key, model, user), (usage, requests, _) in sorted(self._sums("openai", day).items()):
            if (_EMBEDDING in model) != embeddings:
                continue
            result = {
                "object": f"organization.usage.{'embeddings' if embeddings else 'completions'}.result",
                "input_tokens": usage.input + usage.cache_read,
                "num_model_requests": requests,
                "project_id": "proj_standin",
                "user_id": user or None,
                "api_key_id": key or None,
                "model": model,
            }
            if not embeddings:
                result |= {
                    "output_tokens": usage.output + usage.reasoning,
                    "input_cached_tokens": usage.cache_read,
                    "input_audio_tokens": 0,
                    "output_audio_tokens": 0,
                    "batch": False,
                    "service_tier": "default",
                }
            results.append(result)
        return results

    def _openai_costs(self, day: date) -> list[dict[str, Any]]:
        sums: dict[str, int] = {}
        for (_, model, _), (_, _, nanos) in self._sums("openai", day).items():
            sums[model] = sums.get(model, 0) + nanos
        return [
            {
                "object": "organization.costs.result",
                "amount": {"value": nanos / NANO, "currency": "usd"},
                "line_item": f"{model}, tokens",
                "project_id": None,
            }
            for model, nanos in sorted(sums.items())
        ]

    def _anthropic_results(self, day: date) -> list[dict[str, Any]]:
        return [
            {
                "uncached_input_tokens": usage.input,
                "cache_creation": {
                    "ephemeral_5m_input_tokens": usage.cache_write_5m,
                    "ephemeral_1h_input_tokens": usage.cache_write_1h,
                },
                "cache_read_input_tokens": usage.cache_read,
                "output_tokens": usage.output + usage.reasoning,
                "server_tool_use": {"web_search_requests": usage.web_searches},
                "api_key_id": key or None,
                "workspace_id": None,
                "model": model,
                "service_tier": "standard",
                "context_window": "0-200k",
            }
            for (key, model, _), (usage, _, _) in sorted(self._sums("anthropic", day).items())
        ]

    def _anthropic_costs(self, day: date) -> list[dict[str, Any]]:
        sums: dict[str, int] = {}
        for (_, model, _), (_, _, nanos) in self._sums("anthropic", day).items():
            sums[model] = sums.get(model, 0) + nanos
        return [
            {
                "amount": f"{nanos // NANOS_PER_CENT}.{nanos % NANOS_PER_CENT:07d}",
                "currency": "USD",
                "description": f"{model} Usage",
                "cost_type": "tokens",
                "model": model,
                "workspace_id": None,
                "service_tier": "standard",
                "token_type": None,
                "context_window": "0-200k",
            }
            for model, nanos in sorted(sums.items())
        ]

    def _copilot(self, request: web.BaseRequest) -> dict[str, Any]:
        size, page = int(request.query.get("per_page", 50)), int(request.query.get("page", 1))
        shown = self.seats[(page - 1) * size : page * size]
        if self.faults.repeated_page and page > 1:
            shown = [*self.seats[:1], *shown[1:]]
        return {
            "total_seats": len(self.seats),
            "seats": [
                {
                    "created_at": f"{one.since}T08:00:00Z",
                    "updated_at": f"{one.since}T08:00:00Z",
                    "pending_cancellation_date": None,
                    "last_activity_at": f"{one.last_used}T17:00:00Z" if one.last_used else None,
                    "last_activity_editor": "vscode/1.105.0",
                    "plan_type": "business",
                    "assignee": {"login": one.login, "id": nth, "type": "User", "email": one.email or None},
                }
                for nth, one in enumerate(shown, start=(page - 1) * size + 1)
            ],
        }

    def _cursor_events(self, body: dict[str, Any]) -> dict[str, Any]:
        start, end = int(body["startDate"]) * 1000, int(body["endDate"]) * 1000
        size, page = int(body["pageSize"]), int(body["page"])
        every = sorted(
            (one for one in self._lines() if one.provider == "cursor" and start <= one.at <= end),
            key=lambda one: (-one.at, one.id),
        )
        pages = max(1, -(-len(every) // size))
        return {
            "totalUsageEventsCount": len(every),
            "pagination": {
                "numPages": pages,
                "currentPage": page,
                "pageSize": size,
                "hasNextPage": page < pages,
                "hasPreviousPage": page > 1,
            },
            "usageEvents": [
                {
                    "timestamp": str(one.at // 1000),
                    "model": one.model,
                    "kind": "Usage-based",
                    "isTokenBasedCall": True,
                    "tokenUsage": {
                        "inputTokens": one.usage.input,
                        "outputTokens": one.usage.output,
                        "cacheWriteTokens": one.usage.cache_write_5m,
                        "cacheReadTokens": one.usage.cache_read,
                        "totalCents": 1.25,
                    },
                    "userEmail": one.user,
                }
                for one in every[(page - 1) * size : page * size]
            ],
        }


def key_id(secret: str) -> str:
    """What the administration calls a key; "" for none."""
    return f"apikey_{sha256(secret.encode()).hexdigest()[:16]}" if secret else ""


def _plus(one: Usage, other: Usage) -> Usage:
    return Usage(**{name: getattr(one, name) + getattr(other, name) for name in Usage.__struct_fields__})


def _given(request: web.BaseRequest) -> str:
    headers = request.headers
    text: str = headers.get("x-api-key") or headers.get("Authorization") or ""
    if text.startswith("Basic "):
        return base64.b64decode(text.removeprefix("Basic ")).decode().removesuffix(":")
    return text.removeprefix("Bearer ")


def _page_number(request: web.BaseRequest, body: dict[str, Any]) -> int:
    """Which page of a report this is."""
    if "page" in body:
        return int(body["page"])
    cursor = request.query.get("page", "")
    if cursor.isdigit():
        return int(cursor)
    if not cursor:
        return 1
    first = request.query.get("starting_at", "")[:10]
    start = date.fromisoformat(first) if first else datetime.fromtimestamp(int(request.query["start_time"]), UTC).date()
    return 1 + -(-(_opened(cursor) - start).days // PAGE_BUCKETS)


def _cursor(day: date, again: str) -> str:
    return "page_" + base64.urlsafe_b64encode(f"{day.isoformat()}/{again}".encode()).decode()


def _opened(cursor: str) -> date:
    return date.fromisoformat(base64.urlsafe_b64decode(cursor.removeprefix("page_")).decode().partition("/")[0])


def _seconds(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())
