"""A candidate weighs an offer without an account, and somebody joins the leaderboard and leaves: in a real browser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.support import browser as support
from tests.support.browser import DESK, HOW_TO_GET, PHONE, READY
from tests.support.console import ConsoleHouse, console_house
from tests.support.profile import NIGHTLY

from bursar.offers.link import packed, unpacked
from bursar.office import openings
from bursar.office.database import transaction

pytest_plugins = ("tests.postgres",)
pytestmark = [pytest.mark.skipif(not READY, reason=HOW_TO_GET), pytest.mark.xdist_group("console-flows-offer")]

ENGINES = ["sqlite", "postgresql"] if NIGHTLY else ["sqlite"]
ACME = {
    "bursar": "offer/1",
    "name": "acme",
    "title": "Acme, staff engineer",
    "pay": {"salary": "$190,000", "equity": "$100,000"},
    "tokens": {"amount": "$10,000", "every": "year", "use": "open"},
    "me": {"usage": "$800", "tax": "40%"},
}
GLOBEX = {**ACME, "name": "globex", "title": "Globex", "tokens": {"amount": "$500", "every": "month", "use": "work"}}
COMPARED = f"/offer/compare?o={packed(ACME)}&o={packed(GLOBEX)}"


@pytest.fixture(scope="module", params=ENGINES)
def house(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConsoleHouse]:
    """A house whose owner has opened everything."""
    url = ""
    if request.param == "postgresql":
        import psycopg

        server: str = request.getfixturevalue("postgres_server")
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute("CREATE DATABASE bursar_flows_offer")
        url = server.replace("/postgres?", "/bursar_flows_offer?")
    with console_house(tmp_path_factory.mktemp("house"), url) as found:
        with transaction(found.desk.engine) as connection:
            for name in openings.OPENINGS:
                openings.change(connection, name, to=True, by="owner", now=found.desk.now())
        yield found


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with support.chromium() as found:
        yield found


def visitor(chromium: Browser, house: ConsoleHouse, *, script: bool = True) -> Page:
    """A browser that nobody has used."""
    return chromium.new_context(base_url=house.url, viewport=DESK, java_script_enabled=script).new_page()


def worth(page: Page) -> float:
    return float(page.locator(".verdict-figure data").get_attribute("value") or "nan")


def test_a_candidate_moves_a_slider_and_sees_worth_risk_and_questions_move(
    chromium: Browser, house: ConsoleHouse
) -> None:
    page = visitor(chromium, house)
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(f"/offer?o={packed(ACME)}")
    first, asked = worth(page), page.locator("#asked").inner_text()
    risk = page.locator(".verdict-more").inner_text()
    slider = page.get_by_role("slider", name="Your use in a month")
    slider.focus()
    for _ in range(4):
        page.keyboard.press("ArrowRight")
    expect(page.locator("[name=usage]")).to_have_value("$3,000")
    expect(page.locator(".verdict-figure data")).not_to_have_attribute("value", f"{first:.2f}")
    expect(page.locator(".verdict-more")).not_to_have_text(risk)
    expect(page.locator("#asked")).not_to_have_text(asked)
    assert worth(page) != first
    assert said == []
    # What is typed that cannot be stands beside its control, and the figures stay.
    shown = worth(page)
    page.locator("[name=tax]").fill("a lot")
    expect(page.locator("#n-tax")).to_contain_text("expected a share from 0% to 100%")
    expect(page.locator("#verdict")).to_contain_text("those of before")
    page.locator("[name=tax]").fill("40%")
    expect(page.locator("#n-tax")).to_be_empty()
    expect(page.locator(".verdict-figure data")).to_have_attribute("value", f"{shown:.2f}")
    page.context.close()


def test_a_link_opens_the_same_offer_in_a_fresh_browser_and_a_report_is_one_file(
    chromium: Browser, house: ConsoleHouse, tmp_path: Path
) -> None:
    mine = visitor(chromium, house)
    mine.goto("/offer")
    mine.locator("[name=amount]").fill("$2,500")
    mine.locator("label.chip", has_text="every month").click()
    mine.locator("[name=usage]").fill("$1,200")
    # The buttons carry what is shown, and that follows a moment later.
    expect(mine.locator("#n-usage")).to_be_empty()
    expect(mine.locator("#verdict")).to_contain_text("the offer says $30,000")
    shown = worth(mine)
    mine.get_by_role("button", name="Share a link").click()
    edit, show = (mine.locator(f"#c-{name}").inner_text().strip() for name in ("edit", "show"))
    theirs = visitor(chromium, house)
    theirs.goto(edit)
    assert worth(theirs) == shown
    expect(theirs.locator("[name=amount]")).to_have_value("$2,500")
    expect(theirs.locator("[name=usage]")).to_have_value("$1,200")
    assert theirs.context.cookies() == []
    theirs.goto(show)
    expect(theirs.locator("[name=amount]")).to_have_count(0)
    assert "me" not in unpacked(show.rpartition("=")[2])
    with mine.expect_download() as kept:
        mine.get_by_role("button", name="Report", exact=True).click()
    report = tmp_path / kept.value.suggested_filename
    kept.value.save_as(report)
    with mine.expect_download() as kept:
        mine.get_by_role("button", name="File", exact=True).click()
    assert kept.value.suggested_filename.endswith(".yaml")
    theirs.goto(report.as_uri())
    expect(theirs.locator("h1")).to_be_visible()
    assert "20,000 worlds" in theirs.content()
    mine.context.close()
    theirs.context.close()


def test_it_works_without_any_script(chromium: Browser, house: ConsoleHouse) -> None:
    page = visitor(chromium, house, script=False)
    page.goto(f"/offer?o={packed(ACME)}")
    first = worth(page)
    page.locator("[name=usage]").fill("$3,000")
    page.get_by_role("button", name="Weigh it").last.click()
    assert worth(page) != first
    page.get_by_role("button", name="Compare with another").click()
    expect(page.get_by_role("heading", name="Compare offers")).to_be_visible()
    page.get_by_role("button", name="A new offer").click()
    page.get_by_role("button", name="Back to the comparison").click()
    expect(page.get_by_role("button", name="Take away")).to_have_count(2)
    page.context.close()


def test_pages_of_a_visitor_are_accessible_narrow_and_reachable(chromium: Browser, house: ConsoleHouse) -> None:
    page = chromium.new_context(base_url=house.url, bypass_csp=True).new_page()
    found: list[str] = []

    def look(name: str) -> None:
        for theme in ("light", "dark"):
            page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
            found.extend(f"{name} {theme}: {one}" for one in support.violations(page))
        page.set_viewport_size(PHONE)
        found.extend(f"{name} at 360 px: {one}" for one in support.overflow(page))
        page.set_viewport_size(DESK)

    mine = f"/offer?o={packed(ACME)}"
    for address in (
        mine,
        f"/offer/view?o={packed(ACME)}",
        COMPARED,
        *(("/offer", "/offer/compare") if NIGHTLY else ()),
    ):
        page.goto(address)
        look(address[:24])
    for button in ("Questions to ask", "Share a link"):
        page.goto(mine)
        page.get_by_role("button", name=button).click()
        page.wait_for_load_state()
        look(button)
    page.goto(mine)
    page.locator("[name=amount]").fill("many")
    page.locator("[name=amount]").press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("Amount: found 'many'")
    look("what is wrong")
    page.goto(mine)
    found += [f"keyboard: {one}" for one in support.unreachable(page)]
    page.context.close()
    assert found == []


def test_somebody_joins_the_leaderboard_under_a_pseudonym_and_leaves(chromium: Browser, house: ConsoleHouse) -> None:
    context = chromium.new_context(base_url=house.url, viewport=DESK)
    context.add_cookies([{"name": "bursar", "value": house.session("ada"), "url": house.url}])
    page = context.new_page()
    page.goto("/leaderboard")
    expect(page.get_by_text("Nobody is told that you are, or are not.")).to_be_visible()
    assert re.fullmatch(r"[a-z]+ [a-z]+", page.locator("[name=pseudonym]").input_value())
    page.locator("[name=pseudonym]").fill("x")
    page.get_by_role("button", name="Join").click()
    expect(page.locator("#f-pseudonym-fault")).to_contain_text("expected 3 to 24 letters")
    page.locator("[name=pseudonym]").fill("quiet otter")
    page.get_by_role("button", name="Join").click()
    expect(page.get_by_text("You stand on the leaderboard")).to_be_visible()
    expect(page.get_by_text("Your row appears on")).to_be_visible()
    page.get_by_role("button", name="Leave at once").click()
    expect(page.get_by_text("You are off the leaderboard")).to_be_visible()
    expect(page.get_by_text("quiet otter")).to_have_count(0)
    context.close()
