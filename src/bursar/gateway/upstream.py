"""The way to the provider: pooled connections, deadlines, and a second try only where nothing can have happened.

A request is sent again only if the connection was refused or broke before a byte of the request was written. Whatever
breaks later may have been generated and billed, so it is reported, not repeated.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping
from functools import lru_cache

import aiohttp
from yarl import URL

from bursar.gateway.dialects.warnings import is_stripped
from bursar.gateway.directory import ProviderRecord

CONNECT_ATTEMPTS = 3
CONNECT_BACKOFF_SECONDS = 0.1
POOL_KEEPALIVE_SECONDS = 30.0
CHUNK_BYTES = 64 * 1024

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
_NO_AUTO_HEADERS = frozenset({"User-Agent", "Accept", "Accept-Encoding", "Content-Type"})


class UpstreamFailed(Exception):
    """The provider gave no reply. `sentence` is for the client; nothing was received."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class Upstream:
    """A pool of connections to every provider. Create on the event loop, `await close()` at the end."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=0,
                keepalive_timeout=POOL_KEEPALIVE_SECONDS,
                ttl_dns_cache=60,
                ssl=tls if tls is not None else True,
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None),
            skip_auto_headers=_NO_AUTO_HEADERS,
            auto_decompress=True,
            read_bufsize=CHUNK_BYTES * 4,
        )

    async def send(
        self, provider: ProviderRecord, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes
    ) -> aiohttp.ClientResponse:
        """Send a request and wait for the head of the reply. Raises UpstreamFailed."""
        url = _url(provider.base_url, path, query)
        timeout = _timeout(provider.connect_seconds)
        for attempt in range(1, CONNECT_ATTEMPTS + 1):
            try:
                async with asyncio.timeout(provider.first_byte_seconds):
                    return await self._session.request(
                        method,
                        url,
                        headers=headers,
                        data=body if body or method in ("POST", "PUT", "PATCH") else None,
                        timeout=timeout,
                        allow_redirects=False,
                    )
            except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
                if attempt == CONNECT_ATTEMPTS:
                    raise UpstreamFailed(f"Bursar: provider {provider.name} cannot be reached") from error
                await asyncio.sleep(CONNECT_BACKOFF_SECONDS * attempt)
            except TimeoutError as error:
                raise UpstreamFailed(
                    f"Bursar: provider {provider.name} did not answer within {provider.first_byte_seconds:g} s"
                ) from error
            except aiohttp.ClientError as error:
                raise UpstreamFailed(
                    f"Bursar: the connection to provider {provider.name} broke before a reply"
                ) from error
        raise AssertionError("unreachable: the loop returns or raises")

    async def close(self) -> None:
        await self._session.close()


@lru_cache(maxsize=1024)
def _url(base: str, path: str, query: str) -> URL:
    return URL(f"{base.rstrip('/')}{path}{'?' + query if query else ''}", encoded=True)


@lru_cache(maxsize=64)
def _timeout(connect_seconds: float) -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(total=None, sock_connect=connect_seconds)


def request_headers(headers: Mapping[str, str], credentials: Mapping[str, str]) -> dict[str, str]:
    """The headers to forward: verbatim but for hop-by-hop ones and the client's key, in whatever header it came."""
    connection = headers.get("Connection")
    named = {name.strip().lower() for name in connection.split(",")} if connection else ()
    forwarded = {
        name: value
        for name, value in headers.items()
        if (lowered := name.lower()) not in NOT_FORWARDED and lowered not in named
    }
    forwarded["Accept-Encoding"] = "identity"
    forwarded.update(credentials)
    return forwarded


def reply_headers(headers: Mapping[str, str]) -> list[tuple[str, str]]:
    """The provider's headers to hand on: all but hop-by-hop ones and those that speak of its own limits."""
    return [(name, value) for name, value in headers.items() if _is_returned(name)]


@lru_cache(maxsize=1024)
def _is_returned(name: str) -> bool:
    return name.lower() not in NOT_RETURNED and not is_stripped(name)
