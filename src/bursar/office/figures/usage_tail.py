"""What the journal has beyond the kept sums: the charges since, and the days that a correction moved.

How far the sums have come are rows of `journal_mark`: the entry up to which everything is in them, the first day that is not
kept, and, for a day that was summed by itself later than that, the entry up to which that day is in. So sums and tail are exact
together on any snapshot, whoever sums at the same time.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from bursar.ledger import metered
from bursar.ledger.rollup import SUMS, Key, Sums
from bursar.ledger.session import MICROS_PER_DAY, Session

SEQ, UNTIL, OF_DAY = "kept usage", "kept usage until", "kept usage day "
MOST_ENTRIES = 10_000
"""Beyond the sums, that whoever reads adds up by itself; with more, the days concerned are read from the daily rollup."""
_CHARGED = (
    "SELECT c.seq, c.person, c.at, c.unit, c.provider, c.model, c.purpose, c.project, c.tokens, c.amount, c.list_nanos, "
    "c.cost_nanos, c.overage FROM charge c JOIN entry e ON e.seq = c.seq "
    "WHERE c.seq > ? AND c.seq <= ? AND e.seq > ? AND e.seq <= ? AND c.at < ? AND e.corrects = ''"
)


@dataclass(frozen=True, slots=True)
class Marks:
    """How far the kept sums have come."""

    seq: int = 0
    until: int = 0
    """The first day that is not kept; 0: nothing was kept yet."""
    days: dict[int, int] = field(default_factory=dict)
    """Days that were summed by themselves, and up to which entry."""

    def missing(self, day: int, seq: int) -> bool:
        """Whether an entry is not in the sums of its day, which is kept."""
        return seq > self.days.get(day, self.seq)


def marks_of(rows: Iterable[Sequence[object]]) -> Marks:
    """From rows of `journal_mark`: name and number."""
    found = {str(row[0]): int(str(row[1])) for row in rows}
    days = {int(name[len(OF_DAY) :]): seq for name, seq in found.items() if name.startswith(OF_DAY)}
    return Marks(found.get(SEQ, 0), found.get(UNTIL, 0), days)


def read_marks(session: Session) -> Marks:
    return marks_of(session.rows("SELECT name, seq FROM journal_mark WHERE name LIKE ?", f"{SEQ}%"))


def moved(session: Session, marks: Marks, last: int, *, charged: bool = False) -> list[int]:
    """Kept days that corrections up to an entry changed since; with `charged`, also those that anything was charged to."""
    end = marks.until * MICROS_PER_DAY
    # CROSS JOIN: from the few new entries on, whatever the planner thinks of the other side.
    corrected = (
        f"SELECT c.at / {MICROS_PER_DAY}, MAX(e.seq) FROM entry e CROSS JOIN entry o CROSS JOIN charge c "
        "WHERE e.seq > ? AND e.seq <= ? AND c.at < ? AND e.kind = 'correct' AND e.corrects <> '' AND c.seq = o.seq AND"
    )
    queries = [
        f"{corrected} o.command = e.corrects GROUP BY 1",
        f"{corrected} o.corrects = e.corrects AND o.corrects <> '' GROUP BY 1",
    ]
    if charged:
        queries.append(
            f"SELECT at / {MICROS_PER_DAY}, MAX(seq) FROM charge WHERE seq > ? AND seq <= ? AND at < ? GROUP BY 1"
        )
    found = [row for query in queries for row in session.rows(query, marks.seq, last, end)]
    return sorted({int(day) for day, seq in found if marks.missing(int(day), int(seq))})


def tail(session: Session, marks: Marks, last: int, apart: Iterable[int] = ()) -> dict[Key, Sums]:
    """What was charged up to an entry and is not in the sums of its kept day, but for some days; corrections are not in it."""
    without, found = frozenset(apart), dict[Key, Sums]()
    end = marks.until * MICROS_PER_DAY
    for row in session.rows(_CHARGED, marks.seq, last, marks.seq, last, end):
        seq, person, at, unit, provider, model, purpose, project, tokens, *amounts = row
        day = at // MICROS_PER_DAY
        if day in without or not marks.missing(day, seq):
            continue
        key = (person, day, unit, provider, model, purpose, project)
        sums = found.get(key)
        if sums is None:
            sums = found[key] = [0] * len(SUMS)
        for place, more in enumerate((1, *metered.counted(tokens), *amounts)):
            sums[place] += more
    return found


def literal(session: Session, texts: Sequence[str], numbers: Sequence[str], rows: list[list[Any]]) -> tuple[str, str]:
    """Rows that are not in any table as a query with one parameter, and that parameter; texts come first in a row."""
    if "json_each" in session.IN:
        columns = [f"json_extract(value, '$[{place}]') AS {name}" for place, name in enumerate((*texts, *numbers))]
        query = f"SELECT {', '.join(columns)} FROM json_each(?)"
    else:
        columns = [f"value->>{place} AS {name}" for place, name in enumerate(texts)]
        columns += [f"CAST(value->>{place} AS BIGINT) AS {name}" for place, name in enumerate(numbers, len(texts))]
        query = f"SELECT {', '.join(columns)} FROM jsonb_array_elements(CAST(? AS JSONB)) AS line (value)"
    return query, json.dumps(rows)
