"""Accounts: who may sign in, and as what?"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Form, Path, Query
from starlette.responses import Response

from bursar.console.organisation.area import AREA
from bursar.console.visit import Visit, Visitor
from bursar.errors import BursarError, InvalidInput
from bursar.office.access import ASSIGNABLE, Subject, action, reach
from bursar.office.access.page import QUESTIONS
from bursar.office.database import reading
from bursar.office.desk import Desk
from bursar.office.identity import account_desk, accounts, api_tokens, sessions
from bursar.office.identity.accounts import Account
from bursar.office.identity.invitations import Invitation

READ = action("account.read")
MANAGE = action("account.manage")
PATH = "/organisation/accounts"
WHO = "Who may sign in, and as what?"
DONE = {
    "roles": "The roles are as you set them; they hold at once.",
    "linked": "The account is linked as you said.",
    "suspended": "The account is shut: its sessions have ended and its tokens stopped.",
    "reinstated": "The account is open again.",
    "ended": "Every session of it has ended.",
    "factor": "The second factor is gone: the password alone signs in until another is set up.",
    "token": "The token is revoked.",
}
GRAVE = {
    "suspend": ("Suspend", "Its sessions end at once and its tokens stop. Nothing is deleted; it can be opened again."),
    "end-sessions": ("End every session of", "Wherever it is signed in, it is signed out. The password stays."),
    "remove-factor": (
        "Remove the second factor of",
        "For a lost authenticator. Until another is set up, the password alone signs in.",
    ),
}

AccountId = Annotated[str, Path(max_length=80)]
Text = Annotated[str, Form(max_length=2_000)]
Roles = Annotated[list[str] | None, Form(alias="role")]


@AREA.page(PATH, name="Accounts", question=WHO, action="account.read", whose="house")
def page(visit: Visit, find: Annotated[str, Query(max_length=200)] = "") -> Response:
    visit.require(READ)
    with reading(visit.caller.desks.engine) as connection:
        every = accounts.listed(connection, visit.actor.organisation)
    wanted = find.strip().lower()
    found = [one for one in every if wanted in f"{one.login} {one.name} {one.person} {' '.join(one.roles)}".lower()]
    return visit.show(
        "organisation/accounts.html",
        accounts=found,
        whole=len(every),
        find=find,
        may_change=_may_change(visit),
        path=PATH,
    )


@AREA.page(
    f"{PATH}/add",
    name="Invite somebody",
    question="Who shall sign in?",
    action="account.manage",
    whose="house",
    in_menu=False,
)
def adding(visit: Visit) -> Response:
    visit.require(MANAGE)
    return visit.show("organisation/account_add.html", **_adding())


@AREA.form(f"{PATH}/add", action="account.manage", whose="house", name="Invite somebody", question="Who shall sign in?")
def add(visit: Visit, login: Text = "", name: Text = "", person: Text = "", roles: Roles = None) -> Response:
    """Add an account; the link is shown once."""
    visit.require(MANAGE)
    try:
        with visit.desk() as desk:
            made, link = account_desk.add(
                desk, login, name=name.strip(), person=person.strip(), roles=_assignable(roles)
            )
            shown = _link(desk, link)
    except BursarError as error:
        values = _adding(login=login, name=name, person=person, chosen=roles or [])
        return visit.show_faults("organisation/account_add.html", error, **values)
    return _account(visit, made.id, link=shown)


@AREA.page(PATH + "/{account_id}", name="Account", question=WHO, action="account.read", whose="house", in_menu=False)
def one(visit: Visit, account_id: AccountId, done: str = "") -> Response:
    visit.require(READ)
    return _account(visit, account_id, done=done)


@AREA.form(PATH + "/{account_id}/roles", action="account.manage", whose="house", name="Account", question=WHO)
def roles_of(visit: Visit, account_id: AccountId, roles: Roles = None) -> Response:
    """Give exactly the roles that are ticked."""
    return _change(
        visit, account_id, "roles", lambda desk: account_desk.set_roles(desk, account_id, _assignable(roles))
    )


@AREA.form(PATH + "/{account_id}/link", action="account.manage", whose="house", name="Account", question=WHO)
def link(visit: Visit, account_id: AccountId, person: Text = "") -> Response:
    """Say which person of the roster it is."""
    return _change(
        visit, account_id, "linked", lambda desk: account_desk.link(desk, account_id, person.strip()), person=person
    )


@AREA.form(PATH + "/{account_id}/invite", action="account.manage", whose="house", name="Account", question=WHO)
def invite(visit: Visit, account_id: AccountId) -> Response:
    """A new link, shown once; earlier ones end."""
    visit.require(MANAGE)
    try:
        with visit.desk() as desk:
            shown = _link(desk, account_desk.invite(desk, account_id))
    except BursarError as error:
        return _account(visit, account_id, error=error)
    return _account(visit, account_id, link=shown)


@AREA.form(PATH + "/{account_id}/reinstate", action="account.manage", whose="house", name="Account", question=WHO)
def reinstate(visit: Visit, account_id: AccountId) -> Response:
    """Open a suspended account again."""
    return _change(visit, account_id, "reinstated", lambda desk: account_desk.set_status(desk, account_id, active=True))


@AREA.form(
    PATH + "/{account_id}/tokens/{token_id}/revoke",
    action="account.manage",
    whose="house",
    name="Account",
    question=WHO,
)
def revoke_token(visit: Visit, account_id: AccountId, token_id: Annotated[str, Path(max_length=80)]) -> Response:
    """End a token of the account."""
    return _change(visit, account_id, "token", lambda desk: account_desk.revoke_token(desk, token_id, account_id))


@AREA.page(
    PATH + "/{account_id}/{grave}",
    name="Account",
    question="Really?",
    action="account.manage",
    whose="house",
    in_menu=False,
)
def asking(visit: Visit, account_id: AccountId, grave: Annotated[str, Path(max_length=40)]) -> Response:
    visit.require(MANAGE)
    verb, sentence = _grave(grave)
    with reading(visit.caller.desks.engine) as connection:
        found = _of_house(visit, accounts.by_id(connection, account_id))
    return visit.show(
        "organisation/account_ask.html", account=found, verb=verb, sentence=sentence, grave=grave, path=PATH
    )


@AREA.form(PATH + "/{account_id}/{grave}", action="account.manage", whose="house", name="Account", question=WHO)
def act(visit: Visit, account_id: AccountId, grave: Annotated[str, Path(max_length=40)]) -> Response:
    """What was asked about on a page of its own."""
    _grave(grave)
    if grave == "suspend":
        return _change(
            visit, account_id, "suspended", lambda desk: account_desk.set_status(desk, account_id, active=False)
        )
    if grave == "end-sessions":
        return _change(visit, account_id, "ended", lambda desk: account_desk.end_sessions(desk, account_id))
    return _change(visit, account_id, "factor", lambda desk: account_desk.remove_factor(desk, account_id))


def _change(visit: Visitor, account_id: str, done: str, change: Any, **typed: Any) -> Response:
    """One change, or its page again with what is wrong."""
    visit.require(MANAGE)
    with reading(visit.caller.desks.engine) as connection:
        _of_house(visit, accounts.by_id(connection, account_id))
    try:
        with visit.desk() as desk:
            change(desk)
    except BursarError as error:
        return _account(visit, account_id, error=error, **typed)
    return visit.done(f"{PATH}/{account_id}", done)


def _account(
    visit: Visitor,
    account_id: str,
    *,
    done: str = "",
    link: dict[str, Any] | None = None,
    error: BursarError | None = None,
    person: str | None = None,
) -> Response:
    with reading(visit.caller.desks.engine) as connection:
        found = _of_house(visit, accounts.by_id(connection, account_id))
        live = sessions.listed(connection, account_id, visit.now)
        tokens = [one for one in api_tokens.listed(connection, account_id) if one.state(visit.now) == "live"]
        actor = accounts.actor_of(connection, account_id, "", visit.now)
    values: dict[str, Any] = {
        "account": found,
        "in_force": sorted(actor.roles) if actor else [],
        "sessions": live,
        "tokens": tokens,
        "assignable": [(role, QUESTIONS[role]) for role in ASSIGNABLE],
        "may_change": _may_change(visit),
        "link": link,
        "typed_person": found.person if person is None else person,
        "told": DONE,
        "done": done,
        "path": f"{PATH}/{account_id}",
        "top": PATH,
    }
    if error is not None:
        return visit.show_faults("organisation/account.html", error, **values)
    return visit.show("organisation/account.html", **values)


def _adding(login: str = "", name: str = "", person: str = "", chosen: list[str] | None = None) -> dict[str, Any]:
    return {
        "login": login,
        "full_name": name,
        "person": person,
        "chosen": chosen or [],
        "assignable": [(role, QUESTIONS[role]) for role in ASSIGNABLE],
        "path": PATH,
    }


def _assignable(roles: list[str] | None) -> list[str]:
    return list(dict.fromkeys(roles or []))[: len(ASSIGNABLE) + 1]


def _link(desk: Desk, made: Invitation) -> dict[str, Any]:
    """The only time that the link is shown."""
    return {"address": made.link(desk.settings.console_url).reveal(), "until": made.expires}


def _grave(word: str) -> tuple[str, str]:
    if word not in GRAVE:
        raise InvalidInput("act", repr(word), f"one of {', '.join(GRAVE)}")
    return GRAVE[word]


def _of_house(visit: Visitor, found: Account) -> Account:
    """Only of the visitor's own organisation: any other is not there."""
    visit.require(READ, Subject(found.organisation))
    return found


def _may_change(visit: Visitor) -> bool:
    return "organisation" in reach(visit.actor, MANAGE)
