"""Bills and logs from files, and reconciling from the command line."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.support.local_logs import claude
from tests.support.terminal import Terminal

from bursar.ledger import Charge, LotTerms, Release, Request, Usage, apply_now
from bursar.office import months
from bursar.office.desk import open_desk
from bursar.office.settings import Settings

MONTH = months.following(months.month_of(int(datetime.now(UTC).timestamp()) * 1_000_000), -1)
START, END = months.micros_of(MONTH)
DAY = f"{MONTH}-05"
AT = START + 4 * months.MICROS_PER_DAY + 9 * 3_600_000_000
HEADER = "date,model,api_key_id,num_model_requests,input_tokens,input_cached_tokens,output_tokens\n"
GOOD = f"{DAY},gemini-2.5-flash,key_gateway,1,1000,0,50\n"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Terminal:
    """Ada with one charge of last month, of a provider whose bill comes as a file."""
    home = tmp_path_factory.mktemp("reconcile") / "home"
    terminal = Terminal(home)
    terminal.run("init")
    terminal.run("person", "add", "ada", "--email", "ada@example.com")
    desk = open_desk(Settings(home=home), actor="test")
    ada = desk.person("ada")["id"]
    usage = Usage(
        request_id="req_1",
        provider="google",
        model="gemini-2.5-flash",
        tokens={"input": 1000, "output": 30, "reasoning": 20},
        list_nanos=425_000,
        cost_nanos=425_000,
        at=AT,
    )
    lot = LotTerms("lot_1", "USD", 10**11, START, END + 10**13)
    charge = Charge("one", ada, "USD", 425_000, Request("google", usage.model, "work"), usage)
    apply_now(desk.store, [Release("release:1", ada, lot), charge], AT)
    desk.close()
    return terminal


def test_a_bill_as_a_file_is_imported_once_and_held_against_the_charges(house: Terminal, tmp_path: Path) -> None:
    bill = tmp_path / "google.csv"
    shadow = f"{DAY},gemini-2.5-flash,key_shadow,2,7000,0,90\n"
    bill.write_text(HEADER + GOOD + shadow)
    dry = house.json("import", "usage", str(bill), "--provider", "google", "--dry-run")
    assert (dry["lines"], dry["changed"], dry["dry_run"]) == (2, 2, True)
    assert "has told nothing" in house.run("reconcile", "google", "--month", MONTH, expect=3)
    assert house.json("import", "usage", str(bill), "--provider", "google")["changed"] == 2
    assert house.json("import", "usage", str(bill), "--provider", "google")["changed"] == 0

    found = house.json("reconcile", "google", "--month", MONTH)
    assert [(one["kind"], one["key"], one["tokens"]) for one in found["findings"]] == [
        ("suspense", "key_shadow", {"input": 7000, "output": 90})
    ]
    assert found["applied"] is False
    assert "Nothing was changed" in house.run("reconcile", "google", "--month", MONTH)
    assert house.json("suspense", "list") == []

    house.run("provider", "key", "google", "key_gateway", "--gateway")
    house.run("provider", "key", "google", "key_shadow", "--person", "ada")
    done = house.json("reconcile", "google", "--month", MONTH, "--apply")
    assert (done["charged"], done["unexplained"], done["assumed_keys"]) == (1, 0, False)
    assert house.json("reconcile", "google", "--month", MONTH, "--apply")["findings"] == []

    # The bill again, with a row more: only that is new.
    bill.write_text(HEADER + GOOD + shadow + f"{DAY},gemini-2.5-flash,key_who,1,11,0,5\n")
    assert house.json("import", "usage", str(bill), "--provider", "google")["changed"] == 1
    house.run("reconcile", "google", "--month", MONTH, "--apply")
    (entry,) = house.json("suspense", "list", "--month", MONTH)
    assert entry["tokens"] == {"input": 11, "output": 5}
    assert "expected a sentence" in house.run("suspense", "dismiss", entry["place"], "--note", " ", expect=2)
    house.run("suspense", "dismiss", entry["place"], "--note", "a vendor's trial")
    assert house.json("reconcile", "google", "--month", MONTH)["findings"] == []


def test_columns_of_other_names_are_mapped_and_wrong_rows_are_told_or_left_out(house: Terminal, tmp_path: Path) -> None:
    bill = tmp_path / "groq.csv"
    bill.write_text(f"Datum;Modell;Ein;Aus\n{DAY};llama-3.3-70b-versatile;100;5\nheute;llama;x;1\n{DAY};llama;-4;1\n")
    given = [
        word
        for pair in ("Datum=date", "Modell=model", "Ein=input_tokens", "Aus=output_tokens")
        for word in ("--map", pair)
    ]
    command = ["import", "usage", str(bill), "--provider", "groq"]
    assert "other columns" in house.run(*command, expect=2)
    said = house.run(*command, *given, expect=2)
    assert "line 3" in said
    assert "line 4" in said
    assert house.json(*command, *given, "--leave-out")["lines"] == 1
    assert "expected a column of the file" in house.run(*command, "--map", "Tag=date", expect=2)
    assert "expected one of" in house.run(*command, "--map", "Datum=birthday", expect=2)


def test_a_clients_log_is_evidence_of_whose_use_it_was_and_charges_nothing(house: Terminal, tmp_path: Path) -> None:
    log = tmp_path / "session.jsonl"
    log.write_text(claude("msg_1", input=300, output=40, timestamp=f"{DAY}T10:00:00.000Z"))
    spent = house.json("balance", "ada")["spent_nanos"]
    assert house.json("import", "usage", str(log), "--person", "ada")["changed"] == 1
    assert house.json("import", "usage", str(log), "--person", "ada")["changed"] == 0
    assert house.json("balance", "ada")["spent_nanos"] == spent
    bill = tmp_path / "anthropic.csv"
    bill.write_text(
        "usage_date_utc,model_version,api_key,usage_input_tokens_no_cache,usage_output_tokens\n"
        f"{DAY},claude-haiku-4-5-20251001,somebody,300,40\n"
    )
    house.run("import", "usage", str(bill), "--provider", "anthropic")
    (one,) = house.json("reconcile", "anthropic", "--month", MONTH)["findings"]
    assert (one["kind"], one["person"], one["why"]) == ("outside", "ada", "by telemetry")
    house.run("reconcile", "anthropic", "--month", MONTH, "--apply")
    assert house.json("balance", "ada")["spent_nanos"] > spent
    assert house.json("reconcile", "anthropic", "--month", MONTH)["findings"] == []


def test_admin_keys_are_named_kept_and_forgotten_without_being_shown(house: Terminal) -> None:
    house.environment["ADMIN"] = "sk-admin-canary"
    said = house.run("provider", "admin-key", "openai", "--secret-env", "ADMIN")
    assert "canary" not in said
    assert "expected the organisation whose seats" in house.run(
        "provider", "admin-key", "copilot", "--secret-env", "ADMIN", expect=2
    )
    assert "expected openai, anthropic" in house.run("provider", "admin-key", "groq", "--secret-env", "ADMIN", expect=2)
    assert json.loads(house.run("provider", "admin-key", "openai", "--forget", "--json"))["forgotten"] is True
    house.run("provider", "admin-key", "openai", "--forget", expect=3)
