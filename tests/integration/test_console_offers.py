"""Offers weighed in the console: real sockets, both engines; nothing of an offer is kept, and whoever may not see it does not."""

from __future__ import annotations

import html
import logging
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path

import httpx
import psycopg
import pytest
from tests.support.console import ROLES, SCRIPT, ConsoleHouse, console_house
from tests.support.profile import NIGHTLY

from bursar.console.areas import AREAS
from bursar.console.candidate.area import STRANGER_A_SECOND, STRANGER_BURST
from bursar.offers.controls import CONTROLS
from bursar.offers.filling import blank
from bursar.offers.link import packed, unpacked
from bursar.office import openings
from bursar.office.database import transaction

pytest_plugins = ("tests.postgres",)

ACME = {
    "bursar": "offer/1",
    "name": "acme",
    "title": "Acme, staff engineer",
    "pay": {"salary": "$190,000", "equity": "$100,000"},
    "tokens": {"amount": "$10,000", "every": "year", "use": "open"},
    "me": {"usage": "$800", "tax": "40%"},
}
GLOBEX = {
    "bursar": "offer/1",
    "name": "globex",
    "title": "Globex",
    "pay": {"salary": "$150,000"},
    "tokens": {"amount": "$180,000", "every": "year", "use": "work"},
}
POSTED = [page for area in AREAS for page in area.pages if page.posted and page.public]
PUBLIC = [page for area in AREAS for page in area.pages if page.public]


ENGINES = ["sqlite", "postgresql"]

Houses = Callable[[str], ConsoleHouse]


@pytest.fixture(scope="module")
def houses(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Houses]:
    """A furnished house on either engine, built when it is first asked for."""
    with ExitStack() as stack:

        @cache
        def built(engine: str) -> ConsoleHouse:
            url = ""
            if engine == "postgresql":
                server: str = request.getfixturevalue("postgres_server")
                with psycopg.connect(server, autocommit=True) as connection:
                    connection.execute("CREATE DATABASE bursar_console_offers")
                url = server.replace("/postgres?", "/bursar_console_offers?")
            return stack.enter_context(console_house(tmp_path_factory.mktemp("offers"), url))

        yield built


@pytest.fixture(params=ENGINES if NIGHTLY else ENGINES[:1])
def house(request: pytest.FixtureRequest, houses: Houses) -> ConsoleHouse:
    """Where the database has no part in what is tested."""
    return houses(request.param)


@pytest.fixture(params=ENGINES)
def either(request: pytest.FixtureRequest, houses: Houses) -> ConsoleHouse:
    """Where it has: on each engine in turn."""
    return houses(request.param)


@pytest.fixture
def visitors(house: ConsoleHouse) -> Iterator[ConsoleHouse]:
    """A house that is open to visitors."""
    _open(house, to=True)
    yield house
    _open(house, to=False)


def _open(house: ConsoleHouse, *, to: bool) -> None:
    with transaction(house.desk.engine) as connection:
        openings.change(connection, "offers-for-visitors", to=to, by="owner", now=house.desk.now())


def base_of(page: str) -> str:
    """The offer that a form carries."""
    found = re.search(r'name="o" value="([^"]+)"', page)
    assert found is not None
    return found[1]


def worth_of(page: str) -> float:
    """The first figure of the verdict."""
    found = re.search(r'verdict-figure"><data class="sum" value="(-?[\d.]+)"', page)
    assert found is not None, page[:2_000]
    return float(found[1])


def link(document: dict[str, object], path: str = "/offer") -> str:
    return f"{path}?o={packed(document)}"


def test_every_role_may_weigh_an_offer_and_a_stranger_signs_in_first(either: ConsoleHouse) -> None:
    for login in ("ada", *ROLES):
        with either.client(login) as tab:
            assert tab.get("/offer").status_code == 200
            assert tab.post("/offer/now", data={"o": packed(ACME)}).status_code == 200
    with either.client() as stranger:
        for page in PUBLIC:
            answer = stranger.post(page.path) if page.posted else stranger.get(page.path)
            assert answer.status_code == 303
            assert answer.headers["location"].startswith("/sign-in")


def test_a_house_that_is_open_to_visitors_shows_them_these_pages_and_no_other(either: ConsoleHouse) -> None:
    _open(either, to=True)
    with either.client() as stranger:
        assert 'href="/offer"' in stranger.get("/sign-in").text
        page = stranger.get("/offer")
        assert page.status_code == 200
        stranger.cookies.clear()
        assert "set-cookie" not in page.headers
        assert 'href="/wallet"' not in page.text
        assert "sign-out" not in page.text
        for public in POSTED:
            answer = stranger.post(public.path, data={"o": packed(ACME)})
            assert answer.status_code == (422 if public.path == "/offer/open" else 200), public.path
        for other in ("/offer/mine", "/leaderboard", "/openings", "/wallet"):
            assert stranger.get(other).status_code == 303
    _open(either, to=False)
    with either.client() as stranger:
        assert stranger.get("/offer").status_code == 303
        assert "weigh an offer" not in stranger.get("/sign-in").text


def test_what_somebody_moves_moves_the_answer(house: ConsoleHouse) -> None:
    with house.client("ada") as tab:
        page = tab.get("/offer").text
        fields = {"o": base_of(page), "amount": "$10,000", "every": "year"}
        first = worth_of(tab.post("/offer/now", data=fields).text)
        assert first == worth_of(page)
        more = tab.post("/offer/now", data={**fields, "every": "month"}).text
        assert worth_of(more) > first
        none = tab.post("/offer/now", data={**fields, "use": "work"}).text
        assert abs(worth_of(none)) < 1
        assert "pay for the employer" in html.unescape(none)
        assert 'id="n-would_buy" hx-swap-oob="outerHTML">Does not apply' in none
        whole = tab.post("/offer", data={**fields, "use": "work"}).text
        assert worth_of(whole) == worth_of(none)


def test_the_same_answer_comes_with_and_without_script(house: ConsoleHouse) -> None:
    with house.client("ada") as tab:
        fields = {"o": packed(ACME), "limit": "ask", "approval": "80", "salary": ""}
        live, whole = tab.post("/offer/now", data=fields).text, tab.post("/offer", data=fields).text
        assert worth_of(live) == worth_of(whole)
        assert 'value="80%"' in whole
        carried = unpacked(base_of(whole))
        assert carried["tokens"]["approval"] == {"reason": "required", "chance": "80%"}
        assert "salary" not in carried["pay"]
        forgotten = tab.post("/offer", data={**fields, "amount": "$10,000", "forget": "amount"}).text
        assert unpacked(base_of(forgotten))["tokens"]["unlimited"] is True


def test_a_control_that_is_wrong_says_so_beside_it_and_the_rest_stays(house: ConsoleHouse) -> None:
    with house.client("ada") as tab:
        fields = {"o": packed(ACME), "amount": SCRIPT, "tax": "120%"}
        page = tab.post("/offer", data=fields)
        assert page.status_code == 422
        shown = html.unescape(page.text)
        assert "<script>alert" not in page.text
        assert re.search(r'id="n-amount"><strong>Found .*, expected an amount such as', shown)
        assert re.search(r'id="n-tax"><strong>Found .120%., expected a share from 0% to 100%', shown)
        assert 'value="$190,000"' in page.text
        live = tab.post("/offer/now", data=fields)
        assert live.headers["hx-reswap"] == "none"
        assert "figures below are those of before" in live.text
        assert "<script>alert" not in live.text


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"o": "1nonsense"}, "link"),
        ({"o": "A" * 70_000}, "o"),
        ({"every": "fortnight"}, "How often"),
        ({"line": "7"}, "line"),
        ({"line": "x"}, "line"),
        ({"title": "x" * 201}, "title"),
        ({"beside": [packed(ACME)] * 5}, "offers"),
    ],
)
def test_what_no_page_sends_is_refused_in_words(house: ConsoleHouse, fields: dict[str, str], field: str) -> None:
    with house.client("ada") as tab:
        answer = tab.post("/offer", data=fields)
        assert answer.status_code == 422
        assert f"{field}: found".casefold() in html.unescape(answer.text).casefold()
        assert "Traceback" not in answer.text


def test_a_file_is_opened_changed_and_downloaded_again_with_all_that_it_says(house: ConsoleHouse) -> None:
    text = (
        "bursar: offer/1\nname: acme\ntokens:\n  - {name: budget, amount: $500, every: 2 weeks, quotes: {every: With every pay.}}\n"
        "  - {name: signing, amount: $5000, every: once}\n"
    )
    with house.client("ada") as tab:
        page = tab.post("/offer/open", files={"file": ("acme.yaml", text)})
        assert page.status_code == 200
        assert "as in the file" in page.text
        assert "signing" in page.text
        second = tab.post("/offer", data={"o": base_of(page.text), "line": "0", "to_line": "1", "show": "line"})
        assert 'value="$5000"' in second.text
        fields = {"o": base_of(second.text), "line": "1", "amount": "$7,000"}
        file = tab.post("/offer/file", data=fields)
        assert file.headers["content-disposition"] == 'attachment; filename="acme.yaml"'
        assert "With every pay." in file.text
        assert "2 weeks" in file.text
        assert "$7,000" in file.text
        assert tab.post("/offer/open", files={"file": ("acme.yaml", file.content)}).status_code == 200


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"bursar: offer/1\nname: acme\ntokens: {amount: many}\n", "acme.yaml:3:1"),
        (b"just words", "expected an offer that begins with"),
        (b"a: [", "expected YAML"),
        (b"\xff\xfe\x00", "a text file in UTF-8"),
        (b"# " + b"x" * 300_000, "at most 262,144"),
        (b"bursar: offer/1\nname: acme\ntokens: {plan: ../../etc/passwd}\n", "files are not read here"),
        (f"bursar: offer/1\nname: acme\n{SCRIPT}: 1\n".encode(), "expected"),
    ],
    ids=["fault", "words", "yaml", "bytes", "large", "plan", "script"],
)
def test_a_file_that_is_no_offer_says_where_and_what_is_shown_stays(
    house: ConsoleHouse, content: bytes, told: str
) -> None:
    with house.client("ada") as tab:
        page = tab.post("/offer/open", data={"o": packed(ACME)}, files={"file": ("acme.yaml", content)})
        assert page.status_code == 422
        assert told in html.unescape(page.text)
        assert "<script>alert" not in page.text
        assert unpacked(base_of(page.text)) == ACME


def test_a_link_reproduces_the_page_and_tells_nobody_where_it_was(visitors: ConsoleHouse) -> None:
    with visitors.client("ada") as tab, visitors.client() as stranger:
        mine = tab.post("/offer", data={"o": packed(ACME)}).text
        shared = html.unescape(tab.post("/offer/share", data={"o": packed(ACME)}).text)
        links = re.findall(r"http://[^\s<]+\?o=[\w-]+", shared)
        assert [one.rpartition("?")[0].removeprefix(visitors.url) for one in links] == ["/offer/view", "/offer"]
        edit = stranger.get(links[1])
        assert worth_of(edit.text) == worth_of(mine)
        assert unpacked(base_of(edit.text)) == ACME
        show = stranger.get(links[0])
        assert "me" not in unpacked(links[0].rpartition("=")[2])
        assert 'name="amount"' not in show.text
        assert "$800" not in show.text
        for answer in (edit, show, tab.get(links[0]), tab.get(links[1]), stranger.get(link(ACME, "/offer/compare"))):
            assert answer.status_code == 200
            assert answer.headers["referrer-policy"] == "no-referrer"
            assert "noindex" in answer.headers["x-robots-tag"]
            assert answer.headers["cache-control"] == "no-store"
            assert "sign-out" not in answer.text
        assert tab.get("/offer").headers["referrer-policy"] == "same-origin"


def test_a_link_that_was_cut_off_says_so(house: ConsoleHouse) -> None:
    with house.client("ada") as tab:
        for path in ("/offer", "/offer/view", "/offer/compare"):
            answer = tab.get(link(ACME, path)[:-9])
            assert answer.status_code == 422
            assert "an address that holds no offer" in answer.text


def test_nothing_of_an_offer_is_written_anywhere(
    visitors: ConsoleHouse, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    canary = "Canary Systems 7391"
    document = {**ACME, "title": canary, "pay": {"salary": "$739,173"}}
    with caplog.at_level(logging.DEBUG), visitors.client("ada") as tab:
        assert canary in tab.get(link(document)).text
        for path in ("/offer", "/offer/now", "/offer/questions", "/offer/share", "/offer/report", "/offer/compare"):
            assert tab.post(path, data={"o": packed(document)}).status_code == 200
        tab.get(link(document)[:-4])
        tab.post("/offer", data={"o": packed(document), "amount": "many"})
    own = [line for line in caplog.messages if not line.startswith(("HTTP Request", "connect", "send", "receive"))]
    text = "\n".join(line for line in own if "httpcore" not in line)
    assert packed(document) not in text
    assert canary not in text
    assert "739,173" not in text
    home = visitors.desk.settings.home
    for file in home.rglob("*"):
        if file.is_file():
            assert canary.encode() not in file.read_bytes()


def test_questions_come_most_valuable_first_and_a_report_is_one_file(house: ConsoleHouse) -> None:
    with house.client("ada") as tab:
        page = html.unescape(tab.post("/offer/questions", data={"o": packed(ACME)}).text)
        assert "How is it taxed" in page
        assert "1. " in page
        report = tab.post("/offer/report", data={"o": packed(ACME)})
        assert report.headers["content-disposition"] == 'attachment; filename="acme-report.html"'
        assert "20,000 worlds" in report.text
        broken = tab.post("/offer/questions", data={"o": packed(ACME), "amount": "many"})
        assert broken.status_code == 422
        assert 'id="n-amount"><strong>Found' in broken.text


def test_offers_stand_beside_each_other_cash_first_and_say_what_turns_them_round(house: ConsoleHouse) -> None:
    with house.client("ada") as tab:
        page = html.unescape(tab.post("/offer/compare", data={"o": packed(ACME), "beside": packed(GLOBEX)}).text)
        assert page.index("Spendable cash") < page.index("Tokens, as the offer says")
        assert "Globex has the larger headline" in page
        assert "a real pay cut" in page
        pasted = tab.post("/offer/compare", data={"o": packed(GLOBEX), "link": house.url + link(ACME)}).text
        assert "Acme, staff engineer" in pasted
        fewer = tab.post("/offer/compare", data={"beside": [packed(ACME), packed(GLOBEX)], "without": "1"}).text
        assert "Globex" not in fewer
        report = tab.post("/offer/compare/report", data={"beside": [packed(ACME), packed(GLOBEX)]})
        assert "Offers side by side" in report.text


def test_more_than_four_offers_and_a_file_that_is_none_are_refused_and_the_others_stay(house: ConsoleHouse) -> None:
    with house.client("ada") as tab:
        four = [packed({**ACME, "name": f"acme-{number}", "title": f"Acme {number}"}) for number in range(4)]
        full = tab.post("/offer/compare", data={"beside": four, "link": packed(GLOBEX)})
        assert full.status_code == 422
        assert "at most 4 side by side" in full.text
        assert "Acme 3" in full.text
        assert "Globex" not in full.text
        wrong = tab.post("/offer/compare", data={"o": packed(ACME)}, files={"file": ("x.yaml", b"tokens: 1")})
        assert wrong.status_code == 422
        assert "Acme, staff engineer" in wrong.text


def test_one_s_own_plan_is_filled_in_with_its_terms(either: ConsoleHouse) -> None:
    with either.client("ada") as tab:
        page = tab.get("/offer/mine")
        assert page.status_code == 200
        document = unpacked(base_of(page.text))
        assert document["tokens"]["amount"] == "$100"
        assert document["tokens"]["every"] == "month"
        assert document["tokens"]["rollover"] == {"share": "100%", "periods": 1, "cap": "25%"}
        assert document["tokens"]["changes"] == "notice"
        assert document["tokens"]["leaving"]["tail"] == "14 days"
        assert "My plan as an offer" in page.text
    with either.client("grace") as tab:
        assert "Nothing was promised to you under a plan" in tab.get("/offer/mine").text
    with either.client("owner") as tab:
        assert tab.get("/offer/mine").status_code == 403


def test_one_address_asks_as_often_as_a_person_drags_and_not_as_often_as_a_machine(visitors: ConsoleHouse) -> None:
    with visitors.client() as stranger:
        network = f"203.0.{visitors.url.rpartition(':')[2][-2:]}"
        stranger.headers["x-forwarded-for"] = f"{network}.77"
        answers = [stranger.post("/offer/now", data={"o": packed(ACME)}) for _ in range(int(STRANGER_BURST))]
        assert all("verdict-figure" in one.text for one in answers)
        while "asked from your address" not in stranger.post("/offer/now", data={"o": packed(ACME)}).text:
            pass
        refused = stranger.post("/offer/report", data={"o": packed(ACME)})
        assert refused.status_code == 429
        assert 0 < int(refused.headers["retry-after"]) <= 1 + STRANGER_BURST / STRANGER_A_SECOND
        stranger.headers["x-forwarded-for"] = f"{network}.78"
        assert stranger.post("/offer/report", data={"o": packed(ACME)}).status_code == 200


def test_a_page_says_how_far_its_report_may_be_and_folds_what_nothing_is_known_of(house: ConsoleHouse) -> None:
    with house.client("ada") as tab:
        page = tab.post("/offer", data={"o": packed(ACME)}).text
        told = re.search(r"2,048 worlds.*The report lives through 20,000 and says the same within \$(\d+) a year", page)
        assert told is not None
        report = tab.post("/offer/report", data={"o": packed(ACME)}).text
        whole = re.search(r"About \$([\d,]+) a year", report)
        assert whole is not None
        assert abs(worth_of(page) - float(whole[1].replace(",", ""))) <= int(told[1]) + 1
        parts = re.findall(
            r'<details class="panel terms-part"( open)?><summary><h2>([^<]+)</h2>\s*<span[^>]*>(\d+) of', page
        )
        assert {name: (bool(opened), said) for opened, name, said in parts} == {
            "What is promised": (True, "3"),
            "You": (True, "2"),
            "What becomes of it": (False, "0"),
            "Who may change it, and tax": (False, "0"),
            "Tool or perk?": (False, "0"),
            "The pay beside it": (True, "3"),
            "More about you": (False, "0"),
        }
        wrong = tab.post("/offer", data={"o": packed(ACME), "approval": "200%"}).text
        assert re.search(r'terms-part" open><summary><h2>What becomes of it', wrong)


def test_every_control_is_labelled_and_may_be_unknown(house: ConsoleHouse) -> None:
    with house.client("ada") as tab:
        page = tab.get("/offer").text
    for control in CONTROLS.values():
        assert html.escape(control.label) in page or control.label.replace("'", "&#39;") in page
        if control.kind == "choice":
            assert re.search(rf'type="radio" name="{control.name}" value=""', page), control.name
        else:
            assert f'<label class="name" for="f-{control.name}">' in page
            assert f'name="forget" value="{control.name}"' in page
    assert blank() == unpacked(base_of(page))


def test_pages_of_offers_are_answered_without_cookies_and_need_no_token(visitors: ConsoleHouse) -> None:
    with httpx.Client(base_url=visitors.url) as elsewhere:
        headers = {"origin": "https://elsewhere.example", "sec-fetch-site": "cross-site"}
        answer = elsewhere.post("/offer/now", data={"o": packed(ACME)}, headers=headers)
        assert answer.status_code == 200
        assert "access-control-allow-origin" not in answer.headers
        assert not elsewhere.cookies
