"""The gateway's memory of the control plane: keys, providers, prices, refreshed when the version row moves.

One cheap read every half second tells whether anything changed anywhere, so a revoked key is dead within a second on
every node, and a request never waits for the database.
"""

from __future__ import annotations

import json
from fnmatch import fnmatchcase

from sqlalchemy import Engine, select

from bursar.gateway.directory import KeyRecord, ProviderRecord
from bursar.office import pricing
from bursar.office.tables import access_key, control_version, person, provider
from bursar.office.tokens import fingerprint, is_well_formed
from bursar.office.vault import Vault
from bursar.prices import PriceBook, Tariff

FAMILY_KINDS = {"openai": "openai", "anthropic": "anthropic", "gemini": "google"}
"""The provider kind that serves a dialect where no pattern says otherwise."""


class LiveDirectory:
    """Implements the gateway's `Directory`; call `refresh()` from a poll."""

    def __init__(self, engine: Engine, vault: Vault, *, unknown_model: str = "refuse") -> None:
        self._engine = engine
        self._vault = vault
        self._unknown = unknown_model
        self._pepper = vault.derive("access keys")
        self._version = -1
        self._keys: dict[str, KeyRecord] = {}
        self._live: dict[str, KeyRecord] = {}
        self._providers: dict[str, ProviderRecord] = {}
        self._patterns: list[tuple[str, ProviderRecord]] = []
        self._book = PriceBook({"format": 1, "units": {}, "providers": []})
        self.refresh()

    def refresh(self) -> bool:
        """Read the tables again if anything changed; true if so."""
        with self._engine.connect() as connection:
            version = connection.execute(select(control_version.c.version)).scalar_one()
            if version == self._version:
                return False
            keys = connection.execute(
                select(access_key, person.c.handle)
                .join(person, person.c.id == access_key.c.person)
                .where(access_key.c.revoked == 0, person.c.status == "active")
            ).all()
            providers = connection.execute(
                select(provider).where(provider.c.enabled == 1).order_by(provider.c.created)
            ).all()
            book = pricing.current_book(connection, unknown=self._unknown)
        self._keys = {
            row.hmac: KeyRecord(
                key_id=row.id,
                person_id=row.person,
                person=row.handle,
                purpose=row.purpose,
                project=row.project,
                models=tuple(json.loads(row.models)),
                cap_nanos=row.cap_nanos,
                expires_at=row.expires,
                label=row.label,
            )
            for row in keys
        }
        self._live = {record.key_id: record for record in self._keys.values()}
        self._providers, self._patterns = {}, []
        for row in providers:
            record = ProviderRecord(
                name=row.name,
                kind=row.kind,
                base_url=row.base_url,
                secret=self._vault.open(row.secret, f"provider/{row.name}"),
                connect_seconds=row.connect_seconds,
                first_byte_seconds=row.first_byte_seconds,
                idle_seconds=row.idle_seconds,
            )
            self._providers[row.name] = record
            self._patterns += [(pattern, record) for pattern in json.loads(row.models)]
        self._book = book
        self._version = version
        return True

    def authenticate(self, token: str, now: int) -> KeyRecord | None:
        if not is_well_formed(token):
            return None
        wanted = fingerprint(token, self._pepper)
        record = self._keys.get(wanted)
        # The look-up is by a keyed hash, so its timing says nothing about the key itself.
        if record is None or (record.expires_at and now >= record.expires_at):
            return None
        return record

    def is_live(self, key_id: str, now: int) -> bool:
        record = self._live.get(key_id)
        return record is not None and not (record.expires_at and now >= record.expires_at)

    def provider_for(self, dialect: str, model: str) -> ProviderRecord | None:
        for pattern, record in self._patterns:
            if model and fnmatchcase(model, pattern):
                return record
        kind = FAMILY_KINDS.get(dialect, dialect)
        return next((record for record in self._providers.values() if record.kind == kind), None)

    def provider_named(self, name: str) -> ProviderRecord | None:
        return self._providers.get(name)

    def tariff(self, provider: ProviderRecord, model: str, now: int, service_tier: str) -> Tariff | None:
        return self._book.tariff(provider.kind, model, now, service_tier)

    def price_version(self) -> str:
        return self._book.version
