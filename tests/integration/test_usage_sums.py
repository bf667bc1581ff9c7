"""Use of a person, of some people and of the house, from coarser sums: what the daily rollup says, on both engines."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.books import DAY, Books, at

from bursar.ledger import reading
from bursar.ledger.session import Session
from bursar.office.figures import kept_usage, usage_sums
from bursar.office.figures.kept_usage import Source

pytest_plugins = ("tests.postgres",)


@pytest.fixture
def books(migrated_url: str, tmp_path: Path) -> Iterator[Books]:
    found = Books(tmp_path / "home", migrated_url, "2026-03-10")
    for number, name in enumerate(("ada", "ben", "eve")):
        person = found.people[name] = found.person(name, team="platform" if number < 2 else "search")
        for day in range(1, 9):
            found.charge(
                person,
                day + number / 7,
                f"2026-03-0{day}T10:00",
                provider=("anthropic", "openai")[day % 2],
                model=f"m{day % 3}",
                project="ab"[number % 2],
                purpose=("work", "personal")[day // 5],
            )
        if number == 1:
            kept_usage.follow(found.desk)
    yield found
    found.close()


@pytest.mark.parametrize(
    "span", [("2026-03-01", "2026-03-11"), ("2026-03-03", "2026-03-06"), ("2026-01-01", "2026-02-01")]
)
def test_they_say_what_the_daily_rollup_says(books: Books, span: tuple[str, str]) -> None:
    first, end = (at(one) // DAY for one in span)

    def compare(session: Session) -> None:
        for group in ("person", "day", "provider", "model", "purpose", "project"):
            for person in ("", books.people["ada"], books.people["eve"]):
                ours = usage_sums.usage_by(session, group, first, end, person)
                theirs = reading.usage_by(session, group, first, end, person)
                assert sorted(ours, key=str) == sorted(theirs, key=str), (group, person)
        assert usage_sums.units_used(session, first, end) == reading.units_used(session, first, end)
        assert usage_sums.units_used(session, first, end, books.people["ben"]) == reading.units_used(
            session, first, end, books.people["ben"]
        )
        with pytest.raises(ValueError, match="group"):
            usage_sums.usage_by(session, "price", first, end)

    books.desk.store.read(compare)


def test_promises_and_what_no_lot_covers_are_the_ledgers_own(books: Books) -> None:
    books.release(books.people["ada"], 100, "2026-03-01", "2026-04-01")
    kept = books.desk.store.read(lambda session: usage_sums.exposure(session))
    assert kept == books.desk.store.read(lambda session: reading.exposure(session))
    assert kept.overage > 0
    assert kept.available > 0


@pytest.mark.parametrize(
    "span", [("2026-03-01", "2026-04-01"), ("2026-02-01", "2026-04-01"), ("2026-03-02", "2026-04-01")]
)
def test_sums_of_people_are_the_same_by_whole_months_and_by_days(books: Books, span: tuple[str, str]) -> None:
    first, end = (at(one) // DAY for one in span)

    def sums(session: Session, source: Source) -> list[tuple[object, ...]]:
        keys, names = "person, unit", ", ".join(f"SUM({one})" for one in (*kept_usage.COUNTS, *kept_usage.AMOUNTS))
        rows = session.rows(
            f"SELECT {keys}, {names} FROM {source.sql} AS u GROUP BY {keys} ORDER BY {keys}", *source.parameters
        )
        return [tuple(row) for row in rows]

    def compare(session: Session) -> None:
        counted = sums(session, kept_usage.rollup(first, end))
        assert sums(session, kept_usage.person_totals(session, first, end)) == counted
        assert sums(session, kept_usage.person_sums(session, first, end)) == counted
        ada = books.people["ada"]
        assert sums(session, kept_usage.person_sums(session, first, end, ada)) == [
            one for one in counted if one[0] == ada
        ]

    books.desk.store.read(compare)


def test_a_team_is_the_people_who_are_in_it_today(books: Books) -> None:
    first, end = at("2026-03-01") // DAY, at("2026-04-01") // DAY

    def people(team: str) -> set[str]:
        return {one.key for one in usage_sums.of_team(books.desk, team, first, end)}

    assert people("platform") == {books.people["ada"], books.people["ben"]}
    books.desk.change_person("ben", team="search")
    assert people("platform") == {books.people["ada"]}
    assert people("search") == {books.people["ben"], books.people["eve"]}
    days = usage_sums.of_team(books.desk, "search", first, end, "day")
    assert sum(one.requests for one in days) == 16
    assert usage_sums.of_team(books.desk, "nobody's", first, end) == []
