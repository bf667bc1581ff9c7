"""What is running: a person's requests in flight and what each may still cost, by agent session and by key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bursar.ledger import reading as ledger
from bursar.ledger.session import Session
from bursar.office.database import reading
from bursar.office.keyring import keys

if TYPE_CHECKING:
    from bursar.office.desk import Desk

RECENT = 25
"""Charges that are shown."""
ACTIVE_MICROS = 15 * 60_000_000
"""A session that charged within this counts as running, also between two requests."""
MOST_CHARGES = 2_000


def running(desk: Desk, person: str) -> dict[str, Any]:
    """Requests in flight, sessions that were active in the last quarter of an hour, keys with their caps, newest charges."""
    holder, now = desk.person(person), desk.now()

    def read(session: Session) -> tuple[Any, ...]:
        return (
            session.open_holds(holder["id"]),
            session.rows("SELECT id, ceiling, held, spent FROM cap WHERE person = ? AND unit = 'USD'", holder["id"]),
            ledger.charges_by(session, "session", holder["id"], now - ACTIVE_MICROS, MOST_CHARGES),
            ledger.charges_by(session, "access_key", holder["id"], now - ACTIVE_MICROS, MOST_CHARGES),
            ledger.recent_charges(session, RECENT, holder["id"]),
        )

    holds, caps, sessions, by_key, recent = desk.store.read(read)
    with reading(desk.engine) as connection:
        held_keys = keys.listed(connection, holder["id"])
    names = {one.id: one.terms.label or one.hint for one in held_keys}
    flights = [_flight(hold, names) for _, hold in holds]
    return {
        "held_nanos": sum(one["held_nanos"] for one in flights),
        "flights": flights,
        "sessions": _sessions(flights, sessions),
        "keys": _keys(held_keys, flights, {row[0]: row for row in caps}, {one.key: one for one in by_key}, now),
        "recent": [
            {
                "at_micros": one.usage.at,
                "model": one.usage.model,
                "amount_nanos": one.amount,
                "unit": one.unit,
                "status": one.usage.status,
                "session": one.usage.session,
                "agent": one.usage.agent,
                "key": names.get(one.usage.key, ""),
                "output_tokens": sum(
                    count for name, count in one.usage.tokens.items() if name.startswith(("output", "reasoning"))
                ),
            }
            for one in recent
        ],
    }


def _flight(hold: Any, names: dict[str, str]) -> dict[str, Any]:
    note = hold.note or {}
    return {
        "id": hold.id,
        "model": hold.request.model,
        "held_nanos": hold.amount,
        "since_micros": hold.taken,
        "key": note.get("key", ""),
        "key_name": names.get(note.get("key", ""), ""),
        "session": note.get("session", ""),
        "agent": note.get("agent", ""),
    }


def _sessions(flights: list[dict[str, Any]], charged: list[ledger.ChargeSum]) -> list[dict[str, Any]]:
    """Sessions by what they burn; a request without a session belongs to none."""
    found: dict[str, dict[str, Any]] = {}
    for one in charged:
        if one.key:
            found[one.key] = {
                "session": one.key,
                "requests": one.requests,
                "amount_nanos": one.amount,
                "last_micros": one.last,
                "in_flight": 0,
                "held_nanos": 0,
            }
    for flight in flights:
        if flight["session"]:
            empty = {"session": flight["session"], "requests": 0, "amount_nanos": 0, "last_micros": 0}
            row = found.setdefault(flight["session"], {**empty, "in_flight": 0, "held_nanos": 0})
            row["in_flight"] += 1
            row["held_nanos"] += flight["held_nanos"]
            row["last_micros"] = max(row["last_micros"], flight["since_micros"])
    return sorted(found.values(), key=lambda one: (-one["in_flight"], -one["amount_nanos"]))


def _keys(
    held: list[keys.AccessKey],
    flights: list[dict[str, Any]],
    caps: dict[str, Any],
    charged: dict[str, ledger.ChargeSum],
    now: int,
) -> list[dict[str, Any]]:
    found = []
    for one in held:
        if one.state(now) != "live":
            continue
        cap = caps.get(one.id)
        ours = [flight for flight in flights if flight["key"] == one.id]
        recent = charged.get(one.id)
        found.append(
            {
                "id": one.id,
                "name": one.terms.label or one.hint,
                "hint": one.hint,
                "purpose": one.terms.purpose,
                "project": one.terms.project,
                "in_flight": len(ours),
                "held_nanos": sum(flight["held_nanos"] for flight in ours),
                "recent_nanos": recent.amount if recent else 0,
                "recent_requests": recent.requests if recent else 0,
                "cap_nanos": one.terms.cap_nanos,
                "cap_spent_nanos": int(cap[3]) if cap is not None else 0,
                "cap_held_nanos": int(cap[2]) if cap is not None else 0,
            }
        )
    return sorted(found, key=lambda one: (-one["in_flight"], -one["recent_nanos"], one["name"]))
