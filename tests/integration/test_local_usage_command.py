"""`bursar usage local` as a person has it: no installation, a table that says what it left out, the same as JSON."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.support.local_logs import claude, counts, opened, record, turn
from tests.support.terminal import Terminal

from bursar.money import NANO


@pytest.fixture
def shell(tmp_path: Path) -> Terminal:
    """A shell without an installation, at home in a folder with logs of both clients."""
    one = Terminal(tmp_path / "nothing")
    home = tmp_path / "home"
    one.environment |= {"HOME": str(home)}
    for name in ("CLAUDE_CONFIG_DIR", "CODEX_HOME", "XDG_CONFIG_HOME"):
        one.environment.pop(name, None)
    log = home / ".claude/projects/-home-ada-secret-search/s-1.jsonl"
    log.parent.mkdir(parents=True)
    log.write_text(
        claude("msg_1", input=0, output=2_000_000, timestamp="2026-10-01T10:00:00Z")
        + claude("msg_2", input=0, output=4_000_000, timestamp="2026-10-20T10:00:00Z", cwd="/home/ada/[red]shop")
        + claude("msg_3", model="kimi-k2.5", timestamp="2026-10-21T10:00:00Z")
        + "half a li\n"
    )
    rollout = home / ".codex/sessions/2026/11/21/rollout-2026.jsonl"
    rollout.parent.mkdir(parents=True)
    rollout.write_text(opened() + turn("gpt-5") + record("resp_1", counts(0, 1_000_000), "2026-11-09T12:00:00Z"))
    return one


def test_the_table_says_what_it_comes_to_how_long_money_lasts_and_what_is_not_in_it(
    shell: Terminal, tmp_path: Path
) -> None:
    text = shell.run("usage", "local")
    assert "$40.00 at list price" in text
    assert "2026-10-01 to 2026-11-09, usage on 4 of 40 days" in text
    assert "claude-haiku-4-5-20251001" in text
    # $40 in 40 days and 30.4375 days in a month.
    assert "On a day with usage $10.00, in a month $30.44." in text
    assert "At this rate $10,000 lasts 27 years." in text
    assert "Without a price, and in no sum:" in text
    assert "kimi-k2.5" in text
    assert "1 line or file left out:" in text
    assert "s-1.jsonl:4: line: found no JSON object" in text
    assert "secret" not in text
    assert not (tmp_path / "nothing").exists()


def test_the_json_has_every_figure_exactly(shell: Terminal) -> None:
    found = shell.json("usage", "local", "--by", "month")
    assert found["list_nanos"] == 40 * NANO
    assert (found["days_covered"], found["active_days"], found["requests"]) == (40, 4, 4)
    assert found["months"] == [
        {"year": 2026, "month": 10, "nanos": 30 * NANO, "days_covered": 31},
        {"year": 2026, "month": 11, "nanos": 10 * NANO, "days_covered": 9},
    ]
    assert [(row["key"], row["list_nanos"], row["unpriced_tokens"]) for row in found["rows"]] == [
        ("2026-10", 30 * NANO, 110),
        ("2026-11", 10 * NANO, 0),
    ]
    assert found["per_month_nanos"] == 30_437_500_000
    assert found["months_of_10000_usd"] == 328.54
    assert [(one["model"], one["tokens"]) for one in found["unpriced"]] == [("kimi-k2.5", {"input": 10, "output": 100})]
    assert found["skipped"] == [
        {
            "file": "s-1.jsonl",
            "line": 4,
            "reason": "line: found no JSON object, expected a whole line of a log; the writer may have been cut",
        }
    ]


@pytest.mark.parametrize("by", ["day", "month", "model", "project", "session"])
def test_every_grouping_has_its_table(shell: Terminal, by: str) -> None:
    text = shell.run("usage", "local", "--by", by)
    assert {
        "day": "2026-10-20",
        "month": "2026-11",
        "model": "gpt-5",
        "project": "[red]shop",
        "session": "01a1fede-af22-7962-91a3-5fb166ae9d34",
    }[by] in text


def test_from_a_day_on(shell: Terminal) -> None:
    found = shell.json("usage", "local", "--since", "2026-11-01")
    assert (found["list_nanos"], found["days_covered"]) == (10 * NANO, 9)
    assert "$10.00 at list" in shell.run("usage", "local", "--since", "2026-11-01")
    few = shell.run("usage", "local", "--since", "2026-11-05")
    assert "2026-11-05 to 2026-11-09, usage on 1 of 5 days" in few
    assert "That is by 5 days, a small sample of a month." in few


def test_a_bill_is_read_in_place_of_the_logs_and_paths_beside_it(shell: Terminal, tmp_path: Path) -> None:
    bill = tmp_path / "bill.csv"
    bill.write_text("date,cost\n2026-11-05,3\n2026-11-06,4\n")
    alone = shell.json("usage", "local", "--csv", str(bill))
    assert (alone["list_nanos"], alone["stated_nanos"], alone["rows"][0]["key"]) == (7 * NANO, 7 * NANO, "")
    beside: dict[str, Any] = shell.json("usage", "local", f"{tmp_path}/home", "--csv", str(bill))
    assert beside["list_nanos"] == 47 * NANO
    text = shell.run("usage", "local", "--csv", str(bill))
    assert "$7.00 of it is what the bill says" in text
    assert "(not named)" in text


def test_mistakes_are_told_in_a_sentence(shell: Terminal, tmp_path: Path) -> None:
    assert "by: found 'hour', expected one of day, month" in shell.run("usage", "local", "--by", "hour", expect=2)
    assert "since: found 'soon'" in shell.run("usage", "local", "--since", "soon", expect=2)
    assert "path: found" in shell.run("usage", "local", f"{tmp_path}/none", expect=2)
    (tmp_path / "who.csv").write_text("who\nada\n")
    assert "header: found other columns" in shell.run("usage", "local", "--csv", f"{tmp_path}/who.csv")


def test_a_machine_without_logs_says_where_it_looked(tmp_path: Path) -> None:
    shell = Terminal(tmp_path / "nothing")
    shell.environment |= {"HOME": str(tmp_path)}
    assert "No usage was found in ~/.claude/projects" in shell.run("usage", "local")
    empty = shell.json("usage", "local")
    assert (empty["first"], empty["list_nanos"], empty["months_of_10000_usd"], empty["rows"]) == (None, 0, None, [])
