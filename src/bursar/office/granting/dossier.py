"""One grant, whole: to whom, under which terms since when and why, what it has released, what falls due next."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bursar.ledger import reading as ledger
from bursar.ledger.session import Session
from bursar.office.database import reading
from bursar.office.granting import grants, register, timetable
from bursar.office.granting.outlook import describe
from bursar.office.terms import own_terms
from bursar.office.workforce import people
from bursar.plans.schedule import due

if TYPE_CHECKING:
    from bursar.office.desk import Desk

AHEAD_MICROS = 366 * 86_400_000_000
"""How far ahead what falls due is told."""
MAX_DONE = 200
"""Executed events that are told, the newest first."""


def dossier(desk: Desk, grant_id: str) -> dict[str, Any]:
    """Everything about a grant under a plan. Raises NotFound."""
    now = desk.now()
    with reading(desk.engine) as connection:
        grant = grants.named(connection, grant_id)
        holder = people.named(connection, grant.person)
        done = timetable.history_of(connection, [grant.id])
    lots = desk.store.read(lambda session: _lots(session, grant.person, grant.id, now))
    segment = grant.history.segment_at(now)
    plan = segment.plan
    return {
        "grant": grant,
        "person": holder,
        "plan": plan,
        "number": own_terms.version_at(grant, now),
        "tier": segment.tier,
        "terms": grants.in_words(segment.amount, plan),
        "natural": plan.tier_of(holder),
        "state": register.state_of(grant, now),
        "history": own_terms.history(grant, now),
        "lots": lots,
        "done": [_done(one, plan.unit) for one in reversed(done)][:MAX_DONE],
        "due": [
            describe(one, grant.history.segment_at(one.at).plan) for one in due(grant.history, now, now + AHEAD_MICROS)
        ],
        "pause": next((one for one in grant.history.pauses if one.until is None or one.until > now), None),
    }


def _lots(session: Session, person_id: str, grant_id: str, now: int) -> list[ledger.LotBalance]:
    newest = session.rows("SELECT effective FROM entry WHERE person = ? ORDER BY seq DESC LIMIT 1", person_id)
    # Asked for an instant before the newest entry, the ledger would replay the person's whole journal.
    at = max(now, newest[0][0] if newest else now)
    found = [one for one in ledger.balance(session, person_id, at) if one.terms.grant == grant_id]
    return sorted(found, key=lambda one: -one.terms.effective)


def _done(row: dict[str, Any], unit: str) -> dict[str, Any]:
    return {
        "event": row["event"],
        "period": row["period"],
        "at_micros": row["at"],
        "done_micros": row["done"],
        "released_nanos": row["released_nanos"],
        "taken_nanos": row["taken_nanos"],
        "paid_nanos": row["paid_nanos"],
        "unit": unit,
    }
