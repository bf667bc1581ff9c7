"""A call: one request of somebody known, about something that was checked.

The gate runs before anything of a route does. It finds out who calls, whom or what it is about, asks the access table, and
writes down a look at somebody else's figures. A route that has not passed it has no desk to work at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from fastapi import Depends
from sqlalchemy import Connection, select
from starlette.requests import Request

from bursar.api.limits import MAX_NAME_CHARS
from bursar.errors import Forbidden, NotFound
from bursar.office.access import Action, Actor, Subject, allow, reach, require, visitors_may
from bursar.office.database import reading
from bursar.office.desk import Desk
from bursar.office.identity import api_tokens, sessions
from bursar.office.oversight import reads, subjects
from bursar.office.tables import person
from bursar.office.workforce import people
from bursar.web.callers import SignInFirst, desks_of
from bursar.web.cookies import session_cookie
from bursar.web.desks import Desks

Whose = Literal["anybody", "visitors", "account", "person", "thing", "reached", "house"]
"""Whom a route is about: nobody (no right is needed); the house, open to visitors if the organisation says so; the caller's
own sign-in; the person of the path; the person whose thing the path names; everybody whom the caller's rights reach; the
organisation."""
MYSELF = "@me"
"""Stands for the caller's own person in a path; no handle and no address begins so."""
MAX_TOKEN_CHARS = 200


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose a thing is, and ids of people whom the matter names."""

    person: str = ""
    named: frozenset[str] = frozenset()
    account: str = ""


@dataclass(frozen=True, slots=True)
class Thing:
    """Something with an id of its own that is somebody's: a key, a grant, a request."""

    word: str
    """As people call it, and as the parameter of the path is called."""
    owner: Callable[[Request, Connection, str], Owner | None]


@dataclass(frozen=True, slots=True)
class Gate:
    """What a route needs to be let through."""

    action: Action | None
    """None only where anybody may."""
    whose: Whose
    what: str
    """As who-looked tells it."""
    thing: Thing | None = None


@dataclass(slots=True)
class Call:
    """What a route works with."""

    request: Request
    gate: Gate
    desks: Desks
    now: int
    """Microseconds UTC: everything that one request says is of one instant."""
    actor: Actor | None = None
    session: sessions.Session | None = None
    subject: Subject | None = None
    worked: bool = False
    """Whether a desk was lent: from then on something may have been changed."""
    body: bytes = b""
    """As it was sent."""
    location: str = ""
    """Path of what was made, below the prefix."""

    @property
    def by(self) -> Actor:
        """Who calls, where somebody has to."""
        if self.actor is None:
            raise SignInFirst
        return self.actor

    @property
    def person(self) -> str:
        """Id of the person whom it is about."""
        assert self.subject is not None, "the gate has not been passed"
        return self.subject.person

    @contextmanager
    def desk(self) -> Iterator[Desk]:
        """A desk to work at; hand it back before the answer is put together where that takes long."""
        assert self.subject is not None or self.gate.whose in ("anybody", "visitors"), "the gate has not been passed"
        with self.desks.lend(self.actor.label if self.actor else "visitor") as desk:
            self.worked = True
            yield desk

    @property
    def named(self) -> str:
        """Id of the thing that it is about."""
        assert self.subject is not None, "the gate has not been passed"
        assert self.gate.thing is not None, "it is about no thing"
        return str(self.request.path_params[self.gate.thing.word])

    # Lists of several people.

    def reached(self, connection: Connection) -> list[dict[str, Any]]:
        """Rows of everybody whom the caller's rights to the action reach, by handle."""
        assert self.gate.action is not None
        scopes = reach(self.by, self.gate.action)
        ours = person.c.organisation == self.by.organisation
        query = select(person).where(ours).order_by(person.c.handle)
        if "organisation" not in scopes:
            ids = set(subjects.team_of(connection, self.by.person)) if "team" in scopes else set()
            if scopes & {"own", "named"}:
                ids.add(self.by.person)
            query = query.where(person.c.id.in_(sorted(ids)))
        return [dict(row._mapping) for row in connection.execute(query)]

    def colleagues(self, connection: Connection) -> dict[str, str]:
        """Handles of everybody of the caller's organisation, by id."""
        ours = select(person.c.id, person.c.handle).where(person.c.organisation == self.by.organisation)
        return {row.id: row.handle for row in connection.execute(ours)}

    def look_at(self, connection: Connection, ids: Sequence[str]) -> None:
        """Require the right about each of these people, and write the lines that they will see."""
        action = self.gate.action
        assert action is not None
        if "organisation" in reach(self.by, action):
            found = [subjects.everybody(self.by)]
        else:
            found = [subjects.subject_of(connection, one) for one in dict.fromkeys(ids)]
        reads.look(self.desks.engine, self.by, action, found, self.gate.what, self.now)

    def may(self, action: Action) -> bool:
        """Whether the caller has a further right to the same subject, or to the house."""
        subject = self.subject or Subject(self.desks.settings.organisation)
        about = subject if action.about == "person" else Subject(self.desks.settings.organisation)
        return self.actor is not None and allow(self.actor, action, about).allowed

    # The gate.

    def enter(self) -> None:
        """Let the caller through, or raise SignInFirst, Forbidden or the NotFound of what may not be known."""
        action = self.gate.action
        if self.gate.whose == "anybody":
            return
        assert action is not None
        if self.gate.whose == "visitors" and visitors_may(action, self.desks.settings.offers_public):
            self.subject = Subject(self.desks.settings.organisation)
            return
        if self.actor is None:
            raise SignInFirst
        match self.gate.whose:
            case "account":
                self.subject = Subject(self.actor.organisation, account=self.actor.account)
                require(self.actor, action, self.subject)
            case "person":
                self._about_person(action)
            case "thing":
                self._about_thing(action)
            case "reached":
                self._about_reached(action)
            case _:
                self.subject = Subject(self.desks.settings.organisation)
                require(self.actor, action, self.subject)
        if action.kind == "read" and self.gate.whose in ("person", "thing", "house") and self.subject is not None:
            reads.look(self.desks.engine, self.actor, action, [self.subject], self.gate.what, self.now)

    def _about_person(self, action: Action) -> None:
        name = self.request.path_params["person"]
        if name == MYSELF:
            name = self.by.person
            if not name:
                raise Forbidden("your account is no person of the roster", "an owner links accounts to people")
        with reading(self.desks.engine) as connection:
            self.subject, _ = subjects.required(connection, self.by, action, name[:MAX_NAME_CHARS])

    def _about_thing(self, action: Action) -> None:
        """Whoever may not know of the thing gets the answer for one that does not exist."""
        thing = self.gate.thing
        assert thing is not None
        name = self.request.path_params[thing.word]
        nothing = NotFound(f"there is no {thing.word} {name[:MAX_NAME_CHARS]!r}")
        with reading(self.desks.engine) as connection:
            owner = thing.owner(self.request, connection, name) if _is_name(name) else None
            if owner is None:
                raise nothing
            if owner.account:
                self.subject = Subject(self.by.organisation, account=owner.account)
            else:
                self.subject = subjects.subject_of(connection, owner.person, named=owner.named)
        decision = allow(self.by, action, self.subject)
        if not decision.allowed and not decision.seen:
            raise nothing
        require(self.by, action, self.subject)

    def _about_reached(self, action: Action) -> None:
        scopes = reach(self.by, action)
        if not scopes or (scopes <= {"own", "named"} and not self.by.person):
            raise Forbidden(
                allow(self.by, action, Subject(self.by.organisation)).sentence or f"{action.name} is not yours"
            )
        self.subject = Subject(self.by.organisation, self.by.person)


def called(request: Request, gate: Gate) -> Call:
    """Who calls: by a token in the header, else by the session of the cookie; nobody where neither is there.

    Raises SignInFirst for a token that is not good, also where anybody may call.
    """
    desks = desks_of(request)
    call = Call(request, gate, desks, desks.clock())
    if gate.whose == "anybody":
        return call
    given = request.headers.get("authorization", "")
    cookie = session_cookie(request)
    if given:
        scheme, _, token = given.partition(" ")
        if scheme.lower() == "bearer" and len(token) <= MAX_TOKEN_CHARS:
            call.actor = api_tokens.authenticate(desks.engine, desks.vault, token.strip(), call.now)
        if call.actor is None:
            raise SignInFirst
    elif cookie:
        call.session = sessions.resume(desks.engine, desks.vault, cookie, call.now)
        if call.session is not None:
            call.actor = sessions.actor_of(desks.engine, call.session, call.now)
    return call


def person_thing(word: str, column: Any, key: Any) -> Thing:
    """A thing whose row names its person: `column` does, `key` is its id."""

    def owner(_: Request, connection: Connection, name: str) -> Owner | None:
        found = connection.execute(select(column).where(key == name)).scalar_one_or_none()
        return None if found is None else Owner(str(found))

    return Thing(word, owner)


def handle_of(connection: Connection, person_id: str) -> str:
    """What somebody is called."""
    return str(people.named(connection, person_id)["handle"])


async def _of(request: Request) -> Call:
    found: Call = request.state.call
    return found


Called = Annotated[Call, Depends(_of)]
"""What a route asks for: `def get_balance(call: Called) -> Balance`."""


def _is_name(text: str) -> bool:
    return 1 <= len(text) <= MAX_NAME_CHARS and text.isprintable()
