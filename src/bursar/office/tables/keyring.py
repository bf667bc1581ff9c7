"""Access keys and when they were used last."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Index, Table, Text, UniqueConstraint

from bursar.office.tables.common import metadata

access_key = Table(
    "access_key",
    metadata,
    Column("id", Text, primary_key=True),
    Column("person", Text, ForeignKey("person.id"), nullable=False),
    Column("hmac", Text, nullable=False),
    Column("previous_hmac", Text, nullable=False, server_default=""),
    Column("previous_until", BigInteger, nullable=False, server_default="0"),
    Column("hint", Text, nullable=False),
    Column("label", Text, nullable=False, server_default=""),
    Column("purpose", Text, nullable=False),
    Column("project", Text, nullable=False, server_default=""),
    Column("models", Text, nullable=False, server_default="[]"),
    Column("cap_nanos", BigInteger, nullable=False, server_default="0"),
    Column("cap_unit", Text, nullable=False, server_default="USD"),
    Column("expires", BigInteger, nullable=False, server_default="0"),
    Column("created", BigInteger, nullable=False),
    Column("revoked", BigInteger, nullable=False, server_default="0"),
    Column("paused", BigInteger, nullable=False, server_default="0"),
    Column("parent", Text, nullable=False, server_default=""),
    Column("requests_per_minute", BigInteger, nullable=False, server_default="0"),
    Column("tokens_per_minute", BigInteger, nullable=False, server_default="0"),
    UniqueConstraint("hmac", name="access_key_hmac"),
    CheckConstraint("purpose IN ('work', 'learning', 'personal', 'production')", name="access_key_purpose"),
    CheckConstraint("cap_nanos >= 0", name="access_key_cap"),
)
Index("access_key_person", access_key.c.person)
Index("access_key_parent", access_key.c.parent)

access_key_use = Table(
    "access_key_use",
    metadata,
    Column("access_key", Text, primary_key=True),
    Column("at", BigInteger, nullable=False),
)
