"""The books of a month on both engines: closed in order, corrected in the next, opened again with a trace; counted three ways."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update
from tests.support.books import NANO, Books

from bursar.errors import Conflict, InvalidInput, NotFound, Unavailable
from bursar.office import standing
from bursar.office.books import closes, reconciliation
from bursar.office.database import reading, transaction
from bursar.office.oversight import audit_pages
from bursar.office.tables import period_usage

pytest_plugins = ("tests.postgres",)


def quiet(done: int, whole: int) -> None:
    assert 0 <= done <= whole


def close(books: Books, month: str, note: str = "") -> dict[str, Any]:
    return closes.close(books.desk, month, note, quiet)


def frozen(books: Books, month: str, number: int = 0) -> closes.Frozen:
    with reading(books.desk.engine) as connection:
        return closes.frozen(connection, month, number)


@pytest.fixture
def books(migrated_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Books]:
    """January and February of 2026 with two people, seen from the third of March."""
    monkeypatch.setattr(standing, "QUICK_SECONDS", 1_000.0)  # however slow this machine is: taken anew every time
    found = Books(tmp_path / "home", migrated_url, "2026-01-01")
    ada, ben = found.person("ada", "platform"), found.person("ben", "payments")
    found.people = {"ada": ada, "ben": ben}
    for month, end, spent in (("01", "2026-02-01", 30), ("02", "2026-03-01", 20)):
        found.go_to(f"2026-{month}-01T00:01")
        found.release(ada, 100, f"2026-{month}-01", end)
        found.go_to(f"2026-{month}-15")
        found.charge(ada, spent, f"2026-{month}-10T12:00")
        found.charge(ada, 1, f"2026-{month}-11T12:00", provider="openai")
        found.charge(ben, 5, f"2026-{month}-12T12:00")
    found.go_to("2026-03-03")
    found.release(ada, 100, "2026-03-01", "2026-04-01")
    found.charge(ada, 7, "2026-03-02T09:00")
    yield found
    found.close()


def test_a_close_freezes_usage_by_person_and_the_roll_forward_of_each_plan(books: Books) -> None:
    made = close(books, "2026-01", "invoices are in")
    found = frozen(books, "2026-01")
    assert found.whole
    assert (found.close.digest, found.close.note, found.close.actor) == (made["digest"], "invoices are in", "test")
    assert {(one.provider, one.team, one.requests, one.list_nanos, one.cost_nanos) for one in found.usage} == {
        ("anthropic", "platform", 1, 30 * NANO, 27 * NANO),
        ("openai", "platform", 1, NANO, 9 * NANO // 10),
        ("anthropic", "payments", 1, 5 * NANO, 45 * NANO // 10),
    }
    (line,) = found.movement
    # Ben has no lot: his five dollars are overage, and no plan's. What Ada left lapsed at midnight, with January.
    assert (line.opening, line.released, line.spent, line.forfeited, line.closing) == (
        0,
        100 * NANO,
        31 * NANO,
        69 * NANO,
        0,
    )
    assert sum(one.overage for one in found.usage) == 5 * NANO


def test_what_comes_late_for_a_month_before_the_first_close_is_booked_alone(books: Books) -> None:
    ada = books.people["ada"]
    close(books, "2026-02")
    books.charge(ada, 3, "2026-01-20T12:00", purpose="personal")
    close_march(books)
    late = [one for one in frozen(books, "2026-03").usage if one.concerns == "2026-01"]
    # January as a whole was the opening of the first close: only what came after it is booked.
    assert [(one.purpose, one.list_nanos, one.cost_nanos) for one in late] == [("personal", 3 * NANO, 27 * NANO // 10)]
    name = books.charge(ada, 2, "2026-01-21T12:00", purpose="personal")
    books.correct(ada, name, 1)
    books.go_to("2026-05-03")
    close(books, "2026-04")
    (line,) = [one for one in frozen(books, "2026-04").usage if one.concerns == "2026-01"]
    assert line.figures == (1, NANO, NANO, 9 * NANO // 10, line.overage)


def close_march(books: Books) -> None:
    books.go_to("2026-04-03")
    close(books, "2026-03")


def test_months_are_closed_in_order_each_carrying_on_the_one_before(books: Books) -> None:
    assert [(one.period, one.next, one.over) for one in closes.periods(books.desk)] == [
        ("2026-03", False, False),
        ("2026-02", True, True),
        ("2026-01", True, True),
    ]
    close(books, "2026-01")
    with pytest.raises(Conflict, match="January 2026 is closed already"):
        close(books, "2026-01")
    with pytest.raises(Conflict, match="March 2026 is not over"):
        close(books, "2026-03")
    books.go_to("2026-04-02")
    with pytest.raises(Conflict, match="February 2026 is not closed yet"):
        close(books, "2026-03")
    close(books, "2026-02")
    first, second = frozen(books, "2026-01"), frozen(books, "2026-02")
    assert second.close.previous == first.close.digest
    assert [one.concerns for one in second.usage] == ["2026-02"] * 3
    assert second.movement[0].opening == first.movement[0].closing
    # What was used on the second of March belongs to March, though it was known when February was closed.
    assert sum(one.list_nanos for one in second.usage) == 26 * NANO
    close(books, "2026-03")
    assert sum(one.list_nanos for one in frozen(books, "2026-03").usage) == 7 * NANO


def test_late_usage_is_a_correction_in_the_next_month_and_is_shown_on_the_closed_one(books: Books) -> None:
    close(books, "2026-01")
    before = frozen(books, "2026-01")
    with transaction(books.desk.engine) as connection:
        books.desk.note(connection, "test", "team", {})
        from bursar.office.tables import person

        connection.execute(update(person).where(person.c.handle == "ben").values(team="mobile"))
    books.charge(books.people["ben"], 4, "2026-01-20T10:00")
    (late,) = closes.pending(books.desk).value
    # It stays with the team that Ben was in when January was frozen.
    assert (late.concerns, late.team, late.list_nanos, late.cost_nanos) == (
        "2026-01",
        "payments",
        4 * NANO,
        36 * NANO // 10,
    )
    assert frozen(books, "2026-01") == before
    close(books, "2026-02")
    second = frozen(books, "2026-02")
    assert [(one.concerns, one.list_nanos) for one in second.usage if one.concerns == "2026-01"] == [
        ("2026-01", 4 * NANO)
    ]
    assert {one.team for one in second.usage if one.concerns == "2026-02"} == {"platform", "mobile"}
    with reading(books.desk.engine) as connection:
        assert [(where, one.list_nanos) for where, one in closes.booked_later(connection, "2026-01")] == [
            ("2026-02", 4 * NANO)
        ]
    assert closes.pending(books.desk).value == []
    listed = {one.period: one for one in closes.periods(books.desk)}
    assert listed["2026-02"].corrections == 4 * NANO


def test_a_charge_that_is_corrected_after_its_month_was_closed_takes_away_from_it(books: Books) -> None:
    name = books.charge(books.people["ada"], 10, "2026-02-20T10:00")
    close(books, "2026-01")
    close(books, "2026-02")
    books.correct(books.people["ada"], name, 4)
    (late,) = closes.pending(books.desk).value
    assert (late.concerns, late.requests, late.amount, late.list_nanos) == ("2026-02", 0, -6 * NANO, -6 * NANO)
    books.go_to("2026-04-01")
    close(books, "2026-03")
    march = frozen(books, "2026-03")
    assert sum(one.amount for one in march.usage if one.concerns == "2026-02") == -6 * NANO
    assert march.whole


def test_everything_frozen_and_every_correction_is_what_the_ledger_says_of_a_month(books: Books) -> None:
    """Whatever comes when: frozen plus corrections is the month, to the nano-unit, however often it is looked at."""
    close(books, "2026-01")
    books.charge(books.people["ada"], 2, "2026-01-05T10:00")
    close(books, "2026-02")
    books.charge(books.people["ada"], 3, "2026-01-06T10:00", provider="google")
    books.charge(books.people["ben"], 1, "2026-02-06T10:00")
    books.go_to("2026-04-05")
    close(books, "2026-03")
    for month, expected in (("2026-01", 36 + 2 + 3), ("2026-02", 26 + 1), ("2026-03", 7)):
        with reading(books.desk.engine) as connection:
            later = [one for _, one in closes.booked_later(connection, month)]
        own = [one for one in frozen(books, month).usage if one.concerns == month]
        assert sum(one.list_nanos for one in (*own, *later)) == expected * NANO


def test_only_the_last_closed_month_is_opened_again_and_leaves_a_trace(books: Books) -> None:
    close(books, "2026-01")
    close(books, "2026-02")
    first = frozen(books, "2026-02")
    with pytest.raises(Conflict, match="January 2026 cannot be opened again"):
        closes.reopen(books.desk, "2026-01", "wrong")
    with pytest.raises(InvalidInput, match="reason"):
        closes.reopen(books.desk, "2026-02", "  ")
    closes.reopen(books.desk, "2026-02", "an invoice was missing")
    with pytest.raises(NotFound, match="February 2026 is not closed"):
        frozen(books, "2026-02")
    again = frozen(books, "2026-02", 1)
    assert (again.usage, again.movement, again.whole) == (first.usage, first.movement, True)
    books.charge(books.people["ada"], 3, "2026-02-21T10:00")
    assert close(books, "2026-02")["number"] == 2
    second = frozen(books, "2026-02")
    assert sum(one.list_nanos for one in second.usage) == 29 * NANO
    with reading(books.desk.engine) as connection:
        trace = closes.closes_of(connection, "2026-02")
        log = audit_pages.page(connection, action="books.")
    assert [(one.number, one.reopened_by, one.reopen_reason) for one in trace] == [
        (1, "test", "an invoice was missing"),
        (2, "", ""),
    ]
    assert [one.action for one in log.lines] == ["books.close", "books.reopen", "books.close", "books.close"]


def test_lines_that_somebody_changed_afterwards_do_not_fit_the_digest(books: Books) -> None:
    close(books, "2026-01")
    with transaction(books.desk.engine) as connection:
        books.desk.note(connection, "test", "tampering", {})
        connection.execute(update(period_usage).where(period_usage.c.provider == "openai").values(cost_nanos=1))
    assert not frozen(books, "2026-01").whole


def test_a_month_that_does_not_tie_out_is_not_closed(books: Books) -> None:
    books.desk.store.transact(
        lambda session: session.run("UPDATE usage_day SET amount = amount + 1 WHERE provider = 'openai'")
    )
    with pytest.raises(Conflict, match="does not tie out in USD") as caught:
        close(books, "2026-01")
    assert "verify the ledger" in caught.value.hint
    with reading(books.desk.engine) as connection:
        assert closes.closes_of(connection) == []


def test_two_who_close_the_same_month_at_once_close_it_once(books: Books) -> None:
    from bursar.office.desk import open_desk

    outcomes: list[str] = []

    def one() -> None:
        desk = open_desk(books.desk.settings, books.now, "other")
        try:
            closes.close(desk, "2026-01", "", quiet)
            outcomes.append("closed")
        except (Conflict, Unavailable) as error:
            outcomes.append(error.sentence)
        finally:
            desk.close()

    threads = [threading.Thread(target=one) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert outcomes.count("closed") == 1, outcomes
    with reading(books.desk.engine) as connection:
        assert len(closes.closes_of(connection, "2026-01")) == 1


@pytest.mark.parametrize("note", ["x" * 501, "a\x00b"])
def test_a_note_is_a_sentence(books: Books, note: str) -> None:
    with pytest.raises(InvalidInput, match="note"):
        close(books, "2026-01", note)


# Reconciliation.


def test_the_same_money_counted_three_ways_agrees(books: Books) -> None:
    found = reconciliation.reconcile(books.desk, quiet)
    assert found["agree"]
    assert [(one["month"], one["journal_nanos"]) for one in found["months"]] == [
        ("2026-03", 7 * NANO),
        ("2026-02", 26 * NANO),
        ("2026-01", 36 * NANO),
    ]
    assert {one["bucket"]: one["lots_nanos"] for one in found["balances"]}["spent"] == (31 + 21 + 7) * NANO
    assert [(one["status"], one["number"]) for one in found["statuses"]] == [("exact", 7)]


@pytest.mark.parametrize(
    ("tampering", "where"),
    [
        ("UPDATE usage_day SET amount = amount - 1 WHERE provider = 'openai'", "months"),
        ("UPDATE lot SET spent = spent - 1, expired = expired + 1 WHERE spent > 0", "balances"),
        ("UPDATE lot SET available = available - 1, held = held + 1 WHERE available > 0", "holds"),
    ],
)
def test_what_somebody_changed_behind_the_ledgers_back_does_not_agree(books: Books, tampering: str, where: str) -> None:
    books.desk.store.transact(lambda session: session.run(tampering))
    found = reconciliation.reconcile(books.desk, quiet)
    assert not found["agree"]
    assert not all(one["agree"] for one in found[where])
