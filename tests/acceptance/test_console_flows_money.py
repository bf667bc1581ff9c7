"""Finance, the auditor, the platform team and payroll do their main jobs in a real browser, beside a real gateway."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.support import browser as support
from tests.support.browser import DESK, HOW_TO_GET, READY
from tests.support.console import ConsoleHouse, console_house
from tests.support.past import BEFORE, LAST, NOW, own_money, two_months
from tests.support.profile import NIGHTLY

from bursar.office import months

pytest_plugins = ("tests.postgres",)
pytestmark = [pytest.mark.skipif(not READY, reason=HOW_TO_GET), pytest.mark.xdist_group("console-flows-money")]

ENGINES = ["sqlite", "postgresql"] if NIGHTLY else ["sqlite"]
SOON_MS = 20_000


@pytest.fixture(scope="module", params=ENGINES)
def house(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConsoleHouse]:
    """A house with two months behind it; Ada went on with her own money in this one."""
    url = ""
    if request.param == "postgresql":
        import psycopg

        server: str = request.getfixturevalue("postgres_server")
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute("CREATE DATABASE bursar_money_flows")
        url = server.replace("/postgres?", "/bursar_money_flows?")
    with console_house(tmp_path_factory.mktemp("house"), url) as found:
        two_months(found)
        own_money(found, "ada", 4)
        yield found


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with support.chromium() as found:
        yield found


def window(chromium: Browser, house: ConsoleHouse, login: str) -> Page:
    """A window of somebody who signed in; typing the password has tests of its own."""
    context = chromium.new_context(base_url=house.url, viewport=DESK)
    context.add_cookies([{"name": "bursar", "value": house.session(login), "url": house.url}])
    page = context.new_page()
    page.goto("/")
    return page


def row(page: Page, name: str) -> str:
    """A table's line as it reads."""
    return page.get_by_role("row").filter(has=page.get_by_role("rowheader", name=name)).first.inner_text()


def test_finance_closes_months_in_order_and_opens_one_again_and_the_auditor_sees_why(
    chromium: Browser, house: ConsoleHouse
) -> None:
    page = window(chromium, house, "finance")
    page.get_by_role("link", name="Close of the month").click()
    for month in (BEFORE, LAST):
        title = months.title(month)
        page.get_by_role("link", name=title, exact=True).click()
        page.get_by_label("Note").fill("invoices are in")
        page.get_by_role("button", name=f"Close {title}").click()
        # A month is done at once or goes on while the page is left; either way the page says when it is.
        expect(page.get_by_text("the lines are what was frozen")).to_be_visible(timeout=SOON_MS)
        expect(page.get_by_text("invoices are in")).to_be_visible()
        page.get_by_role("link", name="Close of the month").first.click()
        assert "closed" in row(page, title)
    page.get_by_role("link", name=months.title(LAST), exact=True).click()
    again = page.get_by_role("button", name=f"Open {months.title(LAST)} again")
    again.click()  # The browser itself asks for the reason.
    assert page.url.endswith(f"/finance/close/{LAST}")
    page.get_by_label("Reason").fill("an invoice was missing")
    again.click()
    expect(page.get_by_text("is open again")).to_be_visible()
    expect(page.get_by_text("opened again by finance")).to_contain_text("an invoice was missing")
    expect(page.get_by_role("button", name=f"Close {months.title(LAST)}")).to_be_visible()
    page.context.close()

    page = window(chromium, house, "auditor")
    page.get_by_role("link", name="Audit log").click()
    page.get_by_label("Action").select_option("books.reopen")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_text("an invoice was missing")).to_be_visible()
    page.context.close()


def test_the_auditor_verifies_the_chain_and_holds_it_against_a_head_that_was_kept(
    chromium: Browser, house: ConsoleHouse
) -> None:
    page = window(chromium, house, "auditor")
    page.get_by_role("link", name="Verification").click()
    page.get_by_role("button", name="Verify").click()
    whole = page.get_by_text(re.compile(r"Whole, from the first entry to number \d+"))
    expect(whole).to_be_visible(timeout=SOON_MS)
    anchor = page.locator("#c-anchor").inner_text()
    # Held against the head that was kept outside, it still leads there.
    page.get_by_label("A head that was kept outside").fill(anchor)
    page.get_by_role("button", name="Verify").click()
    expect(page.get_by_text("Held against")).to_be_visible(timeout=SOON_MS)
    expect(whole).to_be_visible()
    page.context.close()


def test_the_platform_team_adds_a_provider_and_sees_a_clients_traffic_go_there(
    chromium: Browser, house: ConsoleHouse
) -> None:
    page = window(chromium, house, "platform")
    page.goto("/platform/providers/add")
    page.get_by_label("Name").fill("mirror")
    page.get_by_label("Kind").fill("openai")
    page.get_by_label("Address").fill(house.house.provider.base_url)
    page.get_by_label("Models routed here").fill("gpt-4o-mini")
    page.get_by_label("Credential").fill("sk-upstream-openai")
    page.locator("summary", has_text="Priority").click()
    page.get_by_label("Priority").fill("five")
    page.get_by_role("button", name="Add it").click()
    expect(page.locator("#f-priority-fault")).to_contain_text("a whole number")
    assert page.get_by_label("Name").input_value() == "mirror"
    page.get_by_label("Priority").fill("5")
    page.get_by_label("Credential").fill("sk-upstream-openai")  # never sent back to whoever typed it
    page.get_by_role("button", name="Add it").click()
    expect(page.get_by_role("rowheader", name="mirror")).to_be_visible()
    assert "sk-upstream" not in page.content()

    page.goto("/platform/traffic")
    expect(page.get_by_role("rowheader", name="gpt-4o-mini")).to_have_count(0)
    expect(page.locator("[data-live-state]")).to_have_attribute("data-state", "live", timeout=SOON_MS)
    page.wait_for_timeout(3_000)  # gateways know of a new provider within a second; this machine may be busy
    house.spend()
    expect(page.get_by_role("rowheader", name="gpt-4o-mini")).to_be_visible(timeout=SOON_MS)
    expect(page.get_by_role("rowheader", name="ada")).to_be_visible()
    for _ in range(40):  # sums of the house may stand for a moment
        page.goto("/platform/providers")
        if re.search(r"\$0\.0*[1-9]", row(page, "mirror")):
            break
        page.wait_for_timeout(250)
    assert re.search(r"\$0\.0*[1-9]", row(page, "mirror"))
    assert "$" not in row(page, "openai")
    page.context.close()


def test_payroll_takes_its_month_along_as_csv(chromium: Browser, house: ConsoleHouse, tmp_path: Path) -> None:
    page = window(chromium, house, "payroll")
    page.get_by_role("link", name="Payroll", exact=True).click()
    expect(page.get_by_role("heading", name="Payroll", exact=True)).to_be_visible()
    assert "$4.00" in row(page, "Ada")
    page.locator("summary", has_text=re.compile(r"\d")).first.click()
    with page.expect_download() as started:
        page.get_by_role("link", name="CSV").click()
    assert started.value.suggested_filename == f"payroll-{NOW}.csv"
    started.value.save_as(tmp_path / "payroll.csv")
    with (tmp_path / "payroll.csv").open(newline="") as file:
        (line,) = csv.DictReader(file)
    assert (line["person"], line["own money to deduct USD"]) == ("ada", "4.000000000")
    page.context.close()
