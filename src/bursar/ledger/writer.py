"""The writer: gathers commands, applies a batch in one transaction, answers after the commit.

While one batch is being committed the next one gathers, so a busy node pays one disk sync for hundreds of commands and
an idle one answers at once. Nothing is cached between batches: the database is the only authority.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from bursar.ledger import rules
from bursar.ledger.book import Book
from bursar.ledger.commands import Answer, Command, Refused, TakeHold
from bursar.ledger.loading import load, spent_lots
from bursar.ledger.saving import save
from bursar.ledger.session import Session
from bursar.ledger.sizing import with_spent_lots
from bursar.ledger.store import Store, StoreUnavailable

BATCH_LIMIT = 256
"""Commands in one transaction."""
QUEUE_LIMIT = 4096
"""Commands that may wait; one more hold is answered with Saturated."""
ENDING_ROOM = 4096
"""Further commands that may wait if they are no holds: new requests never keep what ends a hold out of the queue."""

GATHER_SECONDS = 0.005
"""Under load, batches begin at least this far apart, so that each carries more commands; a lone caller never waits."""
COMPANY = 8
"""Commands in a batch from which on a node counts as busy: below, waiting for more would only be waiting."""
GATHER_COMMANDS = 48
"""Enough company: a batch of this size does not wait."""

Clock = Callable[[], int]
"""Microseconds UTC."""


class Saturated(StoreUnavailable):
    """More commands wait than the writer may queue."""


def apply_batch(session: Session, commands: Sequence[Command], now: int, recorded: int | None = None) -> list[Answer]:
    """Load, decide, write: one transaction's work. Answers are in the order of the commands.

    `now` is when the commands happen, `recorded` when they are written down, if that is later: a calendar catches up.
    """
    books, now = load(session, commands, now)
    answers = [rules.apply(books[command.person], command, now) for command in commands]
    save(session, books.values(), now if recorded is None else max(now, recorded))
    refused = {command.person for command, answer in zip(commands, answers, strict=True) if isinstance(answer, Refused)}
    return _with_spent_lots(session, commands, answers, [books[one] for one in refused], now) if refused else answers


def _with_spent_lots(
    session: Session, commands: Sequence[Command], answers: list[Answer], books: list[Book], now: int
) -> list[Answer]:
    """Refusals with the figures of the lots that nothing is left of, which no book of this batch has loaded."""
    spent = spent_lots(session, books, now)
    return [
        with_spent_lots(answer, command, spent[command.person], now)
        if isinstance(answer, Refused) and isinstance(command, TakeHold)
        else answer
        for command, answer in zip(commands, answers, strict=True)
    ]


def apply_now(store: Store, commands: Sequence[Command], now: int, recorded: int | None = None) -> list[Answer]:
    """Apply commands in one transaction on the caller's thread: for command lines, calendars and tests."""
    return store.transact(lambda session: apply_batch(session, commands, now, recorded))


class Writer:
    """Group commit on one event loop. Create, `await submit(command)` from any task, `await close()`."""

    def __init__(
        self, store: Store, clock: Clock, *, batch_limit: int = BATCH_LIMIT, queue_limit: int = QUEUE_LIMIT
    ) -> None:
        self._store = store
        self._clock = clock
        self._batch_limit = batch_limit
        self._queue_limit = queue_limit
        self._waiting: list[tuple[Command, asyncio.Future[Answer]]] = []
        self._task: asyncio.Task[None] | None = None
        self._closed = False
        self._latest = 0
        self._began = 0.0
        self._company = False
        self.batches = 0
        self.commands = 0

    def submit(self, command: Command) -> asyncio.Future[Answer]:
        """Queue a command; the future has its answer once it is durable. Raises Saturated, or StoreUnavailable later."""
        if self._closed:
            raise StoreUnavailable("the ledger's writer is closing")
        if len(self._waiting) >= self._queue_limit + (0 if isinstance(command, TakeHold) else ENDING_ROOM):
            raise Saturated("too many commands wait for the ledger")
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((command, future))
        if self._task is None:
            self._task = asyncio.create_task(self._run())
        return future

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    async def close(self) -> None:
        """Write what waits, then refuse everything."""
        self._closed = True
        if self._task is not None:
            await self._task

    async def _run(self) -> None:
        batch: list[tuple[Command, asyncio.Future[Answer]]] = []
        try:
            await asyncio.sleep(0)  # let every task that is ready now join the first batch
            while self._waiting:
                await self._gather()
                batch = self._waiting[: self._batch_limit]
                del self._waiting[: self._batch_limit]
                await self._write(batch)
                batch = []
        finally:
            self._task = None
            if batch or self._waiting:  # cancelled, with the event loop going down: nobody may wait for ever
                _fail(batch + self._waiting, StoreUnavailable("the ledger's writer was stopped"))
                self._waiting = []

    async def _gather(self) -> None:
        """Wait for company, if the last batch had some and was a moment ago."""
        loop = asyncio.get_running_loop()
        until = self._began + GATHER_SECONDS
        while self._company and len(self._waiting) < GATHER_COMMANDS and loop.time() < until:
            await asyncio.sleep(GATHER_SECONDS / 5)
        self._began = loop.time()
        self._company = len(self._waiting) >= COMPANY

    async def _write(self, batch: list[tuple[Command, asyncio.Future[Answer]]]) -> None:
        commands = [command for command, _ in batch]
        try:
            answers = await self._transact(commands)
        except StoreUnavailable as error:
            _fail(batch, error)
        except Exception as error:
            # One command that breaks an invariant must not take its neighbours down: each gets a transaction of its own.
            if len(batch) == 1:
                _fail(batch, error)
            else:
                for one in batch:
                    await self._write([one])
        else:
            for (_, future), answer in zip(batch, answers, strict=True):
                if not future.done():
                    future.set_result(answer)

    async def _transact(self, commands: list[Command]) -> list[Answer]:
        now = self._latest = max(self._latest, self._clock())  # a clock that jumps back must not reorder the journal
        answers = await self._store.transact_async(lambda session: apply_batch(session, commands, now))
        self.batches += 1
        self.commands += len(commands)
        return answers


def _fail(batch: list[tuple[Command, asyncio.Future[Answer]]], error: Exception) -> None:
    for _, future in batch:
        if not future.done():
            future.set_exception(error)
