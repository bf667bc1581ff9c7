"""One HTTP POST to an address from the settings: a total deadline, no redirects, no proxy from the environment."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from urllib.parse import urlsplit

import aiohttp

from bursar.exchange.notify.letter import Undelivered

_AGENT = "Bursar"


def post(url: str, body: bytes, headers: Mapping[str, str], timeout_seconds: float) -> None:
    """Send; anything but a 2xx raises Undelivered, whose reason names the host and never the path, which may be secret.

    Not to be called on a running event loop.
    """
    host = urlsplit(url).hostname
    try:
        status = asyncio.run(_post(url, body, headers, timeout_seconds))
    except TimeoutError:
        raise Undelivered(f"{host} did not answer within {timeout_seconds:g} seconds") from None
    except (aiohttp.ClientError, OSError, ValueError) as error:
        raise Undelivered(f"cannot reach {host} ({type(error).__name__})") from None
    if 300 <= status < 400:
        raise Undelivered(f"{host} answered {status}: redirects are not followed, set the final address")
    if not 200 <= status < 300:
        raise Undelivered(f"{host} answered {status}")


async def _post(url: str, body: bytes, headers: Mapping[str, str], timeout_seconds: float) -> int:
    timeout = aiohttp.ClientTimeout(total=timeout_seconds)
    known = {"Content-Type": "application/json", "User-Agent": _AGENT, **headers}
    async with (
        aiohttp.ClientSession(timeout=timeout, trust_env=False, cookie_jar=aiohttp.DummyCookieJar()) as client,
        client.post(url, data=body, headers=known, allow_redirects=False) as reply,
    ):
        return reply.status
