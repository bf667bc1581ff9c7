"""Each role's main job in a real browser, beside a real gateway: clicked through as a person would."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.support import browser as support
from tests.support.browser import DESK, HOW_TO_GET, READY
from tests.support.console import PASSWORD, ConsoleHouse, add_account, console_house
from tests.support.profile import NIGHTLY

from bursar.office.granting import promises

pytest_plugins = ("tests.postgres",)
pytestmark = [pytest.mark.skipif(not READY, reason=HOW_TO_GET), pytest.mark.xdist_group("console-flows")]


@pytest.fixture(scope="module", params=["sqlite", *(["postgresql"] if NIGHTLY else [])])
def house(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConsoleHouse]:
    """A furnished house; by night on both engines in turn."""
    url = ""
    if request.param == "postgresql":
        import psycopg

        server: str = request.getfixturevalue("postgres_server")
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute("CREATE DATABASE bursar_console_flows")
        url = server.replace("/postgres?", "/bursar_console_flows?")
    with console_house(tmp_path_factory.mktemp("house"), url) as found:
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


def test_a_person_asks_their_manager_approves_and_the_next_request_passes(
    chromium: Browser, house: ConsoleHouse
) -> None:
    house.desk.add_person("vera", name="Vera Lind", team="platform", manager="grace")
    promises.give(house.desk, "vera", "stipend", amount="$0.000001", note="nearly nothing")
    add_account(house.desk, "vera", person="vera")
    key = house.desk.issue_key("vera")["token"]

    vera = window(chromium, house, "vera")
    assert house.ask(key) == 429
    vera.goto("/more")
    vera.locator("[name=amount]").fill("$40")
    vera.locator("[name=reason]").fill("The index is built anew")
    vera.get_by_role("button", name="Ask for it").click()
    expect(vera.get_by_role("row").filter(has_text="The index is built anew")).to_contain_text("grace decides")

    grace = window(chromium, house, "grace")
    grace.goto("/team/approvals")
    asked = grace.get_by_role("article").filter(has_text="Vera Lind asks for $40.00")
    expect(asked).to_contain_text("The index is built anew")
    asked.get_by_role("button", name="Decline").click()
    expect(asked.locator("[aria-invalid=true]")).to_have_attribute("name", "note")  # it needs a reason
    asked.get_by_label("Approve", exact=True).fill("$25")
    asked.get_by_label("A word to them").fill("For this month")
    asked.get_by_role("button", name="Approve").click()
    expect(grace.get_by_text("It is approved, and the person is told.")).to_be_visible()
    expect(grace.get_by_role("article").filter(has_text="Vera Lind")).to_have_count(0)

    vera.reload()
    row = vera.get_by_role("row").filter(has_text="The index is built anew")
    expect(row).to_contain_text("$25.00 of it")
    expect(row).to_contain_text("For this month")
    assert house.ask(key) == 200
    for page in (vera, grace):
        page.context.close()


def test_compensation_edits_a_plan_with_an_error_mends_simulates_and_applies_it(
    chromium: Browser, house: ConsoleHouse
) -> None:
    page = window(chromium, house, "compensation")
    page.goto("/plans/-/edit/stipend")
    area, findings = page.get_by_label("The plan's document in YAML"), page.locator("#findings")
    text = area.input_value()
    line = text[: text.index("cap: 25%")].count("\n") + 1
    area.fill(text.replace("cap: 25%", "cap: 250%"))
    expect(findings).to_contain_text("1 thing to mend")
    expect(findings).to_contain_text("rollover.cap")
    findings.get_by_role("link", name=f"Line {line}, column").click()
    assert area.evaluate("one => one.value.slice(one.selectionStart, one.selectionEnd)").startswith("cap: 250%")
    area.fill(text.replace("cap: 25%", "cap: 50%").replace("amount: $100", "amount: $120"))
    expect(findings).to_contain_text("no faults")
    expect(findings).to_contain_text("2 terms differ from version 1")

    page.get_by_role("button", name="Simulate").click()
    page.locator("[name=months]").fill("2")
    page.locator("[name=scenarios]").fill("10")
    page.get_by_role("button", name="Run it").click()
    expect(page.get_by_role("heading", name="Side by side")).to_be_visible(timeout=60_000)
    assert page.locator("figure svg").count() >= 4

    page.get_by_role("button", name="Preview on people").click()
    changes = page.get_by_role("group", name="Grants that change")
    expect(changes.get_by_role("row").filter(has_text="Ada")).to_contain_text("$120.00 every month")
    page.get_by_label("Why").fill("More for the same work")
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Put version 2 into force").click()
    expect(page.get_by_text("The plan is in force")).to_be_visible()
    page.get_by_role("link", name="Versions").click()
    expect(page.get_by_role("row").filter(has_text="Version 2")).to_contain_text("More for the same work")

    ada = window(chromium, house, "ada")
    ada.goto("/terms")
    expect(ada.get_by_text("$120.00").first).to_be_visible()
    for one in (page, ada):
        one.context.close()
