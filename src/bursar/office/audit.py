"""The audit log: who changed what, when; append-only, each line hashed with the line before it.

A chain shows that nothing inside it was altered, not that its end was not cut off: keep `Chain.head` somewhere else,
and `verify` can be asked whether that line is still there.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from bursar.errors import InvalidInput
from bursar.office.tables import audit, control_version

MAX_DETAIL_CHARS = 65_536


@dataclass(frozen=True, slots=True)
class Chain:
    """What verification found: how many lines fit, the last one's hash, and the first line that does not fit."""

    lines: int
    head: str
    broken: int | None


def record(connection: Connection, at: int, actor: str, action: str, subject: str, detail: dict[str, Any]) -> None:
    """Append a line and tell the gateways that something changed, in the change's own transaction."""
    text = json.dumps(detail, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    if len(text) > MAX_DETAIL_CHARS:
        raise InvalidInput("detail", f"{len(text)} characters", f"at most {MAX_DETAIL_CHARS}")
    # The version row is locked first: it makes the chain single-file on every engine.
    connection.execute(update(control_version).values(version=control_version.c.version + 1))
    last = connection.execute(select(audit.c.seq, audit.c.hash).order_by(audit.c.seq.desc()).limit(1)).first()
    seq, previous = (last.seq + 1, last.hash) if last else (1, "")
    connection.execute(
        insert(audit).values(
            seq=seq,
            at=at,
            actor=actor,
            action=action,
            subject=subject,
            detail=text,
            prev_hash=previous,
            hash=_hash(previous, seq, at, actor, action, subject, text),
        )
    )


def lines(
    connection: Connection, *, before: int = 0, limit: int = 50, action: str = "", subject: str = ""
) -> list[dict[str, Any]]:
    """The newest lines, of all or of an action or a subject; `before` is a sequence number, for the next page."""
    query = select(audit).order_by(audit.c.seq.desc()).limit(limit)
    if before:
        query = query.where(audit.c.seq < before)
    if action:
        query = query.where(audit.c.action == action)
    if subject:
        query = query.where(audit.c.subject == subject)
    return [{**row._mapping, "detail": json.loads(row.detail)} for row in connection.execute(query)]


def verify(connection: Connection, anchor: str = "") -> Chain:
    """Follow the chain from its first line. With an `anchor`, a head kept elsewhere, a log without it is broken."""
    previous, fitting, anchored = "", 0, not anchor
    for row in connection.execute(select(audit).order_by(audit.c.seq)):
        right = _hash(previous, row.seq, row.at, row.actor, row.action, row.subject, row.detail)
        if row.seq != fitting + 1 or row.prev_hash != previous or row.hash != right:
            return Chain(fitting, previous, int(row.seq))
        previous, fitting = row.hash, fitting + 1
        anchored = anchored or row.hash == anchor
    return Chain(fitting, previous, None if anchored else fitting + 1)


def first_broken(connection: Connection) -> int | None:
    """The sequence number of the first line that does not fit the chain, None if all do."""
    return verify(connection).broken


def count(connection: Connection) -> int:
    return int(connection.execute(select(func.count()).select_from(audit)).scalar_one())


def _hash(previous: str, *parts: object) -> str:
    return sha256(json.dumps([previous, *parts], ensure_ascii=False).encode()).hexdigest()
