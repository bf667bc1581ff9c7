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
from bursar.office.figures import day_sums, kept_check, kept_usage, usage_tail
from bursar.office.oversight import verification

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
    first, end = at("2026-02-01") // DAY, at("2026-04-01") // DAY
    keys = "person, unit, provider, model, purpose"
    plain = ", ".join(f"SUM({name})" for name in SUMS)

    def by_month(session: Session) -> tuple[list[object], list[object]]:
        kept = kept_usage.person_months(session, first, end)
        some = session.rows(
            f"SELECT {keys}, month, {plain} FROM {kept.sql} AS u GROUP BY {keys}, month ORDER BY {keys}, month",
            *kept.parameters,
        )
        march = at("2026-03-01") // DAY
        raw = session.rows(
            f"SELECT {keys}, CASE WHEN day < {march} THEN {first} ELSE {march} END AS month, {plain} FROM usage_day "
            f"WHERE day >= ? AND day < ? GROUP BY {keys}, month ORDER BY {keys}, month",
            first,
            end,
        )
        return [tuple(row) for row in some], [tuple(row) for row in raw]

    months, said_of_months = books.desk.store.read(by_month)
    assert months == said_of_months


@pytest.mark.parametrize("seed", [1, 2])
def test_kept_days_are_what_the_rollup_says_through_late_use_and_corrections(books: Books, seed: int) -> None:
    chance = random.Random(seed)
    charges: list[tuple[str, str]] = []
    for step in range(60):
        match chance.randrange(10):
            case 0:
                kept_usage.follow(books.desk, most=chance.choice((1, 3, 100)))
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


def test_what_came_since_is_added_once_whoever_follows(books: Books) -> None:
    books.charge(books.people["ada"], 1, "2026-03-08T10:00")
    books.charge(books.people["ada"], 1, "2026-03-10T00:00")
    assert kept_usage.follow(books.desk) == 2
    books.charge(books.people["ben"], 1, "2026-03-08T11:00")
    assert kept_usage.follow(books.desk, most=0) == 0
    assert kept_usage.follow(books.desk) == 1
    assert kept_usage.follow(books.desk) == 0
    assert _rows(books, "SELECT day, SUM(requests) FROM usage_house_day GROUP BY day ORDER BY day") == [
        (at("2026-03-08") // DAY, 2),
        (at("2026-03-10") // DAY, 1),
    ]
    assert _rows(books, "SELECT month, SUM(requests) FROM usage_person_month GROUP BY month") == [(at(FIRST) // DAY, 3)]


def test_a_node_that_was_slower_adds_nothing(books: Books) -> None:
    books.charge(books.people["ada"], 1, "2026-03-08T10:00")
    changes = books.desk.store.read(lambda session: usage_tail.changes(session, 0, 1))
    assert kept_usage.follow(books.desk) == 1
    assert not kept_usage._add(books.desk, -1, 1, changes)
    assert not kept_usage._add(books.desk, 0, 1, changes)
    _agree(books)


def test_more_than_a_reader_adds_up_is_read_from_the_rollup(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_usage, "MOST_ENTRIES", 2)
    kept_usage.follow(books.desk)
    names = [books.charge(books.people["ada"], 1, f"2026-{day}T10:00") for day in ("02-07", "03-08", "03-09", "03-02")]
    _agree(books)
    kept_usage.follow(books.desk)
    books.correct(books.people["ada"], names[0], 9)
    for _ in range(2):
        books.charge(books.people["ben"], 1, "2026-03-10")
    _agree(books)


DAMAGES = (
    "UPDATE usage_person_day SET amount = amount + 1",
    "UPDATE usage_person_month SET requests = requests - 1 WHERE person = (SELECT MAX(person) FROM usage_person_month)",
    "DELETE FROM usage_house_day WHERE project = 'b'",
    "UPDATE usage_house_day SET cost_nanos_low = cost_nanos_low + 1",
    "INSERT INTO usage_person_month SELECT 19000, unit, person, provider, 'other', purpose, 0, 0, 0, 0, 1, 0, 0, 0 "
    "FROM usage_person_month LIMIT 1",
)


def test_verifying_holds_the_kept_sums_against_the_rollup(books: Books) -> None:
    for project, day in (("a", "03-08"), ("b", "03-09"), ("b", "02-09")):
        books.charge(books.people["ada"], 1, f"2026-{day}T10:00", project=project)
    kept_usage.follow(books.desk)
    books.charge(books.people["ben"], 1, "2026-03-09T10:00", project="b")
    assert verification.verified(books.desk).clean
    for damage in DAMAGES:
        with books.desk.engine.begin() as connection:
            connection.exec_driver_sql(damage)
        found = books.desk.store.read(kept_check.check)
        assert found, damage
        assert all(one.split()[2] in damage for one in found), damage
        with transaction(books.desk.engine) as connection:
            kept_usage.forget(connection)
        kept_usage.follow(books.desk)
        assert books.desk.store.read(kept_check.check) == []
    with books.desk.engine.begin() as connection:
        connection.exec_driver_sql(DAMAGES[0])
    assert not verification.verified(books.desk).clean


def _rows(books: Books, query: str) -> list[tuple[int, ...]]:
    found = books.desk.store.read(lambda session: session.rows(query))
    return [tuple(int(one) for one in row) for row in found]
