"""Providers: where requests are relayed to, with which credential, and which provider serves which model.

Routing is a pure decision over the providers in order of priority: a name in front of the model (`groq/llama-3.3-70b`),
else a provider's model patterns, else the first provider of the dialect's own family.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import Connection, delete, func, insert, select, update

from bursar.errors import Conflict, InvalidInput, NotFound
from bursar.office.keyring.keys import PURPOSES, looks_like_key
from bursar.office.keyring.rates import check_rates
from bursar.office.tables import provider
from bursar.office.vault import Secret, Vault, adopt_master

KNOWN_BASE_URLS = {
    "openai": "https://api.openai.com",
    "anthropic": "https://api.anthropic.com",
    "google": "https://generativelanguage.googleapis.com",
    "groq": "https://api.groq.com/openai",
    "mistral": "https://api.mistral.ai",
    "deepseek": "https://api.deepseek.com",
    "openrouter": "https://openrouter.ai/api",
    "cerebras": "https://api.cerebras.ai",
    "x-ai": "https://api.x.ai",
    "together": "https://api.together.xyz",
    "fireworks": "https://api.fireworks.ai/inference",
    "moonshotai": "https://api.moonshot.ai",
}
FAMILY_KINDS = {"openai": "openai", "anthropic": "anthropic", "gemini": "google"}
"""The provider kind that serves a dialect family where nothing else says otherwise."""
MAX_PROVIDERS = 200
MAX_PATTERNS = 100
MAX_PATTERN_CHARS = 200
MAX_URL_CHARS = 2000
MAX_SECRET_CHARS = 4096
MAX_DEADLINE_SECONDS = 24 * 3600
MAX_PRIORITY = 1000
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")
_EXPECTED_NAME = "lower-case letters, digits, . _ -, at most 63"


@dataclass(frozen=True, slots=True)
class ProviderTerms:
    """How a provider is reached and what is routed to it."""

    kind: str
    """The price book's name of the provider: `openai`, `anthropic`, `google`, `groq`, ..."""
    base_url: str = ""
    """What precedes `/v1/...`; empty takes the public address of a known kind."""
    models: tuple[str, ...] = ()
    """Shell patterns of models routed here."""
    priority: int = 100
    """Among several that match, the lowest wins."""
    connect_seconds: int = 5
    first_byte_seconds: int = 600
    idle_seconds: int = 120
    purposes: tuple[str, ...] = ()
    """Of keys that may go there; empty admits every purpose."""
    requests_per_minute: int = 0
    """Of everybody together, on all nodes; 0: no limit. A change that names neither limit keeps both."""
    tokens_per_minute: int = 0


@dataclass(frozen=True, slots=True)
class Provider:
    """A provider as it is stored, its credential left out."""

    name: str
    terms: ProviderTerms
    has_secret: bool
    enabled: bool
    created: int


@dataclass(frozen=True, slots=True)
class Routed:
    """Where a request goes, and what the model is called there."""

    provider: Provider
    model: str = field(default="")


def route(providers: Iterable[Provider], family: str, model: str, *, by_name: bool = True) -> Routed | None:
    """The provider of a model asked for in a dialect family (`openai`, `anthropic`, `gemini`); None if there is none.

    `providers` in the order of `listed`. Without `by_name`, a slash in the model means nothing: for callers that relay
    the model's name as it was written.
    """
    enabled = [one for one in providers if one.enabled]
    prefix, slash, rest = model.partition("/")
    if by_name and slash and rest:
        for one in enabled:
            if one.name == prefix:
                return Routed(one, rest)
    if model:
        for one in enabled:
            if any(fnmatchcase(model, pattern) for pattern in one.terms.models):
                return Routed(one, model)
    kind = FAMILY_KINDS.get(family, family)
    return next((Routed(one, model) for one in enabled if one.terms.kind == kind), None)


def add(
    connection: Connection, vault: Vault, name: str, terms: ProviderTerms, *, secret: Secret | None = None, now: int
) -> Provider:
    """Store a new provider; its credential is sealed. The caller writes the audit line."""
    if not _NAME.fullmatch(name):
        raise InvalidInput("name", repr(name[:MAX_PATTERN_CHARS]), _EXPECTED_NAME)
    if connection.execute(select(provider.c.name).where(provider.c.name == name)).first():
        raise Conflict(f"there is a provider {name} already", "change that one, or choose another name")
    if connection.execute(select(func.count()).select_from(provider)).scalar_one() >= MAX_PROVIDERS:
        raise Conflict(f"there are {MAX_PROVIDERS} providers already", "remove one first")
    terms = checked(terms)
    sealed = _sealed(connection, vault, name, secret)
    connection.execute(insert(provider).values(name=name, created=now, enabled=1, secret=sealed, **_columns(terms)))
    return Provider(name, terms, bool(sealed), True, now)


def change(
    connection: Connection,
    vault: Vault,
    name: str,
    terms: ProviderTerms,
    *,
    secret: Secret | None = None,
    enabled: bool = True,
) -> Provider:
    """Give a provider other terms; without a new `secret` it keeps the one that it has, and so it does the purposes that
    may go there: whoever changes an address opens no wall by it."""
    known = named(connection, name)
    of = known.terms
    if not (terms.requests_per_minute or terms.tokens_per_minute):
        terms = replace(terms, requests_per_minute=of.requests_per_minute, tokens_per_minute=of.tokens_per_minute)
    terms = checked(replace(terms, purposes=terms.purposes or of.purposes))
    values: dict[str, Any] = {**_columns(terms), "enabled": int(enabled)}
    if secret is not None:
        values["secret"] = _sealed(connection, vault, name, secret)
    connection.execute(update(provider).where(provider.c.name == name).values(**values))
    has_secret = bool(secret) if secret is not None else known.has_secret
    return replace(known, terms=terms, has_secret=has_secret, enabled=enabled)


def set_enabled(connection: Connection, name: str, *, enabled: bool) -> Provider:
    """Stop relaying to a provider, or begin again; what is in flight ends as it began."""
    known = named(connection, name)
    connection.execute(update(provider).where(provider.c.name == name).values(enabled=int(enabled)))
    return replace(known, enabled=enabled)


def remove(connection: Connection, name: str) -> None:
    """Forget a provider and its credential; charges keep its name."""
    named(connection, name)
    connection.execute(delete(provider).where(provider.c.name == name))


def named(connection: Connection, name: str) -> Provider:
    """The provider of this name. Raises NotFound."""
    row = connection.execute(select(provider).where(provider.c.name == name)).first()
    if row is None:
        raise NotFound(
            f"there is no provider {name[:MAX_PATTERN_CHARS]!r}", "`bursar provider list` shows which there are"
        )
    return read(row)


def listed(connection: Connection) -> list[Provider]:
    """All providers in routing order: lowest priority number, then oldest, then by name."""
    order = (provider.c.priority, provider.c.created, provider.c.name)
    return [read(row) for row in connection.execute(select(provider).order_by(*order))]


def read(row: Any) -> Provider:
    """A provider from its row."""
    terms = ProviderTerms(
        kind=row.kind,
        base_url=row.base_url,
        models=tuple(json.loads(row.models)),
        priority=row.priority,
        connect_seconds=row.connect_seconds,
        first_byte_seconds=row.first_byte_seconds,
        idle_seconds=row.idle_seconds,
        purposes=tuple(json.loads(row.purposes)),
        requests_per_minute=row.requests_per_minute,
        tokens_per_minute=row.tokens_per_minute,
    )
    return Provider(row.name, terms, bool(row.secret), bool(row.enabled), row.created)


def checked(terms: ProviderTerms) -> ProviderTerms:
    """The terms with their base URL completed; raises InvalidInput naming the field."""
    if not _NAME.fullmatch(terms.kind):
        raise InvalidInput("kind", repr(terms.kind[:MAX_PATTERN_CHARS]), _EXPECTED_NAME)
    if len(terms.models) > MAX_PATTERNS:
        raise InvalidInput("model", f"{len(terms.models)} patterns", f"at most {MAX_PATTERNS}")
    for pattern in terms.models:
        if not pattern or len(pattern) > MAX_PATTERN_CHARS or not pattern.isprintable():
            raise InvalidInput(
                "model", repr(pattern[:40]), f"a shell pattern of at most {MAX_PATTERN_CHARS} characters"
            )
    wrong = next((one for one in terms.purposes if one not in PURPOSES), None)
    if wrong is not None:
        raise InvalidInput("purpose", repr(wrong[:40]), f"one of {', '.join(PURPOSES)}")
    check_rates(terms.requests_per_minute, terms.tokens_per_minute)
    if not 0 <= terms.priority <= MAX_PRIORITY:
        raise InvalidInput("priority", str(terms.priority), f"0 to {MAX_PRIORITY}, the lowest first")
    for name in ("connect_seconds", "first_byte_seconds", "idle_seconds"):
        if not 1 <= getattr(terms, name) <= MAX_DEADLINE_SECONDS:
            raise InvalidInput(name, str(getattr(terms, name)), f"1 to {MAX_DEADLINE_SECONDS} seconds")
    return replace(terms, base_url=_base_url(terms.base_url or KNOWN_BASE_URLS.get(terms.kind, "")))


def _base_url(text: str) -> str:
    expected = "http(s)://host[:port][/path], what precedes /v1/..., without a password"
    try:
        parts = urlsplit(text)
        port_fits = parts.port is None or parts.port > 0
    except ValueError:
        raise InvalidInput("base_url", "text that is not a URL", expected) from None
    if parts.username is not None or parts.password is not None or parts.query or parts.fragment:
        raise InvalidInput("base_url", "a URL with a user, query or fragment", expected)
    clean = text.isascii() and text.isprintable() and " " not in text and len(text) <= MAX_URL_CHARS
    if parts.scheme not in ("http", "https") or not parts.hostname or not port_fits or not clean:
        raise InvalidInput("base_url", repr(text[:MAX_PATTERN_CHARS]), expected)
    # The client's path brings the version.
    return text.rstrip("/").removesuffix("/v1").rstrip("/")


def _sealed(connection: Connection, vault: Vault, name: str, secret: Secret | None) -> bytes:
    if not secret:
        return b""
    text = secret.reveal()
    if looks_like_key(text):
        raise InvalidInput("secret", "an access key of Bursar", "the provider's own key")
    if len(text) > MAX_SECRET_CHARS or not text.isascii() or not text.isprintable() or " " in text:
        raise InvalidInput(
            "secret", f"{len(text)} characters", f"at most {MAX_SECRET_CHARS} that fit into a header, without spaces"
        )
    adopt_master(connection, vault)
    return vault.seal(secret, f"provider/{name}")


def _columns(terms: ProviderTerms) -> dict[str, Any]:
    return {
        "kind": terms.kind,
        "base_url": terms.base_url,
        "models": json.dumps(list(terms.models)),
        "priority": terms.priority,
        "connect_seconds": terms.connect_seconds,
        "first_byte_seconds": terms.first_byte_seconds,
        "idle_seconds": terms.idle_seconds,
        "purposes": json.dumps(list(terms.purposes)),
        "requests_per_minute": terms.requests_per_minute,
        "tokens_per_minute": terms.tokens_per_minute,
    }
