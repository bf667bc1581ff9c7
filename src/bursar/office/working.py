"""Doing long work: one child process at a time for each process that serves pages, so that pages stay quick.

    python -m bursar.office.working   <- what to open and which work, as JSON on its standard input

The child has its own interpreter: arithmetic in it takes nothing from whoever serves. It lowers its own priority, says
how far it is twice a second, and stops at the next word once nobody wants the work any more.
"""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from threading import Event, Lock, Thread
from typing import Any

from bursar.errors import BursarError
from bursar.ledger import open_store
from bursar.office import work
from bursar.office.database import open_engine, transaction
from bursar.office.settings import Settings

log = logging.getLogger("bursar.work")

MAX_AT_ONCE = 1
"""Pieces of work that one serving process has done at a time; the others wait their turn."""
WORK_SECONDS = 900
"""What takes longer is ended."""
BEAT_SECONDS = 0.5
LOWER_PRIORITY = 10
END_SECONDS = 3.0

Beat = Callable[[int, int], None]
"""Told how much is done of how much; raises what ends the work."""


class NotWanted(Exception):
    """Nobody wants the work any more."""


class Workers:
    """Has work done in child processes, as long as there is some; `nudge` whenever some was asked for."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._stop = Event()
        self._lock = Lock()
        self._threads: list[Thread] = []
        self._children: set[subprocess.Popen[str]] = set()

    def nudge(self) -> None:
        """There is work: begin, unless as many as may be are at it already."""
        with self._lock:
            self._threads = [one for one in self._threads if one.is_alive()]
            if len(self._threads) < MAX_AT_ONCE and not self._stop.is_set():
                one = Thread(target=self._work, name="bursar-work", daemon=True)
                self._threads.append(one)
                one.start()

    def stop(self) -> None:
        """End at once: what is not done is taken up by another process, or by the next one."""
        self._stop.set()
        with self._lock:
            for child in self._children:
                child.terminate()
            threads = list(self._threads)
        for one in threads:
            one.join(END_SECONDS)

    def _work(self) -> None:
        try:
            engine = open_engine(self._settings.url)
            try:
                while not self._stop.is_set():
                    with transaction(engine) as connection:
                        found = work.claim(connection, _now())
                    if found is None:
                        return
                    problem = self._have_done(found)
                    if not self._stop.is_set():  # else somebody else takes it up again
                        with transaction(engine) as connection:
                            work.fail(connection, found, problem, _now())  # nothing, if the child put down its end
            finally:
                engine.dispose()
        except BursarError as error:
            log.warning("no work is done now: %s", error)

    def _have_done(self, work_id: str) -> str:
        """Let a child do it; returns what to say if it put down no end."""
        command = [sys.executable, "-m", "bursar.office.working"]
        with self._lock:
            if self._stop.is_set():
                return ""
            child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)  # noqa: S603 (our own)
            self._children.add(child)
        try:
            # On its standard input: a URL may hold a password, and arguments and environments can be seen.
            child.communicate(json.dumps({"url": self._settings.url, "work": work_id}), timeout=WORK_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()
            child.communicate()
            return f"it took longer than {WORK_SECONDS // 60} minutes; ask for fewer scenarios or months"
        finally:
            with self._lock:
                self._children.discard(child)
        return "the process that worked on it ended before it was done"


def main() -> None:
    """The child: do one piece of work."""
    given = json.loads(sys.stdin.read())
    with suppress(OSError):
        os.nice(LOWER_PRIORITY)
    do(given["url"], given["work"])


def do(url: str, work_id: str) -> None:
    """Do a piece of work that was claimed, and put down its end."""
    from bursar.office import scenarios

    doing: dict[str, Callable[..., bytes]] = {scenarios.KIND: scenarios.work}
    engine = open_engine(url)
    try:
        with transaction(engine) as connection:
            kind, asked = work.asked(connection, work_id)
        store = open_store(url)
        try:
            outcome = doing[kind](engine, store, asked, _beating(engine, work_id))
            with transaction(engine) as connection:
                work.finish(connection, work_id, outcome, _now())
        except NotWanted:
            return
        except BursarError as error:
            _fail(engine, work_id, f"{error.sentence}. {error.hint}".removesuffix(". "))
        except Exception:
            log.exception("work %s failed", work_id)
            _fail(engine, work_id, "something went wrong here; the log has the rest")
        finally:
            store.close()
    finally:
        engine.dispose()


def _fail(engine: Any, work_id: str, problem: str) -> None:
    with transaction(engine) as connection:
        work.fail(connection, work_id, problem, _now())


def _beating(engine: Any, work_id: str) -> Beat:
    told = 0.0

    def beat(done: int, whole: int) -> None:
        nonlocal told
        if time.monotonic() - told < BEAT_SECONDS:
            return
        told = time.monotonic()
        with transaction(engine) as connection:
            wanted = work.beat(connection, work_id, done * work.PARTS // max(1, whole), _now())
        if not wanted:
            raise NotWanted

    return beat


def _now() -> int:
    return time.time_ns() // 1_000


if __name__ == "__main__":
    main()
