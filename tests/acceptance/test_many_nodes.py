"""Many agents on little money, several gateway processes on one PostgreSQL, and everything that can die dies.

Nobody spends more than was promised, nobody is refused who could have paid, and the books agree with the provider's bill
up to charges that are listed as unresolved. Small by default; the nightly profile has four processes, 500 agents, ten people.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
from tests.support.cluster import Cluster, running_cluster
from tests.support.house import PROVIDER_KEYS
from tests.support.processes import Server, serve_process
from tests.support.profile import NIGHTLY, size

from bursar.demo.provider import Defaults, Provider
from bursar.office.desk import Desk, initialise, open_desk
from bursar.office.oversight import verification
from bursar.office.settings import Settings
from bursar.prices import PriceBook, list_prices

PROCESSES = size(2, 4)
AGENTS = size(8, 500)
PEOPLE = size(2, 10)
KILLS = size(1, 12)
RESTARTS = size(1, 4)
MODEL = "gpt-4o-mini" if NIGHTLY else "gpt-4o"
DOLLAR = 10**9


@dataclass
class Seen:
    """What agents saw."""

    answers: Counter[str] = field(default_factory=Counter)
    needed: dict[str, list[int]] = field(default_factory=dict)
    """What requests would have needed that were refused for good, by person."""
    acknowledged: set[str] = field(default_factory=set)
    """Requests whose answer a client saw to its end."""


async def test_agents_on_a_dollar_each_while_nodes_and_the_database_die(tmp_path: Path) -> None:
    with running_cluster() as cluster:
        url = cluster.database("house")
        desk = _desk(tmp_path, url)
        people = [f"p{number}" for number in range(PEOPLE)]
        keys = {name: _hired(desk, name) for name in people}
        async with Provider(keys=PROVIDER_KEYS, defaults=Defaults(pace_ms=size(10, 5))) as provider:
            desk.add_provider("openai", base_url=provider.base_url, secret=PROVIDER_KEYS["openai"])
            server = await asyncio.to_thread(
                serve_process, tmp_path / "home", database_url=url, processes=PROCESSES, BURSAR_DRAIN_SECONDS="20"
            )
            seen, began = Seen(), time.monotonic()
            connector = aiohttp.TCPConnector(limit=0)
            async with aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=120)) as client:
                agents = [
                    asyncio.create_task(_agent(client, server.url, people[n % PEOPLE], keys, n, seen))
                    for n in range(AGENTS)
                ]
                trouble = asyncio.create_task(_trouble(server, cluster, agents))
                await asyncio.gather(trouble, *agents)
            took = time.monotonic() - began
            assert await asyncio.to_thread(server.stop) == 0
            _check(desk, people, seen, provider, took)
        desk.close()


async def _trouble(server: Server, cluster: Cluster, agents: list[asyncio.Task[None]]) -> None:
    """Kill gateway processes and restart the database, at random moments."""
    chance = random.Random(20261122)
    deeds = ["kill"] * KILLS + ["crash", "restart"] * (RESTARTS // 2) + ["crash"] * (RESTARTS % 2)
    chance.shuffle(deeds)
    for deed in deeds:
        await asyncio.sleep(chance.uniform(0.4, 1.2) if not NIGHTLY else chance.uniform(1.0, 3.0))
        if all(agent.done() for agent in agents):
            raise AssertionError(f"all money was spent before everything had died: {deed} is left")
        if deed == "kill":
            os.kill(chance.choice(server.children), signal.SIGKILL)
        else:
            await asyncio.to_thread(cluster.restart, "immediate" if deed == "crash" else "fast")


async def _agent(
    client: aiohttp.ClientSession, url: str, person: str, keys: dict[str, str], number: int, seen: Seen
) -> None:
    """Ask until refused for good; whatever else happens, ask again."""
    chance = random.Random(number)
    headers = {"Authorization": f"Bearer {keys[person]}"}
    while True:
        stream = chance.random() < 0.7
        text = f"[[standin output={chance.randint(200, 1500)} chunk=100]]"
        body = {"model": MODEL, "stream": stream, "messages": [{"role": "user", "content": text}]}
        try:
            async with client.post(url + "/v1/chat/completions", json=body, headers=headers) as reply:
                received = await reply.read()
        except (aiohttp.ClientError, OSError):
            seen.answers["connection lost"] += 1
            await asyncio.sleep(chance.uniform(0.05, 0.3))
            continue
        if reply.status == 200:
            whole = not stream or b"[DONE]" in received
            seen.answers["200" if whole else "cut"] += 1
            if whole:
                seen.acknowledged.add(reply.headers["x-bursar-request-id"])
        elif reply.status == 429 and reply.headers.get("x-should-retry") == "false":
            seen.answers["exhausted"] += 1
            seen.needed.setdefault(person, []).append(int(reply.headers["x-bursar-needed-nanos"]))
            return
        else:
            assert reply.status in (429, 503), received
            seen.answers[f"{reply.status}, later"] += 1
            await asyncio.sleep(chance.uniform(0.1, 0.5))


def _check(desk: Desk, people: list[str], seen: Seen, provider: Provider, took: float) -> None:
    assert verification.verified(desk).findings == []
    charges = desk.store.read(
        lambda session: session.rows("SELECT person, request_id, status, amount, overage, list_nanos FROM charge")
    )
    left = dict(desk.store.read(lambda session: session.rows("SELECT person, SUM(available) FROM lot GROUP BY person")))
    assert desk.store.read(lambda session: session.open_holds()) == []
    by_status = Counter(row[2] for row in charges)
    spent: Counter[str] = Counter()
    for person, _, _, amount, overage, _ in charges:
        assert overage == 0
        spent[person] += int(amount)
    for name in people:
        holder = desk.person(name)["id"]
        assert spent[holder] + int(left[holder]) == DOLLAR, "overshoot"
        assert spent[holder] >= 90 * DOLLAR // 100, f"{name} could not use a tenth of it"
        # What is left now was never more than what was free or held when somebody was refused.
        assert int(left[holder]) < min(seen.needed[name]), f"{name} was refused falsely"
    settled = {row[1] for row in charges if row[2] == "exact"}
    assert seen.acknowledged <= settled, "a client saw an answer to its end that the books do not have"
    tariff = PriceBook(list_prices()).tariff("openai", MODEL, desk.now())
    assert tariff is not None
    billed = sum(tariff.list_nanos(line.usage) for line in provider.bill.lines)
    exact = sum(int(row[5]) for row in charges if row[2] == "exact")
    unresolved = sum(int(row[5]) for row in charges if row[2] != "exact")
    assert exact <= billed <= exact + unresolved, (exact, billed, unresolved)
    assert by_status["unresolved"] > 0, "nothing was ever caught in flight"
    print(
        f"{AGENTS} agents, {PROCESSES} processes, {KILLS} kills, {RESTARTS} restarts of PostgreSQL in {took:.1f} s: "
        f"{dict(seen.answers)}; charges {dict(by_status)}; billed {billed / DOLLAR:.6f}, exact {exact / DOLLAR:.6f}, "
        f"unresolved and estimated {unresolved / DOLLAR:.6f}; overshoot 0, false refusals 0"
    )


def _desk(folder: Path, url: str) -> Desk:
    settings = Settings(home=folder / "home", database_url=url)
    initialise(settings)
    return open_desk(settings, actor="test")


def _hired(desk: Desk, name: str) -> str:
    desk.add_person(name)
    desk.give(name, "$1")
    return str(desk.issue_key(name)["token"])
