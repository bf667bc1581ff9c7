"""The section `[oidc]` of the settings: which identity provider, and what its groups mean here."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, model_validator

from bursar.office.access import ASSIGNABLE, Role
from bursar.office.telling.channels import checked_url, secret_of

MAX_GROUPS = 200
NOT_IN_FILE: Mapping[str, str] = {
    "client_secret": "it would lie in the open: set BURSAR_OIDC_CLIENT_SECRET, or client_secret_file"
}
"""Names of `[oidc]` that bursar.toml must not hold, and what to do instead."""
SHOWN = frozenset({"client_id", "scopes", "groups_claim", "email_domains", "create_accounts", "timeout_seconds"})
"""Names whose values an error may repeat."""


def _checked_roles(roles: dict[str, str]) -> dict[str, str]:
    if len(roles) > MAX_GROUPS:
        raise ValueError(f"at most {MAX_GROUPS} groups")
    for role in roles.values():
        if role not in ASSIGNABLE:
            raise ValueError(f"for each group one of {', '.join(ASSIGNABLE)}")
    return roles


class Oidc(BaseModel):
    """Signing in by an identity provider (OpenID Connect)."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    issuer: Annotated[str, AfterValidator(checked_url)] = Field(
        default="", max_length=500, description="Address of the provider, exactly as it calls itself; empty: none."
    )
    client_id: str = Field(default="", max_length=500, description="What Bursar is called there.")
    client_secret: SecretStr = Field(default=SecretStr(""), description="Secret there, from the environment.")
    client_secret_file: Path | None = Field(default=None, description="File of that secret, mode 600.")
    scopes: str = Field(
        default="openid email profile", max_length=500, pattern=r"^openid( [!-~]+)*$", description="What is asked for."
    )
    groups_claim: str = Field(
        default="groups", max_length=200, description="Claim with a person's groups; `a.b` looks into a."
    )
    roles: Annotated[dict[str, str], AfterValidator(_checked_roles)] = Field(
        default_factory=dict, description="Role that each group gives, from sign-in to sign-in."
    )
    email_domains: tuple[str, ...] = Field(
        default=(), max_length=100, description="Only addresses of these domains are linked; empty: of any."
    )
    create_accounts: bool = Field(
        default=True, description="Somebody of the roster who comes for the first time gets an account."
    )
    timeout_seconds: float = Field(
        default=10.0, ge=0.1, le=60, description="A provider that has not answered by then has failed."
    )

    @model_validator(mode="after")
    def _goes_together(self) -> Oidc:
        if bool(self.issuer) != bool(self.client_id):
            raise ValueError("client_id: one beside issuer, and the other way round")
        return self

    @property
    def secret(self) -> SecretStr:
        """The client's secret, read anew from its file; empty for a public client."""
        return secret_of(self.client_secret, self.client_secret_file)

    def roles_of(self, groups: frozenset[str]) -> tuple[Role, ...]:
        """What somebody's groups give them here, in the table's order."""
        given = {role for group, role in self.roles.items() if group in groups}
        return tuple(role for role in ASSIGNABLE if role in given)
