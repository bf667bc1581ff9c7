"""What people are told, and what was seen that has to be told."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Index, Integer, Table, Text, text

from bursar.office.tables.common import metadata

notice = Table(
    "notice",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("person", Text, ForeignKey("person.id"), nullable=False),
    Column("subject", Text, nullable=False),
    Column("fields", Text, nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("spread", BigInteger, nullable=False, server_default="0"),
)
Index("notice_person", notice.c.person, notice.c.created)
_not_spread = text("spread = 0")
Index("notice_new", notice.c.created, sqlite_where=_not_spread, postgresql_where=_not_spread)

notice_delivery = Table(
    "notice_delivery",
    metadata,
    Column("notice", Text, ForeignKey("notice.id"), primary_key=True),
    Column("channel", Text, primary_key=True),
    Column("state", Text, nullable=False, server_default="waiting"),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("next_attempt", BigInteger, nullable=False),
    Column("delivered", BigInteger, nullable=False, server_default="0"),
    Column("reason", Text, nullable=False, server_default=""),
    CheckConstraint("state IN ('waiting', 'delivered', 'failed')", name="notice_delivery_state"),
)
_is_waiting = text("state = 'waiting'")
Index(
    "notice_delivery_due",
    notice_delivery.c.next_attempt,
    sqlite_where=_is_waiting,
    postgresql_where=_is_waiting,
)

notice_watch = Table(
    "notice_watch",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("seq", BigInteger, nullable=False),
    Column("expiries_seen", BigInteger, nullable=False),
    CheckConstraint("id = 1", name="notice_watch_one_row"),
)
