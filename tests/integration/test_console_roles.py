"""Every role at every page and form of the console, about oneself, the team, another team and another organisation.

Walked from the areas, as the API is from its routes. What the table denies is 403 or 404 and changes nothing; what it allows
opens; and no page that opens names anything of somebody whom the visitor may not know.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from tests.support.profile import NIGHTLY
from tests.support.world import ABOUT, LOGINS, World, approver, canary, furnished

from bursar.console.area import Page
from bursar.console.areas import AREAS
from bursar.office.access import Actor, Subject, allow, reach
from bursar.office.tables import DEFAULT_ORGANISATION

ENGINES = ("sqlite", "postgresql") if NIGHTLY else ("sqlite",)
PAGES = [page for area in AREAS for page in area.pages]
VISITORS = tuple(one for one in LOGINS if one != "narrow")
OF = {"key_id": "key", "grant_id": "grant", "request_id": "topup", "handle": ""}
"""Parameters of a path that name a person's thing, or the person."""
FILLED = {
    "plan": "stipend",
    "name": "stipend",
    "month": "2026-01",
    "what": "usage",
    "day": "2026-11-01",
    "act": "suspend",
    "template": "stipend",
    "version": "none",
    "work_id": "wrk_none",
    "session_id": "ses_none",
    "token_id": "tok_none",
    "account_id": "acc_eve",
    "grave": "suspend",
}


@pytest.fixture(scope="module", params=ENGINES)
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    server = request.getfixturevalue("postgres_server") if request.param == "postgresql" else ""
    with furnished(tmp_path_factory.mktemp("pages"), server, "console_roles") as found:
        yield found


def cases(world: World, page: Page, login: str) -> Iterator[tuple[str, str]]:
    """Addresses of a page, each with whom it is about; nobody for the empty name."""
    named = next((one for one in OF if f"{{{one}}}" in page.path), "")
    for name in world.about(login) if named else ("",):
        path = page.path
        if named:
            path = path.replace(f"{{{named}}}", world.things[OF[named], name] if OF[named] else name)
        for word, value in FILLED.items():
            path = path.replace(f"{{{word}}}", value)
        yield path, name


def reaches(actor: Actor, page: Page) -> bool:
    """The gate's question, asked of the table without the console."""
    found, here = reach(actor, page.action), actor.organisation == DEFAULT_ORGANISATION
    return {
        "own": bool(actor.person) and bool(found & {"own", "named"}),
        "account": "own" in found,
        "team": bool(found & {"team", "organisation"}),
        "house": "organisation" in found and here,
        "matter": bool(found & {"team", "organisation"}) or ("named" in found and bool(actor.person)),
    }[page.whose]


def allowed(world: World, actor: Actor, page: Page, name: str) -> bool:
    """What the table says of a page about somebody."""
    if not reaches(actor, page):
        return False
    if not name:
        return True
    if page.whose == "own":
        return world.people[name] == actor.person
    deciders = frozenset({world.people[approver(name)]} if page.action.area == "topup" and approver(name) else ())
    return allow(actor, page.action, world.subject(name, deciders)).allowed


def tokens(world: World) -> dict[str, str]:
    """What a form of each visitor carries."""
    found = {}
    for login in world.known(VISITORS):
        text = world.house.page(login, "GET", "/account").text
        token = re.search(r'name="csrf" value="([^"]+)"', text)
        assert token is not None
        found[login] = token[1]
    return found


def test_every_role_gets_at_every_page_what_the_table_says_and_no_other_names(world: World) -> None:
    wrong, leaks, opened, denied, read = [], [], 0, 0, set()
    for login in world.known(VISITORS):
        actor = world.sitting(login)
        for page in PAGES:
            if page.kind == "form" or page.posted:
                continue
            for path, name in cases(world, page, login):
                may, alike = allowed(world, actor, page, name), (path, world.told_alike(actor, page.action))
                if may and alike in read:
                    continue
                read.add(alike)
                found = world.house.page(login, "GET", path)
                told = f"{login} {path} ({page.action.name}): {found.status_code}"
                if not may:
                    denied += 1
                    if found.status_code not in (403, 404):
                        wrong.append(told)
                elif found.status_code >= 500 or found.status_code in (401, 403):
                    wrong.append(told)
                else:
                    opened += found.status_code == 200
                leaks += [f"{told}: {one}" for one in strange(world, actor, page) if canary(one) in found.text]
    assert not wrong, "\n".join(wrong)
    assert not leaks, "\n".join(leaks)
    assert opened > 100
    assert denied > 300


def strange(world: World, actor: Actor, page: Page) -> Iterator[str]:
    """Whose things this visitor may not be told of by this page."""
    if page.action.name == "audit.read":
        return  # one chain for the installation
    for name in world.known(ABOUT):
        deciders = frozenset({world.people[approver(name)]} if page.action.area == "topup" and approver(name) else ())
        about = world.subject(name, deciders)
        subject = about if page.action.about == "person" else Subject(about.organisation)
        if world.people[name] != actor.person and not allow(actor, page.action, subject).allowed:
            yield name


def test_no_form_does_anything_for_whom_the_table_does_not_name(world: World) -> None:
    given, wrong, sent = tokens(world), [], 0
    for login in world.known(VISITORS):
        actor = world.sitting(login)
        for page in PAGES:
            if page.kind != "form":
                continue
            for path, name in cases(world, page, login):
                if allowed(world, actor, page, name):
                    continue
                sent += 1
                found = world.house.page(login, "POST", path, csrf=given[login])
                if found.status_code not in (403, 404):
                    wrong.append(f"{login} {path} ({page.action.name}): {found.status_code}")
    assert not wrong, "\n".join(wrong)
    assert sent > 300


def test_no_form_is_taken_without_its_token(world: World) -> None:
    for page in PAGES:
        if page.kind == "form":
            path, _ = next(cases(world, page, "ada"))
            assert world.house.page("ada", "POST", path, csrf="0" * 64).status_code == 403, path
