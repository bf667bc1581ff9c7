"""FOCUS out of a real ledger, on both engines: every charge once, in the period whose books have it, summing to the books."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from tests.support.books import NANO, Books, at

from bursar.errors import Conflict, InvalidInput
from bursar.office import standing
from bursar.office.books import chart, closes, focus_export
from bursar.office.books.focus_export import Wanted
from bursar.office.database import reading

pytest_plugins = ("tests.postgres",)


@pytest.fixture
def books(migrated_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Books]:
    """January and February of 2026 with two people, corrections within a month and beyond it, read in pieces of three."""
    monkeypatch.setattr(standing, "QUICK_SECONDS", 1_000.0)
    monkeypatch.setattr(focus_export, "ENTRIES_AT_ONCE", 3)
    found = Books(tmp_path / "home", migrated_url, "2026-01-01")
    ada, ben = found.person("ada", "platform"), found.person("ben", "payments")
    found.people = {"ada": ada, "ben": ben}
    found.release(ada, 100, "2026-01-01", "2027-01-01")
    found.go_to("2026-01-15")
    first = found.charge(ada, 30, "2026-01-10T12:00")
    found.charge(ben, 5, "2026-01-12T12:00", provider="openai", purpose="personal")
    found.correct(ada, first, 20)
    found.correct(ada, first, 25)
    found.go_to("2026-02-03")
    closes.close(found.desk, "2026-01", "", lambda done, whole: None)
    found.go_to("2026-02-05")
    found.correct(ada, first, 22)
    found.charge(ben, 7, "2026-01-31T23:59")
    found.charge(ada, 4, "2026-02-01T00:00")
    yield found
    found.close()


def exported(books: Books, **wanted: Any) -> list[dict[str, str]]:
    asked = Wanted(**{"first": "2026-01", "last": "2026-02", **wanted})
    with reading(books.desk.engine) as connection:
        found = focus_export.periods(connection, books.desk.store.read, asked)
    text = b"".join(focus_export.csv_pieces(found, books.desk.store.read, asked)).decode()
    return list(csv.DictReader(io.StringIO(text, newline="")))


def total(rows: list[dict[str, str]], name: str) -> int:
    return int(sum(Decimal(row[name]) for row in rows) * NANO)


def test_a_closed_period_has_what_was_known_when_it_was_closed(books: Books) -> None:
    rows = exported(books, last="2026-01")
    assert [(row["ResourceName"], row["ListCost"], row["ChargeClass"]) for row in rows] == [
        ("ada", "30.000000000", ""),
        ("ben", "5.000000000", ""),
        ("ada", "-10.000000000", ""),
        ("ada", "5.000000000", ""),
    ]
    with reading(books.desk.engine) as connection:
        frozen = closes.frozen(connection, "2026-01").usage
    assert total(rows, "ListCost") == sum(one.list_nanos for one in frozen) == 30 * NANO
    assert total(rows, "EffectiveCost") == sum(one.cost_nanos for one in frozen)
    assert total(rows, "x_Amount") == sum(one.amount for one in frozen)


def test_what_came_late_is_a_correction_in_the_next_period_as_the_books_have_it(books: Books) -> None:
    rows = exported(books, first="2026-02")
    late = [row for row in rows if row["ChargeClass"] == "Correction"]
    assert [
        (row["ResourceName"], row["ListCost"], row["ChargePeriodStart"][:7], row["ListUnitPrice"]) for row in late
    ] == [
        ("ada", "-3.000000000", "2026-01", ""),
        ("ben", "7.000000000", "2026-01", ""),
    ]
    assert {row["BillingPeriodStart"] for row in rows} == {"2026-02-01T00:00:00Z"}
    books.go_to("2026-03-03")
    closes.close(books.desk, "2026-02", "", lambda done, whole: None)
    assert exported(books, first="2026-02") == rows
    with reading(books.desk.engine) as connection:
        frozen = closes.frozen(connection, "2026-02").usage
    assert total(rows, "ListCost") == sum(one.list_nanos for one in frozen) == (4 - 3 + 7) * NANO
    assert total(rows, "EffectiveCost") == sum(one.cost_nanos for one in frozen)


def test_every_charge_is_there_once_however_many_periods_are_asked_for(books: Books) -> None:
    rows = exported(books)
    entries = [int(row["x_Entry"]) for row in rows]
    assert len(entries) == len(set(entries)) == 7
    assert rows == exported(books, last="2026-01") + exported(books, first="2026-02")


def test_a_line_of_the_journal_finds_the_charges_behind_it(books: Books) -> None:
    assert [row["ResourceName"] for row in exported(books, last="2026-01", provider="openai", purpose="personal")] == [
        "ben"
    ]
    assert exported(books, last="2026-01", provider="openai", purpose="work") == []
    assert {row["ResourceName"] for row in exported(books, last="2026-01", cost_centre="platform")} == {"ada"}
    assert exported(books, last="2026-01", cost_centre="") == []


def test_a_closed_period_keeps_the_teams_and_cost_centres_of_its_close(books: Books) -> None:
    before = exported(books, last="2026-01")
    books.desk.change_person("ada", team="search")
    chart.replace(books.desk, "bursar: books/1\ncost_centres: {platform: CC-1, search: CC-2}\n")
    assert exported(books, last="2026-01") == before
    assert {row["x_CostCentre"] for row in exported(books, first="2026-02") if row["ResourceName"] == "ada"} == {"CC-2"}


def test_an_export_as_of_a_day_is_what_it_was_then(books: Books) -> None:
    # Before it was closed, and before anything came late.
    rows = exported(books, last="2026-01", at=at("2026-02-02"))
    assert [row["ListCost"] for row in rows] == [row["ListCost"] for row in exported(books, last="2026-01")]
    assert exported(books, at=at("2026-01-14")) == []
    assert exported(books, first="2026-02", at=at("2026-02-04")) == []


def test_a_file_of_too_many_months_or_none_is_refused(books: Books) -> None:
    with pytest.raises(Conflict, match="too many"):
        exported(books, first="2001-01")
    with pytest.raises(InvalidInput, match="to: found '2026-13'"):
        exported(books, last="2026-13")
    with pytest.raises(InvalidInput, match="focus: found '2'"):
        exported(books, version="2")
