"""Changing providers: each change one transaction with its line in the audit log, and never a credential in either."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bursar.office.catalogue import providers
from bursar.office.catalogue.providers import Provider, ProviderTerms
from bursar.office.database import transaction
from bursar.office.vault import Secret

if TYPE_CHECKING:
    from bursar.office.desk import Desk


def add(desk: Desk, name: str, terms: ProviderTerms, secret: str = "") -> Provider:
    """Add a provider; gateways relay to it within a second. Raises InvalidInput, Conflict for a name that is taken."""
    with transaction(desk.engine) as connection:
        found = providers.add(connection, desk.vault, name, terms, secret=_secret(secret), now=desk.now())
        desk.note(connection, "provider.add", name, {**_told(found.terms), "secret": bool(secret)})
    return found


def change(desk: Desk, name: str, terms: ProviderTerms, secret: str = "") -> Provider:
    """Give a provider other terms; without a new secret it keeps the one that it has."""
    with transaction(desk.engine) as connection:
        before = providers.named(connection, name)
        found = providers.change(connection, desk.vault, name, terms, secret=_secret(secret), enabled=before.enabled)
        was, then = _told(before.terms), _told(found.terms)
        changed = {key: then[key] for key in then if then[key] != was[key]}
        if changed or secret:
            desk.note(connection, "provider.change", name, {**changed, "secret": bool(secret)})
    return found


def set_enabled(desk: Desk, name: str, *, enabled: bool) -> Provider:
    """Stop relaying to a provider, or begin again."""
    with transaction(desk.engine) as connection:
        found = providers.set_enabled(connection, name, enabled=enabled)
        desk.note(connection, "provider.enable" if enabled else "provider.disable", name, {})
    return found


def remove(desk: Desk, name: str) -> None:
    """Forget a provider and its credential; charges keep its name."""
    with transaction(desk.engine) as connection:
        providers.remove(connection, name)
        desk.note(connection, "provider.remove", name, {})


def _secret(text: str) -> Secret | None:
    return Secret(text) if text else None


def _told(terms: ProviderTerms) -> dict[str, object]:
    return {
        "kind": terms.kind,
        "base_url": terms.base_url,
        "models": list(terms.models),
        "priority": terms.priority,
        "connect_seconds": terms.connect_seconds,
        "first_byte_seconds": terms.first_byte_seconds,
        "idle_seconds": terms.idle_seconds,
    }
