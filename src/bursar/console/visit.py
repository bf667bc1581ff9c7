"""A visit: one request of somebody who is signed in, with all that a page needs and nothing that it could misuse."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from fastapi import Depends
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from bursar.calendar import parse_zone
from bursar.console import rendering
from bursar.errors import BursarError, Forbidden
from bursar.office.access import Action, Actor, Subject, allow, reach, require
from bursar.office.database import reading
from bursar.office.desk import Desk
from bursar.office.identity import accounts
from bursar.office.identity.accounts import Account
from bursar.office.oversight import reads
from bursar.office.workforce import people
from bursar.web.callers import Caller, caller_of
from bursar.web.cookies import session_cookie
from bursar.web.forms import form_token
from bursar.web.problems import Fault, Problem, problem_of

Whose = Literal["own", "team", "house", "account", "matter"]
"""Whose figures a page shows: one's own, those of people one answers for, the organisation's, one's own sign-in's; of
whoever has a matter that is one's to decide, which the page finds out."""
THEMES = ("light", "dark")
THEME_COOKIE = "bursar-theme"
_NO_PERSON = Forbidden("your account is no person of the roster", "an owner links accounts to people")


@dataclass(slots=True)
class Visitor:
    """Whoever asks for a page; pages name it as `visit: Visit`."""

    request: Request
    caller: Caller
    account: Account
    person: dict[str, Any] | None
    """The roster's row of whoever this is; None for an account that is no person of it."""
    _token: str = ""

    @property
    def actor(self) -> Actor:
        return self.caller.actor

    @property
    def now(self) -> int:
        """The instant of this request, microseconds UTC."""
        return self.caller.now

    @property
    def zone(self) -> ZoneInfo:
        """Where this person's days begin."""
        return parse_zone(self.person["zone"]) if self.person else parse_zone("UTC")

    @property
    def name(self) -> str:
        return (self.person or {}).get("name") or self.account.name or self.account.login

    @property
    def theme(self) -> str:
        return theme_of(self.request)

    @contextmanager
    def desk(self) -> Iterator[Desk]:
        """A desk to work at; hand it back before anything is drawn that does not need it."""
        with self.caller.desk() as desk:
            yield desk

    # Rights.

    def reaches(self, act: Action, whose: Whose) -> bool:
        """Whether this caller's roles reach such a page at all: for the menu and the gate."""
        found = reach(self.actor, act)
        if whose == "house" and self.actor.organisation != self.caller.desks.settings.organisation:
            return False  # the house is the one whose installation this is
        match whose:
            case "own":
                return bool(self.actor.person) and bool(found & {"own", "named"})
            case "account":
                return "own" in found
            case "team":
                return bool(found & {"team", "organisation"})
            case "house":
                return "organisation" in found
            case "matter":
                return bool(found & {"team", "organisation"}) or ("named" in found and bool(self.actor.person))

    def enter(self, act: Action, whose: Whose) -> None:
        """The gate of a page. Raises Forbidden."""
        if self.reaches(act, whose):
            return
        if whose == "own" and not self.actor.person:
            raise _NO_PERSON
        decision = allow(self.actor, act, Subject(self.actor.organisation))
        raise Forbidden(decision.sentence or f"{act.name} is not yours", "an owner of this installation gives roles")

    def myself(self, act: Action) -> dict[str, Any]:
        """The person that this is, where it may do this to themselves. Raises Forbidden."""
        if self.person is None:
            raise _NO_PERSON
        require(self.actor, act, Subject(self.actor.organisation, self.actor.person))
        return self.person

    def look(self, act: Action, subjects: Sequence[Subject], what: str) -> None:
        """The one way to other people's figures: requires the right, and writes the line that they will see."""
        reads.look(self.caller.desks.engine, self.actor, act, subjects, what, self.now)

    def require(self, act: Action, subject: Subject | None = None) -> None:
        """Require a right about a subject, without one about the organisation. Raises Forbidden or NotFound."""
        require(self.actor, act, subject or Subject(self.actor.organisation))

    # Answers.

    def show(self, template: str, status: int = 200, **values: Any) -> HTMLResponse:
        """A page or a part of one, drawn with `visit`, `page` and these values."""
        page = getattr(self.request.state, "page", None)
        text = rendering.drawn(template, visit=self, page=page, zone=self.zone, now=self.now, **values)
        return HTMLResponse(text, status, headers={"Vary": "Cookie, HX-Request"})

    def show_faults(self, template: str, error: BursarError, **values: Any) -> HTMLResponse:
        """A form again, with what is wrong beside its field: field, found, expected."""
        problem = problem_of(error)
        return self.show(template, problem.status, problem=problem, faults=by_field(problem), **values)

    def done(self, path: str, done: str = "") -> Response:
        """After a change: on to a page, which says `done` if it knows that word."""
        return RedirectResponse(f"{path}?done={done}" if done else path, 303)

    @property
    def token(self) -> str:
        """What a form of this page carries."""
        self._token = self._token or form_token(self.caller.desks.vault, session_cookie(self.request))
        return self._token


def by_field(problem: Problem) -> dict[str, Fault]:
    return {one.field: one for one in problem.faults}


def theme_of(request: Request) -> str:
    """The theme that was chosen; empty: whatever the system has."""
    found = request.cookies.get(THEME_COOKIE, "")
    return found if found in THEMES else ""


def visit_of(request: Request) -> Visitor:
    """Raises SignInFirst."""
    caller = caller_of(request)
    with reading(caller.desks.engine) as connection:
        account = accounts.by_id(connection, caller.actor.account)
        person = people.named(connection, caller.actor.person) if caller.actor.person else None
    visit = Visitor(request, caller, account, person)
    request.state.visit = visit
    return visit


Visit = Annotated[Visitor, Depends(visit_of)]
"""What a page asks for as a parameter: `def team(visit: Visit) -> Response`."""
