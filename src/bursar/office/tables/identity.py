"""Who signs in."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
)

from bursar.office.tables.common import ORGANISATION, metadata

user_account = Table(
    "user_account",
    metadata,
    Column("id", Text, primary_key=True),
    Column("organisation", Text, ForeignKey("organisation.id"), nullable=False, default=ORGANISATION),
    Column("login", Text, nullable=False),
    Column("name", Text, nullable=False, server_default=""),
    Column("person", Text, ForeignKey("person.id")),
    Column("roles", Text, nullable=False, server_default="[]"),
    Column("status", Text, nullable=False, server_default="active"),
    Column("created", BigInteger, nullable=False),
    UniqueConstraint("organisation", "login", name="user_account_login"),
    UniqueConstraint("person", name="user_account_person"),
    CheckConstraint("status IN ('active', 'suspended')", name="user_account_status"),
)

account_password = Table(
    "account_password",
    metadata,
    Column("account", Text, ForeignKey("user_account.id"), primary_key=True),
    Column("hash", Text, nullable=False),
    Column("since", BigInteger, nullable=False),
)

account_second_factor = Table(
    "account_second_factor",
    metadata,
    Column("account", Text, ForeignKey("user_account.id"), primary_key=True),
    Column("secret", LargeBinary, nullable=False),
    Column("since", BigInteger, nullable=False, server_default="0"),
    Column("last_step", BigInteger, nullable=False, server_default="0"),
)

account_recovery_code = Table(
    "account_recovery_code",
    metadata,
    Column("mark", Text, primary_key=True),
    Column("account", Text, ForeignKey("user_account.id"), nullable=False),
    Column("used", BigInteger, nullable=False, server_default="0"),
)
Index("account_recovery_code_account", account_recovery_code.c.account)

account_invitation = Table(
    "account_invitation",
    metadata,
    Column("mark", Text, primary_key=True),
    Column("account", Text, ForeignKey("user_account.id"), nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("expires", BigInteger, nullable=False),
    Column("used", BigInteger, nullable=False, server_default="0"),
    Column("actor", Text, nullable=False),
)
Index("account_invitation_account", account_invitation.c.account)

account_identity = Table(
    "account_identity",
    metadata,
    Column("organisation", Text, ForeignKey("organisation.id"), primary_key=True, default=ORGANISATION),
    Column("issuer", Text, primary_key=True),
    Column("subject", Text, primary_key=True),
    Column("account", Text, ForeignKey("user_account.id"), nullable=False),
    Column("email", Text, nullable=False, server_default=""),
    Column("roles", Text, nullable=False, server_default="[]"),
    Column("linked", BigInteger, nullable=False),
    Column("confirmed", BigInteger, nullable=False),
    UniqueConstraint("account", name="account_identity_once"),
)

sign_in_failure = Table(
    "sign_in_failure",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("mark", Text, primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("last", BigInteger, nullable=False),
    Column("until", BigInteger, nullable=False),
    CheckConstraint("kind IN ('account', 'address')", name="sign_in_failure_kind"),
)
Index("sign_in_failure_last", sign_in_failure.c.last)

web_session = Table(
    "web_session",
    metadata,
    Column("mark", Text, primary_key=True),
    Column("id", Text, nullable=False),
    Column("organisation", Text, ForeignKey("organisation.id"), nullable=False, default=ORGANISATION),
    Column("account", Text, ForeignKey("user_account.id"), nullable=False),
    Column("stage", Text, nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("seen", BigInteger, nullable=False),
    Column("expires", BigInteger, nullable=False),
    Column("ended", BigInteger, nullable=False, server_default="0"),
    Column("address", Text, nullable=False, server_default=""),
    Column("agent", Text, nullable=False, server_default=""),
    Column("issuer", Text, nullable=False, server_default=""),
    UniqueConstraint("id", name="web_session_id"),
    CheckConstraint("stage IN ('code', 'full')", name="web_session_stage"),
)
Index("web_session_account", web_session.c.account)
Index("web_session_expires", web_session.c.expires)

api_token = Table(
    "api_token",
    metadata,
    Column("id", Text, primary_key=True),
    Column("organisation", Text, ForeignKey("organisation.id"), nullable=False, default=ORGANISATION),
    Column("account", Text, ForeignKey("user_account.id"), nullable=False),
    Column("hmac", Text, nullable=False),
    Column("hint", Text, nullable=False),
    Column("label", Text, nullable=False, server_default=""),
    Column("scopes", Text, nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("expires", BigInteger, nullable=False),
    Column("revoked", BigInteger, nullable=False, server_default="0"),
    UniqueConstraint("hmac", name="api_token_hmac"),
)
Index("api_token_account", api_token.c.account)

api_token_use = Table(
    "api_token_use",
    metadata,
    Column("token", Text, ForeignKey("api_token.id"), primary_key=True),
    Column("day", Text, nullable=False),
)

oidc_state = Table(
    "oidc_state",
    metadata,
    Column("mark", Text, primary_key=True),
    Column("expires", BigInteger, nullable=False),
)
Index("oidc_state_expires", oidc_state.c.expires)
