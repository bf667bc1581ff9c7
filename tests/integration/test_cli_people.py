"""The people team's commands: a roster brought in, fairness told, a statement on paper."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.support.terminal import Terminal

BAD = (
    "Work email,Full name,Grade,Reports to,Start date,SSN\n"
    "ada@example.com,Ada Abara,L6,,2024-02-29,1\n"
    "new@example.com,New One,L4,ada@example.com,2026-01-05,2\n"
    "no address,Bad Mail,L4,,,3\n"
    "late@example.com,Late,L4,,2026-02-30,4\n"
    "new@example.com,New Again,L4,,,5\n"
    "x@example.com,X,L4,y@example.com,,6\n"
    "y@example.com,Y,L4,x@example.com,,7\n"
    "short@example.com,Short\n"
)


@pytest.fixture
def roster(tmp_path: Path) -> Path:
    file = tmp_path / "hr.csv"
    file.write_text(BAD)
    return file


def test_a_roster_with_bad_rows_is_refused_whole_and_each_row_says_why(terminal: Terminal, roster: Path) -> None:
    before = terminal.run("person", "list")
    found = json.loads(terminal.run("import", "roster", str(roster), "--guess", "--json", expect=2))
    assert (found["imported"], found["added"]) == (False, [])
    reasons = {one["line"]: (one["field"], one["found"]) for one in found["refused"]}
    assert reasons[4][0] == "email"
    assert reasons[5] == ("hire_date", "'2026-02-30'")
    assert reasons[9] == ("", "2 cells")
    told = terminal.run("import", "roster", str(roster), "--guess", expect=2)
    assert "Nothing was changed" in told
    assert terminal.run("person", "list") == before


def test_a_preview_shows_every_change_and_changes_nothing_then_the_good_rows_are_imported(
    terminal: Terminal, roster: Path
) -> None:
    arguments = ("import", "roster", str(roster), "--guess", "--leave-out-bad")
    before = terminal.run("person", "list")
    found = terminal.json(*arguments, "--preview")
    assert [one["handle"] for one in found["added"]] == ["new"]
    assert {one["handle"]: one["changes"]["level"] for one in found["updated"]} == {"ada": ["", "L6"]}
    assert {one["line"] for one in found["refused"]} == {4, 5, 6, 7, 8, 9}
    assert "-> " in next(one["found"] for one in found["refused"] if one["line"] == 7)
    assert terminal.run("person", "list") == before
    done = terminal.run(*arguments)
    assert "1 people were added, 1 updated" in done
    assert "rows are wrong" in done


def test_columns_are_mapped_by_hand_and_one_that_is_not_there_is_refused(terminal: Terminal, roster: Path) -> None:
    roster.write_text("wer,was\nzed,L4\n")
    mapped = ("import", "roster", str(roster), "--map", "wer=handle", "--map", "was=level")
    assert terminal.json(*mapped)["added"][0]["level"] == "L4"
    assert "shoe" in terminal.run(*mapped, "--map", "shoe=team", expect=2)
    assert "THEIRS=OURS" in terminal.run("import", "roster", str(roster), "--map", "wer", expect=2)


def test_fairness_is_told_in_the_terminal_and_exactly_and_of_a_past_day(terminal: Terminal, tmp_path: Path) -> None:
    assert "Fewer than 5 people" in terminal.run("report", "fairness")
    plan = tmp_path / "stipend.yaml"
    terminal.run("plan", "new", "stipend", "--out", str(plan))
    terminal.run("plan", "apply", str(plan))
    terminal.run("setting", "open", "grants-on-hire")
    rows = [f"p{one},{'L4' if one % 2 else 'L5'},{'core' if one < 8 else 'web'}" for one in range(14)]
    (tmp_path / "roster.csv").write_text("\n".join(["handle,level,team", *rows, "solo,L9,web"]))
    assert terminal.json("import", "roster", str(tmp_path / "roster.csv"))["granted"] == 15
    told = terminal.run("report", "fairness", "--by", "team")
    for word in ("Gini", "Theil", "Atkinson", "Palma", "share of people", "core"):
        assert word in told, word
    found = terminal.json("report", "fairness", "--by", "level")
    names = {one["name"]: one for one in found["groups"]}
    assert "L9" not in names
    assert sum(one["people"] for one in found["groups"]) == found["people"] == 16
    assert min(one["people"] for one in found["groups"]) >= 5
    assert found["inequality"]["share_without"] == 1 / 16  # Ada was there before
    assert found["lorenz"][0] == {"people": 0, "has": 0}
    assert found["lorenz"][-1] == {"people": 1, "has": 1}
    assert terminal.json("report", "fairness", "--at", "2020-01-01")["people"] == 0
    assert "one of level" in terminal.run("report", "fairness", "--by", "shoe", expect=2)
    assert "a day that has been" in terminal.run("report", "fairness", "--at", "2999-01-01", expect=2)


def test_a_statement_of_total_pay_is_told_and_printed(terminal: Terminal, tmp_path: Path) -> None:
    file = tmp_path / "ada.pdf"
    told = terminal.run("total-pay", "ada", "--salary", "$180,000", "--pdf", str(file))
    assert "tokens are not in it" in told
    assert file.read_bytes().startswith(b"%PDF-")
    found = terminal.json("total-pay", "ada")
    assert (found["pay"], found["tokens"]) == (None, None)
    assert "salary: found 'much'" in terminal.run("total-pay", "ada", "--salary", "much", expect=2)
    assert "a file that can be written" in terminal.run("total-pay", "ada", "--pdf", str(tmp_path), expect=2)
