"""Tables as streams of rows, out of one consistent snapshot and into an empty table, on either engine.

What a table has is asked of the database, not of this code's own tables, so that a copy holds whatever is there. A generated
column is not carried over: the other side generates its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, inspect, text

from bursar.errors import Conflict
from bursar.office.database import reading

ROWS_AT_ONCE = 10_000
"""Of a batch that is read, written or compared: what is in memory at a time."""
VERSION_TABLE = "alembic_version"

Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Carried:
    """A table and the columns that both sides have, in the source's order; the key orders its rows."""

    name: str
    columns: tuple[str, ...]
    key: tuple[str, ...]
    texts: frozenset[str]
    """Columns of text, which the engines would order differently unless they are told how."""


@contextmanager
def snapshot(engine: Engine) -> Iterator[Connection]:
    """A connection that sees the database as it is now, whatever is written meanwhile. Raises Unavailable."""
    with reading(engine) as connection:
        if connection.dialect.name == "postgresql":
            connection = connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        connection.execute(text("SELECT 1"))
        names(connection)  # SQLite takes its snapshot with the first look at a table
        yield connection


def names(connection: Connection) -> list[str]:
    """Tables of a database; the partitions of one are not tables of their own, and its revision is no content."""
    found = set(inspect(connection).get_table_names()) - {VERSION_TABLE}
    if connection.dialect.name == "postgresql":
        found -= set(connection.execute(text("SELECT relname FROM pg_class WHERE relispartition")).scalars())
    return sorted(name for name in found if not name.startswith("sqlite_"))


def carried(source: Connection, target: Connection) -> list[Carried]:
    """What is to be copied, tables that others refer to first. Raises Conflict for what the target has no place for."""
    there = set(names(target))
    order = [name for name, _ in inspect(target).get_sorted_table_and_fkc_names() if name in there]
    wanted = names(source)
    missing = [name for name in wanted if name not in there and count(source, name)]
    if missing:
        raise Conflict(f"the target has no table for {', '.join(missing)}", "copy with the Bursar that made it")
    return [_carried(source, target, name) for name in order if name in wanted]


def count(connection: Connection, table: str) -> int:
    return int(connection.execute(text(f"SELECT COUNT(*) FROM {table}")).scalar_one())


def batches(connection: Connection, table: Carried, *, in_order: bool = False) -> Iterator[list[Row]]:
    """Every row, a batch at a time; in the order of the key, the same on both engines, if asked for."""
    postgresql = connection.dialect.name == "postgresql"
    order = ""
    if in_order:
        collated = ' COLLATE "C"' if postgresql else ""
        order = " ORDER BY " + ", ".join(f"{one}{collated if one in table.texts else ''}" for one in table.key)
    query = f"SELECT {', '.join(table.columns)} FROM {table.name}{order}"
    driver: Any = connection.connection.driver_connection
    cursor = driver.cursor(name="bursar_copy") if postgresql else driver.cursor()
    try:
        cursor.execute(query)
        while rows := cursor.fetchmany(ROWS_AT_ONCE):
            yield rows
    finally:
        cursor.close()


def clear(connection: Connection, tables: Sequence[Carried]) -> None:
    """Remove what the migrations put into the target's tables."""
    for table in reversed(tables):
        connection.execute(text(f"DELETE FROM {table.name}"))


def fill(connection: Connection, table: Carried, rows: Iterator[list[Row]], told: Callable[[int], None]) -> int:
    """Put rows into an empty table; how many there were. COPY on PostgreSQL."""
    driver: Any = connection.connection.driver_connection
    listed = ", ".join(table.columns)
    done = 0
    if connection.dialect.name == "postgresql":
        statement = f"COPY {table.name} ({listed}) FROM STDIN"
        with _unforced(connection, table.name), driver.cursor() as cursor, cursor.copy(statement) as copy:
            for batch in rows:
                copy.write(_copy_text(batch))
                done += len(batch)
                told(len(batch))
        return done
    statement = f"INSERT INTO {table.name} ({listed}) VALUES ({', '.join('?' * len(table.columns))})"
    for batch in rows:
        driver.executemany(statement, batch)
        done += len(batch)
        told(len(batch))
    return done


@contextmanager
def _unforced(connection: Connection, table: str) -> Iterator[None]:
    """PostgreSQL: COPY into a table whose policies hold for its owner too; within the transaction they do not."""
    forced = connection.execute(
        text("SELECT relforcerowsecurity FROM pg_class WHERE oid = CAST(:table AS regclass)"), {"table": table}
    ).scalar()
    if forced:
        connection.execute(text(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY"))
    yield
    if forced:
        connection.execute(text(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY"))


def renumber(connection: Connection, tables: Sequence[Carried]) -> None:
    """PostgreSQL: numbers that it hands out itself go on after those that were copied."""
    if connection.dialect.name != "postgresql":
        return
    for table in tables:
        for column in table.columns:
            found = connection.execute(
                text("SELECT pg_get_serial_sequence(:table, :column)"), {"table": table.name, "column": column}
            ).scalar()
            if found:
                connection.execute(
                    text(
                        f"SELECT setval('{found}', GREATEST(1, (SELECT COALESCE(MAX({column}), 1) FROM {table.name})))"
                    )
                )


_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def _copy_text(rows: list[Row]) -> str:
    """Rows in COPY's text format: twice as fast as a call for each row."""
    return "".join(["\t".join([_cell(value) for value in row]) + "\n" for row in rows])


def _cell(value: Any) -> str:
    kind = type(value)
    if kind is int:
        return str(value)
    if kind is str:
        return value if value.isalnum() else value.translate(_ESCAPES)  # type: ignore[no-any-return]
    if value is None:
        return "\\N"
    if kind is bytes:
        return f"\\\\x{value.hex()}"
    raise TypeError(f"a value of {kind.__name__} is not copied")


def _carried(source: Connection, target: Connection, name: str) -> Carried:
    ours = {one["name"]: one for one in inspect(source).get_columns(name) if "computed" not in one}
    theirs = {one["name"] for one in inspect(target).get_columns(name) if "computed" not in one}
    for column in [one for one in ours if one not in theirs]:
        # A column that only one engine has (an organisation's, say) tells nothing while it is the same everywhere.
        many = source.execute(text(f"SELECT COUNT(*) FROM (SELECT DISTINCT {column} FROM {name} LIMIT 2) AS d"))
        if many.scalar_one() > 1:
            raise Conflict(f"the target has no column {name}.{column}, and the source has several values in it")
    columns = tuple(one for one in ours if one in theirs)
    key = tuple(inspect(source).get_pk_constraint(name)["constrained_columns"])
    # The key of the side that has more columns in it still orders the rows: what is missing is the same everywhere.
    key = tuple(one for one in key if one in columns) or columns
    texts = frozenset(one for one in columns if ours[one]["type"].python_type is str)
    return Carried(name, columns, key, texts)
