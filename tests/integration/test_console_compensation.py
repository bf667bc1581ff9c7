"""Compensation's pages over real sockets, on both engines: plans, grants, tiers, and the statement of total pay."""

from __future__ import annotations

import html
import re
import time
from collections.abc import Iterator

import httpx
import pytest
from tests.support.console import PLAN, SCRIPT, ConsoleHouse, account_of, add_account, console_house
from tests.support.profile import NIGHTLY, PAGE_ENGINES

from bursar.office import audit
from bursar.office.database import reading
from bursar.office.granting import grants
from bursar.office.terms import plans

pytest_plugins = ("tests.postgres",)

TIERED = (
    PLAN.replace("name: stipend", "name: tiered")
    .replace("amount: $100, ", "")
    .replace(
        "rollover:",
        "tiers:\n  - {name: senior, when: {level: senior}, amount: $200}\notherwise: {name: rest, amount: $50}\nrollover:",
    )
)
WRONG = TIERED.replace("cap: 25%", "cap: 250%")
ROLES = ("ada", "grace", "compensation", "finance", "payroll", "platform", "auditor", "owner")


@pytest.fixture(scope="module", params=PAGE_ENGINES)
def house(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConsoleHouse]:
    """A furnished house on each engine in turn, for all tests of this module; Olive sets pay and is on a plan herself."""
    url = ""
    if request.param == "postgresql":
        import psycopg

        server: str = request.getfixturevalue("postgres_server")
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute("CREATE DATABASE bursar_console_pay")
        url = server.replace("/postgres?", "/bursar_console_pay?")
    with console_house(tmp_path_factory.mktemp("pay"), url) as found:
        for handle, level in (("olive", "senior"), ("piet", "senior"), ("quinn", "junior"), ("rosa", "junior")):
            found.desk.add_person(handle, name=handle.capitalize(), level=level)
        add_account(found.desk, "olive", person="olive", roles=("compensation",))
        yield found


@pytest.fixture(scope="module")
def tab(house: ConsoleHouse) -> Iterator[httpx.Client]:
    """Compensation's window."""
    with house.client("compensation") as found:
        yield found


@pytest.fixture(scope="module")
def tiered(house: ConsoleHouse, tab: httpx.Client) -> str:
    """The plan with two tiers, put into force on the pages, and Quinn's grant under it."""
    applied = house.send(tab, "/plans/-/apply", at="/account", document=TIERED, after="0")
    assert applied.headers["location"] == "/plans/tiered?done=applied", plain(applied.text)
    for who in ("piet", "quinn"):
        sent = house.send(tab, "/grants/-/give", person=who, plan="tiered")
        assert sent.status_code == 303, plain(sent.text)
    return _grant_of(house, "quinn")


def _grant_of(house: ConsoleHouse, handle: str) -> str:
    with reading(house.desk.engine) as connection:
        found = grants.listed(connection, person=house.desk.person(handle)["id"])
    return found[-1].id


def _versions(house: ConsoleHouse, name: str) -> list[plans.Version]:
    with reading(house.desk.engine) as connection:
        return plans.versions(connection, name)


def _is_sqlite(house: ConsoleHouse) -> bool:
    """Who may is the table's and the same on both engines: it is asked in full of the quick one."""
    return house.desk.engine.dialect.name == "sqlite"


def plain(text: str) -> str:
    """A page without its marks, in one line."""
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text))).strip()


def shown(answer: httpx.Response, status: int = 200) -> str:
    assert answer.status_code == status, (answer.url, answer.status_code, plain(answer.text)[:800])
    assert "<script>alert" not in answer.text
    return plain(answer.text)


# Who may.


def test_pages_open_for_the_roles_of_the_table_and_for_nobody_else(house: ConsoleHouse, tiered: str) -> None:
    rules, promises_, pay = (
        {"compensation", "finance", "auditor", "owner"},
        {"compensation", "finance", "auditor"},
        {"compensation", "auditor"},
    )
    expected = {
        "/plans": rules,
        "/plans/tiered": rules,
        "/plans/tiered/document": rules,
        "/plans/tiered/versions": rules,
        "/plans/tiered/people": promises_,
        "/plans/-/new": {"compensation"},
        "/plans/-/edit/tiered": {"compensation"},
        "/plans/-/simulations": promises_,
        "/plans/-/simulate/tiered": promises_,
        "/grants": promises_,
        "/grants/-/by-hand": promises_,
        "/grants/-/give": {"compensation"},
        "/grants/-/give-by-hand": {"compensation"},
        f"/grants/{tiered}": promises_,
        f"/grants/{tiered}/change/amend": {"compensation"},
        "/tiers?plan=tiered": promises_,
        "/tiers/tiered/quinn": promises_,
        "/letters": pay,
        "/letters/quinn": pay,
    }
    for login in ROLES if _is_sqlite(house) else ("ada", "compensation"):
        with house.client(login) as window:
            for path, roles in expected.items():
                if login not in roles or login == "compensation":
                    status = window.get(path).status_code
                    assert status == (200 if login in roles else 403), (login, path, status)


def test_no_form_does_anything_for_whoever_may_only_read(house: ConsoleHouse, tiered: str) -> None:
    forms = [
        "/plans/-/check", "/plans/-/check/now", "/plans/-/preview", "/plans/-/confirm", "/plans/-/apply",
        "/grants/-/give", "/grants/-/give/confirm", "/grants/-/give-by-hand", "/grants/-/give-by-hand/confirm",
        f"/grants/{tiered}/change/revoke", f"/grants/{tiered}/change/revoke/confirm", "/grants/-/by-hand/grt_x/revoke",
    ]  # fmt: skip
    for login in ("ada", "auditor", "owner") if _is_sqlite(house) else ("finance",):
        with house.client(login) as window:
            token = house.token(window, "/account")
            for path in forms:
                assert window.post(path, data={"csrf": token, "document": TIERED}).status_code == 403, (login, path)
    assert len(_versions(house, "tiered")) == 1


def test_nobody_gives_to_or_takes_from_themselves(house: ConsoleHouse, tiered: str, tab: httpx.Client) -> None:
    assert house.send(tab, "/grants/-/give", person="olive", plan="tiered").status_code == 303
    own = _grant_of(house, "olive")
    with house.client("olive") as window:
        assert house.send(window, "/grants/-/give", person="olive", plan="stipend").status_code == 403
        assert house.send(window, "/grants/-/give-by-hand", person="olive", amount="$500").status_code == 403
        page = window.get(f"/grants/{own}")
        assert page.status_code == 200
        assert "/change/amend" not in page.text
        assert window.get(f"/grants/{own}/change/amend").status_code == 403
        assert window.get(f"/grants/{tiered}/change/amend").status_code == 200


# Plans.


def test_a_fault_stands_at_its_line_and_field_and_is_gone_once_it_is_mended(
    house: ConsoleHouse, tab: httpx.Client
) -> None:
    token = house.token(tab, "/account")
    line = WRONG[: WRONG.index("cap: 250%")].count("\n") + 1
    for path in (
        "/plans/-/check/now",
        "/plans/-/check",
        "/plans/-/preview",
        "/plans/-/confirm",
        "/plans/-/apply",
        "/plans/-/simulation",
    ):
        answer = tab.post(path, data={"csrf": token, "document": WRONG})
        page = shown(answer, 200 if path.endswith("now") else 422)
        assert f"Line {line}, column 12 : rollover.cap Found '250%', expected a share from 0% to 100%." in page
        assert "<mark>cap: 250%</mark>, periods: 1}" in answer.text
    for path in ("/plans/-/check/now", "/plans/-/check"):
        page = shown(tab.post(path, data={"csrf": token, "document": TIERED.replace("\n", "\r\n")}))
        assert "no faults" in page
        assert "to mend" not in page


def test_a_text_that_is_no_plan_is_told_and_escaped(house: ConsoleHouse, tab: httpx.Client) -> None:
    token = house.token(tab, "/account")
    for text in ("", SCRIPT, f"bursar: plan/1\nname: {SCRIPT}\n", "a: [1, 2\n", "- 1\n", "\x00", "x: &a [*a]\n"):
        answer = tab.post("/plans/-/check", data={"csrf": token, "document": text})
        assert "to mend" in shown(answer, 422), text


def test_a_preview_names_who_gets_what_and_changes_nothing(house: ConsoleHouse, tiered: str, tab: httpx.Client) -> None:
    text = TIERED.replace("amount: $200", "amount: $150").replace("amount: $50", "amount: $80")
    answer = house.send(tab, "/plans/-/preview", at="/plans/-/edit/tiered", document=text)
    page = shown(answer)
    assert re.search(r"Piet less \d{4}-\d\d-\d\d \$200\.00 every month \$150\.00 every month", page)
    assert re.search(r"Quinn better \d{4}-\d\d-\d\d \$50\.00 every month \$80\.00 every month", page)
    assert "Rosa no grant" in page
    assert len(_versions(house, "tiered")) == 1
    confirmed = shown(house.send(tab, "/plans/-/confirm", at="/plans/-/edit/tiered", document=text, note="Evening out"))
    assert "Version 2 of tiered is in force from" in confirmed
    assert "with “Evening out”" in confirmed
    assert len(_versions(house, "tiered")) == 1
    with house.client("auditor") as window:
        assert "compensation" in plain(window.get("/audit/looks").text)


def test_a_day_that_cannot_be_is_told_and_nothing_is_applied(
    house: ConsoleHouse, tiered: str, tab: httpx.Client
) -> None:
    text = TIERED.replace("amount: $200", "amount: $150")
    tomorrow = time.strftime("%Y-%m-%d", time.gmtime(time.time() + 86_400))
    for effective, status in (("soon", 422), ("2020-01-01", 409), (tomorrow, 409)):
        for path in ("/plans/-/confirm", "/plans/-/apply"):
            answer = house.send(tab, path, at="/plans/-/edit/tiered", document=text, effective=effective, after="1")
            assert shown(answer, status), effective
    assert re.search(
        r"breaks the notice of grant \S+ of piet\. The first possible date for this change \(reduce\) is \d",
        plain(answer.text),
    )
    assert len(_versions(house, "tiered")) == 1


def test_a_version_comes_into_force_once_and_whoever_it_touches_is_told(
    house: ConsoleHouse, tiered: str, tab: httpx.Client
) -> None:
    text = TIERED.replace("amount: $50", "amount: $80")
    applied = house.send(tab, "/plans/-/apply", at="/plans/-/edit/tiered", document=text, note="Evening out", after="1")
    assert applied.headers["location"] == "/plans/tiered?done=applied"
    assert "The plan is in force" in shown(tab.get(applied.headers["location"]))
    stale = house.send(
        tab, "/plans/-/apply", at="/plans/-/edit/tiered", document=TIERED.replace("$50", "$90"), after="1"
    )
    assert "has version 2 by now, not 1" in shown(stale, 409)
    again = house.send(tab, "/plans/-/apply", at="/plans/-/edit/tiered", document=text, after="2")
    assert again.headers["location"] == "/plans/tiered?done=unchanged"
    assert len(_versions(house, "tiered")) == 2
    page = shown(tab.get("/plans/tiered/versions"))
    assert "1 term differs." in page
    assert "$50" in page
    assert "$80" in page
    assert "compensation Evening out" in page
    for path in ("/plans/tiered", "/plans/tiered/document", "/plans/tiered/versions", f"/grants/{tiered}"):
        assert not re.search(r"\b(acc|ses)_", shown(tab.get(path)))
    assert shown(tab.get("/plans/tiered/versions?before=1&after=7"), 404)
    assert "$50" in shown(tab.get("/plans/tiered/document?version=1"))
    with reading(house.desk.engine) as connection:
        newest = audit.lines(connection, action="plan.apply", limit=1)[0]
    assert newest["actor"].startswith(account_of(house.desk, "compensation").id)
    assert newest["detail"]["note"] == "Evening out"


def test_a_simulation_is_asked_for_left_and_comes_out_with_its_plots(
    house: ConsoleHouse, tiered: str, tab: httpx.Client
) -> None:
    if not (_is_sqlite(house) or NIGHTLY):
        pytest.skip("by night on this engine: the queue of long work has tests of its own")
    asked = {
        "months": "2",
        "scenarios": "10",
        "against": "tiered",
        "name": "tiered",
        "document": TIERED.replace("$200", "$300"),
    }
    wrong = house.send(tab, "/plans/-/simulate", at="/plans/-/simulate/tiered", **{**asked, "months": "many"})
    assert "expected a whole number" in shown(wrong, 422)
    begun = house.send(tab, "/plans/-/simulate", at="/plans/-/simulate/tiered", **asked)
    assert begun.status_code == 303, plain(begun.text)
    where = begun.headers["location"]
    for _ in range(600):
        page = tab.get(where)
        if "Cost at list price" in page.text or "did not come to an end" in page.text:
            break
        assert tab.get(f"{where}/now").status_code == 200
        time.sleep(0.1)
    assert "Side by side" in shown(page)
    assert page.text.count("<svg") >= 4
    with house.client("olive") as other:
        assert other.get(where).status_code == 404
    assert "Token stipend" in shown(tab.get("/plans/-/simulations"))


# Grants.


def test_a_grant_is_told_before_it_is_given(house: ConsoleHouse, tiered: str, tab: httpx.Client) -> None:
    told = shown(house.send(tab, "/grants/-/give/confirm", at="/grants/-/give", person="rosa", plan="tiered"))
    assert "Rosa" in told or "rosa" in told
    assert "every month under tiered" in told
    for field, typed, says in (
        ("person", {"person": SCRIPT, "plan": "tiered"}, "on the roster"),
        ("person", {"person": "", "plan": "tiered"}, "on the roster"),
        ("plan", {"person": "rosa", "plan": ""}, "one of the plans in force"),
        ("amount", {"person": "rosa", "plan": "tiered", "amount": "lots", "note": "x"}, "lots"),
        ("note", {"person": "rosa", "plan": "tiered", "amount": "$75"}, "nothing"),
        ("starts", {"person": "rosa", "plan": "tiered", "starts": "31.12.2026"}, "31.12.2026"),
    ):
        for path in ("/grants/-/give/confirm", "/grants/-/give"):
            answer = house.send(tab, path, at="/grants/-/give", **typed)
            shown(answer, 422)
            fault = re.search(rf'id="f-{field}-fault">(.*?)</p>', answer.text)
            assert fault is not None, (field, plain(answer.text))
            assert says in plain(fault[1])
    with reading(house.desk.engine) as connection:
        assert grants.listed(connection, person=house.desk.person("rosa")["id"]) == []


def test_terms_change_after_their_notice_with_a_reason_and_the_person_is_told(
    house: ConsoleHouse, tiered: str, tab: httpx.Client
) -> None:
    path = f"/grants/{tiered}/change/amend"
    assert "Why" in shown(house.send(tab, f"{path}/confirm", at=path, amount="$20"), 422)
    told = shown(house.send(tab, f"{path}/confirm", at=path, amount="$20", reason="A smaller team"))
    assert "It becomes less, so the notice of a reduction is kept." in told
    early = time.strftime("%Y-%m-%d", time.gmtime(time.time() + 2 * 86_400))
    refused = house.send(tab, path, at=path, amount="$20", reason="A smaller team", effective=early)
    assert "the first possible date is" in shown(refused, 409).lower()
    done = house.send(tab, path, at=path, amount="$20", reason="A smaller team")
    assert done.headers["location"] == f"/grants/{tiered}?done=amended"
    page = shown(tab.get(f"/grants/{tiered}?done=amended"))
    assert "announced" in page
    assert "A smaller team" in page


def test_a_grant_is_paused_resumed_and_revoked_after_its_notice(
    house: ConsoleHouse, tiered: str, tab: httpx.Client
) -> None:
    grant = _grant_of(house, "piet")
    for act, typed, says in (
        ("suspend", {"reason": "Parental leave"}, "suspended"),
        ("resume", {}, "resumed"),
        ("revoke", {"reason": "The plan ends"}, "revoked"),
    ):
        path = f"/grants/{grant}/change/{act}"
        assert shown(house.send(tab, f"{path}/confirm", at=path, **typed))
        done = house.send(tab, path, at=path, **typed)
        assert done.headers["location"] == f"/grants/{grant}?done={says}", plain(done.text)
    assert "Ends" in shown(tab.get(f"/grants/{grant}"))
    assert tab.get(f"/grants/{grant}/change/explode").status_code == 404
    assert tab.get("/grants/grt_none").status_code == 404


def test_a_lot_is_given_and_taken_back_by_hand(house: ConsoleHouse, tab: httpx.Client) -> None:
    typed = {"person": "quinn", "amount": "$500", "label": f"Signing {SCRIPT[:20]}", "note": "As agreed"}
    told = shown(house.send(tab, "/grants/-/give-by-hand/confirm", at="/grants/-/give-by-hand", **typed))
    assert "quinn has $500.00 more" in told
    given = house.send(tab, "/grants/-/give-by-hand", **typed)
    assert given.headers["location"] == "/grants/-/by-hand?done=given"
    listed = tab.get("/grants/-/by-hand")
    assert "$500.00" in shown(listed)
    revoke = re.search(r"/grants/-/by-hand/([^/]+)/revoke", listed.text)
    assert revoke is not None
    path = revoke[0]
    assert "why" in shown(house.send(tab, path), 422)
    assert house.send(tab, path, note="A mistake").headers["location"] == "/grants/-/by-hand?done=revoked"
    assert "revoked" in shown(tab.get("/grants/-/by-hand"))
    for wrong in ({**typed, "amount": "-5"}, {**typed, "amount": ""}, {**typed, "expires": "never ever"}):
        shown(house.send(tab, "/grants/-/give-by-hand", **wrong), 422)


def test_grants_are_found_by_filter(house: ConsoleHouse, tiered: str, tab: httpx.Client) -> None:
    page = shown(tab.get("/grants?plan=tiered&state=any"))
    assert "Quinn" in page
    assert "ada" not in page.split("Grants")[-1]
    assert "No grant fits that." in shown(tab.get("/grants?person=nobody-of-that-name"))
    assert shown(tab.get("/grants?state=asleep"), 422)


# Tiers.


def test_tiers_say_who_is_in_which_and_why(house: ConsoleHouse, tiered: str, tab: httpx.Client) -> None:
    page = shown(tab.get("/tiers?plan=tiered&tier=senior"))
    assert "Level is senior." in page
    assert "Olive" in page
    one = shown(tab.get("/tiers/tiered/rosa"))
    assert "No grant under this plan." in one
    assert shown(tab.get("/tiers?plan=none"), 404)
    assert shown(tab.get("/tiers/tiered/nobody"), 404)


# Letters.


def test_a_statement_tells_tokens_beside_pay_and_never_in_it(
    house: ConsoleHouse, tiered: str, tab: httpx.Client
) -> None:
    bare = shown(tab.get("/letters/quinn"))
    assert "Salary, bonus and equity are not on this statement." in bare
    typed = {"salary": "$140,000", "bonus": "$10,000", "equity": "$30,000", "benefits": "$12,000"}
    page = shown(house.send(tab, "/letters/quinn", **typed))
    assert "Pay $192,000 tokens are not in it" in page
    assert re.search(r"Promised \$\d+ face: ", page)
    for name in ("Expected use", "Expected to be forfeited", "Worth as pay"):
        assert name in page
    assert "140,000" not in shown(tab.get("/letters/quinn"))  # it is kept nowhere
    with house.client("ada") as window:
        assert "total pay" in shown(window.get("/total-pay")).lower()


@pytest.mark.parametrize("typed", ["a lot", "-5", "100 EUR", "9" * 40, "$1e99"])
def test_pay_that_cannot_be_is_told_at_its_field(house: ConsoleHouse, tab: httpx.Client, typed: str) -> None:
    for path in ("/letters/ada", "/letters/ada/file"):
        answer = house.send(tab, path, at="/letters/ada", salary=typed)
        assert 'id="f-salary-fault"' in answer.text
        assert "attachment" not in answer.headers.get("content-disposition", "")
        shown(answer, 422)


def test_the_statement_as_a_file_needs_nothing_else(house: ConsoleHouse, tab: httpx.Client) -> None:
    with house.client("mallory") as own:
        for window, at in ((tab, "/letters/mallory"), (own, "/total-pay")):
            answer = house.send(window, f"{at}/file", at=at, salary="$90,000")
            assert "$90,000" in shown(answer)
            name = re.escape(f"total-pay-mallory-{time.strftime('%Y-')}")
            assert re.fullmatch(rf'attachment; filename="{name}\d\d-\d\d\.html"', answer.headers["content-disposition"])
            assert not re.search(r"<link|<form|<script|src=|https?://(?!www\.w3\.org)", answer.text)
            assert "@media print" in answer.text


def test_the_statement_on_paper_is_a_pdf_with_and_without_pay(house: ConsoleHouse, tab: httpx.Client) -> None:
    with house.client("mallory") as own:
        for window, at in ((tab, "/letters/mallory"), (own, "/total-pay")):
            answer = house.send(window, f"{at}/pdf", at=at, salary="$90,000")
            assert answer.headers["content-type"] == "application/pdf"
            assert re.search(r'filename="total-pay-mallory-[\d-]+\.pdf"', answer.headers["content-disposition"])
            assert answer.content.startswith(b"%PDF-")
            assert house.send(window, f"{at}/pdf", at=at, salary="much").status_code == 422
        assert own.get("/total-pay.pdf").content.startswith(b"%PDF-")
    with house.client("finance") as other:
        assert other.get("/total-pay.pdf").status_code in (403, 404)


def test_whoever_has_a_statement_sees_who_looked_at_it(house: ConsoleHouse, tab: httpx.Client) -> None:
    tab.get("/letters/ada")
    with house.client("ada") as window:
        assert "statement of total pay" in shown(window.get("/watchers"))
    with house.client("ada") as window:
        assert window.get("/letters/grace").status_code == 403
    assert tab.get("/letters/nobody").status_code == 404
