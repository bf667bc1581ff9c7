"""The way to the provider: pooled connections, deadlines, and a second try only where nothing can have happened.

A request is sent again only if the connection was refused or broke before a byte of the request was written. Whatever
breaks later may have been generated and billed, so it is reported, not repeated.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping
from functools import lru_cache

from bursar.gateway.dialects.warnings import is_stripped
from bursar.gateway.directory import ProviderRecord
from bursar.gateway.wire.framing import Headers
from bursar.gateway.wire.outbound import NotConnected, Pool, origin_of
from bursar.gateway.wire.reply import Reply, WireError

CONNECT_ATTEMPTS = 3
CONNECT_BACKOFF_SECONDS = 0.1

HOP_BY_HOP = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
NOT_FORWARDED = HOP_BY_HOP | {
    "host",
    "content-length",
    "accept-encoding",
    "expect",
    "authorization",
    "x-api-key",
    "x-goog-api-key",
    "api-key",
    "cookie",
    "x-http-method-override",
    "x-bursar-task",
    "x-bursar-run",
    "x-bursar-run-cap",
}
NOT_RETURNED = HOP_BY_HOP | {"content-length", "content-encoding", "set-cookie", "date", "server"}


class UpstreamFailed(Exception):
    """The provider gave no reply. `sentence` is for the client; nothing was received."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class Upstream:
    """The way to every provider. Create on the event loop, `await close()` at the end."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self._pool = Pool(tls)

    async def send(
        self, provider: ProviderRecord, method: str, path: str, query: str, headers: Headers, body: bytes
    ) -> Reply:
        """Send a request and wait for the head of the reply. Raises UpstreamFailed."""
        origin = origin_of(provider.base_url)
        target = f"{path}?{query}" if query else path
        if body or method in ("POST", "PUT", "PATCH"):
            headers = [*headers, ("Content-Length", str(len(body)))]
        for attempt in range(1, CONNECT_ATTEMPTS + 1):
            try:
                return await self._pool.ask(
                    origin,
                    method,
                    target,
                    headers,
                    body,
                    connect_seconds=provider.connect_seconds,
                    reply_seconds=provider.first_byte_seconds,
                )
            except NotConnected as error:
                if attempt == CONNECT_ATTEMPTS:
                    raise UpstreamFailed(f"Bursar: provider {provider.name} cannot be reached") from error
                await asyncio.sleep(CONNECT_BACKOFF_SECONDS * attempt)
            except TimeoutError as error:
                raise UpstreamFailed(
                    f"Bursar: provider {provider.name} did not answer within {provider.first_byte_seconds:g} s"
                ) from error
            except WireError as error:
                raise UpstreamFailed(
                    f"Bursar: the connection to provider {provider.name} broke before a reply"
                ) from error
        raise AssertionError("unreachable: the loop returns or raises")

    async def close(self) -> None:
        await self._pool.close()


def request_headers(headers: Headers, credentials: Mapping[str, str]) -> list[tuple[str, str]]:
    """The headers to forward: verbatim but for hop-by-hop ones and the client's key, in whatever header it came."""
    named: set[str] = set()
    for name, value in headers:
        if len(name) == 10 and name.lower() == "connection":
            named |= {one.strip().lower() for one in value.split(",")}
    named.update(name.lower() for name in credentials)
    forwarded = [pair for pair in headers if (lowered := _lower(pair[0])) not in NOT_FORWARDED and lowered not in named]
    return [*forwarded, ("Accept-Encoding", "identity"), *credentials.items()]


@lru_cache(maxsize=1024)
def _lower(name: str) -> str:
    return name.lower()


def reply_headers(headers: Headers) -> list[tuple[str, str]]:
    """The provider's headers to hand on: all but hop-by-hop ones and those that speak of its own limits."""
    return [pair for pair in headers if _is_returned(pair[0])]


@lru_cache(maxsize=1024)
def _is_returned(name: str) -> bool:
    return name.lower() not in NOT_RETURNED and not is_stripped(name)
