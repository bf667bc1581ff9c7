"""The leaderboard: who chose to stand on it, and under which name."""

from __future__ import annotations

from alembic import op
from sqlalchemy import BigInteger, Column, ForeignKey, Index, MetaData, Table, Text, text

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_metadata = MetaData()
_known = [Table(name, _metadata, Column("id", Text, primary_key=True)) for name in ("organisation", "person")]
_has_pseudonym = text("folded <> ''")

leaderboard_member = Table(
    "leaderboard_member",
    _metadata,
    Column("person", Text, ForeignKey("person.id"), primary_key=True),
    Column("organisation", Text, ForeignKey("organisation.id"), nullable=False),
    Column("pseudonym", Text, nullable=False, server_default=""),
    Column("folded", Text, nullable=False, server_default=""),
    Column("joined", BigInteger, nullable=False),
)
Index(
    "leaderboard_pseudonym",
    leaderboard_member.c.organisation,
    leaderboard_member.c.folded,
    unique=True,
    sqlite_where=_has_pseudonym,
    postgresql_where=_has_pseudonym,
)


def upgrade() -> None:
    leaderboard_member.create(op.get_bind())
