"""People, what they earn within, and what they chose to show."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Index, Table, Text, UniqueConstraint, text

from bursar.office.tables.common import DEFAULT_ORGANISATION, ORGANISATION, metadata

organisation = Table(
    "organisation",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False, server_default=""),
)

person = Table(
    "person",
    metadata,
    Column("id", Text, primary_key=True),
    Column("organisation", Text, ForeignKey("organisation.id"), nullable=False, server_default=DEFAULT_ORGANISATION),
    Column("handle", Text, nullable=False),
    Column("name", Text, nullable=False, server_default=""),
    Column("email", Text, nullable=False, server_default=""),
    Column("team", Text, nullable=False, server_default=""),
    Column("level", Text, nullable=False, server_default=""),
    Column("job_family", Text, nullable=False, server_default=""),
    Column("role", Text, nullable=False, server_default=""),
    Column("location", Text, nullable=False, server_default=""),
    Column("zone", Text, nullable=False, server_default="UTC"),
    Column("hire_date", Text, nullable=False, server_default=""),
    Column("leave_date", Text, nullable=False, server_default=""),
    Column("manager", Text, nullable=False, server_default=""),
    Column("status", Text, nullable=False, server_default="active"),
    Column("created", BigInteger, nullable=False),
    UniqueConstraint("organisation", "handle", name="person_handle"),
    CheckConstraint("status IN ('active', 'suspended', 'left')", name="person_status"),
)
_has_email = text("email <> ''")
Index(
    "person_email",
    person.c.organisation,
    person.c.email,
    unique=True,
    sqlite_where=_has_email,
    postgresql_where=_has_email,
)
Index("person_manager", person.c.manager)

provisioned = Table(
    "provisioned",
    metadata,
    # What a directory (SCIM) wrote of a person, beside the roster's own record.
    Column("person", Text, ForeignKey("person.id"), primary_key=True),
    Column("user_name", Text, nullable=False),
    Column("folded", Text, nullable=False),
    Column("external_id", Text, nullable=False, server_default=""),
    Column("document", Text, nullable=False, server_default="{}"),
    Column("changed", BigInteger, nullable=False),
    Column("deleted", BigInteger, nullable=False, server_default="0"),
    UniqueConstraint("folded", name="provisioned_folded"),
)
Index("provisioned_external", provisioned.c.external_id)

personal_read = Table(
    "personal_read",
    metadata,
    Column("organisation", Text, ForeignKey("organisation.id"), primary_key=True, default=ORGANISATION),
    # Empty: everybody of the organisation at once, which is why this is no foreign key.
    Column("person", Text, primary_key=True),
    Column("hour", BigInteger, primary_key=True),
    Column("account", Text, ForeignKey("user_account.id"), primary_key=True),
    Column("action", Text, primary_key=True),
    Column("what", Text, primary_key=True),
    Column("role", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
)

leaderboard_member = Table(
    "leaderboard_member",
    metadata,
    Column("person", Text, ForeignKey("person.id"), primary_key=True),
    Column("organisation", Text, ForeignKey("organisation.id"), nullable=False, default=ORGANISATION),
    # Empty: under their own name; `folded` is the same without difference of case.
    Column("pseudonym", Text, nullable=False, server_default=""),
    Column("folded", Text, nullable=False, server_default=""),
    Column("joined", BigInteger, nullable=False),
)
_has_pseudonym = text("folded <> ''")
Index(
    "leaderboard_pseudonym",
    leaderboard_member.c.organisation,
    leaderboard_member.c.folded,
    unique=True,
    sqlite_where=_has_pseudonym,
    postgresql_where=_has_pseudonym,
)

pay_band = Table(
    "pay_band",
    metadata,
    Column("organisation", Text, ForeignKey("organisation.id"), primary_key=True, default=ORGANISATION),
    Column("level", Text, primary_key=True),
    Column("yearly_nanos", BigInteger, nullable=False),
    Column("since", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    CheckConstraint("yearly_nanos > 0", name="pay_band_yearly"),
)
