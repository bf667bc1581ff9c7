"""The audit log: who changed what, when; append-only, each line hashed with the line before it."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from bursar.office.tables import audit, control_version


def record(connection: Connection, at: int, actor: str, action: str, subject: str, detail: dict[str, Any]) -> None:
    """Append a line and tell the gateways that something changed, in the change's own transaction."""
    # The version row is locked first: it makes the chain single-file on every engine.
    connection.execute(update(control_version).values(version=control_version.c.version + 1))
    last = connection.execute(select(audit.c.seq, audit.c.hash).order_by(audit.c.seq.desc()).limit(1)).first()
    seq, previous = (last.seq + 1, last.hash) if last else (1, "")
    text = json.dumps(detail, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    connection.execute(
        insert(audit).values(
            seq=seq,
            at=at,
            actor=actor,
            action=action,
            subject=subject,
            detail=text,
            hash=_hash(previous, seq, at, actor, action, subject, text),
        )
    )


def first_broken(connection: Connection) -> int | None:
    """The sequence number of the first line that does not fit the chain, None if all do."""
    previous, expected = "", 1
    for row in connection.execute(select(audit).order_by(audit.c.seq)):
        right = _hash(previous, row.seq, row.at, row.actor, row.action, row.subject, row.detail)
        if row.seq != expected or row.hash != right:
            return int(row.seq)
        previous, expected = row.hash, row.seq + 1
    return None


def count(connection: Connection) -> int:
    return int(connection.execute(select(func.count()).select_from(audit)).scalar_one())


def _hash(previous: str, *parts: object) -> str:
    return sha256(json.dumps([previous, *parts], ensure_ascii=False).encode()).hexdigest()
