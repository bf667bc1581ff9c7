"""The client for asyncio, on aiohttp; the same core, the same calls."""

from __future__ import annotations

import asyncio
import random
import secrets
import time
from collections.abc import AsyncIterator
from typing import Any, TypeVar

import aiohttp
from yarl import URL

from bursar.client import operations
from bursar.client.call import Answer, Call, Paged
from bursar.client.exchange import MAX_REPLY_BYTES, TIMEOUT_SECONDS, Again, Exchange, Reply, Request, server_of
from bursar.client.shapes import JobDocument
from bursar.client.sync import LOOK_SECONDS
from bursar.errors import Conflict, Unavailable

T = TypeVar("T")
I = TypeVar("I")  # noqa: E741 (an item)


class AsyncClient:
    """An installation at a URL, asked with an API token. Use it through `async with`."""

    def __init__(self, url: str, token: str, *, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        self._server = server_of(url, token)
        self._timeout = aiohttp.ClientTimeout(total=timeout_seconds)
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def send(self, call: Call[T]) -> T:
        """What is answered. Raises BursarError of the kind that it is; nothing is done twice."""
        value = (await self.ask(call)).value
        if value is None and call.shape is not type(None):
            raise Conflict(f"{call.name} has nothing new to say", "without a tag it says what there is")
        return value  # type: ignore[return-value]

    async def ask(self, call: Call[T]) -> Answer[T]:
        """The same with its entity tag, its location, and whether it had been done before."""
        exchange = Exchange(call, self._server, secrets.token_hex(16))
        while True:
            try:
                reply = await self._exchanged(exchange.request)
            except (OSError, aiohttp.ClientError, TimeoutError) as error:
                step: Answer[T] | Again = exchange.failed(str(error) or type(error).__name__, random.random())  # noqa: S311
            else:
                step = exchange.received(reply, random.random())  # noqa: S311
            if isinstance(step, Answer):
                return step
            await asyncio.sleep(step.seconds)

    async def each(self, call: Paged[Any, I]) -> AsyncIterator[I]:
        """Every item of a list, page after page."""
        while True:
            page = await self.send(call)
            for item in page.items:
                yield item
            if not page.next:
                return
            call = call.after(page.next)

    async def wait(self, job: JobDocument, *, seconds: float = 600.0) -> JobDocument:
        """The job when it is over. Raises Unavailable if it is not over by then."""
        end = time.monotonic() + seconds
        while job.state in ("waiting", "running"):
            if time.monotonic() > end:
                raise Unavailable(
                    f"job {job.id} is {job.state} after {seconds:.0f} seconds", "wait longer, or cancel it"
                )
            await asyncio.sleep(LOOK_SECONDS)
            job = await self.send(operations.get_job(job.id))
        return job

    async def _exchanged(self, request: Request) -> Reply:
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=self._timeout, auto_decompress=True)
        url = f"{self._server.address}{request.target}"
        sent = self._session.request(
            request.method,
            URL(url, encoded=True),
            headers=dict(request.headers),
            data=request.body or None,
            allow_redirects=False,
        )
        async with sent as response:
            body = await response.content.read(MAX_REPLY_BYTES + 1)
            while len(body) <= MAX_REPLY_BYTES and not response.content.at_eof():
                body += await response.content.read(MAX_REPLY_BYTES + 1 - len(body))
            if len(body) > MAX_REPLY_BYTES:
                raise Unavailable(f"the answer is larger than {MAX_REPLY_BYTES} bytes", "ask for less")
            return Reply(response.status, {name.lower(): value for name, value in response.headers.items()}, body)
