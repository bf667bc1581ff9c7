"""What the journal has beyond the kept sums, as changes of the daily rollup: exactly what settling wrote into it.

A charge adds to its row; a correction takes the charge out of the row where it was, as it was, and puts it in where it is. How far
the kept sums have come is a row of `journal_mark`, so sums and tail are exact together on any snapshot.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any

from bursar.ledger import metered
from bursar.ledger.rollup import SUMS, Key, Sums
from bursar.ledger.session import MICROS_PER_DAY, Session

SEQ = "kept usage"
MOST_ENTRIES = 10_000
"""Beyond the sums, that whoever reads adds up by itself; with more, the days concerned are read from the daily rollup."""
_EPOCH = date(1970, 1, 1)
_COLUMNS = "seq, person, at, unit, provider, model, purpose, project, tokens, amount, list_nanos, cost_nanos, overage"
_AMOUNT, _OVERAGE = 9, 12
_HISTORY = (
    "SELECT o.seq, e.seq FROM entry e CROSS JOIN entry o "
    "WHERE e.seq > ? AND e.seq <= ? AND e.kind = 'correct' AND e.corrects <> '' AND o.seq < e.seq AND"
)


def mark(session: Session) -> int:
    """The entry up to which everything is in the kept sums; -1: nothing was kept yet."""
    rows = session.rows("SELECT seq FROM journal_mark WHERE name = ?", SEQ)
    return int(rows[0][0]) if rows else -1


def days(session: Session, after: int, last: int) -> list[int]:
    """Days that entries after one and up to another charged to or corrected anything in."""
    queries = [f"SELECT DISTINCT at / {MICROS_PER_DAY} FROM charge WHERE seq > ? AND seq <= ?"]
    for related in _RELATED:
        before = _HISTORY.replace("SELECT o.seq, e.seq", "SELECT o.seq")
        queries.append(f"SELECT DISTINCT at / {MICROS_PER_DAY} FROM charge WHERE seq IN ({before} {related})")
    return sorted({int(row[0]) for query in queries for row in session.rows(query, after, last)})


_RELATED = ("o.command = e.corrects", "o.corrects = e.corrects AND o.corrects <> ''")
"""What a correction names, and the corrections before it."""


def changes(session: Session, after: int, last: int) -> dict[Key, Sums]:
    """What entries after one and up to another changed in the daily rollup."""
    found: dict[Key, Sums] = {}
    rows = session.rows(f"SELECT {_COLUMNS} FROM charge WHERE seq > ? AND seq <= ? ORDER BY seq", after, last)
    history = _history(session, after, last)
    before = _charges(session, {seq for some in history.values() for seq in some})
    for row in rows:
        some = [before[seq] for seq in history.get(row[0], ()) if seq in before]
        if not some:
            _count(found, row, row[_AMOUNT], row[_OVERAGE], 1)
            continue
        amount, overage = sum(one[_AMOUNT] for one in some), sum(one[_OVERAGE] for one in some)
        _count(found, some[-1], amount, overage, -1)
        _count(found, row, amount + row[_AMOUNT], overage + row[_OVERAGE], 1)
    return found


def _history(session: Session, after: int, last: int) -> dict[int, list[int]]:
    """By correction: the charge that it corrects and the corrections of it before, in order."""
    found: dict[int, set[int]] = {}
    for related in _RELATED:
        for one, by in session.rows(f"{_HISTORY} {related}", after, last):
            found.setdefault(int(by), set()).add(int(one))
    return {by: sorted(some) for by, some in found.items()}


def _charges(session: Session, numbers: set[int]) -> dict[int, tuple[Any, ...]]:
    if not numbers:
        return {}
    rows = session.rows(f"SELECT {_COLUMNS} FROM charge WHERE seq {session.IN}", sorted(numbers))
    return {int(row[0]): row for row in rows}


def _count(found: dict[Key, Sums], row: tuple[Any, ...], amount: int, overage: int, sign: int) -> None:
    _, person, at, unit, provider, model, purpose, project, tokens, _, list_nanos, cost_nanos, _ = row
    key = (person, at // MICROS_PER_DAY, unit, provider, model, purpose, project)
    sums = found.get(key)
    if sums is None:
        sums = found[key] = [0] * len(SUMS)
    for place, more in enumerate((1, *metered.counted(tokens), amount, list_nanos, cost_nanos, overage)):
        sums[place] += sign * more


@lru_cache(maxsize=4096)
def month_of_day(day: int) -> int:
    """The first day of a day's month, both counted from 1970-01-01 UTC."""
    return (datetime.fromtimestamp(day * 86_400, UTC).date().replace(day=1) - _EPOCH).days


def literal(session: Session, texts: Sequence[str], numbers: Sequence[str], rows: Iterable[Any]) -> tuple[str, str]:
    """Rows that are not in any table as a query with one parameter, and that parameter; texts come first in a row."""
    if "json_each" in session.IN:
        columns = [f"json_extract(value, '$[{place}]') AS {name}" for place, name in enumerate((*texts, *numbers))]
        query = f"SELECT {', '.join(columns)} FROM json_each(?)"
    else:
        columns = [f"value->>{place} AS {name}" for place, name in enumerate(texts)]
        columns += [f"CAST(value->>{place} AS BIGINT) AS {name}" for place, name in enumerate(numbers, len(texts))]
        query = f"SELECT {', '.join(columns)} FROM jsonb_array_elements(CAST(? AS JSONB)) AS line (value)"
    return query, json.dumps(list(rows))
