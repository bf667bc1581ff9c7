"""What an owner does with accounts, each in one transaction: add and invite, give roles, link, shut, end what is open."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from typing import TYPE_CHECKING

from bursar.errors import InvalidInput
from bursar.office import audit
from bursar.office.access import ASSIGNABLE
from bursar.office.database import transaction
from bursar.office.identity import accounts, api_tokens, invitations, second_factor, sessions
from bursar.office.identity.accounts import Account
from bursar.office.identity.invitations import Invitation
from bursar.office.keyring.tokens import RANDOM_BYTES
from bursar.office.workforce import people

if TYPE_CHECKING:
    from bursar.office.desk import Desk


def add(
    desk: Desk, login: str, *, name: str = "", person: str = "", roles: Iterable[str] = ()
) -> tuple[Account, Invitation]:
    """Add an account with the link by which its owner sets a password; `person` by handle, e-mail or id."""
    with transaction(desk.engine) as connection:
        person_id = people.named(connection, person)["id"] if person else ""
        made = accounts.add(
            connection,
            login,
            account_id=desk.new_id("acc"),
            by=desk.actor,
            now=desk.now(),
            name=name,
            person_id=person_id,
            roles=roles,
        )
        entropy = secrets.token_bytes(RANDOM_BYTES)
        link = invitations.invite(connection, desk.vault, made.id, entropy=entropy, by=desk.actor, now=desk.now())
    return made, link


def invite(desk: Desk, account_id: str) -> Invitation:
    """A new link; earlier ones end. Raises Conflict for a suspended account."""
    with transaction(desk.engine) as connection:
        entropy = secrets.token_bytes(RANDOM_BYTES)
        return invitations.invite(connection, desk.vault, account_id, entropy=entropy, by=desk.actor, now=desk.now())


def set_roles(desk: Desk, account_id: str, wanted: Iterable[str]) -> Account:
    """Give exactly these roles. Raises InvalidInput for one that nobody gives, Conflict for the last owner's."""
    found = set(wanted)
    unknown = sorted(found - set(ASSIGNABLE))
    if unknown:
        raise InvalidInput("role", repr(unknown[0][:80]), f"one of {', '.join(ASSIGNABLE)}")
    with transaction(desk.engine) as connection:
        remove = [role for role in ASSIGNABLE if role not in found]
        return accounts.change_roles(connection, account_id, add=found, remove=remove, by=desk.actor, now=desk.now())


def link(desk: Desk, account_id: str, person: str) -> Account:
    """Say which person of the roster an account is, by handle, e-mail or id; empty: none."""
    with transaction(desk.engine) as connection:
        person_id = people.named(connection, person)["id"] if person else ""
        return accounts.link(connection, account_id, person_id, by=desk.actor, now=desk.now())


def set_status(desk: Desk, account_id: str, *, active: bool) -> None:
    """Shut an account at once, or open it again."""
    with transaction(desk.engine) as connection:
        change = accounts.reinstate if active else accounts.suspend
        change(connection, account_id, by=desk.actor, now=desk.now())


def end_sessions(desk: Desk, account_id: str) -> int:
    """End every session of an account; returns how many."""
    with transaction(desk.engine) as connection:
        accounts.by_id(connection, account_id)
        ended = sessions.end_others(connection, account_id, "", desk.now())
        audit.record(connection, desk.now(), desk.actor, "session.end_all", account_id, {"ended": ended})
    return ended


def remove_factor(desk: Desk, account_id: str) -> None:
    """For a lost authenticator: the account signs in with its password alone until it sets another one up."""
    with transaction(desk.engine) as connection:
        second_factor.remove(connection, account_id, by=desk.actor, now=desk.now())


def revoke_token(desk: Desk, token_id: str, account_id: str) -> None:
    """End a token of an account. Raises NotFound for any other's."""
    with transaction(desk.engine) as connection:
        api_tokens.revoke(connection, token_id, by=desk.actor, now=desk.now(), account_id=account_id)
