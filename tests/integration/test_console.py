"""The console as a browser meets it: real sockets, both engines."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.support.console import PASSWORD, ROLES, SCRIPT, ConsoleHouse, console_house
from tests.support.profile import PAGE_ENGINES

from bursar.console.area import Page
from bursar.console.areas import AREAS
from bursar.office.access import reach
from bursar.office.database import reading
from bursar.office.identity.accounts import actor_of, named
from bursar.web.edge import HEADERS

pytest_plugins = ("tests.postgres",)

LOGINS = ("ada", "grace", *ROLES)
PAGES = [page for area in AREAS for page in area.pages]
OPEN = [page for page in PAGES if page.kind != "form" and not page.posted and "{" not in page.path]


@pytest.fixture(scope="module", params=PAGE_ENGINES)
def house(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConsoleHouse]:
    """A furnished house on each engine in turn, for all tests of this module."""
    folder = tmp_path_factory.mktemp("console")
    url = ""
    if request.param == "postgresql":
        import psycopg

        server: str = request.getfixturevalue("postgres_server")
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute("CREATE DATABASE bursar_console")
        url = server.replace("/postgres?", "/bursar_console?")
    with console_house(folder, url) as found:
        yield found


def test_every_page_of_the_menu_opens_for_whoever_has_it_there(house: ConsoleHouse) -> None:
    for login in LOGINS:
        with house.client(login) as tab:
            menu = re.findall(r'<li><a href="(/[^"]*)"', tab.get("/account").text)
            assert "/account" in menu
            for path in menu:
                answer = tab.get(path)
                assert answer.status_code == 200, (login, path, answer.text[:2000])
                assert '<main class="main" id="main"' in answer.text
                assert 'aria-current="page"' in answer.text


def test_a_page_opens_for_the_roles_that_the_access_table_names_and_for_nobody_else(house: ConsoleHouse) -> None:
    for login in LOGINS:
        with reading(house.desk.engine) as connection:
            actor = actor_of(connection, named(connection, login).id, "test", house.desk.now())
        assert actor is not None
        with house.client(login) as tab:
            for page in OPEN:
                expected = 200 if _may(actor, page) else 403
                answer = tab.get(page.path)
                if expected == 200 and page.public and answer.status_code == 303:
                    continue  # an offer's page without an offer leads to where one begins
                assert answer.status_code == expected, (login, page.path, answer.text[:2000])


def _may(actor: Any, page: Page) -> bool:
    """The same question asked of the table, without the console."""
    found = reach(actor, page.action)
    return {
        "own": bool(actor.person) and bool(found & {"own", "named"}),
        "account": "own" in found,
        "team": bool(found & {"team", "organisation"}),
        "house": "organisation" in found,
        "matter": bool(found & {"team", "organisation"}) or ("named" in found and bool(actor.person)),
    }[page.whose]


def test_whoever_is_not_signed_in_is_led_to_the_door_and_back(house: ConsoleHouse) -> None:
    with house.client() as tab:
        for page in OPEN:
            answer = tab.get(page.path, params={"by": "project"})
            assert answer.status_code == 303
            assert answer.headers["location"] == f"/sign-in?next=%2F{page.path[1:].replace('/', '%2F')}%3Fby%3Dproject"
        part = tab.get("/wallet/now", headers={"hx-request": "true"})
        assert (part.status_code, part.headers["hx-redirect"]) == (401, "/sign-in")
        shown = {"hx-request": "true", "hx-current-url": f"{house.url}/usage?by=day"}
        there = tab.get("/wallet/now", headers=shown).headers["hx-redirect"]
        assert there == "/sign-in?next=%2Fusage%3Fby%3Dday"
        elsewhere = tab.get("/wallet/now", headers={"hx-request": "true", "hx-current-url": "https://evil.example/x"})
        assert elsewhere.headers["hx-redirect"] == "/sign-in"
        assert tab.get("/live").status_code == 401


def test_every_answer_has_its_headers_and_nothing_inline(house: ConsoleHouse) -> None:
    inline = re.compile(r"<style|\sstyle=|<script(?![^>]*\ssrc=)|\son[a-z]+=|javascript:", re.IGNORECASE)
    with house.client("ada") as tab, house.client() as stranger:
        answers = [tab.get(page.path) for page in OPEN]
        answers += [tab.get("/nothing"), tab.get("/usage?by=x"), stranger.get("/sign-in"), stranger.get("/")]
        answers += [tab.get("/wallet/now", headers={"hx-request": "1"}), tab.post("/sign-out")]
        for answer in answers:
            for name, value in HEADERS.items():
                assert answer.headers[name] == value, (answer.url, name)
            assert answer.headers["cache-control"] == "no-store"
            assert re.fullmatch(r"[0-9a-f]{16}", answer.headers["x-request-id"])
            found = inline.search(answer.text)
            assert found is None, (answer.url, found and answer.text[found.start() - 80 : found.end() + 80])
    policy = HEADERS["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
    assert "unsafe" not in policy


def test_static_files_are_named_by_their_content_and_kept_for_ever(house: ConsoleHouse) -> None:
    with house.client("ada") as tab:
        names = re.findall(r'(?:href|src)="(/static/[^"]+)"', tab.get("/wallet").text)
        assert len(names) == 5
        for name in names:
            assert re.search(r"\.[0-9a-f]{16}\.(css|js|svg)$", name)
            answer = tab.get(name)
            assert answer.status_code == 200
            assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
            assert answer.headers["content-encoding"] == "gzip"
        assert tab.get("/static/console.css").status_code == 404
        assert tab.get("/static/../../etc/passwd").status_code == 404


def test_a_whole_page_with_its_files_weighs_little(house: ConsoleHouse) -> None:
    def weight(tab: httpx.Client, path: str) -> int:
        with tab.stream("GET", path) as answer:
            return sum(len(chunk) for chunk in answer.iter_raw())

    with house.client("ada") as tab:
        files = re.findall(r'(?:href|src)="(/static/[^"]+)"', tab.get("/wallet").text)
        assert weight(tab, "/wallet") + sum(weight(tab, one) for one in files) < 60_000


# Forms.


def test_no_form_is_taken_without_the_token_of_its_own_session(house: ConsoleHouse) -> None:
    with house.client("ada") as tab, house.client("grace") as other:
        theirs = house.token(other, "/account")
        forms = [page.path.replace("{", "x").replace("}", "") for page in PAGES if page.kind == "form"]
        assert len(forms) > 10
        for path in [*forms, "/sign-out"]:
            for token in ("", "00" * 64, theirs, theirs[:-2]):
                answer = tab.post(path, data={"csrf": token})
                assert answer.status_code == 403, (path, token[:8])
                assert "did not come from a page of your session" in answer.text
        assert tab.get("/wallet").status_code == 200


def test_a_form_of_another_site_is_refused_with_the_right_token_too(house: ConsoleHouse) -> None:
    with house.client("ada") as tab:
        token = house.token(tab, "/account")
        for headers in (
            {"origin": "https://evil.example"},
            {"origin": "null"},
            {"sec-fetch-site": "cross-site"},
            {"sec-fetch-site": "same-site"},
        ):
            answer = tab.post("/sign-out", data={"csrf": token}, headers=headers)
            assert answer.status_code == 403, headers
            assert tab.post("/theme", data={"choice": "dark"}, headers=headers).status_code == 403
        assert tab.post("/sign-out", data={"csrf": token}, headers={"origin": house.url}).status_code == 303


def test_the_token_in_a_page_is_another_each_time(house: ConsoleHouse) -> None:
    with house.client("ada") as tab:
        assert house.token(tab, "/account") != house.token(tab, "/account")


# Signing in.


def test_signing_in_begins_a_session_with_a_new_cookie_and_goes_back_to_the_page(house: ConsoleHouse) -> None:
    with house.client() as tab:
        door = tab.get("/usage?by=project", follow_redirects=True)
        planted = tab.cookies["bursar"]
        assert 'name="next" value="/usage?by=project"' in door.text
        token = re.findall(r'name="csrf" value="([0-9a-f]+)"', door.text)[-1]
        form = {"csrf": token, "login": "ada", "password": PASSWORD, "next": "/usage?by=project"}
        answer = tab.post("/sign-in", data=form)
        assert (answer.status_code, answer.headers["location"]) == (303, "/usage?by=project")
        cookie = answer.headers["set-cookie"]
        assert re.search(r"bursar=[\w-]{43}; HttpOnly; Path=/; SameSite=lax$", cookie)
        assert tab.cookies["bursar"] != planted
        assert tab.get("/usage?by=project").status_code == 200
        assert tab.get("/sign-in").headers["location"] == "/"
    with house.client() as attacker:
        attacker.cookies.set("bursar", planted, domain="127.0.0.1")
        assert attacker.get("/wallet").status_code == 303


def test_a_session_that_was_planted_ends_where_somebody_signs_in_over_it(house: ConsoleHouse) -> None:
    planted = house.session("grace")
    with house.client() as tab:
        tab.cookies.set("bursar", planted, domain="127.0.0.1")
        token = house.token(tab, "/account")
        tab.post("/sign-in", data={"csrf": token, "login": "ada", "password": PASSWORD})
        assert tab.cookies["bursar"] != planted
    with house.client() as attacker:
        attacker.cookies.set("bursar", planted, domain="127.0.0.1")
        assert attacker.get("/wallet").status_code == 303


def test_a_wrong_password_and_nobody_get_the_same_answer(house: ConsoleHouse) -> None:
    with house.client() as tab:
        answers = [
            house.send(tab, "/sign-in", login=login, password="wrong horse battery") for login in ("grace", "nobody")
        ]
        assert [one.status_code for one in answers] == [401, 401]
        said = [re.search(r'role="alert"><p>([^<]+)', one.text) for one in answers]
        assert said[0] is not None
        assert said[1] is not None
        assert said[0][1] == said[1][1]
        assert "wrong horse" not in answers[0].text


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/%09/evil.example\t",
        "javascript:alert(1)",
        "/sign-in?next=/sign-in",
        "///evil.example",
        "/x\r\nSet-Cookie: a=b",
    ],
)
def test_nobody_is_sent_to_another_site_after_signing_in(house: ConsoleHouse, target: str) -> None:
    with house.client() as tab:
        door = tab.get("/sign-in", params={"next": target})
        assert 'name="next" value="/"' in door.text
    with house.client("ada") as tab:
        assert tab.get("/sign-in", params={"next": target}).headers["location"] == "/"


def test_the_theme_leads_back_to_our_own_pages_only(house: ConsoleHouse) -> None:
    with house.client("ada") as tab:
        for referer in ("https://evil.example/wallet", f"{house.url}//evil.example", "garbage", ""):
            away = tab.post("/theme", data={"choice": ""}, headers={"referer": referer})
            assert away.headers["location"] == "/", referer


def test_signing_out_ends_the_session_wherever_its_cookie_is(house: ConsoleHouse) -> None:
    with house.client("ada") as tab, house.client() as copy:
        copy.cookies.set("bursar", tab.cookies["bursar"], domain="127.0.0.1")
        assert copy.get("/wallet").status_code == 200
        answer = house.send(tab, "/sign-out", at="/wallet")
        assert answer.headers["location"] == "/sign-in?done=out"
        assert answer.headers["clear-site-data"] == '"cache", "storage"'
        assert copy.get("/wallet").status_code == 303


def test_one_ends_ones_own_sessions_and_nobody_elses(house: ConsoleHouse) -> None:
    with house.client("ada") as tab, house.client("ada") as elsewhere, house.client("grace") as other:
        listed = re.findall(r"/account/sessions/(ses_\w+)/end", elsewhere.get("/account").text)
        here = set(re.findall(r"/account/sessions/(ses_\w+)/end", tab.get("/account").text))
        mine = next(one for one in listed if one not in here)  # the tab's own, seen from elsewhere
        assert house.send(other, f"/account/sessions/{mine}/end", at="/account").status_code == 404
        assert tab.get("/wallet").status_code == 200
        assert house.send(elsewhere, f"/account/sessions/{mine}/end", at="/account").status_code == 303
        assert tab.get("/wallet").status_code == 303


def test_a_second_factor_is_added_by_its_first_code_and_asked_for_from_then_on(house: ConsoleHouse) -> None:
    from bursar.office.identity import totp

    with house.client("payroll") as tab:
        shown = house.send(tab, "/account/factor", at="/account").text
        found = re.search(r'<pre id="c-key"[^>]*><code>([A-Z2-7]+)</code>', shown)
        assert found is not None
        wrong = house.send(tab, "/account/factor/confirm", at="/account", code="000000")
        assert (wrong.status_code, "the six digits" in wrong.text) == (422, True)
        step = house.desk.now() // 1_000_000 // totp.STEP_SECONDS
        secret = _base32(found[1])
        codes = house.send(tab, "/account/factor/confirm", at="/account", code=totp.code_at(secret, step - 1))
        assert codes.status_code == 200
        recovery = re.findall(r"\b[a-z2-7]{4}(?:-[a-z2-7]{4}){3}\b", codes.text)
        assert len(recovery) == 10
    with house.client() as tab:
        answer = house.send(tab, "/sign-in", login="payroll", password=PASSWORD, next="/account")
        assert answer.headers["location"] == "/sign-in/code?next=%2Faccount"
        assert tab.get("/account").status_code == 303  # half a session opens nothing
        assert house.send(tab, "/sign-in/code", code="000000").status_code == 401
        entered = house.send(tab, "/sign-in/code", code=recovery[0], next="/account")
        assert entered.headers["location"] == "/account"
        assert "9 recovery codes" in tab.get("/account").text
    with house.client() as tab:
        house.send(tab, "/sign-in", login="payroll", password=PASSWORD)
        assert house.send(tab, "/sign-in/code", code=recovery[0]).status_code == 401


def _base32(text: str) -> bytes:
    import base64

    return base64.b32decode(text + "=" * (-len(text) % 8))


def test_an_invitation_sets_a_password_once_and_says_what_is_wrong_with_it(house: ConsoleHouse) -> None:
    import secrets

    from bursar.office.database import transaction
    from bursar.office.identity import accounts, invitations

    with transaction(house.desk.engine) as connection:
        made = accounts.add(
            connection, "newcomer", account_id=house.desk.new_id("acc"), by="test", now=house.desk.now()
        )
        link = invitations.invite(
            connection, house.desk.vault, made.id, entropy=secrets.token_bytes(32), by="test", now=house.desk.now()
        )
    path = invitations.PATH + link.token.reveal()
    with house.client() as tab:
        short = house.send(tab, path, password="short")
        assert short.status_code == 422
        assert "<strong>expected</strong>" in short.text
        assert "short" not in re.sub(r"shorter|short of", "", short.text.split("</form>")[0].split("<form")[1])
        done = house.send(tab, path, password="a lamp for every ladder")
        assert done.headers["location"] == "/sign-in?done=password"
        assert tab.get(path).status_code == 403
        entered = house.send(tab, "/sign-in", login="newcomer", password="a lamp for every ladder")
        assert entered.status_code == 303


# What is shown.


def test_a_name_that_is_a_script_is_only_ever_text(house: ConsoleHouse) -> None:
    with house.client("mallory") as tab:
        for page in OPEN:
            if page.whose in ("own", "account"):
                answer = tab.get(page.path)
                if answer.headers["content-type"] == "application/pdf":
                    assert answer.headers["content-disposition"].startswith("attachment"), page.path
                    continue
                text = answer.text
                assert "<script>alert" not in text, page.path
                assert "&lt;script&gt;alert(" in text or page.kind == "part", page.path


def test_the_theme_is_kept_as_long_as_the_browser_is_open(house: ConsoleHouse) -> None:
    with house.client("ada") as tab:
        assert '<html lang="en">' in tab.get("/wallet").text
        answer = tab.post("/theme", data={"choice": "dark"}, headers={"referer": f"{house.url}/usage?by=model"})
        assert answer.headers["location"] == "/usage?by=model"
        assert "max-age" not in answer.headers["set-cookie"].lower()
        assert "expires" not in answer.headers["set-cookie"].lower()
        assert '<html lang="en" data-theme="dark">' in tab.get("/wallet").text
        assert tab.post("/theme", data={"choice": "red"}).status_code == 422


def test_what_goes_wrong_is_a_page_in_words_with_the_requests_id(house: ConsoleHouse) -> None:
    with house.client("ada") as tab:
        for path, status, said in (
            ("/nothing/here", 404, "The address leads nowhere"),
            ("/usage?by=shoe", 422, "found &#39;shoe&#39;, expected one of model"),
            ("/usage?days=many", 422, "<strong>days</strong>"),
            ("/statement?month=2026-13", 422, "a month such as 2026-11"),
            ("/watchers?after=zzz", 422, "a cursor that is none"),
            ("/connect/keys/key_none/revoke", 404, "There is no key"),
            ("/usage?by=" + "x" * 5_000, 400, "longer than 4096 characters"),
        ):
            answer = tab.get(path)
            assert answer.status_code == status, path
            assert said in answer.text, path
            assert answer.headers["x-request-id"] in answer.text
            assert "Traceback" not in answer.text
        assert tab.request("DELETE", "/wallet").status_code == 405
        foreign = tab.get("/wallet", headers={"host": "rebound.example"})
        assert (foreign.status_code, "BURSAR_PUBLIC_URL" in foreign.text) == (421, True)
        large = tab.post("/more", content=b"x" * (9 * 1024 * 1024), headers={"content-type": "text/plain"})
        assert large.status_code == 413


# Live.


def test_a_request_through_the_gateway_reaches_an_open_page(house: ConsoleHouse) -> None:
    with house.client("ada") as tab:
        before = _left(tab.get("/wallet/now").text)
        heard: list[dict[str, Any]] = []
        listening = threading.Event()

        def listen() -> None:
            with tab.stream("GET", "/live", timeout=20) as stream:
                event = ""
                for line in stream.iter_lines():
                    if line == ": listening":
                        listening.set()
                    elif line.startswith("event: "):
                        event = line[7:]
                    elif line.startswith("data: ") and event == "moved":
                        heard.append(json.loads(line[6:]))
                        if _left(tab.get("/wallet/now").text) < before:
                            return

        thread = threading.Thread(target=listen)
        thread.start()
        assert listening.wait(10)
        time.sleep(0.7)  # the first look has been taken
        house.spend()
        thread.join(15)
        assert not thread.is_alive()
        assert heard[-1]["seq"] > 0
        assert _left(tab.get("/wallet/now").text) < before


def _left(text: str) -> int:
    found = re.search(r'class="figure"><data class="sum" value="(\d+)"', text)
    assert found is not None
    return int(found[1])


def test_a_stream_of_one_hears_nothing_of_another(house: ConsoleHouse) -> None:
    with house.client("mallory") as tab, tab.stream("GET", "/live", timeout=1.5) as stream:
        lines = stream.iter_lines()
        assert next(lines).startswith("retry: ")
        time.sleep(0.7)
        house.spend()
        with pytest.raises(httpx.ReadTimeout):
            [line for line in lines if line.startswith("event: moved")]


# The engineer's pages.


def test_a_key_is_shown_once_works_at_the_gateway_and_ends_within_a_second(house: ConsoleHouse) -> None:
    with house.client("ada") as tab:
        shown = house.send(tab, "/connect/keys", at="/connect", label="laptop", cap="$5", purpose="work")
        assert shown.status_code == 200
        assert shown.headers["cache-control"] == "no-store"
        key = re.findall(r"bur_live_[0-9A-Za-z]{49}", shown.text)[0]
        assert f"ANTHROPIC_AUTH_TOKEN={key}" in shown.text
        assert f"ANTHROPIC_BASE_URL={house.house.url}" in shown.text
        page = tab.get("/connect").text
        assert key not in page
        assert "laptop" in page
        time.sleep(1.0)
        assert house.run(house.house.chat("hi", key=key))[0] == 200
        key_id = _key_id(house, "laptop")
        assert "Is it to stop for good?" in tab.get(f"/connect/keys/{key_id}/revoke").text
        done = house.send(tab, f"/connect/keys/{key_id}/revoke")
        assert done.headers["location"] == "/connect?done=revoked"
        time.sleep(1.0)
        assert house.run(house.house.chat("hi", key=key))[0] == 401
        house.run(house.house.settled())


def _key_id(house: ConsoleHouse, label: str) -> str:
    return str(next(one["id"] for one in house.desk.keys() if one["label"] == label))


def test_a_key_gets_a_new_secret_and_stays_the_same(house: ConsoleHouse) -> None:
    with house.client("ada") as tab:
        house.send(tab, "/connect/keys", at="/connect", label="rotated")
        key_id = _key_id(house, "rotated")
        again = house.send(tab, f"/connect/keys/{key_id}/rotate", overlap="3600")
        assert again.status_code == 200
        assert len(set(re.findall(r"bur_live_[0-9A-Za-z]{49}", again.text))) == 1
        assert _key_id(house, "rotated") == key_id


def test_somebody_elses_key_is_not_there(house: ConsoleHouse) -> None:
    key_id = _key_id(house, SCRIPT[:60])
    with house.client("ada") as tab:
        for verb in ("revoke", "rotate"):
            assert tab.get(f"/connect/keys/{key_id}/{verb}").status_code == 404
            assert house.send(tab, f"/connect/keys/{key_id}/{verb}", at="/connect").status_code == 404


def test_a_key_with_a_fault_says_found_and_expected_beside_its_field(house: ConsoleHouse) -> None:
    with house.client("ada") as tab:
        answer = house.send(tab, "/connect/keys", at="/connect", label="kept", cap="5 bananas")
        assert answer.status_code == 422
        assert 'name="label" type="text" value="kept"' in answer.text
        assert 'aria-describedby="f-cap-hint f-cap-fault" aria-invalid="true"' in answer.text
        assert "<strong>Found</strong> " in answer.text


def test_one_asks_for_more_sees_it_wait_and_takes_it_back(house: ConsoleHouse) -> None:
    with house.client("ada") as tab, house.client("mallory") as peer:
        for fields, field in (
            ({"amount": "lots", "reason": "x"}, "amount"),
            ({"amount": "$10"}, "reason"),
            ({"amount": "$900", "reason": "x"}, "amount"),
        ):
            wrong = house.send(tab, "/more", **fields)
            assert wrong.status_code == 422, fields
            assert f'id="f-{field}-fault"' in wrong.text, fields
        asked = house.send(tab, "/more", amount="$10", reason="the migration")
        assert asked.headers["location"] == "/more?done=asked"
        page = tab.get("/more?done=asked").text
        assert "Your request is on its way" in page
        assert "the migration" in page
        assert "grace decides" in page
        assert "the migration" not in peer.get("/more").text
        number = re.search(r"/more/(ask_\w+)/withdraw", page)
        assert number is not None
        assert house.send(peer, f"/more/{number[1]}/withdraw", at="/more").status_code == 404
        assert house.send(tab, f"/more/{number[1]}/withdraw", at="/more").headers["location"] == "/more?done=withdrawn"


def test_whoever_looks_at_somebodys_figures_is_on_their_page(house: ConsoleHouse) -> None:
    from bursar.office.access import action
    from bursar.office.identity import sessions
    from bursar.office.oversight import reads, subjects
    from bursar.web.cookies import blank_cookie

    assert len(blank_cookie(bytes(32))) == sessions.COOKIE_CHARS
    with reading(house.desk.engine) as connection:
        auditor = actor_of(connection, named(connection, "auditor").id, "session:test", house.desk.now())
        assert auditor is not None
        subject, _ = subjects.required(connection, auditor, action("usage.read"), "ada")
    reads.look(house.desk.engine, auditor, action("usage.read"), [subject], "usage of ada", house.desk.now())
    with house.client("ada") as tab:
        text = tab.get("/watchers").text
        assert "usage of ada" in text
        assert "Auditor" in text
        assert "A manager has to see who runs dry" in text


def test_a_token_is_shown_once_and_revoked(house: ConsoleHouse) -> None:
    with house.client("ada") as tab:
        wrong = house.send(tab, "/account/tokens", at="/account", label="report", scopes="everything")
        assert wrong.status_code == 422
        shown = house.send(tab, "/account/tokens", at="/account", label="report", scopes="wallet:read", days="7")
        secret = re.search(r"bur_api_[0-9A-Za-z]+", shown.text)
        assert secret is not None
        page = tab.get("/account").text
        assert secret[0] not in page
        number = re.search(r"/account/tokens/(tok_\w+)/revoke", page)
        assert number is not None
        with house.client("grace") as other:
            assert house.send(other, f"/account/tokens/{number[1]}/revoke", at="/account").status_code == 404
        assert house.send(tab, f"/account/tokens/{number[1]}/revoke", at="/account").status_code == 303


def test_a_changed_password_ends_the_other_sessions(house: ConsoleHouse) -> None:
    with house.client("mallory") as tab, house.client("mallory") as elsewhere:
        wrong = house.send(tab, "/account/password", at="/account", old="not it at all", new="herons walk in rows")
        assert wrong.status_code == 403
        weak = house.send(tab, "/account/password", at="/account", old=PASSWORD, new="short")
        assert (weak.status_code, "short<" in weak.text) == (422, False)
        done = house.send(tab, "/account/password", at="/account", old=PASSWORD, new="herons walk in rows")
        assert done.headers["location"] == "/account?done=password"
        assert tab.get("/account").status_code == 200
        assert elsewhere.get("/account").status_code == 303


def test_the_wallet_says_both_clocks_and_the_usage_what_it_was(house: ConsoleHouse) -> None:
    house.spend()
    with house.client("ada") as tab:
        wallet = tab.get("/").text
        for said in ("Resets in", "Lasts", "Token stipend", "What is left, day by day"):
            assert said in wallet
        for by in ("model", "project", "purpose", "session", "agent", "key", "day"):
            assert tab.get(f"/usage?by={by}&days=7").status_code == 200
        assert "gpt-4o-mini" in tab.get("/usage").text
        assert "gpt-4o-mini" in tab.get("/running").text
        day = re.search(r'href="(/statement/[0-9-]{10})"', tab.get("/statement").text)
        assert day is not None
        assert "gpt-4o-mini" in tab.get(day[1]).text
        assert tab.get("/statement/yesterday").status_code == 422


def test_health_is_told_without_signing_in(house: ConsoleHouse, tmp_path: Path) -> None:
    with house.client() as tab:
        assert tab.get("/healthz").json() == {"ok": True}
        assert "Disallow: /" in tab.get("/robots.txt").text
