"""What the ledger says of a month that is to be closed: movements by plan, usage by person and provider, counted three ways."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from bursar.errors import Conflict
from bursar.ledger import stretch
from bursar.ledger.session import MICROS_PER_DAY, Session, wide, wide_sum
from bursar.ledger.stretch import Movement, Progress
from bursar.office.books.closing import Figures, Place
from bursar.office.books.reconciliation import three_ways
from bursar.office.figures.exposure import BY_HAND
from bursar.office.months import days_of, month_of, title

if TYPE_CHECKING:
    from bursar.office.desk import Desk

SKEW_MICROS = MICROS_PER_DAY
"""How far a clock may be off: the stretch of a month begins so much earlier."""
_PLAN = f"CASE WHEN l.grant_id LIKE 'pool:%' THEN l.grant_id ELSE COALESCE(g.plan, '{BY_HAND}') END"
_PLAN_JOINED = "LEFT JOIN plan_grant g ON g.id = l.grant_id"
_SUMS = ("amount", "list_nanos", "cost_nanos", "overage")


def moved_in(
    session: Session, period: str, start: int, since: int, seq: int, progress: Progress
) -> dict[tuple[str, str, str], Movement]:
    """Movements by month, plan and unit: of the month itself, and of earlier ones what was recorded after `since`, the last
    close's entry; 0 for none."""
    found: dict[tuple[str, str, str], Movement] = {}

    def take(first: int, until: int, late: bool) -> None:
        if first > until:
            return
        sums = stretch.movements(session, first, until, group=_PLAN, joined=_PLAN_JOINED, progress=progress)
        for (day, unit, plan), one in sums.items():
            month = month_of(day * MICROS_PER_DAY)
            if month == period or (late and month < period):
                found[(month, plan, unit)] = found.get((month, plan, unit), Movement()) + one

    take(max(1, stretch.seq_at(session, start - SKEW_MICROS)), since, False)
    take(since + 1, seq, True)
    return found


def present_in(
    session: Session, period: str, closed: tuple[str, int] | None, seq: int
) -> dict[str, dict[Place, Figures]]:
    """Usage by person and provider: of the month (empty: none), and of every closed month that moved since the last close,
    which is given as its month and entry."""
    wanted = {period} if period else set()
    if closed is not None:
        _, end = days_of(closed[0])
        rows = session.rows(
            f"SELECT DISTINCT at / {MICROS_PER_DAY} FROM charge WHERE seq > ? AND seq <= ? AND at < ?",
            closed[1],
            seq,
            end * MICROS_PER_DAY,
        )
        wanted |= {month_of(int(row[0]) * MICROS_PER_DAY) for row in rows}
    return {month: _usage_in(session, month) for month in sorted(wanted)}


def _usage_in(session: Session, month: str) -> dict[Place, Figures]:
    start, end = days_of(month)
    sums = ", ".join(wide_sum(name) for name in _SUMS)
    rows = session.rows(
        f"SELECT person, provider, unit, SUM(requests), {sums} FROM usage_day WHERE day >= ? AND day < ? "
        "GROUP BY person, provider, unit",
        start,
        end,
    )
    return {
        (str(row[0]), str(row[1]), str(row[2])): (
            int(row[3]),
            wide(row[4], row[5]),
            wide(row[6], row[7]),
            wide(row[8], row[9]),
            wide(row[10], row[11]),
        )
        for row in rows
    }


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
    for (_, _, unit), figures in present[period].items():
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
