"""Requests and tokens per minute: of a key, a person and a provider, on one node and on several, on both engines."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from sqlalchemy import Engine, func, insert, select
from tests.support.house import PROVIDER_KEYS, running_house

from bursar.demo.provider import Provider
from bursar.errors import InvalidInput
from bursar.office.database import reading, transaction
from bursar.office.desk import initialise, open_desk
from bursar.office.metering.serving import serving
from bursar.office.metering.sharing import KEEP_MINUTES, SHARE_SECONDS, _sweep, tell
from bursar.office.settings import Settings
from bursar.office.tables import rate_use

pytest_plugins = ("tests.postgres",)

CHAT = ("/v1/chat/completions", {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "hi"}]})
MESSAGES = (
    "/v1/messages",
    {"model": "claude-sonnet-4-5", "max_tokens": 50, "messages": [{"role": "user", "content": "hi"}]},
)
GENERATE = (
    "/v1beta/models/gemini-2.5-flash:generateContent",
    {"contents": [{"role": "user", "parts": [{"text": "hi"}]}]},
)


@pytest.fixture(autouse=True)
def _clear_of_the_minutes_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """A window of a day: no test begins in one and ends in the next."""
    monkeypatch.setattr("bursar.gateway.rates.MINUTE", 86_400_000_000)


async def test_a_keys_limit_is_strict_and_refused_in_each_dialect(tmp_path: Path) -> None:
    async with running_house(tmp_path) as house:
        key = house.desk.issue_key("ada", label="laptop", requests_per_minute=3)
        await _seen(house, key["token"])
        statuses = Counter(await asyncio.gather(*(_status(house, CHAT, key["token"]) for _ in range(20))))
        assert statuses == {200: 3, 429: 17}
        for shape, headers in (
            (CHAT, {"x-ratelimit-limit-requests": "3", "x-ratelimit-remaining-requests": "0"}),
            (MESSAGES, {"anthropic-ratelimit-requests-limit": "3", "anthropic-ratelimit-requests-remaining": "0"}),
            (GENERATE, {}),
        ):
            status, body, found = await _ask(house, shape, key["token"])
            assert status == 429
            assert 1 <= int(found["retry-after"]) <= 60
            assert "x-should-retry" not in found
            assert headers.items() <= found.items()
            machine = body["bursar"]
            assert (machine["reason"], machine["limit"], machine["used"]) == ("requests_per_minute", 3, 3)
            assert machine["pool"] == f"key:{key['id']}"
            assert "access key laptop may use 3 requests a minute; 3 are used" in body["error"]["message"]
        assert await _status(house, CHAT, house.key) == 200, "another key of hers is not limited"
        assert len(house.charges()) == 4, "what is refused is neither sent nor charged"
        house.assert_clean()


async def test_a_person_is_limited_over_all_keys_and_a_provider_over_all_people(tmp_path: Path) -> None:
    async with running_house(tmp_path, person_requests_per_minute=4) as house:
        second = house.desk.issue_key("ada")["token"]
        house.desk.add_person("bo")
        house.desk.give("bo", "$10")
        third = house.desk.issue_key("bo")["token"]
        house.desk.add_provider("openai", base_url=house.provider.base_url, requests_per_minute=6)
        await _seen(house, third)
        found = [await _ask(house, CHAT, key) for key in (house.key, second) * 3]
        assert [status for status, *_ in found] == [200] * 4 + [429] * 2
        assert found[-1][1]["bursar"]["pool"] == "person:ada"
        found = [await _ask(house, CHAT, third) for _ in range(3)]
        assert [status for status, *_ in found] == [200, 200, 429]
        assert found[-1][1]["bursar"]["pool"] == "provider:openai"
        assert "everybody together" in found[-1][1]["error"]["message"]


async def test_tokens_are_counted_as_the_provider_has_them(tmp_path: Path) -> None:
    async with running_house(tmp_path) as house:
        key = house.desk.issue_key("ada", tokens_per_minute=5_000)["token"]
        await _seen(house, key)
        shape = (
            CHAT[0],
            {**CHAT[1], "max_tokens": 1_000, "messages": [{"role": "user", "content": "[[standin output=900]]"}]},
        )
        statuses = [await _status(house, shape, key) for _ in range(8)]
        admitted = statuses.count(200)
        assert statuses == [200] * admitted + [429] * (8 - admitted)
        assert 4 <= admitted <= 5
        _, body, found = await _ask(house, shape, key)
        assert body["bursar"]["reason"] == "tokens_per_minute"
        assert found["x-ratelimit-limit-tokens"] == "5000"
        assert body["bursar"]["used"] == sum(_tokens(one["tokens"]) for one in house.charges())


async def test_two_nodes_hold_a_limit_together_within_the_stated_bound(tmp_path: Path, migrated_url: str) -> None:
    """A steady load passes once over, and at most what one telling lets through."""
    limit, each = 20, 0.05
    settings = Settings(home=tmp_path / "home", database_url=migrated_url, port=0, drain_seconds=2)
    initialise(settings)
    desk = open_desk(settings, actor="test")
    desk.add_person("ada")
    desk.give("ada", "$100")
    key = desk.issue_key("ada", requests_per_minute=limit)["token"]
    other = open_desk(settings.model_copy(update={"node": "two"}), actor="test")
    async with AsyncExitStack() as stack:
        provider = await stack.enter_async_context(Provider(keys=PROVIDER_KEYS))
        desk.add_provider("openai", base_url=provider.base_url, secret=PROVIDER_KEYS["openai"])
        nodes = [await stack.enter_async_context(serving(one)) for one in (desk, other)]
        client = await stack.enter_async_context(aiohttp.ClientSession(headers={"Authorization": f"Bearer {key}"}))
        admitted: Counter[int] = Counter()
        for number in range(3 * limit):
            async with client.post(nodes[number % 2].base_url + CHAT[0], json=CHAT[1]) as reply:
                await reply.read()
                admitted[reply.status] += 1
            await asyncio.sleep(each)
        print(f"{admitted[200]} of a limit of {limit} on two nodes")
        assert admitted[200] + admitted[429] == 3 * limit
        # Each node may have missed what the other admitted since its last telling; a busy machine tells later.
        assert limit <= admitted[200] <= limit + 2 * SHARE_SECONDS / each
    other.close()
    desk.close()


def test_each_node_writes_its_own_row_and_reads_the_others(engine: Engine) -> None:
    with transaction(engine) as connection:
        assert tell(connection, "one/a", 7, {"key:k": (2, 20), "key:l": (1, 5)}) == {}
    with transaction(engine) as connection:
        assert tell(connection, "two/b", 7, {"key:k": (3, 30)}) == {"key:k": (2, 20), "key:l": (1, 5)}
    with transaction(engine) as connection:
        assert tell(connection, "one/a", 7, {"key:k": (9, 90)}) == {"key:k": (3, 30)}
    with transaction(
        engine
    ) as connection:  # the next life of a node counts from nothing, beside what its last one told
        assert tell(connection, "one/c", 7, {"key:k": (1, 1)}) == {"key:k": (12, 120), "key:l": (1, 5)}
        assert tell(connection, "one/c", 8, {}) == {}
        connection.execute(
            insert(rate_use).values(minute=7 + KEEP_MINUTES, subject="s", node="n", requests=1, tokens=1)
        )
    _sweep(engine, 8 + KEEP_MINUTES)
    with reading(engine) as connection:
        assert connection.execute(select(func.count()).select_from(rate_use)).scalar_one() == 1


def test_a_limit_below_nothing_is_refused(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home")
    initialise(settings)
    desk = open_desk(settings, actor="test")
    desk.add_person("ada")
    with pytest.raises(InvalidInput, match="requests_per_minute"):
        desk.issue_key("ada", requests_per_minute=-1)
    with pytest.raises(InvalidInput, match="tokens_per_minute"):
        desk.add_provider("openai", tokens_per_minute=-1)
    desk.add_provider("openai", secret="sk-x", tokens_per_minute=7)
    desk.add_provider("openai", models=("gpt-*",))
    with reading(desk.engine) as connection:
        kept = connection.exec_driver_sql("SELECT tokens_per_minute FROM provider").scalar_one()
    assert kept == 7, "whoever changes an address lifts no limit by it"
    desk.close()


async def _seen(house: Any, key: str) -> None:
    """Until the gateway knows what was changed."""
    directory = house.gateway._gate.directory
    while directory.authenticate(key, house.desk.now()) is None:
        await asyncio.sleep(0.02)
    await asyncio.to_thread(directory.refresh)


async def _status(house: Any, shape: tuple[str, Any], key: str) -> int:
    return (await _ask(house, shape, key))[0]


async def _ask(house: Any, shape: tuple[str, Any], key: str) -> tuple[int, Any, dict[str, str]]:
    async with house.client.post(house.url + shape[0], json=shape[1], headers=house.headers(key)) as reply:
        body = await reply.json(content_type=None)
        return reply.status, body, {name.lower(): value for name, value in reply.headers.items()}


def _tokens(tokens: Any) -> int:
    import json

    return sum((json.loads(tokens) if isinstance(tokens, str) else tokens).values())
