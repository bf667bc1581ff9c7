"""What people's agents do: ask, wait, ask again where they are told to, leave in the middle, read slowly."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from random import Random
from typing import Any

import httptools
from tests.simulation.faults import Faults
from tests.simulation.network import Network
from tests.simulation.terms import MODELS, Person

PATIENCE_SECONDS = 150.0
ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class Heard:
    """What came of one attempt, as the client saw it."""

    session: str
    status: int = 0
    """0: no reply at all."""
    whole: bool = False
    """The reply ended as its framing says, and not with an error event."""
    request_id: str = ""
    said: str = ""

    @property
    def served(self) -> bool:
        return self.status == 200 and self.whole


class Agent(asyncio.Protocol):
    """One connection for one request."""

    def __init__(self) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self.transport: Any = None
        self.done: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self.headers: dict[str, str] = {}
        self.status = 0
        self.body = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def eof_received(self) -> bool:
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        self._end(False)

    def pause_writing(self) -> None:
        pass

    def resume_writing(self) -> None:
        pass

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers[name.decode().lower()] = value.decode()

    def on_headers_complete(self) -> None:
        self.status = self._parser.get_status_code()

    def on_body(self, data: bytes) -> None:
        self.body += data

    def on_message_complete(self) -> None:
        self._end(True)

    def _end(self, whole: bool) -> None:
        if not self.done.done():
            self.done.set_result(whole)


def body_of(chance: Random) -> dict[str, Any]:
    """What somebody asks for."""
    body: dict[str, Any] = {
        "model": chance.choice(MODELS),
        "messages": [{"role": "user", "content": "x" * chance.choice((1, 5, 40, 300))}],
    }
    if chance.random() < 0.8:
        body["max_tokens"] = chance.choice((1, 5, 20, 60))
    if chance.random() < 0.5:
        body["stream"] = True
        if chance.random() < 0.5:
            body["stream_options"] = {"include_usage": True}
    return body


async def ask(
    network: Network,
    chance: Random,
    faults: Faults,
    person: Person,
    session: str,
    node: str,
    body: dict[str, Any],
    run: str,
) -> Heard:
    """One attempt at one node."""
    text = json.dumps(body).encode()
    labels = f"x-bursar-run: {run}\r\nx-bursar-run-cap: $0.00000003\r\n" if run else ""
    head = (
        f"POST /v1/chat/completions HTTP/1.1\r\nHost: {node}\r\nAuthorization: Bearer {person.token}\r\n"
        f"x-session-id: {session}\r\n{labels}Content-Type: application/json\r\nContent-Length: {len(text)}\r\n\r\n"
    )
    leaves = chance.random() < faults.hang_ups and not network.calm
    slow = chance.random() < faults.slow_readers and not network.calm
    agent: Agent | None = None
    try:
        async with asyncio.timeout(chance.uniform(0.01, 4.0) if leaves else PATIENCE_SECONDS):
            _, agent = await network.connect(Agent, node, 80)
            agent.transport.write(head.encode() + text)
            while slow and not agent.done.done():
                agent.transport.pause_reading()
                await asyncio.sleep(chance.uniform(0.1, 3.0))
                agent.transport.resume_reading()
                await asyncio.sleep(0.05)
            whole = await agent.done
    except (OSError, TimeoutError):
        whole = False
    finally:
        if agent is not None:
            agent.transport.abort()
    if agent is None:
        return Heard(session)
    whole = whole and b'"stream_stopped"' not in agent.body
    if not whole and agent.status == 200:
        return Heard(session, 200, False, agent.headers.get("x-bursar-request-id", ""))
    return Heard(
        session, agent.status, whole, agent.headers.get("x-bursar-request-id", ""), agent.body[:300].decode("latin-1")
    )
