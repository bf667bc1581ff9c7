"""Bills of providers as they tell them, what of it waits for somebody, and use that went past the gateway."""

from __future__ import annotations

from alembic import op
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
)

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_metadata = MetaData()
Table("organisation", _metadata, Column("id", Text, primary_key=True))
Table("person", _metadata, Column("id", Text, primary_key=True))

provider_admin = Table(
    "provider_admin",
    _metadata,
    Column("organisation", Text, ForeignKey("organisation.id"), primary_key=True),
    Column("provider", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("base_url", Text, nullable=False),
    Column("account", Text, nullable=False, server_default=""),
    Column("sealed", LargeBinary, nullable=False),
    Column("since", BigInteger, nullable=False),
)

bill_key = Table(
    "bill_key",
    _metadata,
    Column("organisation", Text, ForeignKey("organisation.id"), primary_key=True),
    Column("provider", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("person", Text, nullable=False),
    Column("since", BigInteger, nullable=False),
)

bill_line = Table(
    "bill_line",
    _metadata,
    Column("organisation", Text, ForeignKey("organisation.id"), primary_key=True),
    Column("provider", Text, primary_key=True),
    Column("day", Text, primary_key=True),
    Column("model", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("member", Text, primary_key=True),
    Column("tier", Text, primary_key=True),
    Column("tokens", Text, nullable=False),
    Column("requests", BigInteger, nullable=False),
    Column("cost_nanos", BigInteger, nullable=False),
)

bill_cost = Table(
    "bill_cost",
    _metadata,
    Column("organisation", Text, ForeignKey("organisation.id"), primary_key=True),
    Column("provider", Text, primary_key=True),
    Column("day", Text, primary_key=True),
    Column("item", Text, primary_key=True),
    Column("amount_nanos", BigInteger, nullable=False),
)

bill_day = Table(
    "bill_day",
    _metadata,
    Column("organisation", Text, ForeignKey("organisation.id"), primary_key=True),
    Column("provider", Text, primary_key=True),
    Column("day", Text, primary_key=True),
    Column("told", BigInteger, nullable=False),
)

bill_reading = Table(
    "bill_reading",
    _metadata,
    Column("id", Text, primary_key=True),
    Column("organisation", Text, ForeignKey("organisation.id"), nullable=False),
    Column("provider", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("first", Text, nullable=False),
    Column("last", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    Column("pages", Integer, nullable=False),
    Column("lines", Integer, nullable=False),
    Column("changed", Integer, nullable=False),
    Column("oddities", Text, nullable=False, server_default="[]"),
)
Index("bill_reading_provider", bill_reading.c.organisation, bill_reading.c.provider, bill_reading.c.at)

bill_suspense = Table(
    "bill_suspense",
    _metadata,
    Column("organisation", Text, ForeignKey("organisation.id"), primary_key=True),
    Column("place", Text, primary_key=True),
    Column("provider", Text, nullable=False),
    Column("day", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("why", Text, nullable=False),
    Column("tokens", Text, nullable=False),
    Column("dismissed", Text, nullable=False, server_default="{}"),
    Column("list_nanos", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("person", Text, nullable=False, server_default=""),
    Column("note", Text, nullable=False, server_default=""),
    Column("opened", BigInteger, nullable=False),
    Column("resolved", BigInteger, nullable=False, server_default="0"),
    Column("actor", Text, nullable=False, server_default=""),
    CheckConstraint("state IN ('open', 'attributed', 'dismissed')", name="bill_suspense_state"),
)
Index("bill_suspense_state", bill_suspense.c.organisation, bill_suspense.c.state, bill_suspense.c.day)

billed_seat = Table(
    "billed_seat",
    _metadata,
    Column("organisation", Text, ForeignKey("organisation.id"), primary_key=True),
    Column("product", Text, primary_key=True),
    Column("login", Text, primary_key=True),
    Column("email", Text, nullable=False, server_default=""),
    Column("since", Text, nullable=False, server_default=""),
    Column("last_used", Text, nullable=False, server_default=""),
    Column("ends", Text, nullable=False, server_default=""),
    Column("told", BigInteger, nullable=False),
)

outside_usage = Table(
    "outside_usage",
    _metadata,
    Column("person", Text, ForeignKey("person.id"), primary_key=True),
    Column("source", Text, primary_key=True),
    Column("hour", BigInteger, primary_key=True),
    Column("session", Text, primary_key=True),
    Column("model", Text, primary_key=True),
    Column("tokens", Text, nullable=False),
    Column("cost_nanos", BigInteger, nullable=False, server_default="0"),
    Column("seen", BigInteger, nullable=False),
)
Index("outside_usage_hour", outside_usage.c.hour)

telemetry_series = Table(
    "telemetry_series",
    _metadata,
    Column("mark", Text, primary_key=True),
    Column("person", Text, ForeignKey("person.id"), nullable=False),
    Column("started", BigInteger, nullable=False),
    Column("last", BigInteger, nullable=False),
    Column("value", BigInteger, nullable=False),
)
Index("telemetry_series_last", telemetry_series.c.last)

_TABLES = (
    provider_admin,
    bill_key,
    bill_line,
    bill_cost,
    bill_day,
    bill_reading,
    bill_suspense,
    billed_seat,
    outside_usage,
    telemetry_series,
)


def upgrade() -> None:
    for table in _TABLES:
        table.create(op.get_bind())
