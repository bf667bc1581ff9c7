"""The command line as a user has it: every command's own example, the JSON beside the table, errors that help."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.support.terminal import Terminal
from typer.main import get_command

from bursar.cli.app import command_line

NOT_RUN_HERE = {"serve", "demo", "init"}
"""Run in other tests: serve in test_kill, demo and init below."""


def commands() -> list[tuple[str, Any]]:
    found = []
    for name, command in get_command(command_line()).commands.items():
        children = getattr(command, "commands", None)
        found += [(f"{name} {child}", one) for child, one in children.items()] if children else [(name, command)]
    return found


@pytest.mark.parametrize(("name", "command"), commands(), ids=lambda one: one if isinstance(one, str) else "")
def test_every_command_says_what_it_does_with_an_example(name: str, command: Any) -> None:
    assert "Example: " in command.help
    assert f"bursar {name}" in command.help


def test_the_path_of_one_person_from_init_to_statement(terminal: Terminal) -> None:
    assert "Up to date" in terminal.run("init")
    given = terminal.json("grant", "give", "ada", "$500", "--expires", "2099-12-31", "--label", "December stipend")
    assert given["amount_nanos"] == 500 * 10**9
    key = terminal.json("key", "issue", "ada", "--label", "laptop", "--cap", "$20")
    assert key["token"].startswith("bur_live_")
    assert key["token"] not in terminal.run("key", "list", "ada")
    terminal.run("provider", "add", "openai", "--secret-env", "OPENAI_API_KEY")
    assert "sk-x" not in terminal.run("provider", "list")
    assert "500.00" in terminal.run("balance", "ada")
    assert "December stipend" in terminal.run("statement", "ada")
    assert terminal.json("grant", "list", "ada")[0]["available_nanos"] == 500 * 10**9
    assert "clean" in terminal.run("ledger", "verify")
    assert terminal.json("ledger", "verify")["anchor"]["seq"] > 0
    assert "price book" in terminal.run("doctor")
    assert "in flight" in terminal.run("top", "--once")
    assert terminal.json("top")["in_flight"] == []
    assert "Nothing was used" in terminal.run("usage", "--by", "person")
    revoked = terminal.json("grant", "revoke", given["grant"], "--note", "left")
    assert revoked["revoked_nanos"] == 500 * 10**9
    terminal.run("key", "revoke", key["id"], "--yes")
    assert "revoked" in terminal.run("key", "list", "ada")
    assert terminal.json("balance", "ada")["available_nanos"] == 0
    assert "2099" in terminal.run("grant", "list", "ada")


def test_a_balance_of_the_past_is_what_was_shown_then(terminal: Terminal) -> None:
    terminal.run("grant", "give", "ada", "$5")
    assert terminal.json("balance", "ada", "--at", "2020-01-01")["lots"] == []
    assert terminal.json("balance", "ada", "--at", "2099-01-01")["available_nanos"] == 5 * 10**9


def test_seats_and_gpu_hours_stand_beside_dollars_and_are_never_added_to_them(
    terminal: Terminal, tmp_path: Path
) -> None:
    terminal.run("grant", "give", "ada", "$500")
    assert "does not draw on this" in terminal.run("grant", "give", "ada", "40 GPU-h", "--label", "cluster")
    seat = terminal.json("seat", "add", "ada", "cursor", "$200")
    assert "cursor" in terminal.run("seat", "list", "ada")
    recorded = terminal.json("usage", "record", "ada", "1.5 GPU-h", "--model", "h100")
    assert [(one["amount"], one["late"]) for one in recorded["events"]] == [("1.5 GPU-h", False)]
    file = tmp_path / "usage.csv"
    file.write_text(f"id,person,amount,time\njob-1,ada,2 GPU-h,{recorded['events'][0]['at']}\n")
    assert "1 events would be recorded" in terminal.run("usage", "record", "--file", str(file), "--dry-run")
    terminal.run("usage", "record", "--file", str(file))
    assert terminal.json("usage", "record", "--file", str(file))["repeated"] == 1
    file.write_text(file.read_text().replace("2 GPU-h", "3 GPU-h"))
    assert "event 'job-1' of 'bursar:cli'" in terminal.run("usage", "record", "--file", str(file), expect=4)
    balance = terminal.json("balance", "ada")
    assert balance["available_nanos"] == 300 * 10**9
    assert [(one["unit"], one["available_nanos"]) for one in balance["other_units"]] == [("gpu-h", 365 * 10**8)]
    for words in (("balance", "ada"), ("statement", "ada"), ("grant", "list", "ada")):
        text = terminal.run(*words)
        assert "36.5 GPU-h" in text
        assert "$300.00" in text
    text = terminal.run("usage", "--by", "provider")
    assert "$200.00 spent" in text
    assert "3.5 GPU-h spent" in text
    assert "cursor" in terminal.run("calendar", "due", "--until", "2099-01-01", "--json")
    assert "ends on" in terminal.run("seat", "end", seat["id"], seat["starts"])
    given = terminal.json("grant", "list", "ada")[0]["grant"]
    terminal.run("grant", "revoke", given, "--yes")
    assert "clean" in terminal.run("ledger", "verify")


def test_prices_are_shown_and_set(terminal: Terminal) -> None:
    rows = terminal.json("price", "show", "claude-sonnet-4-5", "--provider", "anthropic")["rows"]
    assert {"what": "output", "list": "$15.00"}.items() <= {
        k: v for row in rows for k, v in row.items() if row["what"] == "output" and not row["note"]
    }.items()
    terminal.run("price", "set", "anthropic", "claude-*", "--discount", "12.5%")
    shown = terminal.json("price", "show", "claude-sonnet-4-5", "--provider", "anthropic")["rows"]
    assert any(row["what"] == "output" and row["cost"] == "$13.125" for row in shown)
    terminal.run("price", "set", "our-llama", "*", "--input", "$0.40", "--output", "$1.60")


def test_a_roster_is_imported_whole_or_not_at_all(terminal: Terminal, tmp_path: Path) -> None:
    roster = tmp_path / "roster.csv"
    roster.write_text(
        "handle,name,email,zone\nben,Ben,ben@example.com,Europe/Lisbon\nchloe,Chloe,chloe@example.com,Mars\n"
    )
    text = terminal.run("person", "import", str(roster), expect=2)
    assert "line 3: zone" in text
    assert [one["handle"] for one in terminal.json("person", "list")] == ["ada"]
    roster.write_text("handle,name,email\nben,Ben,ben@example.com\nada,Ada A.,\n")
    assert terminal.json("person", "import", str(roster), "--dry-run") == {
        "added": 1, "granted": 0, "updated": 1, "unchanged": 0, "refused": [], "dry_run": True,
    }  # fmt: skip
    terminal.run("person", "import", str(roster))
    assert [one["handle"] for one in terminal.json("person", "list")] == ["ada", "ben"]
    assert terminal.json("person", "import", str(roster))["unchanged"] == 2


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("balance", "nobody"), 3, "there is no person 'nobody'"),
        (("grant", "give", "ada", "1,25"), 2, "amount"),
        (("grant", "give", "ada", "100 parsecs"), 2, "tokens of <family>"),
        (("seat", "add", "ada", "copilot", "$19", "--every", "week"), 2, "every"),
        (("seat", "add", "ada", "copilot", "$19", "--proration", "hourly"), 2, "none or daily"),
        (("seat", "end", "seat_x", "2099-01-01"), 3, "there is no seat"),
        (("usage", "record", "ada"), 2, "--file"),
        (("usage", "record", "nobody", "1 GPU-h"), 3, "there is no person"),
        (("usage", "record", "ada", "1 GPU-h", "--time", "2001-01-01"), 2, "the last 35 days"),
        (("grant", "give", "ada", "$5", "--expires", "yesterday"), 2, "a date or time of ISO 8601"),
        (("grant", "give", "ada", "$5", "--expires", "2001-01-01"), 2, "in the future"),
        (("grant", "revoke", "grt_x", "--yes"), 3, "there is no grant"),
        (("key", "issue", "ada", "--purpose", "fun"), 2, "one of work, learning"),
        (("key", "revoke", "key_x", "--yes"), 3, "there is no key"),
        (("person", "add", "ada"), 4, "already"),
        (("person", "add", "Ada Abara"), 2, "handle"),
        (("provider", "add", "x", "--base-url", "ftp://x"), 2, "base_url"),
        (("provider", "add", "x", "--secret-env", "NO_SUCH_VARIABLE"), 2, "no value in"),
        (("price", "set", "openai", "*", "--discount", "half"), 2, "percentage"),
        (("usage", "--by", "colour"), 2, "one of person"),
        (("statement", "ada", "--from", "2026-02-01", "--until", "2026-01-01"), 2, "until"),
    ],
)
def test_bad_input_is_one_sentence_and_a_code(terminal: Terminal, words: tuple[str, ...], code: int, says: str) -> None:
    text = terminal.run(*words, expect=code)
    assert says in text
    assert text.startswith("bursar: ")


def test_without_an_installation_the_error_says_what_to_do(tmp_path: Path) -> None:
    assert "bursar init" in Terminal(tmp_path / "nowhere").run("balance", "ada", expect=3)


def test_a_tampered_ledger_is_found_out(terminal: Terminal, tmp_path: Path) -> None:
    import sqlite3

    terminal.run("grant", "give", "ada", "$5")
    with sqlite3.connect(tmp_path / "home" / "bursar.db") as connection:
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            connection.execute("UPDATE posting SET amount = amount + 1")
        connection.execute("DROP TRIGGER posting_keeps_update")
        connection.execute("UPDATE posting SET amount = amount + 1")
    connection.close()
    text = terminal.run("ledger", "verify", expect=1)
    assert "the hash of entries" in text
    assert "available is" in text


def test_the_demo_checks_itself_and_its_three_bills_agree(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path / "demo")
    outcome = terminal.json("demo", "--check", "--seconds", "2", "--people", "6")
    assert outcome["agree"]
    assert outcome["requests_charged"] > 10
    assert outcome["ledger_nanos"] == outcome["usage_rows_nanos"] == outcome["provider_bill_nanos"] > 0


def test_an_hour_of_a_gpu_has_a_price_from_a_day_on(terminal: Terminal) -> None:
    terminal.run("price", "set", "gpu", "h100", "--hour", "$2.50", "--from", "2026-01-01")
    assert (
        terminal.json("price", "worth", "40 GPU-h", "--model", "h100", "--at", "2026-03-01")["worth_nanos"]
        == 100 * 10**9
    )
    assert "no price of an hour" in terminal.run("price", "worth", "40 GPU-h", "--model", "h200", expect=3)
    assert "provider gpu" in terminal.run("price", "set", "openai", "gpt-4o", "--hour", "$1", expect=2)
