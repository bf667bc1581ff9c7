"""The sums of days that pages about months read, on both engines: always what the rollup says, however they came about."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.books import NANO, Books, at

from bursar.office.figures import day_sums

pytest_plugins = ("tests.postgres",)
DAY = 86_400_000_000


@pytest.fixture
def books(migrated_url: str, tmp_path: Path) -> Iterator[Books]:
    found = Books(tmp_path / "home", migrated_url, "2026-03-03")
    found.people = {name: found.person(name) for name in ("ada", "ben")}
    yield found
    found.close()


def told(books: Books, first: str = "2026-01-01", end: str = "2027-01-01") -> dict[tuple[str, str, str], int]:
    """Dollars by day, provider and purpose."""
    return {
        (f"{at('2026-03-01') // DAY - one.day:+}", one.provider, one.purpose): one.amount // NANO
        for one in day_sums.between(books.desk, at(first) // DAY, at(end) // DAY)
    }


def rollup(books: Books) -> int:
    rows = books.desk.store.read(lambda session: session.rows("SELECT SUM(amount), SUM(requests) FROM usage_day"))
    return int(rows[0][0] or 0)


def test_days_are_summed_once_and_again_when_they_move(books: Books) -> None:
    assert told(books) == {}
    ada, ben = books.people["ada"], books.people["ben"]
    first = books.charge(ada, 5, "2026-03-01T10:00")
    books.charge(ben, 2, "2026-03-01T11:00", provider="openai", purpose="personal")
    books.charge(ben, 4, "2026-02-27T11:00")
    expected = {("+0", "anthropic", "work"): 5, ("+0", "openai", "personal"): 2, ("+2", "anthropic", "work"): 4}
    assert told(books) == expected
    # Late use and a correction move their own days, long after those were summed.
    books.charge(ada, 3, "2026-02-27T12:00")
    books.correct(ada, first, 1)
    assert told(books) == {**expected, ("+0", "anthropic", "work"): 1, ("+2", "anthropic", "work"): 7}
    assert told(books, "2026-03-01", "2026-03-02") == {
        ("+0", "anthropic", "work"): 1,
        ("+0", "openai", "personal"): 2,
    }
    assert sum(one.amount for one in day_sums.between(books.desk, 0, 10**6)) == rollup(books) == 10 * NANO
    assert day_sums.between(books.desk, 0, 10**6, "EUR") == []
    # Nobody had a lot: all of it is beyond what was released.
    assert day_sums.overage(books.desk) == {"USD": 10 * NANO}


def test_another_journal_under_the_same_name_is_not_taken_for_the_one_before(books: Books) -> None:
    books.charge(books.people["ada"], 5, "2026-03-01T10:00")
    assert told(books)
    (house,) = (one for name, one in day_sums._kept.items() if name.endswith(books.desk.settings.url))
    assert house.head is not None
    house.days = {}
    assert told(books) == {}  # kept: nothing moved
    house.head = type(house.head)(house.head.batch, house.head.seq, house.head.recorded, "of somebody else")
    assert told(books) == {("+0", "anthropic", "work"): 5}
