"""The gateway's server: it authenticates, refuses cheaply, and hands the rest to `relay`.

Every way in is bounded: connections, the time a request may take to arrive, the size of its body. At SIGTERM it stops
accepting, lets requests in flight finish within the drain time, and settles what it has to stop.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from fnmatch import fnmatchcase
from typing import Any

from msgspec import structs

from bursar.gateway.dialects import credentials, route
from bursar.gateway.dialects.contract import Call, Dialect, Malformed, Refusal
from bursar.gateway.directory import ProviderRecord
from bursar.gateway.holding import Asked, Turned
from bursar.gateway.labels import labels_of
from bursar.gateway.policy import Policy
from bursar.gateway.relay import Exchange, Gate
from bursar.gateway.tally import Tally
from bursar.gateway.wire.inbound import Limits, Listener
from bursar.gateway.wire.request import Request, TooLarge
from bursar.ledger import Saturated, StoreUnavailable

log = logging.getLogger("bursar.gateway")

PROVIDER_PREFIX = "/p/"
"""`/p/<provider>/...` reaches a provider by name: a base URL of its own for every compatible host."""
KEY_POLL_SECONDS = 0.5
"""How often keys are checked for requests in flight; a revoked key stops its streams within a second."""
LEDGER_RETRY_SECONDS = 2
OPENAI_LIMIT = "max_completion_tokens"
SATURATED_RETRY_SECONDS = 1


class Gateway:
    """A listening gateway. `await start(host, port)`, `base_url`, `await stop()`."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._policy: Policy = gate.policy
        self._listener: Listener | None = None
        self._poll: asyncio.Task[None] | None = None
        self._draining = self._stopping = False
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

    async def start(self, host: str, port: int, sock: socket.socket | None = None) -> None:
        """Listen, on an inherited socket if there is one."""
        policy = self._policy
        limits = Limits(policy.receipt_seconds, policy.keepalive_seconds, policy.max_connections)
        self._listener = Listener(self._handle, limits)
        bound, number = await self._listener.start(host, port, sock)
        self.base_url = f"http://[{bound}]:{number}" if ":" in bound else f"http://{bound}:{number}"
        self._poll = asyncio.create_task(self._watch_keys())

    async def stop(self) -> None:
        """Drain: accept no more, wait, stop what is left, settle everything, write the last batch."""
        self._draining = True
        if self._policy.unready_seconds:
            await asyncio.sleep(self._policy.unready_seconds)
        if self._listener is not None:
            self._listener.drain()
            await self._finished(self._listener)
        if self._poll is not None:
            self._poll.cancel()
        self._stopping = True
        loop = asyncio.get_running_loop()
        self._gate.live.stop(lambda request: True, "the gateway is shutting down; ask again")
        end = loop.time() + 5.0
        while (len(self._gate.live) or self._gate.endings) and loop.time() < end:
            await asyncio.sleep(0.02)
        if self._listener is not None:
            await self._listener.close()
        await self._gate.upstream.close()
        await self._gate.writer.close()

    async def _finished(self, listener: Listener) -> None:
        """Until nothing runs, and clients had time to see that their connections take no more; or the drain time is over.

        Requests that come meanwhile on connections that are kept alive are served: each is the last of its connection.
        """
        loop = asyncio.get_running_loop()
        now = loop.time()
        end, quiet = now + self._policy.drain_seconds, now + self._policy.quiet_seconds
        while now < end and (len(self._gate.live) or (listener.connections and now < quiet)):
            await asyncio.sleep(0.02)
            now = loop.time()
            if len(self._gate.live):
                quiet = now + self._policy.quiet_seconds

    async def _watch_keys(self) -> None:
        while True:
            await asyncio.sleep(KEY_POLL_SECONDS)
            self.stop_dead_keys()

    def stop_dead_keys(self) -> None:
        """Stop what is in flight of keys that are not live any more."""
        now = self._gate.clock()
        self._gate.live.stop(
            lambda request: not self._gate.directory.is_live(request.key.key_id, now),
            "this access key has been revoked or has expired",
        )

    async def _handle(self, request: Request) -> None:
        self.requests += 1
        request_id = self._gate.new_id()
        path, _, query = request.raw_path.partition("?")
        if path in ("/", "/healthz", "/readyz"):
            self._health(request, path)
            return
        provider_name, path = _provider_prefix(path)
        dialect = route(request.method, path)
        shape = dialect or _FALLBACK
        try:
            arrived = await self._arrive(request, request_id, dialect, path, query, provider_name)
            await Exchange(self._gate, request, arrived).run()
            return
        except Turned as turned:
            refusal = turned.refusal
        except Saturated:
            refusal = Refusal(
                "rate",
                "Bursar: more requests come than the ledger can write down now; ask again in a moment.",
                SATURATED_RETRY_SECONDS,
                fields={"reason": "saturated"},
            )
        except StoreUnavailable:
            log.warning("request %s refused: the ledger is not available", request_id)
            refusal = Refusal(
                "unavailable", "Bursar: the ledger is not available now; ask again in a moment.", LEDGER_RETRY_SECONDS
            )
        except ConnectionResetError:
            raise  # the client left, or sent what cannot be read
        except Exception:
            log.exception("request %s failed", request_id)
            refusal = Refusal("unavailable", f"Bursar: an internal fault ({request_id}).", LEDGER_RETRY_SECONDS)
        self.refused += 1
        self._gate.tally.refused(_reason(refusal))
        if dialect is not None and request.method == "POST" and refusal.kind in ("exhausted", "contention"):
            self.billable_refusals += 1
        if request.answered:  # a part of an answer is out: all that can be said is that it is no whole
            request.break_off(hard=True)
            return
        reply = shape.refuse(refusal, request.lowered.get("user-agent", ""), request_id)
        if refusal.kind in ("too_large", "timeout"):
            request.close = True  # the rest of the request is not wanted
        request.respond(reply.status, [*reply.headers, ("x-bursar-request-id", request_id)], reply.body)

    def _health(self, request: Request, path: str) -> None:
        if path == "/readyz" and self._draining:
            request.respond(503, [*_TEXT, ("Retry-After", "2")], b"draining\n")
        else:
            request.respond(200, _TEXT, b"bursar\n")

    async def _arrive(
        self,
        request: Request,
        request_id: str,
        dialect: Dialect | None,
        path: str,
        query: str,
        provider_name: str,
    ) -> Asked:
        """Everything that can be refused before money is asked for, the cheapest check first."""
        if not request.raw_path.startswith("/"):
            raise Turned(Refusal("bad_request", "Bursar: the request line has to name a path, not a whole URL."))
        headers = request.lowered
        token, query = credentials(path, query, headers)
        now = self._gate.clock()
        key = self._gate.directory.authenticate(token, now) if token else None
        if key is None:
            what = "this access key is not known, revoked or expired" if token else "no access key was sent"
            raise Turned(Refusal("unauthorized", f"Bursar: {what}. Keys look like bur_live_... (`bursar key issue`)."))
        if dialect is None:
            raise Turned(_no_such_path(request.method, path))
        if self._stopping:
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
            raise Turned(
                Refusal(
                    "forbidden",
                    f"Bursar: this access key may not use model {call.model!r}. Its person issues one that may: "
                    f"bursar key issue {key.person} --model {call.model}",
                    fields={"reason": "model", "model": call.model, "granted_by": key.person},
                )
            )
        provider = self._provider(provider_name, call)
        if provider.purposes and key.purpose not in provider.purposes:
            raise Turned(
                Refusal(
                    "forbidden",
                    f"Bursar: provider {provider.name} is for {' and '.join(provider.purposes)} use, and this access key is "
                    f"for {key.purpose} use.",
                    fields={"reason": "purpose"},
                )
            )
        if provider.kind == "openai" and call.dialect == "openai.chat" and call.limit_field != OPENAI_LIMIT:
            call = structs.replace(call, limit_field=OPENAI_LIMIT)  # a model under an own name is capped OpenAI's way
        return Asked(request_id, dialect, key, provider, call, path, query, body, headers, labels)

    def _provider(self, name: str, call: Call) -> ProviderRecord:
        family = call.dialect.partition(".")[0]
        directory = self._gate.directory
        provider = directory.provider_named(name) if name else directory.provider_for(family, call.model)
        if provider is None:
            what = f"provider {name!r} is not configured" if name else f"no provider serves {call.model or family!r}"
            raise Turned(Refusal("not_found", f"Bursar: {what}.", fields={"reason": "no_provider"}))
        return provider

    async def _body(self, request: Request) -> bytes:
        limit = self._policy.max_body_bytes
        try:
            return await request.body(limit, self._policy.receipt_seconds)
        except TooLarge as error:
            raise Turned(_too_large(limit)) from error
        except TimeoutError as error:
            raise Turned(
                Refusal("timeout", f"Bursar: the request did not arrive within {self._policy.receipt_seconds:g} s.")
            ) from error


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


_TEXT = (("Content-Type", "text/plain; charset=utf-8"),)
_FALLBACK: Dialect = route("POST", "/v1/chat/completions")  # type: ignore[assignment]
