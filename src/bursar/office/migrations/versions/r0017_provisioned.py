"""What a directory says of the people whom it provisions: the name that it knows them by, and what the roster has no field for."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "provisioned",
        sa.Column("person", sa.Text, sa.ForeignKey("person.id"), primary_key=True),
        sa.Column("user_name", sa.Text, nullable=False),
        sa.Column("folded", sa.Text, nullable=False),
        sa.Column("external_id", sa.Text, nullable=False, server_default=""),
        sa.Column("document", sa.Text, nullable=False, server_default="{}"),
        sa.Column("changed", sa.BigInteger, nullable=False),
        sa.Column("deleted", sa.BigInteger, nullable=False, server_default="0"),
        sa.UniqueConstraint("folded", name="provisioned_folded"),
    )
    op.create_index("provisioned_external", "provisioned", ["external_id"])
