"""Seats: where their periods are counted from, and what a part of a period costs."""

from __future__ import annotations

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE seat ADD COLUMN anchor TEXT NOT NULL DEFAULT ''")
    op.execute("ALTER TABLE seat ADD COLUMN proration TEXT NOT NULL DEFAULT 'none'")
