"""The books of a month: what is frozen when it is closed. Pay bands, what keys and gateways report of themselves.

Two indexes of the ledger come along: the daily rollup by day, for totals of the house, and holds that nobody settled.
"""

from __future__ import annotations

from alembic import op
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Integer,
    MetaData,
    Table,
    Text,
)

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_metadata = MetaData()
Table("organisation", _metadata, Column("id", Text, primary_key=True))

period_close = Table(
    "period_close",
    _metadata,
    Column("organisation", Text, ForeignKey("organisation.id"), primary_key=True),
    Column("period", Text, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("closed", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    Column("note", Text, nullable=False, server_default=""),
    Column("seq", BigInteger, nullable=False),
    Column("head", Text, nullable=False),
    Column("previous", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("reopened", BigInteger, nullable=False, server_default="0"),
    Column("reopened_by", Text, nullable=False, server_default=""),
    Column("reopen_reason", Text, nullable=False, server_default=""),
)

_close = ("organisation", "period", "number")
period_usage = Table(
    "period_usage",
    _metadata,
    Column("organisation", Text, primary_key=True),
    Column("period", Text, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("concerns", Text, primary_key=True),
    Column("person", Text, primary_key=True),
    Column("provider", Text, primary_key=True),
    Column("unit", Text, primary_key=True),
    Column("team", Text, nullable=False),
    Column("requests", BigInteger, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("list_nanos", BigInteger, nullable=False),
    Column("cost_nanos", BigInteger, nullable=False),
    Column("overage", BigInteger, nullable=False),
    ForeignKeyConstraint(_close, [f"period_close.{name}" for name in _close]),
)

period_movement = Table(
    "period_movement",
    _metadata,
    Column("organisation", Text, primary_key=True),
    Column("period", Text, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("concerns", Text, primary_key=True),
    Column("plan", Text, primary_key=True),
    Column("unit", Text, primary_key=True),
    Column("opening", BigInteger, nullable=False),
    Column("released", BigInteger, nullable=False),
    Column("rolled_in", BigInteger, nullable=False),
    Column("rolled_out", BigInteger, nullable=False),
    Column("spent", BigInteger, nullable=False),
    Column("forfeited", BigInteger, nullable=False),
    Column("revoked", BigInteger, nullable=False),
    Column("closing", BigInteger, nullable=False),
    ForeignKeyConstraint(_close, [f"period_close.{name}" for name in _close]),
)

pay_band = Table(
    "pay_band",
    _metadata,
    Column("organisation", Text, ForeignKey("organisation.id"), primary_key=True),
    Column("level", Text, primary_key=True),
    Column("yearly_nanos", BigInteger, nullable=False),
    Column("since", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    CheckConstraint("yearly_nanos > 0", name="pay_band_yearly"),
)

journal_mark = Table(
    "journal_mark",
    _metadata,
    Column("name", Text, primary_key=True),
    Column("seq", BigInteger, nullable=False),
)

access_key_use = Table(
    "access_key_use",
    _metadata,
    Column("access_key", Text, primary_key=True),
    Column("at", BigInteger, nullable=False),
)

gateway_node = Table(
    "gateway_node",
    _metadata,
    Column("name", Text, primary_key=True),
    Column("version", Text, nullable=False),
    Column("started", BigInteger, nullable=False),
    Column("beat", BigInteger, nullable=False),
    Column("stopped", BigInteger, nullable=False, server_default="0"),
    Column("in_flight", BigInteger, nullable=False, server_default="0"),
    Column("requests", BigInteger, nullable=False, server_default="0"),
)

gateway_count = Table(
    "gateway_count",
    _metadata,
    Column("hour", BigInteger, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("reason", Text, primary_key=True),
    Column("provider", Text, primary_key=True),
    Column("number", BigInteger, nullable=False),
    CheckConstraint("kind IN ('refusal', 'error')", name="gateway_count_kind"),
)

_TABLES = (
    period_close,
    period_usage,
    period_movement,
    pay_band,
    journal_mark,
    access_key_use,
    gateway_node,
    gateway_count,
)


def upgrade() -> None:
    for table in _TABLES:
        table.create(op.get_bind())
    op.execute("CREATE INDEX usage_day_day ON usage_day (day)")
    op.execute("CREATE INDEX hold_unresolved ON hold (taken) WHERE state = 'unresolved'")
