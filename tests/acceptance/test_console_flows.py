"""Each role's main job in a real browser, beside a real gateway: clicked through as a person would."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.support import browser as support
from tests.support.browser import DESK, HOW_TO_GET, READY
from tests.support.console import PASSWORD, ConsoleHouse, console_house

pytestmark = [pytest.mark.skipif(not READY, reason=HOW_TO_GET), pytest.mark.xdist_group("console-flows")]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConsoleHouse]:
    with console_house(tmp_path_factory.mktemp("house")) as found:
        yield found


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with support.chromium() as found:
        yield found


def window(chromium: Browser, house: ConsoleHouse, login: str) -> Page:
    """A window of somebody who has typed their password."""
    page = chromium.new_context(base_url=house.url, viewport=DESK).new_page()
    page.goto("/")
    page.get_by_label("Login").or_(page.locator("[name=login]")).first.fill(login)
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("form.fields button").click()
    page.wait_for_load_state()
    return page


def test_a_person_sees_their_balance_fall_while_a_client_runs(chromium: Browser, house: ConsoleHouse) -> None:
    page = window(chromium, house, "ada")
    page.goto("/wallet")
    card = page.locator(".card.main")
    before = card.inner_text()
    house.spend()
    expect(card).not_to_have_text(before, timeout=15_000)
    assert "$" in card.inner_text()
    page.context.close()


def test_a_person_makes_a_key_and_sees_its_secret_once(chromium: Browser, house: ConsoleHouse) -> None:
    page = window(chromium, house, "ada")
    page.goto("/connect")
    page.locator("summary", has_text="key").first.click()
    page.locator("[name=label]").fill("laptop of the browser")
    page.get_by_role("button", name="Issue the key").click()
    shown = page.get_by_text("bur_live_").first
    expect(shown).to_be_visible()
    secret = shown.inner_text().strip()
    page.goto("/connect")
    expect(page.get_by_role("rowheader", name="laptop of the browser")).to_be_visible()
    assert len(secret) > 40
    assert secret not in page.content()
    page.context.close()


def test_a_request_for_more_waits_for_whoever_decides(chromium: Browser, house: ConsoleHouse) -> None:
    page = window(chromium, house, "ada")
    page.goto("/more")
    page.locator("[name=amount]").fill("$40")
    page.locator("[name=reason]").fill("The migration runs longer")
    page.get_by_role("button", name="Ask for it").click()
    expect(page.get_by_text("The migration runs longer").first).to_be_visible()
    expect(page.get_by_text("grace").first).to_be_visible()
    page.context.close()
