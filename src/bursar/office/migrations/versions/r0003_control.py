"""The control plane grows: organisations, unique e-mail, leave dates, key rotation, provider priority, settings.

SQLite cannot add constraints to a table that exists, so each table that changes is copied aside, made anew and filled
again; the same steps serve both engines.
"""

from __future__ import annotations

from alembic import op
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Connection,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    insert,
    text,
)

from bursar.errors import Conflict

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_metadata = MetaData()


def _text(name: str, default: str | None = "") -> Column[str]:
    return Column(name, Text, nullable=False, server_default=default)


def _big(name: str, default: str | None = "0") -> Column[int]:
    return Column(name, BigInteger, nullable=False, server_default=default)


def _organisation() -> Column[str]:
    return Column("organisation", Text, ForeignKey("organisation.id"), nullable=False, server_default="org_1")


_organisations = Table("organisation", _metadata, Column("id", Text, primary_key=True), _text("name"))

_person = Table(
    "person",
    _metadata,
    Column("id", Text, primary_key=True),
    _organisation(),
    _text("handle", None),
    *(_text(name) for name in ("name", "email", "team", "level", "job_family", "role", "location")),
    _text("zone", "UTC"),
    *(_text(name) for name in ("hire_date", "leave_date", "manager")),
    _text("status", "active"),
    _big("created", None),
    UniqueConstraint("organisation", "handle", name="person_handle"),
    CheckConstraint("status IN ('active', 'suspended', 'left')", name="person_status"),
)
_has_email = text("email <> ''")
Index(
    "person_email",
    _person.c.organisation,
    _person.c.email,
    unique=True,
    sqlite_where=_has_email,
    postgresql_where=_has_email,
)
Index("person_manager", _person.c.manager)

_access_key = Table(
    "access_key",
    _metadata,
    Column("id", Text, primary_key=True),
    Column("person", Text, ForeignKey("person.id"), nullable=False),
    _text("hmac", None),
    _text("previous_hmac"),
    _big("previous_until"),
    _text("hint", None),
    _text("label"),
    _text("purpose", None),
    _text("project"),
    _text("models", "[]"),
    _big("cap_nanos"),
    _text("cap_unit", "USD"),
    _big("expires"),
    _big("created", None),
    _big("revoked"),
    UniqueConstraint("hmac", name="access_key_hmac"),
    CheckConstraint("purpose IN ('work', 'personal')", name="access_key_purpose"),
    CheckConstraint("cap_nanos >= 0", name="access_key_cap"),
)
Index("access_key_person", _access_key.c.person)

_provider = Table(
    "provider",
    _metadata,
    Column("name", Text, primary_key=True),
    _organisation(),
    _text("kind", None),
    _text("base_url", None),
    Column("secret", LargeBinary, nullable=False),
    _text("models", "[]"),
    Column("priority", Integer, nullable=False, server_default="100"),
    Column("connect_seconds", Integer, nullable=False, server_default="5"),
    Column("first_byte_seconds", Integer, nullable=False, server_default="600"),
    Column("idle_seconds", Integer, nullable=False, server_default="120"),
    Column("enabled", Integer, nullable=False, server_default="1"),
    _big("created", None),
    CheckConstraint("enabled IN (0, 1)", name="provider_enabled"),
    CheckConstraint(
        "connect_seconds > 0 AND first_byte_seconds > 0 AND idle_seconds > 0", name="provider_deadlines_positive"
    ),
)

_setting = Table(
    "setting",
    _metadata,
    Column("organisation", Text, ForeignKey("organisation.id"), primary_key=True),
    Column("name", Text, primary_key=True),
    _text("value", None),
)

_audit = Table(
    "audit",
    _metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    _big("at", None),
    *(_text(name, None) for name in ("actor", "action", "subject", "detail", "prev_hash", "hash")),
    UniqueConstraint("prev_hash", name="audit_never_forks"),
    UniqueConstraint("hash", name="audit_hash"),
)

_APPEND_ONLY = {
    "sqlite": tuple(
        f"CREATE TRIGGER audit_keeps_{verb.lower()} BEFORE {verb} ON audit "
        "BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END"
        for verb in ("UPDATE", "DELETE")
    ),
    "postgresql": (
        "CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE ON audit "
        "FOR EACH ROW EXECUTE FUNCTION bursar_audit_refuse()",
        "CREATE TRIGGER audit_not_truncated BEFORE TRUNCATE ON audit "
        "FOR EACH STATEMENT EXECUTE FUNCTION bursar_audit_refuse()",
    ),
}


def upgrade() -> None:
    connection = op.get_bind()
    _refuse_shared_addresses(connection)
    _organisations.create(connection)
    connection.execute(insert(_organisations).values(id="org_1"))
    _setting.create(connection)
    _rebuild(connection, _person, {"email": "lower(email)"}, ("organisation", "leave_date"))
    _rebuild(connection, _access_key, {}, ("previous_hmac", "previous_until", "cap_unit"))
    _rebuild(connection, _provider, {}, ("organisation", "priority"))
    _rebuild(connection, _audit, {"prev_hash": "COALESCE(LAG(hash) OVER (ORDER BY seq), '')"}, ())
    for statement in _APPEND_ONLY[connection.dialect.name]:
        connection.exec_driver_sql(statement)


def _refuse_shared_addresses(connection: Connection) -> None:
    twice = connection.exec_driver_sql(
        "SELECT lower(email) FROM person WHERE email <> '' GROUP BY lower(email) HAVING COUNT(*) > 1"
    ).first()
    if twice is not None:
        raise Conflict(
            f"two people share the e-mail address {twice[0]}", "give one of them another, then migrate again"
        )


def _rebuild(connection: Connection, table: Table, computed: dict[str, str], new: tuple[str, ...]) -> None:
    """Make a table anew with the rows that it had; columns in `new` get their defaults."""
    names = [column.name for column in table.columns if column.name not in new]
    values = [computed.get(name, name) for name in names]
    connection.exec_driver_sql(f"CREATE TABLE moving AS SELECT * FROM {table.name}")
    connection.exec_driver_sql(f"DROP TABLE {table.name}")
    table.create(connection)
    connection.exec_driver_sql(f"INSERT INTO {table.name} ({', '.join(names)}) SELECT {', '.join(values)} FROM moving")
    connection.exec_driver_sql("DROP TABLE moving")
