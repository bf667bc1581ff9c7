"""Where clients put their key, and where providers want theirs."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import unquote_plus

OWN_PREFIX = "bur_"
"""What our keys begin with: where a client sends two credentials, ours is the one that begins so."""
KEY_HEADERS = ("x-api-key", "x-goog-api-key", "api-key")
QUERY_NAMES = frozenset({"key", "api_key", "api-key", "access_token", "oauth_token"})
"""Query parameters that carry a credential; all of them are taken out."""


def credentials(path: str, query: str, headers: Mapping[str, str]) -> tuple[str, str]:
    """The client's key (empty if there is none) and the query without it; `headers` has lower-case names.

    In the order Bearer, `x-api-key`, `x-goog-api-key`, `api-key`, `?key=`; one of ours goes before any other.
    """
    found = []
    scheme, _, rest = headers.get("authorization", "").strip().partition(" ")
    if scheme.lower() == "bearer":
        found.append(rest.strip())
    found += [headers[name].strip() for name in KEY_HEADERS if name in headers]
    if "=" in query:
        kept = []
        for part in query.split("&"):
            name, _, value = part.partition("=")
            if unquote_plus(name).lower() in QUERY_NAMES:
                found.append(unquote_plus(value).strip())
            else:
                kept.append(part)
        query = "&".join(kept)
    found = [one for one in found if one]
    own = next((one for one in found if one.startswith(OWN_PREFIX)), "")
    return own or (found[0] if found else ""), query


def authenticate_upstream(dialect: str, secret: str) -> dict[str, str]:
    """The provider's own header with the provider's own key.

    A secret that begins with `Bearer ` is sent as it is, in whatever dialect: Vertex AI and OAuth tokens.
    """
    if not secret:
        return {}
    if secret.startswith("Bearer "):
        return {"Authorization": secret}
    family = dialect.partition(".")[0]
    if family == "anthropic":
        return {"x-api-key": secret}
    if family == "gemini":
        return {"x-goog-api-key": secret}
    return {"Authorization": f"Bearer {secret}"}
