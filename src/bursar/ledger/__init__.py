"""The ledger of lots: what was promised, held, spent, expired, and by which rule; see README.md in this folder.

`rules` decides, `session` loads and writes, `writer` gathers; `SqliteStore` and `PostgresStore` are the engines.
"""

from bursar.ledger.commands import (
    Abandon,
    Answer,
    Applied,
    Charge,
    Command,
    Correct,
    Reduce,
    Refused,
    Rejected,
    Release,
    Revoke,
    Roll,
    Settle,
    TakeHold,
    Tidy,
    Void,
)
from bursar.ledger.journal import Anchor
from bursar.ledger.separation import ORGANISATION, alone
from bursar.ledger.sqlite import SqliteStore
from bursar.ledger.store import Store, StoreUnavailable
from bursar.ledger.upkeep import make_months, recover, sweep
from bursar.ledger.values import NEVER, OPEN_SCOPE, LotTerms, Request, Rollover, Scope, Usage
from bursar.ledger.writer import Saturated, Writer, apply_now


def open_store(url: str, organisation: str = ORGANISATION) -> Store:
    """Open an organisation's ledger at a database URL: `sqlite:///path`, a path, or `postgresql://...`.

    Raises InvalidInput for a name that is none, and for another organisation than the one that a file holds.
    """
    if url.startswith(("postgresql:", "postgres:", "postgresql+psycopg:")):
        from bursar.ledger.postgres import PostgresStore

        return PostgresStore(url.replace("postgresql+psycopg:", "postgresql:"), organisation)
    alone(organisation)
    return SqliteStore(url.removeprefix("sqlite:///"))


__all__ = [
    "NEVER",
    "OPEN_SCOPE",
    "Abandon",
    "Anchor",
    "Answer",
    "Applied",
    "Charge",
    "Command",
    "Correct",
    "LotTerms",
    "Reduce",
    "Refused",
    "Rejected",
    "Release",
    "Request",
    "Revoke",
    "Roll",
    "Rollover",
    "Saturated",
    "Scope",
    "Settle",
    "SqliteStore",
    "Store",
    "StoreUnavailable",
    "TakeHold",
    "Tidy",
    "Usage",
    "Void",
    "Writer",
    "apply_now",
    "make_months",
    "open_store",
    "recover",
    "sweep",
]
