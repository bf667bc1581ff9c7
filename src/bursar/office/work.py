"""Long work: asked for once, done by whichever process is free, left and come back to, cancelled at any time.

A row says what was asked, how far it is and what came out, so a page on any node can tell. Whoever works on it says so
every moment (`beat`) and learns by that whether to go on; work whose worker fell silent is taken up again, and given up
after `MAX_TRIES`. What is wanted of it is its account's own business: nobody else sees it.
"""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, and_, delete, func, insert, or_, select, update

from bursar.errors import Conflict, NotFound
from bursar.office.tables import long_work

MAX_UNFINISHED = 3
"""Of one account, waiting or running."""
MAX_TRIES = 2
LOST_MICROS = 60_000_000
"""After this long without a word a worker counts as gone."""
KEEP_MICROS = 7 * 86_400_000_000
"""How long what came out is kept."""
MAX_LISTED = 20
PARTS = 1_000_000

State = Literal["waiting", "running", "done", "failed", "cancelled"]
_OPEN = ("waiting", "running")


@dataclass(frozen=True, slots=True)
class Work:
    """One piece of work as its account sees it; instants in microseconds UTC, 0 for not yet."""

    id: str
    account: str
    kind: str
    title: str
    state: State
    done_ppm: int
    created: int
    began: int
    ended: int
    problem: str
    """Why it failed, in words."""

    @property
    def is_open(self) -> bool:
        return self.state in _OPEN


def begin(
    connection: Connection, account: str, kind: str, title: str, asked: dict[str, Any], *, work_id: str, now: int
) -> Work:
    """Ask for work; it waits until a worker takes it. Raises Conflict if the account has enough of it already."""
    connection.execute(delete(long_work).where(long_work.c.ended > 0, long_work.c.ended < now - KEEP_MICROS))
    mine = (long_work.c.account == account) & long_work.c.state.in_(_OPEN)
    if connection.execute(select(func.count()).where(mine)).scalar_one() >= MAX_UNFINISHED:
        raise Conflict(f"{MAX_UNFINISHED} pieces of your work are not done yet", "wait for them, or cancel one")
    values = {"account": account, "kind": kind, "title": title, "asked": json.dumps(asked), "created": now}
    connection.execute(insert(long_work).values(id=work_id, **values))
    return find(connection, work_id, account)


def find(connection: Connection, work_id: str, account: str) -> Work:
    """A piece of an account's work. Raises NotFound, for other people's too."""
    row = connection.execute(_seen().where(long_work.c.id == work_id, long_work.c.account == account)).first()
    if row is None:
        raise NotFound("there is no such work", f"what came out is kept for {KEEP_MICROS // 86_400_000_000} days")
    return Work(**row._mapping)


def listed(connection: Connection, account: str, kind: str) -> list[Work]:
    """An account's newest work of a kind."""
    mine = (long_work.c.account == account) & (long_work.c.kind == kind)
    query = _seen().where(mine).order_by(long_work.c.created.desc(), long_work.c.id).limit(MAX_LISTED)
    return [Work(**row._mapping) for row in connection.execute(query)]


def result(connection: Connection, work_id: str, account: str) -> bytes:
    """What came out. Raises NotFound, also where it is not done."""
    mine = (long_work.c.id == work_id) & (long_work.c.account == account) & (long_work.c.state == "done")
    packed = connection.execute(select(long_work.c.result).where(mine)).scalar_one_or_none()
    if packed is None:
        raise NotFound("there is no such result", "it may not be done yet")
    return zlib.decompress(packed)


def cancel(connection: Connection, work_id: str, account: str, now: int) -> Work:
    """End work that is not done; its worker notices with its next beat. What is over stays as it is."""
    find(connection, work_id, account)
    connection.execute(
        update(long_work)
        .where(long_work.c.id == work_id, long_work.c.account == account, long_work.c.state.in_(_OPEN))
        .values(state="cancelled", ended=now)
    )
    return find(connection, work_id, account)


# What workers do.


def claim(connection: Connection, now: int) -> str | None:
    """Take the oldest work that waits or was lost; its id, None if there is none."""
    lost = _lost(now)
    connection.execute(
        update(long_work)
        .where(lost, long_work.c.tries >= MAX_TRIES)
        .values(state="failed", ended=now, problem="the process that worked on it ended before it was done")
    )
    waits = or_(long_work.c.state == "waiting", lost)
    first = select(long_work.c.id).where(waits).order_by(long_work.c.created, long_work.c.id).limit(1)
    found = connection.execute(first.with_for_update(skip_locked=True)).scalar_one_or_none()
    if found is None:
        return None
    connection.execute(
        update(long_work)
        .where(long_work.c.id == found)
        .values(state="running", began=now, beat=now, done_ppm=0, tries=long_work.c.tries + 1)
    )
    return str(found)


def asked(connection: Connection, work_id: str) -> tuple[str, dict[str, Any]]:
    """Kind and question of work that was claimed. Raises NotFound."""
    row = connection.execute(select(long_work.c.kind, long_work.c.asked).where(long_work.c.id == work_id)).first()
    if row is None:
        raise NotFound("there is no such work")
    return row.kind, json.loads(row.asked)


def beat(connection: Connection, work_id: str, done_ppm: int, now: int) -> bool:
    """Say how far it is; False if nobody wants it any more."""
    moved = connection.execute(_running(work_id).values(done_ppm=max(0, min(done_ppm, PARTS)), beat=now))
    return bool(moved.rowcount)


def finish(connection: Connection, work_id: str, outcome: bytes, now: int) -> bool:
    """Put down what came out; False if it was cancelled meanwhile."""
    values = {"state": "done", "done_ppm": PARTS, "ended": now, "result": zlib.compress(outcome, 6)}
    return bool(connection.execute(_running(work_id).values(**values)).rowcount)


def fail(connection: Connection, work_id: str, problem: str, now: int) -> None:
    """Put down why nothing came out."""
    connection.execute(_running(work_id).values(state="failed", ended=now, problem=problem[:2_000]))


def _running(work_id: str) -> Any:
    return update(long_work).where(long_work.c.id == work_id, long_work.c.state == "running")


def _lost(now: int) -> ColumnElement[bool]:
    return and_(long_work.c.state == "running", long_work.c.beat < now - LOST_MICROS)


def _seen() -> Any:
    names = ("id", "account", "kind", "title", "state", "done_ppm", "created", "began", "ended", "problem")
    return select(*(long_work.c[name] for name in names))
