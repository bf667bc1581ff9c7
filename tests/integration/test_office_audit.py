"""The audit log: one chain, whoever writes; a change inside it shows."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import Connection, Engine, insert, select, text

from bursar.errors import Conflict, InvalidInput
from bursar.office import audit
from bursar.office.database import as_owner, open_engine, reading, transaction
from bursar.office.tables import audit as log
from bursar.office.tables import control_version
from bursar.office.vault import Secret

if TYPE_CHECKING:
    from tests.postgres import Changing

pytest_plugins = ("tests.postgres",)


def fill(engine: Engine, lines: int) -> None:
    with transaction(engine) as connection:
        for number in range(lines):
            audit.record(connection, number, "ada", "person.add", f"per_{number}", {"handle": "ünï", "n": number})


def disarm(connection: Connection) -> None:
    """Take the triggers away, as somebody with the database's own rights could."""
    if connection.dialect.name == "sqlite":
        for verb in ("update", "delete"):
            connection.execute(text(f"DROP TRIGGER audit_keeps_{verb}"))
    else:
        connection.execute(text("ALTER TABLE audit DISABLE TRIGGER ALL"))


def chain(engine: Engine, anchor: str = "") -> audit.Chain:
    with reading(engine) as connection:
        return audit.verify(connection, anchor)


def test_an_empty_log_is_whole(engine: Engine) -> None:
    assert chain(engine) == audit.Chain(0, "", None)


def test_every_line_is_chained_to_the_one_before(engine: Engine) -> None:
    fill(engine, 5)
    found = chain(engine)
    with reading(engine) as connection:
        rows = connection.execute(select(log).order_by(log.c.seq)).all()
        assert audit.first_broken(connection) is None
        assert audit.count(connection) == 5
    assert (found.lines, found.head, found.broken) == (5, rows[-1].hash, None)
    assert [row.prev_hash for row in rows] == ["", *(row.hash for row in rows[:-1])]


@pytest.mark.parametrize(
    "tampering",
    [
        "UPDATE audit SET actor = 'eve' WHERE seq = 3",
        "UPDATE audit SET at = at + 1 WHERE seq = 3",
        "UPDATE audit SET action = 'person.remove' WHERE seq = 3",
        "UPDATE audit SET subject = 'per_9' WHERE seq = 3",
        "UPDATE audit SET detail = '{}' WHERE seq = 3",
        "UPDATE audit SET prev_hash = 'x' WHERE seq = 3",
        "UPDATE audit SET hash = 'x' WHERE seq = 3",
        "UPDATE audit SET seq = 30 WHERE seq = 3",
    ],
)
def test_an_altered_line_shows(engine: Engine, tampering: str) -> None:
    fill(engine, 5)
    with as_owner(engine) as owner, owner.begin() as connection:
        disarm(connection)
        connection.execute(text(tampering))
    found = chain(engine)
    assert found.lines == 2
    assert found.broken == (4 if "seq = 30" in tampering else 3)


def test_a_missing_line_shows(engine: Engine) -> None:
    fill(engine, 5)
    with as_owner(engine) as owner, owner.begin() as connection:
        disarm(connection)
        connection.execute(text("DELETE FROM audit WHERE seq = 1"))
    assert chain(engine).broken == 2


def test_a_cut_off_end_shows_to_whoever_kept_the_head(engine: Engine) -> None:
    fill(engine, 5)
    head = chain(engine).head
    fill(engine, 2)
    assert chain(engine, head).broken is None
    with as_owner(engine) as owner, owner.begin() as connection:
        disarm(connection)
        connection.execute(text("DELETE FROM audit WHERE seq >= 5"))
    assert chain(engine).broken is None
    assert chain(engine, head).broken == 5


def test_the_chain_cannot_fork(engine: Engine) -> None:
    fill(engine, 2)
    with reading(engine) as connection:
        row = connection.execute(select(log).where(log.c.seq == 2)).one()._asdict()
    with pytest.raises(Conflict, match="audit"), transaction(engine) as connection:
        connection.execute(insert(log).values({**row, "seq": 3, "hash": "other"}))


def test_writers_at_once_make_one_chain(migrated_url: str) -> None:
    faults: list[BaseException] = []

    def write() -> None:
        engine = open_engine(migrated_url)
        try:
            for _ in range(10):
                fill(engine, 2)
        except BaseException as fault:
            faults.append(fault)
        finally:
            engine.dispose()

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    engine = open_engine(migrated_url)
    found = chain(engine)
    engine.dispose()
    assert (found.lines, found.broken) == (80, None)


def test_every_line_moves_the_version_that_gateways_watch(engine: Engine, changing: Changing) -> None:
    def version() -> int:
        with reading(engine) as connection:
            return int(connection.execute(select(control_version.c.version)).scalar_one())

    before = version()
    with changing():
        pass
    assert version() == before + 1


def test_a_secret_cannot_be_written_into_the_log(engine: Engine) -> None:
    with pytest.raises(TypeError), transaction(engine) as connection:
        audit.record(connection, 1, "ada", "provider.add", "openai", {"secret": Secret("canary")})
    assert chain(engine).lines == 0


def test_a_line_has_a_largest_size(engine: Engine) -> None:
    with pytest.raises(InvalidInput, match="detail"), transaction(engine) as connection:
        audit.record(connection, 1, "ada", "person.add", "per_1", {"note": "x" * audit.MAX_DETAIL_CHARS})
