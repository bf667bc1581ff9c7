"""Which account an identity is: by its subject once it is linked, by a verified address the first time, and never again.

An address that changes hands does not change accounts; a subject that is not linked does not take over a linked account.
"""

from __future__ import annotations

import json
from collections.abc import Callable

from sqlalchemy import Connection, delete, insert, select, update

from bursar.errors import Forbidden
from bursar.office import audit
from bursar.office.identity import accounts
from bursar.office.identity.accounts import Account
from bursar.office.identity.oidc.claims import Identity
from bursar.office.identity.oidc_section import Oidc
from bursar.office.tables import ORGANISATION, Whose, account_identity, person, user_account

NewId = Callable[[str], str]


def account_of(
    connection: Connection,
    section: Oidc,
    identity: Identity,
    *,
    new_id: NewId,
    now: int,
    organisation: Whose = ORGANISATION,
) -> Account:
    """The account of an identity, linked or made now if that may be, with the roles of its groups in force.

    Raises Forbidden with what an owner can do about it.
    """
    row = account_identity.c
    here = (row.organisation == organisation) & (row.issuer == identity.issuer) & (row.subject == identity.subject)
    known = connection.execute(select(row.account).where(here).with_for_update()).first()
    account_id = known.account if known else _link(connection, section, identity, new_id, now, organisation)
    account = accounts.by_id(connection, account_id)
    if account.status != "active":
        raise Forbidden("this account is suspended", "an owner can reinstate it")
    mapped = section.roles_of(identity.groups)
    values = {"confirmed": now, "email": identity.email, "roles": json.dumps(mapped)}
    connection.execute(update(account_identity).where(here).values(**values))
    if mapped != account.mapped:
        detail = {"from": list(account.mapped), "to": list(mapped), "issuer": identity.issuer}
        audit.record(connection, now, f"{account_id} by {identity.issuer}", "account.groups", account_id, detail)
    return accounts.by_id(connection, account_id)


def _link(
    connection: Connection, section: Oidc, identity: Identity, new_id: NewId, now: int, organisation: Whose
) -> str:
    """Link an identity that comes for the first time, by its verified address; returns the account's id."""
    if not identity.email:
        raise Forbidden(
            "the identity provider does not vouch for an e-mail address", "it has to be verified there (email_verified)"
        )
    domain = identity.email.rpartition("@")[2]
    if section.email_domains and domain not in {one.lower() for one in section.email_domains}:
        raise Forbidden("addresses of this domain do not sign in here", "email_domains in [oidc] says which do")
    by = f"{identity.issuer}"
    account = _by_address(connection, identity.email, organisation)
    if account is None:
        account = _made(connection, section, identity, new_id("acc"), by, now, organisation)
    row = account_identity.c
    linked = connection.execute(select(row.issuer).where(row.account == account.id).with_for_update()).first()
    if linked is not None and linked.issuer == identity.issuer:
        raise Forbidden(
            "the account of this address is linked with somebody else at the identity provider",
            "an owner can unlink it, after making sure who is asking",
        )
    # Another provider was linked before this one was set up: it is no longer asked, so its link is worth nothing.
    connection.execute(delete(account_identity).where(row.account == account.id))
    connection.execute(
        insert(account_identity).values(
            organisation=organisation,
            issuer=identity.issuer,
            subject=identity.subject,
            account=account.id,
            email=identity.email,
            linked=now,
            confirmed=now,
        )
    )
    audit.record(connection, now, by, "account.identity", account.id, {"issuer": identity.issuer})
    return account.id


def _by_address(connection: Connection, email: str, organisation: Whose) -> Account | None:
    """The account with this address for its login, or that of the person with this address; never one of two."""
    here = user_account.c.organisation == organisation
    own = connection.execute(select(user_account.c.id).where(here, user_account.c.login == email)).first()
    persons = connection.execute(
        select(user_account.c.id)
        .join(person, person.c.id == user_account.c.person)
        .where(here, person.c.email == email)
    ).first()
    if own is not None and persons is not None and own.id != persons.id:
        raise Forbidden("two accounts have this address", "an owner can link the right one with its person")
    found = own or persons
    return None if found is None else accounts.by_id(connection, found.id)


def _made(
    connection: Connection,
    section: Oidc,
    identity: Identity,
    account_id: str,
    by: str,
    now: int,
    organisation: Whose,
) -> Account:
    """An account for somebody of the roster who comes for the first time; it has the roles of its groups and no other."""
    holder = connection.execute(
        select(person.c.id, person.c.name, person.c.status).where(
            person.c.organisation == organisation, person.c.email == identity.email
        )
    ).first()
    if holder is None or holder.status == "left" or not section.create_accounts:
        raise Forbidden("there is no account for this address", "an owner can add one: `bursar account add`")
    return accounts.add(
        connection,
        identity.email,
        account_id=account_id,
        by=by,
        now=now,
        name=holder.name,
        person_id=holder.id,
        organisation=organisation,
    )
