"""The embedded store: one SQLite file, WAL, every commit synced to the disk before it is answered.

The statements of a batch run on the caller's thread and only the commit (the sync) is handed to another: sharing the
interpreter lock statement by statement with a busy event loop costs two hundred times more (measured, see
docs/decisions).
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from bursar.ledger.session import Session
from bursar.ledger.store import StoreUnavailable

T = TypeVar("T")
_to_json = msgspec.json.Encoder().encode

BUSY_TIMEOUT_SECONDS = 10.0
"""How long another process may keep the file locked before a batch is given up."""
CHECKPOINT_PAGES = 4_000
"""Pages (16 MiB) that the write-ahead log may grow to before it is copied back: fewer, larger copies."""
CHUNK_ROWS = 32
"""Rows of one multi-row INSERT; 32 rows of 21 columns stay under the engine's parameter limit."""
_UNAVAILABLE = {
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


class SqliteSession(Session):
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def rows(self, sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
        return self._connection.execute(sql, _bound(parameters)).fetchall()

    def run(self, sql: str, *parameters: Any) -> None:
        self._connection.execute(sql, _bound(parameters))

    def insert(self, table: str, columns: str, rows: Sequence[tuple[Any, ...]], tail: str = "") -> None:
        """Whole chunks of rows go in one statement each: a third less time than a statement for each row."""
        whole = len(rows) - len(rows) % CHUNK_ROWS
        for start in range(0, whole, CHUNK_ROWS):
            values = tuple(chain.from_iterable(rows[start : start + CHUNK_ROWS]))
            self._connection.execute(_insert(table, columns, tail, CHUNK_ROWS), values)
        if whole < len(rows):
            self._connection.executemany(_insert(table, columns, tail, 1), rows[whole:])

    def update(self, table: str, columns: str, rows: Sequence[tuple[Any, ...]]) -> None:
        self._connection.executemany(_update(table, columns), rows)


def _bound(parameters: tuple[Any, ...]) -> list[Any]:
    return [_to_json(value).decode() if isinstance(value, list) else value for value in parameters]


@cache
def _insert(table: str, columns: str, tail: str, rows: int) -> str:
    group = f"({', '.join('?' * (columns.count(',') + 1))})"
    return f"INSERT INTO {table} ({columns}) VALUES {', '.join([group] * rows)} {tail}"


@cache
def _update(table: str, columns: str) -> str:
    return f"UPDATE {table} SET {', '.join(f'{name.strip()} = ?' for name in columns.split(','))} WHERE id = ?"


class SqliteStore:
    engine = "sqlite"

    def __init__(self, path: str | Path) -> None:
        self.path = str(path)
        self._writer = _connect(self.path)
        self._file = _identity(self.path)
        self._waits = True
        self._reader: sqlite3.Connection | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="bursar-commit")

    def transact(self, work: Callable[[Session], T]) -> T:
        try:
            self._ready()
            self._wait_for_lock(wait=True)
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
            self._ready()
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
        self._wait_for_lock(wait=False)
        try:
            self._writer.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF not in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
                raise
            self._wait_for_lock(wait=True)
            await loop.run_in_executor(self._thread, self._writer.execute, "BEGIN IMMEDIATE")

    def _wait_for_lock(self, *, wait: bool) -> None:
        if wait != self._waits:
            self._writer.execute(f"PRAGMA busy_timeout = {int(BUSY_TIMEOUT_SECONDS * 1000) if wait else 0}")
            self._waits = wait

    def _ready(self) -> None:
        """The file that was opened must still be the one at its path: what is written to a lost file is lost."""
        if _identity(self.path) != self._file:
            raise StoreUnavailable(f"the ledger's file {self.path} was replaced while it was open: restart to use it")

    def _roll_back(self) -> None:
        try:
            if self._writer.in_transaction:
                self._writer.execute("ROLLBACK")
        except sqlite3.Error:
            self._writer.close()
            self._writer, self._waits = _connect(self.path), True

    def read(self, work: Callable[[Session], T]) -> T:
        try:
            self._ready()
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


def _identity(path: str) -> tuple[int, int]:
    """Which file is at a path: device and inode."""
    try:
        found = os.stat(path)  # noqa: PTH116 (for every batch: a Path costs more than the call)
    except OSError as error:
        raise StoreUnavailable(f"the ledger's file {path} cannot be found: {error.strerror}") from error
    return found.st_dev, found.st_ino


def _translated(error: sqlite3.Error) -> Exception:
    """Faults of the disk, the lock or the file are unavailability; anything else is a broken invariant or a bug."""
    code = getattr(error, "sqlite_errorcode", None)
    if code is not None and code & 0xFF in _UNAVAILABLE:
        return StoreUnavailable(f"the ledger's database cannot be used: {error}")
    return error
