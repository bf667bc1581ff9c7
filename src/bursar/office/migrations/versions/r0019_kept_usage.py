"""Sums of whole days of use, by person and for the house: what reports about months read instead of the daily rollup."""

from __future__ import annotations

from alembic import op
from sqlalchemy import BigInteger, Column, MetaData, Table, Text

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_metadata = MetaData()
_COUNTS = ("requests", "input_tokens", "cached_tokens", "output_tokens")
_AMOUNTS = ("amount", "list_nanos", "cost_nanos", "overage")


def _number(name: str) -> Column[int]:
    return Column(name, BigInteger, nullable=False)


usage_person_day = Table(
    "usage_person_day",
    _metadata,
    Column("day", BigInteger, primary_key=True, autoincrement=False),
    Column("unit", Text, primary_key=True),
    Column("person", Text, primary_key=True),
    *(_number(name) for name in (*_COUNTS, *_AMOUNTS)),
    sqlite_with_rowid=False,
)
usage_house_day = Table(
    "usage_house_day",
    _metadata,
    Column("day", BigInteger, primary_key=True, autoincrement=False),
    *(Column(name, Text, primary_key=True) for name in ("unit", "provider", "model", "purpose", "project")),
    *(_number(name) for name in _COUNTS),
    *(_number(f"{name}_{part}") for name in _AMOUNTS for part in ("high", "low")),
    sqlite_with_rowid=False,
)


def upgrade() -> None:
    _metadata.create_all(op.get_bind())
