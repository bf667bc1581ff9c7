"""The leaderboard and what is open, as pages: who sees them, who may change what, and what wrong input says."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

import pytest
from tests.support.console import SCRIPT, ConsoleHouse, console_house
from tests.support.profile import PAGE_ENGINES

from bursar.office.database import reading
from bursar.office.figures import leaderboard

pytest_plugins = ("tests.postgres",)


@pytest.fixture(scope="module", params=PAGE_ENGINES)
def house(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConsoleHouse]:
    """A furnished house on each engine in turn, for all tests of this module."""
    url = ""
    if request.param == "postgresql":
        import psycopg

        server: str = request.getfixturevalue("postgres_server")
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute("CREATE DATABASE bursar_console_board")
        url = server.replace("/postgres?", "/bursar_console_board?")
    with console_house(tmp_path_factory.mktemp("board"), url) as found:
        yield found


@pytest.fixture
def opened(house: ConsoleHouse) -> Iterator[ConsoleHouse]:
    """The same house with an open leaderboard, opened and closed by its owner on the page."""
    with house.client("owner") as tab:
        house.send(tab, "/openings/leaderboard", at="/openings", to="open")
        yield house
        house.send(tab, "/openings/leaderboard", at="/openings", to="closed")


def _member(house: ConsoleHouse, who: str) -> leaderboard.Member | None:
    with reading(house.desk.engine) as connection:
        return leaderboard.member(connection, house.desk.person(who)["id"])


def test_it_is_off_until_an_owner_turns_it_on(house: ConsoleHouse) -> None:
    with house.client("ada") as tab:
        assert "This organisation has no leaderboard" in tab.get("/leaderboard").text
        answer = house.send(tab, "/leaderboard/join", at="/wallet", pseudonym="quiet otter")
        assert answer.status_code == 409
        assert _member(house, "ada") is None


def test_only_an_owner_opens_and_whoever_runs_the_house_may_look(house: ConsoleHouse) -> None:
    for login, may in (("owner", True), ("platform", True), ("auditor", True), ("finance", False), ("ada", False)):
        with house.client(login) as tab:
            answer = tab.get("/openings")
            assert answer.status_code == (200 if may else 403)
            assert ("Open it" in answer.text) == (login == "owner")
            sent = house.send(tab, "/openings/leaderboard", at="/account", to="open")
            assert sent.status_code == (303 if login == "owner" else 403)
    with house.client("owner") as tab:
        assert "It is open now." in tab.get("/openings?done=open").text
        for name, to in (("everything", "open"), ("leaderboard", "ajar")):
            assert house.send(tab, f"/openings/{name}", at="/openings", to=to).status_code == 422
        assert house.send(tab, "/openings/leaderboard", at="/openings", to="closed").status_code == 303


def test_one_joins_under_a_pseudonym_sees_when_it_appears_and_leaves_at_once(opened: ConsoleHouse) -> None:
    with opened.client("ada") as tab:
        page = tab.get("/leaderboard").text
        assert "Do you want to be on it?" in page
        suggested = re.search(r'name="pseudonym" type="text" value="([^"]+)"', page)
        assert suggested is not None
        assert opened.send(tab, "/leaderboard/join", at="/leaderboard", pseudonym=suggested[1]).status_code == 303
        mine = _member(opened, "ada")
        assert mine is not None
        assert mine.pseudonym == suggested[1]
        page = tab.get("/leaderboard").text
        assert suggested[1] in page
        assert "Your row appears on" in page
        with opened.client("grace") as other:
            assert suggested[1] not in other.get("/leaderboard").text
        left = opened.send(tab, "/leaderboard/leave", at="/leaderboard")
        assert left.headers["location"] == "/leaderboard?done=left"
        assert _member(opened, "ada") is None


def test_closing_it_asks_again_and_takes_everybody_off(opened: ConsoleHouse) -> None:
    with opened.client("ada") as tab, opened.client("owner") as owner:
        opened.send(tab, "/leaderboard/join", at="/leaderboard", pseudonym="grey heron")
        page = owner.get("/openings").text
        assert 'href="/openings/leaderboard/close"' in page
        assert f"{opened.url}/leaderboard" in page
        asked = owner.get("/openings/leaderboard/close").text
        assert "Everybody is taken off it" in asked
        assert "grey heron" not in asked
        assert _member(opened, "ada") is not None
        assert owner.get("/openings/everything/close").status_code == 422
        assert tab.get("/openings/leaderboard/close").status_code == 403
        closed = opened.send(owner, "/openings/leaderboard", at="/openings/leaderboard/close", to="closed")
        assert closed.headers["location"] == "/openings?done=closed"
        assert _member(opened, "ada") is None
        opened.send(owner, "/openings/leaderboard", at="/openings", to="open")
        assert _member(opened, "ada") is None


def test_a_pseudonym_that_cannot_be_is_told_at_its_field_and_nothing_happens(opened: ConsoleHouse) -> None:
    with opened.client("grace") as tab:
        for pseudonym in (SCRIPT, "Ada", "x"):
            answer = opened.send(tab, "/leaderboard/join", at="/leaderboard", pseudonym=pseudonym)
            assert answer.status_code == 422
            assert "<script>alert" not in answer.text
            assert 'id="f-pseudonym-fault"' in answer.text
            assert _member(opened, "grace") is None
        wrong = opened.send(tab, "/leaderboard/join", at="/leaderboard", shown="title", pseudonym="grey heron")
        assert wrong.status_code == 422
        assert _member(opened, "grace") is None


def test_under_one_s_own_name_it_is_escaped_like_everything_else(opened: ConsoleHouse) -> None:
    with opened.client("mallory") as tab:
        opened.send(tab, "/leaderboard/join", at="/leaderboard", shown="name")
        mine = _member(opened, "mallory")
        assert mine is not None
        assert mine.pseudonym == ""
        page = tab.get("/leaderboard").text
        assert "<script>alert" not in page
        assert "Under your name" in page


def test_fewer_than_five_rows_are_not_shown_and_what_it_does_not_mean_is(opened: ConsoleHouse) -> None:
    with opened.client("ada") as tab:
        page = html.unescape(tab.get("/leaderboard").text)
        assert "Fewer than 5 rows could be shown" in page
        assert "no measure of anybody's work" in page


def test_it_is_a_game_among_its_players_and_nobody_else_joins_for_them(opened: ConsoleHouse) -> None:
    for login, may in (("auditor", 200), ("owner", 403), ("finance", 403), ("compensation", 403)):
        with opened.client(login) as tab:
            page = tab.get("/leaderboard")
            assert page.status_code == may
            assert "Do you want to be on it?" not in page.text
            assert opened.send(tab, "/leaderboard/join", at="/account", pseudonym="grey heron").status_code == 403


@pytest.mark.parametrize("by", ["tokens", "spend", "1"])
def test_there_is_no_order_by_how_much_was_used(opened: ConsoleHouse, by: str) -> None:
    with opened.client("ada") as tab:
        assert tab.get("/leaderboard", params={"by": by}).status_code == 422


def test_a_form_of_somewhere_else_changes_nothing(opened: ConsoleHouse) -> None:
    with opened.client("ada") as tab:
        headers = {"origin": "https://elsewhere.example", "sec-fetch-site": "cross-site"}
        token = opened.token(tab, "/leaderboard")
        answer = tab.post("/leaderboard/join", data={"csrf": token, "pseudonym": "grey heron"}, headers=headers)
        assert answer.status_code == 403
        assert tab.post("/leaderboard/join", data={"pseudonym": "grey heron"}).status_code == 403
        assert _member(opened, "ada") is None
