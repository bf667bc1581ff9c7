"""Charges by the million, as tuples: a stretch of the journal in its order, corrections as what they add to the charge before.

The journal is append-only, so a stretch up to a number that is known is the same in every transaction: whoever reads a long
one reads it in pieces, and keeps nobody waiting.
"""

from __future__ import annotations

import json
from typing import Any

import msgspec

from bursar.ledger import rollup
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
EVERY = (*COLUMNS[:-3], "access_key", "dialect", "session", "agent", "service_tier", *COLUMNS[-3:])
"""With what no book needs: who exactly asked, and how."""
MAX_NAMES = 256
"""Of counts, whose sorting is kept."""
TOKENS, LIST, COST = (COLUMNS.index(name) for name in ("tokens", "list_nanos", "cost_nanos"))
Row = tuple[Any, ...]
_tokens = msgspec.json.Decoder(dict[str, int]).decode


def charged(
    session: Session,
    first: int,
    last: int,
    start: int,
    end: int,
    before: dict[int, int],
    provider: str = "",
    purpose: str = "",
    *,
    people: list[str] | None = None,
    columns: tuple[str, ...] = COLUMNS,
) -> list[Row]:
    """The charges among these entries (both included) whose instant lies in a time (end exclusive), in their order.

    `before` is `corrected` of a stretch that these entries lie in. `provider` and `purpose` narrow it, unless empty, and
    `people` (by id), unless None. `columns` are `COLUMNS` or `EVERY`.
    """
    select = f"SELECT {', '.join(columns)} FROM charge WHERE seq"
    where, wanted = "", list[Any]()
    if people is not None:  # of a few people the journal has an index, the charges none
        where = f" AND seq IN (SELECT seq FROM entry WHERE person {session.IN} AND seq BETWEEN ? AND ?)"
        wanted = [people, first, last]
    for name, value in (("provider", provider), ("purpose", purpose)):
        if value:
            where += f" AND {name} = ?"
            wanted.append(value)
    found = session.rows(
        f"{select} BETWEEN ? AND ? AND at >= ? AND at < ?{where} ORDER BY seq", first, last, start, end, *wanted
    )
    places = [place for place, row in enumerate(found) if row[0] in before] if before else []
    if places:
        wanted_then = sorted({before[found[place][0]] for place in places})
        then = {row[0]: row for row in session.rows(f"{select} {session.IN}", wanted_then)}
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
    """A correction as what it adds: it states list value, cost and tokens anew, and what is charged as a difference already.

    Tokens, list value and cost are the last three of a row.
    """
    then, now = (json.loads(one[-3]) for one in (before, after))
    counts = {name: now.get(name, 0) - then.get(name, 0) for name in sorted({*then, *now})}
    tokens = json.dumps({name: count for name, count in counts.items() if count})
    return (*after[:-3], tokens, after[-2] - before[-2], after[-1] - before[-1])


def counted(tokens: str) -> tuple[int, int, int]:
    """New input, cached input and output of a charge's counts, sorted as the daily rollup sorts them."""
    sums = [0, 0, 0, 0]
    for name, count in _tokens(tokens).items():
        sums[_places[name]] += count
    return sums[1], sums[2], sums[3]


class _Places(dict[str, int]):
    """`rollup.place` of the names that were met, which are few: a look into a dictionary is a third of a cached call."""

    def __missing__(self, name: str) -> int:
        if len(self) >= MAX_NAMES:
            self.clear()
        found = self[name] = rollup.place(name)
        return found


_places = _Places()
