"""Me: who one is here, what one may, and one's own tokens."""

from __future__ import annotations

import secrets
from typing import Annotated, Any

from fastapi import Path
from pydantic import Field

from bursar.api.calls import Called
from bursar.api.limits import MAX_LIST_ITEMS
from bursar.api.routes import Resource
from bursar.api.shapes import Document, Instant, Line, Page, Sent, instant, said
from bursar.office.access import ROLES, TABLE, reach
from bursar.office.database import reading, transaction
from bursar.office.desk import new_id
from bursar.office.identity import accounts, api_tokens
from bursar.office.keyring.tokens import RANDOM_BYTES
from bursar.office.workforce import people
from bursar.web.cookies import session_cookie
from bursar.web.forms import HEADER, form_token

ME = Resource("Me", "Who one is here, what that allows, and one's own API tokens.")


class Right(Document):
    """Something that the caller may do, and how far."""

    action: str = said("Name of the action.", "wallet.read")
    what: str = said("What it is.", "Balance by lot, burn-down, what expires or vests next.")
    reach: list[str] = Field(description="own, named, team, organisation.", examples=[["own"]])


class Me(Document):
    """The caller."""

    account: str = said("Id of the account.", "acc_5f0e6a1c2b3d")
    login: str = said("What one signs in with.", "ada@example.com")
    name: str = said("Name of the account.", "Ada Abara")
    person: str | None = said("Handle of the person of the roster, null for somebody who is none.", "ada")
    roles: list[str] = Field(description="In force now.", examples=[["person", "manager"]])
    by_token: bool = said("Whether an API token acts here; it may do less than its account.", True)
    rights: list[Right] = Field(description="Everything that the caller may do at all.")


class SessionToken(Document):
    """What a session's change has to carry."""

    header: str = said("Name of the header.", HEADER)
    token: str = said("Its value, good for the whole session.", "5f0e6a1c")


class Policy(Document):
    """One row of the access table."""

    action: str = said("Name of the action.", "wallet.read")
    what: str = said("What it is.", "Balance by lot, burn-down, what expires or vests next.")
    why: str = said("Why these roles, and no others.", "Lots name their grants: that is pay.")
    roles: dict[str, str] = Field(description="By role, how far it reaches.", examples=[{"person": "own"}])
    logged: bool = said("Looks by others are written down for the person.", True)


class Policies(Document):
    """The whole access table."""

    items: list[Policy] = Field(description="In the order of the reference.")


class Token(Document):
    """An API token, without its secret."""

    id: str = said("Its id.", "tok_5f0e6a1c2b3d")
    label: str = said("What it is for.", "nightly export")
    hint: str = said("To recognise it by.", "bur_api_Xk2d...9fQa")
    scopes: list[str] = Field(description="Actions that it is limited to.", examples=[["wallet.read"]])
    state: str = said("live, expired or revoked.", "live")
    created: Instant = said("When it was made.", "2026-11-20T09:00:00Z")
    expires: Instant = said("When it ends.", "2027-02-18T09:00:00Z")
    last_used: str | None = said("Day in UTC, null for never.", "2026-11-20")


class IssuedToken(Token):
    """A token at the only moment that its secret is known."""

    secret: str = said("The secret; it is never shown again.", "bur_api_...")


class NewToken(Sent):
    """A token to make."""

    scopes: list[Line] = Field(
        description="Actions (`wallet.read`) or bundles (`usage:read`, `*:read`).",
        examples=[["wallet.read", "topup:write"]],
        min_length=1,
        max_length=MAX_LIST_ITEMS,
    )
    label: Line = said("What it is for.", "nightly export", "")
    days: int = said("How long it works.", 90, api_tokens.DEFAULT_DAYS, ge=1, le=api_tokens.MAX_DAYS)


@ME.get("/me", "getMe", "Who I am", action="me.read", whose="account")
def get_me(call: Called) -> Me:
    """The caller's account, person and roles, and what they allow at this instant."""
    with reading(call.desks.engine) as connection:
        account = accounts.by_id(connection, call.by.account)
        person = people.named(connection, call.by.person)["handle"] if call.by.person else None
    rights = [(row, reach(call.by, row)) for row in TABLE]
    return Me(
        account=account.id,
        login=account.login,
        name=account.name,
        person=person,
        roles=[role for role in ROLES if role in call.by.roles],
        by_token=call.session is None,
        rights=[Right(action=row.name, what=row.what, reach=sorted(scopes)) for row, scopes in rights if scopes],
    )


@ME.get("/session", "getSession", "My session's token against forgery", action="signin.manage", whose="account")
def get_session(call: Called) -> SessionToken:
    """Changes that a cookie signs carry this header, so that no other site's page can send them. Tokens do without."""
    return SessionToken(header=HEADER, token=form_token(call.desks.vault, session_cookie(call.request)))


@ME.get("/policy", "getPolicy", "Who may see and do what", action="policy.read", whose="house")
def get_policy(call: Called) -> Policies:
    """The access table: what is not in it is denied."""
    return Policies(
        items=[
            Policy(
                action=row.name,
                what=row.what,
                why=row.why,
                roles=dict(row.scopes.items()),
                logged=row.logged,
            )
            for row in TABLE
        ]
    )


@ME.get("/tokens", "listTokens", "My API tokens", action="token.manage", whose="account")
def list_tokens(call: Called) -> Page[Token]:
    """Every token of the caller's account, oldest first, without secrets."""
    with reading(call.desks.engine) as connection:
        found = api_tokens.listed(connection, call.by.account)
    return Page[Token](items=[Token(**_token(one, call.now)) for one in found])


@ME.post("/tokens", "issueToken", "Make an API token", action="token.manage", whose="account", status=201)
def issue_token(call: Called, body: NewToken) -> IssuedToken:
    """The secret is shown once. A token never allows more than its account, and cannot make another one."""
    with transaction(call.desks.engine) as connection:
        issued = api_tokens.issue(
            connection,
            call.desks.vault,
            call.by.account,
            body.scopes,
            token_id=new_id("tok"),
            entropy=secrets.token_bytes(RANDOM_BYTES),
            by=call.by.label,
            now=call.now,
            label=body.label,
            days=body.days,
        )
    return IssuedToken(**_token(issued.token, call.now), secret=issued.secret.reveal())


@ME.delete("/tokens/{token}", "revokeToken", "End an API token", action="token.manage", whose="account")
def revoke_token(call: Called, token: Annotated[str, Path(description="Id of the token.", max_length=100)]) -> None:
    """It stops at once. Somebody else's token is not found."""
    with transaction(call.desks.engine) as connection:
        api_tokens.revoke(connection, token, by=call.by.label, now=call.now, account_id=call.by.account)


def _token(one: api_tokens.ApiToken, now: int) -> dict[str, Any]:
    return {
        "id": one.id,
        "label": one.label,
        "hint": one.hint,
        "scopes": list(one.scopes),
        "state": one.state(now),
        "created": instant(one.created),
        "expires": instant(one.expires),
        "last_used": one.last_used or None,
    }
