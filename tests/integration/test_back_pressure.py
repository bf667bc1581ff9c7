"""A flood: more requests than the ledger can write down are turned away at once, and what runs is settled."""

from __future__ import annotations

import asyncio
import sqlite3
from collections import Counter
from pathlib import Path

import pytest
from tests.support.house import House, running_house

from bursar.ledger import Saturated, Settle, StoreUnavailable, TakeHold, Writer, open_store
from bursar.ledger.schema import statements
from bursar.ledger.values import Request
from bursar.ledger.writer import ENDING_ROOM

ROOM = 8
FLOOD = 120


async def test_a_flood_is_turned_away_with_429_and_nothing_that_runs_is_lost(tmp_path: Path) -> None:
    """Somebody else has the database's write lock for a while; then everything goes on."""
    async with running_house(tmp_path, queue_limit=ROOM) as house:
        running = asyncio.create_task(house.chat("[[standin output=30]]"))
        await asyncio.sleep(0.1)
        other = sqlite3.connect(tmp_path / "home" / "bursar.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        flood = [asyncio.create_task(_ask(house, number)) for number in range(FLOOD)]
        await asyncio.sleep(1.0)
        turned = [task.result() for task in flood if task.done()]
        assert len(turned) >= FLOOD - 2 * ROOM - 4, "whoever finds no room has to know at once"
        waiting = house.gateway._gate.writer.waiting
        assert waiting <= ROOM
        other.execute("ROLLBACK")
        other.close()
        answered = await asyncio.gather(*flood)
        assert (await running)[0] == 200
        counts = Counter(status for status, *_ in answered)
        print(f"{dict(counts)}, {waiting} waited")
        assert set(counts) == {200, 429}
        assert 0 < counts[200] <= 2 * ROOM + 4
        for status, body, headers, dialect in answered:
            if status == 429:
                assert headers["retry-after"] == "1"
                assert "x-should-retry" not in headers
                assert headers["x-bursar-reason"] == "saturated"
                _in_its_words(body, dialect)
        await house.settled()
        assert house.spent() == house.billed()
        house.assert_clean()


async def test_what_ends_a_hold_finds_room_where_a_new_hold_does_not(tmp_path: Path) -> None:
    store = open_store(str(tmp_path / "ledger.db"))
    store.transact(lambda session: [session.run(one) for one in statements("sqlite")])
    writer = Writer(store, lambda: 1, queue_limit=4)
    waiting = [writer.submit(_hold(number)) for number in range(4)]
    with pytest.raises(Saturated):
        writer.submit(_hold(5))
    waiting += [writer.submit(Settle(f"s{number}", "ada", f"h{number}", 1)) for number in range(ENDING_ROOM)]
    with pytest.raises(Saturated):  # this has an end too: memory is bounded whatever comes
        writer.submit(Settle("s", "ada", "h", 1))
    await asyncio.gather(*waiting)
    await writer.close()
    with pytest.raises(StoreUnavailable, match="closing") as closing:
        writer.submit(_hold(6))
    assert not isinstance(closing.value, Saturated), "a node that ends is no busy node"
    store.close()


def _hold(number: int) -> TakeHold:
    return TakeHold(f"h{number}", "ada", "USD", 1, 1, 1_000_000, Request("openai", "m", "work"))


async def _ask(house: House, number: int) -> tuple[int, object, dict[str, str], str]:
    """In each dialect in turn."""
    dialect = ("openai", "anthropic", "gemini")[number % 3]
    path, body = {
        "openai": ("/v1/chat/completions", {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "hi"}]}),
        "anthropic": (
            "/v1/messages",
            {"model": "claude-sonnet-4-5", "max_tokens": 50, "messages": [{"role": "user", "content": "hi"}]},
        ),
        "gemini": (
            "/v1beta/models/gemini-2.5-flash:generateContent",
            {"contents": [{"role": "user", "parts": [{"text": "hi"}]}]},
        ),
    }[dialect]
    async with house.client.post(house.url + path, json=body, headers=house.headers()) as reply:
        found = await reply.json(content_type=None)
        return reply.status, found, {name.lower(): value for name, value in reply.headers.items()}, dialect


def _in_its_words(body: object, dialect: str) -> None:
    assert isinstance(body, dict)
    error = body["error"]
    if dialect == "openai":
        assert error["code"] == "rate_limit_exceeded"
    elif dialect == "anthropic":
        assert error["type"] == "rate_limit_error"
    else:
        assert (error["code"], error["status"]) == (429, "RESOURCE_EXHAUSTED")
        assert error["details"][0]["retryDelay"] == "1s"
