"""The client for plain code: one connection that is kept, from the standard library. Not for several threads at once."""

from __future__ import annotations

import http.client
import random
import secrets
import ssl
import time
from collections.abc import Iterator
from typing import Any, TypeVar

from bursar.client import operations
from bursar.client.call import Answer, Call, Paged
from bursar.client.exchange import MAX_REPLY_BYTES, TIMEOUT_SECONDS, Again, Exchange, Reply, Request, server_of
from bursar.client.shapes import JobDocument
from bursar.errors import Conflict, Unavailable

T = TypeVar("T")
I = TypeVar("I")  # noqa: E741 (an item)
LOOK_SECONDS = 0.3
"""How often a job is asked how far it is."""


class Client:
    """An installation at a URL, asked with an API token. Close it, or use it through `with`."""

    def __init__(self, url: str, token: str, *, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        self._server = server_of(url, token)
        self._timeout = timeout_seconds
        self._connection: http.client.HTTPConnection | None = None

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def send(self, call: Call[T]) -> T:
        """What is answered. Raises BursarError of the kind that it is; nothing is done twice."""
        value = self.ask(call).value
        if value is None and call.shape is not type(None):
            raise Conflict(f"{call.name} has nothing new to say", "without a tag it says what there is")
        return value  # type: ignore[return-value]

    def ask(self, call: Call[T]) -> Answer[T]:
        """The same with its entity tag, its location, and whether it had been done before."""
        exchange = Exchange(call, self._server, secrets.token_hex(16))
        while True:
            try:
                reply = self._exchanged(exchange.request)
            except (OSError, http.client.HTTPException) as error:
                self.close()
                step: Answer[T] | Again = exchange.failed(_told(error), random.random())  # noqa: S311
            else:
                step = exchange.received(reply, random.random())  # noqa: S311
            if isinstance(step, Answer):
                return step
            time.sleep(step.seconds)

    def each(self, call: Paged[Any, I]) -> Iterator[I]:
        """Every item of a list, page after page."""
        while True:
            page = self.send(call)
            yield from page.items
            if not page.next:
                return
            call = call.after(page.next)

    def wait(self, job: JobDocument, *, seconds: float = 600.0) -> JobDocument:
        """The job when it is over. Raises Unavailable if it is not over by then."""
        end = time.monotonic() + seconds
        while job.state in ("waiting", "running"):
            if time.monotonic() > end:
                raise Unavailable(
                    f"job {job.id} is {job.state} after {seconds:.0f} seconds", "wait longer, or cancel it"
                )
            time.sleep(LOOK_SECONDS)
            job = self.send(operations.get_job(job.id))
        return job

    def _exchanged(self, request: Request) -> Reply:
        fresh = self._connection is None
        try:
            return self._once(request)
        except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError):
            # A kept connection that the server has closed meanwhile: nothing of this request was read.
            self.close()
            if fresh:
                raise
            return self._once(request)

    def _once(self, request: Request) -> Reply:
        connection = self._connection = self._connection or self._connected()
        connection.request(request.method, request.target, request.body or None, dict(request.headers))
        response = connection.getresponse()
        body = response.read(MAX_REPLY_BYTES + 1)
        if len(body) > MAX_REPLY_BYTES:
            self.close()
            raise Unavailable(f"the answer is larger than {MAX_REPLY_BYTES} bytes", "ask for less")
        if response.length:  # `read` with a limit does not say so itself
            raise http.client.IncompleteRead(body, response.length)
        return Reply(response.status, {name.lower(): value for name, value in response.getheaders()}, body)

    def _connected(self) -> http.client.HTTPConnection:
        server = self._server
        if server.scheme == "https":
            context = ssl.create_default_context()
            return http.client.HTTPSConnection(server.host, server.port, timeout=self._timeout, context=context)
        return http.client.HTTPConnection(server.host, server.port, timeout=self._timeout)


def _told(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
