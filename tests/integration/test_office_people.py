"""People in the database: added, found, changed, imported all or nothing, suspended, gone."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import Engine

from bursar.errors import Conflict, InvalidInput, NotFound
from bursar.office.database import reading
from bursar.office.workforce import people
from bursar.office.workforce.people import last_instant
from bursar.office.workforce.roster import Import

if TYPE_CHECKING:
    from tests.postgres import Changing

pytest_plugins = ("tests.postgres",)


def add(changing: Changing, handle: str, **fields: str) -> dict[str, Any]:
    with changing() as connection:
        return people.add(connection, {"handle": handle, **fields}, f"per_{handle}", 1)


def by_handle(engine: Engine) -> dict[str, dict[str, Any]]:
    with reading(engine) as connection:
        return {one["handle"]: one for one in people.listed(connection)}


def import_(engine: Engine, changing: Changing, folder: Path, text: str) -> Import:
    file = folder / "roster.csv"
    file.write_text(text)
    ids = itertools.count()
    with changing() as connection:
        found = people.read_roster(connection, file)
        people.apply_roster(connection, found, lambda: f"per_new_{next(ids)}", 1)
    return found


def test_a_person_is_found_by_handle_address_or_id(engine: Engine, changing: Changing) -> None:
    add(changing, "ada", email="Ada@Example.com", name="Ada")
    with reading(engine) as connection:
        for name in ("ada", "ADA", "ada@example.com", "ADA@EXAMPLE.COM", "per_ada"):
            assert people.named(connection, name)["name"] == "Ada"
        for name in ("", "nobody", "per_", "%"):
            with pytest.raises(NotFound):
                people.named(connection, name)


def test_nobody_is_found_by_having_no_address(engine: Engine, changing: Changing) -> None:
    add(changing, "ada")
    add(changing, "ben")
    with reading(engine) as connection, pytest.raises(NotFound):
        people.named(connection, "")


def test_a_handle_and_an_address_belong_to_one_person(changing: Changing) -> None:
    add(changing, "ada", email="ada@example.com")
    with pytest.raises(Conflict, match="a person ada already"):
        add(changing, "ada")
    with pytest.raises(Conflict, match="somebody else has the e-mail address"):
        add(changing, "ben", email="ADA@example.com")


def test_a_change_touches_only_what_is_given(engine: Engine, changing: Changing) -> None:
    add(changing, "ada", email="ada@example.com", team="platform")
    with changing() as connection:
        people.change(connection, "per_ada", {"level": "L6"})
    found = by_handle(engine)["ada"]
    assert (found["level"], found["team"], found["email"]) == ("L6", "platform", "ada@example.com")


def test_reports_follow_a_handle_that_changes(engine: Engine, changing: Changing) -> None:
    add(changing, "ada", email="ada@example.com")
    add(changing, "ben", manager="ada@example.com")
    assert by_handle(engine)["ben"]["manager"] == "ada"
    with changing() as connection:
        people.change(connection, "per_ada", {"handle": "countess"})
    assert by_handle(engine)["ben"]["manager"] == "countess"


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"manager": "nobody"}, "manager"),
        ({"manager": "ada"}, "manager"),
        ({"manager": "ben"}, "manager"),
        ({"id": "x"}, "id"),
    ],
)
def test_a_change_that_cannot_be_is_refused(changing: Changing, values: dict[str, str], field: str) -> None:
    add(changing, "ada")
    add(changing, "ben", manager="ada")
    with pytest.raises(InvalidInput) as caught, changing() as connection:
        people.change(connection, "per_ada", values)
    assert caught.value.field == field


def test_changing_somebody_who_is_not_there_is_said(changing: Changing) -> None:
    for act in (
        lambda connection: people.change(connection, "per_x", {}),
        lambda connection: people.suspend(connection, "per_x"),
        lambda connection: people.reinstate(connection, "per_x"),
        lambda connection: people.leave(connection, "per_x", "2026-01-01", 1),
    ):
        with pytest.raises(NotFound), changing() as connection:
            act(connection)


def test_a_roster_is_imported_and_imported_again_without_change(
    engine: Engine, changing: Changing, tmp_path: Path
) -> None:
    text = "name,email,manager\nBen,ben@x.org,ada@x.org\nAda,ada@x.org,\n"
    first = import_(engine, changing, tmp_path, text)
    assert (len(first.added), len(first.updated), first.unchanged) == (2, 0, 0)
    assert by_handle(engine)["ben"]["manager"] == "ada"
    assert import_(engine, changing, tmp_path, text) == Import([], [], 2)


def test_people_exchange_handles_and_their_reports_follow(engine: Engine, changing: Changing, tmp_path: Path) -> None:
    add(changing, "ada", email="ada@x.org")
    add(changing, "ben", email="ben@x.org")
    add(changing, "cy", manager="ada")
    import_(engine, changing, tmp_path, "email,handle\nada@x.org,ben\nben@x.org,ada\n")
    found = by_handle(engine)
    assert (found["ben"]["id"], found["ada"]["id"], found["cy"]["manager"]) == ("per_ada", "per_ben", "ben")


def test_a_wrong_line_imports_nobody(engine: Engine, changing: Changing, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="line 3: zone"):
        import_(engine, changing, tmp_path, "handle,zone\nada,UTC\nben,Mars/Olympus\n")
    assert by_handle(engine) == {}


def test_reading_a_roster_changes_nothing(engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "roster.csv").write_text("handle\nada\n")
    with reading(engine) as connection:
        assert len(people.read_roster(connection, tmp_path / "roster.csv").added) == 1
    assert by_handle(engine) == {}


@pytest.mark.parametrize("content", [None, b"\xff\xfe\x00", b"handle\n" + b"a" * 200])
def test_a_file_that_cannot_be_read_is_said(
    engine: Engine, tmp_path: Path, content: bytes | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(people, "MAX_ROSTER_BYTES", 100)
    file = tmp_path / "roster.csv"
    if content is not None:
        file.write_bytes(content)
    with reading(engine) as connection, pytest.raises(InvalidInput, match="roster"):
        people.read_roster(connection, file)


def test_a_byte_order_mark_is_no_part_of_the_header(engine: Engine, changing: Changing, tmp_path: Path) -> None:
    import_(engine, changing, tmp_path, "\ufeffhandle\nada\n")
    assert list(by_handle(engine)) == ["ada"]


def test_somebody_who_left_has_left_and_somebody_who_will_leave_is_active(engine: Engine, changing: Changing) -> None:
    add(changing, "ada", zone="Asia/Tokyo")
    add(changing, "ben", zone="America/Chicago")
    noon = int(datetime(2026, 3, 31, 16, tzinfo=UTC).timestamp()) * 1_000_000  # the 1st of April in Tokyo
    with changing() as connection:
        people.leave(connection, "per_ada", "2026-03-31", noon)
        people.leave(connection, "per_ben", "2026-03-31", noon)
    found = by_handle(engine)
    assert [(found[name]["status"], found[name]["leave_date"]) for name in ("ada", "ben")] == [
        ("left", "2026-03-31"),
        ("active", "2026-03-31"),
    ]
    with changing() as connection:
        people.reinstate(connection, "per_ada")
    assert (by_handle(engine)["ada"]["status"], by_handle(engine)["ada"]["leave_date"]) == ("active", "")


@pytest.mark.parametrize("day", ["", "soon", "2026-02-30", "2026-2-1", "9999-12-31"])
def test_a_last_day_has_to_exist(changing: Changing, day: str) -> None:
    add(changing, "ada")
    with pytest.raises(InvalidInput, match="leave_date"), changing() as connection:
        people.leave(connection, "per_ada", day, 1)


@pytest.mark.parametrize(
    ("day", "zone", "end"),
    [
        ("2026-03-31", "UTC", datetime(2026, 4, 1, tzinfo=UTC)),
        ("2026-03-28", "Europe/Berlin", datetime(2026, 3, 28, 23, tzinfo=UTC)),
        ("2026-03-29", "Europe/Berlin", datetime(2026, 3, 29, 22, tzinfo=UTC)),
        ("2026-12-31", "America/Los_Angeles", datetime(2027, 1, 1, 8, tzinfo=UTC)),
    ],
)
def test_a_last_day_ends_at_midnight_where_the_person_is(day: str, zone: str, end: datetime) -> None:
    assert last_instant(day, zone) == int(end.timestamp()) * 1_000_000


def test_without_a_last_day_there_is_no_end() -> None:
    assert last_instant("", "UTC") == 0
