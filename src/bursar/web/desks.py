"""Desks for requests: each has a desk to itself for as long as it works, and hands it back.

Endpoints are plain functions that run in a pool of `DATABASE_THREADS` threads. A ledger connection belongs to one thread at
a time, so every desk that is lent has a store of its own; the engine of the control plane is shared, its connections are
pooled. A desk is never held while bytes travel: a slow reader costs no database connection.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from queue import Empty, LifoQueue

from sqlalchemy import Engine

from bursar.errors import Unavailable
from bursar.ledger import Store, open_store
from bursar.office.desk import Clock, Desk, open_desk, system_clock
from bursar.office.settings import Settings
from bursar.office.vault import Vault

DATABASE_THREADS = 8
"""Requests that work at once, each with up to two connections of the ledger and one of the control plane."""
LEND_SECONDS = 10.0
"""How long a request waits for a desk before it is told to come back later."""


class Desks:
    """The desks of one opened installation. Close them, or use them through `with`."""

    def __init__(self, settings: Settings, engine: Engine, vault: Vault, clock: Clock = system_clock) -> None:
        self.settings, self.engine, self.vault, self.clock = settings, engine, vault, clock
        # A place is None until somebody needs it; the last one handed back is the next one lent.
        self._stores: LifoQueue[Store | None] = LifoQueue()
        for _ in range(DATABASE_THREADS):
            self._stores.put(None)

    @classmethod
    def open(cls, settings: Settings | None = None, clock: Clock = system_clock) -> Desks:
        """The desks of an installation that has been initialised. Raises NotFound, Conflict or Unavailable."""
        desk = open_desk(settings, clock)
        return cls(desk.settings, desk.engine, desk.vault, clock)

    @contextmanager
    def lend(self, actor: str) -> Iterator[Desk]:
        """A desk whose changes the audit log will know as `actor`'s. Raises Unavailable if all are busy for too long."""
        try:
            store = self._stores.get(timeout=LEND_SECONDS)
        except Empty:
            raise Unavailable("the console is very busy", "try again in a moment") from None
        try:
            if store is None:
                store = open_store(self.settings.url, self.settings.organisation)
            yield Desk(self.settings, self.engine, self.vault, self.clock, actor, store)
        finally:
            self._stores.put(store)

    def close(self) -> None:
        """Close what is not lent; called when no request is left."""
        while True:
            try:
                store = self._stores.get_nowait()
            except Empty:
                break
            if store is not None:
                store.close()
        self.engine.dispose()

    def __enter__(self) -> Desks:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
