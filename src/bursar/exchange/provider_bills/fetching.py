"""Asking a provider's administration: the only module of the room with a socket.

One reading is whole or not at all. What may pass (429, 5xx, a connection that breaks) is tried again, after as long as
`Retry-After` says, within bounds; what will not pass raises at once. Redirects are not followed, and proxies of the
environment not used, so that an admin key reaches no other host; the key is in a header, and in no message.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from bursar.errors import Conflict, InvalidInput, Unavailable
from bursar.exchange.provider_bills.gathering import Gathering
from bursar.exchange.provider_bills.sources import Source
from bursar.exchange.provider_bills.values import MAX_PAGE_BYTES, Ask, Bill

CONNECT_SECONDS = 10.0
PAGE_SECONDS = 60.0
"""For one page with all that it holds."""
TRIES = 4
FIRST_WAIT_SECONDS = 1.0
MAX_WAIT_SECONDS = 60.0
"""Longer than this is not waited: whoever asked tries again later."""
_AGENT = "Bursar"
_PASSING = frozenset({408, 425, 429, 500, 502, 503, 504, 529})

Sleep = Callable[[float], Awaitable[None]]
Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class _Again:
    """Try once more, after this long; `why` if it was the last time."""

    seconds: float | None
    why: str


def fetch(
    source: Source,
    secret: str,
    *,
    account: str = "",
    since: int,
    until: int,
    base_url: str = "",
    sleep: Sleep = asyncio.sleep,
    progress: Progress = lambda pages: None,
) -> Bill:
    """The whole bill of [since, until), seconds since 1970. Not to be called on a running event loop.

    Raises InvalidInput for a page that is cut or of another shape, Conflict for a key that is refused, Unavailable where
    the provider does not answer.
    """
    return asyncio.run(_fetch(source, secret, account, since, until, base_url or source.base_url, sleep, progress))


async def _fetch(
    source: Source, secret: str, account: str, since: int, until: int, base_url: str, sleep: Sleep, progress: Progress
) -> Bill:
    gathering = Gathering()
    timeout = aiohttp.ClientTimeout(total=PAGE_SECONDS, connect=CONNECT_SECONDS)
    headers = {"User-Agent": _AGENT, "Accept": "application/json", **source.headers(secret)}
    async with aiohttp.ClientSession(
        timeout=timeout, trust_env=False, cookie_jar=aiohttp.DummyCookieJar(), headers=headers
    ) as client:
        for first in source.asks(account, since, until):
            ask: Ask | None = gathering.ask(first)
            number = 0
            while ask is not None:
                number += 1
                document = await _page(client, base_url, ask, number, sleep)
                page = source.read(ask, document, number)
                gathering.take(page, ask.what)
                progress(gathering.pages)
                ask = None if page.follow is None else gathering.ask(page.follow)
    return gathering.bill()


async def _page(client: aiohttp.ClientSession, base_url: str, ask: Ask, number: int, sleep: Sleep) -> Any:
    host = urlsplit(base_url).hostname or "the provider"
    wait = FIRST_WAIT_SECONDS
    why = ""
    for attempt in range(TRIES):
        found = await _once(client, base_url, ask, number, host)
        if not isinstance(found, _Again):
            return found
        why = found.why
        seconds = wait if found.seconds is None else found.seconds
        if seconds > MAX_WAIT_SECONDS:
            raise Unavailable(f"{why}, and asks to wait {seconds:g} seconds", "ask again then; nothing was imported")
        if attempt + 1 < TRIES:
            await sleep(seconds)
            wait = min(MAX_WAIT_SECONDS, wait * 2)
    raise Unavailable(f"{why}, {TRIES} times", "ask again later; nothing was imported")


async def _once(client: aiohttp.ClientSession, base_url: str, ask: Ask, number: int, host: str) -> Any:
    where = f"{ask.what}, page {number}"
    method = "GET" if ask.body is None else "POST"
    try:
        async with client.request(
            method, base_url.rstrip("/") + ask.path, params=list(ask.query), json=ask.body, allow_redirects=False
        ) as reply:
            if reply.status in _PASSING:
                return _Again(_retry_after(reply), f"{host} answered {reply.status} for {where}")
            if reply.status in (401, 403):
                raise Conflict(
                    f"{host} refuses the admin key for {ask.what} ({reply.status})",
                    "it has to be an admin key of the organisation; `bursar provider admin-key` stores another one",
                )
            if not 200 <= reply.status < 300:
                raise InvalidInput(where, f"status {reply.status} of {host}", "200")
            raw = await reply.content.read(MAX_PAGE_BYTES + 1)
            while len(raw) <= MAX_PAGE_BYTES and not reply.content.at_eof():
                raw += await reply.content.read(MAX_PAGE_BYTES + 1 - len(raw))
    except aiohttp.ClientPayloadError:
        raise InvalidInput(where, "a page that was cut", "a whole page; nothing was imported") from None
    except TimeoutError:
        return _Again(None, f"{host} did not answer in time for {where}")
    except (aiohttp.ClientError, OSError) as error:
        return _Again(None, f"cannot reach {host} for {where} ({type(error).__name__})")
    if len(raw) > MAX_PAGE_BYTES:
        raise InvalidInput(where, f"more than {MAX_PAGE_BYTES // 1024 // 1024} MiB", "a smaller page")
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        raise InvalidInput(where, "a page that was cut, or no JSON", "a whole page; nothing was imported") from None


def _retry_after(reply: aiohttp.ClientResponse) -> float | None:
    """Seconds that the provider asks to wait: a number, or a date (RFC 9110, 10.2.3)."""
    text = reply.headers.get("Retry-After", "").strip()
    if text.isascii() and text.replace(".", "", 1).isdigit() and len(text) < 10:
        return float(text)
    try:
        at = parsedate_to_datetime(text) if text else None
    except ValueError:
        return None
    if at is None:
        return None
    sent = reply.headers.get("Date", "")
    try:
        now = parsedate_to_datetime(sent) if sent else datetime.now(UTC)
    except ValueError:
        now = datetime.now(UTC)
    return max(0.0, (at - now).total_seconds())
