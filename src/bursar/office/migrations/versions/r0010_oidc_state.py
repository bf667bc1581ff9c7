"""States of identity providers are remembered when they were used, not when they were made."""

from __future__ import annotations

from alembic import op
from sqlalchemy import BigInteger, Column, Index, MetaData, Table, Text

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_metadata = MetaData()

oidc_state = Table(
    "oidc_state",
    _metadata,
    Column("mark", Text, primary_key=True),
    Column("expires", BigInteger, nullable=False),
)
Index("oidc_state_expires", oidc_state.c.expires)


def upgrade() -> None:
    op.execute("DROP TABLE oidc_attempt")  # nothing ever wrote to it
    oidc_state.create(op.get_bind())
