"""Lots may roll over: a lot keeps what becomes of its rest, and that never changes either."""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_TERMS = "id, person, unit, amount, effective, expires, priority, promotional, scope, grant_id, parent, roll"


def upgrade() -> None:
    op.execute("ALTER TABLE lot ADD COLUMN roll TEXT NOT NULL DEFAULT ''")
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TRIGGER lot_terms_stay")
        op.execute(
            f"CREATE TRIGGER lot_terms_stay BEFORE UPDATE OF {_TERMS} ON lot "
            "BEGIN SELECT RAISE(ABORT, 'the terms of a lot never change'); END"
        )
    else:
        op.execute("DROP TRIGGER lot_terms_stay ON lot")
        op.execute(
            f"CREATE TRIGGER lot_terms_stay BEFORE UPDATE OF {_TERMS} ON lot FOR EACH ROW "
            "EXECUTE FUNCTION bursar_refuse('the terms of a lot never change')"
        )
