"""Every role at every route, about oneself, one's team, another team and another organisation: as the table says.

The gate stands before anything of a route: a request with a parameter that no route knows gets 422 exactly where it was let
through, and changes nothing. What is really answered is looked through for names that the caller may not know.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert
from tests.support.api import OTHERS, STAFF, Served, served, token_of
from tests.support.profile import NIGHTLY

from bursar.api import ROUTES, Route
from bursar.office import accounts, people, promises, seats, topups
from bursar.office.access import Action, Actor, Subject, allow, reach
from bursar.office.database import reading, transaction
from bursar.office.subjects import subject_of
from bursar.office.tables import ORGANISATION, topup_request

ENGINES = ("sqlite", "postgresql") if NIGHTLY else ("sqlite",)
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

    def subject(self, name: str, named: frozenset[str] = frozenset()) -> Subject:
        with reading(self.house.desk.engine) as connection:
            return subject_of(connection, self.people[name], named=named)


def _with_action() -> list[Any]:
    return [route.gate for route in ROUTES if route.gate.action is not None]


@pytest.fixture(scope="module", params=ENGINES)
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    url = ""
    if request.param == "postgresql":
        import psycopg

        server: str = request.getfixturevalue("postgres_server")
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute("CREATE DATABASE api_roles")
        url = server.replace("/postgres?", "/api_roles?")
    folder: Path = tmp_path_factory.mktemp("roles")
    with served(folder, url) as house:
        found = World(house)
        house.tokens["narrow"] = token_of(house.desk, "acc_ada", "wallet.read")
        _furnish(found)
        yield found


def _furnish(world: World) -> None:
    desk = world.house.desk
    with reading(desk.engine) as connection:
        for name in ABOUT:
            world.people[name] = people.named(connection, name)["id"]
    for name, person_id in world.people.items():
        world.things["key", name] = desk.issue_key(person_id, label=_canary(name))["id"]
        world.things["grant", name] = promises.give(desk, person_id, "stipend", note=_canary(name))["grant"]
        world.things["seat", name] = seats.add(desk, person_id, _canary(name), "$1")["id"]
        world.things["topup", name] = _ask(world, name, person_id)
    for login in ("ada", "mia", "eve"):
        world.jobs[login] = ""
    found = world.house.post("aud", "/ledger/verifications")
    assert found.status_code == 202
    world.jobs["aud"] = found.json()["id"]


def _ask(world: World, name: str, person_id: str) -> str:
    """A request for more; whoever has no manager leaves the decision to anybody with the right."""
    if name != "eve":
        return str(topups.request(world.house.desk, person_id, "$10", reason=_canary(name))["id"])
    desk = world.house.desk
    row = {
        "id": "ask_eve",
        "person": person_id,
        "grant_id": world.things["grant", name],
        "amount_nanos": 1,
        "unit": "USD",
        "reason": _canary(name),
        "approvers": '[{"person": "", "name": "anybody"}]',
        "created": desk.now(),
        "expires": desk.now() + 10**12,
    }
    with transaction(desk.engine) as connection:
        connection.execute(insert(topup_request).values(**row))
        desk.note(connection, "topup.request", "ask_eve", {})
    return "ask_eve"


def _canary(name: str) -> str:
    """A text that only this person's things hold."""
    return f"canary-of-{name}"


def _approver(name: str) -> str:
    return "mia" if name in ("ada", "ben") else ""


def cases(world: World, route: Route) -> Iterator[tuple[str, Subject | None]]:
    """Paths of a route with the subject of each; None where the gate asks for reach alone."""
    match route.gate.whose:
        case "person":
            for name in ABOUT:
                yield route.path.replace("{person}", world.people[name]), world.subject(name)
        case "thing":
            word = route.gate.thing.word  # type: ignore[union-attr]
            if word == "job":
                yield route.path.replace("{job}", world.jobs["aud"]), Subject(ORGANISATION, account="acc_aud")
                return
            for name in ABOUT:
                deciders = {world.people[_approver(name)]} if word == "topup" and _approver(name) else set()
                if word == "topup" and name == "mia":
                    with reading(world.house.desk.engine) as connection:
                        deciders = {people.named(connection, "root")["id"]}
                path = route.path.replace(f"{{{word}}}", world.things[word, name])
                yield path, world.subject(name, frozenset(deciders))
        case "account":
            yield _filled(route.path), None
        case "reached":
            yield route.path, None
        case _:
            yield _filled(route.path), Subject(ORGANISATION)


def _filled(path: str) -> str:
    for name, value in (("plan", "stipend"), ("number", "1"), ("pool", "core"), ("provider", "openai")):
        path = path.replace(f"{{{name}}}", value)
    return path.replace("{webhook}", "hook_1").replace("{token}", "tok_1")


def expected(actor: Actor, action: Action, route: Route, subject: Subject | None) -> int:
    """What the table says: 422 for through the gate, 403, or 404 for what may not be known."""
    if route.gate.whose == "reached":
        scopes = reach(actor, action)
        return 422 if scopes and (actor.person or scopes - {"own", "named"}) else 403
    if subject is None:
        subject = Subject(actor.organisation, account=actor.account)
    decision = allow(actor, action, subject)
    return 422 if decision.allowed else 403 if decision.seen else 404


def test_every_role_gets_at_every_route_what_the_table_says(world: World) -> None:
    wrong, asked = [], 0
    for login in LOGINS:
        actor = world.actor(login)
        for route in ROUTES:
            action = route.gate.action
            if action is None:
                continue
            for path, subject in cases(world, route):
                found = world.house.ask(login, route.method, path, params={"walked": "1"})
                wanted = expected(actor, action, route, subject)
                asked += 1
                if found.status_code != wanted:
                    wrong.append(f"{login} {route.method} {path} ({action.name}): {found.status_code}, not {wanted}")
                elif wanted == 422:
                    assert found.json()["field"] == "walked"
    assert not wrong, "\n".join(wrong)
    assert asked > 1_500


def test_nobody_gets_anything_without_signing_in(world: World) -> None:
    for route in ROUTES:
        if route.gate.action is None:
            continue
        path = next(cases(world, route))[0]
        for headers in (
            {},
            {"Authorization": "Bearer bur_api_no"},
            {"Authorization": "Basic eDp5"},
            {"Cookie": "bursar=x"},
        ):
            found = world.house.ask("", route.method, path, headers=headers)
            assert found.status_code == 401, (route.name, headers)
            assert found.headers["www-authenticate"].startswith("Bearer")
            assert found.json()["type"] == "urn:bursar:problem:not-signed-in"


def test_what_may_not_be_known_is_answered_like_what_is_not_there(world: World) -> None:
    def told(path: str, name: str) -> dict[str, Any]:
        found = world.house.get("ada", path.format(name)).json()
        return {key: str(value).replace(name, "?") for key, value in found.items() if key != "instance"}

    for path, name in (
        ("/people/{}", world.people["zoe"]),
        ("/people/{}/balance", "zoe"),
        ("/people/{}/keys", "eve"),
        ("/keys/{}", world.things["key", "zoe"]),
        ("/grants/{}", world.things["grant", "zoe"]),
        ("/topups/{}", world.things["topup", "zoe"]),
        ("/topups/{}", "ask_eve"),
        ("/jobs/{}", world.jobs["aud"]),
    ):
        assert told(path, name) == told(path, "nothing_5f0e6a1c")
        assert told(path, name)["status"] == "404"


def test_what_comes_back_names_nobody_whom_the_caller_may_not_know(world: World) -> None:
    leaks, read = [], 0
    for login in LOGINS:
        actor = world.actor(login)
        for route in ROUTES:
            action = route.gate.action
            if route.method != "GET" or action is None or "{job}" in route.path:
                continue
            for path, _ in cases(world, route):
                found = world.house.get(login, path, params={"model": "gpt-4o"} if path == "/prices" else {})
                read += found.status_code == 200
                for name in ABOUT:
                    given = frozenset({world.people[_approver(name)]} if _approver(name) else ())
                    about = world.subject(name, given if action.area == "topup" else frozenset())
                    may = allow(
                        actor, action, about if action.about == "person" else Subject(about.organisation)
                    ).allowed
                    if action.name == "audit.read" or (login, action.name) == ("mia", "notice.read"):
                        continue  # one chain for the installation; and an approver is told who asks
                    if (
                        not may
                        and world.people[name] != actor.person
                        and (_canary(name) in found.text or f'"person":"{name}"' in found.text)
                    ):
                        leaks.append(f"{login} {path} ({action.name}): {_canary(name)}")
    assert not leaks, "\n".join(leaks)
    assert read > 300


def test_a_token_does_no_more_than_its_scopes(world: World) -> None:
    assert world.house.get("narrow", "/people/@me/balance").status_code == 200
    for path in ("/people/@me", "/people/@me/keys", "/me", "/topups"):
        assert world.house.get("narrow", path).status_code == 403


def test_what_no_token_does_takes_a_session_and_its_own_header(world: World) -> None:
    house = world.house
    assert house.get("ada", "/tokens").status_code == 403
    assert house.ask_signed_in("ada", "GET", "/tokens").status_code == 200
    body = {"json": {"scopes": ["wallet.read"], "label": "from a page"}}
    assert house.ask_signed_in("ada", "POST", "/tokens", **body).status_code == 403
    csrf = house.ask_signed_in("ada", "GET", "/session").json()
    headers = {csrf["header"]: csrf["token"]}
    other = {csrf["header"]: house.ask_signed_in("mia", "GET", "/session").json()["token"]}
    assert house.ask_signed_in("ada", "POST", "/tokens", headers=other, **body).status_code == 403
    foreign = {**headers, "Origin": "https://elsewhere.example"}
    assert house.ask_signed_in("ada", "POST", "/tokens", headers=foreign, **body).status_code == 403
    made = house.ask_signed_in("ada", "POST", "/tokens", headers=headers, **body)
    assert made.status_code == 201
    secret = made.json()["secret"]
    assert house.ask("", "GET", "/people/@me/balance", headers={"Authorization": f"Bearer {secret}"}).status_code == 200
    assert secret not in house.ask_signed_in("ada", "GET", "/tokens").text
    gone = house.ask_signed_in("ada", "DELETE", f"/tokens/{made.json()['id']}", headers=headers)
    assert gone.status_code == 204
    assert house.ask("", "GET", "/people/@me/balance", headers={"Authorization": f"Bearer {secret}"}).status_code == 401


def test_a_look_at_somebody_else_leaves_a_line_and_one_at_oneself_none(world: World) -> None:
    assert world.house.get("aud", "/people/zoe/balance").status_code == 200
    assert world.house.get("ada", "/people/@me/lots").status_code == 200
    lines = world.house.get("aud", "/people/zoe/reads").json()["items"]
    assert any(one["who"] == "aud" and one["action"] == "wallet.read" for one in lines)
    mine = world.house.get("ada", "/people/@me/reads").json()["items"]
    assert not any(one["who"] == "ada" for one in mine)
