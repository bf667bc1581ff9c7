"""What the REST API keeps: answers for whoever asks twice, subscriptions of webhooks; and keys that can be paused."""

from __future__ import annotations

from alembic import op
from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Index, LargeBinary, MetaData, Table, Text

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_metadata = MetaData()
_known = [Table(name, _metadata, Column("id", Text, primary_key=True)) for name in ("organisation", "user_account")]

kept_answer = Table(
    "kept_answer",
    _metadata,
    Column("account", Text, ForeignKey("user_account.id"), primary_key=True),
    Column("key", Text, primary_key=True),
    Column("digest", Text, nullable=False),
    Column("state", Text, nullable=False, server_default="running"),
    Column("answer", LargeBinary, nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("expires", BigInteger, nullable=False),
    CheckConstraint("state IN ('running', 'unfinished', 'done')", name="kept_answer_state"),
)
Index("kept_answer_expires", kept_answer.c.expires)

webhook = Table(
    "webhook",
    _metadata,
    Column("id", Text, primary_key=True),
    Column("organisation", Text, ForeignKey("organisation.id"), nullable=False, server_default="org_1"),
    Column("label", Text, nullable=False, server_default=""),
    Column("host", Text, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("kinds", Text, nullable=False, server_default="[]"),
    Column("created", BigInteger, nullable=False),
)


def upgrade() -> None:
    _metadata.create_all(op.get_bind(), tables=[kept_answer, webhook])
    op.add_column("access_key", Column("paused", BigInteger, nullable=False, server_default="0"))
