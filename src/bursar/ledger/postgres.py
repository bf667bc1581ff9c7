"""The PostgreSQL store: psycopg 3, a fixed row per person locked in order, the chain's head locked last.

Any number of nodes may write: books are loaded under the lock of their people in every batch and nothing is kept
between batches. The head row is locked after everything is decided, so two batches can never deadlock.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any, TypeVar

import msgspec
import psycopg
from psycopg import errors

from bursar.ledger import separation
from bursar.ledger.journal import Anchor
from bursar.ledger.session import Session
from bursar.ledger.store import StoreUnavailable

T = TypeVar("T")
_to_json = msgspec.json.Encoder().encode

ATTEMPTS = 5
"""How often a transaction is tried when another one was in its way."""
CONNECTION_ATTEMPTS = 2
"""How often it is tried when the connection broke: once on the old one, once on a new one."""
STATEMENT_TIMEOUT_SECONDS = 30
CONNECT_TIMEOUT_SECONDS = 5
SILENCE_SECONDS = 10
"""How long a server that does not acknowledge is waited for."""
WRITING = "-c synchronous_commit=on -c enable_seqscan=off -c jit=off"
"""Every statement of a batch has an index; a planner without statistics of a young database would not use it."""
READING = "-c jit=off"

_LOST = (psycopg.OperationalError, psycopg.InterfaceError)
"""The server is down, full or unreachable: nothing wrong with the work."""
_NOT_WRITABLE = (*_LOST, errors.ReadOnlySqlTransaction)
"""Or it is a standby now."""
_IN_THE_WAY = (errors.DeadlockDetected, errors.SerializationFailure, errors.UniqueViolation)
"""Another transaction was quicker: with two nodes that use the same id for two people, the second finds it taken."""


class PostgresSession(Session):
    IN = "= ANY(?)"
    # Below a policy, an index is not used for what a sub-query of the same row says: it is looked up beside the row.
    NEWEST = (
        "SELECT a.person, e.seq, e.effective FROM account a LEFT JOIN LATERAL "
        "(SELECT seq, effective FROM entry WHERE entry.person = a.person ORDER BY seq DESC LIMIT 1) e ON true "
        "WHERE a.person "
    )

    def __init__(self, connection: psycopg.Connection[tuple[Any, ...]]) -> None:
        self._connection = connection

    def rows(self, sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
        return self._connection.execute(_native(sql), _bound(parameters)).fetchall()

    def run(self, sql: str, *parameters: Any) -> None:
        self._connection.execute(_native(sql), _bound(parameters))

    def insert(self, table: str, columns: str, rows: Sequence[tuple[Any, ...]], tail: str = "") -> None:
        """All rows in one statement, each column as an array."""
        if rows:
            # Keys begin with the organisation, which a row takes from the connection's setting.
            tail = tail.replace("ON CONFLICT (", "ON CONFLICT (organisation, ")
            statement = f"INSERT INTO {table} ({columns}) SELECT * FROM {_arrays(_types(rows))} {tail}"
            self._connection.execute(statement, [array(column) for column in zip(*rows, strict=True)])

    def update(self, table: str, columns: str, rows: Sequence[tuple[Any, ...]]) -> None:
        if rows:
            statement = _update(table, columns, _types(rows))
            self._connection.execute(statement, [array(column) for column in zip(*rows, strict=True)])

    def many(self, *queries: tuple[Any, ...]) -> list[list[tuple[Any, ...]]]:
        asked = [
            None if [] in query else self._connection.execute(_native(query[0]), _bound(query[1:])) for query in queries
        ]
        return [[] if one is None else one.fetchall() for one in asked]

    def lock(self, people: list[str], now: int) -> None:
        self.insert("account", "person, opened", [(person, now) for person in people], "ON CONFLICT DO NOTHING")
        self.run("SELECT person FROM account WHERE person = ANY(?) ORDER BY person FOR UPDATE", people)

    def lock_head(self) -> tuple[Anchor, str]:
        """The seal to skip to is read with the statement's own eyes: one that was written while it waited is not seen."""
        *head, skips_to = self.rows(
            "SELECT h.batch, h.seq, h.recorded, h.hash, "
            "(SELECT s.hash FROM seal s WHERE s.batch = (h.batch + 1) & h.batch) "
            "FROM head h WHERE h.id = 1 FOR UPDATE OF h"
        )[0]
        return Anchor(*head), skips_to or ""


def array(values: Sequence[Any]) -> str:
    """Integers or texts as PostgreSQL writes an array.

    JSON writes them alike but for brackets and some escapes, and its encoder is a hundred times as fast as the driver's
    own way, which goes from item to item.
    """
    text = _to_json(values).decode()
    if "\\" in text and any(escape in text for escape in _JSON_ONLY):
        quoted = (
            '"' + one.replace("\\", "\\\\").replace('"', '\\"') + '"' if type(one) is str else str(one)
            for one in values
        )
        return "{" + ",".join(quoted) + "}"
    return "{" + text[1:-1] + "}"


_JSON_ONLY = tuple("\\" + letter for letter in "bfnrtu")
"""Escapes of JSON that an array would take for the letter; `\\"` and `\\\\` are both languages'."""


def _bound(parameters: Sequence[Any]) -> list[Any]:
    return [array(value) if isinstance(value, list) else value for value in parameters]


def _types(rows: Sequence[tuple[Any, ...]]) -> tuple[type[Any], ...]:
    return tuple(type(value) for value in rows[0])


@cache
def _arrays(types: tuple[type[Any], ...]) -> str:
    return f"unnest({', '.join('%s::bigint[]' if one is int else '%s::text[]' for one in types)})"


@cache
def _update(table: str, columns: str, types: tuple[type[Any], ...]) -> str:
    names = [name.strip() for name in columns.split(",")]
    settings = ", ".join(f"{name} = new.{name}" for name in names)
    return f"UPDATE {table} SET {settings} FROM {_arrays(types)} AS new ({', '.join([*names, 'id'])}) WHERE {table}.id = new.id"


@cache
def _native(sql: str) -> str:
    return sql.replace("%", "%%").replace("?", "%s")


class PostgresStore:
    engine = "postgresql"

    def __init__(self, url: str, organisation: str = separation.ORGANISATION, role: str = separation.APP_ROLE) -> None:
        self.url = url
        self._whose = separation.options(organisation, role)
        self._connection: psycopg.Connection[tuple[Any, ...]] | None = None
        self._reader: psycopg.Connection[tuple[Any, ...]] | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="bursar-postgres")

    def transact(self, work: Callable[[Session], T]) -> T:
        """A connection that broke before the commit was sent applied nothing; one that broke around it may have, and
        every command is idempotent: the second try finds it applied."""
        attempt = lost = 0
        while True:
            try:
                connection = self._connection = _alive(self._connection, self.url, f"{WRITING} {self._whose}")
                # What nobody waits for is sent on without waiting, and the commit with it: three ways there and back.
                # Leaving both waits for the commit's answer: only then is anything applied.
                with connection.pipeline(), connection.transaction():
                    return work(PostgresSession(connection))
            except _IN_THE_WAY as error:
                attempt += 1
                if attempt == ATTEMPTS:
                    if isinstance(error, errors.UniqueViolation):
                        raise
                    raise StoreUnavailable(f"the ledger's database is too contended: {error}") from error
            except _NOT_WRITABLE as error:
                lost += 1
                _close(self._connection)
                if lost == CONNECTION_ATTEMPTS:
                    raise StoreUnavailable(f"the ledger's database cannot be used: {error}") from error

    async def transact_async(self, work: Callable[[Session], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, self.transact, work)

    def read(self, work: Callable[[Session], T]) -> T:
        lost = 0
        while True:
            try:
                connection = self._reader = _alive(self._reader, self.url, f"{READING} {self._whose}")
                with connection.transaction():
                    connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
                    return work(PostgresSession(connection))
            except _LOST as error:
                lost += 1
                _close(self._reader)
                if lost == CONNECTION_ATTEMPTS:
                    raise StoreUnavailable(f"the ledger's database cannot be used: {error}") from error

    def close(self) -> None:
        self._thread.shutdown(wait=True)
        _close(self._connection)
        _close(self._reader)


def _alive(
    connection: psycopg.Connection[tuple[Any, ...]] | None, url: str, settings: str
) -> psycopg.Connection[tuple[Any, ...]]:
    if connection is not None and not connection.closed and not connection.broken:
        return connection
    return psycopg.connect(
        url,
        autocommit=True,
        connect_timeout=CONNECT_TIMEOUT_SECONDS,
        tcp_user_timeout=SILENCE_SECONDS * 1000,
        options=f"-c statement_timeout={STATEMENT_TIMEOUT_SECONDS * 1000} {settings}",
    )


def _close(connection: psycopg.Connection[tuple[Any, ...]] | None) -> None:
    if connection is not None:
        connection.close()
