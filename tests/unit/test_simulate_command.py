"""`plan simulate` as somebody types it: tables, JSON, a report, and refusals that say what to do."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from bursar.cli.app import command_line
from bursar.cli.render import console
from bursar.cli.simulate import simulate
from bursar.errors import BursarError
from bursar.ledger import Charge, Request, Usage, apply_now
from bursar.office.desk import open_desk

app = typer.Typer()
app.command()(simulate)

PLAN = """
bursar: plan/1
name: engineering
title: Engineering
allotment: {every: month}
tiers: [{name: senior, when: {level: L5}, amount: $800}]
otherwise: {name: everyone, amount: $400}
"""


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal that has room for everything, whatever the machine's is."""
    monkeypatch.setattr(console, "_width", 160)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "plan.yaml").write_text(PLAN)
    (tmp_path / "other.yaml").write_text(
        PLAN.replace("name: engineering", "name: rolling").replace("title: Engineering", "title: Rolling")
        + "rollover: {periods: unlimited}\n"
    )
    rows = [f"p{number},L{4 + number % 2}," for number in range(40)]
    (tmp_path / "people.csv").write_text("\n".join(["handle,level,hire_date", *rows, "new,L5,2027-02-15"]))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def typed(*words: str) -> str:
    base = ["plan.yaml", "--months", "3", "--scenarios", "20", "--from", "2027-01"]
    found = CliRunner(env={"COLUMNS": "160"}).invoke(app, [*base, *words], catch_exceptions=False)
    assert found.exit_code == 0, found.output
    return found.output


def test_a_plan_is_shown_by_month_and_by_tier(place: Path) -> None:
    text = typed("--roster", "people.csv", "--contract-discount", "25%")
    for part in ("41 people, 3 months, 20 scenarios", "cost at contract", "2027-03", "senior", "everyone", "●"):
        assert part in text


def test_two_plans_side_by_side_with_a_report(place: Path) -> None:
    text = typed("--roster", "people.csv", "--against", "other.yaml", "--html", "report.html")
    assert "Rolling less Engineering" in text
    assert "Rolling costs less in" in text
    assert (place / "report.html").read_text().startswith("<!doctype html>")


def test_the_exact_figures_as_json(place: Path) -> None:
    words = (
        "--roster",
        "people.csv",
        "--json",
        "--steady",
        "--no-burst",
        "--usage",
        "$100@0",
        "--usage",
        "senior=$200@0",
    )
    found = json.loads(typed(*words))
    months = found["plans"][0]["parts"][0]["months"]
    assert months[0]["cost_list_nanos"]["p50"] == (20 * 100 + 20 * 200) * 10**9
    assert [month["people"] for month in months] == [40, 41, 41]
    assert found["comparison"] is None


def test_two_versions_of_a_plan_are_told_apart(place: Path) -> None:
    (place / "other.yaml").write_text(PLAN.replace("$400", "$500"))
    text = typed("--roster", "people.csv", "--against", "other.yaml")
    assert "Engineering (second) less Engineering (first)" in text


def test_plans_in_two_currencies_have_no_difference(place: Path) -> None:
    (place / "other.yaml").write_text("bursar: plan/1\nname: e\ntitle: E\ncurrency: EUR\nallotment: {amount: 9 EUR}\n")
    with pytest.raises(BursarError, match="EUR"):
        typed("--roster", "people.csv", "--against", "other.yaml")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--roster", "nobody.csv"], "there is no file"),
        (["--roster", "plan.yaml"], "header"),
        (["--months", "0"], "months: found 0"),
        (["--scenarios", "100000"], "scenarios: found 100,000"),
        (["--price", "free"], "price: found 'free'"),
        (["--usage", "staff=heavy"], "a tier of the plan: everyone, senior"),
        (["--contract-discount", "120%"], "contract-discount: found '120%'"),
        (["--contract-discount", "nan%"], "contract-discount: found 'nan%'"),
        (["--from", "2027-13"], "from: found '2027-13'"),
        (["--growth", "0"], "growth: found 0"),
        (["--unit-price", "3 tokens"], "unit-price"),
        (["--html", "no/such/folder.html"], "html"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(place: Path, words: list[str], sentence: str) -> None:
    roster = [] if "--roster" in words else ["--roster", "people.csv"]
    with pytest.raises(BursarError) as refused:
        CliRunner().invoke(app, ["plan.yaml", *roster, *words], catch_exceptions=False)
    assert sentence in refused.value.sentence


def test_the_roster_and_its_use_come_from_the_database(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BURSAR_HOME", str(place / "home"))
    runner = CliRunner()
    assert runner.invoke(command_line(), ["init"], catch_exceptions=False).exit_code == 0
    with pytest.raises(BursarError, match="nobody in the database"):
        typed()
    assert (
        runner.invoke(command_line(), ["person", "add", "ada", "--level", "L5"], catch_exceptions=False).exit_code == 0
    )
    assert "Engineering: 1 person," in typed()
    desk = open_desk()
    last_month = (datetime.now(UTC).replace(day=1) - timedelta(days=3)).timestamp()
    at, nanos = int(last_month) * 1_000_000, 70 * 10**9
    usage = Usage(request_id="r", provider="openai", model="gpt-5", list_nanos=nanos, cost_nanos=nanos, at=at)
    charge = Charge("charge:1", desk.person("ada")["id"], "USD", nanos, Request("openai", "gpt-5", "work"), usage)
    apply_now(desk.store, [charge], at)
    desk.close()
    text = typed("--steady", "--no-burst")
    assert "Use is drawn from the history of 1 person." in text
    assert "$210" in text
