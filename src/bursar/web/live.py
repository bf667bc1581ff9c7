"""Live events: who moved, told to every open page within half a second, in every process.

The database is what processes share, so one look of each process at it tells all its listeners: which people have new
entries in the journal, and whether the control plane changed. A stream carries no figures, only that there are new ones;
a page then asks for its own part again, with all its checks.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass, field

from sqlalchemy import select
from starlette.responses import StreamingResponse

from bursar.errors import Unavailable
from bursar.ledger.session import Session as LedgerSession
from bursar.office.database import reading
from bursar.office.tables import control_version
from bursar.web.desks import Desks

log = logging.getLogger("bursar.web.live")

LOOK_SECONDS = 0.5
"""How often the database is asked what moved, while anybody listens."""
BEAT_SECONDS = 15.0
"""A quiet stream says so this often, so that proxies keep it; the session is looked at again then."""
RETRY_MILLISECONDS = 3_000
MAX_STREAMS = 1_000
MAX_STREAMS_EACH = 12
"""Open streams of one account: tabs of one person."""
EVERYBODY = ""
"""Listens for whoever moves."""

StillIn = Callable[[], bool]
"""Whether the listener may go on listening; called off the event loop."""


@dataclass(eq=False, slots=True)
class _Listener:
    account: str
    person: str
    news: asyncio.Event = field(default_factory=asyncio.Event)
    seq: int = 0


@dataclass(frozen=True, slots=True)
class _Look:
    seq: int
    version: int
    moved: dict[str, int]


class Pulse:
    """One per process: looks at the database while anybody listens, and wakes whom it concerns."""

    def __init__(self, desks: Desks) -> None:
        self._desks = desks
        self._listeners: set[_Listener] = set()
        self._stopping = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._seen: _Look | None = None

    def stop(self) -> None:
        """End every stream; to be called before the server waits for its connections."""
        self._stopping.set()
        for one in self._listeners:
            one.news.set()

    async def stopped(self) -> None:
        """Wait until nothing looks at the database any more."""
        self.stop()
        if self._task is not None:
            with suppress(asyncio.CancelledError):
                await self._task

    def stream(self, account: str, person: str, still_in: StillIn) -> StreamingResponse:
        """The answer that tells an account of what moves for a person, or for `EVERYBODY`. Raises Unavailable."""
        if self._stopping.is_set() or len(self._listeners) >= MAX_STREAMS:
            raise Unavailable("no more live views can be opened now", "the page goes on without, and asks now and then")
        if sum(one.account == account for one in self._listeners) >= MAX_STREAMS_EACH:
            raise Unavailable(f"more than {MAX_STREAMS_EACH} live views of one account", "close some of the tabs")
        events = self._events(_Listener(account, person), still_in)
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return StreamingResponse(events, media_type="text/event-stream", headers=headers)

    async def _events(self, listener: _Listener, still_in: StillIn) -> AsyncIterator[str]:
        self._listeners.add(listener)
        try:
            self._begin()
            yield f"retry: {RETRY_MILLISECONDS}\n: listening\n\n"
            while not self._stopping.is_set():
                try:
                    async with asyncio.timeout(BEAT_SECONDS):
                        await listener.news.wait()
                except TimeoutError:
                    if not await asyncio.to_thread(still_in):
                        yield _event("signed-out", {})
                        return
                    yield ": beat\n\n"
                    continue
                if self._stopping.is_set():
                    break
                listener.news.clear()
                yield _event("moved", {"seq": listener.seq})
            yield _event("closing", {})
        finally:
            self._listeners.discard(listener)

    def _begin(self) -> None:
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._look_on())

    async def _look_on(self) -> None:
        """Look for as long as anybody listens. What cannot be read now is read next time."""
        while self._listeners and not self._stopping.is_set():
            try:
                found = await asyncio.to_thread(self._look, 0 if self._seen is None else self._seen.seq)
                self._tell(found)
            except Exception:
                log.exception("what moved could not be read; the next look is in %.1f seconds", LOOK_SECONDS)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), LOOK_SECONDS)
        self._seen = None

    def _look(self, seq: int) -> _Look:
        def moved(session: LedgerSession) -> tuple[int, dict[str, int]]:
            newest = int(session.rows("SELECT COALESCE(MAX(seq), 0) FROM entry")[0][0])
            if not seq or newest == seq:
                return newest, {}
            query = "SELECT person, MAX(seq) FROM entry WHERE seq > ? GROUP BY person"
            return newest, {str(row[0]): int(row[1]) for row in session.rows(query, seq)}

        with self._desks.lend("live") as desk:
            newest, people = desk.store.read(moved)
        with reading(self._desks.engine) as connection:
            version = connection.execute(select(control_version.c.version)).scalar_one()
        return _Look(newest, version, people)

    def _tell(self, found: _Look) -> None:
        before, self._seen = self._seen, found
        if before is None:
            return
        changed = found.version != before.version
        for one in self._listeners:
            if changed or one.person in found.moved or (one.person == EVERYBODY and found.moved):
                one.seq = found.moved.get(one.person, found.seq)
                one.news.set()


def _event(name: str, data: dict[str, int]) -> str:
    return f"event: {name}\ndata: {json.dumps(data)}\n\n"
