"""Where a database stands: its engine and schema, how large it is, its newest seal, and when it was last verified.

Nothing here needs a master key or a schema that is up to date: whoever looks may be about to migrate it.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text

from bursar.office.database import SchemaState, reading, revision_files, revisions, schema_state
from bursar.office.oversight.verification import VERIFIED, VERIFIED_AT

LARGE = (
    "entry",
    "posting",
    "charge",
    "hold",
    "lot",
    "usage_day",
    "usage_person_day",
    "usage_person_month",
    "usage_house_day",
    "audit",
)
"""Tables that grow with use, or tell how large a house is."""


@dataclass(frozen=True, slots=True)
class Pending:
    """A revision of the schema that a database does not have yet, and what it is for in a sentence."""

    revision: str
    purpose: str


@dataclass(frozen=True, slots=True)
class Status:
    """What is known of a database; instants in microseconds UTC, 0 for never."""

    engine: str
    server: str
    """Version of the server, or of the library that reads the file."""
    schema: SchemaState
    pending: tuple[Pending, ...]
    rows: dict[str, int]
    """Of the tables in `LARGE` that there are."""
    size_bytes: int
    sealed: int
    """When the newest batch was recorded."""
    seals: int
    entries: int
    seal: str
    verified_at: int
    verified_entries: int
    """How far the journal had come when it was last found clean."""


def status(engine: Engine) -> Status:
    """Look at a database of any revision. Raises Unavailable if it cannot be reached."""
    state = schema_state(engine)
    with reading(engine) as connection:
        there = set(inspect(connection).get_table_names())
        head = (0, 0, 0, "")
        if "head" in there:
            row = connection.execute(text("SELECT batch, seq, recorded, hash FROM head")).first()
            head = (0, 0, 0, "") if row is None else (int(row[0]), int(row[1]), int(row[2]), str(row[3]))
        marks = _marks(connection) if "journal_mark" in there else {}
        return Status(
            engine=connection.dialect.name,
            server=_server(connection),
            schema=state,
            pending=pending(state),
            rows={name: _count(connection, name, head[1]) for name in LARGE if name in there},
            size_bytes=_size(connection),
            sealed=head[2],
            seals=head[0],
            entries=head[1],
            seal=head[3],
            verified_at=marks.get(VERIFIED_AT, 0),
            verified_entries=marks.get(VERIFIED, 0),
        )


def pending(state: SchemaState) -> tuple[Pending, ...]:
    """Revisions that `migrate` would run on a database in this state, in order."""
    if state.relation not in ("empty", "older"):
        return ()
    known = revisions()
    after = known.index(state.current) + 1 if state.current else 0
    return tuple(Pending(one, _purpose(path)) for one, path in zip(known, revision_files(), strict=True))[after:]


def _purpose(path: Path) -> str:
    """The first sentence of a revision's docstring."""
    told = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or path.stem
    return told.partition("\n\n")[0].replace("\n", " ")


def _marks(connection: Connection) -> dict[str, int]:
    return {str(name): int(seq) for name, seq in connection.execute(text("SELECT name, seq FROM journal_mark"))}


def _server(connection: Connection) -> str:
    if connection.dialect.name == "postgresql":
        return str(connection.execute(text("SHOW server_version")).scalar_one())
    return str(connection.execute(text("SELECT sqlite_version()")).scalar_one())


def _count(connection: Connection, table: str, entries: int) -> int:
    """The journal's entries are numbered without a gap, which `verify` holds it to: its length need not be counted."""
    if table == "entry":
        return entries
    return int(connection.execute(text(f"SELECT COUNT(*) FROM {table}")).scalar_one())


def _size(connection: Connection) -> int:
    """Bytes on the disk, indexes and the log that is written ahead included as far as the engine says."""
    if connection.dialect.name == "postgresql":
        return int(connection.execute(text("SELECT pg_database_size(current_database())")).scalar_one())
    file = Path(str(connection.engine.url.database))
    parts = (file, file.with_name(f"{file.name}-wal"))
    return sum(one.stat().st_size for one in parts if one.exists())
