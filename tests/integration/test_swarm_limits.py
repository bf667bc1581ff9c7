"""A swarm on one allotment: never beyond it, hardly short of it, and many side by side."""

from __future__ import annotations

import asyncio
import json
import random
from pathlib import Path

import aiohttp
import pytest
from tests.support.house import House, running_house

from bursar.demo.provider import Defaults

DOLLAR = 10**9


async def _agent(house: House, number: int, faults: bool) -> None:
    """Stream until refused for good; with faults, hang up now and then or meet a provider that cuts."""
    chance = random.Random(number)
    url = house.url + "/v1/chat/completions"
    while True:
        cut = " cut_after=5" if faults and chance.random() < 0.2 else ""
        text = f"[[standin output={chance.randint(500, 3000)} chunk=200{cut}]]"
        body = {"model": "gpt-4o-mini", "stream": True, "messages": [{"role": "user", "content": text}]}
        async with house.client.post(url, json=body, headers=house.headers()) as reply:
            if reply.status == 429:
                await reply.read()
                if reply.headers.get("x-should-retry") == "false":
                    return
                await asyncio.sleep(0.2)
                continue
            assert reply.status == 200
            chunks = 0
            try:
                async for _ in reply.content.iter_any():
                    chunks += 1
                    if faults and chunks > 2 and chance.random() < 0.1:
                        reply.close()
                        break
            except aiohttp.ClientPayloadError:
                pass


@pytest.mark.parametrize("faults", [False, True], ids=["calm", "hang-ups and cuts"])
async def test_two_hundred_streaming_agents_on_one_dollar(tmp_path: Path, faults: bool) -> None:
    """Settled <= $1.00 exactly, at least $0.95 of it usable, no hold left."""
    async with running_house(tmp_path, grant="$1") as house:
        await asyncio.gather(*(_agent(house, number, faults) for number in range(200)))
        await house.settled()
        spent = DOLLAR - house.balance()["available_nanos"]
        print(f"{spent / DOLLAR:.6f} of 1 dollar settled by {len(house.charges())} requests")
        assert spent <= DOLLAR
        assert spent >= 95 * DOLLAR // 100
        assert sum(one["overage"] for one in house.charges()) == 0
        if not faults:
            assert house.spent() == house.billed()
        house.assert_clean()


CODEX = {"model": "gpt-5-codex", "stream": True, "instructions": "You are a coding agent. " * 1_660, "input": "go"}
CLAUDE = {
    "model": "claude-sonnet-4-5",
    "max_tokens": 128_000,
    "stream": True,
    "system": [{"type": "text", "text": "You are a coding agent. " * 2_100, "cache_control": {"type": "ephemeral"}}],
    "messages": [{"role": "user", "content": "go"}],
}


@pytest.mark.parametrize("shape", ["codex", "claude code"])
async def test_forty_parallel_agents_share_five_dollars(tmp_path: Path, shape: str) -> None:
    """At least 20 run side by side, and what the provider could bill never exceeds the allotment."""
    path, body = ("/v1/responses", CODEX) if shape == "codex" else ("/v1/messages", CLAUDE)
    assert 39_000 < len(json.dumps(body)) < 76_000
    # The stand-in really generates up to the limit that it was given, hidden reasoning included.
    defaults = Defaults(fill=True, chunk=2_000, first_byte_ms=1_500)
    async with running_house(tmp_path, grant="$5", defaults=defaults) as house:

        async def ask() -> tuple[int, str]:
            async with house.client.post(house.url + path, json=body, headers=house.headers()) as reply:
                await reply.read()
                return reply.status, reply.headers.get("x-should-retry", "")

        outcomes = await asyncio.gather(*(ask() for _ in range(40)))
        await house.settled()
        answered = sum(1 for status, _ in outcomes if status == 200)
        print(
            f"{shape}: {house.provider.bill.most_at_once} in flight together, {house.spent() / DOLLAR:.4f} dollars billed"
        )
        assert house.provider.bill.most_at_once >= 20, house.provider.bill.most_at_once
        assert answered >= 20
        assert all(status == 200 or retry == "" for status, retry in outcomes), "contention is not exhaustion"
        assert house.billed() == house.spent() <= 5 * DOLLAR
        assert sum(one["overage"] for one in house.charges()) == 0
        house.assert_clean()


async def test_a_person_with_enough_gets_the_request_through_untouched(tmp_path: Path) -> None:
    async with (
        running_house(tmp_path, grant="$500") as house,
        house.client.post(house.url + "/v1/messages", json=CLAUDE, headers=house.headers()) as reply,
    ):
        await reply.read()
        assert "x-bursar-output-limit" not in reply.headers
