"""The kept sums held against the daily rollup, which `verify` holds against the journal: row by row, on one snapshot."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from bursar.ledger.session import Session
from bursar.office.figures import kept_usage, usage_tail
from bursar.office.figures.kept_usage import AMOUNTS, COUNTS, EVERY, Kept, Source

DAYS_AT_ONCE = 7
_LOW = (1 << 31) - 1


def check(session: Session) -> list[str]:
    """A sentence for each table and stretch of days in which a sum is not what the daily rollup says."""
    first, last = session.rows("SELECT MIN(day), MAX(day) FROM usage_day")[0]
    found = []
    for kept in EVERY:
        for start, end in _stretches(kept, session, first, last):
            if _differs(session, kept, start, end):
                day = datetime.fromtimestamp(start * 86_400, UTC).date()
                found.append(f"kept sums: {kept.table} is not what the daily rollup says from {day} on")
    return found


def _stretches(kept: Kept, session: Session, first: int | None, last: int | None) -> Iterator[tuple[int, int]]:
    """From the first day that either side has; a table that has days where the rollup has none is looked at too."""
    low, high = session.rows(f"SELECT MIN({kept.time}), MAX({kept.time}) FROM {kept.table}")[0]
    ends = [int(one) for one in (first, last, low, high) if one is not None]
    if not ends:
        return
    day = min(ends) if kept.time == "day" else usage_tail.month_of_day(min(ends))
    while day <= max(ends):
        end = day + DAYS_AT_ONCE if kept.time == "day" else usage_tail.month_of_day(day + 31)
        yield day, end
        day = end


def _differs(session: Session, kept: Kept, start: int, end: int) -> bool:
    read = {"usage_person_day": kept_usage.person_days, "usage_person_month": kept_usage.person_months}
    source = read.get(kept.table, kept_usage.house_days)(session, start, end)
    rollup = kept_usage.raw(session, kept, start, end)
    ours, theirs = (_grouped(kept, one) for one in (source, rollup))
    for left, right in ((ours, theirs), (theirs, ours)):
        query = f"SELECT 1 FROM ({left.sql} EXCEPT {right.sql}) AS d LIMIT 1"
        if session.rows(query, *left.parameters, *right.parameters):
            return True
    return False


def _grouped(kept: Kept, source: Source) -> Source:
    keys = ", ".join((*kept.keys, kept.time))
    sums = [f"SUM({name})" for name in COUNTS]
    for name in AMOUNTS:
        if kept.parted:  # the same amount has many pairs of parts: the lower one is kept within 31 bits
            sums += [
                f"SUM({name}_high) + (CAST(SUM({name}_low) AS BIGINT) >> 31)",
                f"CAST(SUM({name}_low) AS BIGINT) & {_LOW}",
            ]
        else:
            sums.append(f"SUM({name})")
    return Source(f"SELECT {keys}, {', '.join(sums)} FROM {source.sql} AS u GROUP BY {keys}", source.parameters)
