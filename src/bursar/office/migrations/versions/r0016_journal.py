"""What a month's journal is drawn up from is frozen with it: usage by purpose and class too, and the chart of accounts."""

from __future__ import annotations

from alembic import op
from sqlalchemy import BigInteger, Column, ForeignKeyConstraint, Integer, MetaData, Table, Text

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_KEYS = ("organisation", "period", "number", "concerns", "person", "provider", "unit", "purpose", "plan_class")
_KEPT = "organisation, period, number, concerns, person, provider, unit"
_REST = "team, requests, amount, list_nanos, cost_nanos, overage"
_close = ("organisation", "period", "number")
_metadata = MetaData()
Table(
    "period_close",
    _metadata,
    Column("organisation", Text, primary_key=True),
    Column("period", Text, primary_key=True),
    Column("number", Integer, primary_key=True),
)
_grown = Table(
    "period_usage_grown",
    _metadata,
    *(Column(name, Integer if name == "number" else Text, primary_key=True) for name in _KEYS),
    Column("team", Text, nullable=False),
    *(Column(name, BigInteger, nullable=False) for name in _REST.split(", ")[1:]),
    ForeignKeyConstraint(_close, [f"period_close.{name}" for name in _close]),
)


def upgrade() -> None:
    op.execute("ALTER TABLE period_close ADD COLUMN books TEXT NOT NULL DEFAULT ''")
    if op.get_bind().dialect.name == "postgresql":
        for name in ("purpose", "plan_class"):
            op.execute(f"ALTER TABLE period_usage ADD COLUMN {name} TEXT NOT NULL DEFAULT ''")
            op.execute(f"ALTER TABLE period_usage ALTER COLUMN {name} DROP DEFAULT")
        op.execute("ALTER TABLE period_usage DROP CONSTRAINT period_usage_pkey")
        op.execute(f"ALTER TABLE period_usage ADD PRIMARY KEY ({', '.join(_KEYS)})")
        return
    # SQLite cannot change a key: the table is made anew beside the old one.
    _grown.create(op.get_bind())
    op.execute(
        f"INSERT INTO period_usage_grown ({_KEPT}, purpose, plan_class, {_REST}) "
        f"SELECT {_KEPT}, '', '', {_REST} FROM period_usage"
    )
    op.execute("DROP TABLE period_usage")
    op.execute("ALTER TABLE period_usage_grown RENAME TO period_usage")
