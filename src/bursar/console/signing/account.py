"""One's own sign-in: where one is signed in, the password, the second factor, API tokens."""

from __future__ import annotations

import secrets
from typing import Annotated, Any

from fastapi import Form, Path
from starlette.responses import Response

from bursar.console.area import Area
from bursar.console.signing.entrance import MAX_CODE_CHARS, MAX_PASSWORD_CHARS, origin_of
from bursar.console.visit import Visit, Visitor
from bursar.errors import BursarError, Forbidden, NotFound
from bursar.office.access import ROLES, TABLE, Subject, action
from bursar.office.database import reading, transaction
from bursar.office.desk import new_id
from bursar.office.identity import api_tokens, second_factor, sessions, sign_in
from bursar.office.identity.sign_in import Refused
from bursar.office.keyring.tokens import RANDOM_BYTES
from bursar.office.vault import Secret

AREA = Area("Account", ("/account",))
SIGN_IN, TOKENS = action("signin.manage"), action("token.manage")
QUESTION = "Where am I signed in, and how safely?"
DONE = {
    "ended": "That session has ended.",
    "password": "Your password is changed. Every other session has ended.",
    "factor": "Your second factor holds from now on.",
    "removed": "The second factor is removed.",
    "token": "The token is revoked.",
}
BUNDLES = ("*:read", "wallet:read", "usage:read", "key:read", "topup:read", "topup:write")
Password = Annotated[str, Form(max_length=MAX_PASSWORD_CHARS)]


@AREA.page("/account", name="Sign-in", question=QUESTION, action="signin.manage", whose="account")
def account(visit: Visit, done: str = "") -> Response:
    return _drawn(visit, done=done)


@AREA.form("/account/sessions/{session_id}/end", action="signin.manage", whose="account")
def end(visit: Visit, session_id: Annotated[str, Path(max_length=80)]) -> Response:
    """End one of one's own sessions."""
    _own(visit)
    with transaction(visit.caller.desks.engine) as connection:
        sessions.end(connection, visit.account.id, session_id, by=visit.actor.label, now=visit.now)
    return visit.done("/account", "ended")


@AREA.form("/account/password", action="signin.manage", whose="account", name="Sign-in", question=QUESTION)
def password(visit: Visit, old: Password = "", new: Password = "") -> Response:
    """Change one's own password, knowing the old one."""
    _own(visit)
    desks = visit.caller.desks
    try:
        refused = sign_in.change_password(
            desks.engine,
            desks.vault,
            visit.caller.session,
            Secret(old),
            Secret(new),
            address=origin_of(visit.request).address,
            randomness=secrets.token_bytes,
            now=visit.now,
        )
    except BursarError as error:
        return _drawn(visit, error=error)
    return _drawn(visit, refused=refused) if refused else visit.done("/account", "password")


@AREA.form(
    "/account/factor",
    action="signin.manage",
    whose="account",
    name="Second factor",
    question="What else proves it is me?",
)
def enrol(visit: Visit) -> Response:
    """Make an authenticator's secret, shown this once; it holds after its first code."""
    _own(visit)
    desks = visit.caller.desks
    with transaction(desks.engine) as connection:
        made = second_factor.enrol(
            connection,
            desks.vault,
            visit.account.id,
            randomness=secrets.token_bytes,
            by=visit.actor.label,
            now=visit.now,
        )
    return visit.show("signing/factor.html", key=made.key.reveal(), uri=made.uri.reveal(), refused=False)


@AREA.form(
    "/account/factor/confirm", action="signin.manage", whose="account", name="Second factor",
    question="What else proves it is me?",
)  # fmt: skip
def confirm(visit: Visit, code: Annotated[str, Form(max_length=MAX_CODE_CHARS)] = "") -> Response:
    """Let the factor hold, and show its recovery codes, this once."""
    _own(visit)
    desks = visit.caller.desks
    try:
        with transaction(desks.engine) as connection:
            codes = second_factor.confirm(
                connection,
                desks.vault,
                visit.account.id,
                code,
                randomness=secrets.token_bytes,
                by=visit.actor.label,
                now=visit.now,
            )
    except BursarError as error:
        return visit.show_faults("signing/factor.html", error, key="", uri="", refused=True)
    return visit.show("signing/codes.html", codes=[one.reveal() for one in codes])


@AREA.form(
    "/account/factor/codes",
    action="signin.manage",
    whose="account",
    name="Recovery codes",
    question="What if it is lost?",
)
def renew_codes(visit: Visit, password: Password = "") -> Response:
    """New recovery codes, shown this once; the old ones are worth nothing."""
    refused = _proved(visit, password)
    if refused:
        return _drawn(visit, refused=refused)
    desks = visit.caller.desks
    with transaction(desks.engine) as connection:
        codes = second_factor.renew_codes(
            connection,
            desks.vault,
            visit.account.id,
            randomness=secrets.token_bytes,
            by=visit.actor.label,
            now=visit.now,
        )
    return visit.show("signing/codes.html", codes=[one.reveal() for one in codes])


@AREA.form("/account/factor/remove", action="signin.manage", whose="account", name="Sign-in", question=QUESTION)
def remove_factor(visit: Visit, password: Password = "") -> Response:
    """Take the second factor away, knowing the password."""
    refused = _proved(visit, password)
    if refused:
        return _drawn(visit, refused=refused)
    with transaction(visit.caller.desks.engine) as connection:
        second_factor.remove(connection, visit.account.id, by=visit.actor.label, now=visit.now)
    return visit.done("/account", "removed")


@AREA.form("/account/tokens", action="token.manage", whose="account", name="Your API token", question="What may it do?")
def issue_token(
    visit: Visit,
    label: Annotated[str, Form(max_length=400)] = "",
    scopes: Annotated[str, Form(max_length=4_000)] = "",
    days: Annotated[int, Form()] = api_tokens.DEFAULT_DAYS,
) -> Response:
    """Issue a token of one's own account, shown this once."""
    visit.require(TOKENS, _myself(visit))
    desks = visit.caller.desks
    try:
        with transaction(desks.engine) as connection:
            made = api_tokens.issue(
                connection,
                desks.vault,
                visit.account.id,
                scopes.split(),
                token_id=new_id("tok"),
                entropy=secrets.token_bytes(RANDOM_BYTES),
                by=visit.actor.label,
                now=visit.now,
                label=label.strip(),
                days=days,
            )
    except BursarError as error:
        return _drawn(visit, error=error)
    return visit.show("signing/token.html", made=made.token, secret=made.secret.reveal())


@AREA.form("/account/tokens/{token_id}/revoke", action="token.manage", whose="account")
def revoke_token(visit: Visit, token_id: Annotated[str, Path(max_length=80)]) -> Response:
    """Revoke a token of one's own."""
    visit.require(TOKENS, _myself(visit))
    with transaction(visit.caller.desks.engine) as connection:
        if token_id not in {one.id for one in api_tokens.listed(connection, visit.account.id)}:
            raise NotFound("there is no such token of yours")
        api_tokens.revoke(connection, token_id, by=visit.actor.label, now=visit.now)
    return visit.done("/account", "token")


def _myself(visit: Visitor) -> Subject:
    return Subject(visit.actor.organisation, account=visit.account.id)


def _own(visit: Visitor) -> None:
    visit.require(SIGN_IN, _myself(visit))


def _proved(visit: Visitor, password: str) -> Refused | None:
    """Ask for the password once more; guessing is slowed down like signing in."""
    _own(visit)
    if not visit.account.has_password:
        raise Forbidden("this account has no password here", "your identity provider looks after it")
    desks = visit.caller.desks
    return sign_in.prove(
        desks.engine,
        desks.vault,
        visit.caller.session,
        Secret(password),
        address=origin_of(visit.request).address,
        now=visit.now,
    )


def _drawn(
    visit: Visitor, error: BursarError | None = None, refused: Refused | None = None, done: str = ""
) -> Response:
    _own(visit)
    with reading(visit.caller.desks.engine) as connection:
        found = sessions.listed(connection, visit.account.id, visit.now)
        left = second_factor.codes_left(connection, visit.account.id)
        tokens = api_tokens.listed(connection, visit.account.id)
    values: dict[str, Any] = {
        "sessions": found,
        "here": visit.caller.session.id,
        "codes_left": left,
        "tokens": [one for one in tokens if one.state(visit.now) == "live"],
        "bundles": BUNDLES,
        "actions": [one.name for one in TABLE if one.by_token],
        "default_days": api_tokens.DEFAULT_DAYS,
        "roles": [role for role in ROLES if role in visit.actor.roles],
        "refused": refused,
        "done": done,
        "told": DONE,
    }
    if error is not None:
        return visit.show_faults("signing/account.html", error, **values)
    return visit.show("signing/account.html", 200 if refused is None else 403, **values)
