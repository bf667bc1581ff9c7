"""One's own API tokens: what acts in my name?"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Form, Path
from starlette.responses import Response

from bursar.console.signing.account import AREA
from bursar.console.visit import Visit, Visitor
from bursar.errors import BursarError, InvalidInput
from bursar.office import account_desk, api_tokens
from bursar.office.access import TABLE, Subject, action, reach
from bursar.office.api_tokens import DEFAULT_DAYS, MAX_DAYS
from bursar.office.database import reading

TOKENS = action("token.manage")
PATH = "/account/tokens"
QUESTION = "What acts in my name?"
MAX_SCOPES = 200

Scopes = Annotated[list[str] | None, Form(alias="scope")]


@AREA.page(PATH, name="API tokens", question=QUESTION, action="token.manage", whose="account")
def page(visit: Visit, done: str = "") -> Response:
    _own(visit)
    return _shown(visit, done=done)


@AREA.form(PATH, action="token.manage", whose="account", name="API tokens", question=QUESTION)
def issue(
    visit: Visit,
    scopes: Scopes = None,
    label: Annotated[str, Form(max_length=500)] = "",
    days: Annotated[str, Form(max_length=10)] = str(DEFAULT_DAYS),
) -> Response:
    """Make a token; its secret is shown once."""
    _own(visit)
    chosen = list(dict.fromkeys(scopes or []))
    try:
        if len(chosen) > MAX_SCOPES:
            raise InvalidInput("scope", f"{len(chosen)} scopes", f"at most {MAX_SCOPES}")
        if not (days.isascii() and days.isdecimal()):
            raise InvalidInput("days", repr(days), f"a whole number of days, at most {MAX_DAYS}")
        with visit.desk() as desk:
            made = account_desk.issue_token(desk, visit.account.id, chosen, label=label.strip(), days=int(days))
    except BursarError as error:
        return _shown(visit, error=error, chosen=chosen, label=label, days=days)
    return _shown(visit, secret=made.secret.reveal())  # the only time that it is shown


@AREA.form(PATH + "/{token_id}/revoke", action="token.manage", whose="account")
def revoke(visit: Visit, token_id: Annotated[str, Path(max_length=80)]) -> Response:
    """End one of one's own tokens."""
    _own(visit)
    with visit.desk() as desk:
        account_desk.revoke_token(desk, token_id, visit.account.id)
    return visit.done(PATH, "revoked")


def _shown(
    visit: Visitor,
    *,
    done: str = "",
    secret: str = "",
    error: BursarError | None = None,
    chosen: list[str] | None = None,
    label: str = "",
    days: str = str(DEFAULT_DAYS),
) -> Response:
    with reading(visit.caller.desks.engine) as connection:
        found = api_tokens.listed(connection, visit.account.id)
    values: dict[str, Any] = {
        "tokens": found[::-1],
        "areas": _areas(visit),
        "chosen": chosen or [],
        "label": label,
        "days": days,
        "most_days": MAX_DAYS,
        "secret": secret,
        "done": done,
        "path": PATH,
    }
    if error is not None:
        return visit.show_faults("organisation/tokens.html", error, **values)
    return visit.show("organisation/tokens.html", **values)


def _areas(visit: Visitor) -> list[tuple[str, list[tuple[str, str, str]]]]:
    """What the visitor's roles reach and a token may, by area: name, kind and what it is."""
    found: dict[str, list[tuple[str, str, str]]] = {}
    for row in TABLE:
        if row.by_token and reach(visit.actor, row):
            found.setdefault(row.area, []).append((row.name, row.kind, row.what))
    return sorted(found.items())


def _own(visit: Visitor) -> None:
    visit.require(TOKENS, Subject(visit.actor.organisation, account=visit.account.id))
