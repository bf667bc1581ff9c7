"""The ledger: journal, lots, holds, charges, seals."""

from __future__ import annotations

from alembic import op

from bursar.ledger.schema import statements

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    connection = op.get_bind()
    for statement in statements("sqlite" if connection.dialect.name == "sqlite" else "postgresql"):
        connection.exec_driver_sql(statement.replace("%", "%%") if connection.dialect.name != "sqlite" else statement)
