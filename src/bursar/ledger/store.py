"""What the writer needs of an engine: run one piece of work in one durable transaction."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

from bursar.ledger.session import Session

T = TypeVar("T")


class StoreUnavailable(Exception):
    """The database is locked, full, lost or broken: nothing was applied, try again later."""


class Store(Protocol):
    """One engine. A store is used by one task (or thread) at a time; open several for more."""

    engine: str

    def transact(self, work: Callable[[Session], T]) -> T:
        """Run `work` in a transaction and commit durably. Raises StoreUnavailable if that could not be done."""
        ...

    async def transact_async(self, work: Callable[[Session], T]) -> T:
        """The same without blocking the event loop on the disk or the network."""
        ...

    def read(self, work: Callable[[Session], T]) -> T:
        """Run `work` on a consistent snapshot that is not written back."""
        ...

    def close(self) -> None: ...
