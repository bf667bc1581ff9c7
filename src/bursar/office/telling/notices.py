"""The outbox: what people are told, once each, over every channel that is set, until it arrives or is given up.

`post` belongs into the transaction of what it tells of. `deliver` comes later, on any node: it claims each delivery
before it sends, so that two nodes do not send the same one, and records what became of it. A node that dies while
sending leaves a claim that lapses, and the repetition carries the same identity. What was posted while no channel was
set stays readable and is not sent later.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, select, update
from sqlalchemy.dialects import postgresql, sqlite

from bursar.calendar import parse_zone
from bursar.errors import BursarError, InvalidInput
from bursar.exchange.notify import Channel, Letter, Undelivered, checked, in_words
from bursar.exchange.notify.words import Fields
from bursar.office.database import reading, transaction
from bursar.office.tables import notice, notice_delivery, person
from bursar.office.telling import webhooks
from bursar.office.telling.channels import channels
from bursar.office.workforce import people

if TYPE_CHECKING:
    from bursar.office.desk import Desk

log = logging.getLogger("bursar.notices")

MAX_KEY_CHARS = 200
MAX_ATTEMPTS = 12
"""With the waits below, a channel is tried for about a day."""
FIRST_WAIT_MICROS = 30_000_000
MAX_WAIT_MICROS = 6 * 3_600_000_000
CLAIM_MICROS = 600_000_000
"""How long a claim lasts: longer than any channel may take."""
DELIVERIES_AT_ONCE = 50

Stop = Callable[[], bool]


def post(connection: Connection, key: str, kind: str, person_id: str, fields: Fields, now: int) -> bool:
    """Put a notice into the outbox, once for its key; True if it is new. Raises InvalidInput for a wrong kind or field.

    The key names the occasion: `warn:<grant>:<period>:<share>`. The fields are those of `exchange/notify/words.py`.
    """
    if not 1 <= len(key) <= MAX_KEY_CHARS or not key.isprintable():
        raise InvalidInput("key", repr(key[:80]), f"1 to {MAX_KEY_CHARS} printable characters")
    known = checked(kind, fields)
    if connection.execute(select(notice.c.id).where(notice.c.id == key)).first() is not None:
        return False
    holder = people.named(connection, person_id)
    words = in_words(kind, known, parse_zone(holder["zone"]), now)
    added = connection.execute(
        _insert(connection)(notice)
        .values(
            id=key,
            kind=kind,
            person=holder["id"],
            subject=words.subject,
            fields=json.dumps(known, sort_keys=True, ensure_ascii=False),
            created=now,
        )
        .on_conflict_do_nothing()
        .returning(notice.c.id)
    )
    return added.first() is not None


def deliver(desk: Desk, now: int, limit: int = DELIVERIES_AT_ONCE, stop: Stop = lambda: False) -> int:
    """Send what is due, at most `limit` deliveries; returns how many arrived. Faults are logged, never raised."""
    try:
        found = {one.name: one for one in (*channels(desk.settings.notify), *webhooks.channels_of(desk))}
        _spread(desk, found, now, limit)
        due = _due(desk, list(found), now, limit)
    except Exception as error:
        log.error("notices are not delivered: %s", _told(error))
        return 0
    arrived = 0
    for key, name, attempts in due:
        if stop():
            break
        try:
            arrived += _attempt(desk, found[name], key, attempts, now)
        except Exception as error:
            log.error("notice %s over %s: %s", key, name, _told(error))
    return arrived


def test(desk: Desk, name: str) -> list[dict[str, Any]]:
    """Send a test to a person over each channel at once, past the outbox; says of each what happened."""
    with reading(desk.engine) as connection:
        holder = people.named(connection, name)
    now = desk.now()
    letter = _letter(f"test:{holder['id']}:{now}", "test", now, holder, {})
    answers = []
    for channel in (*channels(desk.settings.notify), *webhooks.channels_of(desk)):
        happened = "delivered"
        if not channel.takes(letter):
            happened = "not possible: the person has no e-mail address"
        else:
            try:
                _send(channel, lambda: letter, now)
            except Undelivered as error:
                happened = f"failed: {error.reason}"
        answers.append(
            {
                "channel": channel.name,
                "person": holder["handle"],
                "delivered": happened == "delivered",
                "happened": happened,
            }
        )
    return answers


def listed(
    desk: Desk, name: str = "", limit: int = 50, before: tuple[int, str] | None = None, organisation: str = ""
) -> list[dict[str, Any]]:
    """The newest notices, of everybody or one person, with what became of them on each channel; `before` is instant and id
    of the last one of the page before."""
    with reading(desk.engine) as connection:
        query = select(notice, person.c.handle).join(person, person.c.id == notice.c.person)
        if organisation:
            query = query.where(person.c.organisation == organisation)
        if name:
            query = query.where(notice.c.person == people.named(connection, name)["id"])
        if before is not None:
            at, key = before
            query = query.where((notice.c.created < at) | ((notice.c.created == at) & (notice.c.id > key)))
        rows = connection.execute(query.order_by(notice.c.created.desc(), notice.c.id).limit(limit)).all()
        wanted = notice_delivery.c.notice.in_([row.id for row in rows])
        states: dict[str, list[Any]] = {}
        for one in connection.execute(select(notice_delivery).where(wanted).order_by(notice_delivery.c.channel)):
            states.setdefault(one.notice, []).append(one)
    return [
        {
            "id": row.id,
            "kind": row.kind,
            "person": row.handle,
            "subject": row.subject,
            "fields": json.loads(row.fields),
            "created_micros": row.created,
            "deliveries": [
                {
                    "channel": one.channel,
                    "state": one.state,
                    "attempts": one.attempts,
                    "next_attempt_micros": one.next_attempt if one.state == "waiting" else None,
                    "delivered_micros": one.delivered or None,
                    "reason": one.reason,
                }
                for one in states.get(row.id, [])
            ],
        }
        for row in rows
    ]


def wait_after(attempts: int) -> int:
    """Microseconds until the next attempt after that many have failed."""
    return min(MAX_WAIT_MICROS, FIRST_WAIT_MICROS << min(attempts - 1, 32))


def _spread(desk: Desk, found: dict[str, Channel], now: int, limit: int) -> None:
    """Give each new notice a delivery for every channel that it can take."""
    with reading(desk.engine) as connection:
        rows = connection.execute(_notices().where(notice.c.spread == 0).order_by(notice.c.created).limit(limit)).all()
    if not rows:
        return
    with transaction(desk.engine) as connection:
        for row in rows:
            for name in _takers(found, row):
                connection.execute(
                    _insert(connection)(notice_delivery)
                    .values(notice=row.id, channel=name, next_attempt=now)
                    .on_conflict_do_nothing()
                )
        keys = [row.id for row in rows]
        connection.execute(update(notice).where(notice.c.id.in_(keys), notice.c.spread == 0).values(spread=now))


def _takers(found: dict[str, Channel], row: Any) -> list[str]:
    """The channels that can take a notice; one that cannot be put into words holds up no other."""
    try:
        letter = _read(row)
    except Exception as error:
        log.error("notice %s cannot be written: %s", row.id, _told(error))
        return []
    return [name for name, channel in found.items() if channel.takes(letter)]


def _due(desk: Desk, names: list[str], now: int, limit: int) -> list[tuple[str, str, int]]:
    delivery = notice_delivery.c
    query = (
        select(delivery.notice, delivery.channel, delivery.attempts)
        .where(delivery.state == "waiting", delivery.next_attempt <= now, delivery.channel.in_(names))
        .order_by(delivery.next_attempt, delivery.notice, delivery.channel)
        .limit(limit)
    )
    with reading(desk.engine) as connection:
        return [(row.notice, row.channel, row.attempts) for row in connection.execute(query)]


def _attempt(desk: Desk, channel: Channel, key: str, attempts: int, now: int) -> bool:
    """One attempt at one delivery: claimed, sent, recorded. False if another node was faster or it failed."""
    delivery = notice_delivery.c
    here = (delivery.notice == key) & (delivery.channel == channel.name) & (delivery.state == "waiting")
    with transaction(desk.engine) as connection:
        claim = update(notice_delivery).where(here, delivery.attempts == attempts, delivery.next_attempt <= now)
        taken = connection.execute(claim.values(attempts=attempts + 1, next_attempt=now + CLAIM_MICROS)).rowcount
        if taken != 1:
            return False
        row = connection.execute(_notices().where(notice.c.id == key)).one()
    arrived, values = True, {"state": "delivered", "delivered": now, "reason": ""}
    try:
        _send(channel, lambda: _read(row), desk.now())
    except Undelivered as error:
        over = error.final or attempts + 1 >= MAX_ATTEMPTS
        log.warning("notice %s over %s, attempt %d: %s", key, channel.name, attempts + 1, error.reason)
        arrived = False
        values = {
            "state": "failed" if over else "waiting",
            "reason": error.reason,
            "next_attempt": now + wait_after(attempts + 1),
        }
    with transaction(desk.engine) as connection:
        connection.execute(update(notice_delivery).where(here, delivery.attempts == attempts + 1).values(**values))
    return arrived


def _send(channel: Channel, letter: Callable[[], Letter], now: int) -> None:
    """Write and send; a fault that nobody foresaw is a failed attempt too, so that it comes to an end."""
    try:
        channel.send(letter(), now)
    except Undelivered:
        raise
    except Exception as error:
        raise Undelivered(f"the channel {channel.name} broke down: {_told(error)}") from None


def _notices() -> Any:
    columns = (person.c.handle, person.c.name, person.c.email, person.c.zone)
    return select(notice, *columns).join(person, person.c.id == notice.c.person)


def _read(row: Any) -> Letter:
    return _letter(row.id, row.kind, row.created, row._mapping, json.loads(row.fields))


def _letter(key: str, kind: str, created: int, holder: Any, fields: Fields) -> Letter:
    """In the words of the day it was posted, so that every attempt says the same."""
    words = in_words(kind, fields, parse_zone(holder["zone"]), created)
    return Letter(
        key, kind, created, holder["handle"], holder["name"], holder["email"], words.subject, words.text, fields
    )


def _insert(connection: Connection) -> Any:
    return (postgresql if connection.dialect.name == "postgresql" else sqlite).insert


def _told(error: Exception) -> str:
    """An error in a log line: ours as a sentence, others by their kind, since their text may quote what it should not."""
    return error.sentence if isinstance(error, BursarError) else type(error).__name__
