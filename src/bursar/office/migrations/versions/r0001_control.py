"""The control plane: people, keys, providers, prices, audit."""

from __future__ import annotations

from alembic import op

from bursar.office.tables import metadata

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_SQLITE = tuple(
    f"CREATE TRIGGER audit_keeps_{verb.lower()} BEFORE {verb} ON audit "
    "BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END"
    for verb in ("UPDATE", "DELETE")
)
_POSTGRES = (
    "CREATE FUNCTION bursar_audit_refuse() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN RAISE EXCEPTION 'the audit log is append-only' USING ERRCODE = 'restrict_violation'; END $$",
    "CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE ON audit "
    "FOR EACH ROW EXECUTE FUNCTION bursar_audit_refuse()",
)


def upgrade() -> None:
    connection = op.get_bind()
    metadata.create_all(connection)
    connection.exec_driver_sql("INSERT INTO control_version (id, version) VALUES (1, 1)")
    for statement in _SQLITE if connection.dialect.name == "sqlite" else _POSTGRES:
        connection.exec_driver_sql(statement)
