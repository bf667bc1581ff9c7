"""The control plane's tables, engine-neutral: organisation, people, keys, providers, prices, settings, audit, accounts.

Instants are microseconds UTC (0 = none), amounts nano-units. Every change bumps `control_version` in its own
transaction, so that gateways notice it with one cheap read. `migrations/` brings a database to what is said here, and a
test compares the two.

They lie by rooms, as the office does; whoever needs one takes it from here.
"""

from __future__ import annotations

from bursar.office.tables.books import (
    bill_cost,
    bill_day,
    bill_key,
    bill_line,
    bill_reading,
    bill_suspense,
    billed_seat,
    period_close,
    period_movement,
    period_usage,
    provider_admin,
)
from bursar.office.tables.catalogue import price_overlay, price_snapshot, price_version, provider
from bursar.office.tables.common import DEFAULT_ORGANISATION, ORGANISATION, Whose, metadata
from bursar.office.tables.figures import usage_hour, usage_house_day, usage_person_day, usage_person_month
from bursar.office.tables.granting import (
    calendar_event,
    calendar_position,
    consent,
    grant_fact,
    grant_pause,
    grant_terms,
    plan_grant,
    plan_version,
    seat,
    topup_request,
)
from bursar.office.tables.ground import audit, control_version, journal_mark, schema_floor, setting
from bursar.office.tables.identity import (
    account_identity,
    account_invitation,
    account_password,
    account_recovery_code,
    account_second_factor,
    api_token,
    api_token_use,
    oidc_state,
    sign_in_failure,
    user_account,
    web_session,
)
from bursar.office.tables.keyring import access_key, access_key_use
from bursar.office.tables.metering import gateway_count, gateway_node, outside_usage, rate_use, telemetry_series
from bursar.office.tables.people import leaderboard_member, organisation, pay_band, person, personal_read, provisioned
from bursar.office.tables.telling import notice, notice_delivery, notice_watch
from bursar.office.tables.works import kept_answer, long_work, webhook

__all__ = [
    "AUDITED",
    "DEFAULT_ORGANISATION",
    "ORGANISATION",
    "Whose",
    "access_key",
    "access_key_use",
    "account_identity",
    "account_invitation",
    "account_password",
    "account_recovery_code",
    "account_second_factor",
    "api_token",
    "api_token_use",
    "audit",
    "bill_cost",
    "bill_day",
    "bill_key",
    "bill_line",
    "bill_reading",
    "bill_suspense",
    "billed_seat",
    "calendar_event",
    "calendar_position",
    "consent",
    "control_version",
    "gateway_count",
    "gateway_node",
    "grant_fact",
    "grant_pause",
    "grant_terms",
    "journal_mark",
    "kept_answer",
    "leaderboard_member",
    "long_work",
    "metadata",
    "notice",
    "notice_delivery",
    "notice_watch",
    "oidc_state",
    "organisation",
    "outside_usage",
    "pay_band",
    "period_close",
    "period_movement",
    "period_usage",
    "person",
    "personal_read",
    "plan_grant",
    "plan_version",
    "price_overlay",
    "price_snapshot",
    "price_version",
    "provider",
    "provider_admin",
    "provisioned",
    "rate_use",
    "schema_floor",
    "seat",
    "setting",
    "sign_in_failure",
    "telemetry_series",
    "topup_request",
    "usage_hour",
    "usage_house_day",
    "usage_person_day",
    "usage_person_month",
    "user_account",
    "web_session",
    "webhook",
]

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
