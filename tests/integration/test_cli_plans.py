"""Plans on the command line: what a compensation team types, from a template to a person's last day."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.support.terminal import Terminal

PLAN = """\
bursar: plan/1
name: engineering
title: Engineering stipend
allotment: {every: month}
tiers: [{name: senior, when: {level: [L5, L6]}, amount: "$1,500"}]
otherwise: {amount: $500}
rollover: {cap: 50%, periods: 2}
limit: {then: [{request: {reason: required, approvers: [manager], up_to: $100}}, stop]}
notice: {adjust: 30 days, reduce: 30 days, revoke: 14 days}
statements: {tax: none, expectations: none, visibility: totals, rate_limits: none, changes: HR, approval_time: a day}
"""


def soon() -> str:
    """A day that lies ahead, but sooner than any notice."""
    return (datetime.now(UTC).date() + timedelta(days=5)).isoformat()


@pytest.fixture
def plan(terminal: Terminal, tmp_path: Path) -> Path:
    file = tmp_path / "eng.yaml"
    file.write_text(PLAN)
    terminal.run("plan", "apply", str(file))
    return file


def test_from_a_template_to_a_plan_in_force(terminal: Terminal, tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    assert "quarterly-rollover" in terminal.run("plan", "new")
    terminal.run("plan", "new", "quarterly-rollover", "--out", str(file))
    assert "no faults" in terminal.run("plan", "check", str(file))
    assert terminal.json("plan", "apply", str(file))["version"] == 1
    assert terminal.json("plan", "apply", str(file))["changed"] is False
    (listed,) = terminal.json("plan", "list")
    assert listed["version"] == 1
    assert "What happens to what is left over?" in terminal.run("plan", "show", listed["plan"], "--facts")
    assert "plan/1" in terminal.run("plan", "schema")


def test_a_fault_names_its_line_and_column(terminal: Terminal, tmp_path: Path) -> None:
    file = tmp_path / "bad.yaml"
    file.write_text(PLAN.replace("$500", "500"))
    told = terminal.run("plan", "check", str(file), expect=2)
    assert "bad.yaml:6:13: otherwise.amount: found 500" in told.replace("\n        ", " ")
    file.write_text(PLAN.replace("UTC", "Europe/Berln").replace("title:", "zone: Europe/Berln\ntitle:"))
    assert "Europe/Berlin" in terminal.run("plan", "check", str(file), expect=2)


def test_a_grant_through_its_life(terminal: Terminal, plan: Path) -> None:
    would = terminal.json("grant", "give", "ada", "--plan", "engineering", "--dry-run")
    assert would["dry_run"] is True
    given = terminal.json("grant", "give", "ada", "--plan", "engineering")
    assert given["terms"] == "$500.00 every month"
    assert terminal.json("balance", "ada")["available_nanos"] > 0
    assert "is released" in terminal.run("plan", "explain", "--person", "ada", "--months", "3")
    assert "Nothing is due" in terminal.run("calendar", "due")
    assert terminal.json("calendar", "due", "--until", "2099-01-01")
    assert "already" in terminal.run("grant", "give", "ada", "--plan", "engineering", expect=4)
    earlier = terminal.run(
        "grant", "amend", given["grant"], "--amount", "$100", "--reason", "b", "--effective", soon(), expect=4
    )
    assert "first possible date" in earlier
    kinds = terminal.json("grant", "amend", given["grant"], "--amount", "$400", "--reason", "budget", "--dry-run")
    assert (kinds["kind"], kinds["dry_run"]) == ("reduce", True)
    assert (
        terminal.json("grant", "amend", given["grant"], "--tier", "senior", "--reason", "exception")["kind"]
        == "improve"
    )
    assert "until" in terminal.run(
        "grant", "suspend", given["grant"], "--from", "2090-01-01", "--until", "2090-06-01", "--dry-run"
    )
    assert terminal.json("grant", "revoke", given["grant"], "--dry-run")["coming"]
    assert terminal.json("person", "leave", "ada", "2099-12-31")["grants"]


def test_asking_for_more_from_request_to_approval(terminal: Terminal, plan: Path) -> None:
    terminal.run("person", "add", "grace")
    terminal.run("person", "change", "ada", "--manager", "grace")
    terminal.run("grant", "give", "ada", "--plan", "engineering")
    before = terminal.json("balance", "ada")["available_nanos"]
    assert "a reason" in terminal.run("topup", "request", "ada", "$50", expect=2)
    assert "at most $100" in terminal.run("topup", "request", "ada", "$500", "--reason", "x", expect=2)
    asked = terminal.json("topup", "request", "ada", "$50", "--reason", "a migration")
    assert asked["waits_for"] == "grace"
    assert "nobody decides" in terminal.run("topup", "approve", asked["id"], "--by", "ada", expect=5)
    assert terminal.json("topup", "list", "--waiting-for", "grace")[0]["id"] == asked["id"]
    assert terminal.json("topup", "approve", asked["id"], "--by", "grace")["state"] == "approved"
    assert terminal.json("balance", "ada")["available_nanos"] == before + 50 * 10**9
    told = [(one["person"], one["kind"]) for one in terminal.json("notify", "list")]
    assert sorted(told) == [("ada", "topup_decided"), ("grace", "topup_requested")]
    assert "half of 1 requests were decided within 0 minutes" in terminal.run("plan", "show", "engineering", "--facts")
    assert "approved already" in terminal.run("topup", "deny", asked["id"], "--by", "grace", expect=4)
    assert "clean" in terminal.run("ledger", "verify")


def test_a_changed_plan_follows_after_its_notice_and_can_be_replayed(terminal: Terminal, plan: Path) -> None:
    terminal.run("grant", "give", "ada", "--plan", "engineering")
    less = plan.with_name("less.yaml")
    less.write_text(PLAN.replace("$500", "$300"))
    assert "otherwise" in terminal.run("plan", "diff", "engineering", str(less))
    assert "first possible date" in terminal.run("plan", "apply", str(less), "--effective", soon(), expect=4)
    would = terminal.json("plan", "apply", str(less), "--dry-run")
    assert [(one["before"], one["after"]) for one in would["grants"]] == [
        ("$500.00 every month", "$300.00 every month")
    ]
    assert terminal.json("plan", "list")[-1]["version"] == 1
    assert terminal.json("plan", "apply", str(less))["version"] == 2
    told = terminal.json("plan", "replay", str(less), "--from", "2020-01-01")
    assert told["people"][0]["person"] == "ada"


def test_pools_and_consents(terminal: Terminal, plan: Path) -> None:
    assert terminal.json("pool", "give", "platform", "$50")["pool"] == "pool:platform"
    assert terminal.json("pool", "list")[0]["available_nanos"] == 50 * 10**9
    terminal.run("consent", "give", "ada", "--yes")
    assert "own_money" in terminal.run("consent", "list", "ada")
    terminal.run("consent", "withdraw", "ada")


def test_what_vests_on_an_event_and_what_is_accelerated(terminal: Terminal, tmp_path: Path) -> None:
    told = "statements: {" + PLAN.split("statements: {")[1]
    event = tmp_path / "launch.yaml"
    event.write_text(
        "bursar: plan/1\nname: launch\ntitle: Launch\nclass: benefit\nallotment: {amount: $900, every: once}\n"
        "vesting: {on_event: launch, deadline: 3 years}\n" + told
    )
    slow = tmp_path / "slow.yaml"
    slow.write_text(
        "bursar: plan/1\nname: slow\ntitle: Slow\nclass: benefit\nallotment: {amount: $4800, every: once}\n"
        "vesting: {over: 4 years, every: month, cliff: 1 year}\n" + told
    )
    for file in (event, slow):
        terminal.run("plan", "apply", str(file))
    waiting = terminal.json("grant", "give", "ada", "--plan", "launch")["grant"]
    assert terminal.json("balance", "ada")["available_nanos"] == 0
    assert "vests on: launch" in terminal.run("grant", "event", waiting, "sale", "--reason", "x", expect=2)
    terminal.run("grant", "event", waiting, "launch", "--reason", "shipped")
    assert terminal.json("balance", "ada")["available_nanos"] == 900 * 10**9
    vesting = terminal.json("grant", "give", "ada", "--plan", "slow")["grant"]
    would = terminal.json("grant", "accelerate", vesting, "--share", "50%", "--reason", "sale", "--dry-run")
    assert next(one["amount_nanos"] for one in would["coming"]) == 2400 * 10**9
    terminal.run("grant", "accelerate", vesting, "--reason", "sale")
    assert terminal.json("balance", "ada")["available_nanos"] == (900 + 4800) * 10**9
    terms = json.loads(terminal.run("plan", "ocf", "slow"))
    assert (terms["file_type"], terms["items"][0]["id"]) == ("OCF_VESTING_TERMS_FILE", "slow")
    assert "TX_VESTING_EVENT" in terminal.run("plan", "ocf", "launch", "--transactions")
    assert "clean" in terminal.run("ledger", "verify")


def test_a_roster_moves_people_between_tiers_and_leaves_exceptions_alone(
    terminal: Terminal, plan: Path, tmp_path: Path
) -> None:
    terminal.run("person", "add", "bob", "--level", "L4")
    terminal.run("grant", "give", "ada", "--plan", "engineering", "--tier", "senior", "--note", "exception")
    terminal.run("grant", "give", "bob", "--plan", "engineering")
    before = terminal.json("balance", "bob")["available_nanos"]
    roster = tmp_path / "people.csv"
    roster.write_text("handle,level,location\nada,L4,Porto\nbob,L5,Porto\n")
    terminal.run("person", "import", str(roster))
    assert "is released" in terminal.run("plan", "explain", "--person", "bob", "--months", "2")
    assert terminal.json("balance", "bob")["available_nanos"] > before
    told = terminal.run("plan", "explain", "--person", "ada", "--months", "2")
    assert "$1,500.00 is released" in told


def test_a_plan_that_leaves_somebody_with_nothing_is_not_clean(terminal: Terminal, tmp_path: Path) -> None:
    file = tmp_path / "tiers.yaml"
    tiers = "tiers: [{name: senior, when: {level: senior}, amount: $100}]\nallotment: {every: month}\n"
    file.write_text(f"bursar: plan/1\nname: tiers\ntitle: Tiers\n{tiers}")
    assert "has no faults" in terminal.run("plan", "check", str(file))
    told = terminal.run("plan", "check", str(file), "--roster", expect=2)
    assert "nobody's tier for ada" in told
    file.write_text(f"bursar: plan/1\nname: tiers\ntitle: Tiers\n{tiers}otherwise: {{amount: $10}}\nfloor: $10\n")
    assert "has no faults" in terminal.run("plan", "check", str(file), "--roster")
    file.write_text(f"bursar: plan/1\nname: tiers\ntitle: Tiers\n{tiers}for: {{level: senior}}\n")
    assert "has no faults" in terminal.run("plan", "check", str(file), "--roster")
