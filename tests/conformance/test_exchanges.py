"""Every recorded provider exchange, replayed over real sockets through the gateway.

The recorded request goes in, a replaying provider gives the recorded reply, and then: the client received the recorded
bytes (the chunk that exists only because usage was asked for aside), the usage row says what the reply says, its list
value is the price library's for that date, and there is exactly one charge for each reply that was billed.
"""

from __future__ import annotations

import gzip
import json
from collections import Counter
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from genai_prices import types
from genai_prices.data import providers as library_providers
from tests.support.oracle import as_library_usage
from tests.support.profile import SHARED, WHY_NO_SHARED

from bursar.office.catalogue import pricing
from bursar.office.database import transaction
from bursar.office.desk import initialise, open_desk
from bursar.office.metering.serving import serving
from bursar.office.settings import Settings
from bursar.prices.usage import FIELDS, Usage

EXCHANGES = SHARED / "data" / "exchanges.jsonl.gz"
HOSTS = {
    "api.openai.com": "openai",
    "api.anthropic.com": "anthropic",
    "api.groq.com": "groq",
    "api.mistral.ai": "mistral",
    "api.deepseek.com": "deepseek",
    "openrouter.ai": "openrouter",
    "api.cerebras.ai": "cerebras",
    "generativelanguage.googleapis.com": "google",
    "aiplatform.googleapis.com": "google",
    "europe-west4-aiplatform.googleapis.com": "google",
    "api.inference.crusoecloud.com": "crusoe",
}
FLAVORS = {
    "openai.chat": "chat",
    "compatible.chat": "chat",
    "openai.responses": "responses",
    "openai.embeddings": "embeddings",
}


@pytest.mark.skipif(not EXCHANGES.exists(), reason=WHY_NO_SHARED)
async def test_every_recorded_exchange_passes_unchanged_and_is_charged_once_at_its_price(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with gzip.open(EXCHANGES, "rt") as lines:
        recorded = {one["id"]: one for one in map(json.loads, lines)}
    report: Counter[str] = Counter()
    unbilled: list[str] = []
    async with _Replay(recorded) as replay_url:
        settings = Settings(home=tmp_path / "home", port=0)
        initialise(settings)
        desk = open_desk(settings, actor="test")
        desk.add_person("ada")
        desk.give("ada", "$1,000,000")
        key = desk.issue_key("ada")["token"]
        for name in set(HOSTS.values()):
            desk.add_provider(name, base_url=replay_url, secret=f"secret-of-{name}")
        with transaction(
            desk.engine
        ) as connection:  # what the library has no price for is priced at a declared ceiling
            ceiling = {"kind": "ceiling", "provider": "*", "model": "*", "list": {"input": "50", "output": "200"}}
            pricing.add_overlay(connection, ceiling, desk.now())
        async with serving(desk) as gateway, aiohttp.ClientSession() as client:
            for one in recorded.values():
                before = _charges(desk)
                url = f"{gateway.base_url}/p/{HOSTS[one['host']]}{one['path']}"
                if one["query"]:
                    url += f"?{one['query']}"
                headers = {"Authorization": f"Bearer {key}", "x-exchange": one["id"]}
                async with client.post(url, json=one["request"], headers=headers) as reply:
                    body = await reply.read()
                    assert reply.status == one["status"], one["id"]
                assert body == _expected_body(one), one["id"]
                new = _charges(desk)[len(before) :]
                if one["status"] >= 400:
                    assert new == [], one["id"]
                    report[f"{one['kind']} {one['status']}: not charged"] += 1
                    continue
                charge, *beside = new
                if beside:  # another model took part (an advisor), and the provider bills it by its own name
                    assert len(beside) == 1, one["id"]
                    assert '"advisor_message"' in one["body"], one["id"]
                    report[f"  of these, with a second line for the model that advised: {one['kind']}"] += 1
                if charge["status"] != "exact":
                    unbilled.append(f"{one['id']} ({one['kind']}, {charge['status']})")
                    report[f"{one['kind']}: reply without usage"] += 1
                    continue
                report[f"{one['kind']}: {_check_price(one, charge)}"] += 1
        desk.close()
    with capsys.disabled():
        print("\nrecorded exchanges:")
        for line, count in sorted(report.items()):
            print(f"  {count:4}  {line}")
        print(f"  replies without usage: {', '.join(unbilled) or 'none'}")
    assert sum(count for line, count in report.items() if not line.startswith("  ")) == len(recorded)


class _Replay:
    """A provider that gives back the recorded reply that the request names, in uneven pieces."""

    def __init__(self, recorded: dict[str, Any]) -> None:
        self._recorded = recorded

    async def __aenter__(self) -> str:
        async def answer(request: web.BaseRequest) -> web.StreamResponse:
            await request.read()
            one = self._recorded[request.headers["x-exchange"]]
            assert "bur_live_" not in str(request.headers), "the client's key must not reach the provider"
            response = web.StreamResponse(status=one["status"], headers={"content-type": one["content_type"]})
            await response.prepare(request)
            body = one["body"].encode()
            step = 997 if "event-stream" in one["content_type"] else len(body) or 1
            for start in range(0, len(body), step):
                await response.write(body[start : start + step])
            await response.write_eof()
            return response

        self._runner = web.ServerRunner(web.Server(answer), shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        host, port = self._runner.addresses[0][:2]
        return f"http://{host}:{port}"

    async def __aexit__(self, *exc: object) -> None:
        await self._runner.cleanup()


def _charges(desk: Any) -> list[dict[str, Any]]:
    names = ("status", "model", "tokens", "list_nanos", "amount", "at", "service_tier")
    rows = desk.store.read(lambda session: session.rows(f"SELECT {', '.join(names)} FROM charge ORDER BY seq"))
    return [dict(zip(names, row, strict=True)) for row in rows]


def _expected_body(one: dict[str, Any]) -> bytes:
    """The recorded body, without the usage-only chunk where the client did not ask for it."""
    body: str = one["body"]
    request = one["request"]
    asked = (request.get("stream_options") or {}).get("include_usage")
    if "chat" not in one["kind"] or "event-stream" not in one["content_type"] or asked:
        return body.encode()
    kept = []
    for event in body.split("\n\n"):
        data = event.removeprefix("data: ")
        if data.startswith("{"):
            document = json.loads(data)
            if document.get("choices") == [] and document.get("usage"):
                continue
        kept.append(event)
    return "\n\n".join(kept).encode()


def _check_price(one: dict[str, Any], charge: dict[str, Any]) -> str:
    usage = Usage(**json.loads(charge["tokens"]))
    provider = next((p for p in library_providers if p.id == HOSTS[one["host"]]), None)
    if provider is None:
        return "priced at the ceiling (a provider that the library does not know)"
    reported = _reported(one, provider)
    mine = as_library_usage(usage)
    if reported is not None:
        for field in ("input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens"):
            assert mine.reported_value(field) == reported.reported_value(field), (one["id"], field)
    model = provider.find_model(charge["model"], all_providers=library_providers)
    if model is None:
        return "priced at the ceiling (a model that the library does not know)"
    when = datetime.fromtimestamp(charge["at"] / 1e6, UTC)
    tier = charge["service_tier"]
    context = None if tier in ("", "auto", "standard", "on_demand") else {"service_tier": tier}
    price = model.calc_price(mine, provider, genai_request_timestamp=when, price_context=context).total_price
    assert charge["list_nanos"] == int((price * 10**9).quantize(Decimal(1), ROUND_HALF_UP)), one["id"]
    assert charge["amount"] == charge["list_nanos"]
    return "usage and price are the library's"


def _reported(one: dict[str, Any], provider: Any) -> types.Usage | None:
    """What the library extracts from a reply in one piece; streams are compared by their last usage event elsewhere."""
    if "event-stream" in one["content_type"]:
        return None
    flavors = {extractor.api_flavor for extractor in provider.extractors or ()}
    wanted = FLAVORS.get(one["kind"], "default")
    document = json.loads(one["body"])
    if not (document.get("usage") or (document.get("usageMetadata") or {}).get("totalTokenCount")):
        return None
    _, usage = provider.extract_usage(document, api_flavor=wanted if wanted in flavors else "default")
    return usage


def test_the_oracle_covers_every_field_of_the_usage_record() -> None:
    usage = Usage(**{name: index + 1 for index, name in enumerate(FIELDS)})
    library = as_library_usage(usage)
    assert library.reported_value("input_tokens") == usage.total_input
    assert library.reported_value("output_tokens") == usage.total_output
