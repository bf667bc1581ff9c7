"""The embedded store: one SQLite file, WAL, every commit synced to the disk before it is answered.

The statements of a batch run on the caller's thread and only the commit (the sync) is handed to another: sharing the
interpreter lock statement by statement with a busy event loop costs two hundred times more (measured, see
docs/decisions).
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any, TypeVar

from bursar.ledger.session import Session
from bursar.ledger.store import StoreUnavailable

T = TypeVar("T")

BUSY_TIMEOUT_SECONDS = 10.0
"""How long another process may keep the file locked before a batch is given up."""
CHECKPOINT_PAGES = 4_000
"""Pages (16 MiB) that the write-ahead log may grow to before it is copied back: fewer, larger copies."""
CHUNK_ROWS = 32
"""Rows of one multi-row INSERT; 32 rows of 21 columns stay under the engine's parameter limit."""


class SqliteSession(Session):
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def rows(self, sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
        return self._connection.execute(sql, _bound(parameters)).fetchall()

    def run(self, sql: str, *parameters: Any) -> None:
        self._connection.execute(sql, _bound(parameters))

    def many(self, sql: str, rows: Sequence[tuple[Any, ...]]) -> None:
        """Rows of a plain INSERT go in chunks of one statement: a third less time than a statement for each."""
        whole = 0
        if len(rows) >= CHUNK_ROWS and sql.startswith("INSERT"):
            chunked = _chunked(sql)
            for whole in range(CHUNK_ROWS, len(rows) + 1, CHUNK_ROWS):
                self._connection.execute(chunked, tuple(chain.from_iterable(rows[whole - CHUNK_ROWS : whole])))
        if whole < len(rows):
            self._connection.executemany(sql, rows[whole:])


def _bound(parameters: tuple[Any, ...]) -> list[Any]:
    return [json.dumps(value) if isinstance(value, list) else value for value in parameters]


@cache
def _chunked(sql: str) -> str:
    """The same INSERT with CHUNK_ROWS groups of values."""
    head, _, rest = sql.partition(" VALUES ")
    group, closing, tail = rest.partition(")")
    return f"{head} VALUES {', '.join([group + closing] * CHUNK_ROWS)}{tail}"


class SqliteStore:
    engine = "sqlite"

    def __init__(self, path: str | Path) -> None:
        self.path = str(path)
        self._writer = _connect(self.path)
        self._reader: sqlite3.Connection | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="bursar-commit")

    def transact(self, work: Callable[[Session], T]) -> T:
        try:
            self._writer.execute("BEGIN IMMEDIATE")
            result = work(SqliteSession(self._writer))
            self._writer.execute("COMMIT")
        except sqlite3.Error as error:
            self._roll_back()
            raise _translated(error) from error
        except BaseException:
            self._roll_back()
            raise
        return result

    async def transact_async(self, work: Callable[[Session], T]) -> T:
        loop = asyncio.get_running_loop()
        try:
            await self._begin(loop)
            result = work(SqliteSession(self._writer))
            await loop.run_in_executor(self._thread, self._writer.execute, "COMMIT")
        except sqlite3.Error as error:
            self._roll_back()
            raise _translated(error) from error
        except BaseException:
            self._roll_back()
            raise
        return result

    async def _begin(self, loop: asyncio.AbstractEventLoop) -> None:
        """Take the write lock at once if it is free; wait for it off the event loop if another process has it."""
        self._writer.execute("PRAGMA busy_timeout = 0")
        try:
            self._writer.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF not in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
                raise
            self._writer.execute(f"PRAGMA busy_timeout = {int(BUSY_TIMEOUT_SECONDS * 1000)}")
            await loop.run_in_executor(self._thread, self._writer.execute, "BEGIN IMMEDIATE")

    def _roll_back(self) -> None:
        try:
            if self._writer.in_transaction:
                self._writer.execute("ROLLBACK")
        except sqlite3.Error:
            self._writer.close()
            self._writer = _connect(self.path)

    def read(self, work: Callable[[Session], T]) -> T:
        try:
            if self._reader is None:
                self._reader = _connect(self.path, read_only=True)
            self._reader.execute("BEGIN")
            try:
                return work(SqliteSession(self._reader))
            finally:
                self._reader.execute("ROLLBACK")
        except sqlite3.Error as error:
            raise _translated(error) from error

    def close(self) -> None:
        self._thread.shutdown(wait=True)
        self._writer.close()
        if self._reader is not None:
            self._reader.close()


def _connect(path: str, *, read_only: bool = False) -> sqlite3.Connection:
    try:
        connection = sqlite3.connect(
            path,
            isolation_level=None,
            check_same_thread=False,
            timeout=BUSY_TIMEOUT_SECONDS,
            cached_statements=256,
        )
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")
        connection.execute("PRAGMA foreign_keys = ON")
        if read_only:
            connection.execute("PRAGMA query_only = ON")
    except sqlite3.Error as error:
        raise _translated(error) from error
    return connection


def _translated(error: sqlite3.Error) -> Exception:
    """Faults of the disk, the lock or the file are unavailability; anything else is a broken invariant or a bug."""
    code = getattr(error, "sqlite_errorcode", None)
    unavailable = {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_NOTADB,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_PROTOCOL,
    }
    if code is not None and code & 0xFF in unavailable:
        return StoreUnavailable(f"the ledger's database cannot be written: {error}")
    return error
