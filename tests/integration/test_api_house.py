"""The API's finance, books, accounts, leaderboard and statements: what the console has pages for, on both engines."""

from __future__ import annotations

import time
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from tests.support.api import Served, served
from tests.support.past import charge

from bursar.office.granting import promises
from bursar.office.months import following, micros_of, month_of

pytest_plugins = ("tests.postgres",)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def house(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    url = ""
    if request.param == "postgresql":
        import psycopg

        server: str = request.getfixturevalue("postgres_server")
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute("CREATE DATABASE api_house")
        url = server.replace("/postgres?", "/api_house?")
    with served(tmp_path_factory.mktemp("house"), url) as found:
        promises.give(found.desk, "ada", "stipend")
        yield found


def over(house: Served, login: str, begun: Any) -> dict[str, Any]:
    """The job, once it is over."""
    assert begun.status_code == 202, begun.text
    end = time.monotonic() + 60
    while (found := house.get(login, f"/jobs/{begun.json()['id']}").json())["state"] in ("waiting", "running"):
        assert time.monotonic() < end
        time.sleep(0.1)
    return dict(found)


def as_owner(house: Served, method: str, path: str, **more: Any) -> Any:
    """With a session: what no token does."""
    said = house.ask_signed_in("own", "GET", "/session").json()
    return house.ask_signed_in("own", method, path, headers={said["header"]: said["token"]}, **more)


def test_promises_are_told_by_group_and_month_and_land_somewhere(house: Served) -> None:
    found = house.get("fin", "/exposure/groups?by=plan").json()
    assert [(one["key"], one["people"], one["released"]["amount"]) for one in found["items"]] == [("stipend", 1, "500")]
    assert found["most_now"]["amount"] == "500"
    assert float(found["coming"]["amount"]) >= 5_500
    # One person is no group: a team of one is told with the others.
    (team,) = house.get("fin", "/exposure/groups?by=team").json()["items"]
    assert team["merged"] == 1
    assert house.get("fin", "/exposure/groups?unit=gpu-h:h100").json()["field"] == "unit"
    assert len(house.get("fin", "/exposure/months?months=3").json()["items"]) == 3
    forecast = house.get("fin", "/forecast?months=3").json()
    assert (forecast["weeks"], forecast["items"]) == (0, [])
    assert house.get("ada", "/exposure/groups").status_code == 403


def test_pay_bands_are_set_at_once_and_spend_is_told_against_them(house: Served) -> None:
    bands = {"items": [{"level": "L5", "yearly": "$180,000"}, {"level": "L,4", "yearly": "$150,000"}]}
    put = house.ask("fin", "PUT", "/pay-bands", json=bands)
    assert [(one["level"], one["yearly"]["amount"]) for one in put.json()["items"]] == [
        ("L,4", "150000"),
        ("L5", "180000"),
    ]
    wrong = house.ask("fin", "PUT", "/pay-bands", json={"items": [{"level": "L5", "yearly": "free"}]})
    assert (wrong.status_code, wrong.json()["field"]) == (422, "bands")
    rows = {one["person"]: one for one in house.get("fin", "/pay-ratios").json()["items"]}
    assert (rows["ada"]["band"]["amount"], rows["ada"]["status"]) == ("180000", "ok")
    assert (rows["ben"]["band"], rows["ben"]["status"]) == (None, "unknown")
    assert house.get("ada", "/people/@me/pay-ratio").json() == rows["ada"]
    assert house.get("ada", "/people/zoe/pay-ratio").status_code == 404


def test_a_month_is_closed_by_a_job_told_and_opened_again(house: Served) -> None:
    last = following(month_of(house.desk.now()), -1)
    charge(house, house.desk.person("ada")["id"], 3, micros_of(last)[0] + 9 * 86_400_000_000, "old")
    early = house.post("fin", f"/closes/{month_of(house.desk.now())}", {"note": "x"})
    assert (early.status_code, "is not over" in early.json()["detail"]) == (409, True)
    done = over(house, "fin", house.post("fin", f"/closes/{last}", {"note": "all in"}))
    assert done["state"] == "done", done
    told = house.get("aud", f"/closes/{last}").json()
    assert (told["in_force"], told["intact"], told["closes"][0]["note"]) == (1, True, "all in")
    assert told["job"]["id"] == done["id"]
    listed = house.get("fin", "/closes").json()["items"]
    assert next(one for one in listed if one["month"] == last)["closed"] is not None
    for what in ("usage", "movement"):
        assert house.get("fin", f"/closes/{last}/{what}").status_code == 200
    journal = house.get("aud", f"/journals/{last}").json()
    lines = [line for entry in journal["entries"] for line in entry["lines"]]
    assert (journal["closed"], sum(Decimal(line["amount"]["amount"]) for line in lines)) == (True, 0)
    assert [(line["account"], line["people"]) for line in lines] == [
        ("Expenses:AI-Compute", 1),
        ("Liabilities:Payable:AI-Providers", 1),
    ]
    file = house.get("fin", f"/journals/{last}/file")
    assert (file.headers["content-type"].split(";")[0], "open Expenses:AI-Compute" in file.text) == ("text/plain", True)
    assert house.get("fin", f"/journals/{last}/file?kind=csv").text.startswith("month,date,entry,kind,")
    charges = house.get("fin", f"/focus/{last}?version=1.2").text.splitlines()
    assert (len(charges), "PricingCurrency" in charges[0]) == (2, True)
    assert house.get("pay", f"/journals/{last}").status_code == 403
    again = house.post("fin", f"/closes/{last}", {"note": ""})
    assert (again.status_code, "closed already" in again.json()["detail"]) == (409, True)
    assert house.post("aud", f"/closes/{last}/reopen", {"reason": "x"}).status_code == 403
    opened = house.post("fin", f"/closes/{last}/reopen", {"reason": "an invoice"}).json()
    assert (opened["reopen_reason"], opened["number"]) == ("an invoice", 1)
    assert house.get("fin", "/closes/2026-13").json()["field"] == "month"


def test_the_books_tie_out_and_the_ledger_is_whole(house: Served) -> None:
    assert over(house, "fin", house.post("fin", "/reconciliations"))["state"] == "done"
    found = house.get("aud", "/reconciliation").json()
    assert found["agree"]
    assert {one["what"] for one in found["items"]} >= {"released", "spent"}
    assert over(house, "aud", house.post("aud", "/ledger/verifications"))["state"] == "done"
    told = house.get("own", "/ledger/verification").json()
    assert (told["clean"], told["findings"]) == (True, [])
    assert told["actor"].startswith("acc_aud")
    assert house.get("ada", "/ledger/verification").status_code == 403


def test_fairness_is_told_to_those_who_can_mend_a_gap_and_to_the_auditor(house: Served) -> None:
    found = house.get("cora", "/fairness?by=team").json()
    assert (found["by"], found["of"], found["least_people"]) == ("team", "allotment", 5)
    assert all(one["people"] >= 5 for one in found["groups"])
    assert house.get("aud", "/fairness?of=use").json()["days"] == 90
    assert house.get("cora", "/fairness?by=shoe").json()["field"] == "by"
    assert house.get("cora", "/fairness?at=2999-01-01").json()["field"] == "at"
    assert house.get("fin", "/fairness").status_code == 403


def test_a_statement_of_total_pay_keeps_nothing_and_adds_no_tokens(house: Served) -> None:
    bare = house.get("cora", "/people/ada/total-pay").json()
    assert (bare["cash"], bare["paid"], bare["promises"][0]["face"]["amount"]) == (0, 0, "6000")
    sent = house.post("ada", "/people/@me/total-pay", {"salary": "$180,000", "equity": "$20,000"}).json()
    assert (sent["cash"], sent["paid"]) == (180_000, 200_000)
    assert sent["expected"]["worth"] < sent["expected"]["face"]
    assert house.get("ada", "/people/@me/total-pay").json()["paid"] == 0
    assert house.post("ada", "/people/@me/total-pay", {"salary": "much"}).json()["field"] == "salary"
    assert house.get("mia", "/people/ada/total-pay").status_code in (403, 404)
    looks = house.get("ada", "/people/@me/reads").json()["items"]
    assert ("cora", "pay.read") in {(one["who"], one["action"]) for one in looks}
    every = house.get("aud", "/reads?who=cora&limit=1").json()["items"]
    assert (every[0]["whom"], every[0]["action"]) == ("ada", "pay.read")
    leaving = house.get("ada", "/people/@me/leaving").json()
    assert float(leaving["keeps"]["amount"]) + float(leaving["loses"]["amount"]) == float(leaving["has"]["amount"])


def test_what_a_month_counts_for_is_told_with_its_rules_and_never_as_zero_for_not_knowing(house: Served) -> None:
    unknown = house.get("ada", "/people/@me/tax").json()
    assert (unknown["status"], unknown["taxable"]) == ("needs_adviser", None)
    house.desk.change_person("ada", location="Munich, Germany")
    found = house.get("ada", "/people/@me/tax").json()
    assert (found["status"], found["jurisdiction"], found["basis"]) == ("assessed", "DE", "list_price")
    assert "DE-8-2-1-VALUE" in {step["rule"] for step in found["trace"]}
    assert "not tax advice" in found["notice"]
    assert house.get("ada", "/people/@me/tax", params={"month": "soon"}).status_code == 422
    rules = house.get("ada", "/tax/rules", params={"country": "uk", "on": "2026-10-31", "limit": "5"}).json()
    assert len(rules["items"]) == 5
    more = house.get("ada", "/tax/rules", params={"country": "uk", "on": "2026-10-31", "after": rules["next"]}).json()
    assert {one["id"] for one in rules["items"]}.isdisjoint({one["id"] for one in more["items"]})
    assert house.get("ada", "/payroll/2026-10").status_code == 403


def test_whoever_chooses_stands_on_a_leaderboard_that_an_owner_opened(house: Served) -> None:
    assert house.get("ada", "/leaderboard").json()["open"] is False
    assert house.post("ada", "/people/@me/leaderboard/join", {"pseudonym": "quiet otter"}).status_code == 409
    assert house.ask("own", "PUT", "/openings/leaderboard", json={"is_open": True}).status_code == 403  # no token does
    assert as_owner(house, "PUT", "/openings/leaderboard", json={"is_open": True}).json()["is_open"] is True
    joined = house.post("ada", "/people/@me/leaderboard/join", {"pseudonym": "quiet otter"}).json()
    assert joined["pseudonym"] == "quiet otter"
    assert house.post("ben" if "ben" in house.tokens else "mia", "/people/ada/leaderboard/leave").status_code in (
        403,
        404,
    )
    board = house.get("ada", "/leaderboard?by=cache").json()
    assert (board["open"], board["items"]) == (True, [])  # too few, and not before the next week
    assert house.post("ada", "/people/@me/leaderboard/leave").status_code == 204
    assert {one["name"]: one["is_open"] for one in house.get("own", "/openings").json()["items"]}["leaderboard"] is True


def test_an_owner_keeps_accounts_with_a_session_and_nobody_with_a_token(house: Served) -> None:
    assert house.post("own", "/accounts", {"login": "new"}).status_code == 403
    made = as_owner(house, "POST", "/accounts", json={"login": "new", "roles": ["finance"]})
    assert made.status_code == 201
    at = made.headers["location"].removeprefix("/api/v1")
    assert "/invitation" in made.json()["link"] or "http" in made.json()["link"]
    found = house.get("aud", at)
    assert (found.json()["login"], found.json()["roles"]) == ("new", ["finance"])
    stale = as_owner(house, "PUT", f"{at}/roles", json={"roles": ["auditor"]})
    assert stale.json()["roles"] == ["auditor"]
    assert as_owner(house, "PUT", f"{at}/person", json={"person": "zoe"}).json()["person"] == "zoe"
    assert as_owner(house, "PUT", f"{at}/roles", json={"roles": ["king"]}).status_code == 422
    assert as_owner(house, "POST", f"{at}/suspend").json()["status"] == "suspended"
    assert as_owner(house, "POST", f"{at}/invite").status_code == 409
    assert as_owner(house, "POST", f"{at}/reinstate").json()["status"] == "active"
    assert as_owner(house, "POST", f"{at}/end-sessions").status_code == 204
    assert as_owner(house, "PUT", "/accounts/acc_own/roles", json={"roles": []}).status_code == 409  # the last owner
    assert "eve" not in {one["login"] for one in house.get("own", "/accounts?limit=100").json()["items"]}
    assert house.get("own", "/accounts/acc_eve").status_code == 404
    assert as_owner(house, "POST", "/accounts/acc_eve/suspend").status_code == 404


def test_what_platform_looks_at_is_there(house: Served) -> None:
    for path in ("/nodes", "/refusals?hours=1", "/settings", "/openings", "/prices/versions"):
        assert house.get("plat" if path != "/openings" else "own", path).status_code == 200, path
    values = {one["name"]: one["value"] for one in house.get("plat", "/settings").json()["items"]}
    assert "master_key" in values
    assert "://" not in values["database_url"] or ":" not in values["database_url"].split("://")[1].split("@")[0]
    put = house.ask("plat", "PUT", "/providers/openai", json={"kind": "openai"})
    assert put.status_code == 200, put.text
    assert house.post("plat", "/providers/openai/disable").json()["state"] == "disabled"
    assert house.post("plat", "/providers/openai/enable").json()["state"] == "enabled"
    assert house.ask("plat", "DELETE", "/providers/openai").status_code == 204
    assert house.get("plat", "/providers/openai").status_code == 404
    mine = house.get("mia", "/team/mix").json()
    assert (mine["people"] < 5, mine["by_day"], mine["items"]) == (True, [], [])
    assert house.get("aud", "/team/mix?by=project").json()["people"] >= 5


def test_a_person_takes_another_name(house: Served) -> None:
    changed = house.ask("cora", "PATCH", "/people/zoe", json={"name": "Zoe Zhang"})
    assert (changed.status_code, changed.json()["name"]) == (200, "Zoe Zhang")


def test_costs_of_providers_are_of_whoever_may_see_contracts(house: Served) -> None:
    assert house.get("fin", "/costs?months=2").status_code == 200
    assert house.get("cora", "/costs").status_code == 403


def test_what_is_ahead_and_what_if_and_what_was(house: Served) -> None:
    ahead = house.get("fin", "/forecast/run-outs?days=14").json()
    assert (ahead["days"], len(ahead["expected"]), ahead["likely"]) == (14, 14, 0)
    past = house.get("fin", "/exposure/past?by=plan").json()
    assert [(one["key"], one["released"]["amount"]) for one in past["items"]] == [("stipend", "500")]
    assert house.get("fin", "/exposure/past?at=2020-01-01").json()["items"] == []
    assert house.get("fin", "/exposure/past?at=2999-01-01").json()["field"] == "at"
    found = house.get("fin", "/price-scenario?family=claude&change=-30%25").json()
    worth = {one["scenario"]: one["in_dollars"]["nanos"] for one in found["worth"]}
    assert int(worth["-67 % a year"]) // 10**9 == 17_407
    assert house.get("fin", "/price-scenario?family=claude").json()["field"] == "change"
    for path in ("/forecast/run-outs", "/exposure/past", "/price-scenario"):
        assert house.get("ada", path).status_code == 403
