"""Invitations: a link that is good once and for three days, by which its owner sets a password.

The first password and a forgotten one go the same way, so nobody ever sets somebody else's. A new link makes the ones
before it worthless.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy import Connection, insert, select, update

from bursar.errors import Conflict, Forbidden
from bursar.office import audit
from bursar.office.identity import accounts
from bursar.office.keyring.tokens import INVITATION_PREFIX, fingerprint, is_well_formed, make_token
from bursar.office.tables import account_invitation
from bursar.office.vault import Secret, Vault, adopt_master

LIFETIME_SECONDS = 3 * 86_400
PATH = "/invitation/"
"""Where the console takes a link up."""
MICROS = 1_000_000
_PURPOSE = "invitations"


@dataclass(frozen=True, slots=True)
class Invitation:
    """A link at the only moment that it is known."""

    account: str
    expires: int
    token: Secret = field(repr=False)

    def link(self, base_url: str) -> Secret:
        """The address to send, to its owner and nobody else."""
        return Secret(base_url.rstrip("/") + PATH + self.token.reveal())


def invite(connection: Connection, vault: Vault, account_id: str, *, entropy: bytes, by: str, now: int) -> Invitation:
    """Make a link for an account; earlier ones end. `entropy` is RANDOM_BYTES of randomness."""
    adopt_master(connection, vault)
    account = accounts.by_id(connection, account_id)
    if account.status != "active":
        raise Conflict(f"{account.login} is {account.status}", "reinstate it first")
    withdraw(connection, account_id, now)
    token, expires = make_token(entropy, INVITATION_PREFIX), now + LIFETIME_SECONDS * MICROS
    mark = fingerprint(token, vault.derive(_PURPOSE))
    connection.execute(
        insert(account_invitation).values(mark=mark, account=account_id, created=now, expires=expires, actor=by)
    )
    audit.record(connection, now, by, "account.invite", account_id, {"expires": expires})
    return Invitation(account_id, expires, Secret(token))


def holder(connection: Connection, vault: Vault, token: str, now: int) -> accounts.Account:
    """Whose password a link sets. Raises Forbidden for a link that is used, too old or none; it never repeats it."""
    found = None
    if is_well_formed(token, INVITATION_PREFIX):
        row = account_invitation.c
        good = (row.mark == fingerprint(token, vault.derive(_PURPOSE))) & (row.used == 0) & (row.expires > now)
        found = connection.execute(select(row.account).where(good).with_for_update()).first()
    if found is not None:
        account = accounts.by_id(connection, found.account)
        if account.status == "active":
            return account
    raise Forbidden("this link is used, too old, or not whole", "ask an owner for a new one")


def withdraw(connection: Connection, account_id: str, now: int) -> None:
    """End every open link of an account."""
    row = account_invitation.c
    connection.execute(update(account_invitation).where(row.account == account_id, row.used == 0).values(used=now))
