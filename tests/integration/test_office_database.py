"""Opening, migrating and guarding the database, on both engines."""

from __future__ import annotations

import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, delete, func, insert, inspect, select, text, update
from tests.support.separated import separated

from bursar.errors import BursarError, Conflict, InvalidInput, Unavailable
from bursar.office import audit, database
from bursar.office.database import as_owner, check_schema, migrate, open_engine, reading, schema_state, transaction
from bursar.office.tables import access_key, metadata, person, provider
from bursar.office.workforce import people

if TYPE_CHECKING:
    from tests.postgres import Changing

pytest_plugins = ("tests.postgres",)

MAX_WAIT_SECONDS = 60


def upgrade_to(engine: Engine, revision: str) -> None:
    with as_owner(engine) as owner, owner.begin() as connection:
        config = database._config()
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def test_a_migrated_database_has_exactly_the_tables_of_the_code(engine: Engine) -> None:
    def ours(thing: object, name: str | None, kind: str, reflected: bool, other: object) -> bool:
        return kind != "table" or name in metadata.tables

    wanted_tables = separated(metadata) if engine.dialect.name == "postgresql" else metadata
    with reading(engine) as connection:
        context = MigrationContext.configure(connection, opts={"include_object": ours})
        assert compare_metadata(context, wanted_tables) == []
        found = inspect(connection)
        for table in metadata.tables.values():
            wanted = {str(one.name) for one in table.constraints if one.name and str(one.name).startswith(table.name)}
            wanted |= {str(one.name) for one in table.indexes}
            there = {one["name"] for one in found.get_check_constraints(table.name)}
            there |= {one["name"] for one in found.get_unique_constraints(table.name)}
            there |= {one["name"] for one in found.get_indexes(table.name)}
            assert wanted <= there, table.name


def test_migrating_twice_changes_nothing(engine: Engine) -> None:
    before = schema_state(engine)
    migrate(engine)
    assert schema_state(engine) == before
    assert before.relation == "current"


def test_a_database_says_where_it_stands(database_url: str) -> None:
    engine = open_engine(database_url)
    try:
        assert schema_state(engine).relation == "empty"
        with pytest.raises(Conflict, match="not been set up") as empty:
            check_schema(engine)
        assert empty.value.hint == "run `bursar init`"
        upgrade_to(engine, "0002")
        assert schema_state(engine).relation == "older"
        with pytest.raises(Conflict, match="at revision 0002"):
            check_schema(engine)
        migrate(engine)
        check_schema(engine)
        with as_owner(engine) as owner, owner.begin() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        check_schema(engine)  # what was added since takes nothing away: the release before goes on serving
        with as_owner(engine) as owner, owner.begin() as connection:
            connection.execute(text("UPDATE schema_floor SET revision = '9999'"))
        with pytest.raises(Conflict, match="newer Bursar") as newer:
            check_schema(engine)
        assert newer.value.hint == "upgrade Bursar"
    finally:
        engine.dispose()


def test_an_older_database_keeps_everything_when_it_is_migrated(database_url: str) -> None:
    engine = open_engine(database_url)
    try:
        upgrade_to(engine, "0002")
        with as_owner(engine) as owner, owner.begin() as connection:
            fill_as_of_0002(connection)
        migrate(engine)
        with reading(engine) as connection:
            ada = people.named(connection, "ADA@example.com")
            assert (ada["id"], ada["email"], ada["organisation"], ada["leave_date"]) == (
                "per_1",
                "ada@example.com",
                "org_1",
                "",
            )
            key = connection.execute(select(access_key)).one()
            assert (key.hmac, key.cap_nanos, key.cap_unit, key.previous_hmac) == ("abc", 5, "USD", "")
            assert connection.execute(select(provider.c.secret)).scalar_one() == b"\x01sealed"
            assert audit.verify(connection).lines == 2
            assert audit.verify(connection).broken is None
    finally:
        engine.dispose()


def fill_as_of_0002(connection: Connection) -> None:
    connection.execute(
        text("INSERT INTO person (id, handle, email, created) VALUES ('per_1', 'ada', 'Ada@Example.com', 1)")
    )
    connection.execute(
        text(
            "INSERT INTO access_key (id, person, hmac, hint, purpose, cap_nanos, created) "
            "VALUES ('key_1', 'per_1', 'abc', 'bur', 'work', 5, 1)"
        )
    )
    connection.execute(
        text(
            "INSERT INTO provider (name, kind, base_url, secret, created) VALUES ('openai', 'openai', 'https://x', :s, 1)"
        ),
        {"s": b"\x01sealed"},
    )
    previous = ""
    for seq in (1, 2):
        line = audit._hash(previous, seq, 7, "me", "person.add", "per_1", "{}")
        connection.execute(
            text("INSERT INTO audit VALUES (:seq, 7, 'me', 'person.add', 'per_1', '{}', :hash)"),
            {"seq": seq, "hash": line},
        )
        previous = line


def test_two_people_with_one_address_stop_the_migration_in_words(database_url: str) -> None:
    engine = open_engine(database_url)
    try:
        upgrade_to(engine, "0002")
        with as_owner(engine) as owner, owner.begin() as connection:
            for name in ("ada", "ben"):
                connection.execute(
                    text("INSERT INTO person (id, handle, email, created) VALUES (:n, :n, 'x@Y.org', 1)"), {"n": name}
                )
        with pytest.raises(Conflict, match=r"share the e-mail address x@y\.org"):
            migrate(engine)
        assert schema_state(engine).current == "0002"
    finally:
        engine.dispose()


MIGRATE = """
import sys
from bursar.office.database import check_schema, migrate, open_engine
engine = open_engine(sys.argv[1])
sys.stdin.read()
migrate(engine)
check_schema(engine)
"""


def test_processes_that_migrate_at_once_do_not_collide(database_url: str) -> None:
    command_line = [sys.executable, "-c", MIGRATE, database_url]
    pipes = {"stdin": subprocess.PIPE, "stderr": subprocess.PIPE}
    running = [subprocess.Popen(command_line, text=True, **pipes) for _ in range(3)]  # type: ignore[call-overload]
    try:
        for process in running:
            process.stdin.close()  # the signal to begin
        assert [(process.wait(MAX_WAIT_SECONDS), process.stderr.read()) for process in running] == [(0, "")] * 3
    finally:
        for process in running:
            process.kill()
            process.wait()
            process.stderr.close()


def test_a_change_without_a_line_in_the_audit_log_is_not_committed(engine: Engine) -> None:
    with (
        pytest.raises(AssertionError, match="person changed without a line in the audit log"),
        transaction(engine) as connection,
    ):
        people.add(connection, {"handle": "ada"}, "per_1", 1)
    with reading(engine) as connection:
        assert people.listed(connection) == []


def test_a_fault_undoes_the_whole_transaction(engine: Engine) -> None:
    def change_and_fail() -> None:
        with transaction(engine) as connection:
            people.add(connection, {"handle": "ada"}, "per_1", 1)
            audit.record(connection, 1, "me", "person.add", "per_1", {})
            raise RuntimeError("in the middle")

    with pytest.raises(RuntimeError, match="in the middle"):
        change_and_fail()
    with reading(engine) as connection:
        assert people.listed(connection) == []
        assert audit.count(connection) == 0


def test_what_reading_writes_is_undone(engine: Engine) -> None:
    with reading(engine) as connection:
        connection.execute(insert(person).values(id="per_1", handle="ada", created=1))
    with reading(engine) as connection:
        assert people.listed(connection) == []


def test_reading_does_not_wait_for_a_writer(engine: Engine) -> None:
    with transaction(engine) as writing:
        people.add(writing, {"handle": "ada"}, "per_1", 1)
        with reading(engine) as connection:
            assert people.listed(connection) == []
        audit.record(writing, 1, "me", "person.add", "per_1", {})


@pytest.mark.parametrize("statement", [update(person).values(id="other"), delete(person)], ids=["update", "delete"])
def test_a_person_with_keys_stays(engine: Engine, changing: Changing, statement: object) -> None:
    with changing() as connection:
        people.add(connection, {"handle": "ada"}, "per_1", 1)
        connection.execute(
            insert(access_key).values(id="k", person="per_1", hmac="h", hint="", purpose="work", created=1)
        )
    with pytest.raises(Conflict, match="refuses"), changing() as connection:
        connection.execute(statement)  # type: ignore[call-overload]


def test_a_refused_row_is_not_quoted(engine: Engine, changing: Changing) -> None:
    values = {"person": "per_1", "hmac": "canary-hmac", "hint": "", "purpose": "work", "created": 1}
    with changing() as connection:
        people.add(connection, {"handle": "ada"}, "per_1", 1)
        connection.execute(insert(access_key).values(id="one", **values))
    with pytest.raises(Conflict) as caught, changing() as connection:
        connection.execute(insert(access_key).values(id="two", **values))
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize("verb", ["update", "delete", "truncate"])
def test_the_audit_log_refuses_to_be_rewritten(engine: Engine, changing: Changing, verb: str) -> None:
    if verb == "truncate" and engine.dialect.name == "sqlite":
        pytest.skip("SQLite has no TRUNCATE")
    with changing():
        pass
    statement = {"update": "UPDATE audit SET actor = 'x'", "delete": "DELETE FROM audit", "truncate": "TRUNCATE audit"}
    for refusal, opened in ((r"append-only|permission denied", nullcontext(engine)), ("append-only", as_owner(engine))):
        with (
            opened as whose,
            pytest.raises(Conflict, match=refusal),
            transaction(whose) as connection,
        ):
            connection.execute(text(statement[verb]))


def test_sqlite_is_opened_durable_and_with_foreign_keys(tmp_path: Path) -> None:
    engine = open_engine(str(tmp_path / "a.db"))
    try:
        with reading(engine) as connection:
            found = [
                connection.execute(text(f"PRAGMA {name}")).scalar_one()
                for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
            ]
        assert found == ["wal", 2, 1, database.BUSY_TIMEOUT_SECONDS * 1000]
    finally:
        engine.dispose()


def test_a_file_that_is_no_database_is_refused_in_words(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("dear diary " * 1000)
    engine = open_engine(str(file))
    try:
        with pytest.raises(Conflict, match="not a Bursar database"):
            migrate(engine)
    finally:
        engine.dispose()
    assert file.read_text().startswith("dear diary")


@pytest.mark.parametrize("url", ["{folder}/none/a.db", "postgresql://bursar:canary@127.0.0.1:1/x?connect_timeout=2"])
def test_a_database_that_cannot_be_reached_is_unavailable(tmp_path: Path, url: str) -> None:
    engine = open_engine(url.format(folder=tmp_path))
    try:
        for act in (migrate, schema_state):
            with pytest.raises(Unavailable) as caught:
                act(engine)
            assert "canary" not in str(caught.value)
    finally:
        engine.dispose()


@pytest.mark.parametrize(
    "url",
    [
        "",
        ":memory:",
        "sqlite://",
        "sqlite:///:memory:",
        "sqlite:///a.db?mode=ro",
        "sqlite+aiosqlite:///a.db",
        "mysql://bursar:canary@host/x",
        "postgresql+asyncpg://bursar:canary@host/x",
        "postgresql://bursar:canary@host:port/x",
        "://canary",
    ],
)
def test_a_url_that_cannot_be_meant_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        open_engine(url)
    assert caught.value.field == "database_url"
    assert "canary" not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    ("url", "hosts", "ports"),
    [
        ("postgresql://bursar:canary@a,b:5433/x?target_session_attrs=read-write", "a,b", "5432,5433"),
        ("postgresql://a:1,[::1]:2,c:3/x", "a,::1,c", "1,2,3"),
        ("postgresql+psycopg://bursar@/x?host=/run/a,/run/b", "/run/a,/run/b", ","),
    ],
)
def test_several_hosts_are_read_as_postgresql_writes_them(url: str, hosts: str, ports: str) -> None:
    """Whichever takes writes is the primary: `target_session_attrs` stays where it is."""
    engine = open_engine(url)
    _, arguments = engine.dialect.create_connect_args(engine.url)
    assert (arguments["host"], arguments["port"], arguments["dbname"]) == (hosts, ports, "x")
    assert arguments.get("target_session_attrs", "") == ("read-write" if "attrs" in url else "")
    engine.dispose()


def test_a_locked_file_is_unavailable_after_the_wait(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "BUSY_TIMEOUT_SECONDS", 0.05)
    engine = open_engine(str(tmp_path / "a.db"))
    try:
        migrate(engine)
        with engine.begin() as connection:
            connection.execute(select(func.count()).select_from(person))
            with pytest.raises(BursarError, match="locked") as caught, transaction(engine):
                pass
        assert isinstance(caught.value, Unavailable)
    finally:
        engine.dispose()


def test_the_names_of_the_files_are_the_chain_of_revisions_that_alembic_follows() -> None:
    chain = [one.revision for one in ScriptDirectory.from_config(database._config()).walk_revisions()]
    assert list(database.revisions()) == chain[::-1]
