"""The manager's pages over real sockets, on both engines: who runs out, what waits for a decision, where it goes in sum."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

import pytest
from tests.support.console import PLAN, SCRIPT, ConsoleHouse, add_account, console_house
from tests.support.profile import PAGE_ENGINES

from bursar.ledger import Applied, Charge, LotTerms, Release, Request, Usage, apply_now
from bursar.office.granting import promises, topups
from bursar.office.telling import watch
from bursar.office.terms import rollout
from bursar.plans.check import load

pytest_plugins = ("tests.postgres",)

NANO = 1_000_000_000
DAY = 86_400_000_000
MONTHLY = PLAN.replace("name: stipend", "name: monthly").replace("anchor: calendar", "anchor: grant")
"""It resets a month from now, whichever day this is."""
PEOPLE = {"nora": 20, "theo": 6, "ines": 2, "otto": 1}
"""Grace's other reports, and the dollars that they spent on each of the last fourteen days."""


@pytest.fixture(scope="module", params=PAGE_ENGINES)
def house(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConsoleHouse]:
    """A house whose team has three weeks behind it, on each engine in turn, for all tests of this module."""
    url = ""
    if request.param == "postgresql":
        import psycopg

        server: str = request.getfixturevalue("postgres_server")
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute("CREATE DATABASE bursar_console_team")
        url = server.replace("/postgres?", "/bursar_console_team?")
    with console_house(tmp_path_factory.mktemp("team"), url) as found:
        _past(found)
        yield found


def _past(house: ConsoleHouse) -> None:
    """Four more people who report to Grace, with their use; Vera, who has next to nothing; Hugo, who leads somebody else."""
    desk = house.desk
    rollout.apply_plan(desk, load(MONTHLY))
    now = desk.now()
    ids = {
        handle: desk.add_person(handle, name=handle.capitalize(), team="platform", manager="grace")["id"]
        for handle in PEOPLE
    }
    lots = [
        Release(
            f"release:{handle}",
            who,
            LotTerms(f"lot_{handle}", "USD", 15 * PEOPLE[handle] * NANO, now - 21 * DAY, now + 400 * DAY),
        )
        for handle, who in ids.items()
    ]
    apply_now(desk.store, lots, now - 21 * DAY, now)
    for day in range(14, 0, -1):
        # Every other day costs a half more or less, so that there is a spread to be known.
        halves = 3 if day % 2 else 1
        spent = [
            _charge(who, PEOPLE[handle] * NANO * halves // 2, now - day * DAY, f"{handle}_{day}")
            for handle, who in ids.items()
        ]
        assert all(isinstance(one, Applied) for one in apply_now(desk.store, spent, now - day * DAY, now))
    for handle in PEOPLE:
        promises.give(desk, handle, "monthly")
    desk.add_person("vera", name="Vera", team="platform", manager="ada")
    promises.give(desk, "vera", "monthly", amount="$0.000001", note="to be asked for")
    desk.add_person("hugo", name="Hugo", team="sales")
    desk.add_person("lars", name="Lars", team="sales", manager="hugo")
    for login in ("nora", "vera", "hugo"):
        add_account(desk, login, person=login)
    watch.watch(desk, now)


def _charge(person: str, nanos: int, at: int, name: str) -> Charge:
    usage = Usage(
        request_id=name, provider="anthropic", model="claude-sonnet-4-5", purpose="work", project="atlas",
        list_nanos=nanos, cost_nanos=nanos, at=at, tokens={"input": 10},
    )  # fmt: skip
    return Charge(name, person, "USD", nanos, Request("anthropic", "claude-sonnet-4-5", "work"), usage)


@pytest.fixture
def asked(house: ConsoleHouse) -> Iterator[str]:
    """Vera has nearly nothing left and has asked for forty dollars; withdrawn at the end if it still waits."""
    with house.client("vera") as tab:
        sent = house.send(tab, "/more", amount="$40", reason=f"The migration {SCRIPT}")
        assert sent.status_code == 303, plain(sent.text)
    (one,) = [one for one in topups.listed(house.desk, person="vera") if one["state"] == "open"]
    yield one["id"]
    if topups.listed(house.desk, person="vera")[0]["state"] == "open":
        topups.withdraw(house.desk, one["id"])


def plain(text: str) -> str:
    """A page without its marks, in one line."""
    text = re.sub(r"<(script|style).*?</\1>", " ", text, flags=re.DOTALL)
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text)))


def row_of(page: str, name: str) -> str:
    """The row of somebody, as words."""
    return next(
        plain(one)
        for one in re.findall(r"<tr>.*?</tr>", page, re.DOTALL)
        if re.search(rf"row\">{name}\b", one) and "badge" in one
    )


def test_only_whoever_leads_people_finds_the_team_and_an_auditor_chooses_one(house: ConsoleHouse) -> None:
    others = ("mallory", "compensation", "finance", "payroll", "platform", "owner")
    for login in others if house.desk.engine.dialect.name == "sqlite" else others[:2]:
        with house.client(login) as tab:
            for path in ("/team", "/team/now", "/team/burn", "/team/fairness"):
                assert tab.get(path).status_code == 403, (login, path)
    with house.client("auditor") as tab:
        assert "Choose a team" in tab.get("/team").text
        assert "Nora" in tab.get("/team?of=grace").text
    with house.client("hugo") as tab:
        assert "Lars" in tab.get("/team").text
        for path in ("/team", "/team/burn", "/team/fairness"):
            assert tab.get(f"{path}?of=grace").status_code == 404  # as if there were nobody of that name
        assert "Nora" not in tab.get("/team").text


def test_the_page_says_who_runs_out_when_and_how_sure_that_is(house: ConsoleHouse) -> None:
    with house.client("grace") as tab:
        page = tab.get("/team").text
    assert "2 people will run out before it resets, Nora first, in six days at this rate." in plain(page)
    nora = row_of(page, "Nora")
    assert "runs out early" in nora
    assert "almost certain" in nora
    assert "$120.00 of $400.00" in nora
    assert re.search(r"runs out early .* 9\d in 100", row_of(page, "Theo"))
    otto = row_of(page, "Otto")
    assert "lasts" in otto
    assert " in 100" not in otto
    assert "<script>alert" not in page


def test_whoever_is_looked_at_sees_that_their_manager_looked(house: ConsoleHouse) -> None:
    with house.client("grace") as tab:
        tab.get("/team")
    with house.client("nora") as tab:
        assert "grace" in plain(tab.get("/watchers").text).lower()


def test_the_part_of_the_figures_is_the_page_without_its_frame(house: ConsoleHouse) -> None:
    with house.client("grace") as tab:
        part = tab.get("/team/now").text
    assert "Nora" in part
    assert "<html" not in part


def test_direct_reports_are_a_part_of_everybody_below(house: ConsoleHouse) -> None:
    with house.client("grace") as tab:
        assert "Vera" in tab.get("/team").text  # Ada's report
        assert "Vera" not in tab.get("/team?whom=direct").text


def test_burn_is_told_in_sum_and_by_model_only_of_everybody(house: ConsoleHouse) -> None:
    with house.client("grace") as tab:
        page, direct = tab.get("/team/burn").text, tab.get("/team/burn?whom=direct").text
    assert "$406.00" in plain(page)  # fourteen days of 29 dollars
    assert "claude-sonnet-4-5" not in page  # four people used it: too few to be told apart
    assert "Too few people used anything" in plain(page)
    assert "of no part of them" in plain(direct)
    now = house.desk.now()
    apply_now(house.desk.store, [_charge(house.desk.person("mallory")["id"], NANO, now, "mallory_now")], now, now)
    with house.client("grace") as tab:
        page, direct = tab.get("/team/burn").text, tab.get("/team/burn?whom=direct").text
    assert "claude-sonnet-4-5" in page
    assert "atlas" in page
    assert "claude-sonnet-4-5" not in direct
    for name in ("Nora", "Theo", "Mallory"):
        assert name not in page
    with house.client("hugo") as tab:
        assert "of teams of 5 and more" in plain(tab.get("/team/burn").text)


def test_fairness_is_told_of_five_and_more_and_without_names(house: ConsoleHouse) -> None:
    with house.client("grace") as tab:
        page = tab.get("/team/fairness").text
    assert "Gini" in plain(page)
    for name in ("Nora", "Theo", "Otto"):
        assert name not in page
    with house.client("hugo") as tab:
        assert "This is told of teams of 5 people and more." in plain(tab.get("/team/fairness").text)


def test_a_request_stands_with_its_impact_and_peers_do_not_see_it(house: ConsoleHouse, asked: str) -> None:
    with house.client("grace") as tab:
        others = plain(tab.get("/team/approvals").text)
        assert "Nothing waits for you." in others  # the plan names Vera's manager, who is Ada
        assert "Vera" in others
    with house.client("ada") as tab:
        page = tab.get("/team/approvals").text
        assert "Vera asks for $40.00" in plain(page)
        assert "The migration" in page
        assert "<script>alert" not in page
    for login in ("mallory", "hugo", "nora"):
        with house.client(login) as tab:
            page = tab.get("/team/approvals")
            assert "Vera" not in page.text, login
            sent = house.send(tab, f"/team/approvals/{asked}", at="/account", decision="approve", amount="$40")
            assert sent.status_code in (403, 404), login
    assert topups.listed(house.desk, person="vera")[0]["state"] == "open"


@pytest.mark.parametrize(
    ("field", "fields", "says"),
    [
        ("note", {"decision": "decline", "note": "  "}, "why not"),
        ("amount", {"decision": "approve", "amount": "$41"}, "$40"),
        ("amount", {"decision": "approve", "amount": "forty"}, "forty"),
        ("amount", {"decision": "approve", "amount": "0"}, "0"),
        ("amount", {"decision": "approve", "amount": "40 EUR"}, "up to $40.00. More than was asked for"),
    ],
)
def test_a_wrong_decision_is_told_at_its_field_and_nothing_is_decided(
    house: ConsoleHouse, asked: str, field: str, fields: dict[str, str], says: str
) -> None:
    with house.client("ada") as tab:
        answer = house.send(tab, f"/team/approvals/{asked}", at="/team/approvals", **fields)
    assert answer.status_code == 422, plain(answer.text)
    fault = re.search(rf'id="{field}-{asked}-fault">(.*?)</p>', answer.text)
    assert fault is not None, plain(answer.text)
    assert says in plain(fault[1])
    assert topups.listed(house.desk, person="vera")[0]["state"] == "open"


def test_a_decline_is_told_to_the_person_with_its_reason(house: ConsoleHouse, asked: str) -> None:
    with house.client("ada") as tab:
        sent = house.send(
            tab, f"/team/approvals/{asked}", at="/team/approvals", decision="decline", note="After the freeze."
        )
        assert sent.headers["location"] == "/team/approvals?done=declined"
        assert "the person is told why" in tab.get(sent.headers["location"]).text
        again = house.send(tab, f"/team/approvals/{asked}", at="/account", decision="approve", amount="$40")
        assert again.status_code == 409
    with house.client("vera") as tab:
        page = plain(tab.get("/more").text)
        assert "After the freeze." in page


def test_less_is_approved_and_the_next_request_passes(house: ConsoleHouse, asked: str) -> None:
    key = house.desk.issue_key("vera")["token"]
    assert house.ask(key) == 429
    with house.client("ada") as tab:
        sent = house.send(
            tab, f"/team/approvals/{asked}", at="/team/approvals", decision="approve", amount="$25", note="For now."
        )
        assert sent.headers["location"] == "/team/approvals?done=approved"
        decided = row_of(tab.get("/team/approvals").text, "Vera")
        assert "approved $25.00 by ada" in decided
    with house.client("vera") as tab:
        assert "approved $25.00 of it by ada" in plain(tab.get("/more").text)
    assert house.ask(key) == 200


def test_nobody_decides_about_themselves_nor_without_a_form_of_the_console(house: ConsoleHouse, asked: str) -> None:
    with house.client("vera") as tab:
        sent = house.send(tab, f"/team/approvals/{asked}", at="/more", decision="approve", amount="$40")
        assert sent.status_code in (403, 404)
    with house.client("ada") as tab:
        assert tab.post(f"/team/approvals/{asked}", data={"decision": "approve"}).status_code == 403
    assert topups.listed(house.desk, person="vera")[0]["state"] == "open"
