"""What an identity provider says of itself (OpenID Connect Discovery 1.0), checked before anything is sent there. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bursar.errors import Unavailable
from bursar.office.telling.channels import checked_url

ALGORITHMS = ("RS256", "PS256", "ES256", "ES384", "Ed25519")
"""Signatures that are believed: with a public key only. `none` and the HMACs are not among them, whatever is offered.
(`EdDSA` is `Ed25519` since RFC 9864.)"""
WELL_KNOWN = "/.well-known/openid-configuration"
MAX_URL_CHARS = 2_000
_NEEDED = ("authorization_endpoint", "token_endpoint", "jwks_uri")


@dataclass(frozen=True, slots=True)
class Provider:
    """The parts of a discovery document that are used."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str
    """Empty: there is none."""
    end_session_endpoint: str
    """Empty: there is no sign-out."""
    algorithms: tuple[str, ...]
    """Signatures that both sides know."""
    secret_in_body: bool
    """The client's secret goes into the body, because the provider takes no header."""
    names_itself: bool
    """Every answer comes with `iss` (RFC 9207); one without is refused."""


def discovery_url(issuer: str) -> str:
    return issuer.rstrip("/") + WELL_KNOWN


def read_provider(document: object, issuer: str) -> Provider:
    """A provider from its discovery document. Raises Unavailable for one that cannot be trusted or used."""
    if not isinstance(document, Mapping):
        raise _unusable("is no JSON object")
    if document.get("issuer") != issuer:
        raise _unusable(f"is of another issuer than {issuer!r}; both have to be the same to the letter")
    found = {name: _url(document, name) for name in (*_NEEDED, "userinfo_endpoint", "end_session_endpoint")}
    missing = [name for name in _NEEDED if not found[name]]
    if missing:
        raise _unusable(f"has no {missing[0]}")
    if "code" not in _texts(document, "response_types_supported", ("code",)):
        raise _unusable("does not offer the authorization code flow")
    # A provider that does not list its methods may still know S256; one that lists others does not.
    if "S256" not in _texts(document, "code_challenge_methods_supported", ("S256",)):
        raise _unusable("does not offer PKCE with S256")
    offered = _texts(document, "id_token_signing_alg_values_supported", ("RS256",))
    algorithms = tuple(one for one in ALGORITHMS if one in offered)
    if not algorithms:
        raise _unusable(f"signs with none of {', '.join(ALGORITHMS)}")
    methods = _texts(document, "token_endpoint_auth_methods_supported", ("client_secret_basic",))
    return Provider(
        issuer=issuer,
        algorithms=algorithms,
        secret_in_body="client_secret_basic" not in methods and "client_secret_post" in methods,
        names_itself=document.get("authorization_response_iss_parameter_supported") is True,
        **found,
    )


def _url(document: Mapping[str, Any], name: str) -> str:
    found = document.get(name, "")
    try:
        if not isinstance(found, str) or len(found) > MAX_URL_CHARS:
            raise ValueError
        return checked_url(found)
    except ValueError:
        raise _unusable(f"has a {name} that is no https address") from None


def _texts(document: Mapping[str, Any], name: str, default: tuple[str, ...]) -> tuple[str, ...]:
    found = document.get(name, default)
    return tuple(one for one in found if isinstance(one, str)) if isinstance(found, list | tuple) else ()


def _unusable(what: str) -> Unavailable:
    return Unavailable(f"the identity provider's description {what}", "check issuer in [oidc]")
