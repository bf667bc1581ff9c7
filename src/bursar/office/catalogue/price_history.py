"""Prices in force and how they came to be: versions with what each changed, the rates of a model, contract rates.

A version is a snapshot of list prices with what the organisation lays over it; both are pinned for ever. What is laid over
is told in a sentence; contract rates only to whoever may see them.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from threading import Lock
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, select

from bursar.errors import NotFound
from bursar.office.catalogue import pricing, rates
from bursar.office.database import reading
from bursar.office.tables import price_snapshot, price_version
from bursar.prices import PriceBook, Snapshot

if TYPE_CHECKING:
    from bursar.office.desk import Desk

CONFIDENTIAL = ("discount", "contract")
"""Kinds of what is laid over that say what the organisation pays, not what people are charged."""
MOST_MODELS = 50
MOST_CHANGES = 200


@dataclass(frozen=True, slots=True)
class Version:
    """A version of the price book; `added` is what was laid over since the one before."""

    version: str
    created: int
    source: str
    snapshot_changed: bool
    added: tuple[Mapping[str, Any], ...]
    in_force: bool


@dataclass(frozen=True, slots=True)
class Rates:
    """What a model costs for each kind of token, USD per million."""

    provider: str
    model: str
    what: str
    list: str
    cost: str
    note: str


@dataclass(frozen=True, slots=True)
class Changed:
    """A model whose list price differs between two snapshots."""

    provider: str
    model: str
    how: str
    """`new`, `gone`, or `changed`."""


_books: dict[str, PriceBook] = {}
_lock = Lock()
MAX_BOOKS = 8


def versions(connection: Connection) -> list[Version]:
    """Every version, the newest first."""
    query = (
        select(price_version, price_snapshot.c.source)
        .join(price_snapshot, price_snapshot.c.digest == price_version.c.snapshot)
        .order_by(price_version.c.created, price_version.c.version)
    )
    rows = connection.execute(query).all()
    newest = max(rows, key=lambda row: (row.created, _backwards(row.version)), default=None)
    found = []
    before: Any = None
    for row in rows:
        laid = json.loads(row.overlays)
        known = [] if before is None else json.loads(before.overlays)
        added = laid[len(known) :] if laid[: len(known)] == known else laid
        changed = before is None or before.snapshot != row.snapshot
        found.append(Version(row.version, row.created, row.source, changed, tuple(added), row is newest))
        before = row
    return found[::-1]


def in_force(connection: Connection) -> list[Mapping[str, Any]]:
    """Everything that is laid over the list prices now, the newest first: of several that match, it counts."""
    row = connection.execute(_newest()).first()
    return [] if row is None else list(reversed(json.loads(row.overlays)))


def book(connection: Connection) -> PriceBook:
    """The price book in force, compiled once for as long as it is."""
    row = connection.execute(_newest()).first()
    if row is None:
        raise NotFound("no prices are pinned in this database", "run `bursar init`")
    with _lock:
        known = _books.get(row.version)
    if known is None:
        known = pricing.book_of(connection, row.version)
        with _lock:
            if len(_books) >= MAX_BOOKS:
                _books.clear()
            _books[row.version] = known
    return known


def rates_of(desk: Desk, text: str, at: int, kinds: Collection[str] = (), *, exact: bool = False) -> list[Rates]:
    """The rates of every model that a text means or that holds it, at most `MOST_MODELS` models, of some kinds of
    provider or of all; `exact`: of the model of that very name alone, where there is one."""
    with reading(desk.engine) as connection:
        found = book(connection)
    named = [one for one in dict.fromkeys(found.search(text)) if not kinds or one[0] in kinds]
    if exact:
        named = [one for one in named if one[1] == text] or named[:1]
    rows: list[Rates] = []
    for kind, model in named[:MOST_MODELS]:
        tariff = found.tariff(kind, model, at)
        if tariff is not None:
            rows += [Rates(**one) for one in rates.rows_of(kind, model, tariff)]
    return rows


def changes(connection: Connection, version: str) -> list[Changed]:
    """Models whose list price changed with a version, against the version before it; none where the snapshot is the same."""
    every = versions(connection)
    place = next((number for number, one in enumerate(every) if one.version == version), None)
    if place is None:
        raise NotFound(f"price book version {version[:40]} is not in this database")
    if place + 1 == len(every) or not every[place].snapshot_changed:
        return []
    return compared(_snapshot(connection, every[place + 1].version), _snapshot(connection, version))


def compared(before: Snapshot, after: Snapshot) -> list[Changed]:
    """Pure: which models are new, gone or changed from one snapshot to another, at most `MOST_CHANGES`."""
    old, new = _models(before), _models(after)
    found = [
        Changed(*key, "new" if key not in old else "gone" if key not in new else "changed")
        for key in sorted({*old, *new})
        if old.get(key) != new.get(key)
    ]
    return found[:MOST_CHANGES]


def sentence(document: Mapping[str, Any]) -> str:
    """What is laid over, in words."""
    where = f"{document['provider']} {document['model']}"
    match document["kind"]:
        case "discount":
            said = f"{where} costs us {Decimal(document.get('basis_points', 0)) / 100:f}% less than list"
        case "contract":
            said = f"{where} costs us {_in_words(document['cost'])}"
        case "own":
            said = f"{where} is charged at {_in_words(document['list'])}"
            if "cost" in document:
                said += f" and costs us {_in_words(document['cost'])}"
        case _:
            said = f"{where} is charged at {_in_words(document['list'])} where no price is known"
    if document.get("from"):
        said += f", from {document['from']}"
    if document.get("until"):
        said += f", until {document['until']}"
    return said


def public_sentence(document: Mapping[str, Any]) -> str:
    """The same for whoever may not see what the organisation pays."""
    if document["kind"] in CONFIDENTIAL:
        return f"a contract rate of {document['provider']}"
    return sentence({key: value for key, value in document.items() if key != "cost"})


def _in_words(priced: Mapping[str, Any]) -> str:
    return f"${priced['input']} in and ${priced['output']} out per million tokens"


def _newest() -> Any:
    return select(price_version).order_by(price_version.c.created.desc(), price_version.c.version).limit(1)


def _backwards(text: str) -> tuple[int, ...]:
    """Sorts texts the other way round: of two versions of one instant, the first by name is in force."""
    return tuple(-ord(one) for one in text)


def _snapshot(connection: Connection, version: str) -> Snapshot:
    name = connection.execute(select(price_version.c.snapshot).where(price_version.c.version == version)).scalar_one()
    return pricing.snapshot_named(connection, name)


def _models(snapshot: Snapshot) -> dict[tuple[str, str], Any]:
    return {
        (provider["id"], one["id"]): (one["prices"], one.get("variants"))
        for provider in snapshot["providers"]
        for one in provider["models"]
    }
