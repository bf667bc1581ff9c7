"""A rolling restart under load: every process is replaced, no request fails, no stream is cut.

Real processes, real sockets, clients that keep their connections and retry nothing. Six seconds by default, some minutes
by night.
"""

from __future__ import annotations

import asyncio
import random
import signal
import time
from collections import Counter
from pathlib import Path

import aiohttp
import pytest
from tests.support.house import PROVIDER_KEYS
from tests.support.processes import Server, serve_process
from tests.support.profile import size

from bursar.demo.provider import Defaults, Provider
from bursar.office.database import reading
from bursar.office.desk import Desk, initialise, open_desk
from bursar.office.metering import nodes
from bursar.office.oversight import verification
from bursar.office.settings import Settings

PROCESSES = size(2, 4)
CLIENTS = size(6, 60)
ROLLS = size(1, 8)


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"] if size(0, 1) else ["sqlite"])
async def test_no_request_fails_while_every_process_is_replaced(
    tmp_path: Path, engine: str, request: pytest.FixtureRequest
) -> None:
    url = "" if engine == "sqlite" else request.getfixturevalue("postgres_url")
    settings = Settings(home=tmp_path / "home", database_url=url)
    initialise(settings)
    desk = open_desk(settings, actor="test")
    desk.add_person("ada")
    desk.give("ada", "$1,000")
    key = desk.issue_key("ada")["token"]
    seen: Counter[str] = Counter()
    async with Provider(keys=PROVIDER_KEYS, defaults=Defaults(pace_ms=50.0)) as provider:
        desk.add_provider("openai", base_url=provider.base_url, secret=PROVIDER_KEYS["openai"])
        server = await asyncio.to_thread(
            serve_process, tmp_path / "home", database_url=url, processes=PROCESSES, BURSAR_DRAIN_SECONDS="20"
        )
        enough = asyncio.Event()
        clients = [asyncio.create_task(_client(server.url, key, n, enough, seen)) for n in range(CLIENTS)]
        await asyncio.sleep(0.5)
        took = [await _roll(server, clients) for _ in range(ROLLS)]
        enough.set()
        await asyncio.gather(*clients)
        assert await asyncio.to_thread(server.stop) == 0
        _check(desk, provider, seen)
    print(f"{engine}: {dict(seen)} while {PROCESSES} processes were replaced {ROLLS} times, {max(took):.1f} s each")
    assert seen["whole"] > 30
    assert seen["stream"] > 5
    desk.close()


async def _roll(server: Server, clients: list[asyncio.Task[None]]) -> float:
    """SIGHUP, then until none of the old processes is there and as many new ones are; fails as soon as a client did."""
    began, before = time.monotonic(), set(server.children)
    server.process.send_signal(signal.SIGHUP)
    while before & set(server.children) or len(server.children) != PROCESSES:
        failed = next((client for client in clients if client.done()), None)
        if failed is not None:
            failed.result()
        assert time.monotonic() - began < 120
        await asyncio.sleep(0.05)
    return time.monotonic() - began


async def _client(url: str, key: str, number: int, enough: asyncio.Event, seen: Counter[str]) -> None:
    """Requests and streams one after the other on kept connections, with pauses in which they are idle."""
    chance = random.Random(number)
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {key}"}) as client:
        while not enough.is_set():
            stream = number % 3 == 0
            text = f"[[standin output={chance.randint(10, 25) * 10} chunk=10]]" if stream else "[[standin output=20]]"
            body = {"model": "gpt-4o-mini", "stream": stream, "messages": [{"role": "user", "content": text}]}
            async with client.post(url + "/v1/chat/completions", json=body) as reply:
                received = await reply.read()
                assert reply.status == 200, received
                assert not stream or b"[DONE]" in received
                seen["stream" if stream else "whole"] += 1
            await asyncio.sleep(chance.choice((0.0, 0.02, 0.2, 0.5)))


def _check(desk: Desk, provider: Provider, seen: Counter[str]) -> None:
    with reading(desk.engine) as connection:
        known = {one.name: one.state(desk.now()) for one in nodes.listed(connection)}
    assert known == {f"local:{number}": "stopped" for number in range(1, PROCESSES + 2)}
    assert verification.verified(desk).findings == []
    rows = desk.store.read(lambda session: session.rows("SELECT status, COUNT(*) FROM charge GROUP BY status"))
    assert {str(status): int(number) for status, number in rows} == {"exact": seen.total()}
    assert len(provider.bill.lines) == seen.total()
    assert desk.store.read(lambda session: session.open_holds()) == []
