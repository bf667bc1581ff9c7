"""The load: raw HTTP/1.1 over keep-alive connections, a closed loop for cost and an open one for latency.

The closed loop keeps N requests in flight, which finds out what a request costs. The open loop sends at a fixed mean
rate whatever comes back, which finds out what a caller waits for. Every reply is verified; no run is unbounded.
"""

from __future__ import annotations

import asyncio
import gc
import random
import ssl
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from bench.gateway.workloads import PATH, Workload

GRACE_SECONDS = 30.0
"""How long the last requests may take after the load has ended."""
MAX_FAULTS = 20
"""A run with more faults than this is given up."""
MAX_OPEN_CONNECTIONS = 256
EXACT_EVERY = 16
"""Streams are compared byte by byte every so often, and by words and ending each time: unframing costs."""
CONNECT_SECONDS = 5.0
ARRIVALS_SEED = 20_260_101


@dataclass(frozen=True, slots=True)
class Target:
    """Where a contestant listens, what it wants in the head, and whether it must pass bytes through unchanged."""

    port: int
    headers: dict[str, str]
    exact: bool
    certificate: Path | None = None
    """Of who listens there, if it speaks TLS."""

    def request(self, workload: Workload) -> bytes:
        """The whole request, with the headers that an SDK sends."""
        headers = {
            "Host": f"127.0.0.1:{self.port}",
            "Accept": "application/json",
            "Accept-Encoding": "identity",
            "Content-Type": "application/json",
            "User-Agent": "OpenAI/Python 2.8.0",
            "X-Stainless-Lang": "python",
            "X-Stainless-Package-Version": "2.8.0",
            "X-Stainless-OS": "Linux",
            "X-Stainless-Arch": "x64",
            "X-Stainless-Runtime": "CPython",
            "X-Stainless-Retry-Count": "0",
            **self.headers,
            "Content-Length": str(len(workload.request)),
        }
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        return f"POST {PATH} HTTP/1.1\r\n{head}\r\n".encode() + workload.request


@dataclass(slots=True)
class Outcome:
    """What came of a run. Latencies in seconds from sending, to the first byte of the body and to the last."""

    done: int = 0
    seconds: float = 0.0
    first: list[float] = field(default_factory=list)
    last: list[float] = field(default_factory=list)
    faults: Counter[str] = field(default_factory=Counter)

    @property
    def failed(self) -> int:
        return self.faults.total()


async def closed_loop(target: Target, workload: Workload, seconds: float) -> Outcome:
    """Keep `workload.connections` requests in flight for so many seconds, then let them finish."""
    run = _Run(target, workload)
    channels = [await run.connect() for _ in range(workload.connections)]
    with _no_collections():
        start = time.perf_counter()
        await asyncio.gather(*(_caller(run, channel, start + seconds) for channel in channels))
        run.outcome.seconds = time.perf_counter() - start
    return run.outcome


async def open_loop(target: Target, workload: Workload, rate: float, count: int) -> Outcome:
    """Send `count` requests at `rate` per second, at the same random moments for every contestant."""
    run = _Run(target, workload)
    arrivals = random.Random(ARRIVALS_SEED)
    idle: list[_Channel] = [await run.connect() for _ in range(min(count, 16))]
    tasks: set[asyncio.Task[None]] = set()
    start = due = time.perf_counter()

    async def one() -> None:
        channel = idle.pop() if idle else await run.connect()
        if await run.ask(channel):
            idle.append(channel)
        else:
            channel.close()

    with _no_collections():
        for _ in range(count):
            due += arrivals.expovariate(rate)
            if (pause := due - time.perf_counter()) > 0:
                await asyncio.sleep(pause)
            if run.outcome.failed > MAX_FAULTS:
                break
            if len(tasks) >= MAX_OPEN_CONNECTIONS:
                run.outcome.faults[f"more than {MAX_OPEN_CONNECTIONS} requests in flight"] += 1
                continue
            task = asyncio.create_task(one())
            tasks.add(task)
            task.add_done_callback(tasks.discard)
        await asyncio.gather(*tasks)
    run.outcome.seconds = time.perf_counter() - start
    for channel in idle:
        channel.close()
    return run.outcome


async def _caller(run: _Run, channel: _Channel, end: float) -> None:
    while True:
        useful = await run.ask(channel)
        if time.perf_counter() >= end or run.outcome.failed > MAX_FAULTS:
            break
        if not useful:
            channel.close()
            channel = await run.connect()
    channel.close()


class _Run:
    """What the connections of one run share."""

    def __init__(self, target: Target, workload: Workload) -> None:
        self._target = target
        self._workload = workload
        self._request = target.request(workload)
        self._tls = ssl.create_default_context(cafile=str(target.certificate)) if target.certificate else None
        self.outcome = Outcome()

    async def connect(self) -> _Channel:
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(CONNECT_SECONDS):
            _, protocol = await loop.create_connection(_Channel, "127.0.0.1", self._target.port, ssl=self._tls)
        return protocol

    async def ask(self, channel: _Channel) -> bool:
        """One request and its verified reply; False if the connection is of no more use."""
        outcome = self.outcome
        sent = time.perf_counter()
        try:
            async with asyncio.timeout(GRACE_SECONDS):
                await channel.send(self._request)
        except TimeoutError:
            outcome.faults[f"no whole reply within {GRACE_SECONDS:g} s"] += 1
            return False
        if fault := self._fault(channel):
            outcome.faults[fault] += 1
            return False
        outcome.done += 1
        outcome.first.append(channel.first_at - sent)
        outcome.last.append(channel.last_at - sent)
        return not channel.lost

    def _fault(self, channel: _Channel) -> str:
        if not channel.complete:
            return "the connection ended before the reply did"
        exact = self._target.exact
        sampled = exact and self.outcome.done % EXACT_EVERY == 0
        if channel.chunked and not sampled:
            # Most relays keep an event in a frame, so the words can be counted in the framed bytes.
            framed = channel.framed_body()
            if not self._workload.fault(channel.status, framed, exact=False):
                return ""
        return self._workload.fault(channel.status, channel.body(), exact=exact)


class _Channel(asyncio.Protocol):
    """One connection with at most one request in flight; knows when a reply is whole, and when it began and ended."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._buffer = bytearray()
        self._body_at = 0
        self._end = 0
        self.status = 0
        self.chunked = False
        self.complete = False
        self.lost = False
        self.first_at = 0.0
        self.last_at = 0.0

    def send(self, request: bytes) -> asyncio.Future[None]:
        """Resolves when the reply is whole or the connection is gone."""
        self._buffer.clear()
        self._body_at = self._end = self.status = 0
        self.chunked = self.complete = False
        self.first_at = self.last_at = 0.0
        self._waiter = asyncio.get_running_loop().create_future()
        if self._transport is None or self.lost:
            self._waiter.set_result(None)
        else:
            self._transport.write(request)
        return self._waiter

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def body(self) -> bytes:
        return b"".join(_unframed(bytes(self._buffer[self._body_at :]))) if self.chunked else self.framed_body()

    def framed_body(self) -> bytes:
        """The body as it came over the wire, without the frame that closes it."""
        whole = bytes(self._buffer[self._body_at :])
        return whole.removesuffix(b"\r\n0\r\n\r\n") if self.chunked else whole

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = True
        if self._body_at and not self.chunked and self._end < 0:
            self.complete = True
        self._finish()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self._body_at and not self._read_head():
            return
        if not self.first_at and len(self._buffer) > self._body_at:
            self.first_at = time.perf_counter()
        if self._buffer.endswith(b"\r\n0\r\n\r\n") if self.chunked else 0 <= self._end <= len(self._buffer):
            self.complete = True
            self._finish()

    def _read_head(self) -> bool:
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return False
        head = bytes(self._buffer[: end + 2]).lower()
        self._body_at = end + 4
        self.status = int(head[9:12])
        self.chunked = b"\r\ntransfer-encoding: chunked\r\n" in head
        at = head.find(b"\r\ncontent-length:")
        # Without either, the body ends with the connection.
        self._end = self._body_at + int(head[at + 17 : head.index(b"\r\n", at + 2)]) if at >= 0 else -1
        return True

    def _finish(self) -> None:
        self.last_at = time.perf_counter()
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


def _unframed(framed: bytes) -> Iterator[bytes]:
    at = 0
    while True:
        line = framed.index(b"\r\n", at)
        size = int(framed[at:line].partition(b";")[0], 16)
        if size == 0:
            return
        yield framed[line + 2 : line + 2 + size]
        at = line + 2 + size + 2


@contextmanager
def _no_collections() -> Iterator[None]:
    """The generator's own pauses must not be measured as somebody's latency."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
