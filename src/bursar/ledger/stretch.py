"""A stretch of the journal in sums: what moved between promise, balance, spending and forfeiture, by day and group.

Figures of a time are asked for by two things, as everywhere in the ledger: the day that an entry belongs to (a charge to
the instant of its price, everything else to the instant at which it took effect; what ends at midnight ends with the day
before) and what was recorded by a sequence number. Days count from 1970-01-01 UTC.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bursar.ledger.rollup import MICROS_PER_DAY
from bursar.ledger.session import Session, wide, wide_sum
from bursar.ledger.values import AVAILABLE, EXPIRED, FUNDING, HELD, OVERAGE, REVOKED, ROLLED, SPENT

ENTRIES_AT_ONCE = 20_000

Progress = Callable[[int, int], None]
"""Told what is done and how much there is; ends the reading by raising."""


@dataclass(frozen=True, slots=True)
class Movement:
    """What moved in a group on a day, nano-units. What the group has changes by `change`."""

    released: int = 0
    rolled_in: int = 0
    rolled_out: int = 0
    spent: int = 0
    """From lots; what no lot covered is `overage`."""
    overage: int = 0
    forfeited: int = 0
    revoked: int = 0

    @property
    def change(self) -> int:
        return self.released + self.rolled_in - self.rolled_out - self.spent - self.forfeited - self.revoked

    def __add__(self, other: Movement) -> Movement:
        return Movement(*(getattr(self, name) + getattr(other, name) for name in self.__slots__))


_ENDS = "CASE WHEN e.kind IN ('expire', 'roll', 'trim') THEN e.effective - 1 ELSE e.effective END"

Key = tuple[int, str, str]
"""Day, unit, group."""


def seq_at(session: Session, at: int) -> int:
    """The first sequence number that was recorded at an instant or later; one past the newest if there is none."""
    low, high = 1, session.head().seq + 1
    while low < high:
        middle = (low + high) // 2
        (recorded,) = session.rows("SELECT recorded FROM entry WHERE seq = ?", middle)[0]
        if recorded < at:
            low = middle + 1
        else:
            high = middle
    return low


def movements(
    session: Session,
    first: int,
    last: int,
    *,
    group: str = "''",
    joined: str = "",
    progress: Progress | None = None,
) -> dict[Key, Movement]:
    """Everything that moved in the entries `first` to `last`, both included, by day, unit and group.

    `group` is an SQL expression over `l` (the lot) and whatever `joined` joins to it.
    """
    found: dict[Key, list[int]] = {}
    for start in range(first, last + 1, ENTRIES_AT_ONCE):
        end = min(last, start + ENTRIES_AT_ONCE - 1)
        for row in session.rows(
            f"SELECT COALESCE(c.at, {_ENDS}) / {MICROS_PER_DAY}, e.unit, {group}, "
            "CASE WHEN e.kind = 'roll' THEN 1 ELSE 0 END, p.source, p.destination, "
            f"{wide_sum('p.amount')} FROM entry e JOIN posting p ON p.seq = e.seq LEFT JOIN charge c ON c.seq = e.seq "
            f"LEFT JOIN lot l ON l.id = p.lot {joined} WHERE e.seq BETWEEN ? AND ? GROUP BY 1, 2, 3, 4, 5, 6",
            start,
            end,
        ):
            sums = found.setdefault((int(row[0]), str(row[1]), str(row[2])), [0] * len(Movement.__slots__))
            _count(sums, bool(row[3]), int(row[4]), int(row[5]), wide(row[6], row[7]))
        if progress is not None:
            progress(end - first + 1, last - first + 1)
    return {key: Movement(*sums) for key, sums in found.items()}


def charges(session: Session, first: int, last: int, progress: Progress | None = None) -> dict[Key, tuple[int, int]]:
    """What the charges and corrections among these entries add to the spending: number and amount by day, unit and
    status (`exact`, `estimated`, `unresolved`, `corrected`)."""
    found: dict[Key, tuple[int, int]] = {}
    for start in range(first, last + 1, ENTRIES_AT_ONCE):
        end = min(last, start + ENTRIES_AT_ONCE - 1)
        for day, unit, status, number, high, low in session.rows(
            f"SELECT at / {MICROS_PER_DAY}, unit, status, COUNT(*), {wide_sum('amount')} FROM charge "
            "WHERE seq BETWEEN ? AND ? GROUP BY 1, 2, 3",
            start,
            end,
        ):
            key = (int(day), str(unit), str(status))
            before = found.get(key, (0, 0))
            found[key] = (before[0] + int(number), before[1] + wide(high, low))
        if progress is not None:
            progress(end - first + 1, last - first + 1)
    return found


_PLACES = {EXPIRED: 5, REVOKED: 6}


def _count(sums: list[int], rolls: bool, source: int, destination: int, amount: int) -> None:
    """Add one sum of postings: what enters an account counts, what leaves it counts against."""
    if source == FUNDING:
        sums[1 if rolls else 0] += amount
    for account, sign in ((source, -1), (destination, 1)):
        if account in (AVAILABLE, HELD, FUNDING, OVERAGE):
            continue
        if account == ROLLED:
            sums[2] += sign * amount
        elif account == SPENT:
            sums[4 if OVERAGE in (source, destination) else 3] += sign * amount
        else:
            sums[_PLACES[account]] += sign * amount
