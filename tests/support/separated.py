"""The tables as PostgreSQL has them: those of the code, with the organisation first in every key."""

from __future__ import annotations

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Index,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
)

FIRST = "organisation"
EVERYBODYS = (FIRST, "schema_floor")
"""Not put apart: the list of organisations itself, and which releases may serve the schema."""


def separated(metadata: MetaData) -> MetaData:
    """A copy of these tables with the column and the keys that `bursar.ledger.separation` gives them."""
    found = MetaData()
    for table in metadata.sorted_tables:
        if table.name in EVERYBODYS:
            table.to_metadata(found)
            continue
        columns = [Column(one.name, one.type, nullable=one.nullable) for one in table.columns]
        if FIRST not in table.columns:
            columns.append(Column(FIRST, Text, nullable=False))
        made = Table(table.name, found, *columns)
        for one in table.constraints:
            match one:
                case PrimaryKeyConstraint():
                    made.append_constraint(PrimaryKeyConstraint(*_first(list(one.columns.keys()))))
                case UniqueConstraint():
                    made.append_constraint(UniqueConstraint(*_first(list(one.columns.keys())), name=one.name))
                case ForeignKeyConstraint():
                    theirs = [element.target_fullname for element in one.elements]
                    mine = list(one.column_keys)
                    if FIRST not in mine:
                        mine, theirs = [FIRST, *mine], [f"{theirs[0].partition('.')[0]}.{FIRST}", *theirs]
                    made.append_constraint(ForeignKeyConstraint(mine, theirs))
                case CheckConstraint():
                    made.append_constraint(CheckConstraint(str(one.sqltext), name=one.name))
        for index in table.indexes:
            where = index.dialect_options["postgresql"]["where"]
            names = _first([column.name for column in index.columns])
            Index(index.name, *(made.c[name] for name in names), unique=index.unique, postgresql_where=where)
    return found


def _first(names: list[str]) -> list[str]:
    return names if names[0] == FIRST else [FIRST, *(name for name in names if name != FIRST)]
