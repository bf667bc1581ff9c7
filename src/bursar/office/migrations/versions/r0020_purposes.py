"""Keys for learning and for production, keys under keys, and providers that serve some purposes only.

SQLite cannot alter a constraint, so the table of keys is made anew with its rows; the same steps serve both engines.
"""

from __future__ import annotations

from alembic import op
from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Index, MetaData, Table, Text, UniqueConstraint

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

_metadata = MetaData()
Table("person", _metadata, Column("id", Text, primary_key=True))


def _text(name: str, default: str | None = "") -> Column[str]:
    return Column(name, Text, nullable=False, server_default=default)


def _big(name: str, default: str | None = "0") -> Column[int]:
    return Column(name, BigInteger, nullable=False, server_default=default)


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
    _big("paused"),
    _text("parent"),
    UniqueConstraint("hmac", name="access_key_hmac"),
    CheckConstraint("purpose IN ('work', 'learning', 'personal', 'production')", name="access_key_purpose"),
    CheckConstraint("cap_nanos >= 0", name="access_key_cap"),
)
Index("access_key_person", _access_key.c.person)
Index("access_key_parent", _access_key.c.parent)


def upgrade() -> None:
    connection = op.get_bind()
    names = ", ".join(column.name for column in _access_key.columns if column.name != "parent")
    connection.exec_driver_sql("CREATE TABLE moving AS SELECT * FROM access_key")
    connection.exec_driver_sql("DROP TABLE access_key")
    _access_key.create(connection)
    connection.exec_driver_sql(f"INSERT INTO access_key ({names}) SELECT {names} FROM moving")
    connection.exec_driver_sql("DROP TABLE moving")
    op.add_column("provider", Column("purposes", Text, nullable=False, server_default="[]"))
