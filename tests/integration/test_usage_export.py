"""Usage as a file, on both engines: the same charges in every format, summing to the books, filtered as it was asked."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.support.books import Books
from tests.support.terminal import Terminal

from bursar.errors import InvalidInput, NotFound
from bursar.exchange import usage
from bursar.ledger.session import Session
from bursar.office.figures import usage_export

pytest_plugins = ("tests.postgres",)
NANO = 1_000_000_000


@pytest.fixture
def books(migrated_url: str, tmp_path: Path) -> Iterator[Books]:
    found = Books(tmp_path / "home", migrated_url, "2026-03-10")
    for name, team in (("ada", "platform"), ("ben", "search")):
        found.people[name] = found.person(name, team=team)
        found.release(found.people[name], 100, "2026-03-01", "2026-04-01")
        for day in (1, 2, 5):
            charge = found.charge(found.people[name], day + 0.123456789, f"2026-03-0{day}T10:00:01", project="=1+1,\n")
        found.correct(found.people[name], charge, 3)
    yield found
    found.close()


def _csv(books: Books, **asked: Any) -> list[dict[str, str]]:
    text = b"".join(usage_export.pieces(books.desk, usage_export.wanted(books.desk, **asked), "csv")).decode()
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_every_charge_is_a_row_and_the_rows_sum_to_the_rollup(books: Books) -> None:
    found = _csv(books)
    assert [row["kind"] for row in found] == ["charge", "charge", "charge", "correction"] * 2
    names = {
        "amount_nanos": "amount",
        "list_nanos": "list_nanos",
        "cost_nanos": "cost_nanos",
        "output_tokens": "output_tokens",
    }

    def rollup(session: Session) -> list[int]:
        (row,) = session.rows(f"SELECT {', '.join(f'SUM({one})' for one in names.values())} FROM usage_day")
        return [int(one) for one in row]

    assert [sum(int(row[name]) for row in found) for name in names] == books.desk.store.read(rollup)
    assert (found[0]["handle"], found[0]["team"], found[0]["at"]) == ("ada", "platform", "2026-03-01T10:00:01.000000Z")
    assert json.loads(found[0]["tokens"]) == {"input": 1000, "output": 100}
    assert found[0]["project"] == "'=1+1,\n"  # a spreadsheet does not run it


def test_json_lines_and_parquet_have_the_same_rows_typed(books: Books, tmp_path: Path) -> None:
    wanted = usage_export.wanted(books.desk)
    lines = b"".join(usage_export.pieces(books.desk, wanted, "jsonl")).decode().split("\n")
    said = [json.loads(line) for line in lines if line]
    told = _csv(books)
    assert [{name: str(one[name]) for name in ("entry", "amount_nanos", "at")} for one in said] == [
        {name: row[name] for name in ("entry", "amount_nanos", "at")} for row in told
    ]
    assert said[0]["tokens"] == {"input": 1000, "output": 100}
    assert said[0]["project"] == "=1+1,\n"
    parquet = pytest.importorskip("pyarrow.parquet")
    assert usage_export.write_parquet(books.desk, wanted, tmp_path / "usage.parquet") == len(said)
    table = parquet.read_table(tmp_path / "usage.parquet")
    kinds = {name: str(table.schema.field(name).type) for name in ("at", "amount_nanos", "model")}
    assert kinds == {"at": "timestamp[us, tz=UTC]", "amount_nanos": "int64", "model": "string"}
    for row, one in zip(table.to_pylist(), said, strict=True):
        assert row.pop("at") == datetime.fromisoformat(one.pop("at")).astimezone(UTC)
        assert json.loads(row.pop("tokens")) == one.pop("tokens")
        assert row == one


def test_it_is_narrowed_by_person_team_time_and_columns(books: Books) -> None:
    assert {row["handle"] for row in _csv(books, people=("ada",))} == {"ada"}
    assert {row["handle"] for row in _csv(books, team="search")} == {"ben"}
    assert _csv(books, people=("ada",), team="search") == []
    (row,) = _csv(books, people=("ada",), start="2026-03-02", end="2026-03-03", columns="amount_nanos, handle")
    assert row == {"amount_nanos": str(2 * NANO + 123_456_789), "handle": "ada"}
    assert _csv(books, provider="openai") == []
    with pytest.raises(NotFound):
        _csv(books, team="nobody's")
    with pytest.raises(InvalidInput, match="columns: found 'money'"):
        _csv(books, columns="at,money")
    with pytest.raises(InvalidInput, match="each column once"):
        _csv(books, columns="at,at")
    with pytest.raises(InvalidInput, match="until"):
        _csv(books, start="2026-03-02", end="2026-03-02")


def test_pieces_of_the_journal_leave_nothing_out(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = _csv(books), _csv(books, team="search")
    monkeypatch.setattr(usage_export, "ENTRIES_AT_ONCE", 2)
    monkeypatch.setattr(usage_export, "ENTRIES_OF_FEW", 5)
    assert (_csv(books), _csv(books, team="search")) == whole


def test_a_terminal_pours_csv_and_writes_files(terminal: Terminal, tmp_path: Path) -> None:
    assert terminal.run("usage", "export").startswith(",".join(usage.COLUMNS))
    out = tmp_path / "usage.jsonl"
    told = terminal.json("usage", "export", "--jsonl", str(out), "--columns", "at,amount_nanos")
    assert (told["format"], told["columns"], out.read_bytes()) == ("jsonl", ["at", "amount_nanos"], b"")
    assert "which exists" in terminal.run("usage", "export", "--csv", str(out), expect=2)
    assert "one of them" in terminal.run("usage", "export", "--csv", "a", "--jsonl", "b", expect=2)
    assert "a file to write it to" in terminal.run("usage", "export", "--parquet", "-", expect=2)
