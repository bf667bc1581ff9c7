"""Providers and the price book."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Integer, LargeBinary, Table, Text

from bursar.office.tables.common import DEFAULT_ORGANISATION, metadata

provider = Table(
    "provider",
    metadata,
    Column("name", Text, primary_key=True),
    Column("organisation", Text, ForeignKey("organisation.id"), nullable=False, server_default=DEFAULT_ORGANISATION),
    Column("kind", Text, nullable=False),
    Column("base_url", Text, nullable=False),
    Column("secret", LargeBinary, nullable=False),
    Column("models", Text, nullable=False, server_default="[]"),
    Column("priority", Integer, nullable=False, server_default="100"),
    Column("connect_seconds", Integer, nullable=False, server_default="5"),
    Column("first_byte_seconds", Integer, nullable=False, server_default="600"),
    Column("idle_seconds", Integer, nullable=False, server_default="120"),
    Column("enabled", Integer, nullable=False, server_default="1"),
    Column("created", BigInteger, nullable=False),
    Column("purposes", Text, nullable=False, server_default="[]"),
    Column("requests_per_minute", BigInteger, nullable=False, server_default="0"),
    Column("tokens_per_minute", BigInteger, nullable=False, server_default="0"),
    CheckConstraint("enabled IN (0, 1)", name="provider_enabled"),
    CheckConstraint(
        "connect_seconds > 0 AND first_byte_seconds > 0 AND idle_seconds > 0", name="provider_deadlines_positive"
    ),
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
