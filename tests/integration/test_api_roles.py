"""Every role at every route, about oneself, one's team, another team and another organisation: as the table says.

The gate stands before anything of a route: a request with a parameter that no route knows gets 422 exactly where it was let
through, and changes nothing. What is really answered is looked through for names that the caller may not know.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from tests.support.profile import NIGHTLY
from tests.support.world import ABOUT, World, approver, canary, furnished

from bursar.api import ROUTES, Route
from bursar.office.access import Action, Actor, Subject, allow, reach
from bursar.office.database import reading
from bursar.office.tables import DEFAULT_ORGANISATION
from bursar.office.workforce import people

ENGINES = ("sqlite", "postgresql") if NIGHTLY else ("sqlite",)


@pytest.fixture(scope="module", params=ENGINES)
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    server = request.getfixturevalue("postgres_server") if request.param == "postgresql" else ""
    with furnished(tmp_path_factory.mktemp("roles"), server, "api_roles") as found:
        yield found


def cases(world: World, route: Route, login: str = "") -> Iterator[tuple[str, Subject | None]]:
    """Paths of a route with the subject of each; None where the gate asks for reach alone."""
    match route.gate.whose:
        case "person":
            for name in world.about(login):
                yield route.path.replace("{person}", world.people[name]), world.subject(name)
        case "thing":
            word = route.gate.thing.word  # type: ignore[union-attr]
            if word == "job":
                yield route.path.replace("{job}", world.jobs["aud"]), Subject(DEFAULT_ORGANISATION, account="acc_aud")
                return
            for name in world.about(login):
                deciders = {world.people[approver(name)]} if word == "topup" and approver(name) else set()
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
            yield _filled(route.path), Subject(DEFAULT_ORGANISATION)


def _filled(path: str) -> str:
    for name, value in (("plan", "stipend"), ("number", "1"), ("pool", "core"), ("provider", "openai")):
        path = path.replace(f"{{{name}}}", value)
    for name, value in (("webhook", "hook_1"), ("token", "tok_1"), ("account", "acc_ada"), ("month", "2026-01")):
        path = path.replace(f"{{{name}}}", value)
    return path.replace("{opening}", "leaderboard")


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
    for login in world.logins:
        actor = world.actor(login)
        for route in ROUTES:
            action = route.gate.action
            if action is None:
                continue
            for path, subject in cases(world, route, login):
                found = world.house.ask(login, route.method, path, params={"walked": "1"})
                wanted = expected(actor, action, route, subject)
                asked += 1
                if found.status_code != wanted:
                    wrong.append(f"{login} {route.method} {path} ({action.name}): {found.status_code}, not {wanted}")
                elif wanted == 422:
                    assert found.json()["field"] == "walked"
    assert not wrong, "\n".join(wrong)
    assert asked > (5_000 if NIGHTLY else 1_500)


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
    leaks, read, alike = [], 0, set()
    for login in world.logins:
        actor = world.actor(login)
        for route in ROUTES:
            action = route.gate.action
            if route.method != "GET" or action is None or "{job}" in route.path:
                continue
            for path, _ in cases(world, route, login):
                same = (path, world.told_alike(actor, action))
                if same in alike:
                    continue
                alike.add(same)
                found = world.house.get(login, path, params={"model": "gpt-4o"} if path == "/prices" else {})
                read += found.status_code == 200
                for name in world.known(ABOUT):
                    given = frozenset({world.people[approver(name)]} if approver(name) else ())
                    about = world.subject(name, given if action.area == "topup" else frozenset())
                    may = allow(
                        actor, action, about if action.about == "person" else Subject(about.organisation)
                    ).allowed
                    if action.name == "audit.read" or (login, action.name) == ("mia", "notice.read"):
                        continue  # one chain for the installation; and an approver is told who asks
                    if (
                        not may
                        and world.people[name] != actor.person
                        and (canary(name) in found.text or f'"person":"{name}"' in found.text)
                    ):
                        leaks.append(f"{login} {path} ({action.name}): {canary(name)}")
    assert not leaks, "\n".join(leaks)
    assert read > 150


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
