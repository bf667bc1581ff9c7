"""Long work: what takes longer than a page may. It goes on when its page is left, says how far it is, can be cancelled.

A row of the database is what everybody sees of it, whichever process does it; the thread that does it writes the row about
once a second and asks there whether to stop. Work whose process died stops writing, is shown as lost, and can be begun
again. Nothing is half done by being cancelled: work writes its outcome at its end, in one transaction, or not at all.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from sqlalchemy import Connection, insert, select, update

from bursar.errors import BursarError, Conflict, NotFound, Unavailable
from bursar.ledger import StoreUnavailable, open_store
from bursar.office.access import Actor
from bursar.office.database import reading, transaction
from bursar.office.tables import house_work as work
from bursar.office.tables import organisation

if TYPE_CHECKING:
    from bursar.office.desk import Desk

log = logging.getLogger("bursar.work")

BEAT_SECONDS = 1.0
LOST_MICROS = 60_000_000
"""Work that has not written for so long is done by nobody any more."""
AT_ONCE = 2
"""Long work of one process at the same time."""
WAIT_SECONDS = 1.0
"""How long a form waits for work that may be short."""
MAX_RESULT_CHARS = 1_000_000

State = Literal["running", "done", "failed", "cancelled", "lost"]
Progress = Callable[[int, int], None]
Job = Callable[["Desk", Progress], dict[str, Any]]
"""What is to be done: told a desk of its own and whom to tell how far it is; returns a plain document."""


class Cancelled(Exception):
    """Whoever began it, or somebody who may, does not want it any more."""


@dataclass(frozen=True, slots=True)
class Work:
    """Some work as its page shows it; instants in microseconds UTC."""

    id: str
    kind: str
    account: str
    actor: str
    state: State
    began: int
    ended: int
    done: int
    whole: int
    result: dict[str, Any]
    """Of what is done; of what failed, the `sentence` and `hint`."""

    @property
    def share(self) -> int:
        """How far it is, in percent."""
        return min(100, self.done * 100 // self.whole) if self.whole else 0


_places = threading.Semaphore(AT_ONCE)
_threads: dict[str, threading.Thread] = {}


def begin(desk: Desk, actor: Actor, kind: str, job: Job, *, wait_seconds: float = WAIT_SECONDS) -> Work:
    """Begin work of a kind, unless some is under way; waits a moment, since most is short. Raises Conflict, Unavailable."""
    if not _places.acquire(blocking=False):
        raise Unavailable("long work is under way here already", "look again in a minute")
    try:
        now, work_id = desk.now(), desk.new_id("wrk")
        with transaction(desk.engine) as connection:
            # Two who begin the same at once come one after the other.
            connection.execute(
                select(organisation.c.id).where(organisation.c.id == actor.organisation).with_for_update()
            )
            before = _newest(connection, actor.organisation, kind, now)
            if before is not None and before.state == "running":
                raise Conflict("that is being done already", "it can be followed, and cancelled, on its page")
            connection.execute(
                insert(work).values(
                    id=work_id,
                    organisation=actor.organisation,
                    account=actor.account,
                    actor=actor.label,
                    kind=kind,
                    began=now,
                    beat=now,
                )
            )
        thread = threading.Thread(target=_run, args=(desk, work_id, job), name=f"bursar-{work_id}", daemon=True)
        _threads[work_id] = thread
        thread.start()
    except BaseException:
        _places.release()
        raise
    thread.join(wait_seconds)
    return named(desk, work_id, now=desk.now())


def named(desk: Desk, work_id: str, *, now: int) -> Work:
    """Work by its id. Raises NotFound."""
    with reading(desk.engine) as connection:
        row = connection.execute(select(work).where(work.c.id == work_id)).first()
    if row is None:
        raise NotFound("there is no such work", "it may be of another installation")
    return _read(row, now)


def newest(desk: Desk, of: str, kind: str, *, now: int, state: State | None = None) -> Work | None:
    """The work of a kind that was begun last in an organisation; with `state`, the last that ended so."""
    with reading(desk.engine) as connection:
        return _newest(connection, of, kind, now, state=state)


def cancel(desk: Desk, work_id: str) -> None:
    """Ask work to stop; it does so at its next beat. Who may is the caller's to know."""
    with transaction(desk.engine) as connection:
        connection.execute(update(work).where(work.c.id == work_id, work.c.state == "running").values(stop=1))


def wait(work_id: str, seconds: float = 30.0) -> None:
    """Wait for work that this process does."""
    thread = _threads.get(work_id)
    if thread is not None:
        thread.join(seconds)


def _newest(connection: Connection, of: str, kind: str, now: int, *, state: State | None = None) -> Work | None:
    query = select(work).where(work.c.organisation == of, work.c.kind == kind)
    if state is not None:
        query = query.where(work.c.state == state)
    query = query.order_by(work.c.began.desc(), work.c.id.desc()).limit(1)
    row = connection.execute(query).first()
    return None if row is None else _read(row, now)


def _read(row: Any, now: int) -> Work:
    lost = row.state == "running" and now - row.beat > LOST_MICROS
    return Work(
        row.id,
        row.kind,
        row.account,
        row.actor,
        "lost" if lost else row.state,
        row.began,
        row.ended,
        row.done,
        row.whole,
        json.loads(row.result) if row.result else {},
    )


def _run(desk: Desk, work_id: str, job: Job) -> None:
    from bursar.office.desk import Desk as Own

    try:
        store = open_store(desk.settings.url)
        try:
            own = Own(desk.settings, desk.engine, desk.vault, desk.clock, desk.actor, store)
            _end(desk, work_id, "done", job(own, _progress(desk, work_id)))
        finally:
            store.close()
    except Cancelled:
        _end(desk, work_id, "cancelled", {})
    except (BursarError, StoreUnavailable) as error:
        said = error.sentence if isinstance(error, BursarError) else "the ledger is not available"
        _end(desk, work_id, "failed", {"sentence": said, "hint": getattr(error, "hint", "")})
    except Exception:
        log.exception("work %s failed", work_id)
        _end(desk, work_id, "failed", {"sentence": "something went wrong, and it is written down", "hint": work_id})
    finally:
        _threads.pop(work_id, None)
        _places.release()


def _progress(desk: Desk, work_id: str) -> Progress:
    told = 0.0

    def progress(done: int, whole: int) -> None:
        nonlocal told
        if time.monotonic() - told < BEAT_SECONDS:
            return
        told = time.monotonic()
        with transaction(desk.engine) as connection:
            here = work.c.id == work_id
            connection.execute(update(work).where(here).values(done=done, whole=whole, beat=desk.now()))
            if connection.execute(select(work.c.stop).where(here)).scalar_one():
                raise Cancelled

    return progress


def _end(desk: Desk, work_id: str, state: State, result: dict[str, Any]) -> None:
    text = json.dumps(result, ensure_ascii=False)
    if len(text) > MAX_RESULT_CHARS:
        state, text = "failed", json.dumps({"sentence": "the outcome is too long to be kept", "hint": ""})
    try:
        with transaction(desk.engine) as connection:
            connection.execute(
                update(work).where(work.c.id == work_id).values(state=state, ended=desk.now(), result=text)
            )
    except BursarError:
        log.exception("the end of work %s could not be written", work_id)
