"""Requests for more, found by when they were decided and by their state: however many there are, a page reads a few."""

from __future__ import annotations

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("topup_request_decided", "topup_request", ["decided"])
    op.create_index("topup_request_state", "topup_request", ["state"])
