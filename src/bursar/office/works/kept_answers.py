"""Answers kept for whoever asks twice: a request that changes something is done once for its key, however often it comes.

A key belongs to an account and stands for one request: the same key with another content is an error. It is taken before
anything is done and holds the sealed answer afterwards, for a day. A request that was cut off in the middle, by a crash or
a fault of ours, is never done again under its key: whoever sent it looks what became of it first.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Engine, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from bursar.errors import Conflict, InvalidInput
from bursar.office.database import reading, transaction
from bursar.office.tables import kept_answer
from bursar.office.vault import KEPT_ANSWER, Secret, Vault, adopt_master

MAX_KEY_CHARS = 200
KEEP_SECONDS = 24 * 3600
"""How long an answer is kept; the key may be used for something else afterwards."""
RUN_SECONDS = 300
"""A request that has not answered by then never will."""
MAX_KEPT_BYTES = 1024 * 1024
"""Largest answer that is kept; a larger one is not repeated."""
MICROS = 1_000_000


class KeyReused(Conflict):
    """The key was used for another request."""


class KeyBusy(Conflict):
    """The first request with the key is being answered at this moment."""


class KeyUnfinished(Conflict):
    """The first request with the key did not come to an end, and nobody knows how far it came."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


def checked_key(key: str) -> str:
    """Raises InvalidInput for a key that is none."""
    if not 1 <= len(key) <= MAX_KEY_CHARS or not key.isascii() or not key.isprintable():
        raise InvalidInput(
            "Idempotency-Key", f"{len(key)} characters", f"1 to {MAX_KEY_CHARS} printable characters of ASCII"
        )
    return key


def take(engine: Engine, vault: Vault, account: str, key: str, digest: str, now: int) -> Answer | None:
    """Take a key for a request, or give the answer that it got before. Raises KeyReused, KeyBusy, KeyUnfinished."""
    found = _found(engine, vault, account, key, digest, now)
    if found is not None:
        return found
    with transaction(engine) as connection:
        adopt_master(connection, vault)
        old = kept_answer.c.expires <= now
        connection.execute(delete(kept_answer).where(old))
        insert = (postgresql if connection.dialect.name == "postgresql" else sqlite).insert
        values = {"account": account, "key": key, "digest": digest, "answer": b"", "created": now}
        added = insert(kept_answer).values(**values, expires=now + KEEP_SECONDS * MICROS).on_conflict_do_nothing()
        if connection.execute(added.returning(kept_answer.c.key)).first() is not None:
            return None
    found = _found(engine, vault, account, key, digest, now)
    if found is None:
        raise _busy(key)  # it was freed in between: the next attempt takes it
    return found


def keep(engine: Engine, vault: Vault, account: str, key: str, answer: Answer) -> None:
    """Keep the answer of the request that took the key."""
    if len(answer.body) > MAX_KEPT_BYTES:
        unfinished(engine, account, key)
        return
    text = json.dumps([answer.status, answer.headers, base64.b64encode(answer.body).decode()])
    with transaction(engine) as connection:
        sealed = vault.seal(Secret(text), _row_of(account, key))
        connection.execute(update(kept_answer).where(_is(account, key)).values(state="done", answer=sealed))


def free(engine: Engine, account: str, key: str) -> None:
    """Give a key back whose request was refused before anything was done."""
    with transaction(engine) as connection:
        connection.execute(delete(kept_answer).where(_is(account, key), kept_answer.c.state == "running"))


def unfinished(engine: Engine, account: str, key: str) -> None:
    """Note that the request broke off somewhere."""
    with transaction(engine) as connection:
        connection.execute(update(kept_answer).where(_is(account, key)).values(state="unfinished"))


def _row_of(account: str, key: str) -> str:
    return f"{KEPT_ANSWER}/{account}/{key}"


def _found(engine: Engine, vault: Vault, account: str, key: str, digest: str, now: int) -> Answer | None:
    with reading(engine) as connection:
        row = connection.execute(select(kept_answer).where(_is(account, key), kept_answer.c.expires > now)).first()
    if row is None:
        return None
    if row.digest != digest:
        raise KeyReused(
            f"the key {key!r} was used for another request", "a key stands for one request: use a new one for a new one"
        )
    if row.state == "done":
        status, headers, body = json.loads(vault.open(row.answer, _row_of(account, key)).reveal())
        return Answer(status, tuple((name, value) for name, value in headers), base64.b64decode(body))
    if row.state == "running" and now - row.created < RUN_SECONDS * MICROS:
        raise _busy(key)
    raise KeyUnfinished(
        f"the first request with the key {key!r} did not come to an end",
        "look whether it was done, then send what is still to do with a new key",
    )


def _busy(key: str) -> KeyBusy:
    return KeyBusy(f"the first request with the key {key!r} is still being answered", "send the same in a moment")


def _is(account: str, key: str) -> ColumnElement[bool]:
    return (kept_answer.c.account == account) & (kept_answer.c.key == key)
