"""Changes of the control plane reach every node within a second: real processes, a real PostgreSQL, both ways of hearing."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import aiohttp
import psycopg
from tests.support.house import PROVIDER_KEYS
from tests.support.processes import Server, serve_process

from bursar.demo.provider import Defaults, Provider
from bursar.office.desk import Desk, initialise, open_desk
from bursar.office.metering.news import News
from bursar.office.settings import Settings

BODY = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "[[standin output=5]]"}]}
LONG = {**BODY, "stream": True, "messages": [{"role": "user", "content": "[[standin output=4000 chunk=1]]"}]}


async def test_a_provider_a_price_and_a_revoked_key_reach_two_nodes_within_a_second(
    tmp_path: Path, postgres_url: str
) -> None:
    """What is new serves, and of a key that is revoked no request passes, nor goes on what is in flight."""
    desk = _desk(tmp_path, postgres_url)
    key = desk.issue_key("ada")
    own = {**BODY, "model": "house-model"}
    async with (
        Provider(keys=PROVIDER_KEYS, defaults=Defaults(pace_ms=20.0)) as provider,
        aiohttp.ClientSession(headers={"Authorization": f"Bearer {key['token']}"}) as client,
    ):
        nodes = await _two(tmp_path, postgres_url)
        assert [await _status(client, one.url, own) for one in nodes] == [404, 404]
        models, secret = ("house-model",), PROVIDER_KEYS["openai"]
        await asyncio.to_thread(
            lambda: desk.add_provider("openai", base_url=provider.base_url, secret=secret, models=models)
        )
        await asyncio.to_thread(lambda: desk.price_set("openai", "house-model", input_rate="$1", output_rate="$2"))
        began = time.monotonic()
        for one in nodes:
            while await _status(client, one.url, own) == 404:
                assert time.monotonic() - began < 1.0
                await asyncio.sleep(0.01)
        served = time.monotonic() - began
        streams = [asyncio.create_task(_until_it_ends(client, one.url)) for one in nodes]
        await asyncio.sleep(0.5)
        assert not any(stream.done() for stream in streams)
        began = time.monotonic()
        await asyncio.to_thread(desk.revoke_key, key["id"])
        refused = await asyncio.gather(*(_until_refused(client, one.url) for one in nodes))
        ended = await asyncio.gather(*streams)
        print(
            f"served after {served:.3f} s, refused after {max(refused) - began:.3f}, cut after {max(ended) - began:.3f}"
        )
        assert max(*refused, *ended) - began < 1.0
        await asyncio.gather(*(asyncio.to_thread(one.stop) for one in nodes))
    desk.close()


async def test_a_lost_connection_is_made_anew_and_nothing_is_missed(tmp_path: Path, postgres_url: str) -> None:
    """While nobody tells, whoever waits is told to look; afterwards the next change is told again."""
    desk = _desk(tmp_path, postgres_url)
    news = News(postgres_url)
    hearing = asyncio.create_task(news.hear())
    await _within(2.0, lambda: news.sure)
    await news.wait(0.1)
    assert await _told(news, lambda: desk.issue_key("ada")) < 0.5
    with psycopg.connect(postgres_url, autocommit=True) as other:
        other.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE application_name = 'bursar-news' AND datname = current_database()"
        )
    await _within(2.0, lambda: not news.sure)
    assert await _told(news, lambda: None) < 0.5, "what was missed is not looked for"
    await _within(2.0, lambda: news.sure)
    await news.wait(0.1)
    assert await _told(news, lambda: desk.issue_key("ada")) < 0.5
    hearing.cancel()
    desk.close()


async def test_where_nobody_tells_the_node_is_not_sure_and_looks_often(tmp_path: Path) -> None:
    news = News(f"sqlite:///{tmp_path / 'bursar.db'}")
    await news.hear()
    assert not news.sure
    began = time.monotonic()
    await news.wait(0.05)
    assert 0.04 < time.monotonic() - began < 0.5


def _desk(folder: Path, url: str) -> Desk:
    settings = Settings(home=folder / "home", database_url=url)
    initialise(settings)
    desk = open_desk(settings, actor="test")
    desk.add_person("ada")
    desk.give("ada", "$100")
    return desk


async def _two(folder: Path, url: str) -> list[Server]:
    starting = (
        asyncio.to_thread(serve_process, folder / "home", database_url=url, node=name, BURSAR_DRAIN_SECONDS="1")
        for name in ("one", "two")
    )
    return list(await asyncio.gather(*starting))


async def _status(client: aiohttp.ClientSession, url: str, body: dict[str, object]) -> int:
    async with client.post(url + "/v1/chat/completions", json=body) as reply:
        await reply.read()
        return reply.status


async def _until_refused(client: aiohttp.ClientSession, url: str) -> float:
    while await _status(client, url, BODY) != 401:
        await asyncio.sleep(0.01)
    return time.monotonic()


async def _until_it_ends(client: aiohttp.ClientSession, url: str) -> float:
    """A long stream; returns when it ended, which has to be badly."""
    async with client.post(url + "/v1/chat/completions", json=LONG) as reply:
        assert reply.status == 200
        try:
            received = await reply.read()
        except aiohttp.ClientPayloadError:
            return time.monotonic()
        assert b"[DONE]" not in received
        assert b"revoked" in received
        return time.monotonic()


async def _told(news: News, change: object) -> float:
    began = time.monotonic()
    await asyncio.to_thread(change)  # type: ignore[arg-type]
    await news.wait(5.0)
    return time.monotonic() - began


async def _within(seconds: float, true: object) -> None:
    end = time.monotonic() + seconds
    while not true():  # type: ignore[operator]
        assert time.monotonic() < end
        await asyncio.sleep(0.01)
