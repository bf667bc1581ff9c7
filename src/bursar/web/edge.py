"""The edge: what holds for every request and every answer, before any route is looked for.

Request id, host check, limits of a body in bytes and seconds, security headers, no stack trace. A pure ASGI layer, so that
streams pass through it byte by byte.
"""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import secrets
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bursar.web.problems import Problem, problem_of

log = logging.getLogger("bursar.web")

MAX_BODY_BYTES = 8 * 1024 * 1024
"""Largest body of a request: a roster or a bill that somebody uploads."""
RECEIPT_SECONDS = 30.0
"""A request's body must have arrived whole by then."""
MAX_TARGET_CHARS = 4_096
REQUEST_ID = "x-request-id"

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""Content-Security-Policy: nothing inline, nothing from elsewhere."""
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    # Not `no-referrer`: with it browsers send forms of our own pages with the origin null.
    "referrer-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "x-frame-options": "DENY",
    "x-permitted-cross-domain-policies": "none",
}
STRICT_TRANSPORT = "max-age=31536000"

Shown = Callable[[Request, Problem], Response]
"""How a face shows a problem."""


class TooLarge(Exception):
    """The body is larger than is taken."""


class TooSlow(Exception):
    """The body did not arrive in time."""


class Edge:
    """Wraps the app; `shown` draws problems that no route gets to see."""

    def __init__(self, app: ASGIApp, *, shown: Shown, own_url: str, bound_host: str) -> None:
        self._app, self._shown = app, shown
        self._secure = own_url.startswith("https://")
        named = urlsplit(own_url).hostname if own_url else None
        self._names = {"localhost", bound_host.lower(), *([named.lower()] if named else [])}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = secrets.token_hex(8)
        scope.setdefault("state", {})["request_id"] = request_id
        started = False

        async def sending(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                _protect(MutableHeaders(scope=message), request_id, secure=self._secure)
            await send(message)

        try:
            refused = self._refused(scope)
            if refused is not None:
                await self._show(refused, scope, receive, sending)
            else:
                await self._app(scope, _limited(receive), sending)
        except Exception as error:
            problem = _of_body(error)
            if problem is None:
                log.exception("request %s failed: %s %s", request_id, scope["method"], scope["path"])
                problem = problem_of(error)
            if started:
                # Half an answer is out: ending the connection is all that is left.
                raise
            await self._show(problem, scope, receive, sending)

    def _refused(self, scope: Scope) -> Problem | None:
        headers = Headers(scope=scope)
        if len(scope["path"]) + len(scope["query_string"]) > MAX_TARGET_CHARS:
            return Problem(400, f"the address is longer than {MAX_TARGET_CHARS} characters")
        if not self._is_ours(headers.get("host", "")):
            return Problem(
                421, "the console is not served under this name", "open it under the address of BURSAR_PUBLIC_URL"
            )
        length = headers.get("content-length", "0")
        if length.isdecimal() and int(length) > MAX_BODY_BYTES:
            return _TOO_LARGE
        return None

    def _is_ours(self, host: str) -> bool:
        """Its own names, and addresses: a name that somebody else points here (DNS rebinding) is neither."""
        try:
            name = (urlsplit(f"//{host}").hostname or "").lower()
        except ValueError:
            return False
        if name in self._names:
            return True
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return False
        return True

    async def _show(self, problem: Problem, scope: Scope, receive: Receive, send: Send) -> None:
        await self._shown(Request(scope), problem)(scope, receive, send)


_TOO_LARGE = Problem(413, f"the request is larger than {MAX_BODY_BYTES} bytes")


def _of_body(error: Exception) -> Problem | None:
    if isinstance(error, TooLarge):
        return _TOO_LARGE
    if isinstance(error, TooSlow):
        return Problem(408, f"the request did not arrive within {RECEIPT_SECONDS:.0f} seconds")
    return None


def _limited(receive: Receive) -> Callable[[], Awaitable[Message]]:
    """Count the body's bytes and seconds; once it is whole, waiting for a hang-up is free."""
    left, whole, deadline = MAX_BODY_BYTES, False, asyncio.get_running_loop().time() + RECEIPT_SECONDS

    async def receiving() -> Message:
        nonlocal left, whole
        if whole:
            return await receive()
        try:
            async with asyncio.timeout_at(deadline):
                message = await receive()
        except TimeoutError:
            raise TooSlow from None
        left -= len(message.get("body", b""))
        whole = not message.get("more_body", False)
        if left < 0:
            raise TooLarge
        return message

    return receiving


def _protect(headers: MutableHeaders, request_id: str, *, secure: bool) -> None:
    for name, value in HEADERS.items():
        headers.setdefault(name, value)
    # Whatever a face does not say may be kept is one person's, and kept by nobody.
    headers.setdefault("cache-control", "no-store")
    headers[REQUEST_ID] = request_id
    if secure:
        headers.setdefault("strict-transport-security", STRICT_TRANSPORT)
