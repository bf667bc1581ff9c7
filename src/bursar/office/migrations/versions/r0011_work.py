"""Long work that somebody started and may leave: what was asked, how far it is, what came out."""

from __future__ import annotations

from alembic import op
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    text,
)

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_metadata = MetaData()
Table("organisation", _metadata, Column("id", Text, primary_key=True))
Table("user_account", _metadata, Column("id", Text, primary_key=True))

long_work = Table(
    "long_work",
    _metadata,
    Column("id", Text, primary_key=True),
    Column("organisation", Text, ForeignKey("organisation.id"), nullable=False),
    Column("account", Text, ForeignKey("user_account.id"), nullable=False),
    Column("actor", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("shared", Integer, nullable=False, server_default="0"),
    Column("title", Text, nullable=False),
    Column("state", Text, nullable=False, server_default="waiting"),
    Column("asked", Text, nullable=False),
    Column("done_ppm", Integer, nullable=False, server_default="0"),
    Column("created", BigInteger, nullable=False),
    Column("began", BigInteger, nullable=False, server_default="0"),
    Column("beat", BigInteger, nullable=False, server_default="0"),
    Column("ended", BigInteger, nullable=False, server_default="0"),
    Column("tries", Integer, nullable=False, server_default="0"),
    Column("problem", Text, nullable=False, server_default=""),
    Column("hint", Text, nullable=False, server_default=""),
    Column("status", Integer, nullable=False, server_default="0"),
    Column("result", LargeBinary),
    Column("result_type", Text, nullable=False, server_default=""),
    Column("result_name", Text, nullable=False, server_default=""),
    CheckConstraint("state IN ('waiting', 'running', 'done', 'failed', 'cancelled')", name="long_work_state"),
)
Index("long_work_account", long_work.c.account, long_work.c.created)
Index("long_work_state", long_work.c.state, long_work.c.created)
Index("long_work_kind", long_work.c.organisation, long_work.c.kind, long_work.c.created)
_is_shared_and_open = text("shared = 1 AND state IN ('waiting', 'running')")
Index(
    "long_work_one_at_a_time",
    long_work.c.organisation,
    long_work.c.kind,
    unique=True,
    sqlite_where=_is_shared_and_open,
    postgresql_where=_is_shared_and_open,
)


def upgrade() -> None:
    _metadata.create_all(op.get_bind(), tables=[long_work])
