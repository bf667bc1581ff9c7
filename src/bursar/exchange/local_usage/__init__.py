"""A person's own usage, read from their machine: the logs of Claude Code and Codex, and bills of a provider as CSV.

Every answer counts once however often it is written down, at list price on its own day. What has no price is listed
with its tokens, and what cannot be read with its place; neither is ever guessed. `files` reads; the rest is pure, and
who may know no disk imports `totals` and `values` themselves.
"""

from bursar.exchange.local_usage.bill import Bill
from bursar.exchange.local_usage.files import places, read
from bursar.exchange.local_usage.gathering import Gathering
from bursar.exchange.local_usage.log import Log
from bursar.exchange.local_usage.totals import (
    GROUPS,
    Month,
    Total,
    Unpriced,
    active_days,
    by_day_nanos,
    days_covered,
    lasts_months,
    lognormal_days,
    monthly_list_nanos,
    rate_per_month,
    stated_nanos,
    tokens_of,
    total,
    totals,
    unpriced,
)
from bursar.exchange.local_usage.values import LocalUsage, Skipped, UsageEvent

__all__ = [
    "GROUPS",
    "Bill",
    "Gathering",
    "LocalUsage",
    "Log",
    "Month",
    "Skipped",
    "Total",
    "Unpriced",
    "UsageEvent",
    "active_days",
    "by_day_nanos",
    "days_covered",
    "lasts_months",
    "lognormal_days",
    "monthly_list_nanos",
    "places",
    "rate_per_month",
    "read",
    "stated_nanos",
    "tokens_of",
    "total",
    "totals",
    "unpriced",
]
