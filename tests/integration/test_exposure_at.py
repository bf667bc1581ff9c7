"""Exposure of any past day: what was shown then is what is found later, and the parts are the whole, to the nano-unit."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.books import DAY, NANO, Books, at

from bursar.errors import InvalidInput, NotFound
from bursar.ledger import Revoke, Tidy
from bursar.office.figures import exposure_at
from bursar.office.figures.exposure_at import GROUPS, USES, Past

pytest_plugins = ("tests.postgres",)
FIRST = "2026-03-01"
NAMES = ("released", "available", "open", "held", "spent", "forfeited", "revoked", "rolled")


@pytest.fixture
def books(migrated_url: str, tmp_path: Path) -> Iterator[Books]:
    found = Books(tmp_path / "home", migrated_url, FIRST)
    yield found
    found.close()


def _live(books: Books, days: int, seed: int) -> dict[int, Past]:
    """Some weeks of a small house, drawn; what it looked like each evening, by instant."""
    chance, shown = random.Random(seed), {}
    people = [books.person(f"p{number}", team=f"t{number % 3}") for number in range(6)]
    lots: list[tuple[str, str]] = []
    charges: list[tuple[str, str]] = []
    for day in range(days):
        now = at(FIRST) + day * DAY
        for _ in range(4):
            books.clock = now = now + chance.randrange(1, DAY // 6)
            when = f"2026-03-{day + 1:02}T00:00"
            person = chance.choice(people)
            match chance.randrange(8):
                case 0 | 1:
                    unit = chance.choice(("USD", "USD", "gpu-h:h100"))
                    lots.append((person, books.release(person, chance.randrange(1, 10**9) / NANO, when, unit=unit)))
                case 2 if lots:
                    owner, lot = lots.pop(chance.randrange(len(lots)))
                    books.apply(Revoke(f"revoke:{lot}", owner, lot), now)
                case 3 if charges:
                    books.correct(*chance.choice(charges), chance.randrange(1, 10**8) / NANO)
                case _:
                    fields = {
                        "provider": chance.choice(("anthropic", "openai")),
                        "project": chance.choice(("a", "b", "")),
                    }
                    charges.append((person, books.charge(person, chance.randrange(1, 10**8) / NANO, when, **fields)))
        books.clock = now + 1
        shown[books.clock] = exposure_at.past(books.desk, books.clock).value
        books.clock += 1
    return shown


@pytest.mark.parametrize("seed", [1, 2])
def test_a_past_day_is_found_as_it_was_shown_and_every_dimension_adds_up_to_the_whole(books: Books, seed: int) -> None:
    shown = _live(books, 24, seed)
    for moment, then in shown.items():
        later = exposure_at.past(books.desk, moment).value
        assert later.lots == then.lots
        assert later.seq == then.seq
        for unit in later.units():
            whole = later.whole(unit)
            for group in GROUPS:
                rows = later.by(group, unit)
                assert all(sum(getattr(one.sums, name) for one in rows) == getattr(whole, name) for name in NAMES)
                for row in rows:  # and each line is its lots
                    some = later.of(group, row.key, unit)
                    assert (len(some), sum(one.sums.spent for one in some)) == (row.lots, row.sums.spent)
    assert len({one.whole("USD").spent for one in shown.values()}) > 3


def test_a_lot_is_its_entries_and_what_it_was_spent_on_is_what_was_spent(books: Books) -> None:
    _live(books, 24, 3)
    now = books.clock
    past = exposure_at.past(books.desk, now).value
    for lot in past.lots:
        moved = exposure_at.entries(books.desk, lot.id, now)
        spent = sum(one.amount for one in moved if one.destination == "spent") - sum(
            one.amount for one in moved if one.source == "spent"
        )
        assert spent == lot.sums.spent
        assert sum(one.amount for one in moved if one.source == "funding") == lot.sums.released + lot.sums.rolled
    for use in USES:
        rows = exposure_at.used(books.desk, use, now)
        assert sum(one.amount - one.overage for one in rows) == past.whole("USD").spent
        wholes = {name: sum(getattr(one, name) for one in rows) for name in ("list_nanos", "cost_nanos", "requests")}
        others = exposure_at.used(books.desk, "provider", now)
        assert wholes == {name: sum(getattr(one, name) for one in others) for name in wholes}


def test_what_lapsed_since_had_not_lapsed_then(books: Books) -> None:
    ada = books.person("ada")
    books.release(ada, 10, FIRST, "2026-03-05")
    books.go_to("2026-03-06")
    books.apply(Tidy("tidy:1", ada), books.clock)
    then = exposure_at.past(books.desk, at("2026-03-04")).value.whole("USD")
    now = exposure_at.past(books.desk, books.clock).value.whole("USD")
    assert (then.open, then.forfeited, now.open, now.forfeited) == (10 * NANO, 0, 0, 10 * NANO)


def test_what_cannot_be_asked_is_said(books: Books) -> None:
    with pytest.raises(InvalidInput) as error:
        exposure_at.past(books.desk, books.clock + DAY)
    assert error.value.field == "at"
    with pytest.raises(NotFound):
        exposure_at.past(books.desk, books.clock).value.of("team", "nowhere", "USD")
    with pytest.raises(NotFound):
        exposure_at.entries(books.desk, "lot_none", books.clock)
