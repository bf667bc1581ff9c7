"""The roster in the console: read by whoever works with it, changed by whoever answers for pay, imported after a look."""

from __future__ import annotations

import time
from collections.abc import Iterator
from html import unescape

import httpx
import pytest
from tests.support.console import SCRIPT, ConsoleHouse, console_house
from tests.support.profile import PAGE_ENGINES

from bursar.office.granting import promises


@pytest.fixture(scope="module", params=PAGE_ENGINES)
def house(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConsoleHouse]:
    folder, url = tmp_path_factory.mktemp("people"), ""
    if request.param == "postgresql":
        import psycopg

        server: str = request.getfixturevalue("postgres_server")
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute("CREATE DATABASE bursar_people")
        url = server.replace("/postgres?", "/bursar_people?")
    with console_house(folder, url) as found:
        yield found


@pytest.fixture
def tab(house: ConsoleHouse) -> Iterator[httpx.Client]:
    """Compensation's."""
    with house.client("compensation") as found:
        yield found


def test_the_roster_is_listed_found_and_escaped(tab: httpx.Client) -> None:
    page = tab.get("/people").text
    assert "Grace Hall" in page
    assert SCRIPT not in page
    assert SCRIPT in unescape(page)
    found = tab.get("/people?find=grace%20h").text
    assert 'href="/people/grace"' in found
    assert 'href="/people/ada"' not in found
    assert "Nobody matches" in tab.get("/people?find=%25").text


@pytest.mark.parametrize(
    ("login", "status", "may_change"),
    [
        ("ada", 403, False),
        ("grace", 403, False),
        ("finance", 200, False),
        ("auditor", 200, False),
        ("owner", 200, True),
    ],
)
def test_who_sees_the_roster_and_who_changes_it(house: ConsoleHouse, login: str, status: int, may_change: bool) -> None:
    with house.client(login) as tab:
        page = tab.get("/people")
        assert page.status_code == status
        assert ("/people/-/add" in page.text) == may_change
        assert tab.get("/people/ada").status_code == (200 if status == 200 else 403)
        assert tab.get("/people/ada/change").status_code == (200 if may_change else 403)
        assert tab.get("/people/-/import").status_code == (200 if may_change else 403)


def test_a_record_is_changed_and_the_grants_follow(house: ConsoleHouse, tab: httpx.Client) -> None:
    added = house.send(tab, "/people/-/add", handle="zoe", name="Zoë", zone="UTC", email="zoe@example.com", team="core")
    assert added.status_code == 303
    assert "Added to the roster" in tab.get(added.headers["location"]).text
    before = {**house.desk.person("zoe")}
    wrong = house.send(tab, "/people/zoe/change", handle="zoe", zone="Atlantis", hire_date="2026-02-30")
    assert wrong.status_code == 422
    assert "2026-02-30" in wrong.text
    assert house.desk.person("zoe") == before
    sent = {name: before[name] for name in ("handle", "name", "email", "team", "zone")}
    changed = house.send(tab, "/people/zoe/change", **sent, level="L6", manager="grace@nowhere.example")
    assert changed.status_code == 422
    assert "somebody on the roster" in changed.text
    assert house.send(tab, "/people/zoe/change", **sent, level="L6", manager="grace").status_code == 303
    after = house.desk.person("zoe")
    assert (after["level"], after["manager"], after["name"]) == ("L6", "grace", "Zoë")


def test_a_taken_handle_is_told_and_nothing_is_added(house: ConsoleHouse, tab: httpx.Client) -> None:
    answer = house.send(tab, "/people/-/add", handle="ada", zone="UTC")
    assert answer.status_code == 409
    assert "there is a person ada already" in answer.text.lower()


def test_keys_are_stopped_and_work_again(house: ConsoleHouse, tab: httpx.Client) -> None:
    assert house.send(tab, "/people/mallory/suspend", at="/people/mallory").status_code == 303
    assert house.desk.person("mallory")["status"] == "suspended"
    assert "keys stopped" in tab.get("/people").text.lower()
    assert house.send(tab, "/people/mallory/reinstate", at="/people/mallory").status_code == 303
    assert house.desk.person("mallory")["status"] == "active"


def test_what_a_last_day_ends_is_shown_before_it_is_set(house: ConsoleHouse, tab: httpx.Client) -> None:
    house.desk.add_person("lee", team="core")
    grant = promises.give(house.desk, "lee", "stipend")["grant"]
    shown = house.send(tab, "/people/lee/leave/confirm", at="/people/lee", last_day="2099-12-31")
    assert grant in shown.text
    assert house.desk.person("lee")["leave_date"] == ""
    wrong = house.send(tab, "/people/lee/leave/confirm", at="/people/lee", last_day="soon")
    assert wrong.status_code == 422
    assert "a date such as" in wrong.text
    assert house.send(tab, "/people/lee/leave", at="/people/lee", last_day="2099-12-31").status_code == 303
    assert house.desk.person("lee")["leave_date"] == "2099-12-31"


FILE = "Work Email,Full Name,Grade,Department,SSN\numa@example.com,Uma,L5,core,1\nnot an address,Vic,L4,core,2\n"


def test_a_roster_is_looked_at_and_then_imported_as_it_was_shown(house: ConsoleHouse, tab: httpx.Client) -> None:
    count = len(house.desk.people())
    refused = tab.post("/people/-/import/look", files={"file": ("hr.csv", FILE)})
    assert refused.status_code == 422
    assert "ine 3: email" in refused.text
    assert len(house.desk.people()) == count
    header = ["Work Email", "Full Name", "Grade", "Department", "SSN"]
    chosen = dict(zip([f"column-{place}" for place in range(5)], ["email", "name", "level", "team", "-"], strict=True))
    fields = {"roster": FILE, "name": "hr.csv", "header": header, **chosen, "leave_out": "1"}
    looked = tab.post("/people/-/import/look", data=fields)
    assert looked.status_code == 200
    assert "uma" in looked.text
    assert "line 3: email" in looked.text
    assert len(house.desk.people()) == count
    token = house.token(tab, "/people")
    imported = tab.post("/people/-/import", data={**fields, "csrf": token})
    assert imported.status_code == 303, imported.text
    for _ in range(300):  # long work, in a process of its own
        if "Importing the roster" not in tab.get("/people").text:
            break
        time.sleep(0.1)
    uma = house.desk.person("uma")
    assert (uma["level"], uma["team"], uma["name"]) == ("L5", "core", "Uma")
    assert len(house.desk.people()) == count + 1


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"\xff\xfe\x00", "a CSV file in UTF-8"),
        (b"", "a CSV file with a header"),
        (b"handle\n" + b"x" * (3 * 1024 * 1024), "bursar person import"),
        (b'handle\n"open', "RFC 4180"),
        (",".join(f"c{n}" for n in range(70)).encode() + b"\n", "at most 60"),
    ],
)
def test_a_file_that_is_no_roster_is_refused_in_words(tab: httpx.Client, content: bytes, says: str) -> None:
    answer = tab.post("/people/-/import/look", files={"file": ("hr.csv", content)})
    assert answer.status_code in (400, 422)
    assert says in unescape(answer.text)
    assert "Traceback" not in answer.text


def test_an_import_without_its_token_changes_nothing(house: ConsoleHouse, tab: httpx.Client) -> None:
    count = len(house.desk.people())
    answer = tab.post("/people/-/import", data={"roster": "handle\nnew\n", "name": "x"})
    assert answer.status_code == 403
    assert len(house.desk.people()) == count


def test_parity_is_for_those_who_can_mend_a_gap_and_tells_no_small_group_apart(house: ConsoleHouse) -> None:
    for number in range(12):
        house.desk.add_person(f"even{number}", team="blue" if number % 2 else "green", level="L4")
    promises.give(house.desk, "even1", "stipend")
    with house.client("compensation") as tab:
        page = tab.get("/parity?by=team")
        assert page.status_code == 200
        assert ">blue<" in page.text or ">green<" in page.text
        assert "small groups together" in page.text
        assert ">platform<" not in page.text
        for word in (
            "Atkinson 2",
            "Theil, within them",
            "level, family and tenure",
            "Robust (HC3)",
            "all tables at once",
        ):
            assert word in page.text, word
        assert tab.get("/parity?by=shoe").status_code == 422
        assert "level, job_family" in tab.get("/parity?by=shoe").text
        assert tab.get("/parity?of=fun").status_code == 422
    for login in ("ada", "grace", "finance", "owner"):
        with house.client(login) as tab:
            assert tab.get("/parity").status_code == 403


def test_ones_own_tax_view_tells_purpose_value_rules_and_terms_and_is_no_advice(house: ConsoleHouse) -> None:
    house.spend()
    with house.client("ada") as tab:
        page = tab.get("/tax").text
        assert "A tool; not taxed." in page
        assert "Month by month" in page
        assert "Ask an adviser" in page
        assert "nobody said whose law holds there" in page
        assert "not tax advice; rules version" in page
        house.desk.change_person("ada", location="Munich, Germany")
        page = tab.get("/tax").text
        assert "By the rules of <b>DE</b>" in page
        assert "EStG 8 Abs. 2 S. 1" in page
        assert "assumptions, where nobody said" in page
        assert tab.get("/tax?month=2020-01").status_code == 200
        assert tab.get("/tax?month=yesterday").status_code == 422
        rules = tab.get("/tax/rules?country=gb").text
        assert "UK-316" in rules
        assert "DE-3-45" not in rules
        assert "CA-NEARCASH" in tab.get("/tax/rules").text
        assert tab.get("/tax/rules?country=atlantis").status_code == 404
        assert tab.get("/tax/rules?on=soon").status_code == 422
