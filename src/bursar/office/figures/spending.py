"""Where it went, finer than the daily rollup knows: by access key, agent session and agent, from a person's newest charges."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bursar.errors import InvalidInput
from bursar.ledger import reading as ledger
from bursar.office.database import reading
from bursar.office.keyring import keys

if TYPE_CHECKING:
    from bursar.office.desk import Desk

GROUPS = {"key": "access_key", "session": "session", "agent": "agent"}
"""By what, and the column of it."""
MOST_CHARGES = 5_000
"""Charges that are looked at; a person's newest ones, which is told where there are more."""
MOST_ROWS = 60


def spending(desk: Desk, person: str, by: str, days: int = 30) -> dict[str, Any]:
    """Sums of a person's charges in USD by key, session or agent, most first; `complete` False where there were more."""
    if by not in GROUPS:
        raise InvalidInput("by", repr(by), f"one of {', '.join(GROUPS)}")
    holder = desk.person(person)
    since = desk.now() - days * 86_400_000_000
    found = desk.store.read(lambda session: ledger.charges_by(session, GROUPS[by], holder["id"], since, MOST_CHARGES))
    names = _names(desk, holder["id"]) if by == "key" else {}
    rows = [
        {
            "key": one.key,
            "name": names.get(one.key, one.key),
            "requests": one.requests,
            "amount_nanos": one.amount,
            "first_micros": one.first,
            "last_micros": one.last,
        }
        for one in found[:MOST_ROWS]
    ]
    return {"by": by, "rows": rows, "complete": sum(one.requests for one in found) < MOST_CHARGES}


def _names(desk: Desk, person_id: str) -> dict[str, str]:
    with reading(desk.engine) as connection:
        return {one.id: one.terms.label or one.hint for one in keys.listed(connection, person_id)}
