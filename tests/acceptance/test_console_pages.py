"""Every page of the console, as each role finds it in the menu: by axe, at 360 px, by keyboard, light and dark."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page
from tests.support import browser as support
from tests.support.browser import DESK, HOW_TO_GET, PHONE, READY, Company
from tests.support.profile import NIGHTLY

from bursar.console.areas import AREAS

pytestmark = [pytest.mark.skipif(not READY, reason=HOW_TO_GET), pytest.mark.xdist_group("console-pages")]
ROLES = ("engineer", "manager", "compensation", "finance", "payroll", "platform", "auditor", "owner")


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    home: Path = tmp_path_factory.mktemp("company")
    with support.company(home, "--people", "12", "--agents", "2") as found:
        yield found


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with support.chromium() as found:
        yield found


def login_of(company: Company, role: str) -> str:
    return next((login for name, login in company.logins.items() if name == role or name.startswith(f"{role} of")), "")


@pytest.fixture(scope="module")
def seen() -> set[str]:
    """Pages that an earlier role was walked through: most roles share a person's own. The nightly profile forgets them."""
    return set()


def below(page: Page, paths: list[str]) -> list[str]:
    """Pages that no menu has, found by following links: one of each kind."""
    kinds = {
        one.path: re.compile(re.sub(r"\\{\\w+\\}", "[^/?]+", re.escape(one.path)))
        for area in AREAS
        for one in area.pages
        if one.kind == "page" and not one.posted and not one.in_menu and not one.path.endswith((".csv", ".json"))
    }
    found: dict[str, str] = {}
    waiting = list(paths)
    while waiting:
        page.goto(waiting.pop())
        links = page.eval_on_selector_all("main a[href^='/']", "all => all.map(one => one.getAttribute('href'))")
        for link in links:
            kind = next((name for name, form in kinds.items() if form.fullmatch(link.split("?")[0])), "")
            if kind and kind not in found:
                found[kind] = link
                waiting.append(link)
    return list(found.values())


@pytest.mark.parametrize("role", ROLES)
def test_every_page_of_a_role_is_accessible_narrow_and_reachable(
    company: Company, chromium: Browser, role: str, seen: set[str]
) -> None:
    login = login_of(company, role)
    assert login, f"nobody of the demo signs in as {role}: {company.logins}"
    page = support.sign_in(chromium, company, login)
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if "Content Security" in message.text else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    found: list[str] = []
    paths = support.menu(page)
    assert paths
    if NIGHTLY:
        paths += below(page, paths)
    for path in paths:
        if path in seen and not NIGHTLY:
            continue
        seen.add(path)
        page.set_viewport_size(DESK)
        page.goto(path)
        for theme in ("light", "dark"):
            page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
            # What differs in the dark is its colours; the night looks at everything again.
            rules = () if theme == "light" or NIGHTLY else ("color-contrast",)
            found += [f"{path} {theme}: {one}" for one in support.violations(page, *rules)]
        found += [f"{path} keyboard: {one}" for one in support.unreachable(page)]
        page.set_viewport_size(PHONE)
        page.goto(path)
        found += [f"{path} at 360 px: {one}" for one in support.overflow(page)]
    page.context.close()
    assert found == []
    assert said == []


def test_pages_before_signing_in_are_accessible(company: Company, chromium: Browser) -> None:
    context = chromium.new_context(base_url=company.console, bypass_csp=True)
    page = context.new_page()
    found = []
    for path in ("/sign-in", "/nothing-here", "/tour"):
        page.set_viewport_size(DESK)
        page.goto(path)
        found += [f"{path}: {one}" for one in support.violations(page)]
        page.set_viewport_size(PHONE)
        found += [f"{path} at 360 px: {one}" for one in support.overflow(page)]
    context.close()
    assert found == []


def test_the_tour_signs_in_as_each_role_and_leads_back(company: Company, chromium: Browser) -> None:
    page = chromium.new_context(base_url=company.console).new_page()
    for title, first in (
        ("Engineer", "/wallet"),
        ("Manager of", "/team"),
        ("Finance", "/finance"),
        ("Payroll", "/payroll"),
    ):
        page.goto("/tour")
        page.locator("section", has=page.get_by_role("heading", name=title)).get_by_role("button").first.click()
        page.wait_for_url(f"**{first}")
    assert page.get_by_role("link", name="Tour").get_attribute("href") == "/tour"
    page.goto("/tour")
    page.eval_on_selector("input[name=login]", "one => { one.value = 'nobody'; }")
    page.get_by_role("button", name="How much have I left").click()
    assert "nobody of the tour" in page.inner_text("main").lower()
    page.context.close()


def test_a_page_needs_nothing_from_elsewhere_and_keeps_only_its_session(company: Company, chromium: Browser) -> None:
    context = chromium.new_context(base_url=company.console)
    page = context.new_page()
    asked: list[str] = []
    broken: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on(
        "console", lambda message: broken.append(message.text) if "Content Security Policy" in message.text else None
    )
    page.goto("/sign-in")
    page.fill("[name=login]", login_of(company, "engineer"))
    page.fill("[name=password]", support.PASSWORD)
    page.click("form.fields button")
    page.wait_for_load_state()
    for path in support.menu(page):
        page.goto(path)
    assert all(url.startswith((company.console, "data:")) for url in asked)
    assert broken == []
    kept = page.evaluate("[localStorage.length, Object.keys(sessionStorage)]")
    assert kept in ([0, []], [0, ["htmx-current-path-for-history"]])  # htmx names the page; it goes with the tab
    assert len(context.cookies()) <= 2  # the session, and the theme once it is chosen
    context.close()
