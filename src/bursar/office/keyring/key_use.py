"""When each access key was last used: read off the journal's new charges now and then, never on a request's way.

How far the journal was read is a row that only one reader can move on, in the transaction of what it found.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from sqlalchemy import Connection, case, select, update
from sqlalchemy.dialects import postgresql, sqlite

from bursar.ledger.session import Session
from bursar.office.database import key_of, reading, transaction
from bursar.office.tables import access_key_use, journal_mark

if TYPE_CHECKING:
    from bursar.office.desk import Desk

MARK = "key use"
CHARGES_AT_ONCE = 50_000
MAX_LOOKS = 20
"""Stretches of the journal in one go; the next one goes on."""
ROWS_AT_ONCE = 500


def follow(desk: Desk, looks: int = MAX_LOOKS) -> int:
    """Read what is new, at most so many stretches; returns how many keys were used in it."""
    found = 0
    for _ in range(looks):
        with reading(desk.engine) as connection:
            after = _read(connection)

        def look(session: Session, after: int = after) -> tuple[int, list[tuple[str, int]]]:
            until = min(session.head().seq, after + CHARGES_AT_ONCE)
            rows = session.rows(
                "SELECT access_key, MAX(at) FROM charge WHERE seq > ? AND seq <= ? AND access_key <> '' "
                "GROUP BY access_key ORDER BY access_key",
                after,
                until,
            )
            return until, [(str(row[0]), int(row[1])) for row in rows]

        until, used = desk.store.read(look)
        if until <= after:
            break
        with transaction(desk.engine) as connection:
            if not _move(connection, after, until):
                break
            _write(connection, used)
        found += len(used)
    return found


def last_used(connection: Connection, keys: Collection[str]) -> dict[str, int]:
    """When each of these keys was last used, microseconds UTC; a key that is left out was not, as far as is known."""
    row = access_key_use.c
    query = select(row.access_key, row.at).where(row.access_key.in_(list(keys)))
    return {one.access_key: one.at for one in connection.execute(query)}


def _read(connection: Connection) -> int:
    return int(connection.execute(select(journal_mark.c.seq).where(journal_mark.c.name == MARK)).scalar() or 0)


def _move(connection: Connection, before: int, after: int) -> bool:
    insert = (postgresql if connection.dialect.name == "postgresql" else sqlite).insert
    connection.execute(insert(journal_mark).values(name=MARK, seq=0).on_conflict_do_nothing())
    here = (journal_mark.c.name == MARK) & (journal_mark.c.seq == before)
    return connection.execute(update(journal_mark).where(here).values(seq=after)).rowcount == 1


def _write(connection: Connection, used: list[tuple[str, int]]) -> None:
    insert = (postgresql if connection.dialect.name == "postgresql" else sqlite).insert
    for start in range(0, len(used), ROWS_AT_ONCE):
        rows = [{"access_key": key, "at": at} for key, at in used[start : start + ROWS_AT_ONCE]]
        one = insert(access_key_use).values(rows)
        # Usage that comes late may be older than what is known.
        newer = case((one.excluded.at > access_key_use.c.at, one.excluded.at), else_=access_key_use.c.at)
        connection.execute(
            one.on_conflict_do_update(index_elements=key_of(connection, "access_key"), set_={"at": newer})
        )
