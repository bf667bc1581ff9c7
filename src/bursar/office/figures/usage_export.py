"""Every charge of a time as a file, a row each: read in pieces of the journal, so that nobody waits and little is in memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from sqlalchemy import select

from bursar.errors import InvalidInput, NotFound
from bursar.exchange import usage
from bursar.exchange.usage import Batch, House, Lines
from bursar.ledger import metered, stretch
from bursar.ledger.session import Session
from bursar.office.books.month_reading import SKEW_MICROS
from bursar.office.database import reading
from bursar.office.tables import person

if TYPE_CHECKING:
    from bursar.office.desk import Desk

ENTRIES_AT_ONCE = 20_000
"""Entries of the journal that are read in one transaction, and at most the rows of a batch."""
ENTRIES_OF_FEW = 1_000_000
"""The same where only some people are asked for, whose entries have an index."""
Format = Literal["csv", "jsonl", "parquet"]
LINES: dict[str, Lines] = {"csv": usage.csv_lines, "jsonl": usage.json_lines}


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which charges and which of their columns; instants in microseconds UTC, the end exclusive, empty texts fit all."""

    start: int
    end: int
    people: tuple[str, ...] | None = None
    """Ids; None for everybody."""
    provider: str = ""
    purpose: str = ""
    columns: tuple[str, ...] = usage.COLUMNS


def wanted(
    desk: Desk,
    *,
    start: str = "",
    end: str = "",
    people: tuple[str, ...] = (),
    team: str = "",
    provider: str = "",
    purpose: str = "",
    columns: str = "",
) -> Wanted:
    """What somebody asks for, in words; without dates, everything. A team is its people of today.

    Raises NotFound for a person or a team that is not there, InvalidInput for a time that ends before it begins, and for
    columns that there are none of.
    """
    begins = desk.instant(start, field="from") if start else 0
    ends = desk.instant(end, field="until") if end else desk.now() + SKEW_MICROS
    if ends <= begins:
        raise InvalidInput("until", end or "now", f"an instant after {start}")
    ids: tuple[str, ...] | None = None
    if people or team:
        ids = tuple(desk.person(one)["id"] for one in people)
    if team:
        with reading(desk.engine) as connection:
            members = tuple(connection.execute(select(person.c.id).where(person.c.team == team)).scalars())
        if not members:
            raise NotFound(f"there is no team {team[:80]!r}")
        ids = members if not people else tuple(one for one in ids or () if one in members)
    return Wanted(begins, ends, ids, provider, purpose, usage.chosen(columns))


def pieces(desk: Desk, asked: Wanted, form: str) -> Iterator[bytes]:
    """The file as CSV or JSON lines, piece by piece."""
    return LINES[form](asked.columns, _house(desk), batches(desk, asked))


def write_parquet(desk: Desk, asked: Wanted, path: Path) -> int:
    """The file as Parquet; how many rows it has. Raises Conflict where pyarrow is not installed."""
    rows = 0
    file = usage.ParquetFile(path, asked.columns, _house(desk))
    try:
        for batch in batches(desk, asked):
            file.write(batch)
            rows += len(batch.rows)
    finally:
        file.close()
    return rows


def batches(desk: Desk, asked: Wanted) -> Iterator[Batch]:
    """The charges in the order of the journal as it stands now; none of them is empty."""

    def look(session: Session) -> tuple[int, int, dict[int, int]]:
        first, last = max(1, stretch.seq_at(session, asked.start - SKEW_MICROS)), session.head().seq
        return first, last, metered.corrected(session, first, last)

    first, last, before = desk.store.read(look)
    people = None if asked.people is None else list(asked.people)
    step = ENTRIES_AT_ONCE if people is None else ENTRIES_OF_FEW
    for start in range(first, last + 1, step):

        def piece(session: Session, start: int = start) -> list[metered.Row]:
            return metered.charged(
                session,
                start,
                min(last, start + step - 1),
                asked.start,
                asked.end,
                before,
                asked.provider,
                asked.purpose,
                people=people,
                columns=metered.EVERY,
            )

        rows = desk.store.read(piece)
        for place in range(0, len(rows), ENTRIES_AT_ONCE):
            some = rows[place : place + ENTRIES_AT_ONCE]
            yield Batch(some, frozenset(row[0] for row in some if row[0] in before) if before else frozenset())


def _house(desk: Desk) -> House:
    with reading(desk.engine) as connection:
        rows = connection.execute(select(person.c.id, person.c.handle, person.c.team)).all()
    return House({row.id: row.handle for row in rows}, {row.id: row.team for row in rows})
