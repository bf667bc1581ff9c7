"""Periods of a plan: the n-th boundary is the anchor plus n intervals, clamped to the month's end, in the plan's zone.

This is the one month function of Bursar: release, expiry, rollover and vesting all ask it. Each boundary is computed
from the anchor, never from the boundary before it (iterating drags the 31st to the 28th for ever), and is turned into
UTC once. A period runs from its boundary up to, not including, the next.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Literal, get_args
from zoneinfo import ZoneInfo

from bursar.calendar.instants import FIRST_YEAR, LAST_YEAR, as_utc, to_local, to_utc
from bursar.errors import InvalidInput

IntervalUnit = Literal["day", "week", "month", "quarter", "year"]

MAX_INTERVAL_YEARS = 100
"""Longest interval, in years: 1,200 months, 400 quarters, 5,200 weeks or 36,500 days."""

_MONTHS = {"month": 1, "quarter": 3, "year": 12}
_DAYS = {"day": 1, "week": 7}
_PER_YEAR = {"day": 365, "week": 52, "month": 12, "quarter": 4, "year": 1}
_ADVERBS = {"daily": "day", "weekly": "week", "monthly": "month", "quarterly": "quarter", "yearly": "year"}
_ISO_UNITS = {"D": "day", "W": "week", "M": "month", "Y": "year"}
_WORDS = re.compile(r"(?:every )?(?:(\d{1,6}) )?(day|week|month|quarter|year)s?", re.ASCII | re.IGNORECASE)
_ISO = re.compile(r"P(\d{1,6})([DWMY])", re.ASCII)
_EXPECTED_INTERVAL = "an interval such as month, 2 weeks, quarterly or P1M"
_EXPECTED_YEAR = f"a year from {FIRST_YEAR} to {LAST_YEAR}"


@dataclass(frozen=True, slots=True)
class Interval:
    """Every `count` days, weeks, months, quarters or years. Raises `InvalidInput` unless 1 to `MAX_INTERVAL_YEARS`."""

    count: int
    unit: IntervalUnit

    def __post_init__(self) -> None:
        if self.unit not in get_args(IntervalUnit):
            raise InvalidInput("interval", repr(self.unit), "day, week, month, quarter or year")
        most = MAX_INTERVAL_YEARS * _PER_YEAR[self.unit]
        if not 1 <= self.count <= most:
            raise InvalidInput("interval", f"every {self.count} {self.unit}s", f"1 to {most} {self.unit}s")

    @property
    def months(self) -> int:
        """Length in months, 0 for days and weeks."""
        return self.count * _MONTHS.get(self.unit, 0)

    @property
    def days(self) -> int:
        """Length in days, 0 for months, quarters and years."""
        return self.count * _DAYS.get(self.unit, 0)

    def __str__(self) -> str:
        return self.unit if self.count == 1 else f"{self.count} {self.unit}s"


@dataclass(frozen=True, slots=True)
class Period:
    """The stretch from boundary `index` up to, not including, the next; both ends in UTC."""

    index: int
    start: datetime
    end: datetime

    def __contains__(self, instant: datetime) -> bool:
        return self.start <= as_utc(instant) < self.end


def boundary(anchor: date | datetime, interval: Interval, n: int, zone: ZoneInfo) -> datetime:
    """The instant, in UTC, of `anchor` plus `n` intervals on the clocks of `zone`; `n` may be negative.

    `anchor` is a local date (its midnight) or a naive local time; its day of the month is kept where the month has it
    and becomes the month's last day where not. Local times that occur twice or never are decided by `to_utc`.
    Boundaries increase strictly, except that where a zone skipped a whole day (Samoa on 30 December 2011) that day's
    boundary coincides with the next and the period between them is empty. Raises `InvalidInput` for an anchor with an
    offset and for boundaries outside the years `FIRST_YEAR` to `LAST_YEAR`.
    """
    wall = _wall(anchor)
    if interval.months:
        day = months_later(wall.date(), n * interval.months)
    else:
        day = days_later(wall.date(), n * interval.days)
    return to_utc(datetime.combine(day, wall.time()), zone)


def period(anchor: date | datetime, interval: Interval, n: int, zone: ZoneInfo) -> Period:
    """The `n`-th period, from boundary `n` to boundary `n + 1`."""
    return Period(n, boundary(anchor, interval, n, zone), boundary(anchor, interval, n + 1, zone))


def period_index(anchor: date | datetime, interval: Interval, zone: ZoneInfo, at: datetime) -> int:
    """The index of the period that contains `at`: 0 from the anchor on, negative before it."""
    return period_at(anchor, interval, zone, at).index


def period_at(anchor: date | datetime, interval: Interval, zone: ZoneInfo, at: datetime) -> Period:
    """The one period with start <= `at` < end."""
    at, wall = as_utc(at), _wall(anchor)
    local = to_local(at, zone)
    if interval.months:
        n = ((local.year - wall.year) * 12 + local.month - wall.month) // interval.months
    else:
        n = (local - wall).days // interval.days
    # The wall clock is a step or two off at most: within the month, in a repeated hour, around a skipped day.
    found = period(anchor, interval, n, zone)
    while found.start > at:
        found = Period(found.index - 1, boundary(anchor, interval, found.index - 1, zone), found.start)
    while found.end <= at:
        found = _after(found, anchor, interval, zone)
    return found


def periods_between(
    anchor: date | datetime, interval: Interval, zone: ZoneInfo, start: datetime, end: datetime
) -> Iterator[Period]:
    """Every period that shares time with `start` up to, not including, `end`, oldest first; empty periods are left out.

    Catching up after a pause walks this: the same periods come out however often, and at whatever moments, it is asked.
    """
    start, end = as_utc(start), as_utc(end)
    if start >= end:
        return
    current = period_at(anchor, interval, zone, start)
    while current.start < end:
        if current.start < current.end:
            yield current
        current = _after(current, anchor, interval, zone)


def months_later(day: date, months: int, on_day: int | None = None) -> date:
    """The same day of the month, `months` later (or earlier), or that month's last day where it has no such day.

    `on_day` (1 to 31) puts another day of the month in place of the day's own, as the Open Cap Format's day of month
    does: the month is still counted from `day`, however short the months between were.
    """
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise InvalidInput("boundary", f"{months} months from {day}", _EXPECTED_YEAR)
    return date(year, month + 1, min(on_day or day.day, monthrange(year, month + 1)[1]))


def days_later(day: date, days: int) -> date:
    """The day `days` later (or earlier); raises `InvalidInput` outside the years `FIRST_YEAR` to `LAST_YEAR`."""
    ordinal = day.toordinal() + days
    if not date(FIRST_YEAR, 1, 1).toordinal() <= ordinal <= date(LAST_YEAR, 12, 31).toordinal():
        raise InvalidInput("boundary", f"{days} days from {day}", _EXPECTED_YEAR)
    return date.fromordinal(ordinal)


def parse_interval(text: str, *, field: str = "interval") -> Interval:
    """Read `month`, `every 2 weeks`, `quarterly` or the ISO 8601 durations `P1D`, `P2W`, `P1M`, `P1Y`.

    Raises `InvalidInput`, naming `field`, for anything else and for intervals of 0 or beyond `MAX_INTERVAL_YEARS`.
    """
    text = text.strip(" ")
    units: dict[str, IntervalUnit] = {unit: unit for unit in get_args(IntervalUnit)}
    if iso := _ISO.fullmatch(text):
        count, unit = int(iso[1]), units[_ISO_UNITS[iso[2]]]
    elif words := _WORDS.fullmatch(text):
        count, unit = int(words[1] or 1), units[words[2].lower()]
    elif adverb := _ADVERBS.get(text.lower()):
        count, unit = 1, units[adverb]
    else:
        raise InvalidInput(field, repr(text[:40]), _EXPECTED_INTERVAL)
    try:
        return Interval(count, unit)
    except InvalidInput as error:
        raise InvalidInput(field, repr(text), error.expected) from None


def _after(current: Period, anchor: date | datetime, interval: Interval, zone: ZoneInfo) -> Period:
    return Period(current.index + 1, current.end, boundary(anchor, interval, current.index + 2, zone))


def _wall(anchor: date | datetime) -> datetime:
    if not isinstance(anchor, datetime):
        return datetime.combine(anchor, time())
    if anchor.tzinfo is not None:
        raise InvalidInput("anchor", anchor.isoformat(), "a local date or time without an offset")
    return anchor
