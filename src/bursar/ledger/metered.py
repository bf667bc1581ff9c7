"""Charges by the million, as tuples: a stretch of the journal in its order, corrections as what they add to the charge before.

The journal is append-only, so a stretch up to a number that is known is the same in every transaction: whoever reads a long
one reads it in pieces, and keeps nobody waiting.
"""

from __future__ import annotations

import json
from typing import Any

from bursar.ledger.session import Session

COLUMNS = (
    "seq",
    "person",
    "unit",
    "amount",
    "overage",
    "at",
    "request_id",
    "provider",
    "model",
    "purpose",
    "project",
    "price_version",
    "status",
    "tokens",
    "list_nanos",
    "cost_nanos",
)
"""Of a row; amounts in nano-units, values in nano-USD, `at` in microseconds UTC, tokens as a JSON object of counts."""
TOKENS, LIST, COST = (COLUMNS.index(name) for name in ("tokens", "list_nanos", "cost_nanos"))
_SELECT = f"SELECT {', '.join(COLUMNS)} FROM charge WHERE seq"

Row = tuple[Any, ...]


def charged(
    session: Session,
    first: int,
    last: int,
    start: int,
    end: int,
    before: dict[int, int],
    provider: str = "",
    purpose: str = "",
) -> list[Row]:
    """The charges among these entries (both included) whose instant lies in a time (end exclusive), in their order.

    `before` is `corrected` of a stretch that these entries lie in. `provider` and `purpose` narrow it, unless empty.
    """
    where, wanted = "", []
    for name, value in (("provider", provider), ("purpose", purpose)):
        if value:
            where += f" AND {name} = ?"
            wanted.append(value)
    found = session.rows(
        f"{_SELECT} BETWEEN ? AND ? AND at >= ? AND at < ?{where} ORDER BY seq", first, last, start, end, *wanted
    )
    places = [place for place, row in enumerate(found) if row[0] in before] if before else []
    if places:
        wanted_then = sorted({before[found[place][0]] for place in places})
        then = {row[0]: row for row in session.rows(f"{_SELECT} {session.IN}", wanted_then)}
        for place in places:
            found[place] = difference(then[before[found[place][0]]], found[place])
    return found


def corrected(session: Session, first: int, last: int) -> dict[int, int]:
    """Corrections among these entries: their number, and that of the charge or correction that each replaces."""
    # The plus keeps the engine from walking the whole stretch: corrections are few and have an index of their own.
    rows = session.rows(
        "SELECT e.seq, COALESCE("
        "(SELECT MAX(p.seq) FROM entry p WHERE p.corrects = e.corrects AND p.corrects <> '' AND p.seq < e.seq), "
        "(SELECT p.seq FROM entry p WHERE p.command = e.corrects)) "
        "FROM entry e WHERE e.corrects <> '' AND e.kind = 'correct' AND +e.seq BETWEEN ? AND ?",
        first,
        last,
    )
    return {int(row[0]): int(row[1]) for row in rows if row[1] is not None}


def difference(before: Row, after: Row) -> Row:
    """A correction as what it adds: it states list value, cost and tokens anew, and what is charged as a difference already."""
    then, now = (json.loads(one[TOKENS]) for one in (before, after))
    counts = {name: now.get(name, 0) - then.get(name, 0) for name in sorted({*then, *now})}
    tokens = json.dumps({name: count for name, count in counts.items() if count})
    return (*after[:TOKENS], tokens, after[LIST] - before[LIST], after[COST] - before[COST])
