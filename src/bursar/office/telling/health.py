"""Health: is the calendar run, do holds end, is anything left that nobody settled, do notices arrive.

What the doctor checks besides, and what gateways report of themselves, is in `reports.doctor` and `nodes`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from bursar.ledger.session import Session
from bursar.office.database import reading
from bursar.office.figures import reports
from bursar.office.granting.grants import NOTHING_DUE
from bursar.office.standing import Taken, taken
from bursar.office.tables import calendar_event, calendar_position, notice_delivery, person, seat

if TYPE_CHECKING:
    from bursar.office.desk import Desk

MOST_UNRESOLVED = 50
LATE_MICROS = 300_000_000
"""What was due longer ago than this and is not done is late: gateways do it within seconds."""


@dataclass(frozen=True, slots=True)
class Check:
    """One of the doctor's findings."""

    name: str
    good: bool
    detail: str
    hint: str


@dataclass(frozen=True, slots=True)
class Unresolved:
    """A hold that nobody settled, charged as it was held until somebody knows better."""

    person: str
    model: str
    provider: str
    nanos: int
    unit: str
    since: int
    charge: str
    node: str


@dataclass(frozen=True, slots=True)
class Health:
    """Instants in microseconds UTC, 0 for never."""

    checks: tuple[Check, ...]
    calendar_ran: int
    calendar_due: int
    """What falls due next; NOTHING_DUE for nothing."""
    holds: int
    oldest_hold: int
    unresolved: tuple[Unresolved, ...]
    """Not corrected yet, the oldest first."""
    waiting: int
    """Notices on their way."""
    failed: int

    def late(self, now: int) -> bool:
        return self.calendar_due < now - LATE_MICROS


def health(desk: Desk) -> Taken[Health]:
    return taken(desk, "health", _health)


def _health(desk: Desk) -> Health:
    checks = tuple(Check(one["check"], one["good"], one["detail"], one["hint"]) for one in reports.doctor(desk))
    holds, oldest, unresolved = desk.store.read(_ledger)
    with reading(desk.engine) as connection:
        ran = connection.execute(select(func.max(calendar_event.c.done))).scalar() or 0
        due = min(
            connection.execute(select(func.min(calendar_position.c.next_due))).scalar() or NOTHING_DUE,
            connection.execute(select(func.min(seat.c.next_due))).scalar() or NOTHING_DUE,
        )
        states = {
            str(state): int(number)
            for state, number in connection.execute(
                select(notice_delivery.c.state, func.count()).group_by(notice_delivery.c.state)
            )
        }
        wanted = {one.person for one in unresolved}
        names = {
            row.id: row.handle
            for row in connection.execute(select(person.c.id, person.c.handle).where(person.c.id.in_(wanted)))
        }
    return Health(
        checks,
        int(ran),
        int(due),
        holds,
        oldest,
        tuple(
            Unresolved(
                names.get(one.person, one.person),
                one.model,
                one.provider,
                one.nanos,
                one.unit,
                one.since,
                one.charge,
                one.node,
            )
            for one in unresolved
        ),
        states.get("waiting", 0),
        states.get("failed", 0),
    )


def _ledger(session: Session) -> tuple[int, int, list[Unresolved]]:
    (number, oldest) = session.rows("SELECT COUNT(*), COALESCE(MIN(taken), 0) FROM hold WHERE state = 'open'")[0]
    rows = session.rows(
        "SELECT h.person, c.model, c.provider, c.amount, h.unit, h.taken, h.charge, h.node FROM hold h "
        "JOIN entry e ON e.command = h.charge JOIN charge c ON c.seq = e.seq WHERE h.state = 'unresolved' "
        "AND NOT EXISTS (SELECT 1 FROM entry o WHERE o.corrects = h.charge) ORDER BY h.taken LIMIT ?",
        MOST_UNRESOLVED,
    )
    found = [
        Unresolved(str(r[0]), str(r[1]), str(r[2]), int(r[3]), str(r[4]), int(r[5]), str(r[6]), str(r[7])) for r in rows
    ]
    return int(number), int(oldest), found
