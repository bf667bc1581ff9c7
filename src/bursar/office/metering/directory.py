"""The gateway's memory of the control plane: keys, providers, prices, refreshed when the version row moves.

One cheap read every half second tells whether anything changed anywhere, so a revoked key is dead within a second on
every node, and a request never waits for the database. What was read is one immutable view, exchanged whole: a request
sees the old or the new one, also if `refresh` runs in another thread.
"""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import Connection, Engine, select

from bursar.errors import BursarError, Conflict
from bursar.gateway.directory import KeyRecord, ProviderRecord
from bursar.gateway.rates import Rate
from bursar.office.catalogue import pricing, providers
from bursar.office.database import reading
from bursar.office.keyring.tokens import TOKEN_CHARS, fingerprint
from bursar.office.tables import access_key, control_version, person, price_version, provider
from bursar.office.vault import Secret, Vault, check_master, kernel, peppers
from bursar.office.workforce.people import last_instant
from bursar.prices import PriceBook, Tariff

log = logging.getLogger("bursar.directory")

_NOT_ROUTED: Any = object()
ROUTES_KEPT = 4096
"""Models whose way is remembered: clients may ask for any name."""
NEVER_READ = -1


@dataclass(frozen=True, slots=True)
class View:
    """Everything that the gateway asks for, as it was at one version of the control plane."""

    version: int = NEVER_READ
    keys: dict[str, KeyRecord] = field(default_factory=dict, repr=False)
    """By fingerprint."""
    live: dict[str, KeyRecord] = field(default_factory=dict, repr=False)
    """By key id."""
    peppers: tuple[bytes, ...] = field(default=(), repr=False)
    providers: tuple[providers.Provider, ...] = ()
    records: dict[str, ProviderRecord] = field(default_factory=dict)
    secrets: dict[bytes, Secret] = field(default_factory=dict, repr=False)
    """Opened credentials by what stays of them when the master key is exchanged."""
    book: PriceBook | None = field(default=None, repr=False)
    routed: dict[tuple[str, str], ProviderRecord | None] = field(default_factory=dict, repr=False)
    """Where models asked for in a dialect go: found once in a view."""


class LiveDirectory:
    """Implements the gateway's `Directory`; call `refresh()` from a poll."""

    def __init__(self, engine: Engine, vault: Vault, *, unknown_model: str = "refuse") -> None:
        """Raises Conflict if the master key is not the database's or a credential does not open."""
        self._engine = engine
        self._vault = vault
        self._unknown = unknown_model
        self._view = View()
        with reading(engine) as connection:
            check_master(connection, vault)
        self.refresh()

    def refresh(self) -> bool:
        """Read the tables again if anything changed; true if so. Raises Unavailable, and then keeps what it knows."""
        with reading(self._engine) as connection:
            # Read first: what commits after this line shows in the next refresh, if it did not already in this one.
            version = connection.execute(select(control_version.c.version)).scalar_one()
            if version == self._view.version:
                return False
            self._view = self._read(connection, version)
        return True

    def authenticate(self, token: str, now: int) -> KeyRecord | None:
        if len(token) != TOKEN_CHARS:
            return None
        view = self._view
        for pepper in view.peppers:
            # The look-up is by a keyed hash, so its timing says nothing about the key itself.
            record = view.keys.get(fingerprint(token, pepper))
            if record is not None:
                return record if _is_open(record, now) else None
        return None

    def is_live(self, key_id: str, now: int) -> bool:
        record = self._view.live.get(key_id)
        return record is not None and _is_open(record, now)

    def provider_for(self, dialect: str, model: str) -> ProviderRecord | None:
        view = self._view
        known: ProviderRecord | None = view.routed.get((dialect, model), _NOT_ROUTED)
        if known is not _NOT_ROUTED:
            return known
        # The gateway relays the model's name as the client wrote it, so a provider's name in front of it cannot route.
        routed = providers.route(view.providers, dialect, model, by_name=False)
        found = None if routed is None else view.records[routed.provider.name]
        if len(view.routed) >= ROUTES_KEPT:
            view.routed.clear()
        view.routed[(dialect, model)] = found
        return found

    def provider_named(self, name: str) -> ProviderRecord | None:
        return self._view.records.get(name)

    def tariff(self, provider: ProviderRecord, model: str, now: int, service_tier: str) -> Tariff | None:
        book = self._view.book
        return None if book is None else book.tariff(provider.kind, model, now, service_tier)

    def price_version(self) -> str:
        book = self._view.book
        return "" if book is None else book.version

    def _read(self, connection: Connection, version: int) -> View:
        """A new view. Only what cannot be read is kept from before: keys are never held back by a fault elsewhere."""
        before = self._view
        first = before.version == NEVER_READ
        found_peppers = self._or_before(first, before.peppers, lambda: peppers(connection, self._vault))
        keys, live = _keys(connection)
        enabled, records, opened = self._providers(connection, before, first)
        book = self._or_before(first, before.book, lambda: self._book(connection))
        return View(version, keys, live, found_peppers, enabled, records, opened, book)

    def _providers(
        self, connection: Connection, before: View, first: bool
    ) -> tuple[tuple[providers.Provider, ...], dict[str, ProviderRecord], dict[bytes, Secret]]:
        order = (provider.c.priority, provider.c.created, provider.c.name)
        rows = connection.execute(select(provider).where(provider.c.enabled == 1).order_by(*order)).all()
        enabled, records, opened = [], {}, {}
        for row in rows:
            inner = kernel(row.secret)
            secret = before.secrets.get(inner)
            if secret is None:
                try:
                    secret = self._vault.open(row.secret, f"provider/{row.name}")
                except Conflict as error:
                    if first:
                        raise
                    log.error("provider %s is left out: %s", row.name, error.sentence)
                    continue
            one = providers.read(row)
            enabled.append(one)
            opened[inner] = secret
            records[one.name] = _record(one, secret)
        return tuple(enabled), records, opened

    def _book(self, connection: Connection) -> PriceBook:
        newest = select(price_version.c.version).order_by(price_version.c.created.desc(), price_version.c.version)
        known = self._view.book
        if known is not None and connection.execute(newest.limit(1)).scalar_one_or_none() == known.version:
            return known
        return pricing.current_book(connection, unknown=self._unknown)

    def _or_before(self, first: bool, before: Any, read: Any) -> Any:
        try:
            return read()
        except BursarError as error:
            if first:
                raise
            log.error("the last known state stays in force: %s", error.sentence)
            return before


def _is_open(record: KeyRecord, now: int) -> bool:
    return not (record.expires_at and now >= record.expires_at)


def _record(one: providers.Provider, secret: Secret) -> ProviderRecord:
    return ProviderRecord(
        name=one.name,
        kind=one.terms.kind,
        base_url=one.terms.base_url,
        secret=secret.reveal(),
        connect_seconds=one.terms.connect_seconds,
        first_byte_seconds=one.terms.first_byte_seconds,
        idle_seconds=one.terms.idle_seconds,
        purposes=one.terms.purposes,
        rate=_rate(one.terms.requests_per_minute, one.terms.tokens_per_minute),
    )


def _rate(requests: int, tokens: int) -> Rate | None:
    return Rate(requests, tokens) if requests or tokens else None


def _keys(connection: Connection) -> tuple[dict[str, KeyRecord], dict[str, KeyRecord]]:
    # Two plain reads, joined here: without statistics, just after an import, a planner may join them in quadratic time.
    # Rows are taken apart by position: this is done for every key of the house whenever anything changes.
    holders = _holders(connection)
    keys, live = {}, {}
    rows = connection.execute(
        select(*_KEY_COLUMNS).where(access_key.c.revoked == 0, access_key.c.paused == 0)
    ).fetchall()
    above = {key_id: expires for key_id, _, _, _, expires, parent, *_ in rows if not parent}
    for key_id, holder_id, hmac, previous, expires, parent, models, requests, tokens, until, *words, cap in rows:
        holder = holders.get(holder_id)
        if holder is None or (parent and parent not in above):  # a key under one that is not live is not either
            continue
        handle, last = holder
        if last or parent:
            expires = _earliest(expires, above.get(parent, 0), last)
        purpose, project, label = words
        allowed = () if models == "[]" else tuple(json.loads(models))
        pace = None if not requests and not tokens else Rate(requests, tokens)
        record = KeyRecord(key_id, holder_id, handle, purpose, project, allowed, cap, expires, label, pace)
        keys[hmac] = live[key_id] = record
        if previous:
            keys[previous] = replace(record, expires_at=_earliest(expires, until))
    return keys, live


_key = access_key.c
_KEY_COLUMNS = (
    _key.id, _key.person, _key.hmac, _key.previous_hmac, _key.expires, _key.parent, _key.models, _key.requests_per_minute,
    _key.tokens_per_minute, _key.previous_until, _key.purpose, _key.project, _key.label, _key.cap_nanos,
)  # fmt: skip


def _holders(connection: Connection) -> dict[str, tuple[str, int]]:
    """Who may spend, by id: handle and the end of the last day."""
    columns = (person.c.id, person.c.handle, person.c.leave_date, person.c.zone)
    found = {}
    for person_id, handle, leaves, zone in connection.execute(
        select(*columns).where(person.c.status == "active")
    ).fetchall():
        try:
            found[person_id] = (handle, last_instant(leaves, zone) if leaves else 0)
        except ValueError as error:
            log.error("keys of %s are refused: %s", handle, error)
    return found


def _earliest(*instants: int) -> int:
    return min((instant for instant in instants if instant), default=0)
