"""Serving an app with uvicorn, in a process of its own or beside the gateway on the same event loop."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import uvicorn
from fastapi import FastAPI

from bursar.errors import Conflict
from bursar.office.settings import Settings

KEEPALIVE_SECONDS = 30
MAX_CONNECTIONS = 4_096
BACKLOG = 1_024
GRACE_SECONDS = 5
"""At the end, how long requests in flight may go on."""


class _Server(uvicorn.Server):
    """Signals are the caller's: whoever runs the loop decides when to stop."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def serving(app: FastAPI, settings: Settings, *, host: str = "", port: int | None = None) -> AsyncIterator[str]:
    """A listening server; gives its base URL, and at the end lets requests in flight finish. Raises Conflict."""
    wanted = settings.console_port if port is None else port
    with _listening(host or settings.console_host, wanted) as listener:
        config = uvicorn.Config(
            app,
            http="httptools",
            ws="none",
            lifespan="on",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=True,
            forwarded_allow_ips=settings.console_proxies,
            timeout_keep_alive=KEEPALIVE_SECONDS,
            timeout_graceful_shutdown=GRACE_SECONDS,
            limit_concurrency=MAX_CONNECTIONS,
        )
        # An address may hold a whole offer. Without handlers uvicorn writes none; with somebody's it still must not.
        logging.getLogger("uvicorn.access").disabled = True
        server = _Server(config)
        task = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            while not server.started:
                if task.done():
                    task.result()
                    raise Conflict("the console did not start", "its log says why")
                await asyncio.sleep(0.01)
            address, actual = listener.getsockname()[:2]
            shown = f"[{address}]" if ":" in address else address
            yield f"http://{shown}:{actual}"
        finally:
            # Streams never end by themselves, and the server waits for its connections first.
            app.state.pulse.stop()
            server.should_exit = True
            await task


@contextmanager
def _listening(host: str, port: int) -> Iterator[socket.socket]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, kind, protocol, _, address = found[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        raise Conflict(f"the console cannot listen on {host}: {error.strerror or error}") from error
    with listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(address)
        except OSError as error:
            hint = "name another port: --port, or BURSAR_CONSOLE_PORT"
            raise Conflict(f"the console cannot listen on {host}:{port}: {error.strerror}", hint) from error
        listener.listen(BACKLOG)
        listener.setblocking(False)
        yield listener
