"""Where clients put their key, and where providers want theirs."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import unquote_plus


def credentials(path: str, query: str, headers: Mapping[str, str]) -> tuple[str, str]:
    """The client's key (empty if there is none) and the query without it; `headers` has lower-case names."""
    token = ""
    scheme, _, rest = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        token = rest.strip()
    for name in ("x-api-key", "x-goog-api-key", "api-key"):
        token = token or headers.get(name, "").strip()
    if "key=" in query:
        kept = []
        for part in query.split("&"):
            if part.startswith("key="):
                token = token or unquote_plus(part[4:])
            else:
                kept.append(part)
        query = "&".join(kept)
    return token, query


def authenticate_upstream(dialect: str, secret: str) -> dict[str, str]:
    """The provider's own header with the provider's own key."""
    if not secret:
        return {}
    if dialect.startswith("anthropic"):
        return {"x-api-key": secret}
    if dialect.startswith("gemini"):
        return {"Authorization": secret} if secret.startswith("Bearer ") else {"x-goog-api-key": secret}
    return {"Authorization": f"Bearer {secret}"}
