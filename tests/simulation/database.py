"""The database of a world, and the way of each node to it.

The engine is real and so is every statement: a file in memory under the embedded store, or a PostgreSQL server. What is
simulated is the way there: a message takes time, is lost, or is committed and its answer lost; the database is away for
a while; a node dies with its message on the way, which arrives nevertheless.
"""

from __future__ import annotations

import asyncio
import contextvars
import os
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from random import Random
from typing import Any, Protocol, TypeVar

from tests.simulation.faults import Faults
from tests.simulation.loop import SimulatedLoop

from bursar.ledger import Answer, Command, SqliteStore, Store, StoreUnavailable, rules
from bursar.ledger.schema import statements
from bursar.ledger.session import Session

T = TypeVar("T")
Applied = tuple[Command, Answer, int]
"""A command, its answer, and the instant at which it happened."""

SILENCE_SECONDS = 3.0
"""How long a node waits for an answer that does not come."""
_NOBODY = contextvars.Context()


class Watcher(Protocol):
    """Whoever looks at every commit."""

    def committed(self, node: str, applied: list[Applied]) -> None: ...


class Database:
    """One engine, reached by all nodes. `open` is called once for each node that starts."""

    def __init__(
        self, loop: SimulatedLoop, chance: Random, faults: Faults, open_store: Callable[[], Store], watcher: Watcher
    ) -> None:
        self.loop, self.chance, self.faults, self.watcher = loop, chance, faults, watcher
        self._open_store = open_store
        self._stores: list[Store] = []
        self.calm = False
        self.away = False
        self.cut_off = ""
        """The node that cannot reach it."""
        self.own = self.opened()

    def opened(self) -> Store:
        store = self._open_store()
        self._stores.append(store)
        return store

    def at(self, node: str) -> SimulatedStore:
        return SimulatedStore(self, node, self.opened())

    def close(self) -> None:
        for store in self._stores:
            store.close()


class SimulatedStore:
    """A node's way to the database: the store's protocol, with everything that can happen on the way."""

    def __init__(self, database: Database, node: str, store: Store) -> None:
        self._database, self._node, self._store = database, node, store
        self.engine = store.engine

    def transact(self, work: Callable[[Session], T]) -> T:
        """At one instant: for the start of a node and its upkeep, which wait for nothing else meanwhile."""
        fate = self._fate()
        if fate == "lost":
            raise StoreUnavailable("simulated: the message was lost")
        result = self._commit(work)
        if fate == "reply lost":
            raise StoreUnavailable("simulated: the answer was lost")
        return result

    async def transact_async(self, work: Callable[[Session], T]) -> T:
        database, fate = self._database, self._fate()
        loop = database.loop
        if fate == "lost":
            await asyncio.sleep(SILENCE_SECONDS * database.chance.random())
            raise StoreUnavailable("simulated: the message was lost")
        answer: asyncio.Future[T] = loop.create_future()
        # What is on its way arrives whether or not the sender still lives.
        loop.call_later(self._delay(), self._arrive, work, answer, fate, context=_NOBODY)
        return await answer

    def read(self, work: Callable[[Session], T]) -> T:
        if self._database.away or self._fate() == "lost":
            raise StoreUnavailable("simulated: nothing can be read")
        return self._store.read(work)

    def close(self) -> None:
        pass  # the database closes it at the end, whatever became of the node

    def _fate(self) -> str:
        database, faults = self._database, self._database.faults
        if self._node.partition("/")[0] == database.cut_off:
            return "lost"
        if database.calm:
            return ""
        drawn = database.chance.random()
        if drawn < faults.lost:
            return "lost"
        return "reply lost" if drawn < faults.lost + faults.reply_lost else ""

    def _delay(self) -> float:
        database = self._database
        slow = not database.calm and database.chance.random() < database.faults.slow
        return database.chance.uniform(0.0003, 0.003) + (database.chance.uniform(0.1, 1.0) if slow else 0.0)

    def _arrive(self, work: Callable[[Session], Any], answer: asyncio.Future[Any], fate: str) -> None:
        database = self._database
        error: Exception | None = None
        result: Any = None
        try:
            result = self._commit(work)
            if fate and database.chance.random() < database.faults.sent_again:
                result = self._commit(work)  # on a new connection, as the engine does by itself
                fate = ""
        except Exception as found:
            error = found
        if fate and error is None:
            error = StoreUnavailable("simulated: the answer was lost")
            database.loop.call_later(SILENCE_SECONDS, _tell, answer, None, error, context=_NOBODY)
        else:
            database.loop.call_later(self._delay(), _tell, answer, result, error, context=_NOBODY)

    def _commit(self, work: Callable[[Session], T]) -> T:
        if self._database.away:
            raise StoreUnavailable("simulated: the database is away")
        with _recorded() as applied:
            result = self._store.transact(work)
        self._database.watcher.committed(self._node, applied)
        return result


def _tell(answer: asyncio.Future[Any], result: Any, error: Exception | None) -> None:
    if answer.done():
        return
    if error is not None:
        answer.set_exception(error)
        answer.exception()  # a dead node does not ask
    else:
        answer.set_result(result)


@contextmanager
def _recorded() -> Iterator[list[Applied]]:
    """What the rules decide meanwhile: the real ones, with somebody who writes it down."""
    found: list[Applied] = []
    decide = rules.apply

    def apply(book: Any, command: Command, now: int) -> Answer:
        answer = decide(book, command, now)
        found.append((command, answer, now))
        return answer

    rules.apply = apply
    try:
        yield found
    finally:
        rules.apply = decide


@contextmanager
def sqlite_file() -> Iterator[Callable[[], Store]]:
    """A new database of the embedded store, in memory where the machine has such a folder."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(
        prefix="bursar-world-", dir=memory if os.access(memory, os.W_OK) else None
    ) as folder:
        path = Path(folder) / "ledger.db"
        path.write_bytes(_empty())
        yield lambda: SqliteStore(path)


@cache
def _empty() -> bytes:
    """The bytes of a database with the ledger's schema and nothing in it."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    for statement in statements("sqlite"):
        connection.execute(statement)
    return connection.serialize()


__all__ = ["Database", "SimulatedStore", "Watcher", "sqlite_file"]
