"""Use by whole days, summed once and kept: by person, and for the house by what it was spent on.

Reports about months read these sums, and what the journal has beyond them (`usage_tail`), on one snapshot: so a figure is
always what the daily rollup says, and forgetting everything here changes nothing but the time. A running gateway follows every
half a minute and adds what was charged since; a day that a correction moved is summed anew. No settlement waits for a row that
everybody's settlements write: the sums of the house are written by whoever follows.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from sqlalchemy import Connection, delete, select, text, update
from sqlalchemy.dialects import postgresql, sqlite

from bursar.errors import Unavailable
from bursar.ledger.rollup import Key, Sums
from bursar.ledger.session import MICROS_PER_DAY, Session, wide_parts, wide_sum
from bursar.office.database import reading, transaction
from bursar.office.figures import usage_tail
from bursar.office.figures.usage_tail import MOST_ENTRIES, OF_DAY, SEQ, UNTIL, Marks
from bursar.office.tables import journal_mark

if TYPE_CHECKING:
    from bursar.office.desk import Desk

COUNTS = ("requests", "input_tokens", "cached_tokens", "output_tokens")
AMOUNTS = ("amount", "list_nanos", "cost_nanos", "overage")
PERSON_KEYS = ("person", "unit")
HOUSE_KEYS = ("unit", "provider", "model", "purpose", "project")
MOST_DAYS = 4_000
"""Built in one go; the next one goes on."""
MOST_FOLDED = 200_000
"""Entries that are added one by one; with more, the days that they are of are summed anew."""
FOLDED_AT_ONCE = 20_000
"""Entries that are added in one transaction."""
_NAMED = tuple(f"{name}_{part}" for name in AMOUNTS for part in ("high", "low"))
_PARTS = tuple(
    f"{sql} AS {name}_{part}" for name in AMOUNTS for part, sql in zip(("high", "low"), wide_parts(name), strict=True)
)
_SERIALIZATION = "40001"

By = Literal["person", "house"]


@dataclass(frozen=True, slots=True)
class Source:
    """A table of days in SQL, to be put in brackets after FROM, and its parameters."""

    sql: str
    parameters: tuple[Any, ...]


def person_days(session: Session, first: int, end: int, people: Sequence[str] | None = None) -> Source:
    """person, day, unit, counts and amounts of the days from `first`, the end exclusive; a day may have several rows.

    Of everybody, or of some people by id.
    """
    return _days(session, "usage_person_day", PERSON_KEYS, AMOUNTS, AMOUNTS, first, end, people)


def house_days(session: Session, first: int, end: int) -> Source:
    """unit, provider, model, purpose, project, day, counts, and each amount as `_high` and `_low` for `wide`."""
    return _days(session, "usage_house_day", HOUSE_KEYS, _NAMED, _PARTS, first, end, None)


def wide_total(name: str) -> str:
    """Two columns that `wide` makes the sum of an amount of `house_days` of."""
    return f"COALESCE(SUM({name}_high), 0), COALESCE(SUM({name}_low), 0)"


def follow(desk: Desk, most_days: int = MOST_DAYS) -> int:
    """Keep what is not kept yet, today included, and add what came since; returns how many days were summed."""
    today = desk.now() // MICROS_PER_DAY
    with reading(desk.engine) as connection:
        marks = _marks(connection)
    if not marks.until:
        _begin(desk, today)
        with reading(desk.engine) as connection:
            marks = _marks(connection)

    def look(session: Session) -> tuple[int, list[int]]:
        head = session.head().seq
        return head, usage_tail.moved(session, marks, head, charged=head - marks.seq > MOST_FOLDED)

    head, moved = desk.store.read(look)
    summed = sum(_sum(desk, day, until=0) for day in moved)
    for day in range(marks.until, min(today + 1, marks.until + most_days)):
        summed += _sum(desk, day, until=day)
    _fold(desk, head)
    return summed


def forget(connection: Connection) -> None:
    """Forget everything: the next `follow` begins anew."""
    for table in ("usage_person_day", "usage_house_day"):
        connection.execute(text(f"DELETE FROM {table}"))
    connection.execute(delete(journal_mark).where(_OURS))


def _days(
    session: Session,
    table: str,
    keys: tuple[str, ...],
    kept: tuple[str, ...],
    raw: tuple[str, ...],
    first: int,
    end: int,
    people: Sequence[str] | None,
) -> Source:
    """What is kept, what is not, what moved, and what came since: each part once, and only where it has any day."""
    marks, columns = usage_tail.read_marks(session), ", ".join((*keys, "day", *COUNTS))
    only, whom = ("", []) if people is None else (f" AND person {session.IN}", [list(people)])
    rollup = f"SELECT {columns}, {', '.join(raw)} FROM"
    parts: list[str] = []
    parameters: list[Any] = []

    def take(sql: str, *given: Any) -> None:
        parts.append(sql)
        parameters.extend(given)

    until = marks.until
    if max(first, until) < end:
        take(f"{rollup} usage_day WHERE day >= ? AND day < ?{only}", max(first, until), end, *whom)
    if first < min(until, end):
        head = session.head().seq
        long = head - marks.seq > MOST_ENTRIES
        moved = [day for day in usage_tail.moved(session, marks, head, charged=long) if first <= day < end]
        apart, days = (f" AND NOT (day {session.IN})", [moved]) if moved else ("", [])
        take(
            f"SELECT {columns}, {', '.join(kept)} FROM {table} WHERE day >= ? AND day < ?{apart}{only}",
            first,
            min(end, until),
            *days,
            *whom,
        )
        if moved:
            take(f"{rollup} usage_day WHERE day {session.IN}{only}", moved, *whom)
        since = {} if long else usage_tail.tail(session, marks, head, moved)
        rows = [[*_texts(keys, key), key[1], *sums] for key, sums in since.items() if first <= key[1] < end]
        if rows:
            query, given = usage_tail.literal(session, keys, ("day", *COUNTS, *AMOUNTS), rows)
            take(f"{rollup} ({query}) AS since WHERE day >= 0{only}", given, *whom)
    if not parts:
        take(f"{rollup} usage_day WHERE day < 0 AND day > 0")
    return Source(f"({' UNION ALL '.join(parts)})", tuple(parameters))


def _texts(keys: tuple[str, ...], key: Key) -> list[str]:
    person, _, unit, provider, model, purpose, project = key
    return [person, unit] if keys == PERSON_KEYS else [unit, provider, model, purpose, project]


def _begin(desk: Desk, today: int) -> None:
    """Set the marks where the rollup begins."""

    def look(session: Session) -> tuple[int, int]:
        (first,) = session.rows("SELECT MIN(day) FROM usage_day")[0]
        return session.head().seq, today if first is None else min(today, int(first))

    head, first = desk.store.read(look)
    with transaction(desk.engine) as connection:
        rows = [{"name": SEQ, "seq": head}, {"name": UNTIL, "seq": first}]
        connection.execute(_insert(connection)(journal_mark).values(rows).on_conflict_do_nothing())


def _sum(desk: Desk, day: int, until: int) -> int:
    """Sum a day anew, as of the newest entry; with `until`, only while it is the next to be kept, which moves on."""
    sums = ", ".join(f"SUM({name})" for name in (*COUNTS, *AMOUNTS))
    wides = ", ".join((*(f"SUM({name})" for name in COUNTS), *(wide_sum(name) for name in AMOUNTS)))
    keys, counts = ", ".join(HOUSE_KEYS), ", ".join(COUNTS)
    engine = desk.engine
    if (
        engine.dialect.name == "postgresql"
    ):  # the head and the rollup as of the same instant, without keeping anybody waiting
        engine = engine.execution_options(isolation_level="REPEATABLE READ")
    try:
        with transaction(engine) as connection:
            _lock(connection)
            head = int(connection.execute(text("SELECT seq FROM head WHERE id = 1")).scalar_one())
            if until and not _move(connection, UNTIL, until, until + 1):
                return 0
            for table in ("usage_person_day", "usage_house_day"):
                connection.execute(text(f"DELETE FROM {table} WHERE day = :day"), {"day": day})
            connection.execute(
                text(
                    f"INSERT INTO usage_person_day (person, unit, day, {counts}, {', '.join(AMOUNTS)}) "
                    f"SELECT person, unit, day, {sums} FROM usage_day WHERE day = :day GROUP BY person, unit, day"
                ),
                {"day": day},
            )
            connection.execute(
                text(
                    f"INSERT INTO usage_house_day ({keys}, day, {counts}, {', '.join(_NAMED)}) "
                    f"SELECT {keys}, day, {wides} FROM usage_day WHERE day = :day GROUP BY {keys}, day"
                ),
                {"day": day},
            )
            connection.execute(delete(journal_mark).where(journal_mark.c.name == f"{OF_DAY}{day}"))
            connection.execute(journal_mark.insert().values(name=f"{OF_DAY}{day}", seq=head))
    except Unavailable as error:
        if getattr(getattr(error.__cause__, "orig", None), "sqlstate", "") == _SERIALIZATION:
            return 0  # another node was quicker
        raise
    return 1


def _fold(desk: Desk, head: int) -> None:
    """Add what was charged up to an entry to the sums, in pieces; a correction that came meanwhile is left to the next time."""
    while True:

        def look(session: Session) -> tuple[Marks, int, list[int], dict[Key, Sums]]:
            marks = usage_tail.read_marks(session)
            last = min(head, marks.seq + FOLDED_AT_ONCE)
            many = head - marks.seq > MOST_FOLDED
            if many:  # all of their days were summed anew, which is what is looked at here
                last = head
            moved = usage_tail.moved(session, marks, last, charged=many)
            return marks, last, moved, {} if moved or many else usage_tail.tail(session, marks, last)

        marks, last, moved, since = desk.store.read(look)
        if moved or (last <= marks.seq and all(seq > last for seq in marks.days.values())):
            return
        with transaction(desk.engine) as connection:
            _lock(connection)
            if _marks(connection) != marks:  # another node was quicker
                return
            _add(connection, "usage_person_day", PERSON_KEYS, since, AMOUNTS)
            _add(connection, "usage_house_day", HOUSE_KEYS, since, _NAMED)
            _move(connection, SEQ, marks.seq, last)
            done = journal_mark.c.name.startswith(OF_DAY) & (journal_mark.c.seq <= last)
            connection.execute(delete(journal_mark).where(done))


def _add(
    connection: Connection, table: str, keys: tuple[str, ...], since: dict[Key, Sums], amounts: tuple[str, ...]
) -> None:
    """Add to rows, or make them."""
    found: dict[tuple[str | int, ...], list[int]] = {}
    for key, sums in since.items():
        mine = found.setdefault((*_texts(keys, key), key[1]), [0] * len(sums))
        for place, more in enumerate(sums):
            mine[place] += more
    if not found:
        return
    names = (*keys, "day", *COUNTS, *amounts)
    totals = ", ".join(f"{name} = {table}.{name} + excluded.{name}" for name in (*COUNTS, *amounts))
    statement = (
        f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join(f':{name}' for name in names)}) "
        f"ON CONFLICT (day, {', '.join(keys)}) DO UPDATE SET {totals}"
    )
    rows = [
        dict(zip(names, (*key, *sums[: len(COUNTS)], *_stored(sums[len(COUNTS) :], amounts)), strict=True))
        for key, sums in sorted(found.items())
    ]
    connection.execute(text(statement), rows)


def _stored(sums: Iterable[int], amounts: tuple[str, ...]) -> list[int]:
    """Amounts as a table has them: whole, or each in two parts."""
    if amounts == AMOUNTS:
        return list(sums)
    return [part for one in sums for part in (one >> 31, one & ((1 << 31) - 1))]


_OURS = journal_mark.c.name.in_((SEQ, UNTIL)) | journal_mark.c.name.startswith(OF_DAY)


def _marks(connection: Connection) -> Marks:
    found = connection.execute(select(journal_mark.c.name, journal_mark.c.seq).where(_OURS)).all()
    return usage_tail.marks_of([tuple(row) for row in found])


def _lock(connection: Connection) -> None:
    """Whoever sums or adds at the same time waits here."""
    connection.execute(update(journal_mark).where(journal_mark.c.name == UNTIL).values(seq=journal_mark.c.seq))


def _move(connection: Connection, name: str, before: int, after: int) -> bool:
    here = (journal_mark.c.name == name) & (journal_mark.c.seq == before)
    return connection.execute(update(journal_mark).where(here).values(seq=after)).rowcount == 1


def _insert(connection: Connection) -> Any:
    return (postgresql if connection.dialect.name == "postgresql" else sqlite).insert
