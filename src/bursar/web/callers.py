"""Who is calling: the session of a cookie, the account behind it, and what it may, worked out anew for every request."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from starlette.requests import Request

from bursar.office.access import Actor
from bursar.office.desk import Desk
from bursar.office.identity import sessions
from bursar.office.identity.sessions import Session
from bursar.web.cookies import session_cookie
from bursar.web.desks import Desks


class SignInFirst(Exception):
    """Nobody is signed in, and it takes somebody."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody who is signed in, at the instant of the request."""

    actor: Actor
    session: Session
    desks: Desks
    now: int
    """Microseconds UTC: everything that one request says is of one instant."""

    @contextmanager
    def desk(self) -> Iterator[Desk]:
        """A desk to work at; hand it back before the answer is sent."""
        with self.desks.lend(self.actor.label) as desk:
            yield desk


def desks_of(request: Request) -> Desks:
    """The desks of the app that a request came to."""
    found: Desks = request.app.state.desks
    return found


def caller_of(request: Request) -> Caller:
    """Whoever is signed in with this request's cookie. Raises SignInFirst."""
    desks, cookie = desks_of(request), session_cookie(request)
    now = desks.clock()
    session = sessions.resume(desks.engine, desks.vault, cookie, now) if cookie else None
    actor = None if session is None else sessions.actor_of(desks.engine, session, now)
    if session is None or actor is None:
        raise SignInFirst
    return Caller(actor, session, desks, now)
