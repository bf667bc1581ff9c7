"""What the ledger says of a month that is to be closed: movements by plan, usage by person and provider, counted three ways."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bursar.errors import Conflict
from bursar.ledger import metered, stretch
from bursar.ledger.session import MICROS_PER_DAY, Session
from bursar.ledger.stretch import Movement, Progress
from bursar.office.books.classes import Cell, PlanKinds, placed, usage_in
from bursar.office.books.closing import Figures, Place, added
from bursar.office.books.reconciliation import three_ways
from bursar.office.figures.exposure import BY_HAND
from bursar.office.months import days_of, micros_of, month_of, title

if TYPE_CHECKING:
    from bursar.office.desk import Desk

SKEW_MICROS = MICROS_PER_DAY
"""How far a clock may be off: the stretch of a month begins so much earlier."""
PLAN = f"CASE WHEN l.grant_id LIKE 'pool:%' THEN l.grant_id ELSE COALESCE(g.plan, '{BY_HAND}') END"
"""The plan that a lot `l` is of; `PLAN_JOINED` joins what it asks."""
PLAN_JOINED = "LEFT JOIN plan_grant g ON g.id = l.grant_id"


def moved_in(
    session: Session, period: str, start: int, since: int, seq: int, progress: Progress
) -> dict[tuple[str, str, str], Movement]:
    """Movements by month, plan and unit: of the month itself, and of earlier ones what was recorded after `since`, the last
    close's entry; 0 for none."""
    found: dict[tuple[str, str, str], Movement] = {}

    def take(first: int, until: int, late: bool) -> None:
        if first > until:
            return
        sums = stretch.movements(session, first, until, group=PLAN, joined=PLAN_JOINED, progress=progress)
        for (day, unit, plan), one in sums.items():
            month = month_of(day * MICROS_PER_DAY)
            if month == period or (late and month < period):
                found[(month, plan, unit)] = found.get((month, plan, unit), Movement()) + one

    take(max(1, stretch.seq_at(session, start - SKEW_MICROS)), since, False)
    take(since + 1, seq, True)
    return found


def present_in(
    session: Session, period: str, closed: Closed | None, seq: int, kinds: PlanKinds, *, counted: bool = False
) -> dict[str, dict[Place, Figures]]:
    """Usage by person and provider, purpose and class: of the month (empty: none), and of every closed month that moved
    since the last close. Of a month before the first close, which took it as its opening, only what moved since.
    `counted` for a close: from the daily rollup itself, which then is held against the journal."""
    found = {period: usage_in(session, period, kinds, counted=counted)} if period else {}
    if closed is None:
        return found
    _, end = days_of(closed.last)
    rows = session.rows(
        f"SELECT DISTINCT at / {MICROS_PER_DAY} FROM charge WHERE seq > ? AND seq <= ? AND at < ?",
        closed.seq,
        seq,
        end * MICROS_PER_DAY,
    )
    for month in sorted({month_of(int(row[0]) * MICROS_PER_DAY) for row in rows}):
        found[month] = (
            usage_in(session, month, kinds, counted=counted)
            if month >= closed.first
            else _since(session, month, closed.seq, seq, kinds, closed.before_first.get(month, {}))
        )
    return found


@dataclass(frozen=True, slots=True)
class Closed:
    """How far the books are closed."""

    first: str
    """The first month that was ever closed and still is."""
    last: str
    seq: int
    """The journal's newest entry when the last was closed."""
    before_first: Mapping[str, Mapping[Place, Figures]]
    """What closes have booked for months before the first."""


def _since(
    session: Session, month: str, after: int, seq: int, kinds: PlanKinds, booked: Mapping[Place, Figures]
) -> dict[Place, Figures]:
    """What was booked for a month, and what was charged of it after an entry."""
    start, end = micros_of(month)
    cells: dict[Cell, Figures] = {}
    before = metered.corrected(session, after + 1, seq)
    for row in metered.charged(session, after + 1, seq, start, end, before):
        cell = (str(row[1]), str(row[7]), str(row[2]), str(row[9]))
        own = (0 if row[0] in before else 1, row[3], row[metered.LIST], row[metered.COST], row[4])
        cells[cell] = added(cells.get(cell, (0, 0, 0, 0, 0)), own)
    found = dict(booked)
    for place, figures in placed(session, month, cells, kinds).items():
        found[place] = added(found.get(place, (0, 0, 0, 0, 0)), figures)
    return found


def refuse_untied(
    session: Session,
    period: str,
    start: int,
    seq: int,
    moved: Mapping[tuple[str, str, str], Movement],
    present: Mapping[str, Mapping[Place, Figures]],
) -> None:
    """The month counted three ways. Raises Conflict."""
    journal: dict[tuple[str, str], int] = {}
    for (month, _, unit), one in moved.items():
        if month == period:
            journal[(month, unit)] = journal.get((month, unit), 0) + one.spent + one.overage
    first = max(1, stretch.seq_at(session, start - SKEW_MICROS))
    charged: dict[tuple[str, str], int] = {}
    for (day, unit, _), (_, amount) in stretch.charges(session, first, seq).items():
        place = (month_of(day * MICROS_PER_DAY), unit)
        if place[0] == period:
            charged[place] = charged.get(place, 0) + amount
    rollup: dict[tuple[str, str], int] = {}
    for (_, _, unit, _, _), figures in present[period].items():
        rollup[(period, unit)] = rollup.get((period, unit), 0) + figures[1]
    for way in three_ways(journal, charged, rollup):
        if not way["agree"]:
            told = f"journal {way['journal_nanos']}, charges {way['charges_nanos']}, rollup {way['rollup_nanos']}"
            raise Conflict(
                f"{title(period)} does not tie out in {way['unit']}: {told} nano-units",
                "verify the ledger; a month is closed only when all three agree",
            )


def first_month(desk: Desk) -> str:
    """The first month with anything in it, as the journal began or as usage came to be known of; empty without any."""

    def read(session: Session) -> list[int]:
        began = session.rows("SELECT effective FROM entry WHERE seq = 1")
        (used,) = session.rows("SELECT MIN(day) FROM usage_day")[0]
        found = [int(row[0]) for row in began]
        return found if used is None else [*found, int(used) * MICROS_PER_DAY]

    found = desk.store.read(read)
    return month_of(min(found)) if found else ""
