"""Facts of vesting: events that happened, and accelerations, with who recorded them and why."""

from __future__ import annotations

from alembic import op
from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Integer, MetaData, Table, Text

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_metadata = MetaData()
Table("plan_grant", _metadata, Column("id", Text, primary_key=True))

grant_fact = Table(
    "grant_fact",
    _metadata,
    Column("grant_id", Text, ForeignKey("plan_grant.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("condition", Text, nullable=False, server_default=""),
    Column("day", Text, nullable=False),
    Column("share_ppm", BigInteger, nullable=False, server_default="0"),
    Column("known", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    Column("reason", Text, nullable=False, server_default=""),
    CheckConstraint("kind IN ('event', 'acceleration')", name="grant_fact_kind"),
)


def upgrade() -> None:
    grant_fact.create(op.get_bind())
