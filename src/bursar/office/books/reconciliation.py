"""Reconciliation: the same money counted in three places, which have to agree to the nano-unit.

The journal's postings, the charges that name them, and the daily rollup that pages read; and the lots' buckets against
what the journal moved. What a provider bills is a fourth figure, and it is theirs.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from bursar.ledger import stretch
from bursar.ledger.session import MICROS_PER_DAY, Session, wide, wide_sum
from bursar.ledger.stretch import Movement, Progress
from bursar.office.months import month_of
from bursar.office.works.work import Outcome

if TYPE_CHECKING:
    from bursar.office.desk import Desk

KIND = "reconciliation"
STATUSES = ("exact", "estimated", "unresolved", "corrected")
BUCKETS = ("released", "has", "spent", "forfeited", "revoked", "rolled")


def reconcile(desk: Desk, progress: Progress) -> dict[str, Any]:
    """Count everything from the first entry to the newest one, on one snapshot; a plain document."""
    return desk.store.read(lambda session: _reconcile(session, progress))


def work(desk: Desk, asked: dict[str, Any], progress: Progress) -> Outcome:
    """Reconcile as long work is done; there is nothing to ask."""
    return Outcome(json.dumps(reconcile(desk, progress)).encode(), name="reconciliation.json")


def _reconcile(session: Session, progress: Progress) -> dict[str, Any]:
    head = session.head()
    whole = max(1, head.seq)
    moved = stretch.movements(session, 1, head.seq, progress=lambda done, _: progress(done, 2 * whole))
    charged = stretch.charges(session, 1, head.seq, lambda done, _: progress(whole + done, 2 * whole))
    ways = three_ways(_spent(moved), _amounts(charged), _rollup(session))
    balances = _balances(session, moved)
    holds = _holds(session)
    return {
        "seq": head.seq,
        "head": head.hash,
        "months": ways,
        "balances": balances,
        "holds": holds,
        "statuses": _statuses(charged),
        "agree": all(one["agree"] for one in (*ways, *balances, *holds)),
    }


def three_ways(
    journal: dict[tuple[str, str], int], charges: dict[tuple[str, str], int], rollup: dict[tuple[str, str], int]
) -> list[dict[str, Any]]:
    """Spending by month and unit in three places, the newest month first."""
    places = sorted({*journal, *charges, *rollup}, key=lambda one: (one[0], one[1] != "USD", one[1]), reverse=True)
    found = []
    for place in places:
        figures = (journal.get(place, 0), charges.get(place, 0), rollup.get(place, 0))
        found.append(
            {
                "month": place[0],
                "unit": place[1],
                "journal_nanos": figures[0],
                "charges_nanos": figures[1],
                "rollup_nanos": figures[2],
                "agree": len(set(figures)) == 1,
            }
        )
    return found


def _spent(moved: dict[stretch.Key, Movement]) -> dict[tuple[str, str], int]:
    found: dict[tuple[str, str], int] = {}
    for (day, unit, _), one in moved.items():
        if one.spent or one.overage:
            _add(found, day, unit, one.spent + one.overage)
    return found


def _amounts(charged: dict[stretch.Key, tuple[int, int]]) -> dict[tuple[str, str], int]:
    found: dict[tuple[str, str], int] = {}
    for (day, unit, _), (_, amount) in charged.items():
        _add(found, day, unit, amount)
    return found


def _rollup(session: Session) -> dict[tuple[str, str], int]:
    found: dict[tuple[str, str], int] = {}
    rows = session.rows(f"SELECT day, unit, {wide_sum('amount')} FROM usage_day GROUP BY day, unit")
    for day, unit, high, low in rows:
        _add(found, int(day), str(unit), wide(high, low))
    return found


def _add(found: dict[tuple[str, str], int], day: int, unit: str, amount: int) -> None:
    place = (month_of(day * MICROS_PER_DAY), unit)
    found[place] = found.get(place, 0) + amount


def _balances(session: Session, moved: dict[stretch.Key, Movement]) -> list[dict[str, Any]]:
    """What the lots say beside what the journal moved."""
    sums: dict[str, Movement] = {}
    for (_, unit, _), one in moved.items():
        sums[unit] = sums.get(unit, Movement()) + one
    columns = ("amount", "available + held", "spent", "expired", "revoked", "rolled")
    rows = session.rows(f"SELECT unit, {', '.join(wide_sum(f'({one})') for one in columns)} FROM lot GROUP BY unit")
    lots = {str(row[0]): [wide(row[at], row[at + 1]) for at in range(1, 13, 2)] for row in rows}
    found = []
    for unit in sorted({*sums, *lots}, key=lambda one: (one != "USD", one)):
        one = sums.get(unit, Movement())
        said = (one.released + one.rolled_in, one.change, one.spent, one.forfeited, one.revoked, one.rolled_out)
        for bucket, journal, there in zip(BUCKETS, said, lots.get(unit, [0] * len(BUCKETS)), strict=True):
            found.append(
                {
                    "bucket": bucket,
                    "unit": unit,
                    "journal_nanos": journal,
                    "lots_nanos": there,
                    "agree": journal == there,
                }
            )
    return found


def _holds(session: Session) -> list[dict[str, Any]]:
    """What is reserved in lots beside the requests that reserve it."""
    lots = {
        str(row[0]): wide(row[1], row[2])
        for row in session.rows(f"SELECT unit, {wide_sum('held')} FROM lot GROUP BY unit")
    }
    holds: dict[str, list[int]] = {}
    for _, hold in session.open_holds():
        holds.setdefault(hold.unit, []).append(hold.amount)
    return [
        {
            "unit": unit,
            "holds": len(holds.get(unit, [])),
            "holds_nanos": sum(holds.get(unit, [])),
            "lots_nanos": lots.get(unit, 0),
            "agree": sum(holds.get(unit, [])) == lots.get(unit, 0),
        }
        for unit in sorted({*lots, *holds}, key=lambda one: (one != "USD", one))
    ]


def _statuses(charged: dict[stretch.Key, tuple[int, int]]) -> list[dict[str, Any]]:
    """How well the figures are known, by unit."""
    sums: dict[tuple[str, str], tuple[int, int]] = {}
    for (_, unit, status), (number, amount) in charged.items():
        before = sums.get((unit, status), (0, 0))
        sums[(unit, status)] = (before[0] + number, before[1] + amount)
    order = sorted(sums, key=lambda one: (one[0] != "USD", one[0], STATUSES.index(one[1])))
    return [
        {"unit": unit, "status": status, "number": sums[(unit, status)][0], "amount_nanos": sums[(unit, status)][1]}
        for unit, status in order
    ]
