"""Prices in the database: each version pinned with its snapshot and overlays, so that any charge can be recomputed."""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, insert, select

from bursar.errors import NotFound
from bursar.office.tables import price_overlay, price_snapshot, price_version
from bursar.prices import PriceBook, Snapshot, digest, list_prices, read_overlay


def pin(connection: Connection, now: int) -> str:
    """Pin the packaged list prices and the overlays in force; returns the version's identity."""
    snapshot = list_prices()
    name = digest(snapshot)
    if connection.execute(select(price_snapshot.c.digest).where(price_snapshot.c.digest == name)).first() is None:
        packed = zlib.compress(json.dumps(snapshot, separators=(",", ":")).encode(), 9)
        connection.execute(
            insert(price_snapshot).values(digest=name, source=snapshot["source"], document=packed, created=now)
        )
    documents = _overlays(connection)
    version = PriceBook(snapshot, documents).version
    if connection.execute(select(price_version.c.version).where(price_version.c.version == version)).first() is None:
        connection.execute(
            insert(price_version).values(version=version, snapshot=name, overlays=json.dumps(documents), created=now)
        )
    return version


def add_overlay(connection: Connection, document: dict[str, Any], now: int) -> str:
    """Lay one more document over the list prices; returns the new version."""
    read_overlay(document)
    connection.execute(insert(price_overlay).values(document=json.dumps(document, sort_keys=True), created=now))
    return pin(connection, now)


def current_book(connection: Connection, *, unknown: str = "refuse", more: Sequence[dict[str, Any]] = ()) -> PriceBook:
    """The newest pinned version, with `more` overlays on top of its own."""
    row = connection.execute(
        select(price_version).order_by(price_version.c.created.desc(), price_version.c.version).limit(1)
    ).first()
    if row is None:
        raise NotFound("no prices are pinned in this database", "run `bursar init`")
    return PriceBook(snapshot_named(connection, row.snapshot), [*json.loads(row.overlays), *more], unknown=unknown)


def book_of(connection: Connection, version: str, *, unknown: str = "refuse") -> PriceBook:
    """The price book that a charge names."""
    row = connection.execute(select(price_version).where(price_version.c.version == version)).first()
    if row is None:
        raise NotFound(f"price book version {version} is not in this database")
    return PriceBook(snapshot_named(connection, row.snapshot), json.loads(row.overlays), unknown=unknown)


def snapshot_named(connection: Connection, name: str) -> Snapshot:
    """A pinned snapshot of list prices by its digest."""
    packed = connection.execute(select(price_snapshot.c.document).where(price_snapshot.c.digest == name)).scalar_one()
    snapshot: Snapshot = json.loads(zlib.decompress(packed))
    return snapshot


def _overlays(connection: Connection) -> list[dict[str, Any]]:
    rows = connection.execute(select(price_overlay.c.document).order_by(price_overlay.c.id))
    return [json.loads(row.document) for row in rows]
