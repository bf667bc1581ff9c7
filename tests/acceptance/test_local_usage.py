"""The logs that real clients write are worth, request by request, what the gateway has charged for them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from tests.acceptance import clients
from tests.support.house import House
from tests.support.local_logs import BOOK
from tests.support.terminal import Terminal

from bursar.exchange.local_usage import LocalUsage, UsageEvent, places, read
from bursar.prices import Usage

pytestmark = [
    pytest.mark.xdist_group("clients"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
CLIENTS = [
    pytest.param(
        clients.claude,
        [["--resume", "{}"], ["--resume", "{}", "--fork-session"]],
        id="claude",
        marks=pytest.mark.skipif(not clients.installed("claude"), reason=f"Claude Code: {clients.HOW_TO_GET}"),
    ),
    pytest.param(
        clients.codex,
        [["resume", "{}"], ["fork", "{}"], ["fork", "{}"]],
        id="codex",
        marks=pytest.mark.skipif(not clients.installed("codex"), reason=f"Codex: {clients.HOW_TO_GET}"),
    ),
]


@pytest.mark.parametrize(("client", "ways_on"), CLIENTS)
async def test_a_log_of_a_real_client_is_worth_what_the_gateway_charged(
    house: House, tmp_path: Path, client: Callable[..., Awaitable[clients.Said]], ways_on: list[list[str]]
) -> None:
    """Four answers or so: a session, the same resumed, and forks, whose files tell the history again."""
    home = tmp_path / "client"
    await said(client(house.url, house.key, home, "hi [[standin output=300]]"))
    (session,) = {event.session for event in logs(home).events}
    for words in ways_on:
        await said(client(house.url, house.key, home, "and on", *(word.format(session) for word in words)))
    await said(client(house.url, house.key, home, "hi"))
    await house.settled()

    found = logs(home)
    assert found.skipped == ()
    assert Counter(map(told, found.events)) == Counter(map(charged, house.charges()))
    assert len(found.events) == len(ways_on) + 2
    assert sum(event.list_nanos or 0 for event in found.events) == house.spent() == house.billed()
    assert {event.project for event in found.events} == {"client"}


@pytest.mark.parametrize(("client", "ways_on"), CLIENTS)
async def test_the_command_reads_a_real_clients_log_without_an_installation(
    house: House, tmp_path: Path, client: Callable[..., Awaitable[clients.Said]], ways_on: list[list[str]]
) -> None:
    home = tmp_path / "client"
    await said(client(house.url, house.key, home, "hi [[standin output=300]]"))
    await house.settled()
    shell = Terminal(tmp_path / "no-installation")
    shell.environment |= {"HOME": str(home)}
    for name in ("CLAUDE_CONFIG_DIR", "CODEX_HOME", "XDG_CONFIG_HOME"):
        shell.environment.pop(name, None)
    assert shell.json("usage", "local")["list_nanos"] == house.spent() > 0
    assert "At this rate $10,000 lasts" in shell.run("usage", "local")
    assert not (tmp_path / "no-installation").exists()


async def said(running: Awaitable[clients.Said]) -> None:
    outcome = await running
    assert outcome.code == 0, outcome.text


def logs(home: Path) -> LocalUsage:
    return read([place for place in places({}, home) if place.exists()], BOOK)


def told(event: UsageEvent) -> tuple[Any, ...]:
    return (event.session, event.model, figures(event.usage), event.list_nanos)


def charged(charge: dict[str, Any]) -> tuple[Any, ...]:
    usage = Usage(**json.loads(charge["tokens"]))
    return (charge["session"], charge["model"], figures(usage), charge["list_nanos"])


def figures(usage: Usage) -> Iterable[tuple[str, int]]:
    return tuple((name, getattr(usage, name)) for name in usage.__slots__ if getattr(usage, name))
