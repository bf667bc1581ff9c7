"""Copying an installation's database between the engines: everything agrees afterwards, or the copy refuses to be used."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text
from tests.support.books import Books
from tests.support.profile import NIGHTLY, PAGE_ENGINES

from bursar.errors import Conflict
from bursar.office.database import check_schema, migrate, open_engine, schema_state
from bursar.office.desk import open_desk
from bursar.office.figures import kept_usage
from bursar.office.oversight import verification
from bursar.office.settings import Settings
from bursar.office.storage import copying, streams
from bursar.office.storage.copying import Copied
from bursar.office.vault import Vault

pytest_plugins = ("tests.postgres",)


# A copy that goes wrong does so on either engine; what is compared is compared the same way.
_OFTEN = pytest.mark.parametrize("migrated_url", PAGE_ENGINES, indirect=True)


@pytest.fixture
def books(migrated_url: str, tmp_path: Path) -> Iterator[Books]:
    """A house with lots, charges, a correction, a sealed secret, and texts that a format could trip over."""
    found = Books(tmp_path / "home", migrated_url, "2026-03-10")
    for number, name in enumerate(("ada", "ben", "eve")):
        person = found.people[name] = found.person(name, name=f"{name} \\N \\ Ωmega {number}")
        found.release(person, 100, "2026-03-01", "2026-04-01")
        charges = [found.charge(person, 1.5 + day, f"2026-03-0{day}T10:00", project=f"p{day}") for day in range(1, 8)]
        found.correct(person, charges[2], 9)
    found.desk.add_provider("openai", kind="openai", base_url="https://api.openai.com", secret="sk-secret")
    with found.desk.engine.begin() as connection:
        odd = {"value": "a\ttab, \\N, \\. and\r\nlines\u2028"}
        connection.execute(text("INSERT INTO setting VALUES ('org_1', 'odd', :value)"), odd)
    kept_usage.follow(found.desk)
    yield found
    found.close()


@pytest.fixture
def target(request: pytest.FixtureRequest, books: Books, tmp_path: Path) -> str:
    """Where a copy goes that is not to succeed: a file by day, the other engine by night."""
    if not NIGHTLY:
        return f"sqlite:///{tmp_path / 'copy.db'}"
    return _empty(tmp_path, request.getfixturevalue("postgres_url"), books.desk.settings.url)


def _empty(tmp_path: Path, postgres_url: str, source: str) -> str:
    return f"sqlite:///{tmp_path / 'copy.db'}" if source.startswith("postgresql") else postgres_url


def _copied(books: Books, target: str, vault: Vault | None = None) -> Copied:
    return copying.copy(books.desk.settings.url, target, vault or books.desk.vault, lambda what, done, whole: None)


def test_a_copy_on_the_other_engine_is_the_same_house(books: Books, tmp_path: Path, postgres_url: str) -> None:
    url = _empty(tmp_path, postgres_url, books.desk.settings.url)
    found = _copied(books, url)
    assert found.source != found.target
    assert all(one.good for one in found.checks)
    assert {one.name: one.number for one in found.checks}["every balance, lot by lot"] == 3
    assert found.tables["charge"] == 24
    assert found.later == 0
    desk = open_desk(Settings(home=books.desk.settings.home, database_url=url), books.now, "test")
    try:
        assert verification.verified(desk).ledger.head == verification.verified(books.desk).ledger.head
        assert desk.people() == books.desk.people()
        assert desk.providers() == books.desk.providers()
        other = Books.__new__(Books)  # the same house goes on in the copy
        other.desk, other.clock, other.people, other._number = desk, books.clock, books.people, 900
        other.charge(books.people["ada"], 2, "2026-03-09T10:00")
        assert verification.verified(desk).clean
    finally:
        desk.close()


@_OFTEN
def test_a_copy_that_comes_back_is_the_one_that_went(books: Books, tmp_path: Path, postgres_url: str) -> None:
    there = _empty(tmp_path, postgres_url, books.desk.settings.url)
    back = f"sqlite:///{tmp_path / 'back.db'}"
    first = _copied(books, there)
    second = copying.copy(there, back, books.desk.vault, lambda what, done, whole: None)
    assert second.tables == first.tables
    engines = [open_engine(one) for one in (books.desk.settings.url, back)]
    try:
        with streams.snapshot(engines[0]) as ours, streams.snapshot(engines[1]) as theirs:
            for table in streams.carried(ours, theirs):
                assert list(streams.batches(ours, table, in_order=True)) == list(
                    streams.batches(theirs, table, in_order=True)
                ), table.name
    finally:
        for one in engines:
            one.dispose()


@_OFTEN
def test_a_target_that_holds_anything_is_left_alone(books: Books, target: str) -> None:
    engine = open_engine(target)
    migrate(engine)
    with pytest.raises(Conflict, match="the target is not empty"):
        _copied(books, target)
    check_schema(engine)
    engine.dispose()


@_OFTEN
def test_a_copy_under_another_master_key_is_not_begun(books: Books, target: str) -> None:
    with pytest.raises(Conflict, match="master key"):
        _copied(books, target, Vault(b"x" * 32))
    engine = open_engine(target)
    assert schema_state(engine).relation == "empty"
    engine.dispose()


@_OFTEN
def test_a_source_whose_journal_does_not_add_up_is_copied_but_not_to_be_used(books: Books, target: str) -> None:
    with books.desk.engine.begin() as connection:
        connection.execute(text("UPDATE usage_day SET requests = requests + 1"))
    with pytest.raises(Conflict, match="hash chain") as failed:
        _copied(books, target)
    assert "half-copied" in failed.value.hint
    _is_unusable(target)


@_OFTEN
@pytest.mark.parametrize("table", ["lot", "usage_person_day", *(("usage_day", "person") if NIGHTLY else ())])
def test_a_row_that_changed_on_the_way_is_found_by_its_key(
    books: Books, target: str, table: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    damage = {
        "usage_day": "UPDATE usage_day SET requests = requests + 1 WHERE day = 20517",
        "lot": "UPDATE lot SET available = available - 1, spent = spent + 1 WHERE id = 'lot_10'",
        "person": "UPDATE person SET name = name || ' '",
        "usage_person_day": "DELETE FROM usage_person_day WHERE day = 20517",
    }[table]
    honest = copying._finish

    def altered(connection: object) -> None:
        connection.execute(text(damage))  # type: ignore[attr-defined]
        honest(connection)  # type: ignore[arg-type]

    monkeypatch.setattr(copying, "_finish", altered)
    with pytest.raises(Conflict, match=table):
        _copied(books, target)
    _is_unusable(target)


def _is_unusable(url: str) -> None:
    engine = open_engine(url)
    try:
        for use in (check_schema, migrate):
            with pytest.raises(Conflict, match="not finished, or did not agree"):
                use(engine)
    finally:
        engine.dispose()


@_OFTEN
def test_what_is_written_meanwhile_is_counted_and_not_copied(books: Books, target: str) -> None:
    def told(what: str, done: int, whole: int) -> None:
        if what == "copying lot":  # the charge's own tables come before and after it
            books.charge(books.people["ada"], 1, "2026-03-09T10:00")

    found = copying.copy(books.desk.settings.url, target, books.desk.vault, told)
    assert found.later == 1
    assert found.tables["charge"] == 24
    assert all(one.good for one in found.checks)
