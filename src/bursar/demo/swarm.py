"""A swarm of simulated agents: real clients of the gateway in the four dialects that burn allotments down.

An agent asks, reads the whole reply and asks again, until it is told that its allotment is used up; then it stops, as
the real clients do. Contention is waited out.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import aiohttp

CONTENTION_WAIT_SECONDS = 1.0
MAX_ERRORS = 5

_TASKS = (
    "Refactor the retry loop and explain the change.",
    "Write a migration that adds a nullable column and backfills it.",
    "Summarise yesterday's incident for the status page.",
    "Find the flaky test in this log and propose a fix.",
    "Draft three subject lines for the launch mail.",
    "Translate the release notes into Portuguese.",
)


@dataclass(slots=True)
class AgentTally:
    """What one agent saw."""

    requests: int = 0
    answered: int = 0
    contended: int = 0
    hung_up: int = 0
    refusal: str = ""
    """The sentence that it was refused with at last, empty while it runs."""
    errors: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Agent:
    """One simulated client: whose key it uses, in which dialect, and how much it asks for."""

    name: str
    key: str
    dialect: str
    model: str
    stream: bool = True
    output_tokens: int = 400
    input_bytes: int = 2_000
    pace_ms: float = 4.0
    hang_up_share: float = 0.0


async def run_agent(
    session: aiohttp.ClientSession, base_url: str, agent: Agent, tally: AgentTally, stop: asyncio.Event, seed: int
) -> None:
    """Ask until stopped or refused for good."""
    chance = random.Random(f"{seed}:{agent.name}")
    session_name = f"{chance.randrange(16**6):06x}"
    while not stop.is_set() and not tally.refusal and sum(tally.errors.values()) < MAX_ERRORS:
        url, headers, body = question(agent, chance)
        headers |= {"x-session-id": f"{agent.name}-{session_name}", "x-claude-code-agent-id": agent.name}
        tally.requests += 1
        try:
            await _ask(session, base_url + url, headers, body, agent, tally, chance)
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            tally.errors[type(error).__name__] += 1
        await asyncio.sleep(chance.uniform(0.0, 0.1))


async def _ask(
    session: aiohttp.ClientSession,
    url: str,
    headers: dict[str, str],
    body: dict[str, Any],
    agent: Agent,
    tally: AgentTally,
    chance: random.Random,
) -> None:
    hang_up = chance.random() < agent.hang_up_share
    async with session.post(url, headers=headers, json=body) as reply:
        if reply.status == 200:
            chunks = 0
            async for _ in reply.content.iter_any():
                chunks += 1
                if hang_up and chunks >= 3:
                    tally.hung_up += 1
                    reply.close()
                    return
            tally.answered += 1
            return
        document = await reply.json(content_type=None)
        if reply.status == 429 and reply.headers.get("x-should-retry") != "false":
            tally.contended += 1
            await asyncio.sleep(CONTENTION_WAIT_SECONDS)
            return
        sentence = _sentence(document)
        if reply.status == 429:
            tally.refusal = sentence
        else:
            tally.errors[f"{reply.status} {sentence[:80]}"] += 1


def _sentence(document: Any) -> str:
    error = document.get("error") if isinstance(document, dict) else None
    return str(error.get("message", error)) if isinstance(error, dict) else str(document)


def question(agent: Agent, chance: random.Random) -> tuple[str, dict[str, str], dict[str, Any]]:
    """Path, headers and body of the next request of an agent."""
    wanted = max(16, int(chance.gauss(agent.output_tokens, agent.output_tokens / 4)))
    filler = "context " * (agent.input_bytes // 8)
    text = f"{filler}{chance.choice(_TASKS)} [[standin output={wanted} pace_ms={agent.pace_ms:g}]]"
    if agent.dialect == "anthropic":
        body: dict[str, Any] = {
            "model": agent.model,
            "max_tokens": 8192,
            "stream": agent.stream,
            "messages": [{"role": "user", "content": text}],
        }
        return "/v1/messages", {"x-api-key": agent.key, "anthropic-version": "2023-06-01"}, body
    if agent.dialect == "gemini":
        method = "streamGenerateContent?alt=sse" if agent.stream else "generateContent"
        body = {"contents": [{"role": "user", "parts": [{"text": text}]}]}
        return f"/v1beta/models/{agent.model}:{method}", {"x-goog-api-key": agent.key}, body
    if agent.dialect == "responses":
        body = {"model": agent.model, "input": text, "stream": agent.stream}
        return "/v1/responses", {"Authorization": f"Bearer {agent.key}"}, body
    body = {"model": agent.model, "stream": agent.stream, "messages": [{"role": "user", "content": text}]}
    return "/v1/chat/completions", {"Authorization": f"Bearer {agent.key}"}, body
