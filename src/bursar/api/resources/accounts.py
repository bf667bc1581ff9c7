"""Accounts: who may sign in, as whom, and what they may do. Changes take a session: no token makes accounts."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path
from pydantic import Field
from sqlalchemy import Connection

from bursar.api import pages
from bursar.api.calls import Call, Called
from bursar.api.pages import DEFAULT_LIMIT, After, Limit
from bursar.api.routes import Resource
from bursar.api.shapes import Document, Instant, Line, Page, Sent, instant, instant_or_none, said
from bursar.errors import NotFound
from bursar.office.access import ASSIGNABLE
from bursar.office.database import reading
from bursar.office.identity import account_desk, accounts
from bursar.office.identity.invitations import Invitation

ACCOUNTS = Resource("Accounts", "Who may sign in, which person of the roster that is, and in which roles.")
AccountId = Annotated[str, Path(description="Id of the account.", max_length=80, examples=["acc_5f0e6a1c2b3d"])]


class AccountDocument(Document):
    """An account; nothing of it is secret."""

    id: str = said("Its id.", "acc_5f0e6a1c2b3d")
    login: str = said("What one signs in with.", "ada@example.com")
    name: str = said("Name.", "Ada Abara")
    person: str = said("Handle of the person that it is; empty for nobody of the roster.", "ada")
    roles: list[str] = Field(description="Roles that were given here.", examples=[["finance"]])
    mapped: list[str] = Field(description="Roles by groups of the identity provider.", examples=[[]])
    status: str = said("active or suspended.", "active")
    has_password: bool = said("Whether it has a password here.", True)
    has_second_factor: bool = said("Whether it has an authenticator.", False)
    created: Instant = said("When it was made.", "2026-11-20T09:00:00Z")
    signed_in: Instant | None = said("Last sign-in that is remembered.", "2026-11-20T09:00:00Z")


class Invited(Document):
    """A link by which its owner sets a password; it is shown this once."""

    account: str = said("Id of the account.", "acc_5f0e6a1c2b3d")
    link: str = said("To send to its owner and nobody else.", "https://bursar.example.com/invitation/...")
    until: Instant = said("It works until then.", "2026-11-23T09:00:00Z")


class NewAccount(Sent):
    """Somebody who shall sign in."""

    login: Line = said("A short name, or an e-mail address.", "ada@example.com", min_length=1)
    name: Line = said("Name.", "Ada Abara", "")
    person: Line = said("Handle, e-mail address or id of the person that it is.", "ada", "")
    roles: list[Line] = Field(
        default_factory=list,
        description=f"Any of {', '.join(ASSIGNABLE)}.",
        examples=[["finance"]],
        max_length=len(ASSIGNABLE),
    )


class RolesSent(Sent):
    """Exactly these roles."""

    roles: list[Line] = Field(
        description=f"Any of {', '.join(ASSIGNABLE)}.", examples=[["finance"]], max_length=len(ASSIGNABLE)
    )


class LinkSent(Sent):
    """Which person it is."""

    person: Line = said("Handle, e-mail address or id; empty for nobody.", "ada")


@ACCOUNTS.get("/accounts", "listAccounts", "Who may sign in", action="account.read", whose="house")
def list_accounts(call: Called, after: After = "", limit: Limit = DEFAULT_LIMIT) -> Page[AccountDocument]:
    """By login."""
    with reading(call.desks.engine) as connection:
        found = accounts.listed(connection, call.by.organisation)
    page, following = pages.after(sorted(found, key=lambda one: one.login), after, limit, lambda one: one.login)
    return Page[AccountDocument](items=[_account(one) for one in page], next=following)


@ACCOUNTS.get("/accounts/{account}", "getAccount", "An account", action="account.read", whose="house")
def get_account(call: Called, account: AccountId) -> AccountDocument:
    """With its roles."""
    return _now(call, account)


@ACCOUNTS.post(
    "/accounts", "addAccount", "Invite somebody", action="account.manage", whose="house", status=201, located=True
)
def add_account(call: Called, body: NewAccount) -> Invited:
    """Add an account, and the link by which its owner sets a password."""
    with call.desk() as desk:
        made, link = account_desk.add(
            desk, body.login, name=body.name.strip(), person=body.person.strip(), roles=body.roles
        )
        call.location = f"/accounts/{made.id}"
        return _invited(link, desk.settings.console_url)


def _at(call: Call, connection: Connection) -> AccountDocument:
    return _account(_of_house(call, connection, call.request.path_params["account"]))


@ACCOUNTS.put(
    "/accounts/{account}/roles", "putRoles", "Give roles", action="account.manage", whose="house", current=_at
)
def put_roles(call: Called, account: AccountId, body: RolesSent) -> AccountDocument:
    """Exactly these. The last owner stays one."""
    _now(call, account)
    with call.desk() as desk:
        account_desk.set_roles(desk, account, body.roles)
    return _now(call, account)


@ACCOUNTS.put(
    "/accounts/{account}/person", "putAccountPerson", "Link with a person", action="account.manage", whose="house",
    current=_at,
)  # fmt: skip
def put_account_person(call: Called, account: AccountId, body: LinkSent) -> AccountDocument:
    """Say which person of the roster it is."""
    _now(call, account)
    with call.desk() as desk:
        account_desk.link(desk, account, body.person.strip())
    return _now(call, account)


@ACCOUNTS.post("/accounts/{account}/invite", "inviteAccount", "A new link", action="account.manage", whose="house")
def invite_account(call: Called, account: AccountId) -> Invited:
    """Earlier ones end."""
    _now(call, account)
    with call.desk() as desk:
        return _invited(account_desk.invite(desk, account), desk.settings.console_url)


@ACCOUNTS.post(
    "/accounts/{account}/suspend", "suspendAccount", "Shut an account", action="account.manage", whose="house"
)
def suspend_account(call: Called, account: AccountId) -> AccountDocument:
    """Its sessions and tokens end at once."""
    return _set(call, account, active=False)


@ACCOUNTS.post(
    "/accounts/{account}/reinstate", "reinstateAccount", "Open it again", action="account.manage", whose="house"
)
def reinstate_account(call: Called, account: AccountId) -> AccountDocument:
    """With the roles that it has."""
    return _set(call, account, active=True)


@ACCOUNTS.post(
    "/accounts/{account}/end-sessions", "endSessions", "End its sessions", action="account.manage", whose="house",
    status=204,
)  # fmt: skip
def end_sessions(call: Called, account: AccountId) -> None:
    """Whoever is signed in with it has to sign in again."""
    _now(call, account)
    with call.desk() as desk:
        account_desk.end_sessions(desk, account)


@ACCOUNTS.post(
    "/accounts/{account}/remove-factor", "removeFactor", "Take off its authenticator", action="account.manage",
    whose="house", status=204,
)  # fmt: skip
def remove_factor(call: Called, account: AccountId) -> None:
    """For one that is lost: it signs in with its password alone until another one is set up."""
    _now(call, account)
    with call.desk() as desk:
        account_desk.remove_factor(desk, account)


@ACCOUNTS.delete(
    "/accounts/{account}/tokens/{token}", "revokeAccountToken", "End a token of it", action="account.manage",
    whose="house",
)  # fmt: skip
def revoke_account_token(
    call: Called, account: AccountId, token: Annotated[str, Path(description="Id of the token.", max_length=80)]
) -> None:
    """At once."""
    _now(call, account)
    with call.desk() as desk:
        account_desk.revoke_token(desk, token, account)


def _set(call: Call, account: str, *, active: bool) -> AccountDocument:
    _now(call, account)
    with call.desk() as desk:
        account_desk.set_status(desk, account, active=active)
    return _now(call, account)


def _now(call: Call, account: str) -> AccountDocument:
    with reading(call.desks.engine) as connection:
        return _account(_of_house(call, connection, account))


def _of_house(call: Call, connection: Connection, account: str) -> accounts.Account:
    """Only of the caller's own organisation: any other is not there."""
    found = accounts.by_id(connection, account)
    if found.organisation != call.by.organisation:
        raise NotFound("there is no such account", "`bursar account list` shows which there are")
    return found


def _account(one: accounts.Account) -> AccountDocument:
    return AccountDocument(
        id=one.id,
        login=one.login,
        name=one.name,
        person=one.person,
        roles=list(one.roles),
        mapped=list(one.mapped),
        status=one.status,
        has_password=one.has_password,
        has_second_factor=one.has_second_factor,
        created=instant(one.created),
        signed_in=instant_or_none(one.signed_in),
    )


def _invited(made: Invitation, url: str) -> Invited:
    """The only time that the link is shown."""
    return Invited(account=made.account, link=made.link(url).reveal(), until=instant(made.expires))
