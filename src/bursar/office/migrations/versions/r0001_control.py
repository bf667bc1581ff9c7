"""The control plane: people, keys, providers, prices, audit.

The tables are written out here as they were at this revision; `bursar.office.tables` says what they are now.
"""

from __future__ import annotations

from alembic import op
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_metadata = MetaData()


def _text(name: str, default: str | None = "") -> Column[str]:
    return Column(name, Text, nullable=False, server_default=default)


Table(
    "person",
    _metadata,
    Column("id", Text, primary_key=True),
    Column("handle", Text, nullable=False, unique=True),
    *(_text(name) for name in ("name", "email", "team", "level", "job_family", "role", "location")),
    _text("zone", "UTC"),
    _text("hire_date"),
    _text("manager"),
    _text("status", "active"),
    Column("created", BigInteger, nullable=False),
    CheckConstraint("status IN ('active', 'suspended', 'left')", name="person_status"),
)
Table(
    "access_key",
    _metadata,
    Column("id", Text, primary_key=True),
    Column("person", Text, nullable=False, index=True),
    Column("hmac", Text, nullable=False, unique=True),
    _text("hint", None),
    _text("label"),
    _text("purpose", None),
    _text("project"),
    _text("models", "[]"),
    Column("cap_nanos", BigInteger, nullable=False, server_default="0"),
    Column("expires", BigInteger, nullable=False, server_default="0"),
    Column("created", BigInteger, nullable=False),
    Column("revoked", BigInteger, nullable=False, server_default="0"),
    CheckConstraint("purpose IN ('work', 'personal')", name="access_key_purpose"),
    CheckConstraint("cap_nanos >= 0", name="access_key_cap"),
)
Table(
    "provider",
    _metadata,
    Column("name", Text, primary_key=True),
    _text("kind", None),
    _text("base_url", None),
    Column("secret", LargeBinary, nullable=False),
    _text("models", "[]"),
    Column("connect_seconds", Integer, nullable=False, server_default="5"),
    Column("first_byte_seconds", Integer, nullable=False, server_default="600"),
    Column("idle_seconds", Integer, nullable=False, server_default="120"),
    Column("enabled", Integer, nullable=False, server_default="1"),
    Column("created", BigInteger, nullable=False),
)
Table(
    "price_snapshot",
    _metadata,
    Column("digest", Text, primary_key=True),
    _text("source", None),
    Column("document", LargeBinary, nullable=False),
    Column("created", BigInteger, nullable=False),
)
Table(
    "price_overlay",
    _metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    _text("document", None),
    Column("created", BigInteger, nullable=False),
)
Table(
    "price_version",
    _metadata,
    Column("version", Text, primary_key=True),
    _text("snapshot", None),
    _text("overlays", None),
    Column("created", BigInteger, nullable=False),
)
Table(
    "audit",
    _metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    *(_text(name, None) for name in ("actor", "action", "subject", "detail", "hash")),
    UniqueConstraint("hash", name="audit_hash"),
)
Table(
    "control_version",
    _metadata,
    Column("id", Integer, primary_key=True),
    Column("version", BigInteger, nullable=False),
    CheckConstraint("id = 1", name="control_version_one_row"),
)

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
    _metadata.create_all(connection)
    connection.exec_driver_sql("INSERT INTO control_version (id, version) VALUES (1, 1)")
    for statement in _SQLITE if connection.dialect.name == "sqlite" else _POSTGRES:
        connection.exec_driver_sql(statement)
