"""Kept days of use, on both engines: always what the rollup says, however they came about, and forgotten without a trace."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.books import DAY, Books, at

from bursar.ledger import Correct, Usage
from bursar.ledger.session import Session, wide, wide_sum
from bursar.office.database import transaction
from bursar.office.figures import day_sums, kept_usage

pytest_plugins = ("tests.postgres",)
FIRST = "2026-03-01"
SUMS = (*kept_usage.COUNTS, *kept_usage.AMOUNTS)


@pytest.fixture
def books(migrated_url: str, tmp_path: Path) -> Iterator[Books]:
    found = Books(tmp_path / "home", migrated_url, "2026-03-10")
    found.people = {name: found.person(name) for name in ("ada", "ben", "eve")}
    yield found
    found.close()


def _told(books: Books, first: int, end: int) -> tuple[list[object], list[object], list[object], list[object]]:
    """By person and day, and by what it was spent on and day: as it is kept, and as the rollup says."""

    def read(session: Session) -> tuple[list[object], list[object], list[object], list[object]]:
        people, house = kept_usage.person_days(session, first, end), kept_usage.house_days(session, first, end)
        plain = ", ".join(f"SUM({name})" for name in kept_usage.COUNTS)
        keys = ", ".join(kept_usage.HOUSE_KEYS)
        wides = ", ".join(wide_sum(name) for name in kept_usage.AMOUNTS)
        totals = ", ".join(kept_usage.wide_total(name) for name in kept_usage.AMOUNTS)
        raw = "(SELECT * FROM usage_day WHERE day >= ? AND day < ?) AS u"
        queries = (
            (f"SELECT person, unit, day, {plain}, {wides} FROM {people.sql} AS u GROUP BY 1, 2, 3 ORDER BY 1, 2, 3", 3),
            (f"SELECT person, unit, day, {plain}, {wides} FROM {raw} GROUP BY 1, 2, 3 ORDER BY 1, 2, 3", 3),
            (
                f"SELECT {keys}, day, {plain}, {totals} FROM {house.sql} AS u GROUP BY {keys}, day ORDER BY {keys}, day",
                6,
            ),
            (f"SELECT {keys}, day, {plain}, {wides} FROM {raw} GROUP BY {keys}, day ORDER BY {keys}, day", 6),
        )
        found = []
        for (query, width), given in zip(
            queries, (people.parameters, (first, end), house.parameters, (first, end)), strict=True
        ):
            rows = session.rows(query, *given)
            amounts = range(width + 4, width + 12, 2)
            found.append(
                [
                    (
                        *row[:width],
                        *(int(one) for one in row[width : width + 4]),
                        *(wide(row[n], row[n + 1]) for n in amounts),
                    )
                    for row in rows
                ]
            )
        return found[0], found[1], found[2], found[3]

    return books.desk.store.read(read)


def _agree(books: Books) -> None:
    first = at(FIRST) // DAY
    for begin, end in ((0, 10**7), (first + 2, first + 6), (first + 5, first + 30)):
        people, said_of_people, house, said_of_house = _told(books, begin, end)
        assert people == said_of_people
        assert house == said_of_house


@pytest.mark.parametrize("seed", [1, 2])
def test_kept_days_are_what_the_rollup_says_through_late_use_and_corrections(books: Books, seed: int) -> None:
    chance = random.Random(seed)
    charges: list[tuple[str, str]] = []
    for step in range(60):
        match chance.randrange(10):
            case 0:
                kept_usage.follow(books.desk, most_days=chance.choice((1, 3, 100)))
            case 1:
                books.clock += DAY
            case 2 if charges:
                person, name = chance.choice(charges)
                books.correct(person, name, chance.randrange(1, 50))
            case 3 if charges:  # a correction that says the use was on another day
                person, name = chance.choice(charges)
                usage = Usage(
                    provider="openai", model="gpt-5.1", at=books.clock - chance.randrange(9) * DAY, list_nanos=7
                )
                books.apply(Correct(f"moved_{step}", person, name, 3, usage), books.clock)
            case _:
                person = books.people[chance.choice(("ada", "ben", "eve"))]
                ago = chance.choice((0, 0, 1, 2, 8))
                when = f"2026-03-{10 - ago:02}T10:00" if ago else FIRST
                charges.append(
                    (person, books.charge(person, chance.randrange(1, 50), when, project=chance.choice("ab")))
                )
        if step % 6 == 0:
            _agree(books)
    kept_usage.follow(books.desk)
    _agree(books)
    assert kept_usage.follow(books.desk) == 0
    everything = [(one.day, one.amount) for one in day_sums.between(books.desk, 0, 10**7)]
    with transaction(books.desk.engine) as connection:
        kept_usage.forget(connection)
    day_sums._kept.clear()
    assert [(one.day, one.amount) for one in day_sums.between(books.desk, 0, 10**7)] == everything
    _agree(books)


def test_every_day_is_summed_once_and_what_comes_later_is_added(books: Books) -> None:
    books.charge(books.people["ada"], 1, "2026-03-08T10:00")
    books.charge(books.people["ada"], 1, "2026-03-10T00:00")
    assert kept_usage.follow(books.desk) == 3  # the 8th, the 9th and the day that runs
    assert _rows(books, "SELECT DISTINCT day FROM usage_person_day") == [
        (at(day) // DAY,) for day in ("2026-03-08", "2026-03-10")
    ]
    books.charge(books.people["ben"], 1, "2026-03-08T11:00")
    books.charge(books.people["ada"], 1, "2026-03-10T11:00")
    assert kept_usage.follow(books.desk) == 0
    assert _rows(books, "SELECT day, SUM(requests) FROM usage_house_day GROUP BY day ORDER BY day") == [
        (at("2026-03-08") // DAY, 2),
        (at("2026-03-10") // DAY, 2),
    ]
    books.clock += DAY
    assert kept_usage.follow(books.desk) == 1
    (marks,) = _rows(books, "SELECT COUNT(*) FROM journal_mark WHERE name LIKE 'kept usage day %'")
    assert marks == (0,)  # all days are as of the same entry again


def test_use_by_the_hundred_thousand_sums_its_days_anew(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    for limit in ("MOST_FOLDED", "MOST_ENTRIES"):
        monkeypatch.setattr(kept_usage, limit, 3)
    monkeypatch.setattr(kept_usage, "FOLDED_AT_ONCE", 2)
    kept_usage.follow(books.desk)
    for number in range(4):
        books.charge(books.people["ada"], 1, f"2026-03-0{7 + number % 3}T10:00" if number < 3 else "2026-03-10")
        if number == 2:
            _agree(books)
    _agree(books)
    assert kept_usage.follow(books.desk) == 4
    assert kept_usage.follow(books.desk) == 0
    _agree(books)


def _rows(books: Books, query: str) -> list[tuple[int, ...]]:
    found = books.desk.store.read(lambda session: session.rows(query))
    return [tuple(int(one) for one in row) for row in found]
