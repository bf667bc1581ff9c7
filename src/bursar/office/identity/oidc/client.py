"""Talking with the identity provider: its description and its keys, kept for a while; codes exchanged for ID tokens.

Keys are read again when a token names one that is not known, at most once a minute, so a provider may change its keys at
any time and a stranger cannot make Bursar ask for ever. While the provider does not answer, what is known goes on for a day.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import Any

import aiohttp

from bursar.errors import Forbidden, Unavailable
from bursar.office.identity.oidc.claims import Identity, Jwk, UnknownKey, identity_of, verified_claims
from bursar.office.identity.oidc.flow import Returned, token_request
from bursar.office.identity.oidc.provider import Provider, discovery_url, read_provider
from bursar.office.identity.oidc_section import Oidc

FRESH_SECONDS = 3_600
"""After this the description and the keys are read again: a key that was withdrawn is believed no longer."""
STALE_SECONDS = 86_400
"""How long they hold while the provider does not answer."""
REFETCH_SECONDS = 60
RETRY_SECONDS = 5
"""After a first question that was not answered."""
MAX_REPLY_BYTES = 1_048_576
MICROS = 1_000_000

Clock = Callable[[], int]


class _Kept:
    """One document with the instants at which it was read and last asked for."""

    __slots__ = ("asked", "found", "read")

    def __init__(self) -> None:
        self.found: Any = None
        self.read = self.asked = 0


class ProviderClient:
    """The provider of one section of the settings; close it, or use it as an async context manager."""

    def __init__(self, section: Oidc, clock: Clock) -> None:
        self._section, self._clock = section, clock
        self._session: aiohttp.ClientSession | None = None
        self._description, self._keys = _Kept(), _Kept()
        self._one_at_a_time = asyncio.Lock()

    async def __aenter__(self) -> ProviderClient:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    async def provider(self) -> Provider:
        """What the provider says of itself. Raises Unavailable."""

        async def read() -> Provider:
            return read_provider(await self._get(discovery_url(self._section.issuer)), self._section.issuer)

        found: Provider = await self._kept(self._description, read)
        return found

    async def identity(self, came: Returned, base_url: str) -> Identity:
        """Exchange a code and check whom the provider vouches for. Raises Forbidden or Unavailable."""
        provider = await self.provider()
        form, headers = token_request(provider, self._section, came, base_url)
        status, reply = await self._ask("POST", provider.token_endpoint, data=form, headers=headers)
        if status in (400, 401, 403):
            raise Forbidden(
                "the identity provider does not take this code",
                "begin again; if it stays, check client_id and its secret",
            )
        if status != 200 or not isinstance(reply.get("id_token"), str):
            raise Unavailable("the identity provider gave no ID token", "try again; is `openid` among the scopes?")
        claims = await self._claims(provider, reply["id_token"], came.nonce)
        return identity_of(await self._more(provider, claims, reply), provider.issuer, self._section.groups_claim)

    async def _claims(self, provider: Provider, token: str, nonce: str) -> dict[str, Any]:
        section, now = self._section, self._clock()
        try:
            return verified_claims(
                token, await self._jwks(provider), provider, client_id=section.client_id, nonce=nonce, now=now
            )
        except UnknownKey:
            keys = await self._jwks(provider, again=True)
            return verified_claims(token, keys, provider, client_id=section.client_id, nonce=nonce, now=now)

    async def _more(self, provider: Provider, claims: dict[str, Any], reply: Mapping[str, Any]) -> dict[str, Any]:
        """Claims that the ID token leaves out, from the userinfo endpoint; never about anybody else."""
        access = reply.get("access_token")
        if "email" in claims or not provider.userinfo_endpoint or not isinstance(access, str) or not access.isascii():
            return claims
        headers = {"Authorization": f"Bearer {access}"}
        status, found = await self._ask("GET", provider.userinfo_endpoint, headers=headers)
        if status != 200 or found.get("sub") != claims["sub"]:
            return claims
        return {**found, **claims}

    async def _jwks(self, provider: Provider, *, again: bool = False) -> list[Jwk]:
        async def read() -> list[Jwk]:
            found = await self._get(provider.jwks_uri)
            keys = found.get("keys")
            if not isinstance(keys, list) or not keys:
                raise Unavailable("the identity provider publishes no keys", "try again in a minute")
            return keys

        found: list[Jwk] = await self._kept(self._keys, read, again=again)
        return found

    async def _kept(self, kept: _Kept, read: Callable[[], Any], *, again: bool = False) -> Any:
        """What is known while it is fresh; else what is read now; else, for a day, what was known."""
        async with self._one_at_a_time:
            now = self._clock()
            age, since_asked = now - kept.read, now - kept.asked
            if kept.found is None and since_asked < RETRY_SECONDS * MICROS:
                raise Unavailable("the identity provider did not answer a moment ago", "try again in a few seconds")
            fresh = age < FRESH_SECONDS * MICROS and not again
            if kept.found is not None and (fresh or since_asked < REFETCH_SECONDS * MICROS):
                return kept.found
            kept.asked = now
            try:
                kept.found, kept.read = await read(), now
            except Unavailable:
                if kept.found is None or age >= STALE_SECONDS * MICROS:
                    raise
            return kept.found

    async def _get(self, url: str) -> dict[str, Any]:
        status, reply = await self._ask("GET", url)
        if status != 200:
            raise Unavailable(f"the identity provider answers {status}", "check issuer in [oidc]")
        return reply

    async def _ask(
        self, method: str, url: str, *, data: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None
    ) -> tuple[int, dict[str, Any]]:
        """One exchange: no redirects, a bounded reply, JSON. Errors repeat neither what was sent nor what came."""
        if self._session is None:
            timeout = aiohttp.ClientTimeout(total=self._section.timeout_seconds)
            self._session = aiohttp.ClientSession(timeout=timeout, cookie_jar=aiohttp.DummyCookieJar())
        wanted = {"Accept": "application/json", **(headers or {})}
        try:
            async with self._session.request(method, url, data=data, headers=wanted, allow_redirects=False) as answer:
                raw = await answer.content.read(MAX_REPLY_BYTES + 1)
                while len(raw) <= MAX_REPLY_BYTES and (more := await answer.content.read(MAX_REPLY_BYTES)):
                    raw += more
                status = answer.status
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            told = f"the identity provider does not answer ({type(error).__name__})"
            raise Unavailable(told, "try again in a minute") from None
        if len(raw) > MAX_REPLY_BYTES:
            raise Unavailable(f"the identity provider answers with more than {MAX_REPLY_BYTES} bytes")
        try:
            found = json.loads(raw)
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            if status == 200:
                raise Unavailable("the identity provider answers with what is no JSON object", "check issuer in [oidc]")
            found = {}
        return status, found
