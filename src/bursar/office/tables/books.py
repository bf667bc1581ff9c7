"""The books of a month, and what providers say that they served and charge."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
)

from bursar.office.tables.common import ORGANISATION, metadata

period_close = Table(
    "period_close",
    metadata,
    Column("organisation", Text, ForeignKey("organisation.id"), primary_key=True, default=ORGANISATION),
    Column("period", Text, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("closed", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    Column("note", Text, nullable=False, server_default=""),
    Column("seq", BigInteger, nullable=False),
    Column("head", Text, nullable=False),
    Column("previous", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("reopened", BigInteger, nullable=False, server_default="0"),
    Column("reopened_by", Text, nullable=False, server_default=""),
    Column("reopen_reason", Text, nullable=False, server_default=""),
    Column("books", Text, nullable=False, server_default=""),
)

_close = ("organisation", "period", "number")

period_usage = Table(
    "period_usage",
    metadata,
    Column("organisation", Text, primary_key=True, default=ORGANISATION),
    Column("period", Text, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("concerns", Text, primary_key=True),
    Column("person", Text, primary_key=True),
    Column("provider", Text, primary_key=True),
    Column("unit", Text, primary_key=True),
    Column("purpose", Text, primary_key=True),
    Column("plan_class", Text, primary_key=True),
    Column("team", Text, nullable=False),
    Column("requests", BigInteger, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("list_nanos", BigInteger, nullable=False),
    Column("cost_nanos", BigInteger, nullable=False),
    Column("overage", BigInteger, nullable=False),
    ForeignKeyConstraint(_close, [f"period_close.{name}" for name in _close]),
)

period_movement = Table(
    "period_movement",
    metadata,
    Column("organisation", Text, primary_key=True, default=ORGANISATION),
    Column("period", Text, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("concerns", Text, primary_key=True),
    Column("plan", Text, primary_key=True),
    Column("unit", Text, primary_key=True),
    Column("opening", BigInteger, nullable=False),
    Column("released", BigInteger, nullable=False),
    Column("rolled_in", BigInteger, nullable=False),
    Column("rolled_out", BigInteger, nullable=False),
    Column("spent", BigInteger, nullable=False),
    Column("forfeited", BigInteger, nullable=False),
    Column("revoked", BigInteger, nullable=False),
    Column("closing", BigInteger, nullable=False),
    ForeignKeyConstraint(_close, [f"period_close.{name}" for name in _close]),
)

provider_admin = Table(
    "provider_admin",
    metadata,
    Column("organisation", Text, ForeignKey("organisation.id"), primary_key=True, default=ORGANISATION),
    Column("provider", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("base_url", Text, nullable=False),
    Column("account", Text, nullable=False, server_default=""),
    Column("sealed", LargeBinary, nullable=False),
    Column("since", BigInteger, nullable=False),
)

bill_key = Table(
    "bill_key",
    metadata,
    Column("organisation", Text, ForeignKey("organisation.id"), primary_key=True, default=ORGANISATION),
    Column("provider", Text, primary_key=True),
    # The provider's own name of a key or a member: never the key.
    Column("key", Text, primary_key=True),
    # Empty: the gateway's own, which is why this is no foreign key.
    Column("person", Text, nullable=False),
    Column("since", BigInteger, nullable=False),
)

bill_line = Table(
    "bill_line",
    metadata,
    Column("organisation", Text, ForeignKey("organisation.id"), primary_key=True, default=ORGANISATION),
    Column("provider", Text, primary_key=True),
    Column("day", Text, primary_key=True),
    Column("model", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("member", Text, primary_key=True),
    Column("tier", Text, primary_key=True),
    Column("tokens", Text, nullable=False),
    # -1: the provider does not say.
    Column("requests", BigInteger, nullable=False),
    Column("cost_nanos", BigInteger, nullable=False),
)

bill_cost = Table(
    "bill_cost",
    metadata,
    Column("organisation", Text, ForeignKey("organisation.id"), primary_key=True, default=ORGANISATION),
    Column("provider", Text, primary_key=True),
    Column("day", Text, primary_key=True),
    Column("item", Text, primary_key=True),
    Column("amount_nanos", BigInteger, nullable=False),
)

bill_day = Table(
    "bill_day",
    metadata,
    Column("organisation", Text, ForeignKey("organisation.id"), primary_key=True, default=ORGANISATION),
    Column("provider", Text, primary_key=True),
    Column("day", Text, primary_key=True),
    Column("told", BigInteger, nullable=False),
)

bill_reading = Table(
    "bill_reading",
    metadata,
    Column("id", Text, primary_key=True),
    Column("organisation", Text, ForeignKey("organisation.id"), nullable=False, default=ORGANISATION),
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
    metadata,
    Column("organisation", Text, ForeignKey("organisation.id"), primary_key=True, default=ORGANISATION),
    Column("place", Text, primary_key=True),
    Column("provider", Text, nullable=False),
    Column("day", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("why", Text, nullable=False),
    # What is open now, and what was said to need no charge.
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
    metadata,
    Column("organisation", Text, ForeignKey("organisation.id"), primary_key=True, default=ORGANISATION),
    Column("product", Text, primary_key=True),
    Column("login", Text, primary_key=True),
    Column("email", Text, nullable=False, server_default=""),
    Column("since", Text, nullable=False, server_default=""),
    Column("last_used", Text, nullable=False, server_default=""),
    Column("ends", Text, nullable=False, server_default=""),
    Column("told", BigInteger, nullable=False),
)
