"""The control plane's tables, engine-neutral: organisation, people, keys, providers, prices, settings, audit, accounts.

Instants are microseconds UTC (0 = none), amounts nano-units. Every change bumps `control_version` in its own
transaction, so that gateways notice it with one cheap read. `migrations/` brings a database to what is said here, and a
test compares the two.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.expression import ColumnElement

from bursar.ledger import separation

metadata = MetaData()

DEFAULT_ORGANISATION = separation.ORGANISATION
"""The organisation that an installation is set up with, and the only one of a file."""


class _Ours(ColumnElement[str]):
    """Whose rows the connection sees, as an expression of SQL."""

    inherit_cache = True
    type = Text()


@compiles(_Ours)
def _in_a_file(*_: object, **__: object) -> str:
    return f"'{DEFAULT_ORGANISATION}'"


@compiles(_Ours, "postgresql")
def _of_the_connection(*_: object, **__: object) -> str:
    return f"current_setting('{separation.SETTING}')"


ORGANISATION: ColumnElement[str] = _Ours()
"""The connection's organisation, in statements. On PostgreSQL a table has further keys than are said here: the column
`organisation` is first in each of them, also where it is not named (see `bursar.ledger.separation`)."""
Whose = str | ColumnElement[str]
"""An organisation by its id, or the connection's."""

organisation = Table(
    "organisation",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False, server_default=""),
)

person = Table(
    "person",
    metadata,
    Column("id", Text, primary_key=True),
    Column("organisation", Text, ForeignKey("organisation.id"), nullable=False, server_default=DEFAULT_ORGANISATION),
    Column("handle", Text, nullable=False),
    Column("name", Text, nullable=False, server_default=""),
    Column("email", Text, nullable=False, server_default=""),
    Column("team", Text, nullable=False, server_default=""),
    Column("level", Text, nullable=False, server_default=""),
    Column("job_family", Text, nullable=False, server_default=""),
    Column("role", Text, nullable=False, server_default=""),
    Column("location", Text, nullable=False, server_default=""),
    Column("zone", Text, nullable=False, server_default="UTC"),
    Column("hire_date", Text, nullable=False, server_default=""),
    Column("leave_date", Text, nullable=False, server_default=""),
    Column("manager", Text, nullable=False, server_default=""),
    Column("status", Text, nullable=False, server_default="active"),
    Column("created", BigInteger, nullable=False),
    UniqueConstraint("organisation", "handle", name="person_handle"),
    CheckConstraint("status IN ('active', 'suspended', 'left')", name="person_status"),
)
_has_email = text("email <> ''")
Index(
    "person_email",
    person.c.organisation,
    person.c.email,
    unique=True,
    sqlite_where=_has_email,
    postgresql_where=_has_email,
)
Index("person_manager", person.c.manager)

provisioned = Table(
    "provisioned",
    metadata,
    # What a directory (SCIM) wrote of a person, beside the roster's own record.
    Column("person", Text, ForeignKey("person.id"), primary_key=True),
    Column("user_name", Text, nullable=False),
    Column("folded", Text, nullable=False),
    Column("external_id", Text, nullable=False, server_default=""),
    Column("document", Text, nullable=False, server_default="{}"),
    Column("changed", BigInteger, nullable=False),
    Column("deleted", BigInteger, nullable=False, server_default="0"),
    UniqueConstraint("folded", name="provisioned_folded"),
)
Index("provisioned_external", provisioned.c.external_id)

access_key = Table(
    "access_key",
    metadata,
    Column("id", Text, primary_key=True),
    Column("person", Text, ForeignKey("person.id"), nullable=False),
    Column("hmac", Text, nullable=False),
    Column("previous_hmac", Text, nullable=False, server_default=""),
    Column("previous_until", BigInteger, nullable=False, server_default="0"),
    Column("hint", Text, nullable=False),
    Column("label", Text, nullable=False, server_default=""),
    Column("purpose", Text, nullable=False),
    Column("project", Text, nullable=False, server_default=""),
    Column("models", Text, nullable=False, server_default="[]"),
    Column("cap_nanos", BigInteger, nullable=False, server_default="0"),
    Column("cap_unit", Text, nullable=False, server_default="USD"),
    Column("expires", BigInteger, nullable=False, server_default="0"),
    Column("created", BigInteger, nullable=False),
    Column("revoked", BigInteger, nullable=False, server_default="0"),
    Column("paused", BigInteger, nullable=False, server_default="0"),
    Column("parent", Text, nullable=False, server_default=""),
    Column("requests_per_minute", BigInteger, nullable=False, server_default="0"),
    Column("tokens_per_minute", BigInteger, nullable=False, server_default="0"),
    UniqueConstraint("hmac", name="access_key_hmac"),
    CheckConstraint("purpose IN ('work', 'learning', 'personal', 'production')", name="access_key_purpose"),
    CheckConstraint("cap_nanos >= 0", name="access_key_cap"),
)
Index("access_key_person", access_key.c.person)
Index("access_key_parent", access_key.c.parent)

provider = Table(
    "provider",
    metadata,
    Column("name", Text, primary_key=True),
    Column("organisation", Text, ForeignKey("organisation.id"), nullable=False, server_default=DEFAULT_ORGANISATION),
    Column("kind", Text, nullable=False),
    Column("base_url", Text, nullable=False),
    Column("secret", LargeBinary, nullable=False),
    Column("models", Text, nullable=False, server_default="[]"),
    Column("priority", Integer, nullable=False, server_default="100"),
    Column("connect_seconds", Integer, nullable=False, server_default="5"),
    Column("first_byte_seconds", Integer, nullable=False, server_default="600"),
    Column("idle_seconds", Integer, nullable=False, server_default="120"),
    Column("enabled", Integer, nullable=False, server_default="1"),
    Column("created", BigInteger, nullable=False),
    Column("purposes", Text, nullable=False, server_default="[]"),
    Column("requests_per_minute", BigInteger, nullable=False, server_default="0"),
    Column("tokens_per_minute", BigInteger, nullable=False, server_default="0"),
    CheckConstraint("enabled IN (0, 1)", name="provider_enabled"),
    CheckConstraint(
        "connect_seconds > 0 AND first_byte_seconds > 0 AND idle_seconds > 0", name="provider_deadlines_positive"
    ),
)

price_snapshot = Table(
    "price_snapshot",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("source", Text, nullable=False),
    Column("document", LargeBinary, nullable=False),
    Column("created", BigInteger, nullable=False),
)

price_overlay = Table(
    "price_overlay",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("document", Text, nullable=False),
    Column("created", BigInteger, nullable=False),
)

price_version = Table(
    "price_version",
    metadata,
    Column("version", Text, primary_key=True),
    Column("snapshot", Text, nullable=False),
    Column("overlays", Text, nullable=False),
    Column("created", BigInteger, nullable=False),
)

setting = Table(
    "setting",
    metadata,
    Column("organisation", Text, ForeignKey("organisation.id"), primary_key=True, default=ORGANISATION),
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
)

audit = Table(
    "audit",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("prev_hash", Text, nullable=False),
    Column("hash", Text, nullable=False),
    UniqueConstraint("prev_hash", name="audit_never_forks"),
    UniqueConstraint("hash", name="audit_hash"),
)

control_version = Table(
    "control_version",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("version", BigInteger, nullable=False),
    CheckConstraint("id = 1", name="control_version_one_row"),
)

plan_version = Table(
    "plan_version",
    metadata,
    Column("organisation", Text, ForeignKey("organisation.id"), primary_key=True, default=ORGANISATION),
    Column("name", Text, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("digest", Text, nullable=False),
    Column("effective", BigInteger, nullable=False),
    Column("document", Text, nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    Column("note", Text, nullable=False, server_default=""),
)

plan_grant = Table(
    "plan_grant",
    metadata,
    Column("id", Text, primary_key=True),
    Column("person", Text, ForeignKey("person.id"), nullable=False),
    Column("plan", Text, nullable=False),
    Column("starts", BigInteger, nullable=False),
    Column("hire_date", Text, nullable=False, server_default=""),
    Column("ends", BigInteger, nullable=False, server_default="0"),
    Column("end_kind", Text, nullable=False, server_default="ended"),
    Column("end_known", BigInteger, nullable=False, server_default="0"),
    Column("created", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    Column("note", Text, nullable=False, server_default=""),
    CheckConstraint("end_kind IN ('left', 'revoked', 'ended')", name="plan_grant_end_kind"),
)
Index("plan_grant_person", plan_grant.c.person)

grant_terms = Table(
    "grant_terms",
    metadata,
    Column("grant_id", Text, ForeignKey("plan_grant.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("start", BigInteger, nullable=False),
    Column("plan", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("tier", Text, nullable=False),
    Column("amount_nanos", BigInteger, nullable=False),
    Column("unit", Text, nullable=False),
    Column("announced", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    Column("reason", Text, nullable=False, server_default=""),
    CheckConstraint("amount_nanos > 0", name="grant_terms_amount"),
)

grant_pause = Table(
    "grant_pause",
    metadata,
    Column("grant_id", Text, ForeignKey("plan_grant.id"), primary_key=True),
    Column("start", BigInteger, primary_key=True),
    Column("until", BigInteger, nullable=False, server_default="0"),
    Column("reason", Text, nullable=False, server_default=""),
)

grant_fact = Table(
    "grant_fact",
    metadata,
    Column("grant_id", Text, ForeignKey("plan_grant.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("condition", Text, nullable=False, server_default=""),
    Column("day", Text, nullable=False),
    Column("share_ppm", BigInteger, nullable=False, server_default="0"),
    Column("known", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    Column("reason", Text, nullable=False, server_default=""),
    CheckConstraint("kind IN ('event', 'acceleration')", name="grant_fact_kind"),
)

calendar_position = Table(
    "calendar_position",
    metadata,
    Column("grant_id", Text, ForeignKey("plan_grant.id"), primary_key=True),
    Column("person", Text, nullable=False),
    Column("done_until", BigInteger, nullable=False),
    Column("next_due", BigInteger, nullable=False),
)
Index("calendar_position_due", calendar_position.c.next_due)
Index("calendar_position_person", calendar_position.c.person)

calendar_event = Table(
    "calendar_event",
    metadata,
    Column("grant_id", Text, ForeignKey("plan_grant.id"), primary_key=True),
    Column("event", Text, primary_key=True),
    Column("period", Text, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("done", BigInteger, nullable=False),
    Column("node", Text, nullable=False, server_default=""),
    Column("released_nanos", BigInteger, nullable=False, server_default="0"),
    Column("taken_nanos", BigInteger, nullable=False, server_default="0"),
    Column("paid_nanos", BigInteger, nullable=False, server_default="0"),
)

topup_request = Table(
    "topup_request",
    metadata,
    Column("id", Text, primary_key=True),
    Column("person", Text, ForeignKey("person.id"), nullable=False),
    Column("grant_id", Text, ForeignKey("plan_grant.id"), nullable=False),
    Column("amount_nanos", BigInteger, nullable=False),
    Column("unit", Text, nullable=False),
    Column("reason", Text, nullable=False, server_default=""),
    Column("approvers", Text, nullable=False),
    Column("approved_by", Text, nullable=False, server_default="[]"),
    Column("state", Text, nullable=False, server_default="open"),
    Column("created", BigInteger, nullable=False),
    Column("expires", BigInteger, nullable=False),
    Column("decided", BigInteger, nullable=False, server_default="0"),
    Column("decided_by", Text, nullable=False, server_default=""),
    Column("note", Text, nullable=False, server_default=""),
    CheckConstraint("state IN ('open', 'approved', 'denied', 'withdrawn')", name="topup_request_state"),
    CheckConstraint("amount_nanos > 0", name="topup_request_amount"),
)
Index("topup_request_person", topup_request.c.person)
Index("topup_request_decided", topup_request.c.decided)
Index("topup_request_state", topup_request.c.state)

consent = Table(
    "consent",
    metadata,
    Column("person", Text, ForeignKey("person.id"), primary_key=True),
    Column("given", BigInteger, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("words", Text, nullable=False),
    Column("withdrawn", BigInteger, nullable=False, server_default="0"),
    CheckConstraint("kind IN ('own_money')", name="consent_kind"),
)

seat = Table(
    "seat",
    metadata,
    Column("id", Text, primary_key=True),
    Column("person", Text, ForeignKey("person.id"), nullable=False),
    Column("product", Text, nullable=False),
    Column("amount_nanos", BigInteger, nullable=False),
    Column("unit", Text, nullable=False),
    Column("every", Text, nullable=False),
    Column("zone", Text, nullable=False),
    Column("starts", Text, nullable=False),
    Column("ends", Text, nullable=False, server_default=""),
    Column("next_due", BigInteger, nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("anchor", Text, nullable=False, server_default=""),
    Column("proration", Text, nullable=False, server_default="none"),
    CheckConstraint("amount_nanos > 0", name="seat_amount"),
)
Index("seat_due", seat.c.next_due)

notice = Table(
    "notice",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("person", Text, ForeignKey("person.id"), nullable=False),
    Column("subject", Text, nullable=False),
    Column("fields", Text, nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("spread", BigInteger, nullable=False, server_default="0"),
)
Index("notice_person", notice.c.person, notice.c.created)
_not_spread = text("spread = 0")
Index("notice_new", notice.c.created, sqlite_where=_not_spread, postgresql_where=_not_spread)

notice_delivery = Table(
    "notice_delivery",
    metadata,
    Column("notice", Text, ForeignKey("notice.id"), primary_key=True),
    Column("channel", Text, primary_key=True),
    Column("state", Text, nullable=False, server_default="waiting"),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("next_attempt", BigInteger, nullable=False),
    Column("delivered", BigInteger, nullable=False, server_default="0"),
    Column("reason", Text, nullable=False, server_default=""),
    CheckConstraint("state IN ('waiting', 'delivered', 'failed')", name="notice_delivery_state"),
)
_is_waiting = text("state = 'waiting'")
Index(
    "notice_delivery_due",
    notice_delivery.c.next_attempt,
    sqlite_where=_is_waiting,
    postgresql_where=_is_waiting,
)

notice_watch = Table(
    "notice_watch",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("seq", BigInteger, nullable=False),
    Column("expiries_seen", BigInteger, nullable=False),
    CheckConstraint("id = 1", name="notice_watch_one_row"),
)

usage_hour = Table(
    "usage_hour",
    metadata,
    Column("person", Text, primary_key=True),
    Column("unit", Text, primary_key=True),
    Column("hour", BigInteger, primary_key=True),
    Column("amount_nanos", BigInteger, nullable=False),
)

# Coarser sums of the daily rollup, which reports read instead of it; forgetting them changes no figure.

_COUNTED = ("requests", "input_tokens", "cached_tokens", "output_tokens")
_VALUED = ("amount", "list_nanos", "cost_nanos", "overage")

usage_person_day = Table(
    "usage_person_day",
    metadata,
    Column("day", BigInteger, primary_key=True, autoincrement=False),
    Column("unit", Text, primary_key=True),
    Column("person", Text, primary_key=True),
    *(Column(name, BigInteger, nullable=False) for name in (*_COUNTED, *_VALUED)),
    sqlite_with_rowid=False,
)

Index("usage_person_day_person", usage_person_day.c.person, usage_person_day.c.day)

usage_person_month = Table(
    "usage_person_month",
    metadata,
    # By the first day of the month.
    Column("month", BigInteger, primary_key=True, autoincrement=False),
    *(Column(name, Text, primary_key=True) for name in ("unit", "person", "provider", "model", "purpose")),
    *(Column(name, BigInteger, nullable=False) for name in (*_COUNTED, *_VALUED)),
    sqlite_with_rowid=False,
)

usage_house_day = Table(
    "usage_house_day",
    metadata,
    Column("day", BigInteger, primary_key=True, autoincrement=False),
    *(Column(name, Text, primary_key=True) for name in ("unit", "provider", "model", "purpose", "project")),
    *(Column(name, BigInteger, nullable=False) for name in _COUNTED),
    # A house's day of tokens may not fit 64 bits: in two parts, as `wide` puts them together.
    *(Column(f"{name}_{part}", BigInteger, nullable=False) for name in _VALUED for part in ("high", "low")),
    sqlite_with_rowid=False,
)

# Who signs in.

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

personal_read = Table(
    "personal_read",
    metadata,
    Column("organisation", Text, ForeignKey("organisation.id"), primary_key=True, default=ORGANISATION),
    # Empty: everybody of the organisation at once, which is why this is no foreign key.
    Column("person", Text, primary_key=True),
    Column("hour", BigInteger, primary_key=True),
    Column("account", Text, ForeignKey("user_account.id"), primary_key=True),
    Column("action", Text, primary_key=True),
    Column("what", Text, primary_key=True),
    Column("role", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
)

long_work = Table(
    "long_work",
    metadata,
    Column("id", Text, primary_key=True),
    Column("organisation", Text, ForeignKey("organisation.id"), nullable=False, default=ORGANISATION),
    Column("account", Text, ForeignKey("user_account.id"), nullable=False),
    Column("actor", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("shared", Integer, nullable=False, server_default="0"),
    Column("title", Text, nullable=False),
    Column("state", Text, nullable=False, server_default="waiting"),
    Column("asked", Text, nullable=False),
    Column("done_ppm", Integer, nullable=False, server_default="0"),
    Column("created", BigInteger, nullable=False),
    Column("began", BigInteger, nullable=False, server_default="0"),
    Column("beat", BigInteger, nullable=False, server_default="0"),
    Column("ended", BigInteger, nullable=False, server_default="0"),
    Column("tries", Integer, nullable=False, server_default="0"),
    Column("problem", Text, nullable=False, server_default=""),
    Column("hint", Text, nullable=False, server_default=""),
    Column("status", Integer, nullable=False, server_default="0"),
    Column("result", LargeBinary),
    Column("result_type", Text, nullable=False, server_default=""),
    Column("result_name", Text, nullable=False, server_default=""),
    CheckConstraint("state IN ('waiting', 'running', 'done', 'failed', 'cancelled')", name="long_work_state"),
)
Index("long_work_account", long_work.c.account, long_work.c.created)
Index("long_work_state", long_work.c.state, long_work.c.created)
Index("long_work_kind", long_work.c.organisation, long_work.c.kind, long_work.c.created)
_is_shared_and_open = text("shared = 1 AND state IN ('waiting', 'running')")
Index(
    "long_work_one_at_a_time",
    long_work.c.organisation,
    long_work.c.kind,
    unique=True,
    sqlite_where=_is_shared_and_open,
    postgresql_where=_is_shared_and_open,
)

leaderboard_member = Table(
    "leaderboard_member",
    metadata,
    Column("person", Text, ForeignKey("person.id"), primary_key=True),
    Column("organisation", Text, ForeignKey("organisation.id"), nullable=False, default=ORGANISATION),
    # Empty: under their own name; `folded` is the same without difference of case.
    Column("pseudonym", Text, nullable=False, server_default=""),
    Column("folded", Text, nullable=False, server_default=""),
    Column("joined", BigInteger, nullable=False),
)
_has_pseudonym = text("folded <> ''")
Index(
    "leaderboard_pseudonym",
    leaderboard_member.c.organisation,
    leaderboard_member.c.folded,
    unique=True,
    sqlite_where=_has_pseudonym,
    postgresql_where=_has_pseudonym,
)

# What the REST API keeps.

kept_answer = Table(
    "kept_answer",
    metadata,
    Column("account", Text, ForeignKey("user_account.id"), primary_key=True),
    Column("key", Text, primary_key=True),
    Column("digest", Text, nullable=False),
    Column("state", Text, nullable=False, server_default="running"),
    Column("answer", LargeBinary, nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("expires", BigInteger, nullable=False),
    CheckConstraint("state IN ('running', 'unfinished', 'done')", name="kept_answer_state"),
)
Index("kept_answer_expires", kept_answer.c.expires)

webhook = Table(
    "webhook",
    metadata,
    Column("id", Text, primary_key=True),
    Column("organisation", Text, ForeignKey("organisation.id"), nullable=False, server_default=DEFAULT_ORGANISATION),
    Column("label", Text, nullable=False, server_default=""),
    Column("host", Text, nullable=False),
    # Address and signing secret: an address may carry a token of its own.
    Column("sealed", LargeBinary, nullable=False),
    Column("kinds", Text, nullable=False, server_default="[]"),
    Column("created", BigInteger, nullable=False),
)

# The books of a month, and what finance compares with.

period_close = Table(
    "period_close",
    metadata,
    Column("organisation", Text, ForeignKey("organisation.id"), primary_key=True, default=ORGANISATION),
    Column("period", Text, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("closed", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    Column("note", Text, nullable=False, server_default=""),
    Column("seq", BigInteger, nullable=False),
    Column("head", Text, nullable=False),
    Column("previous", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("reopened", BigInteger, nullable=False, server_default="0"),
    Column("reopened_by", Text, nullable=False, server_default=""),
    Column("reopen_reason", Text, nullable=False, server_default=""),
    Column("books", Text, nullable=False, server_default=""),
)

_close = ("organisation", "period", "number")
period_usage = Table(
    "period_usage",
    metadata,
    Column("organisation", Text, primary_key=True, default=ORGANISATION),
    Column("period", Text, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("concerns", Text, primary_key=True),
    Column("person", Text, primary_key=True),
    Column("provider", Text, primary_key=True),
    Column("unit", Text, primary_key=True),
    Column("purpose", Text, primary_key=True),
    Column("plan_class", Text, primary_key=True),
    Column("team", Text, nullable=False),
    Column("requests", BigInteger, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("list_nanos", BigInteger, nullable=False),
    Column("cost_nanos", BigInteger, nullable=False),
    Column("overage", BigInteger, nullable=False),
    ForeignKeyConstraint(_close, [f"period_close.{name}" for name in _close]),
)

period_movement = Table(
    "period_movement",
    metadata,
    Column("organisation", Text, primary_key=True, default=ORGANISATION),
    Column("period", Text, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("concerns", Text, primary_key=True),
    Column("plan", Text, primary_key=True),
    Column("unit", Text, primary_key=True),
    Column("opening", BigInteger, nullable=False),
    Column("released", BigInteger, nullable=False),
    Column("rolled_in", BigInteger, nullable=False),
    Column("rolled_out", BigInteger, nullable=False),
    Column("spent", BigInteger, nullable=False),
    Column("forfeited", BigInteger, nullable=False),
    Column("revoked", BigInteger, nullable=False),
    Column("closing", BigInteger, nullable=False),
    ForeignKeyConstraint(_close, [f"period_close.{name}" for name in _close]),
)

pay_band = Table(
    "pay_band",
    metadata,
    Column("organisation", Text, ForeignKey("organisation.id"), primary_key=True, default=ORGANISATION),
    Column("level", Text, primary_key=True),
    Column("yearly_nanos", BigInteger, nullable=False),
    Column("since", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    CheckConstraint("yearly_nanos > 0", name="pay_band_yearly"),
)

# What providers say that they served and charge, and use that went past the gateway.

provider_admin = Table(
    "provider_admin",
    metadata,
    Column("organisation", Text, ForeignKey("organisation.id"), primary_key=True, default=ORGANISATION),
    Column("provider", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("base_url", Text, nullable=False),
    Column("account", Text, nullable=False, server_default=""),
    Column("sealed", LargeBinary, nullable=False),
    Column("since", BigInteger, nullable=False),
)

bill_key = Table(
    "bill_key",
    metadata,
    Column("organisation", Text, ForeignKey("organisation.id"), primary_key=True, default=ORGANISATION),
    Column("provider", Text, primary_key=True),
    # The provider's own name of a key or a member: never the key.
    Column("key", Text, primary_key=True),
    # Empty: the gateway's own, which is why this is no foreign key.
    Column("person", Text, nullable=False),
    Column("since", BigInteger, nullable=False),
)

bill_line = Table(
    "bill_line",
    metadata,
    Column("organisation", Text, ForeignKey("organisation.id"), primary_key=True, default=ORGANISATION),
    Column("provider", Text, primary_key=True),
    Column("day", Text, primary_key=True),
    Column("model", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("member", Text, primary_key=True),
    Column("tier", Text, primary_key=True),
    Column("tokens", Text, nullable=False),
    # -1: the provider does not say.
    Column("requests", BigInteger, nullable=False),
    Column("cost_nanos", BigInteger, nullable=False),
)

bill_cost = Table(
    "bill_cost",
    metadata,
    Column("organisation", Text, ForeignKey("organisation.id"), primary_key=True, default=ORGANISATION),
    Column("provider", Text, primary_key=True),
    Column("day", Text, primary_key=True),
    Column("item", Text, primary_key=True),
    Column("amount_nanos", BigInteger, nullable=False),
)

bill_day = Table(
    "bill_day",
    metadata,
    Column("organisation", Text, ForeignKey("organisation.id"), primary_key=True, default=ORGANISATION),
    Column("provider", Text, primary_key=True),
    Column("day", Text, primary_key=True),
    Column("told", BigInteger, nullable=False),
)

bill_reading = Table(
    "bill_reading",
    metadata,
    Column("id", Text, primary_key=True),
    Column("organisation", Text, ForeignKey("organisation.id"), nullable=False, default=ORGANISATION),
    Column("provider", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("first", Text, nullable=False),
    Column("last", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    Column("pages", Integer, nullable=False),
    Column("lines", Integer, nullable=False),
    Column("changed", Integer, nullable=False),
    Column("oddities", Text, nullable=False, server_default="[]"),
)
Index("bill_reading_provider", bill_reading.c.organisation, bill_reading.c.provider, bill_reading.c.at)

bill_suspense = Table(
    "bill_suspense",
    metadata,
    Column("organisation", Text, ForeignKey("organisation.id"), primary_key=True, default=ORGANISATION),
    Column("place", Text, primary_key=True),
    Column("provider", Text, nullable=False),
    Column("day", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("why", Text, nullable=False),
    # What is open now, and what was said to need no charge.
    Column("tokens", Text, nullable=False),
    Column("dismissed", Text, nullable=False, server_default="{}"),
    Column("list_nanos", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("person", Text, nullable=False, server_default=""),
    Column("note", Text, nullable=False, server_default=""),
    Column("opened", BigInteger, nullable=False),
    Column("resolved", BigInteger, nullable=False, server_default="0"),
    Column("actor", Text, nullable=False, server_default=""),
    CheckConstraint("state IN ('open', 'attributed', 'dismissed')", name="bill_suspense_state"),
)
Index("bill_suspense_state", bill_suspense.c.organisation, bill_suspense.c.state, bill_suspense.c.day)

billed_seat = Table(
    "billed_seat",
    metadata,
    Column("organisation", Text, ForeignKey("organisation.id"), primary_key=True, default=ORGANISATION),
    Column("product", Text, primary_key=True),
    Column("login", Text, primary_key=True),
    Column("email", Text, nullable=False, server_default=""),
    Column("since", Text, nullable=False, server_default=""),
    Column("last_used", Text, nullable=False, server_default=""),
    Column("ends", Text, nullable=False, server_default=""),
    Column("told", BigInteger, nullable=False),
)

outside_usage = Table(
    "outside_usage",
    metadata,
    Column("person", Text, ForeignKey("person.id"), primary_key=True),
    Column("source", Text, primary_key=True),
    Column("hour", BigInteger, primary_key=True),
    Column("session", Text, primary_key=True),
    Column("model", Text, primary_key=True),
    Column("tokens", Text, nullable=False),
    # What the client itself says that it costs.
    Column("cost_nanos", BigInteger, nullable=False, server_default="0"),
    Column("seen", BigInteger, nullable=False),
)
Index("outside_usage_hour", outside_usage.c.hour)

telemetry_series = Table(
    "telemetry_series",
    metadata,
    Column("mark", Text, primary_key=True),
    Column("person", Text, ForeignKey("person.id"), nullable=False),
    Column("started", BigInteger, nullable=False),
    Column("last", BigInteger, nullable=False),
    # Tokens, or nano-USD of a cost.
    Column("value", BigInteger, nullable=False),
)
Index("telemetry_series_last", telemetry_series.c.last)

# Running it.

journal_mark = Table(
    "journal_mark",
    metadata,
    Column("name", Text, primary_key=True),
    Column("seq", BigInteger, nullable=False),
)

access_key_use = Table(
    "access_key_use",
    metadata,
    Column("access_key", Text, primary_key=True),
    Column("at", BigInteger, nullable=False),
)

gateway_node = Table(
    "gateway_node",
    metadata,
    Column("name", Text, primary_key=True),
    Column("version", Text, nullable=False),
    Column("started", BigInteger, nullable=False),
    Column("beat", BigInteger, nullable=False),
    Column("stopped", BigInteger, nullable=False, server_default="0"),
    Column("in_flight", BigInteger, nullable=False, server_default="0"),
    Column("requests", BigInteger, nullable=False, server_default="0"),
)

gateway_count = Table(
    "gateway_count",
    metadata,
    Column("hour", BigInteger, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("reason", Text, primary_key=True),
    Column("provider", Text, primary_key=True),
    Column("number", BigInteger, nullable=False),
    CheckConstraint("kind IN ('refusal', 'error')", name="gateway_count_kind"),
)

schema_floor = Table(
    "schema_floor",
    metadata,
    Column("id", BigInteger, primary_key=True),
    Column("revision", Text, nullable=False),
)

rate_use = Table(
    "rate_use",
    metadata,
    Column("minute", BigInteger, primary_key=True),
    Column("subject", Text, primary_key=True),
    Column("node", Text, primary_key=True),
    Column("requests", BigInteger, nullable=False, server_default="0"),
    Column("tokens", BigInteger, nullable=False, server_default="0"),
)

AUDITED = frozenset(
    table.name
    for table in (
        organisation,
        person,
        provisioned,
        access_key,
        provider,
        setting,
        plan_version,
        plan_grant,
        grant_terms,
        grant_pause,
        grant_fact,
        topup_request,
        consent,
        user_account,
        api_token,
        webhook,
        period_close,
        period_usage,
        period_movement,
        pay_band,
        provider_admin,
        bill_key,
        bill_suspense,
    )
)
"""Tables that may change only together with a line of the audit log, in the same transaction.

Who stands on the leaderboard is a person's own choice that changes nothing for anybody else, and a line that says when
would tell who is behind a pseudonym: so it is not among them.
"""
