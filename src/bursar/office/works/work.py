"""Long work: asked for once, done by whichever process is free, left and come back to, cancelled at any time.

A row says what was asked, how far it is and what came out, so any process can tell. Whoever works on it says so every
moment (`beat`) and learns by that whether to go on; work whose worker fell silent is taken up again, and given up after
`MAX_TRIES`. What is wanted of it is its account's own business and nobody else sees it; `shared` work is the house's,
followed by everybody with the right to its matter, and there is only one of its kind (`close 2026-10`) at a time.
"""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass, fields
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, and_, delete, func, insert, or_, select, update

from bursar.errors import Conflict, NotFound
from bursar.office.access import Actor
from bursar.office.tables import long_work, organisation

MAX_UNFINISHED = 3
"""Of one account, waiting or running."""
MAX_TRIES = 2
LOST_MICROS = 60_000_000
"""After this long without a word a worker counts as gone."""
KEEP_MICROS = 7 * 86_400_000_000
"""How long what came out is kept; of shared work the newest of its kind stays for good."""
MAX_LISTED = 100
MAX_RESULT_BYTES = 32 * 1024 * 1024
MAX_SENTENCE_CHARS = 2_000
PARTS = 1_000_000
JSON = "application/json"

State = Literal["waiting", "running", "done", "failed", "cancelled"]
_OPEN = ("waiting", "running")


class TooMuch(Conflict):
    """An account has asked for enough already."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came out."""

    content: bytes
    type: str = JSON
    """Media type."""
    name: str = "result.json"
    """As a file."""


@dataclass(frozen=True, slots=True)
class Work:
    """One piece of work; instants in microseconds UTC, 0 for not yet."""

    id: str
    organisation: str
    account: str
    actor: str
    """Label of whoever asked, as the audit log has it."""
    kind: str
    shared: int
    title: str
    state: State
    done_ppm: int
    created: int
    began: int
    ended: int
    problem: str
    """Why it failed, in a sentence."""
    hint: str
    status: int
    """The problem's, as of HTTP."""
    result_type: str
    result_name: str

    @property
    def is_open(self) -> bool:
        return self.state in _OPEN

    @property
    def share(self) -> int:
        """How far it is, in percent."""
        return self.done_ppm * 100 // PARTS

    @property
    def what_failed(self) -> str:
        """The problem and what to do about it, without a full stop."""
        return f"{self.problem}. {self.hint[:1].upper()}{self.hint[1:]}" if self.hint else self.problem


def begin(
    connection: Connection,
    actor: Actor,
    kind: str,
    title: str,
    asked: dict[str, Any],
    *,
    shared: bool = False,
    work_id: str,
    now: int,
) -> Work:
    """Ask for work; it waits until a worker takes it. The first word of the kind says what is done.

    Raises TooMuch if the account has enough of it already, Conflict if shared work of this kind is not done yet.
    """
    _forget(connection, now)
    # Two who begin the same at once come one after the other.
    connection.execute(select(organisation.c.id).where(organisation.c.id == actor.organisation).with_for_update())
    if shared:
        before = newest(connection, actor.organisation, kind)
        if before is not None and before.is_open:
            raise Conflict("that is being done already", "it can be followed, and cancelled, on its page")
    mine = (long_work.c.account == actor.account) & long_work.c.state.in_(_OPEN)
    if connection.execute(select(func.count()).where(mine)).scalar_one() >= MAX_UNFINISHED:
        raise TooMuch(f"{MAX_UNFINISHED} pieces of your work are not done yet", "wait for them, or cancel one")
    values = {
        "organisation": actor.organisation,
        "account": actor.account,
        "actor": actor.label,
        "kind": kind,
        "shared": int(shared),
        "title": title,
        "asked": json.dumps(asked),
        "created": now,
    }
    connection.execute(insert(long_work).values(id=work_id, **values))
    return named(connection, work_id)


def named(connection: Connection, work_id: str) -> Work:
    """Work by its id, whoever's it is: who may see it is the caller's to know. Raises NotFound."""
    row = connection.execute(_seen().where(long_work.c.id == work_id)).first()
    if row is None:
        raise NotFound("there is no such work", f"what came out is kept for {KEEP_MICROS // 86_400_000_000} days")
    return Work(**row._mapping)


def find(connection: Connection, work_id: str, account: str) -> Work:
    """A piece of an account's work. Raises NotFound, for other people's too."""
    found = named(connection, work_id)
    if found.account != account:
        raise NotFound("there is no such work", f"what came out is kept for {KEEP_MICROS // 86_400_000_000} days")
    return found


def listed(connection: Connection, account: str, kind: str = "") -> list[Work]:
    """An account's newest work, of a kind if one is given."""
    mine = long_work.c.account == account
    if kind:
        mine &= long_work.c.kind == kind
    query = _seen().where(mine).order_by(long_work.c.created.desc(), long_work.c.id).limit(MAX_LISTED)
    return [Work(**row._mapping) for row in connection.execute(query)]


def newest(connection: Connection, of: str, kind: str, state: State | None = None) -> Work | None:
    """The shared work of a kind that an organisation asked for last; with `state`, the last that is so."""
    query = _seen().where(long_work.c.organisation == of, long_work.c.kind == kind, long_work.c.shared == 1)
    if state is not None:
        query = query.where(long_work.c.state == state)
    row = connection.execute(query.order_by(long_work.c.created.desc(), long_work.c.id.desc()).limit(1)).first()
    return None if row is None else Work(**row._mapping)


def result(connection: Connection, found: Work) -> bytes:
    """What came out. Raises Conflict where it is not done."""
    packed = connection.execute(select(long_work.c.result).where(long_work.c.id == found.id)).scalar_one_or_none()
    if packed is None:
        raise Conflict(f"the work is {found.state}", "ask again when it is done")
    return zlib.decompress(packed)


def document(connection: Connection, found: Work | None) -> dict[str, Any]:
    """What came out of work whose outcome is a plain document; nothing without work. Raises Conflict."""
    return {} if found is None else json.loads(result(connection, found))


def cancel(connection: Connection, found: Work, now: int) -> Work:
    """End work that is not done; its worker notices within a moment. What is over stays as it is."""
    connection.execute(
        update(long_work)
        .where(long_work.c.id == found.id, long_work.c.state.in_(_OPEN))
        .values(state="cancelled", ended=now)
    )
    return named(connection, found.id)


# What workers do.


def claim(connection: Connection, now: int) -> str | None:
    """Take the oldest work that waits or was lost; its id, None if there is none."""
    lost = _lost(now)
    connection.execute(
        update(long_work)
        .where(lost, long_work.c.tries >= MAX_TRIES)
        .values(
            state="failed",
            ended=now,
            problem="the process that worked on it ended before it was done",
            hint="ask again",
            status=503,
        )
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


def give_back(connection: Connection, work_id: str) -> None:
    """Let somebody else take it: its worker was told to end, which is no fault of the work."""
    connection.execute(_running(work_id).values(state="waiting", done_ppm=0, tries=long_work.c.tries - 1))


def asked(connection: Connection, work_id: str) -> dict[str, Any]:
    """The question of work that was claimed. Raises NotFound."""
    found = connection.execute(select(long_work.c.asked).where(long_work.c.id == work_id)).scalar_one_or_none()
    if found is None:
        raise NotFound("there is no such work")
    return dict(json.loads(found))


def beat(connection: Connection, work_id: str, done_ppm: int, now: int) -> bool:
    """Say how far it is; False if nobody wants it any more."""
    moved = connection.execute(_running(work_id).values(done_ppm=max(0, min(done_ppm, PARTS)), beat=now))
    return bool(moved.rowcount)


def finish(connection: Connection, work_id: str, outcome: Outcome, now: int) -> bool:
    """Put down what came out; False if it was cancelled meanwhile. Raises Conflict if it is too large to be kept."""
    if len(outcome.content) > MAX_RESULT_BYTES:
        raise Conflict(f"the result is larger than {MAX_RESULT_BYTES} bytes", "ask for less of it")
    values = {
        "state": "done",
        "done_ppm": PARTS,
        "ended": now,
        "result": zlib.compress(outcome.content, 6),
        "result_type": outcome.type,
        "result_name": outcome.name,
    }
    return bool(connection.execute(_running(work_id).values(**values)).rowcount)


def fail(connection: Connection, work_id: str, problem: str, hint: str, status: int, now: int) -> None:
    """Put down why nothing came out."""
    told = {"problem": problem[:MAX_SENTENCE_CHARS], "hint": hint[:MAX_SENTENCE_CHARS], "status": status}
    connection.execute(_running(work_id).values(state="failed", ended=now, **told))


def _forget(connection: Connection, now: int) -> None:
    later = long_work.alias()
    newer = select(later.c.id).where(
        later.c.organisation == long_work.c.organisation,
        later.c.kind == long_work.c.kind,
        later.c.shared == 1,
        later.c.state == long_work.c.state,
        later.c.created > long_work.c.created,
    )
    old = and_(long_work.c.ended > 0, long_work.c.ended < now - KEEP_MICROS)
    connection.execute(delete(long_work).where(old, or_(long_work.c.shared == 0, newer.correlate(long_work).exists())))


def _running(work_id: str) -> Any:
    return update(long_work).where(long_work.c.id == work_id, long_work.c.state == "running")


def _lost(now: int) -> ColumnElement[bool]:
    return and_(long_work.c.state == "running", long_work.c.beat < now - LOST_MICROS)


def _seen() -> Any:
    return select(*(long_work.c[one.name] for one in fields(Work)))
