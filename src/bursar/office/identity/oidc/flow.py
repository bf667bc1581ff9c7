"""The authorization code flow with PKCE (RFC 6749, RFC 7636, RFC 9207): what is sent, and what may come back. Pure.

Nothing is stored until somebody comes back. The state is signed and bound to a cookie of the browser, its nonce and its
verifier are derived from it, and it is good once and for ten minutes; that it was used is the caller's to remember.
"""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from urllib.parse import quote, urlencode, urlsplit

from bursar.errors import Forbidden
from bursar.office.identity.oidc.provider import Provider
from bursar.office.identity.oidc_section import Oidc
from bursar.office.vault import Secret

STATE_SECONDS = 600
ENTROPY_BYTES = 48
"""16 for the state, 32 for the browser's cookie."""
RETURN_PATH = "/sign-in/return"
"""Where the console takes people back; registered at the provider."""
MAX_BACK_CHARS = 500
MAX_VALUE_CHARS = 4_096
MICROS = 1_000_000
_STATE_BYTES = 16


@dataclass(frozen=True, slots=True)
class Begun:
    """Where to send the browser, and the cookie that it keeps meanwhile (HttpOnly, SameSite=Lax, ten minutes)."""

    url: str = field(repr=False)
    cookie: Secret = field(repr=False)


@dataclass(frozen=True, slots=True)
class Returned:
    """What came back and belongs together."""

    code: Secret = field(repr=False)
    nonce: str = field(repr=False)
    verifier: str = field(repr=False)
    mark: str
    """Names the state; to be remembered until `expires`, so that it is used once."""
    expires: int
    back_to: str
    """A page of the console."""


def begin(
    provider: Provider, section: Oidc, key: bytes, *, back_to: str, base_url: str, entropy: bytes, now: int
) -> Begun:
    """Begin a sign-in. `key` is the vault's for this purpose; `back_to` the page to show afterwards."""
    if len(entropy) != ENTROPY_BYTES:
        raise ValueError(f"a sign-in takes {ENTROPY_BYTES} random bytes")
    cookie = f"{_text(entropy[_STATE_BYTES:])}.{_text(local_page(back_to).encode())}"
    payload = entropy[:_STATE_BYTES] + (now + STATE_SECONDS * MICROS).to_bytes(8)
    state = f"{_text(payload)}.{_derive(key, 'state', provider.issuer, cookie, _text(payload))}"
    asked = {
        "response_type": "code",
        "client_id": section.client_id,
        "redirect_uri": return_url(base_url),
        "scope": section.scopes,
        "state": state,
        "nonce": _derive(key, "nonce", state, cookie),
        "code_challenge": _text(sha256(_derive(key, "verifier", state, cookie).encode()).digest()),
        "code_challenge_method": "S256",
    }
    sign = "&" if urlsplit(provider.authorization_endpoint).query else "?"
    return Begun(f"{provider.authorization_endpoint}{sign}{urlencode(asked, quote_via=quote)}", Secret(cookie))


def returned(provider: Provider, key: bytes, query: Mapping[str, str], cookie: str, now: int) -> Returned:
    """Check what a browser brings back. Raises Forbidden with what to do; nothing of what it brought is repeated."""
    given = {name: query.get(name, "") for name in ("state", "code", "iss", "error")}
    if any(len(one) > MAX_VALUE_CHARS or not one.isascii() for one in (*given.values(), cookie)):
        raise _again("what came back cannot be understood")
    payload, _, signature = given["state"].partition(".")
    right = _derive(key, "state", provider.issuer, cookie, payload)
    if not cookie or not hmac.compare_digest(signature, right):
        raise _again("this sign-in was not begun in this browser")
    expires = int.from_bytes(_bytes(payload)[_STATE_BYTES:])
    if now >= expires:
        raise _again("this sign-in took too long")
    # Only the provider that was asked may answer: another one's code must never reach this one's token endpoint.
    if given["iss"] != provider.issuer and (given["iss"] or provider.names_itself):
        raise _again("another identity provider answered than the one that was asked")
    if given["error"]:
        told = given["error"] if given["error"].replace("_", "").isalnum() and len(given["error"]) < 50 else "an error"
        raise _again(f"the identity provider did not let you in ({told})")
    if not given["code"]:
        raise _again("what came back cannot be understood")
    state = given["state"]
    return Returned(
        code=Secret(given["code"]),
        nonce=_derive(key, "nonce", state, cookie),
        verifier=_derive(key, "verifier", state, cookie),
        mark=_derive(key, "mark", state),
        expires=expires,
        back_to=local_page(_bytes(cookie.partition(".")[2]).decode(errors="replace")),
    )


def token_request(
    provider: Provider, section: Oidc, came: Returned, base_url: str
) -> tuple[dict[str, str], dict[str, str]]:
    """Form and headers that exchange a code for an ID token."""
    form = {
        "grant_type": "authorization_code",
        "code": came.code.reveal(),
        "redirect_uri": return_url(base_url),
        "code_verifier": came.verifier,
    }
    secret = section.secret.get_secret_value()
    if secret and not provider.secret_in_body:
        pair = f"{quote(section.client_id, safe='')}:{quote(secret, safe='')}"
        return form, {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}
    return {**form, "client_id": section.client_id, **({"client_secret": secret} if secret else {})}, {}


def sign_out_url(provider: Provider, section: Oidc, base_url: str) -> str:
    """Where to send the browser so that the provider's session ends too; empty if the provider has no such page."""
    if not provider.end_session_endpoint:
        return ""
    asked = {"client_id": section.client_id, "post_logout_redirect_uri": f"{base_url.rstrip('/')}/"}
    sign = "&" if urlsplit(provider.end_session_endpoint).query else "?"
    return f"{provider.end_session_endpoint}{sign}{urlencode(asked, quote_via=quote)}"


def return_url(base_url: str) -> str:
    """The redirect_uri: the same in every request, and registered at the provider."""
    return base_url.rstrip("/") + RETURN_PATH


def local_page(path: str) -> str:
    """A page of this console, or its first one: nobody is sent elsewhere after signing in."""
    fits = path.startswith("/") and not path.startswith("//") and "\\" not in path and path.isprintable()
    return path if fits and path.isascii() and len(path) <= MAX_BACK_CHARS else "/"


def _derive(key: bytes, *parts: str) -> str:
    return _text(hmac.digest(key, json.dumps(parts).encode(), "sha256"))


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        return b""


def _again(sentence: str) -> Forbidden:
    return Forbidden(sentence, "begin again at the sign-in page")
