"""Keys that burn far beyond their usual rate: seen within a minute, told to those who can stop it, paused where that is set.

Each look adds up the last minute by key and holds only what is dear against the key's own past, which is read once in a
while. The same key is told of once in `QUIET_MICROS`, by however many nodes look. The rule is `insight.anomaly`.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from bursar.errors import Conflict
from bursar.exchange.notify.words import Value
from bursar.insight import anomaly
from bursar.insight.anomaly import Unusual, Usual
from bursar.ledger import stretch
from bursar.ledger.session import Session, wide, wide_sum
from bursar.office import audit, openings
from bursar.office.access import Role
from bursar.office.database import transaction
from bursar.office.identity import accounts
from bursar.office.keyring import keys
from bursar.office.openings import PAUSING
from bursar.office.tables import notice, person
from bursar.office.telling import notices

if TYPE_CHECKING:
    from bursar.office.desk import Desk

UNIT = "USD"
MICROS_PER_MINUTE = 60_000_000
SKEW_MICROS = 30_000_000
"""A charge may be recorded so much before the instant that it is of, or after it."""
PAST_MICROS = 14 * 86_400_000_000
"""Of a key that its usual rate is read from."""
PAST_CHARGES = 20_000
"""At most, the newest of its person."""
QUIET_MICROS = 3_600_000_000
"""How long nobody is told again of the same key."""
KNOWN_MICROS = 1_800_000_000
"""How long what is usual counts as known."""
MAX_KNOWN = 20_000
ACTOR = "watch"
TOLD_ROLES: tuple[Role, ...] = ("owner", "platform")


@dataclass(frozen=True, slots=True)
class Found:
    """A key that burns."""

    key: str
    person: str
    minute: Unusual


_known: dict[tuple[str, str], tuple[int, Usual]] = {}
_lock = threading.Lock()


def look(desk: Desk, now: int) -> list[Found]:
    """Look once; the keys that were told of now. Those that were told of lately are left out."""
    factor = desk.settings.unusual_factor
    if not factor:
        return []
    burning = desk.store.read(lambda session: _burned(session, now))
    found = []
    for key, person_id, amount in burning:
        if amount < anomaly.LEAST_BURN:
            continue
        known = _usual(desk, key, person_id, now)
        minute = anomaly.unusual(amount, known, factor)
        if minute is not None:
            found.append(Found(key, person_id, minute))
    return [one for one in found if _tell(desk, one, now)]


def _burned(session: Session, now: int) -> list[tuple[str, str, int]]:
    """What each key was charged in the last minute."""
    first = stretch.seq_at(session, now - MICROS_PER_MINUTE - SKEW_MICROS)
    rows = session.rows(
        f"SELECT access_key, person, {wide_sum('amount')} FROM charge WHERE seq >= ? AND at > ? AND at <= ? "
        "AND access_key <> '' AND unit = ? GROUP BY access_key, person ORDER BY access_key",
        first,
        now - MICROS_PER_MINUTE,
        now + SKEW_MICROS,
        UNIT,
    )
    return [(str(row[0]), str(row[1]), wide(row[2], row[3])) for row in rows]


def _usual(desk: Desk, key: str, person_id: str, now: int) -> Usual:
    place = (f"{desk.settings.organisation}@{desk.settings.url}", key)
    with _lock:
        at, known = _known.get(place, (0, None))
    if known is not None and 0 <= now - at < KNOWN_MICROS:
        return known
    # The hour that runs is no part of what is usual: it may be what is unusual.
    until = now - 5 * MICROS_PER_MINUTE

    def read(session: Session) -> list[int]:
        newest = (
            "SELECT c.access_key AS name, c.at AS at, c.amount AS amount FROM entry e JOIN charge c ON c.seq = e.seq "
            "WHERE e.person = ? AND c.unit = ? AND c.at >= ? AND c.at < ? ORDER BY e.seq DESC LIMIT ?"
        )
        rows = session.rows(
            f"SELECT at / {MICROS_PER_MINUTE}, {wide_sum('amount')} FROM ({newest}) AS newest "
            f"WHERE name = ? GROUP BY at / {MICROS_PER_MINUTE}",
            person_id,
            UNIT,
            now - PAST_MICROS,
            until,
            PAST_CHARGES,
            key,
        )
        return [wide(row[1], row[2]) for row in rows]

    found = anomaly.usual(desk.store.read(read))
    with _lock:
        if len(_known) >= MAX_KNOWN:
            _known.clear()
        _known[place] = (now, found)
    return found


def _tell(desk: Desk, found: Found, now: int) -> bool:
    """Tell whoever can stop it, and stop it where that is set, in one transaction; False if it was told of already."""
    prefix = f"unusual:{found.key}:"
    with transaction(desk.engine) as connection:
        told = select(notice.c.id).where(
            notice.c.id > prefix, notice.c.id < prefix + "~", notice.c.created > now - QUIET_MICROS
        )
        if connection.execute(told.limit(1)).first() is not None:
            return False
        key = keys.named(connection, found.key)
        holder = connection.execute(select(person.c.handle).where(person.c.id == found.person)).scalar_one()
        pauses = openings.is_open(connection, PAUSING) and key.state(now) == "live"
        fields: dict[str, Value] = {
            "key": found.key,
            "label": key.terms.label or key.hint,
            "who": holder,
            "times": str(found.minute.times),
            "unit": UNIT,
            "amount_nanos": found.minute.burned,
            "usual_nanos": found.minute.usual,
            "paused": "yes" if pauses else "",
        }
        occasion = f"{prefix}{now // QUIET_MICROS}"
        everybody = [
            found.person,
            *(one for one in accounts.people_with(connection, TOLD_ROLES, now) if one != found.person),
        ]
        posted = [notices.post(connection, f"{occasion}:{one}", "key_unusual", one, fields, now) for one in everybody]
        if not any(posted):
            return False
        if pauses:
            try:
                keys.pause(connection, found.key, now)
            except Conflict:  # revoked or paused a moment ago: that is what was wanted
                return True
            detail = {"why": "unusual rate", "times": found.minute.times, "burned_nanos": found.minute.burned}
            audit.record(connection, now, ACTOR, "key.pause", found.key, detail)
    return True
