"""One's own sign-in: where one is signed in, and how to end that."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path
from starlette.responses import Response

from bursar.console.area import Area
from bursar.console.visit import Visit
from bursar.office import sessions
from bursar.office.access import Subject, action
from bursar.office.database import reading, transaction

AREA = Area("Account")
SIGN_IN = action("signin.manage")


@AREA.page("/account", name="Sign-in", question="Where am I signed in?", action="signin.manage", whose="account")
def account(visit: Visit, done: str = "") -> Response:
    """Sessions, roles, and how one signs in."""
    _own(visit)
    with reading(visit.caller.desks.engine) as connection:
        found = sessions.listed(connection, visit.account.id, visit.now)
    return visit.show("signing/account.html", sessions=found, here=visit.caller.session.id, done=done)


@AREA.form("/account/sessions/{session_id}/end", action="signin.manage", whose="account")
def end(visit: Visit, session_id: Annotated[str, Path(max_length=80)]) -> Response:
    """End one of one's own sessions."""
    _own(visit)
    with transaction(visit.caller.desks.engine) as connection:
        sessions.end(connection, visit.account.id, session_id, by=visit.actor.label, now=visit.now)
    return visit.done("/account", "ended")


def _own(visit: Visit) -> None:
    visit.require(SIGN_IN, Subject(visit.actor.organisation, account=visit.account.id))
