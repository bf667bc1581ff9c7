"""Use by whole days, summed once and kept: by person, and for the house by what it was spent on.

Reports about months read these sums for the days that are over, and the daily rollup itself for the day that runs and for
days that moved since (late use, corrections), on one snapshot: so a figure is always what the rollup says, and forgetting
everything here changes nothing but the time. A running gateway follows every half a minute; a day costs it one statement,
once. How far it has come are two rows of `journal_mark`: the entry up to which moves are in, and the first day not kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from sqlalchemy import Connection, select, text, update
from sqlalchemy.dialects import postgresql, sqlite

from bursar.ledger.session import MICROS_PER_DAY, Session, wide_parts, wide_sum
from bursar.office.database import reading, transaction
from bursar.office.tables import journal_mark

if TYPE_CHECKING:
    from bursar.office.desk import Desk

SEQ, UNTIL = "kept usage", "kept usage until"
COUNTS = ("requests", "input_tokens", "cached_tokens", "output_tokens")
AMOUNTS = ("amount", "list_nanos", "cost_nanos", "overage")
HOUSE_KEYS = ("unit", "provider", "model", "purpose", "project")
MOST_DAYS = 4_000
"""Built in one go; the next one goes on."""

By = Literal["person", "house"]


@dataclass(frozen=True, slots=True)
class Source:
    """A table of days in SQL, to be put in brackets after FROM, and its parameters."""

    sql: str
    parameters: tuple[Any, ...]


def person_days(session: Session, first: int, end: int) -> Source:
    """person, day, unit, counts and amounts of the days from `first`, the end exclusive; a day may have several rows."""
    return _days(session, "usage_person_day", ("person", "unit"), AMOUNTS, AMOUNTS, first, end)


def house_days(session: Session, first: int, end: int) -> Source:
    """unit, provider, model, purpose, project, day, counts, and each amount as `_high` and `_low` for `wide`."""
    named = tuple(f"{name}_{part}" for name in AMOUNTS for part in ("high", "low"))
    parts = tuple(
        f"{sql} AS {name}_{part}"
        for name in AMOUNTS
        for part, sql in zip(("high", "low"), wide_parts(name), strict=True)
    )
    return _days(session, "usage_house_day", HOUSE_KEYS, named, parts, first, end)


def wide_total(name: str) -> str:
    """Two columns that `wide` makes the sum of an amount of `house_days` of."""
    return f"COALESCE(SUM({name}_high), 0), COALESCE(SUM({name}_low), 0)"


def follow(desk: Desk, most_days: int = MOST_DAYS) -> int:
    """Keep what is over and not kept, and what moved; returns how many days were summed."""
    today = desk.now() // MICROS_PER_DAY
    with reading(desk.engine) as connection:
        after, until = _marks(connection)
    if not until:
        until = _begin(desk, today)
        with reading(desk.engine) as connection:
            after, until = _marks(connection)
    head, moved = desk.store.read(lambda session: (session.head().seq, _moved(session, after, until)))
    summed = 0
    for day in moved:
        summed += _sum(desk, day, until=0)
    if head > after:
        with transaction(desk.engine) as connection:
            _move(connection, SEQ, after, head)
    for day in range(until, min(today, until + most_days)):
        summed += _sum(desk, day, until=day)
    return summed


def forget(connection: Connection) -> None:
    """Forget everything: the next `follow` begins anew."""
    for table in ("usage_person_day", "usage_house_day"):
        connection.execute(text(f"DELETE FROM {table}"))
    connection.execute(journal_mark.delete().where(journal_mark.c.name.in_((SEQ, UNTIL))))


def _days(
    session: Session,
    table: str,
    keys: tuple[str, ...],
    kept: tuple[str, ...],
    raw: tuple[str, ...],
    first: int,
    end: int,
) -> Source:
    rows = session.rows("SELECT name, seq FROM journal_mark WHERE name = ? OR name = ?", SEQ, UNTIL)
    marks = {str(name): int(seq) for name, seq in rows}
    until = marks.get(UNTIL, 0)
    moved = [day for day in _moved(session, marks.get(SEQ, 0), until) if first <= day < end] if until else []
    columns = ", ".join((*keys, "day", *COUNTS))
    rollup = f"SELECT {columns}, {', '.join(raw)} FROM usage_day WHERE"
    sql, parameters = f"{rollup} day >= ? AND day < ?", [max(first, until), end]
    if until > first:
        apart = f" AND NOT (day {session.IN})" if moved else ""
        sql += f" UNION ALL SELECT {columns}, {', '.join(kept)} FROM {table} WHERE day >= ? AND day < ?{apart}"
        parameters += [first, min(end, until), *([moved] if moved else [])]  # type: ignore[list-item]
    if moved:
        sql += f" UNION ALL {rollup} day {session.IN}"
        parameters.append(moved)  # type: ignore[arg-type]
    return Source(f"({sql})", tuple(parameters))


def _moved(session: Session, after: int, until: int) -> list[int]:
    """Kept days that something was charged to since, or corrected in: those of what was corrected too."""
    end = until * MICROS_PER_DAY
    # CROSS JOIN: from the few new entries on, whatever the planner thinks of the other side.
    others = (
        "FROM entry e CROSS JOIN entry o CROSS JOIN charge c "
        "WHERE e.seq > ? AND e.kind = 'correct' AND e.corrects <> '' AND c.seq = o.seq AND c.at < ? AND"
    )
    rows = session.rows(
        f"SELECT DISTINCT at / {MICROS_PER_DAY} FROM charge WHERE seq > ? AND at < ? "
        f"UNION SELECT DISTINCT c.at / {MICROS_PER_DAY} {others} o.command = e.corrects "
        f"UNION SELECT DISTINCT c.at / {MICROS_PER_DAY} {others} o.corrects = e.corrects AND o.corrects <> ''",
        *(after, end) * 3,
    )
    return sorted(int(row[0]) for row in rows)


def _begin(desk: Desk, today: int) -> int:
    """Set the marks where the rollup begins."""

    def look(session: Session) -> tuple[int, int]:
        (first,) = session.rows("SELECT MIN(day) FROM usage_day")[0]
        return session.head().seq, today if first is None else min(today, int(first))

    head, first = desk.store.read(look)
    with transaction(desk.engine) as connection:
        rows = [{"name": SEQ, "seq": head}, {"name": UNTIL, "seq": first}]
        connection.execute(_insert(connection)(journal_mark).values(rows).on_conflict_do_nothing())
    return first


def _sum(desk: Desk, day: int, until: int) -> int:
    """Sum a day anew; with `until`, only while it is the next to be kept, which moves on."""
    sums = ", ".join(f"SUM({name})" for name in (*COUNTS, *AMOUNTS))
    wide = ", ".join((*(f"SUM({name})" for name in COUNTS), *(wide_sum(name) for name in AMOUNTS)))
    keys, counts = ", ".join(HOUSE_KEYS), ", ".join(COUNTS)
    with transaction(desk.engine) as connection:
        # Whoever sums at the same time waits here.
        connection.execute(update(journal_mark).where(journal_mark.c.name == UNTIL).values(seq=journal_mark.c.seq))
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
                f"INSERT INTO usage_house_day ({keys}, day, {counts}, "
                f"{', '.join(f'{name}_{part}' for name in AMOUNTS for part in ('high', 'low'))}) "
                f"SELECT {keys}, day, {wide} FROM usage_day WHERE day = :day GROUP BY {keys}, day"
            ),
            {"day": day},
        )
    return 1


def _marks(connection: Connection) -> tuple[int, int]:
    rows = connection.execute(select(journal_mark).where(journal_mark.c.name.in_((SEQ, UNTIL))))
    found = {row.name: int(row.seq) for row in rows}
    return found.get(SEQ, 0), found.get(UNTIL, 0)


def _move(connection: Connection, name: str, before: int, after: int) -> bool:
    here = (journal_mark.c.name == name) & (journal_mark.c.seq == before)
    return connection.execute(update(journal_mark).where(here).values(seq=after)).rowcount == 1


def _insert(connection: Connection) -> Any:
    return (postgresql if connection.dialect.name == "postgresql" else sqlite).insert
