"""The control plane's tables, engine-neutral: people, keys, providers, prices, settings of an organisation, audit.

Instants are microseconds UTC, amounts nano-units. Every change bumps `control_version` in its own transaction, so that
gateways notice it with one cheap read.
"""

from __future__ import annotations

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

metadata = MetaData()

person = Table(
    "person",
    metadata,
    Column("id", Text, primary_key=True),
    Column("handle", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False, server_default=""),
    Column("email", Text, nullable=False, server_default=""),
    Column("team", Text, nullable=False, server_default=""),
    Column("level", Text, nullable=False, server_default=""),
    Column("job_family", Text, nullable=False, server_default=""),
    Column("role", Text, nullable=False, server_default=""),
    Column("location", Text, nullable=False, server_default=""),
    Column("zone", Text, nullable=False, server_default="UTC"),
    Column("hire_date", Text, nullable=False, server_default=""),
    Column("manager", Text, nullable=False, server_default=""),
    Column("status", Text, nullable=False, server_default="active"),
    Column("created", BigInteger, nullable=False),
    CheckConstraint("status IN ('active', 'suspended', 'left')", name="person_status"),
)

access_key = Table(
    "access_key",
    metadata,
    Column("id", Text, primary_key=True),
    Column("person", Text, nullable=False, index=True),
    Column("hmac", Text, nullable=False, unique=True),
    Column("hint", Text, nullable=False),
    Column("label", Text, nullable=False, server_default=""),
    Column("purpose", Text, nullable=False),
    Column("project", Text, nullable=False, server_default=""),
    Column("models", Text, nullable=False, server_default="[]"),
    Column("cap_nanos", BigInteger, nullable=False, server_default="0"),
    Column("expires", BigInteger, nullable=False, server_default="0"),
    Column("created", BigInteger, nullable=False),
    Column("revoked", BigInteger, nullable=False, server_default="0"),
    CheckConstraint("purpose IN ('work', 'personal')", name="access_key_purpose"),
    CheckConstraint("cap_nanos >= 0", name="access_key_cap"),
)

provider = Table(
    "provider",
    metadata,
    Column("name", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("base_url", Text, nullable=False),
    Column("secret", LargeBinary, nullable=False),
    Column("models", Text, nullable=False, server_default="[]"),
    Column("connect_seconds", Integer, nullable=False, server_default="5"),
    Column("first_byte_seconds", Integer, nullable=False, server_default="600"),
    Column("idle_seconds", Integer, nullable=False, server_default="120"),
    Column("enabled", Integer, nullable=False, server_default="1"),
    Column("created", BigInteger, nullable=False),
)

price_snapshot = Table(
    "price_snapshot",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("source", Text, nullable=False),
    Column("document", LargeBinary, nullable=False),
    Column("created", BigInteger, nullable=False),
)

price_overlay = Table(
    "price_overlay",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("document", Text, nullable=False),
    Column("created", BigInteger, nullable=False),
)

price_version = Table(
    "price_version",
    metadata,
    Column("version", Text, primary_key=True),
    Column("snapshot", Text, nullable=False),
    Column("overlays", Text, nullable=False),
    Column("created", BigInteger, nullable=False),
)

audit = Table(
    "audit",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("hash", Text, nullable=False),
    UniqueConstraint("hash", name="audit_hash"),
)

control_version = Table(
    "control_version",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("version", BigInteger, nullable=False),
    CheckConstraint("id = 1", name="control_version_one_row"),
)
