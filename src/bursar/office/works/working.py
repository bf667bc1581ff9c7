"""Doing long work: in child processes of whoever serves pages, so that pages stay quick.

    python -m bursar.office.works.working   <- what to open and which work, as lines of JSON on its standard input

A child has its own interpreter: arithmetic in it takes nothing from whoever serves. It lowers its own priority, opens the
installation itself and works as the actor who asked. It says every second that it is there and how far it is, and stops
once nobody wants the work any more. It stays for a moment when it is done, since much work comes in twos and threads of
form and answer; when whoever started it dies, it ends its work and goes.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from threading import Condition, Event, Thread, Timer, current_thread
from typing import Any

from bursar.errors import BursarError
from bursar.ledger import StoreUnavailable, open_store
from bursar.office.database import open_engine, reading, transaction
from bursar.office.desk import Clock, Desk, open_desk
from bursar.office.settings import Settings
from bursar.office.works import work

log = logging.getLogger("bursar.work")

MAX_AT_ONCE = 2
"""Pieces of work that one serving process has done at a time; the others wait their turn."""
WORK_SECONDS = 900
"""What takes longer is ended."""
LINGER_SECONDS = 20.0
"""How long a child waits for more work."""
BEAT_SECONDS = 0.5
LOWER_PRIORITY = 10
END_SECONDS = 3.0
OVER = "over\n"

Beat = Callable[[int, int], None]
"""Told how much is done of how much; raises what ends the work. All of all is what is about to be written down."""
Doing = Callable[[Desk, dict[str, Any], Beat], work.Outcome]

KINDS = {
    "simulation": "bursar.office.terms.scenarios",
    "roster": "bursar.office.workforce.importing",
    "verification": "bursar.office.oversight.verification",
    "reconciliation": "bursar.office.books.reconciliation",
    "bill": "bursar.office.books.reconciling",
    "close": "bursar.office.books.closes",
    "audit-export": "bursar.office.oversight.audit_pages",
    "vesting-export": "bursar.office.terms.vesting_export",
}
"""What may be asked, by the first word of its kind: the module whose `work` (a `Doing`) does it. A child reads only what
it needs: a month is closed before the arithmetic of simulations would have been loaded."""


class NotWanted(Exception):
    """Nobody wants the work any more."""


# Whoever serves.


class Workers:
    """Has work done in child processes, as long as there is some; `nudge` whenever some was asked for."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._settings, self._clock = settings, clock
        self._news = Condition()
        self._nudges = 0
        self._idle = 0
        self._stopping = False
        self._threads: set[Thread] = set()
        self._children: set[subprocess.Popen[str]] = set()

    def nudge(self) -> None:
        """There is work: wake whoever waits for some, or begin, unless as many as may be are at it already."""
        with self._news:
            self._nudges += 1
            if self._idle:
                self._news.notify()
            elif len(self._threads) < MAX_AT_ONCE and not self._stopping:
                one = Thread(target=self._work, name="bursar-work", daemon=True)
                self._threads.add(one)
                one.start()

    def children(self) -> list[int]:
        """Ids of the processes that work."""
        with self._news:
            return [one.pid for one in self._children if one.poll() is None]

    def stop(self) -> None:
        """End at once: what is not done is given back, for another process or the next one."""
        with self._news:
            self._stopping = True
            self._news.notify_all()
            for child in self._children:
                child.terminate()
            threads = list(self._threads)
        for one in threads:
            one.join(END_SECONDS)

    def _work(self) -> None:
        child: subprocess.Popen[str] | None = None
        engine = open_engine(self._settings.url, self._settings.organisation)
        try:
            while True:
                with self._news:
                    seen = self._nudges
                with transaction(engine) as connection:
                    found = None if self._stopping else work.claim(connection, self._clock())
                if found is None:
                    if not self._waited(seen, child is not None):
                        return
                    continue
                if child is not None and child.poll() is not None:
                    self._dismiss(child)
                    child = None
                child = child or self._child()
                problem = "" if child is None else self._have_done(child, found)
                with transaction(engine) as connection:
                    if self._stopping:
                        work.give_back(connection, found)
                    elif problem:  # nothing, if the child put down its end
                        work.fail(connection, found, problem, "ask for less of it", 503, self._clock())
        except BursarError as error:
            log.warning("no work is done now: %s", error)
        finally:
            with self._news:
                self._threads.discard(current_thread())
            engine.dispose()
            if child is not None:
                self._dismiss(child)

    def _waited(self, seen: int, has_child: bool) -> bool:
        """Wait for more work; False if there will be none, and this thread ends."""
        with self._news:
            if self._nudges == seen and not self._stopping and has_child:
                self._idle += 1
                self._news.wait(LINGER_SECONDS)
                self._idle -= 1
            if self._nudges != seen and not self._stopping:
                return True
            # Under the lock: whoever nudges from here on begins another thread.
            self._threads.discard(current_thread())
            return False

    def _child(self) -> subprocess.Popen[str] | None:
        """A new child; None while everything ends."""
        with self._news:
            if self._stopping:
                return None
            command = [sys.executable, "-m", "bursar.office.works.working"]
            child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)  # noqa: S603 (our own)
            self._children.add(child)
            return child

    def _have_done(self, child: subprocess.Popen[str], work_id: str) -> str:
        """Let a child do it; returns what to say if it put down no end."""
        assert child.stdin is not None
        assert child.stdout is not None
        settings = self._settings
        # On its standard input: a URL may hold a password, and arguments and environments can be seen.
        given = {
            "home": str(settings.home),
            "database_url": settings.database_url,
            "organisation": settings.organisation,
            "master_key": settings.master_key.get_secret_value(),
            "master_key_file": str(settings.master_key_file or "") or None,
        }
        late = Timer(WORK_SECONDS, child.kill)
        late.daemon = True
        late.start()
        try:
            child.stdin.write(json.dumps({"settings": given, "work": work_id, "now": self._clock()}) + "\n")
            child.stdin.flush()
            if child.stdout.readline() == OVER:
                return ""
        except OSError:
            pass  # it ended before it read
        finally:
            is_late = not late.is_alive()
            late.cancel()
        if is_late:
            return f"it took longer than {WORK_SECONDS // 60} minutes"
        return "the process that worked on it ended before it was done"

    def _dismiss(self, child: subprocess.Popen[str]) -> None:
        """Let a child go, which ends at the end of its input."""
        with suppress(OSError):
            assert child.stdin is not None
            child.stdin.close()
        try:
            child.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        if child.stdout is not None:
            child.stdout.close()
        with self._news:
            self._children.discard(child)


# The child.


def main() -> None:
    """Do one piece of work after the other, as they are given."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the terminal's is for whoever serves, who ends this
    with suppress(OSError):
        os.nice(LOWER_PRIORITY)
    for line in sys.stdin:
        given = json.loads(line)
        settings = Settings(**{name: value for name, value in given["settings"].items() if value})
        try:
            desk = open_desk(settings, _going_on(int(given["now"])), "work")
        except BursarError as error:
            log.error("work %s cannot be begun: %s", given["work"], error)
            sys.stdout.write("\n")
        else:
            try:
                do(desk, given["work"])
            finally:
                desk.close()
            sys.stdout.write(OVER)
        sys.stdout.flush()


def do(desk: Desk, work_id: str) -> None:
    """Do a piece of work that was claimed, and put down its end."""
    with reading(desk.engine) as connection:
        found, asked = work.named(connection, work_id), work.asked(connection, work_id)
    try:
        doing: Doing = import_module(KINDS[found.kind.partition(" ")[0]]).work
        store = open_store(desk.settings.url, desk.settings.organisation)
        try:
            own = Desk(desk.settings, desk.engine, desk.vault, desk.clock, found.actor, store)
            with _beating(desk, work_id) as beat:
                outcome = doing(own, asked, beat)
        finally:
            store.close()
        with transaction(desk.engine) as connection:
            work.finish(connection, work_id, outcome, desk.now())
    except NotWanted:
        return
    except BursarError as error:
        _fail(desk, work_id, error.sentence, error.hint, error.status)
    except StoreUnavailable:
        _fail(desk, work_id, "the ledger is not available", "ask again in a moment", 503)
    except Exception:
        log.exception("work %s failed", work_id)
        _fail(desk, work_id, "something went wrong, and it is written down", f"the log has it under {work_id}", 500)


def _fail(desk: Desk, work_id: str, problem: str, hint: str, status: int) -> None:
    with transaction(desk.engine) as connection:
        work.fail(connection, work_id, problem, hint, status, desk.now())


@contextmanager
def _beating(desk: Desk, work_id: str) -> Iterator[Beat]:
    """A thread that says every moment that somebody is at it, and hears whether it is wanted."""
    over, unwanted, done_ppm = Event(), Event(), 0

    def tell() -> None:
        with transaction(desk.engine) as connection:
            if not work.beat(connection, work_id, done_ppm, desk.now()):
                unwanted.set()

    def keep_telling() -> None:
        while not over.wait(BEAT_SECONDS) and not unwanted.is_set():
            with suppress(BursarError):  # the next one may be heard
                tell()

    def beat(done: int, whole: int) -> None:
        nonlocal done_ppm
        done_ppm = done * work.PARTS // max(1, whole)
        if done >= whole:
            tell()
        if unwanted.is_set():
            raise NotWanted

    thread = Thread(target=keep_telling, name="bursar-beat", daemon=True)
    thread.start()
    try:
        yield beat
    finally:
        over.set()
        thread.join()


def _going_on(now: int) -> Clock:
    """A clock that goes on from an instant."""
    start = time.monotonic_ns()
    return lambda: now + (time.monotonic_ns() - start) // 1_000


if __name__ == "__main__":
    main()
