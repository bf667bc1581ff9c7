"""Use summed coarsely and kept: by person and day, by person and month, and for the house by day and what it was spent on.

Pages and reports read these sums and what the journal has beyond them (`usage_tail`), on one snapshot: so a figure is always what
the daily rollup says. A running gateway follows every half a minute and adds what came since. No settlement waits for a row that
everybody's settlements write: the sums of the house are written by whoever follows, one at a time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, delete, text, update
from sqlalchemy.dialects import postgresql, sqlite

from bursar.ledger.rollup import Key, Sums
from bursar.ledger.session import Session, wide_parts
from bursar.office.database import key_of, transaction
from bursar.office.figures import usage_tail
from bursar.office.figures.usage_tail import MOST_ENTRIES, SEQ, month_of_day
from bursar.office.tables import journal_mark

if TYPE_CHECKING:
    from bursar.office.desk import Desk

COUNTS = ("requests", "input_tokens", "cached_tokens", "output_tokens")
AMOUNTS = ("amount", "list_nanos", "cost_nanos", "overage")
HOUSE_KEYS = ("unit", "provider", "model", "purpose", "project")
FOLDED_AT_ONCE = 2_000
"""Entries that are added in one transaction, for which a settlement on SQLite waits."""
MOST_AT_ONCE = 2_000_000
"""Entries that are added in one go; the next one goes on."""
_NAMED = tuple(f"{name}_{part}" for name in AMOUNTS for part in ("high", "low"))
_PARTS = tuple(
    f"{sql} AS {name}_{part}" for name in AMOUNTS for part, sql in zip(("high", "low"), wide_parts(name), strict=True)
)


@dataclass(frozen=True, slots=True)
class Source:
    """A table of days in SQL, to be put in brackets after FROM, and its parameters."""

    sql: str
    parameters: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Kept:
    """A table of kept sums: what it is by, its column of time, and how it has amounts."""

    table: str
    time: str
    keys: tuple[str, ...]
    parted: bool = False
    """Each amount in two columns, which `wide` puts together: a house's day of tokens may not fit 64 bits."""

    @property
    def amounts(self) -> tuple[str, ...]:
        return _NAMED if self.parted else AMOUNTS

    def key(self, key: Key) -> tuple[str | int, ...]:
        """Of a row of the daily rollup: texts first, then the time."""
        person, day, unit, provider, model, purpose, project = key
        by = {
            "person": person,
            "unit": unit,
            "provider": provider,
            "model": model,
            "purpose": purpose,
            "project": project,
        }
        return (*(by[name] for name in self.keys), day if self.time == "day" else month_of_day(day))


PERSON_DAY = Kept("usage_person_day", "day", ("person", "unit"))
PERSON_MONTH = Kept("usage_person_month", "month", ("person", "unit", "provider", "model", "purpose"))
HOUSE_DAY = Kept("usage_house_day", "day", HOUSE_KEYS, parted=True)
EVERY = (PERSON_DAY, PERSON_MONTH, HOUSE_DAY)


def person_days(session: Session, first: int, end: int, people: Sequence[str] | None = None) -> Source:
    """person, unit, day, counts and amounts of the days from `first`, the end exclusive; a day may have several rows.

    Of everybody, or of some people by id.
    """
    return _read(session, PERSON_DAY, first, end, people)


def person_totals(session: Session, first: int, end: int) -> Source:
    """person, unit, counts and amounts of the days from `first`, the end exclusive, in several rows without a day: the whole
    months among them by months, the rest by days."""
    since = _since(session)
    begins = first if month_of_day(first) == first else month_of_day(month_of_day(first) + 31)
    ends = month_of_day(end)
    if begins >= ends:
        parts = [_read(session, PERSON_DAY, first, end, None, since)]
    else:
        parts = [_read(session, PERSON_MONTH, begins, ends, None, since)]
        parts += [
            _read(session, PERSON_DAY, *one, None, since) for one in ((first, begins), (ends, end)) if one[0] < one[1]
        ]
    columns = ", ".join(("person", "unit", *COUNTS, *AMOUNTS))
    sql = " UNION ALL ".join(f"SELECT {columns} FROM {one.sql} AS part" for one in parts)
    return Source(f"({sql})", tuple(given for one in parts for given in one.parameters))


def person_months(session: Session, first: int, end: int) -> Source:
    """person, unit, provider, model, purpose, counts and amounts of whole months: `first` and `end` are first days of a
    month, the end exclusive; `month` is the first day of each, and a month may have several rows."""
    return _read(session, PERSON_MONTH, first, end, None)


def person_sums(session: Session, first: int, end: int, person: str = "") -> Source:
    """person, unit, provider, model, purpose, counts and amounts of any days, without a day: by months where the time is whole
    months and everybody is asked for, else from the daily rollup, which has a person's rows together."""
    if not person and month_of_day(first) == first and month_of_day(end) == end:
        return person_months(session, first, end)
    only, whom = (" AND person = ?", (person,)) if person else ("", ())
    return Source(f"(SELECT * FROM usage_day WHERE day >= ? AND day < ?{only})", (first, end, *whom))


def house_days(session: Session, first: int, end: int) -> Source:
    """unit, provider, model, purpose, project, day, counts, and each amount as `_high` and `_low` for `wide`."""
    return _read(session, HOUSE_DAY, first, end, None)


def rollup(first: int, end: int) -> Source:
    """The daily rollup itself, for whoever holds it against the journal."""
    return Source("(SELECT * FROM usage_day WHERE day >= ? AND day < ?)", (first, end))


def wide_total(name: str) -> str:
    """Two columns that `wide` makes the sum of an amount of `house_days` of."""
    return f"COALESCE(SUM({name}_high), 0), COALESCE(SUM({name}_low), 0)"


def follow(desk: Desk, most: int = MOST_AT_ONCE) -> int:
    """Add what came since to the kept sums; returns how many entries there were."""
    added = 0
    while added < most:

        def look(session: Session) -> tuple[int, int, dict[Key, Sums]]:
            after = usage_tail.mark(session)
            last = min(session.head().seq, max(0, after) + FOLDED_AT_ONCE)
            return after, last, usage_tail.changes(session, max(0, after), last)

        after, last, changes = desk.store.read(look)
        if last <= after or not _add(desk, after, last, changes):
            break
        added += last - max(0, after)
    return added


def forget(connection: Connection) -> None:
    """Forget everything: the next `follow` begins with the first entry."""
    for one in EVERY:
        connection.execute(text(f"DELETE FROM {one.table}"))
    connection.execute(delete(journal_mark).where(journal_mark.c.name == SEQ))


def raw(session: Session, kept: Kept, first: int, end: int, people: Sequence[str] | None = None) -> Source:
    """What a table of kept sums is made from, in its columns."""
    only, whom = ("", []) if people is None else (f" AND person {session.IN}", [list(people)])
    return Source(f"({_raw_days(session, kept)} day >= ? AND day < ?{only})", (first, end, *whom))


def _raw_days(session: Session, kept: Kept) -> str:
    day = "day" if kept.time == "day" else f"{_first_of_month(session)} AS month"
    return f"SELECT {', '.join((*kept.keys, *COUNTS))}, {day}, {_raw_amounts(kept)} FROM usage_day WHERE"


def _raw_amounts(kept: Kept) -> str:
    return ", ".join(_PARTS if kept.parted else AMOUNTS)


@dataclass(frozen=True, slots=True)
class _Since:
    """What came since the sums were kept."""

    mark: int
    head: int
    changes: dict[Key, Sums] | None
    """None: too much to add up."""


def _since(session: Session) -> _Since:
    mark, head = usage_tail.mark(session), session.head().seq
    few = mark >= 0 and head - mark <= MOST_ENTRIES
    return _Since(mark, head, usage_tail.changes(session, mark, head) if few else None)


def _read(
    session: Session, kept: Kept, first: int, end: int, people: Sequence[str] | None, since: _Since | None = None
) -> Source:
    """What is kept and what came since; days that too much came for, from the rollup itself."""
    since = since or _since(session)
    if since.mark < 0:
        return raw(session, kept, first, end, people)
    columns = ", ".join((*kept.keys, *COUNTS))
    only, whom = ("", []) if people is None else (f" AND person {session.IN}", [list(people)])
    sql = f"SELECT {columns}, {kept.time}, {', '.join(kept.amounts)} FROM {kept.table} WHERE {kept.time} >= ? AND {kept.time} < ?"
    given: list[Any] = [first, end]
    many = since.changes is None
    moved = [one for one in usage_tail.days(session, since.mark, since.head) if first <= one < end] if many else []
    if moved:
        spans = {one: one + 1 for one in moved}
        if kept.time == "month":
            spans = {one: month_of_day(one + 31) for one in map(month_of_day, moved)}
        sql += f" AND NOT ({kept.time} {session.IN}){only}"
        given += [sorted(spans), *whom]
        for start, until in _joined(spans):
            sql += f" UNION ALL {_raw_days(session, kept)} day >= ? AND day < ?{only}"
            given += [start, until, *whom]
        return Source(f"({sql})", tuple(given))
    sql, given = sql + only, [*given, *whom]
    rows = [(*kept.key(key), *sums) for key, sums in (since.changes or {}).items() if first <= key[1] < end]
    if rows:
        query, parameter = usage_tail.literal(session, kept.keys, (kept.time, *COUNTS, *AMOUNTS), rows)
        sql += f" UNION ALL SELECT {columns}, {kept.time}, {_raw_amounts(kept)} FROM ({query}) AS since WHERE {kept.time} >= 0{only}"
        given += [parameter, *whom]
    return Source(f"({sql})", tuple(given))


def _joined(spans: Mapping[int, int]) -> list[tuple[int, int]]:
    """Spans from a beginning to an end; those that touch, as one."""
    found: list[tuple[int, int]] = []
    for start, end in sorted(spans.items()):
        if found and found[-1][1] >= start:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found


def _first_of_month(session: Session) -> str:
    if "json_each" in session.IN:
        return "CAST(strftime('%s', day * 86400, 'unixepoch', 'start of month') AS INTEGER) / 86400"
    return (
        "CAST(EXTRACT(EPOCH FROM date_trunc('month', to_timestamp(day * 86400) AT TIME ZONE 'UTC')) AS BIGINT) / 86400"
    )


def _add(desk: Desk, after: int, last: int, changes: dict[Key, Sums]) -> bool:
    """Add to every table and move the mark, unless another node was quicker."""
    with transaction(desk.engine) as connection:
        if after < 0:
            insert = (postgresql if connection.dialect.name == "postgresql" else sqlite).insert(journal_mark)
            connection.execute(insert.values(name=SEQ, seq=0).on_conflict_do_nothing())
        here = (journal_mark.c.name == SEQ) & (journal_mark.c.seq == max(0, after))
        # Whoever adds at the same time waits here, and then finds the mark elsewhere.
        if connection.execute(update(journal_mark).where(here).values(seq=last)).rowcount != 1:
            return False
        for one in EVERY:
            _add_to(connection, one, changes)
    return True


def _add_to(connection: Connection, kept: Kept, changes: dict[Key, Sums]) -> None:
    """Add to rows, or make them, as settling does: what came to nothing in the end has a row too."""
    found: dict[tuple[str | int, ...], list[int]] = {}
    for key, sums in changes.items():
        mine = found.setdefault(kept.key(key), [0] * len(sums))
        for place, more in enumerate(sums):
            mine[place] += more
    names = (*kept.keys, kept.time, *COUNTS, *kept.amounts)
    totals = ", ".join(f"{name} = {kept.table}.{name} + excluded.{name}" for name in (*COUNTS, *kept.amounts))
    statement = (
        f"INSERT INTO {kept.table} ({', '.join(names)}) VALUES ({', '.join(f':{name}' for name in names)}) "
        f"ON CONFLICT ({', '.join(key_of(connection, kept.time, *kept.keys))}) DO UPDATE SET {totals}"
    )
    rows = [
        dict(zip(names, (*key, *sums[: len(COUNTS)], *_stored(kept, sums[len(COUNTS) :])), strict=True))
        for key, sums in sorted(found.items())
    ]
    if rows:
        connection.execute(text(statement), rows)


def _stored(kept: Kept, sums: list[int]) -> list[int]:
    """Amounts as a table has them."""
    return [part for one in sums for part in (one >> 31, one & ((1 << 31) - 1))] if kept.parted else sums
