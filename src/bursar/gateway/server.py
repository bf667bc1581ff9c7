"""The gateway's server: one aiohttp process that authenticates, refuses cheaply, and hands the rest to `relay`.

Every way in is bounded: connections, the time a request may take to arrive, the size of its body. At SIGTERM it stops
accepting, lets requests in flight finish within the drain time, and settles what it has to stop.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import Any

from aiohttp import web
from aiohttp.web_protocol import RequestHandler
from multidict import CIMultiDict

from bursar.gateway.dialects import credentials, route
from bursar.gateway.dialects.contract import Call, Dialect, Malformed, Refusal
from bursar.gateway.directory import ProviderRecord
from bursar.gateway.holding import Asked, Turned
from bursar.gateway.labels import labels_of
from bursar.gateway.policy import Policy
from bursar.gateway.relay import Exchange, Gate, lower
from bursar.gateway.tally import Tally
from bursar.ledger import StoreUnavailable

log = logging.getLogger("bursar.gateway")

PROVIDER_PREFIX = "/p/"
"""`/p/<provider>/...` reaches a provider by name: a base URL of its own for every compatible host."""
MAX_HEADER_BYTES = 32 * 1024
KEY_POLL_SECONDS = 0.5
"""How often keys are checked for requests in flight; a revoked key stops its streams within a second."""
LEDGER_RETRY_SECONDS = 2


class Gateway:
    """A listening gateway. `await start(host, port)`, `base_url`, `await stop()`."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._policy: Policy = gate.policy
        self._runner: web.ServerRunner | None = None
        self._poll: asyncio.Task[None] | None = None
        self._connections: set[_Connection] = set()
        self._draining = False
        self.base_url = ""
        self.requests = 0
        self.refused = 0
        self.billable_refusals = 0
        """Requests refused because the money was not there."""

    @property
    def live(self) -> Any:
        return self._gate.live

    @property
    def tally(self) -> Tally:
        return self._gate.tally

    async def start(self, host: str, port: int) -> None:
        server = _BoundedServer(self._handle, self._policy, self._connections)
        self._runner = web.ServerRunner(server, handle_signals=False, shutdown_timeout=1.0)
        await self._runner.setup()
        site = web.TCPSite(self._runner, host, port, backlog=1024)
        await site.start()
        bound = self._runner.addresses[0]
        self.base_url = f"http://{bound[0]}:{bound[1]}"
        self._poll = asyncio.create_task(self._watch_keys())

    async def stop(self) -> None:
        """Drain: refuse new requests, wait, stop what is left, settle everything, write the last batch."""
        self._draining = True
        if self._poll is not None:
            self._poll.cancel()
        if self._runner is not None:
            for site in list(self._runner.sites):
                await site.stop()
        loop = asyncio.get_running_loop()
        end = loop.time() + self._policy.drain_seconds
        while len(self._gate.live) and loop.time() < end:
            await asyncio.sleep(0.02)
        self._gate.live.stop(lambda request: True, "the gateway is shutting down; ask again")
        end = loop.time() + 5.0
        while len(self._gate.live) and loop.time() < end:
            await asyncio.sleep(0.02)
        if self._runner is not None:
            await self._runner.cleanup()
        await self._gate.upstream.close()
        await self._gate.writer.close()

    async def _watch_keys(self) -> None:
        while True:
            await asyncio.sleep(KEY_POLL_SECONDS)
            now = self._gate.clock()
            self._gate.live.stop(
                lambda request, now=now: not self._gate.directory.is_live(request.key.key_id, now),  # type: ignore[misc]
                "this access key has been revoked or has expired",
            )

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        self.requests += 1
        request_id = self._gate.new_id()
        path, _, query = request.raw_path.partition("?")
        if path in ("/", "/healthz", "/readyz"):
            return self._health(path)
        provider_name, path = _provider_prefix(path)
        dialect = route(request.method, path)
        shape = dialect or _FALLBACK
        user_agent = request.headers.get("User-Agent", "")
        try:
            arrived = await self._arrive(request, request_id, dialect, path, query, provider_name)
            exchange = Exchange(self._gate, request, arrived)
            return await exchange.run()
        except Turned as turned:
            refusal = turned.refusal
        except StoreUnavailable:
            log.warning("request %s refused: the ledger is not available", request_id)
            refusal = Refusal(
                "unavailable", "Bursar: the ledger is not available now; ask again in a moment.", LEDGER_RETRY_SECONDS
            )
        except Exception:
            log.exception("request %s failed", request_id)
            refusal = Refusal("unavailable", f"Bursar: an internal fault ({request_id}).", LEDGER_RETRY_SECONDS)
        self.refused += 1
        self._gate.tally.refused(_reason(refusal))
        if dialect is not None and request.method == "POST" and refusal.kind in ("exhausted", "contention"):
            self.billable_refusals += 1
        reply = shape.refuse(refusal, user_agent, request_id)
        headers = [*reply.headers, ("x-bursar-request-id", request_id)]
        response = web.Response(status=reply.status, headers=CIMultiDict(headers), body=reply.body)
        if refusal.kind in ("too_large", "timeout"):
            response.force_close()  # the rest of the request is not wanted
        return response

    def _health(self, path: str) -> web.Response:
        if path == "/readyz" and self._draining:
            return web.Response(status=503, text="draining\n", headers={"Retry-After": "2"})
        return web.Response(text="bursar\n")

    async def _arrive(
        self,
        request: web.BaseRequest,
        request_id: str,
        dialect: Dialect | None,
        path: str,
        query: str,
        provider_name: str,
    ) -> Asked:
        """Everything that can be refused before money is asked for, the cheapest check first."""
        if not request.raw_path.startswith("/"):
            raise Turned(Refusal("bad_request", "Bursar: the request line has to name a path, not a whole URL."))
        headers = lower(request.headers)
        token, query = credentials(path, query, headers)
        now = self._gate.clock()
        key = self._gate.directory.authenticate(token, now) if token else None
        if key is None:
            what = "this access key is not known, revoked or expired" if token else "no access key was sent"
            raise Turned(Refusal("unauthorized", f"Bursar: {what}. Keys look like bur_live_... (`bursar key issue`)."))
        if dialect is None:
            raise Turned(_no_such_path(request.method, path))
        if self._draining:
            raise Turned(Refusal("unavailable", "Bursar: the gateway is shutting down; ask again.", 2))
        body = await self._body(request)
        call = dialect.parse(path, query, headers, body)
        if isinstance(call, Malformed):
            kind = "bad_request" if call.status == 400 else "too_large" if call.status == 413 else "bad_request"
            raise Turned(Refusal(kind, f"Bursar: {call.sentence}.", fields={"field": call.field}))
        labels = labels_of(headers, key)
        if isinstance(labels, Refusal):
            raise Turned(labels)
        if key.models and call.model and not _admits(key.models, call.model):
            raise Turned(Refusal("forbidden", f"Bursar: this access key may not use model {call.model!r}."))
        provider = self._provider(provider_name, call)
        if (
            call.dialect == "openai.chat" and provider.kind == "openai"
        ):  # a model under an own name is capped OpenAI's way
            call = replace(call, limit_field="max_completion_tokens")
        return Asked(request_id, dialect, key, provider, call, path, query, body, headers, labels)

    def _provider(self, name: str, call: Call) -> ProviderRecord:
        family = call.dialect.partition(".")[0]
        directory = self._gate.directory
        provider = directory.provider_named(name) if name else directory.provider_for(family, call.model)
        if provider is None:
            what = f"provider {name!r} is not configured" if name else f"no provider serves {call.model or family!r}"
            raise Turned(Refusal("not_found", f"Bursar: {what}.", fields={"reason": "no_provider"}))
        return provider

    async def _body(self, request: web.BaseRequest) -> bytes:
        limit = self._policy.max_body_bytes
        if (request.content_length or 0) > limit:
            raise Turned(_too_large(limit))
        if request.content.is_eof():  # it has arrived already: nothing to wait for
            whole = request.content.read_nowait()
            if len(whole) > limit:
                raise Turned(_too_large(limit))
            return whole
        body = bytearray()
        try:
            async with asyncio.timeout(self._policy.receipt_seconds):
                while chunk := await request.content.readany():
                    body += chunk
                    if len(body) > limit:
                        raise Turned(_too_large(limit))
        except TimeoutError as error:
            raise Turned(
                Refusal("timeout", f"Bursar: the request did not arrive within {self._policy.receipt_seconds:g} s.")
            ) from error
        return bytes(body)


def _reason(refusal: Refusal) -> str:
    """What a refusal is counted as: its kind, and the reason where the kind has several."""
    reason = refusal.fields.get("reason", "")
    return f"{refusal.kind}: {reason}" if reason else refusal.kind


def _provider_prefix(path: str) -> tuple[str, str]:
    if not path.startswith(PROVIDER_PREFIX):
        return "", path
    name, slash, rest = path[len(PROVIDER_PREFIX) :].partition("/")
    return name, slash + rest


def _too_large(limit: int) -> Refusal:
    return Refusal(
        "too_large", f"Bursar: the request body is larger than {limit} bytes.", fields={"limit_bytes": limit}
    )


def _no_such_path(method: str, path: str) -> Refusal:
    for known in ("POST", "GET"):
        if route(known, path) is not None:
            return Refusal("method", f"Bursar: {path} takes {known}, not {method}.")
    return Refusal("not_found", f"Bursar: {path[:200]} is not a path that Bursar meters, so it is not relayed.")


def _admits(patterns: tuple[str, ...], model: str) -> bool:
    return any(fnmatchcase(model, pattern) for pattern in patterns)


class _Connection(RequestHandler):  # type: ignore[type-arg, unused-ignore]
    """A connection that has to deliver its first request within the receipt time, and counts against the limit."""

    __slots__ = ("_bursar_connections", "_bursar_limit", "_bursar_receipt", "_bursar_seconds", "_bursar_started")

    def bound(self, connections: set[_Connection], policy: Policy) -> None:
        self._bursar_connections = connections
        self._bursar_limit = policy.max_connections
        self._bursar_seconds = policy.receipt_seconds
        self._bursar_started = False
        self._bursar_receipt: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        if len(self._bursar_connections) >= self._bursar_limit:
            transport.write(  # type: ignore[attr-defined]
                b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 2\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            )
            transport.close()
            return
        self._bursar_connections.add(self)
        self._bursar_receipt = asyncio.get_running_loop().call_later(self._bursar_seconds, self._late)

    def connection_lost(self, exc: BaseException | None) -> None:
        self._bursar_connections.discard(self)
        if self._bursar_receipt is not None:
            self._bursar_receipt.cancel()
        super().connection_lost(exc)

    def started(self) -> None:
        self._bursar_started = True
        if self._bursar_receipt is not None:
            self._bursar_receipt.cancel()
            self._bursar_receipt = None

    def _late(self) -> None:
        if not self._bursar_started and self.transport is not None:
            self.transport.abort()


class _BoundedServer(web.Server):  # type: ignore[type-arg, unused-ignore]
    def __init__(self, handler: Any, policy: Policy, connections: set[_Connection]) -> None:
        async def begun(request: web.BaseRequest) -> web.StreamResponse:
            request.protocol.started()  # type: ignore[attr-defined]
            response: web.StreamResponse = await handler(request)
            return response

        super().__init__(
            begun,
            keepalive_timeout=policy.keepalive_seconds,
            access_log=None,
            max_line_size=8190,
            max_field_size=MAX_HEADER_BYTES,
            lingering_time=1.0,
        )
        self._policy = policy
        self._bounded = connections

    def __call__(self) -> RequestHandler:  # type: ignore[type-arg, unused-ignore]
        connection = _Connection(self, loop=self._loop, **self._kwargs)
        connection.bound(self._bounded, self._policy)
        return connection


_FALLBACK: Dialect = route("POST", "/v1/chat/completions")  # type: ignore[assignment]
