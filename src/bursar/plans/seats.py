"""What a seat costs, and when: the charges of one recurring subscription, as a pure function of its terms.

A seat is paid in advance, at the first instant of each of its periods on the clocks of its zone. Periods are counted from
its anchor and never from each other, so a seat of the 31st is paid on the last day of a short month and on the 31st again
after it. The key of a charge is the local date on which it falls: it never changes, so it is charged once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Literal, get_args
from zoneinfo import ZoneInfo

from bursar.calendar import (
    LAST_YEAR,
    Interval,
    days_later,
    from_micros,
    micros,
    periods_between,
    proration_by_days,
    to_local,
    to_utc,
)
from bursar.errors import InvalidInput
from bursar.money import Amount

Proration = Literal["none", "daily"]
UNITS = ("month", "quarter", "year")
"""What a seat may be paid by."""
_FOREVER = date(LAST_YEAR - 1, 12, 31)


@dataclass(frozen=True, slots=True)
class SeatTerms:
    """A seat from its first to its last day, both included and paid; no last day means until it is ended, and one before
    the first day that it never costs anything.

    `proration` says what a part of a period costs, at the start and at the end: `none` the whole amount, `daily` its
    share of the period's calendar days.
    """

    seat: str
    amount: Amount
    every: Interval
    zone: ZoneInfo
    starts: date
    ends: date | None = None
    anchor: date | None = None
    """The local date that periods are counted from; without it, the first day."""
    proration: Proration = "none"

    def __post_init__(self) -> None:
        if self.every.unit not in UNITS:
            raise InvalidInput("every", str(self.every), f"a number of {', '.join(UNITS[:-1])} or {UNITS[-1]}")
        if self.amount.nanos <= 0:
            raise InvalidInput("amount", str(self.amount.nanos), "more than nothing")
        if self.proration not in get_args(Proration):
            raise InvalidInput("proration", repr(self.proration), " or ".join(get_args(Proration)))

    @property
    def opening(self) -> int:
        """The first instant of the first day, microseconds UTC."""
        return self.midnight(self.starts)

    @property
    def closing(self) -> int:
        """The first instant that is not paid any more."""
        return self.midnight(days_later(self.ends or _FOREVER, 1))

    def midnight(self, day: date) -> int:
        return micros(to_utc(datetime.combine(day, time()), self.zone))


@dataclass(frozen=True, slots=True)
class SeatCharge:
    """One charge of a seat: nano-units, microseconds UTC, `until` exclusive."""

    seat: str
    key: str
    at: int
    until: int
    nanos: int
    evidence: str
    """Why it is what it is: the days that it pays, and their share of the period."""

    @property
    def id(self) -> str:
        """The command under which the ledger charges it, once."""
        return f"seat:{self.seat}:{self.key}"


def due(terms: SeatTerms, after: int, until: int) -> list[SeatCharge]:
    """Charges with `after` < at <= `until`, in order."""
    since = max(terms.opening, min(after, until))
    return [one for one in _charges(terms, since, min(until + 1, terms.closing)) if after < one.at <= until]


def next_due(terms: SeatTerms, after: int) -> int | None:
    """The instant of the first charge after an instant, None if the seat is over by then."""
    since = max(terms.opening, after)
    return next((one.at for one in _charges(terms, since, terms.closing) if one.at > after), None)


def _charges(terms: SeatTerms, since: int, stop: int) -> Iterator[SeatCharge]:
    """The charges of every period that shares time with `since` up to, not including, `stop`."""
    if since >= stop:
        return
    opening, closing = terms.opening, terms.closing
    anchor = terms.anchor or terms.starts
    for period in periods_between(anchor, terms.every, terms.zone, from_micros(since), from_micros(stop)):
        at, until = max(micros(period.start), opening), min(micros(period.end), closing)
        numerator, denominator = proration_by_days(period, from_micros(at), from_micros(until), terms.zone)
        first, last = _day(at, terms), days_later(_day(until, terms), -1)
        evidence = f"{first.isoformat()} to {last.isoformat()}"
        nanos = terms.amount.nanos
        if terms.proration == "daily" and numerator != denominator:
            nanos = terms.amount.share(numerator, denominator).nanos
            evidence += f", {numerator}/{denominator} of the period"
        yield SeatCharge(terms.seat, first.isoformat(), at, until, nanos, evidence)


def _day(at: int, terms: SeatTerms) -> date:
    return to_local(from_micros(at), terms.zone).date()
