"""`kill -9` under load, again and again: no acknowledged settlement is lost, and the ledger verifies each time.

20 rounds in the default profile, 200 in the nightly one. A reply that a client saw completely is an acknowledgement.
"""

from __future__ import annotations

import asyncio
import random
import time
from pathlib import Path

import aiohttp
from tests.support.house import PROVIDER_KEYS
from tests.support.processes import serve_process
from tests.support.profile import size

from bursar.demo.provider import Defaults, Provider
from bursar.office.desk import initialise, open_desk
from bursar.office.oversight import verification
from bursar.office.settings import Settings

ROUNDS = size(20, 200)


async def test_nothing_acknowledged_is_lost_when_the_gateway_is_killed_under_load(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home", port=0)
    initialise(settings)
    desk = open_desk(settings, actor="test")
    desk.add_person("ada")
    desk.give("ada", "$1,000")
    key = desk.issue_key("ada")["token"]
    chance = random.Random(20261120)
    acknowledged: set[str] = set()
    slowest = 0.0
    async with Provider(keys=PROVIDER_KEYS, defaults=Defaults(pace_ms=1.0)) as provider:
        for name, secret in PROVIDER_KEYS.items():
            desk.add_provider(name, base_url=provider.base_url, secret=secret)
        for number in range(ROUNDS):
            began = time.monotonic()
            server = await asyncio.to_thread(serve_process, tmp_path / "home")
            took = time.monotonic() - began
            slowest = max(slowest, took)
            assert desk.store.read(lambda session: session.open_holds()) == [], "a dead node's hold is left"
            load = [asyncio.create_task(_load(server.url, key, acknowledged, number * 100 + n)) for n in range(12)]
            await asyncio.sleep(chance.uniform(0.05, 0.5))
            server.kill()
            await asyncio.gather(*load)
            _check(desk, acknowledged)
        server = await asyncio.to_thread(serve_process, tmp_path / "home")
        assert await asyncio.to_thread(server.stop) == 0
    _check(desk, acknowledged)
    assert desk.store.read(lambda session: session.open_holds()) == []
    rows = desk.store.read(lambda session: session.rows("SELECT status, COUNT(*) FROM charge GROUP BY status"))
    assert len(acknowledged) > ROUNDS, "the load never got going"
    statuses = dict(rows)
    assert statuses.get("unresolved", 0) > 0, "no request was ever caught in flight"
    print(f"{ROUNDS} kills: {len(acknowledged)} acknowledged, {statuses}, slowest start {slowest:.2f} s")
    desk.close()


async def _load(url: str, key: str, acknowledged: set[str], seed: int) -> None:
    """Ask until the connection breaks; remember every reply that came completely."""
    chance = random.Random(seed)
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {key}"}) as client:
        while True:
            stream = chance.random() < 0.5
            text = f"[[standin output={chance.randint(20, 200)}]]"
            body = {"model": "gpt-4o-mini", "stream": stream, "messages": [{"role": "user", "content": text}]}
            try:
                async with client.post(url + "/v1/chat/completions", json=body) as reply:
                    received = await reply.read()
                    if reply.status == 200 and (not stream or b"[DONE]" in received):
                        acknowledged.add(reply.headers["x-bursar-request-id"])
            except (aiohttp.ClientError, OSError):
                return


def _check(desk, acknowledged: set[str]) -> None:
    assert verification.verified(desk).findings == []
    settled = {
        row[0]
        for row in desk.store.read(lambda session: session.rows("SELECT request_id FROM charge WHERE status = 'exact'"))
    }
    assert acknowledged <= settled, f"{len(acknowledged - settled)} acknowledged settlements are lost"
