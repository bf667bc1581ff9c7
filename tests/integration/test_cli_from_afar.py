"""Commands that ask an installation elsewhere say what they would say there."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from typing import Any

import pytest
from tests.support.api import Served, served
from typer.testing import CliRunner

from bursar.cli.app import command_line
from bursar.errors import BursarError, Conflict, InvalidInput
from bursar.office.granting import promises

LOCAL = ("HOME", "PATH", "COLUMNS")


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("afar")) as found:
        found.desk.give("ada", "$25", label="signing credit")
        found.desk.give("ada", "40 GPU-h", label="cluster")
        promises.give(found.desk, "ada", "stipend")
        found.desk.issue_key("ada", label="laptop", cap="$20")
        line = f"id,person,amount,time,model\nu1,ada,$3.5,{_now()},big\nu2,ada,2 GPU-h,{_now()},h100\n"
        found.ask("plat", "POST", "/usage-events", content=line, headers={"Content-Type": "text/csv"})
        yield found


def _now() -> str:
    from datetime import UTC, datetime

    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def typed(house: Served, login: str, *words: str) -> str:
    """What a command prints: on the spot for no login, else from afar as somebody."""
    here = {"BURSAR_HOME": str(house.settings.home), "BURSAR_URL": "", "BURSAR_TOKEN": ""}
    afar = {"BURSAR_HOME": "/nowhere", "BURSAR_URL": house.url, "BURSAR_TOKEN": house.tokens.get(login, "")}
    runner = CliRunner(env={"COLUMNS": "200", **(afar if login else here)})
    found = runner.invoke(command_line(words[0]), list(words), catch_exceptions=True)
    if isinstance(found.exception, BursarError):
        raise found.exception
    assert found.exit_code == 0, found.output
    return found.output


def told(house: Served, login: str, *words: str) -> Any:
    return json.loads(typed(house, login, *words, "--json"))


MOVES = {"at", "until", "days_left", "cost_nanos"}
"""What is of the instant of asking; and what is not told from afar."""


def steady(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: steady(one) for name, one in value.items() if name not in MOVES}
    return [steady(one) for one in value] if isinstance(value, list) else value


@pytest.mark.parametrize(
    ("login", "words"),
    [
        ("ada", ("balance", "ada")),
        ("ada", ("statement", "ada")),
        ("ada", ("key", "list", "ada")),
        ("cora", ("plan", "list")),
        ("cora", ("plan", "show", "stipend")),
        ("aud", ("exposure",)),
        ("aud", ("exposure", "--unit", "gpu-h")),
        ("ada", ("usage", "--person", "ada", "--by", "model")),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else value,
)
def test_a_command_says_the_same_from_afar(house: Served, login: str, words: tuple[str, ...]) -> None:
    here, afar = steady(told(house, "", *words)), steady(told(house, login, *words))
    if words[0] == "usage":
        here, afar = _without_days(here), _without_days(afar)
    assert afar == here


def _without_days(found: dict[str, Any]) -> Any:
    """From afar, days without use are left out of the line above the table."""
    for one in (found, *found["other_units"]):
        one["spent_by_day_nanos"] = [amount for amount in one["spent_by_day_nanos"] if amount]
    return found


def test_what_people_read_is_the_same_too(house: Served) -> None:
    for login, *words in (
        ("ada", "key", "list", "ada"),
        ("cora", "plan", "show", "stipend", "--facts"),
        ("cora", "plan", "list"),
    ):
        assert typed(house, login, *words) == typed(house, "", *words)
    assert "$3.50" in typed(house, "ada", "usage", "--person", "@me")


def test_keys_are_issued_rotated_and_ended_from_afar(house: Served) -> None:
    made = told(house, "ada", "key", "issue", "@me", "--label", "afar", "--cap", "$5", "--model", "gpt-*")
    assert made["token"].startswith("bur_live_")
    assert made["cap_nanos"] == 5 * 10**9
    assert told(house, "ada", "key", "rotate", made["id"])["token"] != made["token"]
    assert told(house, "ada", "key", "pause", made["id"])["state"] == "paused"
    assert told(house, "ada", "key", "resume", made["id"])["state"] == "live"
    assert told(house, "ada", "key", "revoke", made["id"])["state"] == "revoked"
    states = {one["id"]: one["state"] for one in told(house, "", "key", "list", "ada")}
    assert states[made["id"]] == "revoked"


def test_asking_and_deciding_go_from_afar(house: Served) -> None:
    asked = told(house, "ada", "topup", "request", "@me", "$30", "--reason", "afar")
    assert (asked["state"], asked["waits_for"]) == ("open", "mia")
    assert [one["id"] for one in told(house, "mia", "topup", "list", "--waiting-for", "@me")] == [asked["id"]]
    assert told(house, "mia", "topup", "approve", asked["id"], "--note", "go")["state"] == "approved"
    assert told(house, "ada", "topup", "list", "--person", "@me")[0]["decided_by"] == "mia"
    with pytest.raises(InvalidInput, match="by"):
        typed(house, "mia", "topup", "deny", asked["id"], "--by", "mia")
    with pytest.raises(InvalidInput, match="by"):
        typed(house, "", "topup", "deny", asked["id"])
    with pytest.raises(Conflict):
        typed(house, "mia", "topup", "deny", asked["id"])


def test_a_command_that_works_on_the_installation_says_so(house: Served) -> None:
    for words in (("person", "list"), ("calendar", "due"), ("ledger", "verify")):
        with pytest.raises(InvalidInput, match="works on the installation itself"):
            typed(house, "ada", *words)


def test_a_url_without_a_token_is_said(house: Served) -> None:
    with pytest.raises(InvalidInput, match="BURSAR_TOKEN"):
        typed(house, "nobody", "balance", "ada")
    assert "BURSAR_URL" not in os.environ
