"""Sums of use by month and person, and a person's days found at once; all kept sums are built from the daily rollup as it is.

From here on they are as of one entry of the journal, whose number is the mark `kept usage`: what came since is added to them.
"""

from __future__ import annotations

from alembic import op
from sqlalchemy import BigInteger, Column, Connection, Index, MetaData, Table, Text

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

_metadata = MetaData()
_COUNTS = ("requests", "input_tokens", "cached_tokens", "output_tokens")
_AMOUNTS = ("amount", "list_nanos", "cost_nanos", "overage")
_PERSON, _HOUSE = ("unit", "person"), ("unit", "provider", "model", "purpose", "project")
_MONTH = ("unit", "person", "provider", "model", "purpose")

usage_person_month = Table(
    "usage_person_month",
    _metadata,
    Column("month", BigInteger, primary_key=True, autoincrement=False),
    *(Column(name, Text, primary_key=True) for name in _MONTH),
    *(Column(name, BigInteger, nullable=False) for name in (*_COUNTS, *_AMOUNTS)),
    sqlite_with_rowid=False,
)


def upgrade() -> None:
    connection = op.get_bind()
    _metadata.create_all(connection)
    there = Table("usage_person_day", MetaData(), Column("person", Text), Column("day", BigInteger))
    Index("usage_person_day_person", there.c.person, there.c.day).create(connection)
    _build(connection)


def _build(connection: Connection) -> None:
    """From the daily rollup, as of the newest entry."""
    first_of_month = (
        "CAST(EXTRACT(EPOCH FROM date_trunc('month', to_timestamp(day * 86400) AT TIME ZONE 'UTC')) AS BIGINT) / 86400"
        if connection.dialect.name == "postgresql"
        else "CAST(strftime('%s', day * 86400, 'unixepoch', 'start of month') AS INTEGER) / 86400"
    )
    counts = ", ".join(f"SUM({name})" for name in _COUNTS)
    plain = ", ".join(f"SUM({name})" for name in _AMOUNTS)
    # A house's day of tokens may not fit 64 bits: its upper parts and its lower 31 bits are summed apart.
    parted = ", ".join(f"SUM({name} >> 31), SUM({name} & {(1 << 31) - 1})" for name in _AMOUNTS)
    parts = tuple(f"{name}_{part}" for name in _AMOUNTS for part in ("high", "low"))
    for table, time, keys, amounts, sums in (
        ("usage_person_day", "day", _PERSON, _AMOUNTS, plain),
        ("usage_house_day", "day", _HOUSE, parts, parted),
        ("usage_person_month", "month", _MONTH, _AMOUNTS, plain),
    ):
        by, when = ", ".join(keys), first_of_month if time == "month" else "day"
        connection.exec_driver_sql(f"DELETE FROM {table}")
        connection.exec_driver_sql(
            f"INSERT INTO {table} ({time}, {by}, {', '.join((*_COUNTS, *amounts))}) "
            f"SELECT {when}, {by}, {counts}, {sums} FROM usage_day GROUP BY {when}, {by}"
        )
    connection.exec_driver_sql("DELETE FROM journal_mark WHERE name IN ('kept usage', 'kept usage until')")
    connection.exec_driver_sql("INSERT INTO journal_mark (name, seq) SELECT 'kept usage', seq FROM head")
