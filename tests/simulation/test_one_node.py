"""What the worlds found in one node, each told by itself: a course of a minute or an hour, lived through in milliseconds."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from tests.simulation.database import sqlite_file
from tests.simulation.people import Agent
from tests.simulation.terms import MICROS
from tests.simulation.trace import Trace
from tests.simulation.world import World

from bursar.ledger import apply_now

CALM = dict.fromkeys(
    (
        "slow", "fragments", "breaks", "unreachable", "lost", "reply_lost", "away_every_seconds", "errors", "cut", "silent",
        "late", "untold", "overruns", "hang_ups", "kill_every_seconds", "restarts", "skew_seconds",
    ),
    0.0,
)  # fmt: skip


def live(course: Callable[[World], Awaitable[None]], seed: int = 1, beside: str = "", **drawn: Any) -> str:
    """One node and one person without a cap, in good weather but for what is drawn; returns the story."""
    story: list[str] = []
    with sqlite_file() as open_store:
        size = {
            "nodes": 1,
            "people": 1,
            "caps": False,
            "paced": False,
            "lot": 500,
            "hold_seconds": 7200,
            "period_seconds": 400,
        }
        world = World(
            seed,
            open_store,
            Trace(story.append),
            drawn={**CALM, **size, "hang_up": "drain", "buffer_bytes": 65_536, **drawn},
        )
        world.people[0] = replace(world.people[0], beside=beside)

        async def whole() -> None:
            world.begin()
            await asyncio.sleep(1.0)
            await course(world)

        world.run(whole)
    return "\n".join(story)


async def asks(world: World, session: str, run: str = "", **body: Any) -> Agent:
    """A client that has asked, and hears when it listens."""
    text = json.dumps({"model": "gpt", "messages": [{"role": "user", "content": "hi"}], **body})
    _, agent = await world.network.connect(Agent, world.nodes[0].name, 80)
    labels = f"x-bursar-run: {run}\r\nx-bursar-run-cap: $0.000001\r\n" if run else ""
    agent.transport.write(
        f"POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {world.people[0].token}\r\n"
        f"x-session-id: {session}\r\n{labels}Content-Length: {len(text)}\r\n\r\n{text}".encode()
    )
    found: Agent = agent
    return found


def rows(world: World, sql: str) -> list[tuple[Any, ...]]:
    return world.database.own.read(lambda session: session.rows(sql))


def test_a_client_that_reads_nothing_is_let_go_and_its_reply_is_settled() -> None:
    async def course(world: World) -> None:
        agent = await asks(world, "s1", stream=True, max_tokens=60)
        agent.transport.pause_reading()
        await asyncio.sleep(10.0)
        assert world.nodes[0].busy
        await asyncio.sleep(40.0)
        assert not world.nodes[0].busy
        ((status, amount),) = rows(world, "SELECT status, amount FROM charge")
        billed = world.providers[0].lines["s1"].billed
        assert (status, amount) == ("exact", billed)

    live(course, buffer_bytes=100)


def test_a_hold_whose_answer_was_lost_is_given_back_soon_although_nobody_knows_of_it() -> None:
    async def course(world: World) -> None:
        agent = await asks(world, "s0")  # what is due is released, and the node knows what is free
        await agent.done
        before = len(rows(world, "SELECT id FROM hold"))
        world.database.calm = False
        agent = await asks(world, "s1")
        await agent.done
        assert agent.status == 503
        assert len(rows(world, "SELECT id FROM hold")) == before + 1
        world.database.calm = True
        await asyncio.sleep(5.0)
        assert rows(world, "SELECT state FROM hold ORDER BY taken DESC LIMIT 1") == [("voided",)]
        assert "s1" not in world.providers[0].lines

    async def calm_at_first(world: World) -> None:
        world.database.calm = True
        await course(world)

    live(calm_at_first, reply_lost=1.0, sent_again=0.0)


def test_a_ledger_that_is_ahead_of_a_nodes_clock_still_says_what_is_free() -> None:
    """A probe asks by a hold that nothing covers; that must be refused for its size, and not for a time limit gone by."""

    async def course(world: World) -> None:
        node, (person, _) = world.nodes[0], world.people
        apply_now(world.database.at("office"), person.releases(0, 400 * MICROS), node.clock())
        node.skew_micros = -8 * MICROS
        await (await asks(world, "s1", max_tokens=5)).done

    story = live(course)
    assert ".probe of p0: refused: exhausted" in story
    assert ".probe of p0: rejected" not in story


def test_what_a_run_comes_to_after_its_hold_has_lapsed_counts_against_the_run() -> None:
    late = 0

    async def course(world: World) -> None:
        nonlocal late
        agent = await asks(world, "s1", run="nightly", stream=True, max_tokens=60)
        await agent.done
        charged = rows(world, "SELECT c.amount FROM charge c JOIN entry e ON e.seq = c.seq WHERE e.kind = 'charge'")
        if charged:
            late += 1
            assert rows(world, "SELECT held, spent FROM cap WHERE id = 'run:key_p0:nightly'") == [(0, charged[0][0])]

    for seed in range(4):
        live(course, seed, late=1.0, hold_seconds=8, on_lapse="released")
    assert late


def test_what_comes_after_a_hold_has_lapsed_draws_on_the_lots_that_the_hold_drew_on() -> None:
    """A lot that is kept for the model is for its late charge as well."""
    drawn_on = set()

    async def course(world: World) -> None:
        agent = await asks(world, "s1", stream=True, max_tokens=60)
        await agent.done
        drawn_on.update(
            rows(world, "SELECT p.lot FROM posting p JOIN entry e ON e.seq = p.seq WHERE e.kind = 'charge'")
        )

    for seed in range(4):
        live(course, seed, beside="gpt", late=1.0, hold_seconds=8, on_lapse="released")
    assert drawn_on == {("p0.0.beside",)}
