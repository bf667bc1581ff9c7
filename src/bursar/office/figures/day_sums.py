"""What the whole house used on each day, by provider and purpose: summed once, then only the days that moved.

Pages about months read twelve of them at a time, and the rollup of a large house has tens of thousands of rows a day. So each
process keeps these sums, and how far the journal had come: what was charged or corrected since names the days to sum anew.
For the first time they come from the days that are kept (`kept_usage`). The rollup stays the only source, and everything is read on one snapshot; forgetting it all changes nothing but the time.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bursar.ledger import Anchor
from bursar.ledger.session import Session, wide
from bursar.office.figures import kept_usage, usage_tail
from bursar.office.figures.kept_usage import Source

if TYPE_CHECKING:
    from bursar.office.desk import Desk

AMOUNTS = ("amount", "list_nanos", "cost_nanos", "overage")
LAST_DAY = 10**7
MAX_HOUSES = 8
"""Databases that one process keeps sums of."""


@dataclass(frozen=True, slots=True)
class DaySum:
    """A day at a provider for a purpose; the day counted from 1970-01-01 UTC, amounts in nano-units, values in nano-USD."""

    day: int
    unit: str
    provider: str
    purpose: str
    requests: int
    amount: int
    list_nanos: int
    cost_nanos: int
    overage: int


@dataclass(slots=True)
class _Kept:
    lock: threading.Lock = field(default_factory=threading.Lock)
    head: Anchor | None = None
    """How far the journal had come."""
    days: dict[int, tuple[DaySum, ...]] = field(default_factory=dict)


_kept: dict[str, _Kept] = {}
_lock = threading.Lock()


def between(desk: Desk, first_day: int, end_day: int, unit: str = "USD") -> list[DaySum]:
    """The sums of some days in a unit, the end exclusive, in the order of days; a day without use has none."""
    return [one for one in _all(desk) if first_day <= one.day < end_day and one.unit == unit]


def overage(desk: Desk) -> dict[str, int]:
    """What no lot covered, in all and by unit, nano-units."""
    found: dict[str, int] = {}
    for one in _all(desk):
        found[one.unit] = found.get(one.unit, 0) + one.overage
    return found


def _all(desk: Desk) -> list[DaySum]:
    house = _house(f"{desk.settings.organisation}@{desk.settings.url}")
    with house.lock:  # whoever comes while they are summed for the first time waits for that
        desk.store.read(lambda session: _follow(session, house))
        return [one for day in sorted(house.days) for one in house.days[day]]


def _house(url: str) -> _Kept:
    with _lock:
        if url not in _kept and len(_kept) >= MAX_HOUSES:
            _kept.clear()
        return _kept.setdefault(url, _Kept())


def _follow(session: Session, house: _Kept) -> None:
    """Sum what moved since the last look."""
    head, before = session.head(), house.head
    if head == before:
        return
    if before is None or not _leads_through(session, before):
        house.days = _summed(session, kept_usage.house_days(session, 0, LAST_DAY))
    else:
        touched = usage_tail.days(session, before.seq, head.seq)
        if touched:
            first, last = touched[0], touched[-1]
            for day in range(first, last + 1):
                house.days.pop(day, None)
            house.days.update(_summed(session, kept_usage.house_days(session, first, last + 1)))
    house.head = head


def _leads_through(session: Session, before: Anchor) -> bool:
    """Whether this is still the journal that was looked at, and no other under the same name."""
    return session.rows("SELECT hash FROM seal WHERE batch = ?", before.batch) == [(before.hash,)]


def _summed(session: Session, source: Source) -> dict[int, tuple[DaySum, ...]]:
    sums = ", ".join(kept_usage.wide_total(name) for name in AMOUNTS)
    rows = session.rows(
        f"SELECT day, unit, provider, purpose, SUM(requests), {sums} FROM {source.sql} AS u "
        "GROUP BY day, unit, provider, purpose ORDER BY day, unit, provider, purpose",
        *source.parameters,
    )
    found: dict[int, list[DaySum]] = {}
    for row in rows:
        amounts = [wide(row[place], row[place + 1]) for place in range(5, 5 + 2 * len(AMOUNTS), 2)]
        one = DaySum(int(row[0]), str(row[1]), str(row[2]), str(row[3]), int(row[4]), *amounts)
        found.setdefault(one.day, []).append(one)
    return {day: tuple(some) for day, some in found.items()}
