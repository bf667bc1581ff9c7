"""Accounts: who may sign in, which person of the roster they are, which roles were given to them.

Two roles are never given: an account that is linked to a person has `person`, and one to whose person others report has
`manager`; the roster says so. What an account may is worked out anew for every request, so a role that is taken, a
suspension and a last day hold at once.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, delete, exists, insert, select, update

from bursar.errors import Conflict, InvalidInput, NotFound
from bursar.office import audit
from bursar.office.access import ASSIGNABLE, DERIVED, ROLES, Actor, Role
from bursar.office.tables import (
    ORGANISATION,
    Whose,
    account_identity,
    account_password,
    account_second_factor,
    person,
    user_account,
    web_session,
)
from bursar.office.workforce.people import last_instant

MAX_NAME_CHARS = 200
MAPPED_MICROS = 30 * 86_400_000_000
"""Roles from an identity provider's groups lapse if nobody signs in there for this long: who left that house is forgotten
here too, with their tokens."""
MAX_LOGIN_CHARS = 254
"""An e-mail address may be this long (RFC 5321)."""
_LOGIN = re.compile(r"[a-z0-9][a-z0-9._@+-]*")

Status = Literal["active", "suspended"]


@dataclass(frozen=True, slots=True)
class Account:
    """An account as it is listed; nothing of it is secret."""

    id: str
    organisation: str
    login: str
    name: str
    person_id: str
    """Empty for somebody who is no person of the roster."""
    person: str
    """Handle."""
    roles: tuple[Role, ...]
    """Given here, in the table's order."""
    mapped: tuple[Role, ...]
    """Given by groups of the identity provider at the last sign-in there."""
    issuer: str
    """The identity provider that it is linked with; empty: none."""
    status: Status
    has_password: bool
    has_second_factor: bool
    created: int
    signed_in: int
    """Last sign-in, microseconds UTC; 0: none that is remembered."""


def add(
    connection: Connection,
    login: str,
    *,
    account_id: str,
    by: str,
    now: int,
    name: str = "",
    person_id: str = "",
    roles: Iterable[str] = (),
    organisation: Whose = ORGANISATION,
) -> Account:
    """Add an account. It has no password: its owner sets one by an invitation, or comes by the identity provider."""
    found = checked_login(login)
    if len(name) > MAX_NAME_CHARS or not name.isprintable():
        raise InvalidInput("name", f"{len(name)} characters", f"printable text of at most {MAX_NAME_CHARS}")
    given = _assignable(roles)
    here = user_account.c.organisation == organisation
    if connection.execute(select(user_account.c.id).where(here, user_account.c.login == found)).first():
        raise Conflict(f"there is an account {found} already")
    if person_id:
        _refuse_second(connection, person_id, organisation)
    connection.execute(
        insert(user_account).values(
            id=account_id,
            organisation=organisation,
            login=found,
            name=name,
            person=person_id or None,
            roles=json.dumps(given),
            created=now,
        )
    )
    detail = {"login": found, "person": person_id, "roles": list(given)}
    audit.record(connection, now, by, "account.add", account_id, detail)
    return by_id(connection, account_id)


def named(connection: Connection, name: str, organisation: Whose = ORGANISATION) -> Account:
    """The account with this login or id, else that of the person with this handle. Raises NotFound."""
    here = user_account.c.organisation == organisation
    lower = name.strip().lower() if name.isprintable() else ""
    for meant in (user_account.c.login == lower, user_account.c.id == name, person.c.handle == lower):
        row = connection.execute(_rows().where(here, meant)).first() if lower else None
        if row is not None:
            return _read(row)
    raise NotFound(f"there is no account {name[:MAX_LOGIN_CHARS]!r}", "`bursar account list` shows which there are")


def by_id(connection: Connection, account_id: str) -> Account:
    """The account with this id. Raises NotFound."""
    row = connection.execute(_rows().where(user_account.c.id == account_id)).first()
    if row is None:
        raise NotFound("there is no such account", "`bursar account list` shows which there are")
    return _read(row)


def listed(connection: Connection, organisation: Whose = ORGANISATION) -> list[Account]:
    """Every account, by login."""
    rows = connection.execute(_rows().where(user_account.c.organisation == organisation).order_by(user_account.c.login))
    return [_read(row) for row in rows]


def change_roles(
    connection: Connection, account_id: str, *, add: Iterable[str] = (), remove: Iterable[str] = (), by: str, now: int
) -> Account:
    """Give and take roles. Raises Conflict if nobody would be left to give them."""
    _lock_owners(connection)
    before = by_id(connection, account_id)
    added, removed = set(_assignable(add)), set(_assignable(remove))
    wanted = [role for role in ASSIGNABLE if (role in before.roles or role in added) and role not in removed]
    if "owner" in before.roles and "owner" not in wanted:
        _refuse_ownerless(connection, before)
    if tuple(wanted) != before.roles:
        connection.execute(update(user_account).where(user_account.c.id == account_id).values(roles=json.dumps(wanted)))
        audit.record(connection, now, by, "account.roles", account_id, {"from": list(before.roles), "to": wanted})
    return by_id(connection, account_id)


def link(connection: Connection, account_id: str, person_id: str, *, by: str, now: int) -> Account:
    """Say which person of the roster an account is; empty: none."""
    before = by_id(connection, account_id)
    if person_id and person_id != before.person_id:
        _refuse_second(connection, person_id, before.organisation)
    connection.execute(update(user_account).where(user_account.c.id == account_id).values(person=person_id or None))
    audit.record(connection, now, by, "account.link", account_id, {"from": before.person_id, "to": person_id})
    return by_id(connection, account_id)


def suspend(connection: Connection, account_id: str, *, by: str, now: int) -> None:
    """Shut an account at once: its sessions end, its tokens stop. Raises Conflict for the last owner."""
    _lock_owners(connection)
    before = by_id(connection, account_id)
    if "owner" in before.roles:
        _refuse_ownerless(connection, before)
    connection.execute(update(user_account).where(user_account.c.id == account_id).values(status="suspended"))
    live = (web_session.c.account == account_id) & (web_session.c.ended == 0)
    connection.execute(update(web_session).where(live).values(ended=now))
    audit.record(connection, now, by, "account.suspend", account_id, {})


def reinstate(connection: Connection, account_id: str, *, by: str, now: int) -> None:
    """Undo `suspend`: tokens that were not revoked work again, sessions begin anew."""
    by_id(connection, account_id)
    connection.execute(update(user_account).where(user_account.c.id == account_id).values(status="active"))
    audit.record(connection, now, by, "account.reinstate", account_id, {})


def forget_identity(connection: Connection, account_id: str, *, by: str, now: int) -> None:
    """Unlink an account from the identity provider: who comes next with its verified address is linked, and the roles of
    its groups are gone. Raises Conflict if it is not linked."""
    if connection.execute(delete(account_identity).where(account_identity.c.account == account_id)).rowcount == 0:
        raise Conflict("this account is linked with no identity provider")
    audit.record(connection, now, by, "account.identity.remove", account_id, {})


def actor_of(
    connection: Connection, account_id: str, via: str, now: int, narrowed: frozenset[str] | None = None
) -> Actor | None:
    """Who an account is for the access table at this instant; None if it may do nothing at all."""
    row = connection.execute(_standing().where(user_account.c.id == account_id)).first()
    if row is None or row.account_status != "active":
        return None
    roles = _in_force(row, now)
    return Actor(account_id, row.person or "", row.organisation, roles, via, narrowed)


def people_with(
    connection: Connection, roles: Collection[Role], now: int, organisation: Whose = ORGANISATION
) -> list[str]:
    """Ids of the people at work whose accounts have one of these roles in force, in order."""
    active = (user_account.c.status == "active") & (person.c.status == "active")
    rows = connection.execute(_standing().where(user_account.c.organisation == organisation, active)).all()
    return sorted(row.person for row in rows if _in_force(row, now) & set(roles))


def checked_login(login: str) -> str:
    """A login in its one form. Raises InvalidInput without repeating it: people type passwords into this field."""
    found = login.strip().lower()
    if not _LOGIN.fullmatch(found) or len(found) > MAX_LOGIN_CHARS:
        raise InvalidInput(
            "login", f"{len(found)} characters that are none", "lower-case letters, digits and . _ - + @, at most 254"
        )
    return found


def decoded_roles(text: str) -> tuple[Role, ...]:
    """Roles as they are stored; one that this Bursar does not know gives nothing."""
    known = set(json.loads(text))
    return tuple(role for role in ROLES if role in known and role not in DERIVED)


def _in_force(row: Any, now: int) -> frozenset[Role]:
    mapped = decoded_roles(row.mapped) if row.mapped and now - row.confirmed < MAPPED_MICROS else ()
    given = {*decoded_roles(row.roles), *mapped}
    if row.person is None:
        return frozenset(given)
    end = last_instant(row.leave_date, row.zone)
    if row.person_status == "left" or (end and now >= end):
        return frozenset[Role]({"person"})
    return frozenset[Role]({*given, "person", *(("manager",) if row.has_reports else ())})


def _standing() -> Any:
    report = person.alias()
    has_reports = exists().where(report.c.manager == person.c.handle, report.c.organisation == person.c.organisation)
    return (
        select(
            user_account.c.organisation,
            user_account.c.person,
            user_account.c.roles,
            user_account.c.status.label("account_status"),
            account_identity.c.roles.label("mapped"),
            account_identity.c.confirmed,
            person.c.status.label("person_status"),
            person.c.leave_date,
            person.c.zone,
            has_reports.label("has_reports"),
        )
        .outerjoin(person, person.c.id == user_account.c.person)
        .outerjoin(account_identity, account_identity.c.account == user_account.c.id)
    )


def _rows() -> Any:
    def there(table: Any, more: ColumnElement[bool] | None = None) -> Any:
        found = exists().where(table.c.account == user_account.c.id)
        return found if more is None else found.where(more)

    newest = select(web_session.c.created).where(
        web_session.c.account == user_account.c.id, web_session.c.stage == "full"
    )
    return (
        select(
            user_account,
            person.c.handle,
            account_identity.c.roles.label("mapped"),
            account_identity.c.issuer,
            there(account_password).label("has_password"),
            there(account_second_factor, account_second_factor.c.since > 0).label("has_second_factor"),
            newest.order_by(web_session.c.created.desc()).limit(1).scalar_subquery().label("signed_in"),
        )
        .outerjoin(person, person.c.id == user_account.c.person)
        .outerjoin(account_identity, account_identity.c.account == user_account.c.id)
    )


def _read(row: Any) -> Account:
    return Account(
        id=row.id,
        organisation=row.organisation,
        login=row.login,
        name=row.name,
        person_id=row.person or "",
        person=row.handle or "",
        roles=decoded_roles(row.roles),
        mapped=decoded_roles(row.mapped or "[]"),
        issuer=row.issuer or "",
        status=row.status,
        has_password=bool(row.has_password),
        has_second_factor=bool(row.has_second_factor),
        created=row.created,
        signed_in=row.signed_in or 0,
    )


def _assignable(roles: Iterable[str]) -> tuple[Role, ...]:
    found = set(roles)
    for one in sorted(found):
        if one in DERIVED:
            raise InvalidInput("role", repr(one), f"one of {', '.join(ASSIGNABLE)}", "the roster says who that is")
        if one not in ASSIGNABLE:
            raise InvalidInput("role", repr(one[:MAX_NAME_CHARS]), f"one of {', '.join(ASSIGNABLE)}")
    return tuple(role for role in ASSIGNABLE if role in found)


def _refuse_second(connection: Connection, person_id: str, organisation: Whose) -> None:
    holder = connection.execute(
        select(person.c.handle).where(person.c.id == person_id, person.c.organisation == organisation)
    ).first()
    if holder is None:
        raise NotFound("there is no such person", "`bursar person list` shows who there is")
    taken = connection.execute(select(user_account.c.login).where(user_account.c.person == person_id)).first()
    if taken is not None:
        raise Conflict(f"{holder.handle} has the account {taken.login} already")


def _owners() -> ColumnElement[bool]:
    return user_account.c.roles.like('%"owner"%')


def _lock_owners(connection: Connection) -> None:
    """Two owners who take each other's role at once come one after the other."""
    connection.execute(select(user_account.c.id).where(_owners()).order_by(user_account.c.id).with_for_update())


def _refuse_ownerless(connection: Connection, leaving: Account) -> None:
    others = select(user_account.c.id).where(
        _owners(),
        user_account.c.organisation == leaving.organisation,
        user_account.c.status == "active",
        user_account.c.id != leaving.id,
    )
    if connection.execute(others).first() is None:
        raise Conflict(f"{leaving.login} is the last owner", "give somebody else the role first")
