"""An exchange: one call from its request to its answer, without any I/O.

It says what to send, is told what came back or what went wrong, and says whether to send it again: only where that does
nothing twice, since what reads may be repeated and what changes carries a key. Time and randomness are arguments.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any, Generic, TypeVar
from urllib.parse import urlsplit

import msgspec

from bursar.client.call import Answer, Call
from bursar.errors import BursarError, Conflict, Forbidden, InvalidInput, NotFound, Unavailable

T = TypeVar("T")
PREFIX = "/api/v1"
MAX_ATTEMPTS = 4
FIRST_WAIT_SECONDS = 0.2
MAX_WAIT_SECONDS = 10.0
"""Longest wait that a server may ask for; beyond it the caller decides."""
MAX_REPLY_BYTES = 64 * 1024 * 1024
TIMEOUT_SECONDS = 60.0
USER_AGENT = "bursar-client/1"
_AGAIN = frozenset({429, 502, 503, 504})
_BUSY = "urn:bursar:problem:key-busy"


@dataclass(frozen=True, slots=True)
class Request:
    """What to send."""

    method: str
    target: str
    """Path and query, as they stand in the request line."""
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back; names of headers in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class Again:
    """Send the same request once more, after a while."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Server:
    """Where an installation is reached, and as whom."""

    scheme: str
    host: str
    port: int
    base: str
    """Path in front of the API\'s prefix, without a slash at the end."""
    token: str = field(repr=False)

    @property
    def address(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"


def server_of(url: str, token: str) -> Server:
    """Raises InvalidInput for an address over which a token must not travel, without repeating the token."""
    expected = "https://host, or http on this machine"
    try:
        parts = urlsplit(url)
        port = parts.port or {"https": 443, "http": 80}.get(parts.scheme, 0)
    except ValueError:
        raise InvalidInput("url", repr(url[:200]), expected) from None
    host = parts.hostname or ""
    safe = parts.scheme == "https" or (parts.scheme == "http" and _is_here(host))
    if not safe or not host or "@" in parts.netloc or parts.query or parts.fragment:
        raise InvalidInput("url", repr(url[:200]), expected)
    if not token.isascii() or not token.isprintable() or not token or " " in token:
        raise InvalidInput("token", "what is no API token", "bur_api_...", "`bursar account token` makes one")
    return Server(parts.scheme, host, port, parts.path.rstrip("/"), token)


class Exchange(Generic[T]):
    """One call on its way. `key` is for a call that changes something and names none."""

    def __init__(self, call: Call[T], server: Server, key: str) -> None:
        self.call = call
        self._server = server
        self._attempts = 1
        headers = {
            "Accept": "application/json, application/problem+json;q=0.9, */*;q=0.1",
            "Authorization": f"Bearer {server.token}",
            "User-Agent": USER_AGENT,
        }
        if call.body or call.method in ("POST", "PUT", "PATCH"):
            headers["Content-Type"] = call.media
        if call.changes:
            headers["Idempotency-Key"] = call.key or key
        if call.only_if:
            headers["If-Match"] = call.only_if
        if call.unless:
            headers["If-None-Match"] = call.unless
        self.request = Request(call.method, f"{server.base}{PREFIX}{call.target}", headers, call.body)

    def received(self, reply: Reply, chance: float) -> Answer[T] | Again:
        """The answer, or to send it again. `chance` is a random number from 0 to 1. Raises BursarError."""
        if reply.status == 304 or 200 <= reply.status < 300:
            return self._answer(reply)
        problem = _problem(reply)
        busy = reply.status == 409 and problem.get("type") == _BUSY
        if (reply.status in _AGAIN or busy) and self._may_repeat():
            wait = self._wait(_seconds(reply.headers.get("retry-after", "")), chance)
            if wait is not None:
                return Again(wait)
        raise error_of(reply.status, problem)

    def failed(self, reason: str, chance: float) -> Again:
        """Nothing came back. Raises Unavailable where it is not tried again."""
        wait = self._wait(0.0, chance) if self._may_repeat() else None
        if wait is None:
            raise Unavailable(
                f"{self._server.address} does not answer: {reason}", "is the address right, and is it up?"
            )
        return Again(wait)

    def _may_repeat(self) -> bool:
        """What reads or works something out may be sent again, and what has a key."""
        return not self.call.changes or "Idempotency-Key" in self.request.headers

    def _wait(self, asked: float, chance: float) -> float | None:
        if self._attempts >= MAX_ATTEMPTS or asked > MAX_WAIT_SECONDS:
            return None
        wait: float = FIRST_WAIT_SECONDS * 2 ** (self._attempts - 1) * (0.5 + chance)
        self._attempts += 1
        return max(asked, wait)

    def _answer(self, reply: Reply) -> Answer[T]:
        value: T | None = None
        if reply.status not in (204, 304):
            value = _read(self.call, reply)
        return Answer(
            value,
            reply.status,
            reply.headers.get("etag", ""),
            reply.headers.get("location", "").removeprefix(PREFIX),
            reply.headers.get("idempotency-replayed") == "true",
        )


def error_of(status: int, problem: Mapping[str, Any]) -> BursarError:
    """The error that a problem is, of the same kind as it would be on the spot."""
    detail = str(problem.get("detail") or problem.get("title") or f"the server answered with status {status}")
    hint = str(problem.get("hint") or "")
    match status:
        case 401 | 403:
            return Forbidden(detail, hint)
        case 404:
            return NotFound(detail, hint)
        case 409 | 412:
            return Conflict(detail, hint)
        case 408 | 429 | 502 | 503 | 504:
            return Unavailable(detail, hint)
        case _ if status in (400, 413, 415, 422) and problem.get("field"):
            field_, found, expected = (str(problem.get(name) or "") for name in ("field", "found", "expected"))
            return InvalidInput(field_, found, expected, hint)
        case _ if 400 <= status < 500:
            return InvalidInput("request", detail, "what the API takes", hint)
    return BursarError(detail, hint)


def _read(call: Call[T], reply: Reply) -> T:
    if call.shape is bytes:
        return reply.body  # type: ignore[return-value]
    try:
        return msgspec.json.decode(reply.body, type=call.shape)
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        sentence = f"the answer to {call.name} is not what this client knows: {error}"
        raise Conflict(sentence, "is the server of another version? upgrade the older of the two") from None


def _problem(reply: Reply) -> Mapping[str, Any]:
    if "json" not in reply.headers.get("content-type", ""):
        return {}
    try:
        found = json.loads(reply.body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _seconds(text: str) -> float:
    return float(text) if text.isdecimal() else 0.0


def _is_here(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
