"""The demo's company, closed and exported by the commands: what others' checkers say of the files, and that they tie out."""

from __future__ import annotations

import csv
import json
import re
import stat
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from tests.support.checkers import run_checker
from tests.support.profile import NIGHTLY
from tests.support.terminal import Terminal

from bursar.demo.run import _company
from bursar.errors import Conflict
from bursar.office import months
from bursar.office.desk import Desk
from bursar.office.vault import create_master_key

CHART = """
bursar: books/1
accounts: {prepaid: {name: "Assets:Prepaid:Tokens", title: Prepaid tokens, code: "1410"}}
providers: {anthropic: prepaid, "*": payable}
accrual: {plans: accumulating, use: 60%}
purchases: [{day: DAY, provider: anthropic, amount: "$50,000"}]
"""


class Company:
    """A small demo company whose first two whole months are closed; the next one is over and open."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.desk: Desk
        self.desk, _ = _company(folder, "http://127.0.0.1:1", 4, 7)
        now = months.month_of(self.desk.now())
        self.months = [months.following(now, back) for back in (-3, -2, -1)]
        self.terminal = Terminal(folder)
        chart = folder / "chart.yaml"
        chart.write_text(CHART.replace("DAY", f"{self.months[0]}-03"), encoding="utf-8")
        self.terminal.run("books", "chart", str(chart))
        for month in self.months[:2]:
            self.terminal.run("books", "close", month)

    def file(self, *words: str, name: str) -> Path:
        path = self.folder / name
        self.terminal.run("export", *words, "-o", str(path), "--force")
        return path

    def span(self) -> tuple[str, ...]:
        return ("--from", self.months[0], "--to", self.months[-1])


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    folder = tmp_path_factory.mktemp("demo")
    create_master_key(folder / "master.key")
    found = Company(folder)
    yield found
    found.desk.close()


def test_bean_check_accepts_the_journal_and_every_entry_of_it_balances(company: Company) -> None:
    path = company.file("journal", *company.span(), name="books.beancount")
    said = run_checker("bean-check", str(path))
    assert (said.returncode, said.stdout + said.stderr) == (0, "")
    entries = re.split(r"\n\n", path.read_text(encoding="utf-8"))[2:]
    assert len(entries) >= 12
    for entry in entries:
        amounts = re.findall(r"^  [A-Z]\S*  (-?\d+)\.(\d{9}) USD$", entry, re.M)
        assert len(amounts) >= 2
        assert sum(int(whole + rest) for whole, rest in amounts) == 0, entry


def test_the_focus_validator_accepts_every_charge(company: Company) -> None:
    path = company.file("focus", *company.span(), name="focus.csv")
    said = run_checker("focus-validator", "--data-file", str(path), "--validate-version", "1.0")
    assert "Validation succeeded" in said.stdout, said.stdout[-2000:]


def test_focus_journal_and_close_say_the_same_of_every_month(company: Company) -> None:
    for month in company.months:
        with company.file("focus", "--month", month, name="month.csv").open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        (journal,) = company.terminal.json("export", "journal", "--month", month)
        cost = sum(Decimal(row["EffectiveCost"]) for row in rows)
        credited = -sum(
            line["nanos"]
            for entry in journal["entries"]
            if entry["kind"] in ("usage", "correction")
            for line in entry["lines"]
            if line["account"] in ("Assets:Prepaid:Tokens", "Liabilities:Payable:AI-Providers")
        )
        assert int(cost * 10**9) == credited
        assert int(sum(Decimal(row["ListCost"]) for row in rows) * 10**9) == journal["memo"]["list_nanos"] > 0
        if journal["closed"]:
            told = company.terminal.json("report", "close", "--month", month)
            assert (told["frozen"]["list_nanos"], told["intact"]) == (journal["memo"]["list_nanos"], True)
    assert [one["state"] for one in company.terminal.json("report", "close")["months"]][:4] == [
        "running",
        "open",
        "closed",
        "closed",
    ]


def test_the_query_of_a_line_lists_the_charges_behind_it(company: Company) -> None:
    (journal,) = company.terminal.json("export", "journal", "--month", company.months[0])
    lines = [line for entry in journal["entries"] for line in entry["lines"] if line["nanos"] > 0 and line["origin"]]
    line = next(one for one in lines if one["origin"]["purpose"] == "work")
    words = line["origin"]["query"].split()
    assert words[:3] == ["bursar", "export", "focus"]
    path = company.file(*words[2:], name="behind.csv")
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert int(sum(Decimal(row["EffectiveCost"]) for row in rows) * 10**9) == line["nanos"]
    assert len({row["ResourceId"] for row in rows}) == line["origin"]["people"]


@pytest.mark.skipif(not NIGHTLY, reason="loading pyarrow twice takes seconds; its rows have a test of their own")
def test_parquet_has_as_many_rows_as_the_csv(company: Company) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    month = ("--month", company.months[0], "--focus", "1.2")
    path = company.file("focus", *month, "--parquet", name="focus.parquet")
    lines = company.file("focus", *month, name="focus12.csv").read_bytes().count(b"\r\n")
    assert parquet.read_metadata(path).num_rows == lines - 1 > 100


def test_a_file_is_private_and_never_written_over_without_a_word(company: Company) -> None:
    path = company.folder / "payroll.csv"
    words = ("export", "payroll", "--month", company.months[1], "-o", str(path))
    company.terminal.run(
        *words, "--column", "Employee ID=person", "--column", "Deduct=own money to deduct USD", "--all"
    )
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_text().splitlines()[0] == "Employee ID,Deduct"
    before = path.read_bytes()
    assert "which exists" in company.terminal.run(*words, expect=2)
    assert path.read_bytes() == before
    told = json.loads(company.terminal.run(*words, "--force", "--json"))
    assert told["file"] == str(path)
    assert path.read_bytes() != before
    assert not list(company.folder.glob(".payroll*"))


def test_what_is_asked_wrongly_is_said_in_a_sentence(company: Company) -> None:
    for words, said in (
        (("focus", "--month", "2026-13"), "month: found '2026-13'"),
        (("focus", "--month", "2026-10", "--from", "2026-09"), "one month, or a first and a last one"),
        (("focus", "--from", "2026-10", "--to", "2026-09"), "a month not after 2026-09"),
        (("focus", "--focus", "9"), "focus: found '9', expected one of 1.0, 1.2"),
        (("focus", "--parquet"), "a file to write it to"),
        (("focus", "--json"), "--json tells what was written"),
        (("focus", "-o", "/proc/nowhere/x.csv"), "a place where a file can be written"),
        (("journal", "--format", "pdf"), "one of table, beancount, csv"),
        (("payroll", "--column", "salary"), "one of month, person"),
        (("payroll", "--column", "A=person", "--column", "A=name"), "each title once"),
    ):
        assert said in company.terminal.run("export", *words, expect=2), words
    assert "was not closed then" in company.terminal.run("export", "journal", "--month", company.months[0], "--at", "2026-01-01", expect=4)  # fmt: skip
    assert "does not vest" in company.terminal.run("export", "ocf", "tern-and-hale", expect=Conflict.exit_code)
    assert "is not closed" in company.terminal.run("report", "close", "--month", company.months[2], expect=3)
    assert "cannot be opened again" in company.terminal.run(
        "books", "reopen", company.months[0], "--reason", "x", expect=4
    )
    wrong = company.folder / "wrong.yaml"
    wrong.write_bytes(b"\xff\xfe")
    assert "in UTF-8" in company.terminal.run("books", "chart", str(wrong), expect=2)
    wrong.write_text("bursar: books/1\nproviders: {x: y}\n")
    assert "providers.x" in company.terminal.run("books", "chart", str(wrong), expect=2)
