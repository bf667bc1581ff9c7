"""A provider that speaks chat completions over the simulated network, keeps its own bill, and misbehaves as drawn.

What it generates it bills, whether or not anybody was there to read it; an error that comes before any output is free.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from random import Random
from typing import Any

import httptools
from tests.simulation.faults import Faults
from tests.simulation.network import Network
from tests.simulation.trace import Trace

from bursar.prices import Tariff, Usage

WORDS = ("sum", "lot", "hold ", "settle ", "a ")


@dataclass
class Line:
    """What one request came to. `behaviour` is what the provider did about it."""

    behaviour: str
    limit: int
    """Output tokens that the request allowed."""
    billed: int = 0
    """Nano-USD at list price."""
    told: bool = False
    """The usage has left the house, and the whole reply with it."""


@dataclass
class Provider:
    """Listens at `name`:80. `lines` by the session that each request names."""

    name: str
    tariff: Tariff
    network: Network
    chance: Random
    faults: Faults
    trace: Trace
    calm: bool = False
    lines: dict[str, Line] = field(default_factory=dict)

    def start(self) -> None:
        self.network.listen(lambda: _Connection(self), self.name, 80)

    def behaviour(self) -> str:
        """How the next request is answered."""
        drawn = self.chance.random()
        if self.calm:
            return "whole"
        faults = self.faults
        for name in ("errors", "cut", "silent", "late", "untold", "overruns"):
            share = getattr(faults, name)
            if drawn < share:
                return name
            drawn -= share
        return "whole"

    def note(self, what: str) -> None:
        self.trace.note(self.network.loop.now, self.name, what)


class _Connection(asyncio.Protocol):
    def __init__(self, provider: Provider) -> None:
        self._provider = provider
        self._parser = httptools.HttpRequestParser(self)
        self._transport: Any = None
        self._headers: dict[str, str] = {}
        self._body = b""
        self._task: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def eof_received(self) -> bool:
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        if self._task is not None:
            self._task.cancel()

    def on_message_begin(self) -> None:
        self._headers, self._body = {}, b""

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers[name.decode().lower()] = value.decode()

    def on_body(self, data: bytes) -> None:
        self._body += data

    def on_message_complete(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._answer(self._headers, self._body))

    # Answering.

    async def _answer(self, headers: dict[str, str], body: bytes) -> None:
        provider, chance = self._provider, self._provider.chance
        asked = json.loads(body)
        limit = asked.get("max_completion_tokens") or asked.get("max_tokens") or 40
        session = headers["x-session-id"]
        assert session not in provider.lines, f"{session} was sent to a provider twice"
        line = provider.lines[session] = Line(provider.behaviour(), limit)
        provider.note(f"{session} asks for at most {limit} tokens: {line.behaviour}")
        wanted = chance.randint(1, 45)
        tokens = limit + chance.randint(1, 40) if line.behaviour == "overruns" else min(limit, wanted)
        usage = Usage(input=max(1, len(body) // 4), output=tokens)
        try:
            await asyncio.sleep(chance.uniform(0.01, 0.4))
            if line.behaviour == "errors":
                await self._error(chance)
            elif line.behaviour == "silent":
                self._bill(line, session, usage)
                await asyncio.sleep(7200)
            elif asked.get("stream"):
                await self._stream(line, session, usage, asked)
            else:
                await self._whole(line, session, usage, asked)
        except asyncio.CancelledError:
            if not line.billed and line.behaviour != "errors":  # what was read in is billed, whoever left
                self._bill(line, session, Usage(input=usage.input))
            raise

    def _bill(self, line: Line, session: str, usage: Usage) -> None:
        line.billed = self._provider.tariff.list_nanos(usage)
        self._provider.note(f"{session} is billed {line.billed} for {usage.input} + {usage.output} tokens")

    async def _error(self, chance: Random) -> None:
        status = chance.choice((400, 429, 500, 503))
        self._reply(status, {"error": {"message": "simulated", "type": "server_error"}})

    async def _whole(self, line: Line, session: str, usage: Usage, asked: dict[str, Any]) -> None:
        chance = self._provider.chance
        self._bill(line, session, usage)
        await asyncio.sleep(chance.uniform(0.0, 1.0) if line.behaviour != "late" else chance.uniform(5.0, 60.0))
        text = "".join(chance.choice(WORDS) for _ in range(usage.output))
        document: dict[str, Any] = {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "model": asked["model"],
            "choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}],
        }
        if line.behaviour != "untold":
            document["usage"] = _usage(usage)
        self._reply(200, document, cut=line.behaviour == "cut")
        line.told = line.behaviour not in ("cut", "untold")

    async def _stream(self, line: Line, session: str, usage: Usage, asked: dict[str, Any]) -> None:
        chance, written = self._provider.chance, 0
        self._write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
        stops = chance.randint(0, usage.output) if line.behaviour == "cut" else usage.output
        try:
            while written < stops:
                await asyncio.sleep(chance.uniform(0.0, 0.4) if line.behaviour != "late" else chance.uniform(2.0, 14.0))
                some = min(stops - written, chance.randint(1, 12))
                text = "".join(chance.choice(WORDS) for _ in range(some))
                written += some
                self._event({"model": asked["model"], "choices": [{"index": 0, "delta": {"content": text}}]})
        finally:
            self._bill(line, session, Usage(input=usage.input, output=written))
        if line.behaviour == "cut":
            self._transport.abort()
            return
        if line.behaviour != "untold":
            self._event({"model": asked["model"], "choices": [], "usage": _usage(usage)})
        self._chunk(b"data: [DONE]\n\n")
        self._write(b"0\r\n\r\n")
        line.told = line.behaviour != "untold"

    def _reply(self, status: int, document: Any, cut: bool = False) -> None:
        text = json.dumps(document).encode()
        head = f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {len(text)}\r\n\r\n".encode()
        if cut:
            self._write(head + text[: len(text) // 2])
            self._transport.close()
        else:
            self._write(head + text)

    def _event(self, document: Any) -> None:
        self._chunk(b"data: " + json.dumps(document).encode() + b"\n\n")

    def _chunk(self, data: bytes) -> None:
        self._write(b"%x\r\n%s\r\n" % (len(data), data))

    def _write(self, data: bytes) -> None:
        self._transport.write(data)

    def pause_writing(self) -> None:
        pass

    def resume_writing(self) -> None:
        pass


def _usage(usage: Usage) -> dict[str, int]:
    return {
        "prompt_tokens": usage.input,
        "completion_tokens": usage.output,
        "total_tokens": usage.input + usage.output,
    }
