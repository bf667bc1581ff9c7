"""What share of a period somebody is owed, by three rules; always an exact fraction in lowest terms.

The fraction is kept with the lot as evidence of why it is smaller, and multiplies the amount once (`Amount.share`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from fractions import Fraction
from itertools import pairwise
from zoneinfo import ZoneInfo

from bursar.calendar.instants import as_utc, micros, to_local
from bursar.calendar.periods import Period, months_later
from bursar.money import round_half_up_div

HALF_MONTH_DAYS = 15
"""Days of a month's first half; its second half is the rest."""

# The Gregorian calendar repeats after 400 years of 4,800 months.
_CYCLE_DAYS = 146_097
_CYCLE_MONTHS = 4_800


@dataclass(frozen=True, slots=True)
class _Days:
    """A period from `first` to `last` and a stretch of it from `since` to `until`, in days, the last not included."""

    first: date
    last: date
    since: date
    until: date


def proration(period: Period, start: datetime, end: datetime) -> tuple[int, int]:
    """The share of `period` between `start` and `end`, to the microsecond: (numerator, denominator).

    What lies outside the period does not count; an empty period gives (0, 1). An hour that daylight saving adds or
    takes counts as time, so that the shares of adjoining stretches sum to the whole exactly.
    """
    since, until = max(period.start, as_utc(start)), min(period.end, as_utc(end))
    return _fraction(micros(until) - micros(since), micros(period.end) - micros(period.start))


def proration_by_days(period: Period, start: datetime, end: datetime, zone: ZoneInfo) -> tuple[int, int]:
    """The share of the period's calendar days in `zone` that lie between `start` and `end`.

    A day that is touched counts whole; daylight saving changes nothing. The day on which the period ends belongs to
    the next period.
    """
    days = _days(period, start, end, zone)
    return _fraction((days.until - days.since).days, (days.last - days.first).days)


def proration_by_halves(period: Period, start: datetime, end: datetime, zone: ZoneInfo) -> tuple[int, int]:
    """The payroll rule: the share of the period's half months, of which each counts whole once it is touched.

    Each month of the period, counted from its first day, is a half of `HALF_MONTH_DAYS` days and a half of the rest:
    in a period from the first, who joins by the 15th gets the month and who joins from the 16th gets half. A period
    of up to 15 days is one half, so that it counts whole.
    """
    days = _days(period, start, end, zone)
    months = max(1, round_half_up_div((days.last - days.first).days * _CYCLE_MONTHS, _CYCLE_DAYS))
    marks: list[date] = []
    for month in range(months):
        begin = months_later(days.first, month)
        marks += [begin, begin + timedelta(days=HALF_MONTH_DAYS)]
    marks = [*(mark for mark in marks if mark < days.last), days.last]
    halves = list(pairwise(marks))
    return _fraction(sum(1 for begin, stop in halves if begin < days.until and stop > days.since), len(halves))


def _days(period: Period, start: datetime, end: datetime, zone: ZoneInfo) -> _Days:
    start, end = as_utc(start), as_utc(end)
    first, last = to_local(period.start, zone).date(), to_local(period.end, zone).date()
    if start >= end or start >= period.end or end <= period.start:
        return _Days(first, last, first, first)
    since = min(last, max(first, to_local(start, zone).date()))
    closing = to_local(end, zone)
    untouched = closing.date() + timedelta(days=closing.time() > time())
    return _Days(first, last, since, max(since, min(last, untouched)))


def _fraction(part: int, whole: int) -> tuple[int, int]:
    share = Fraction(max(part, 0), whole) if whole > 0 else Fraction(0)
    return share.numerator, share.denominator
