"""News of the control plane: PostgreSQL tells every node of a change at once, over one listening connection.

A trigger notifies in the transaction that changes something (`r0022`). Nothing depends on it: a node goes on looking at
the version row, seldom while notifications are known to come through and often while they are not. They are known to
when this node's own notification came back on this very connection, which a pooler in between would prevent.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import Any

log = logging.getLogger("bursar.news")

CHANNEL = "bursar_control"
PROOF_SECONDS = 3.0
"""How long a node's own notification may take to come back."""
LEAST_SECONDS = 0.1
"""Between two looks, however much changes: an import is read in a few looks, not in thousands."""
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.2, 10.0
_CONNECTING = {
    "connect_timeout": 5,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "application_name": "bursar-news",
}
"""A server that is gone without a word is noticed within some ten seconds."""


class News:
    """What tells a node that something changed. Run `hear()` as a task, `await wait(...)` in the one that looks."""

    def __init__(self, url: str) -> None:
        self._url = url.replace("postgresql+psycopg:", "postgresql:", 1)
        self._changed = asyncio.Event()
        self.sure = False
        """Notifications come through now."""

    async def wait(self, seconds: float, rest: float = LEAST_SECONDS) -> None:
        """Until something changed, or so long; `rest` is for more changes to gather that are then read in one look."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._changed.wait()
        if self._changed.is_set():
            self._changed.clear()
            await asyncio.sleep(rest)

    async def hear(self) -> None:
        """Listen for ever; connect anew with growing pauses whenever the connection ends. Nothing to do on SQLite."""
        if not self._url.startswith(("postgresql:", "postgres:")):
            return
        pause = FIRST_PAUSE_SECONDS
        while True:
            try:
                await self._listen()
            except Exception as error:
                was, self.sure = self.sure, False
                self._changed.set()  # whatever was missed meanwhile is looked for
                pause = FIRST_PAUSE_SECONDS if was else min(LONGEST_PAUSE_SECONDS, pause * 2)
                first = str(error).partition("\n")[0] or type(error).__name__
                log.warning("the database does not tell of changes (%s); its version is looked at instead", first)
                await asyncio.sleep(pause)

    async def _listen(self) -> None:
        """Raises when the connection ends, or when notifications do not come through it."""
        import psycopg

        connecting: dict[str, Any] = dict(_CONNECTING)
        if "target_session_attrs" not in self._url:
            connecting["target_session_attrs"] = "read-write"  # a standby cannot listen
        connection = await psycopg.AsyncConnection.connect(self._url, autocommit=True, **connecting)
        async with connection:
            await connection.execute(f"LISTEN {CHANNEL}")
            await connection.execute("SELECT pg_notify(%s, '')", (CHANNEL,))
            async with asyncio.timeout(PROOF_SECONDS) as limit:
                async for _ in connection.notifies():
                    limit.reschedule(None)
                    self._heard()
        raise ConnectionError("the connection ended")

    def _heard(self) -> None:
        if not self.sure:
            log.info("the database tells of changes")
        self.sure = True
        self._changed.set()
