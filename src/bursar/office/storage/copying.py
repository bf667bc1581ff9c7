"""A checked copy of a whole installation's database, to the other engine or the same.

Until everything was held against the source and agreed, the target says in place of its revision that it is half copied, and
every Bursar refuses to work on it. The source is only read, in one snapshot: what is written to it meanwhile is not copied.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DatabaseError

from bursar.errors import BursarError, Conflict, NotFound
from bursar.ledger import StoreUnavailable, open_store
from bursar.ledger.months import CHARGE, covering
from bursar.office.database import HALF_COPIED, as_owner, check_schema, migrate, open_engine, schema_state
from bursar.office.storage import agreement, streams
from bursar.office.storage.agreement import Check, Told
from bursar.office.storage.streams import Carried
from bursar.office.vault import Vault, check_master, check_sealed

_MARKED = "the target is marked half-copied and refuses to be used: drop it; the source is as it was"


@dataclass(frozen=True, slots=True)
class Copied:
    """What was copied and how it was held against the source; `later` entries were written to the source meanwhile."""

    source: str
    target: str
    tables: dict[str, int]
    checks: tuple[Check, ...]
    later: int


def copy(source_url: str, target_url: str, vault: Vault, told: Told, *, chained: bool = True) -> Copied:
    """Copy a database into an empty one and verify the copy.

    Raises NotFound for a file that is not there, Conflict for a source of another revision, a target that is not empty, a master key that is not the source's, and
    for a copy that does not agree; then, as after any other fault on the way, the target stays marked half copied.
    `chained=False` compares the journal row by row instead of recomputing its seals, for a house that has none.
    """
    source, named = open_engine(source_url), open_engine(target_url)
    try:
        with as_owner(named) as target:  # who makes the tables, fills them and marks them
            return _copy(source, target, target_url, vault, told, chained=chained)
    finally:
        source.dispose()
        named.dispose()


def _copy(source: Engine, target: Engine, target_url: str, vault: Vault, told: Told, *, chained: bool) -> Copied:
    file = source.url.database or ""
    if source.dialect.name == "sqlite" and not Path(file).is_file():
        raise NotFound(f"there is no file {file}")  # which opening it would make
    check_schema(source)
    _check_empty(target)
    with streams.snapshot(source) as ours:
        check_master(ours, vault)
        check_sealed(ours, vault)
        migrate(target)
        _mark(target, HALF_COPIED)
        try:
            found = _copied(ours, target, target_url, vault, told, chained=chained)
        except (BursarError, StoreUnavailable) as error:
            raise Conflict(f"the copy failed: {getattr(error, 'sentence', error)}", _MARKED) from error
        except DatabaseError as error:
            first = str(error.orig).partition("\n")[0]
            raise Conflict(f"the copy failed: {first}", _MARKED) from error
        copied_head = agreement.head_of(ours).seq
    with streams.snapshot(source) as now:
        later = agreement.head_of(now).seq - copied_head
    _mark(target, schema_state(source).head)
    return Copied(source.dialect.name, target.dialect.name, found[0], found[1], later)


def _copied(
    ours: Connection, target: Engine, target_url: str, vault: Vault, told: Told, *, chained: bool
) -> tuple[dict[str, int], tuple[Check, ...]]:
    with target.connect() as connection:
        tables = streams.carried(ours, connection)
        _prepare(connection)
        with connection.begin():
            streams.clear(connection, tables)
            _make_months(ours, connection)
        rows = {one.name: streams.count(ours, one.name) for one in tables}
        copied = _filled(ours, connection, tables, rows, told)
        with connection.begin():
            streams.renumber(connection, tables)
            _finish(connection)
    checks = []
    store = open_store(target_url)
    try:
        with streams.snapshot(target) as theirs:
            for one in agreement.agreement(ours, theirs, store, vault, tables, copied, told, chained=chained):
                checks.append(one)
                if not one.good:
                    raise Conflict(f"{one.name}: {one.wrong}")
    finally:
        store.close()
    return copied, tuple(checks)


def _filled(
    ours: Connection, theirs: Connection, tables: list[Carried], rows: dict[str, int], told: Told
) -> dict[str, int]:
    """A transaction for each table: the mark says that it is not whole yet."""
    whole, copied, done = sum(rows.values()), {}, 0

    def tell(more: int) -> None:
        nonlocal done
        done += more
        told(f"copying {table.name}", done, whole)

    for table in tables:
        with theirs.begin():
            copied[table.name] = streams.fill(theirs, table, streams.batches(ours, table), tell)
    return copied


def _check_empty(target: Engine) -> None:
    if schema_state(target).relation == "half-copied":
        raise Conflict("the target holds a copy that was not finished", "drop it, and name an empty database")
    with streams.snapshot(target) as connection:
        found = streams.names(connection)
    if found or schema_state(target).current is not None:
        raise Conflict(
            f"the target is not empty: it has {len(found)} tables, {found[0] if found else 'a revision'} among them",
            "name a database without any tables; nothing was changed",
        )


def _mark(target: Engine, revision: str) -> None:
    with target.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :one"), {"one": revision})


def _make_months(ours: Connection, theirs: Connection) -> None:
    """PostgreSQL keeps usage in months, which are made before their rows come."""
    first, last = ours.execute(text(f"SELECT MIN(at) / {CHARGE.a_day}, MAX(at) / {CHARGE.a_day} FROM charge")).one()
    if theirs.dialect.name == "postgresql" and first is not None:
        for statement in covering(int(first), int(last)):
            theirs.exec_driver_sql(statement)


def _prepare(connection: Connection) -> None:
    """SQLite looks at references when all is there: the order of rows within a table is the source's, not theirs."""
    connection.rollback()
    if connection.dialect.name == "sqlite":
        driver: Any = connection.connection.driver_connection
        driver.execute("PRAGMA foreign_keys = OFF")


def _finish(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        strays = connection.execute(text("PRAGMA foreign_key_check")).fetchall()
        if strays:
            raise Conflict(f"{len(strays)} rows refer to none, the first in {strays[0][0]}")
