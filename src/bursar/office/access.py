"""Access keys and providers: issue, list, revoke; add, list."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import Connection, insert, select, update

from bursar.errors import Conflict, InvalidInput, NotFound
from bursar.office.tables import access_key, person, provider
from bursar.office.tokens import fingerprint, hint, make_token
from bursar.office.vault import Vault

KNOWN_PROVIDERS = {
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
MAX_PATTERNS = 100
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")


def issue(
    connection: Connection,
    vault: Vault,
    *,
    person_id: str,
    new_id: str,
    entropy: bytes,
    label: str,
    purpose: str,
    project: str,
    models: tuple[str, ...],
    cap_nanos: int,
    expires: int,
    now: int,
) -> str:
    """Store a new key and return it, the only time that it is seen."""
    if purpose not in ("work", "personal"):
        raise InvalidInput("purpose", repr(purpose), "work or personal")
    if len(models) > MAX_PATTERNS:
        raise InvalidInput("model", f"{len(models)} patterns", f"at most {MAX_PATTERNS}")
    if expires and expires <= now:
        raise InvalidInput("expires", "an instant that has passed", "a later one")
    token = make_token(entropy)
    connection.execute(
        insert(access_key).values(
            id=new_id,
            person=person_id,
            hmac=fingerprint(token, vault.derive("access keys")),
            hint=hint(token),
            label=label,
            purpose=purpose,
            project=project,
            models=json.dumps(list(models)),
            cap_nanos=cap_nanos,
            expires=expires,
            created=now,
        )
    )
    return token


def keys(connection: Connection, person_id: str, now: int) -> list[dict[str, Any]]:
    """Keys of one person, or of everyone for an empty id; never the secret."""
    query = select(access_key, person.c.handle).join(person, person.c.id == access_key.c.person)
    if person_id:
        query = query.where(access_key.c.person == person_id)
    return [
        {
            "id": row.id,
            "hint": row.hint,
            "person": row.handle,
            "label": row.label,
            "purpose": row.purpose,
            "project": row.project,
            "models": json.loads(row.models),
            "cap_nanos": row.cap_nanos,
            "expires_micros": row.expires,
            "created_micros": row.created,
            "state": "revoked" if row.revoked else "expired" if row.expires and row.expires <= now else "live",
        }
        for row in connection.execute(query.order_by(access_key.c.created))
    ]


def revoke(connection: Connection, key_id: str, now: int) -> None:
    row = connection.execute(select(access_key.c.revoked).where(access_key.c.id == key_id)).first()
    if row is None:
        raise NotFound(f"there is no key {key_id!r}", "`bursar key list` shows which there are")
    if row.revoked:
        raise Conflict(f"key {key_id} is revoked already")
    connection.execute(update(access_key).where(access_key.c.id == key_id).values(revoked=now))


def add_provider(
    connection: Connection,
    vault: Vault,
    *,
    name: str,
    kind: str,
    base_url: str,
    secret: str,
    models: tuple[str, ...],
    now: int,
) -> dict[str, Any]:
    """Add a provider, or change the one of that name."""
    if not _NAME.fullmatch(name):
        raise InvalidInput("name", repr(name), "lower-case letters, digits, . _ -, at most 63")
    kind = kind or name
    base_url = (base_url or KNOWN_PROVIDERS.get(kind, "")).rstrip("/")
    parts = urlsplit(base_url)
    if parts.scheme not in ("http", "https") or not parts.netloc or parts.query or parts.username:
        raise InvalidInput("base_url", repr(base_url), "http(s)://host[:port][/path], what precedes /v1/...")
    if parts.path.endswith("/v1"):
        base_url = base_url.removesuffix("/v1")  # the client's path brings the version
    values = {
        "kind": kind,
        "base_url": base_url,
        "secret": vault.seal(secret, f"provider/{name}") if secret else b"",
        "models": json.dumps(list(models)),
        "enabled": 1,
    }
    if connection.execute(select(provider.c.name).where(provider.c.name == name)).first():
        connection.execute(update(provider).where(provider.c.name == name).values(**values))
    else:
        connection.execute(insert(provider).values(name=name, created=now, **values))
    return {"name": name, "kind": kind, "base_url": base_url, "models": list(models)}


def providers(connection: Connection) -> list[dict[str, Any]]:
    return [
        {
            "name": row.name,
            "kind": row.kind,
            "base_url": row.base_url,
            "models": json.loads(row.models),
            "secret": "encrypted" if row.secret else "none",
            "state": "enabled" if row.enabled else "disabled",
        }
        for row in connection.execute(select(provider).order_by(provider.c.created))
    ]
