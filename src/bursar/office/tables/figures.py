"""Sums of use that reports read instead of the daily rollup; forgetting them changes no figure."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Table, Text

from bursar.office.tables.common import metadata

usage_hour = Table(
    "usage_hour",
    metadata,
    Column("person", Text, primary_key=True),
    Column("unit", Text, primary_key=True),
    Column("hour", BigInteger, primary_key=True),
    Column("amount_nanos", BigInteger, nullable=False),
)
_COUNTED = ("requests", "input_tokens", "cached_tokens", "output_tokens")
_VALUED = ("amount", "list_nanos", "cost_nanos", "overage")

usage_person_day = Table(
    "usage_person_day",
    metadata,
    Column("day", BigInteger, primary_key=True, autoincrement=False),
    Column("unit", Text, primary_key=True),
    Column("person", Text, primary_key=True),
    *(Column(name, BigInteger, nullable=False) for name in (*_COUNTED, *_VALUED)),
    sqlite_with_rowid=False,
)
Index("usage_person_day_person", usage_person_day.c.person, usage_person_day.c.day)

usage_person_month = Table(
    "usage_person_month",
    metadata,
    # By the first day of the month.
    Column("month", BigInteger, primary_key=True, autoincrement=False),
    *(Column(name, Text, primary_key=True) for name in ("unit", "person", "provider", "model", "purpose")),
    *(Column(name, BigInteger, nullable=False) for name in (*_COUNTED, *_VALUED)),
    sqlite_with_rowid=False,
)

usage_house_day = Table(
    "usage_house_day",
    metadata,
    Column("day", BigInteger, primary_key=True, autoincrement=False),
    *(Column(name, Text, primary_key=True) for name in ("unit", "provider", "model", "purpose", "project")),
    *(Column(name, BigInteger, nullable=False) for name in _COUNTED),
    # A house's day of tokens may not fit 64 bits: in two parts, as `wide` puts them together.
    *(Column(f"{name}_{part}", BigInteger, nullable=False) for name in _VALUED for part in ("high", "low")),
    sqlite_with_rowid=False,
)
