"""Periods, time zones and proration, without a clock.

`instants` reads times and turns wall clocks into UTC, `periods` places boundaries, `proration` takes shares.
"""

from bursar.calendar.instants import (
    FIRST_YEAR,
    LAST_YEAR,
    MAX_ZONE_CHARS,
    as_utc,
    from_micros,
    micros,
    parse_instant,
    parse_zone,
    to_local,
    to_utc,
)
from bursar.calendar.periods import (
    MAX_INTERVAL_YEARS,
    Interval,
    IntervalUnit,
    Period,
    boundary,
    days_later,
    months_later,
    parse_interval,
    period,
    period_at,
    period_index,
    periods_between,
)
from bursar.calendar.proration import HALF_MONTH_DAYS, proration, proration_by_days, proration_by_halves

__all__ = [
    "FIRST_YEAR",
    "HALF_MONTH_DAYS",
    "LAST_YEAR",
    "MAX_INTERVAL_YEARS",
    "MAX_ZONE_CHARS",
    "Interval",
    "IntervalUnit",
    "Period",
    "as_utc",
    "boundary",
    "days_later",
    "from_micros",
    "micros",
    "months_later",
    "parse_instant",
    "parse_interval",
    "parse_zone",
    "period",
    "period_at",
    "period_index",
    "periods_between",
    "proration",
    "proration_by_days",
    "proration_by_halves",
    "to_local",
    "to_utc",
]
