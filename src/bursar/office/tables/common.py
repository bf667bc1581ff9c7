"""What the tables of every room are made with: their catalogue, and whose rows a connection sees."""

from __future__ import annotations

from sqlalchemy import MetaData, Text
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.expression import ColumnElement

from bursar.ledger import separation

metadata = MetaData()
DEFAULT_ORGANISATION = separation.ORGANISATION
"""The organisation that an installation is set up with, and the only one of a file."""


class _Ours(ColumnElement[str]):
    """Whose rows the connection sees, as an expression of SQL."""

    inherit_cache = True
    type = Text()


@compiles(_Ours)
def _in_a_file(*_: object, **__: object) -> str:
    return f"'{DEFAULT_ORGANISATION}'"


@compiles(_Ours, "postgresql")
def _of_the_connection(*_: object, **__: object) -> str:
    return f"current_setting('{separation.SETTING}')"


ORGANISATION: ColumnElement[str] = _Ours()

"""The connection's organisation, in statements. On PostgreSQL a table has further keys than are said here: the column
`organisation` is first in each of them, also where it is not named (see `bursar.ledger.separation`)."""
Whose = str | ColumnElement[str]
"""An organisation by its id, or the connection's."""
