"""Signing in by an identity provider (OpenID Connect): any provider by discovery, code flow with PKCE, roles by groups.

`provider`, `flow` and `claims` decide and know no network; `client` talks, `linking` finds the account, `signing` is what
the console calls.
"""

from bursar.office.identity.oidc.client import ProviderClient
from bursar.office.identity.oidc.flow import RETURN_PATH, Begun
from bursar.office.identity.oidc.signing import IdentityProvider, SignedIn
from bursar.office.identity.oidc_section import Oidc

__all__ = ["RETURN_PATH", "Begun", "IdentityProvider", "Oidc", "ProviderClient", "SignedIn"]
