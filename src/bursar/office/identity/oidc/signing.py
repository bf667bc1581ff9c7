"""Signing in by the identity provider, from the button to the session: what the console calls."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, Engine, delete, insert

from bursar.errors import Conflict, Forbidden
from bursar.office.database import transaction
from bursar.office.identity import sessions
from bursar.office.identity.oidc import flow
from bursar.office.identity.oidc.claims import Identity
from bursar.office.identity.oidc.client import ProviderClient
from bursar.office.identity.oidc.flow import Begun, Returned
from bursar.office.identity.oidc.linking import account_of
from bursar.office.identity.oidc_section import Oidc
from bursar.office.identity.sessions import Opened, Session
from bursar.office.identity.sign_in import Origin, Randomness
from bursar.office.keyring.tokens import RANDOM_BYTES
from bursar.office.tables import oidc_state
from bursar.office.vault import Vault

PURPOSE = "identity provider"


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session, and the page to show first."""

    opened: Opened
    back_to: str


class IdentityProvider:
    """The provider that the settings name, with what is needed to let people in by it."""

    def __init__(
        self,
        engine: Engine,
        vault: Vault,
        section: Oidc,
        client: ProviderClient,
        *,
        base_url: str,
        randomness: Randomness,
        new_id: Callable[[str], str],
        clock: Callable[[], int],
    ) -> None:
        self._engine, self._vault, self._section, self._client = engine, vault, section, client
        self._base_url, self._randomness, self._new_id, self._clock = base_url, randomness, new_id, clock

    async def begin(self, back_to: str = "/") -> Begun:
        """Where to send the browser, with its cookie. Raises Unavailable."""
        provider = await self._client.provider()
        return flow.begin(
            provider,
            self._section,
            self._vault.derive(PURPOSE),
            back_to=back_to,
            base_url=self._base_url,
            entropy=self._randomness(flow.ENTROPY_BYTES),
            now=self._clock(),
        )

    async def finish(self, query: Mapping[str, str], cookie: str, origin: Origin) -> SignedIn:
        """Let in whoever came back. Raises Forbidden with what is wrong, Unavailable if the provider does not answer."""
        provider = await self._client.provider()
        came = flow.returned(provider, self._vault.derive(PURPOSE), query, cookie, self._clock())
        await asyncio.to_thread(self._use_up, came)
        identity = await self._client.identity(came, self._base_url)
        opened = await asyncio.to_thread(self._let_in, identity, origin)
        return SignedIn(opened, came.back_to)

    async def sign_out_url(self, session: Session) -> str:
        """Where to send a browser whose session has ended, so that the provider's ends too; empty: nowhere."""
        if session.issuer != self._section.issuer:
            return ""
        return flow.sign_out_url(await self._client.provider(), self._section, self._base_url)

    def _use_up(self, came: Returned) -> None:
        """A state is good once. Raises Forbidden for a second time."""
        try:
            with transaction(self._engine) as connection:
                connection.execute(delete(oidc_state).where(oidc_state.c.expires < self._clock()))
                connection.execute(insert(oidc_state).values(mark=came.mark, expires=came.expires))
        except Conflict:
            raise Forbidden("this sign-in was used already", "begin again at the sign-in page") from None

    def _let_in(self, identity: Identity, origin: Origin) -> Opened:
        with transaction(self._engine) as connection:
            return self._session(connection, identity, origin)

    def _session(self, connection: Connection, identity: Identity, origin: Origin) -> Opened:
        now = self._clock()
        account = account_of(connection, self._section, identity, new_id=self._new_id, now=now)
        return sessions.start(
            connection,
            self._vault,
            account.id,
            session_id=self._new_id("ses"),
            entropy=self._randomness(RANDOM_BYTES),
            now=now,
            address=origin.address,
            agent=origin.agent,
            issuer=identity.issuer,
            instead_of=origin.cookie,
        )
