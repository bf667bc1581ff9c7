"""What every room stands on: settings, the audit log, the version that every change bumps, marks in the journal."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Integer, Table, Text, UniqueConstraint

from bursar.office.tables.common import ORGANISATION, metadata

setting = Table(
    "setting",
    metadata,
    Column("organisation", Text, ForeignKey("organisation.id"), primary_key=True, default=ORGANISATION),
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
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
    Column("prev_hash", Text, nullable=False),
    Column("hash", Text, nullable=False),
    UniqueConstraint("prev_hash", name="audit_never_forks"),
    UniqueConstraint("hash", name="audit_hash"),
)

control_version = Table(
    "control_version",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("version", BigInteger, nullable=False),
    CheckConstraint("id = 1", name="control_version_one_row"),
)

journal_mark = Table(
    "journal_mark",
    metadata,
    Column("name", Text, primary_key=True),
    Column("seq", BigInteger, nullable=False),
)

schema_floor = Table(
    "schema_floor",
    metadata,
    Column("id", BigInteger, primary_key=True),
    Column("revision", Text, nullable=False),
)
