"""Nodes, what they count, and use that went past them."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Index, Table, Text

from bursar.office.tables.common import metadata

outside_usage = Table(
    "outside_usage",
    metadata,
    Column("person", Text, ForeignKey("person.id"), primary_key=True),
    Column("source", Text, primary_key=True),
    Column("hour", BigInteger, primary_key=True),
    Column("session", Text, primary_key=True),
    Column("model", Text, primary_key=True),
    Column("tokens", Text, nullable=False),
    # What the client itself says that it costs.
    Column("cost_nanos", BigInteger, nullable=False, server_default="0"),
    Column("seen", BigInteger, nullable=False),
)
Index("outside_usage_hour", outside_usage.c.hour)

telemetry_series = Table(
    "telemetry_series",
    metadata,
    Column("mark", Text, primary_key=True),
    Column("person", Text, ForeignKey("person.id"), nullable=False),
    Column("started", BigInteger, nullable=False),
    Column("last", BigInteger, nullable=False),
    # Tokens, or nano-USD of a cost.
    Column("value", BigInteger, nullable=False),
)
Index("telemetry_series_last", telemetry_series.c.last)

gateway_node = Table(
    "gateway_node",
    metadata,
    Column("name", Text, primary_key=True),
    Column("version", Text, nullable=False),
    Column("started", BigInteger, nullable=False),
    Column("beat", BigInteger, nullable=False),
    Column("stopped", BigInteger, nullable=False, server_default="0"),
    Column("in_flight", BigInteger, nullable=False, server_default="0"),
    Column("requests", BigInteger, nullable=False, server_default="0"),
)

gateway_count = Table(
    "gateway_count",
    metadata,
    Column("hour", BigInteger, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("reason", Text, primary_key=True),
    Column("provider", Text, primary_key=True),
    Column("number", BigInteger, nullable=False),
    CheckConstraint("kind IN ('refusal', 'error')", name="gateway_count_kind"),
)

rate_use = Table(
    "rate_use",
    metadata,
    Column("minute", BigInteger, primary_key=True),
    Column("subject", Text, primary_key=True),
    Column("node", Text, primary_key=True),
    Column("requests", BigInteger, nullable=False, server_default="0"),
    Column("tokens", BigInteger, nullable=False, server_default="0"),
)
