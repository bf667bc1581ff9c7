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

import psycopg
from psycopg import errors

from bursar.ledger.journal import Anchor
from bursar.ledger.session import Session
from bursar.ledger.store import StoreUnavailable

T = TypeVar("T")

ATTEMPTS = 5
"""How often a transaction is tried when the database asks for it (deadlock, serialization, lost connection)."""
STATEMENT_TIMEOUT_SECONDS = 30


class PostgresSession(Session):
    IN = "= ANY(?)"

    def __init__(self, connection: psycopg.Connection[tuple[Any, ...]]) -> None:
        self._connection = connection

    def rows(self, sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
        return self._connection.execute(_native(sql), parameters).fetchall()

    def run(self, sql: str, *parameters: Any) -> None:
        self._connection.execute(_native(sql), parameters)

    def many(self, sql: str, rows: Sequence[tuple[Any, ...]]) -> None:
        if len(rows) == 1:
            self._connection.execute(_native(sql), rows[0])
            return
        with self._connection.cursor() as cursor:
            cursor.executemany(_native(sql), rows)

    def lock(self, people: list[str]) -> None:
        self.rows("SELECT person FROM account WHERE person = ANY(?) ORDER BY person FOR UPDATE", people)

    def lock_head(self) -> Anchor:
        return Anchor(*self.rows("SELECT batch, seq, recorded, hash FROM head WHERE id = 1 FOR UPDATE")[0])


class PostgresStore:
    engine = "postgresql"

    def __init__(self, url: str) -> None:
        self.url = url
        self._connection: psycopg.Connection[tuple[Any, ...]] | None = None
        self._reader: psycopg.Connection[tuple[Any, ...]] | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="bursar-postgres")

    def transact(self, work: Callable[[Session], T]) -> T:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                connection = self._connection = _alive(self._connection, self.url)
                with connection.transaction():
                    return work(PostgresSession(connection))
            except (errors.DeadlockDetected, errors.SerializationFailure) as error:
                if attempt == ATTEMPTS:
                    raise StoreUnavailable(f"the ledger's database is too contended: {error}") from error
            except (psycopg.OperationalError, psycopg.InterfaceError) as error:
                # A connection that broke before the commit was sent applied nothing; one that broke around it may have,
                # and every command is idempotent: a second try finds it applied.
                self._drop()
                if attempt == ATTEMPTS:
                    raise StoreUnavailable(f"the ledger's database cannot be reached: {error}") from error
        raise AssertionError("unreachable: the loop returns or raises")

    async def transact_async(self, work: Callable[[Session], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, self.transact, work)

    def read(self, work: Callable[[Session], T]) -> T:
        try:
            connection = self._reader = _alive(self._reader, self.url)
            with connection.transaction():
                connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
                return work(PostgresSession(connection))
        except (psycopg.OperationalError, psycopg.InterfaceError) as error:
            raise StoreUnavailable(f"the ledger's database cannot be reached: {error}") from error

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def close(self) -> None:
        self._thread.shutdown(wait=True)
        self._drop()
        if self._reader is not None:
            self._reader.close()


def _alive(connection: psycopg.Connection[tuple[Any, ...]] | None, url: str) -> psycopg.Connection[tuple[Any, ...]]:
    if connection is not None and not connection.closed and not connection.broken:
        return connection
    fresh = psycopg.connect(url, autocommit=True)
    fresh.execute(f"SET statement_timeout = {STATEMENT_TIMEOUT_SECONDS * 1000}")
    fresh.execute("SET synchronous_commit = on")
    return fresh


@cache
def _native(sql: str) -> str:
    return sql.replace("%", "%%").replace("?", "%s")
