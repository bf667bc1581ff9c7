"""What was promised: plans as versions, grants and their calendar, requests for more, consents, seats."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Index, Integer, Table, Text

from bursar.office.tables.common import ORGANISATION, metadata

plan_version = Table(
    "plan_version",
    metadata,
    Column("organisation", Text, ForeignKey("organisation.id"), primary_key=True, default=ORGANISATION),
    Column("name", Text, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("digest", Text, nullable=False),
    Column("effective", BigInteger, nullable=False),
    Column("document", Text, nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    Column("note", Text, nullable=False, server_default=""),
)

plan_grant = Table(
    "plan_grant",
    metadata,
    Column("id", Text, primary_key=True),
    Column("person", Text, ForeignKey("person.id"), nullable=False),
    Column("plan", Text, nullable=False),
    Column("starts", BigInteger, nullable=False),
    Column("hire_date", Text, nullable=False, server_default=""),
    Column("ends", BigInteger, nullable=False, server_default="0"),
    Column("end_kind", Text, nullable=False, server_default="ended"),
    Column("end_known", BigInteger, nullable=False, server_default="0"),
    Column("created", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    Column("note", Text, nullable=False, server_default=""),
    CheckConstraint("end_kind IN ('left', 'revoked', 'ended')", name="plan_grant_end_kind"),
)
Index("plan_grant_person", plan_grant.c.person)

grant_terms = Table(
    "grant_terms",
    metadata,
    Column("grant_id", Text, ForeignKey("plan_grant.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("start", BigInteger, nullable=False),
    Column("plan", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("tier", Text, nullable=False),
    Column("amount_nanos", BigInteger, nullable=False),
    Column("unit", Text, nullable=False),
    Column("announced", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    Column("reason", Text, nullable=False, server_default=""),
    CheckConstraint("amount_nanos > 0", name="grant_terms_amount"),
)

grant_pause = Table(
    "grant_pause",
    metadata,
    Column("grant_id", Text, ForeignKey("plan_grant.id"), primary_key=True),
    Column("start", BigInteger, primary_key=True),
    Column("until", BigInteger, nullable=False, server_default="0"),
    Column("reason", Text, nullable=False, server_default=""),
)

grant_fact = Table(
    "grant_fact",
    metadata,
    Column("grant_id", Text, ForeignKey("plan_grant.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("condition", Text, nullable=False, server_default=""),
    Column("day", Text, nullable=False),
    Column("share_ppm", BigInteger, nullable=False, server_default="0"),
    Column("known", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    Column("reason", Text, nullable=False, server_default=""),
    CheckConstraint("kind IN ('event', 'acceleration')", name="grant_fact_kind"),
)

calendar_position = Table(
    "calendar_position",
    metadata,
    Column("grant_id", Text, ForeignKey("plan_grant.id"), primary_key=True),
    Column("person", Text, nullable=False),
    Column("done_until", BigInteger, nullable=False),
    Column("next_due", BigInteger, nullable=False),
)
Index("calendar_position_due", calendar_position.c.next_due)
Index("calendar_position_person", calendar_position.c.person)

calendar_event = Table(
    "calendar_event",
    metadata,
    Column("grant_id", Text, ForeignKey("plan_grant.id"), primary_key=True),
    Column("event", Text, primary_key=True),
    Column("period", Text, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("done", BigInteger, nullable=False),
    Column("node", Text, nullable=False, server_default=""),
    Column("released_nanos", BigInteger, nullable=False, server_default="0"),
    Column("taken_nanos", BigInteger, nullable=False, server_default="0"),
    Column("paid_nanos", BigInteger, nullable=False, server_default="0"),
)

topup_request = Table(
    "topup_request",
    metadata,
    Column("id", Text, primary_key=True),
    Column("person", Text, ForeignKey("person.id"), nullable=False),
    Column("grant_id", Text, ForeignKey("plan_grant.id"), nullable=False),
    Column("amount_nanos", BigInteger, nullable=False),
    Column("unit", Text, nullable=False),
    Column("reason", Text, nullable=False, server_default=""),
    Column("approvers", Text, nullable=False),
    Column("approved_by", Text, nullable=False, server_default="[]"),
    Column("state", Text, nullable=False, server_default="open"),
    Column("created", BigInteger, nullable=False),
    Column("expires", BigInteger, nullable=False),
    Column("decided", BigInteger, nullable=False, server_default="0"),
    Column("decided_by", Text, nullable=False, server_default=""),
    Column("note", Text, nullable=False, server_default=""),
    CheckConstraint("state IN ('open', 'approved', 'denied', 'withdrawn')", name="topup_request_state"),
    CheckConstraint("amount_nanos > 0", name="topup_request_amount"),
)
Index("topup_request_person", topup_request.c.person)
Index("topup_request_decided", topup_request.c.decided)
Index("topup_request_state", topup_request.c.state)

consent = Table(
    "consent",
    metadata,
    Column("person", Text, ForeignKey("person.id"), primary_key=True),
    Column("given", BigInteger, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("words", Text, nullable=False),
    Column("withdrawn", BigInteger, nullable=False, server_default="0"),
    CheckConstraint("kind IN ('own_money')", name="consent_kind"),
)

seat = Table(
    "seat",
    metadata,
    Column("id", Text, primary_key=True),
    Column("person", Text, ForeignKey("person.id"), nullable=False),
    Column("product", Text, nullable=False),
    Column("amount_nanos", BigInteger, nullable=False),
    Column("unit", Text, nullable=False),
    Column("every", Text, nullable=False),
    Column("zone", Text, nullable=False),
    Column("starts", Text, nullable=False),
    Column("ends", Text, nullable=False, server_default=""),
    Column("next_due", BigInteger, nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("anchor", Text, nullable=False, server_default=""),
    Column("proration", Text, nullable=False, server_default="none"),
    CheckConstraint("amount_nanos > 0", name="seat_amount"),
)
Index("seat_due", seat.c.next_due)
