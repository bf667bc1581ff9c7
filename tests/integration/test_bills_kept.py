"""Bills as they are kept and reconciled on both engines: told again, grown, resolved, with the credential under another key."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.support.books import Books

from bursar.errors import Conflict, NotFound
from bursar.exchange.provider_bills import Bill, Cost, Line
from bursar.exchange.telemetry.values import TOKENS, Reading
from bursar.office.books import bills, closes, suspense
from bursar.office.books.reconciling import reconcile
from bursar.office.catalogue import pricing
from bursar.office.database import reading, transaction
from bursar.office.metering import outside, telemetry
from bursar.office.vault import Secret, Vault, adopt_master, rotate_master
from bursar.prices import Usage

pytest_plugins = ("tests.postgres",)

DAY, MODEL = "2026-01-10", "claude-sonnet-4-5"
MONTH = "2026-01"


@pytest.fixture
def books(migrated_url: str, tmp_path: Path) -> Iterator[Books]:
    """January 2026 with one charge of Ada's, estimated, seen from the third of February."""
    found = Books(tmp_path / "home", migrated_url, "2026-01-01")
    with transaction(found.desk.engine) as connection:
        found.desk.note(connection, "test", "prices", {})
        pricing.pin(connection, found.now())
    ada = found.person("ada", email="ada@example.com")
    found.person("ben")
    found.people = {"ada": ada}
    found.release(ada, 100, "2026-01-01", "2027-01-01")
    found.go_to(f"{DAY}T12:00")
    found.charge(ada, 1, f"{DAY}T12:00", status="estimated")
    found.go_to("2026-02-03T12:00")
    yield found
    found.close()


def bill(*lines: Line) -> Bill:
    return Bill(lines, (Cost(DAY, "tokens", 5_000_000),), days=frozenset({DAY, "2026-01-11"}), pages=1)


def told(tokens: int, key: str = "gate") -> Line:
    return Line(DAY, MODEL, Usage(input=tokens, output=100), key=key)


def tokens_of(books: Books, name: str = "") -> list[dict[str, int]]:
    found = reconcile(books.desk, "anthropic", MONTH)
    return [one["tokens"] for one in found["findings"] if not name or one["kind"] == name]


def test_a_bill_told_again_changes_nothing_and_one_that_grew_changes_what_grew(books: Books) -> None:
    first = bill(told(1200), told(70, "who"))
    assert bills.keep(books.desk, "anthropic", first, "file")["changed"] == 2
    assert bills.keep(books.desk, "anthropic", first, "file")["changed"] == 0
    assert bills.keep(books.desk, "anthropic", bill(told(1300), told(70, "who")), "file")["changed"] == 1
    assert bills.keep(books.desk, "anthropic", bill(told(1300)), "file")["changed"] == 1, (
        "a line that is gone is a change"
    )
    with reading(books.desk.engine) as connection:
        assert sorted(one["changed"] for one in bills.readings(connection)) == [0, 1, 1, 2]
        assert bills.cost_nanos(connection, "anthropic", DAY, DAY) == 5_000_000


def test_corrections_follow_a_bill_that_grows_and_do_nothing_twice(books: Books) -> None:
    for tokens, entries in ((1200, 1), (1200, 0), (1500, 1), (1500, 0), (1200, 1)):
        bills.keep(books.desk, "anthropic", bill(told(tokens)), "file")
        done = reconcile(books.desk, "anthropic", MONTH, apply_it=True)
        assert (done["entries"], done["unexplained"]) == (entries, 0)
        assert done["bill_list_nanos"] > 0
    assert tokens_of(books) == []


def test_a_closed_month_keeps_its_figures_and_the_correction_waits_for_the_next(books: Books) -> None:
    made = closes.close(books.desk, MONTH, "", lambda done, whole: None)
    bills.keep(books.desk, "anthropic", bill(told(2000)), "file")
    assert reconcile(books.desk, "anthropic", MONTH, apply_it=True)["corrected"] == 1
    with reading(books.desk.engine) as connection:
        found = closes.frozen(connection, MONTH)
    assert (found.close.digest, found.whole) == (made["digest"], True)
    (late,) = closes.pending(books.desk).value
    assert (late.concerns, late.provider) == (MONTH, "anthropic")


def test_what_nobody_owns_is_attributed_or_dismissed_once(books: Books) -> None:
    bills.keep(books.desk, "anthropic", bill(told(1000), told(70, "who"), told(30, "else")), "file")
    assert reconcile(books.desk, "anthropic", MONTH, apply_it=True)["suspense"] == 2
    with reading(books.desk.engine) as connection:
        waiting = {one["key"]: one["place"] for one in suspense.listed(connection, state="open")}
    suspense.attribute(books.desk, waiting["who"], "ben", "his")
    suspense.dismiss(books.desk, waiting["else"], "a trial")
    with pytest.raises(Conflict):
        suspense.dismiss(books.desk, waiting["who"], "again")
    assert tokens_of(books) == []
    # The bill tells more of both: only what is more is open.
    bills.keep(books.desk, "anthropic", bill(told(1000), told(75, "who"), told(31, "else")), "file")
    assert sorted(one.get("input", 0) for one in tokens_of(books, "suspense")) == [1, 5]
    assert reconcile(books.desk, "anthropic", MONTH, apply_it=True)["suspense"] == 2
    for key in ("who", "else"):
        suspense.attribute(books.desk, waiting[key], "ben", own_key=True)
    assert tokens_of(books) == []
    assert reconcile(books.desk, "anthropic", MONTH, apply_it=True)["entries"] == 0


def test_telemetry_explains_a_bill_and_is_used_up_by_it(books: Books) -> None:
    ada = books.people["ada"]
    books.go_to(f"{DAY}T15:00")
    at = books.now() * 1000
    readings = [
        Reading(TOKENS, kind, value, at - 10**9, at, True, "s1", MODEL, "", f"series {kind}")
        for kind, value in (("input", 70), ("output", 100))
    ]
    taken = [telemetry.record(books.desk, readings, ada) for _ in range(2)]
    assert [(one.counted, one.repeated) for one in taken] == [(2, 0), (0, 2)]
    later = [replace(one, at=at + 10**9, value=one.value + 5) for one in readings]
    assert telemetry.record(books.desk, later, ada).counted == 2
    day = books.now() // 86_400_000_000
    (seen,) = outside.observed(books.desk, day, day + 1, str.lower)
    assert (seen.person, seen.usage) == (ada, Usage(input=75, output=105))
    books.go_to("2026-02-03T12:00")
    shadow = Line(DAY, MODEL, Usage(input=75, output=105), key="who")
    bills.keep(books.desk, "anthropic", bill(told(1000), shadow), "file")
    found = reconcile(books.desk, "anthropic", MONTH, apply_it=True)
    assert [(one["kind"], one["person"]) for one in found["findings"]] == [("outside", "ada")]
    assert tokens_of(books) == []


def test_a_credential_opens_under_the_next_master_key_and_is_gone_when_it_is_forgotten(books: Books) -> None:
    bills.set_admin(books.desk, "anthropic", "sk-admin-canary")
    asked: list[str] = []

    def fetching(source: object, secret: str, **more: object) -> Bill:
        asked.append(secret)
        return bill()

    bills.read_bill(books.desk, "anthropic", MONTH, fetching=fetching)
    successor = Vault(secrets.token_bytes(32))
    with transaction(books.desk.engine) as connection:
        books.desk.note(connection, "test", "rotation", {})
        adopt_master(connection, books.desk.vault)
        assert rotate_master(connection, books.desk.vault, successor) == 1
    books.desk.vault = successor
    bills.read_bill(books.desk, "anthropic", MONTH, fetching=fetching)
    assert asked == ["sk-admin-canary"] * 2
    assert "canary" not in repr(bills.admins(books.desk)) + repr(Secret("sk-admin-canary"))
    bills.forget_admin(books.desk, "anthropic")
    with pytest.raises(NotFound, match="no admin key"):
        bills.read_bill(books.desk, "anthropic", MONTH, fetching=fetching)
