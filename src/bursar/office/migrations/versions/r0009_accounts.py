"""Who signs in: accounts with passwords, second factors, identities, sessions and API tokens; who looked at whose figures."""

from __future__ import annotations

from alembic import op
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_metadata = MetaData()
_known = [Table(name, _metadata, Column("id", Text, primary_key=True)) for name in ("organisation", "person")]

user_account = Table(
    "user_account",
    _metadata,
    Column("id", Text, primary_key=True),
    Column("organisation", Text, ForeignKey("organisation.id"), nullable=False),
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
    _metadata,
    Column("account", Text, ForeignKey("user_account.id"), primary_key=True),
    Column("hash", Text, nullable=False),
    Column("since", BigInteger, nullable=False),
)

account_second_factor = Table(
    "account_second_factor",
    _metadata,
    Column("account", Text, ForeignKey("user_account.id"), primary_key=True),
    Column("secret", LargeBinary, nullable=False),
    Column("since", BigInteger, nullable=False, server_default="0"),
    Column("last_step", BigInteger, nullable=False, server_default="0"),
)

account_recovery_code = Table(
    "account_recovery_code",
    _metadata,
    Column("mark", Text, primary_key=True),
    Column("account", Text, ForeignKey("user_account.id"), nullable=False),
    Column("used", BigInteger, nullable=False, server_default="0"),
)
Index("account_recovery_code_account", account_recovery_code.c.account)

account_invitation = Table(
    "account_invitation",
    _metadata,
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
    _metadata,
    Column("organisation", Text, ForeignKey("organisation.id"), primary_key=True),
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
    _metadata,
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
    _metadata,
    Column("mark", Text, primary_key=True),
    Column("id", Text, nullable=False),
    Column("organisation", Text, ForeignKey("organisation.id"), nullable=False),
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
    _metadata,
    Column("id", Text, primary_key=True),
    Column("organisation", Text, ForeignKey("organisation.id"), nullable=False),
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
    _metadata,
    Column("token", Text, ForeignKey("api_token.id"), primary_key=True),
    Column("day", Text, nullable=False),
)

oidc_attempt = Table(
    "oidc_attempt",
    _metadata,
    Column("mark", Text, primary_key=True),
    Column("browser", Text, nullable=False),
    Column("issuer", Text, nullable=False),
    Column("back_to", Text, nullable=False, server_default=""),
    Column("expires", BigInteger, nullable=False),
)
Index("oidc_attempt_expires", oidc_attempt.c.expires)

personal_read = Table(
    "personal_read",
    _metadata,
    Column("organisation", Text, ForeignKey("organisation.id"), primary_key=True),
    # Empty: everybody of the organisation at once, which is why this is no foreign key.
    Column("person", Text, primary_key=True),
    Column("hour", BigInteger, primary_key=True),
    Column("account", Text, ForeignKey("user_account.id"), primary_key=True),
    Column("action", Text, primary_key=True),
    Column("what", Text, primary_key=True),
    Column("role", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
)

_APPEND_ONLY = {
    "sqlite": tuple(
        f"CREATE TRIGGER personal_read_keeps_{verb.lower()} BEFORE {verb} ON personal_read "
        "BEGIN SELECT RAISE(ABORT, 'who looked is append-only'); END"
        for verb in ("UPDATE", "DELETE")
    ),
    "postgresql": (
        "CREATE FUNCTION bursar_reads_refuse() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'who looked is append-only' USING ERRCODE = 'restrict_violation'; END $$",
        "CREATE TRIGGER personal_read_append_only BEFORE UPDATE OR DELETE ON personal_read "
        "FOR EACH ROW EXECUTE FUNCTION bursar_reads_refuse()",
        "CREATE TRIGGER personal_read_not_truncated BEFORE TRUNCATE ON personal_read "
        "FOR EACH STATEMENT EXECUTE FUNCTION bursar_reads_refuse()",
    ),
}


def upgrade() -> None:
    connection = op.get_bind()
    _metadata.create_all(connection, tables=[one for one in _metadata.sorted_tables if one not in _known])
    for statement in _APPEND_ONLY[connection.dialect.name]:
        connection.exec_driver_sql(statement)
