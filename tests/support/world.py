"""A served house in which everybody has one of everything, and whom a request may be about: for the tests of who may what."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import insert
from tests.support.api import OTHERS, STAFF, Served, served, token_of
from tests.support.profile import NIGHTLY

from bursar.api import ROUTES
from bursar.office.access import Action, Actor, Subject, reach
from bursar.office.database import reading, transaction
from bursar.office.granting import promises, seats, topups
from bursar.office.identity import accounts
from bursar.office.oversight.subjects import subject_of
from bursar.office.tables import topup_request
from bursar.office.workforce import people

LOGINS = (*STAFF, *OTHERS, "eve", "narrow")
ABOUT = ("ada", "ben", "mia", "cora", "zoe", "eve")
"""An engineer, a peer of the same manager, the manager, somebody of the staff, another team, another organisation."""
THINGS = ("key", "grant", "topup", "seat")


@dataclass
class World:
    """A served house in which everybody has one of everything."""

    house: Served
    people: dict[str, str] = field(default_factory=dict)
    things: dict[tuple[str, str], str] = field(default_factory=dict)
    jobs: dict[str, str] = field(default_factory=dict)

    def actor(self, login: str) -> Actor:
        """Who a login is, as the access table sees it."""
        narrowed = frozenset({"wallet.read"}) if login == "narrow" else None
        with reading(self.house.desk.engine) as connection:
            account = "acc_ada" if login == "narrow" else f"acc_{login}"
            found = accounts.actor_of(connection, account, "token:test", self.house.desk.now(), narrowed)
        assert found is not None
        scopes = frozenset(row.action.name for row in _with_action() if row.action.by_token)
        return (
            found
            if narrowed
            else Actor(found.account, found.person, found.organisation, found.roles, found.via, scopes)
        )

    def sitting(self, login: str) -> Actor:
        """Who a login is in a session: with all that its roles may."""
        with reading(self.house.desk.engine) as connection:
            found = accounts.actor_of(connection, f"acc_{login}", "session:test", self.house.desk.now())
        assert found is not None
        return found

    def told_alike(self, actor: Actor, action: Action) -> tuple[object, ...]:
        """Of whom an answer is the same: whose right reaches as far. By day one of them reads it, every night all."""
        return (actor.account,) if NIGHTLY else (*sorted(reach(actor, action)), actor.organisation)

    def about(self, login: str) -> tuple[str, ...]:
        """Whom to ask about: oneself, somebody of the team, another team, another organisation; everybody every night."""
        if NIGHTLY:
            return self.known(ABOUT)
        return tuple(dict.fromkeys(one for one in (login, "ada", "zoe", "eve") if one in self.known(ABOUT)))

    @property
    def logins(self) -> tuple[str, ...]:
        """Who asks."""
        return self.known(LOGINS)

    def known(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """Without whom the database itself hides: in PostgreSQL, whoever is of another organisation."""
        hides = self.house.desk.engine.dialect.name == "postgresql"
        return tuple(one for one in names if one != "eve" or not hides)

    def subject(self, name: str, named: frozenset[str] = frozenset()) -> Subject:
        with reading(self.house.desk.engine) as connection:
            return subject_of(connection, self.people[name], named=named)


def _with_action() -> list[Any]:
    return [route.gate for route in ROUTES if route.gate.action is not None]


@contextmanager
def furnished(folder: Path, server: str = "", name: str = "") -> Iterator[World]:
    """The house, on SQLite, or in a new database of this name of a PostgreSQL server."""
    url = ""
    if server:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")  # type: ignore[arg-type]
        url = server.replace("/postgres?", f"/{name}?")
    with served(folder, url) as house:
        found = World(house)
        house.tokens["narrow"] = token_of(house.desk, "acc_ada", "wallet.read")
        _furnish(found)
        yield found


def _furnish(world: World) -> None:
    desk = world.house.desk
    with reading(desk.engine) as connection:
        for name in world.known(ABOUT):
            world.people[name] = people.named(connection, name)["id"]
    for name, person_id in world.people.items():
        world.things["key", name] = desk.issue_key(person_id, label=canary(name))["id"]
        world.things["grant", name] = promises.give(desk, person_id, "stipend", note=canary(name))["grant"]
        world.things["seat", name] = seats.add(desk, person_id, canary(name), "$1")["id"]
        world.things["topup", name] = _ask(world, name, person_id)
    for login in ("ada", "mia", "eve"):
        world.jobs[login] = ""
    found = world.house.post("aud", "/ledger/verifications")
    assert found.status_code == 202
    world.jobs["aud"] = found.json()["id"]


def _ask(world: World, name: str, person_id: str) -> str:
    """A request for more; whoever has no manager leaves the decision to anybody with the right."""
    if name != "eve":
        return str(topups.request(world.house.desk, person_id, "$10", reason=canary(name))["id"])
    desk = world.house.desk
    row = {
        "id": "ask_eve",
        "person": person_id,
        "grant_id": world.things["grant", name],
        "amount_nanos": 1,
        "unit": "USD",
        "reason": canary(name),
        "approvers": '[{"person": "", "name": "anybody"}]',
        "created": desk.now(),
        "expires": desk.now() + 10**12,
    }
    with transaction(desk.engine) as connection:
        connection.execute(insert(topup_request).values(**row))
        desk.note(connection, "topup.request", "ask_eve", {})
    return "ask_eve"


def canary(name: str) -> str:
    """A text that only this person's things hold."""
    return f"canary-of-{name}"


def approver(name: str) -> str:
    return "mia" if name in ("ada", "ben") else ""
