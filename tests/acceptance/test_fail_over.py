"""The primary of PostgreSQL dies under load and its standby takes over: no answer is lost, none is wrong.

By night only: it copies a database server. What one server's restart does is shown by day, in `test_many_nodes.py`.
"""

from __future__ import annotations

import asyncio
import random
import time
from pathlib import Path

import aiohttp
import pytest
from tests.support.cluster import running_cluster, standby_of
from tests.support.house import PROVIDER_KEYS
from tests.support.processes import serve_process
from tests.support.profile import NIGHTLY

from bursar.demo.provider import Defaults, Provider
from bursar.office.desk import initialise, open_desk
from bursar.office.oversight import verification
from bursar.office.settings import Settings

CLIENTS = 40
DEAD_SECONDS = 15.0
"""Nobody takes writes for so long; whatever was in flight then is settled afterwards."""
AFTER_SECONDS = 6.0


@pytest.mark.skipif(not NIGHTLY, reason="a standby is copied: BURSAR_PROFILE=nightly")
async def test_a_promoted_standby_goes_on_where_the_primary_died(tmp_path: Path) -> None:
    with running_cluster() as primary:
        primary.database("house")
        with standby_of(primary) as standby:
            url = f"postgresql://postgres@/house?host={primary.folder},{standby.folder}&target_session_attrs=read-write"
            settings = Settings(home=tmp_path / "home", database_url=url)
            initialise(settings)
            desk = open_desk(settings, actor="test")
            desk.add_person("ada")
            desk.give("ada", "$1,000")
            key = desk.issue_key("ada")["token"]
            acknowledged: dict[str, float] = {}
            async with Provider(keys=PROVIDER_KEYS, defaults=Defaults(pace_ms=5.0)) as provider:
                desk.add_provider("openai", base_url=provider.base_url, secret=PROVIDER_KEYS["openai"])
                server = await asyncio.to_thread(serve_process, tmp_path / "home", database_url=url, processes=2)
                enough = asyncio.Event()
                load = [asyncio.create_task(_load(server.url, key, n, enough, acknowledged)) for n in range(CLIENTS)]
                await asyncio.sleep(3.0)
                before = len(acknowledged)
                await asyncio.to_thread(primary.stop, "immediate")
                died = time.monotonic()
                await asyncio.sleep(DEAD_SECONDS)
                await asyncio.to_thread(standby.promote)
                promoted = time.monotonic()
                await asyncio.sleep(AFTER_SECONDS)
                enough.set()
                await asyncio.gather(*load)
                assert await asyncio.to_thread(server.stop) == 0
            after = [at for at in acknowledged.values() if at > promoted]
            assert before > 50
            assert len(after) > 50, "nothing was answered after the promotion"
            assert verification.verified(desk).findings == []
            rows = desk.store.read(lambda session: session.rows("SELECT request_id, status FROM charge"))
            exact = {str(name) for name, status in rows if status == "exact"}
            assert len(exact) == len(rows), "what was in flight when the primary died was not settled"
            assert acknowledged.keys() <= exact, "an acknowledged answer is lost"
            assert len(rows) == len({row[0] for row in rows}), "something was charged twice"
            assert len(provider.bill.lines) == len(rows)
            assert desk.store.read(lambda session: session.open_holds()) == []
            print(
                f"{len(acknowledged)} acknowledged, {len(rows)} charged, {len(after)} after the promotion; "
                f"{promoted - died:.2f} s to promote, first answer {min(after) - promoted:.2f} s later"
            )
            desk.close()


async def _load(url: str, key: str, seed: int, enough: asyncio.Event, acknowledged: dict[str, float]) -> None:
    chance = random.Random(seed)
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {key}"}) as client:
        while not enough.is_set():
            text = f"[[standin output={chance.randint(20, 100)}]]"
            body = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": text}]}
            try:
                async with client.post(url + "/v1/chat/completions", json=body) as reply:
                    await reply.read()
                    assert reply.status in (200, 429, 503)
                    if reply.status == 200:
                        acknowledged[reply.headers["x-bursar-request-id"]] = time.monotonic()
                    else:
                        await asyncio.sleep(0.1)
            except (aiohttp.ClientError, OSError):
                await asyncio.sleep(0.1)
