"""ID tokens (OpenID Connect Core, 3.1.3.7): whose signature, for whom, by whom, from when, for which sign-in. Pure."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey

from bursar.errors import Forbidden
from bursar.office.identity.oidc.provider import Provider

LEEWAY_SECONDS = 60
"""Two clocks may differ by this much."""
MAX_AGE_SECONDS = 600
"""An ID token is used within moments of its making."""
MAX_TOKEN_CHARS = 65_536
MAX_KEYS = 100
MAX_SUBJECT_CHARS = 255
MAX_GROUPS = 10_000
MIN_RSA_BITS = 2_048
_KINDS: Mapping[str, str] = {"RS256": "RSA", "PS256": "RSA", "ES256": "EC", "ES384": "EC", "Ed25519": "OKP"}
_READERS: Mapping[str, Any] = {"RSA": RSAKey, "EC": ECKey, "OKP": OKPKey}

Jwk = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Identity:
    """Who somebody is, as the provider vouches for it."""

    issuer: str
    subject: str
    """Names the person at this provider for ever, unlike an address."""
    email: str
    """Lower case; empty unless the provider says that it is verified."""
    groups: frozenset[str] = field(default=frozenset())


class UnknownKey(Forbidden):
    """The token names a key that is not among those known: the provider may have changed its keys."""


def key_id_of(token: str) -> str:
    """The id of the key that a token says it was signed with; empty if it names none."""
    return str(_header(token).get("kid", ""))


def verified_claims(
    token: str, keys: Sequence[Jwk], provider: Provider, *, client_id: str, nonce: str, now: int
) -> dict[str, Any]:
    """The claims of an ID token. Raises UnknownKey, or Forbidden with what is wrong; `now` in microseconds."""
    header = _header(token)
    algorithm = header.get("alg")
    # Decided here and not by the token: neither `none`, nor an HMAC with a public key for its secret.
    if algorithm not in provider.algorithms:
        raise _wrong("is not signed as the provider signs")
    claims = _claims_signed(token, header, algorithm, keys)
    _check_parties(claims, provider.issuer, client_id)
    _check_times(claims, now // 1_000_000)
    given = claims.get("nonce")
    if not isinstance(given, str) or not hmac.compare_digest(given.encode(errors="replace"), nonce.encode()):
        raise _wrong("belongs to another sign-in")
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 1 <= len(subject) <= MAX_SUBJECT_CHARS or not subject.isprintable():
        raise _wrong("does not say who it is about")
    return claims


def identity_of(claims: Mapping[str, Any], issuer: str, groups_claim: str) -> Identity:
    """Who the claims are about. An address counts only if the provider says that it is verified."""
    email = claims.get("email")
    verified = claims.get("email_verified") is True and isinstance(email, str) and email.isascii()
    return Identity(
        issuer=issuer,
        subject=claims["sub"],
        email=str(email).strip().lower() if verified else "",
        groups=_groups(claims, groups_claim),
    )


def _claims_signed(token: str, header: Mapping[str, Any], algorithm: str, keys: Sequence[Jwk]) -> dict[str, Any]:
    fitting = [one for one in keys[:MAX_KEYS] if _fits(one, algorithm, header.get("kid"))]
    if not fitting:
        raise UnknownKey("the identity provider signed with a key that it does not publish", "try again in a minute")
    for one in fitting:
        payload = _payload(token, one, algorithm)
        if payload is not None:
            break
    else:
        raise _wrong("is not signed by the provider")
    try:
        claims = json.loads(payload)
    except (ValueError, RecursionError):
        claims = None
    if not isinstance(claims, dict):
        raise _wrong("holds no claims")
    return claims


def _payload(token: str, key: Jwk, algorithm: str) -> bytes | None:
    """What a key's signature vouches for; None if it is not this key's."""
    try:
        public = _READERS[_KINDS[algorithm]].import_key({**key, "alg": algorithm})
        return jws.deserialize_compact(token, public, algorithms=[algorithm]).payload
    except (JoseError, ValueError, TypeError, KeyError):
        return None


def _fits(key: object, algorithm: str, key_id: object) -> bool:
    if not isinstance(key, Mapping) or key.get("kty") != _KINDS[algorithm]:
        return False
    if key.get("use", "sig") != "sig" or key.get("alg", algorithm) != algorithm:
        return False
    if key["kty"] == "RSA" and _bits(key.get("n")) < MIN_RSA_BITS:
        return False
    return key_id is None or key.get("kid") == key_id


def _bits(modulus: object) -> int:
    try:
        return int.from_bytes(base64.urlsafe_b64decode(f"{modulus}===")).bit_length()
    except ValueError:
        return 0


def _check_parties(claims: Mapping[str, Any], issuer: str, client_id: str) -> None:
    if claims.get("iss") != issuer:
        raise _wrong("is of another issuer")
    audience = claims.get("aud")
    audiences = [audience] if isinstance(audience, str) else audience
    if not isinstance(audiences, list) or client_id not in audiences:
        raise _wrong("is meant for another application")
    presented = claims.get("azp", client_id if len(audiences) == 1 else None)
    if presented != client_id:
        raise _wrong("was made for another application")


def _check_times(claims: Mapping[str, Any], now: int) -> None:
    found = {}
    for name in ("exp", "iat", "nbf"):
        value = claims.get(name, 0 if name == "nbf" else None)
        if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 2**53:
            raise _wrong("does not say when it holds")
        found[name] = value
    if now >= found["exp"] + LEEWAY_SECONDS or now >= found["iat"] + MAX_AGE_SECONDS + LEEWAY_SECONDS:
        raise _wrong("is too old")
    if max(found["iat"], found["nbf"]) > now + LEEWAY_SECONDS:
        raise _wrong("does not hold yet")


def _groups(claims: Mapping[str, Any], name: str) -> frozenset[str]:
    found: Any = claims.get(name)
    if found is None:
        found = claims
        for part in name.split("."):
            found = found.get(part) if isinstance(found, Mapping) else None
    listed = [found] if isinstance(found, str) else found
    return (
        frozenset(one for one in listed[:MAX_GROUPS] if isinstance(one, str))
        if isinstance(listed, list)
        else frozenset()
    )


def _header(token: str) -> dict[str, Any]:
    try:
        if len(token) > MAX_TOKEN_CHARS or token.count(".") != 2:
            raise ValueError
        part = token.partition(".")[0]
        header = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (ValueError, RecursionError):
        header = None
    if not isinstance(header, dict):
        raise _wrong("is none")
    return header


def _wrong(what: str) -> Forbidden:
    return Forbidden(f"the identity provider's ID token {what}", "begin again; if it stays, the setup there is wrong")
