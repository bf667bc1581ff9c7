"""Sums of what was read, by day, month, model, project or session; and how much that is in a month.

Days and months are those of UTC. A floating-point number appears only in `lasts_months`, which is a statistic.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from math import exp, log
from statistics import fmean, pstdev
from typing import NamedTuple

from bursar.calendar import from_micros
from bursar.errors import InvalidInput
from bursar.exchange.local_usage.values import LocalUsage, UsageEvent
from bursar.money import round_half_up_div
from bursar.prices import Usage
from bursar.prices.usage import FIELDS

GROUPS = ("day", "month", "model", "project", "session")
DAYS_OF_A_MONTH = (487, 16)
"""The mean month of the calendar as a fraction: 365.25 days / 12 = 30.4375."""
FIT_DAYS = 5
"""Days with use that a distribution is drawn through."""


@dataclass(frozen=True, slots=True)
class Total:
    """What several events come to."""

    key: str
    requests: int
    usage: Usage
    list_nanos: int
    """Of those events whose value is known."""
    unpriced_tokens: int
    """Of the others."""


@dataclass(frozen=True, slots=True)
class Unpriced:
    """Tokens of a model that has no price: what they are worth is not known."""

    provider: str
    model: str
    """As it was written down; "" where no model is named."""
    requests: int
    usage: Usage


class Month(NamedTuple):
    """A month of the calendar with what was used in it."""

    year: int
    month: int
    nanos: int
    """At list, nano-USD; without what has no price."""
    days_covered: int
    """Days of this month between the first and the last day that the sources cover."""


def totals(usage: LocalUsage, by: str) -> list[Total]:
    """One total for each day or month in their order, or model, project or session, the dearest first.

    Raises InvalidInput for another group.
    """
    if by not in GROUPS:
        raise InvalidInput("by", repr(by[:40]), f"one of {', '.join(GROUPS)}")
    groups: dict[str, list[UsageEvent]] = {}
    for event in usage.events:
        groups.setdefault(_key(event, by), []).append(event)
    found = [_total(key, events) for key, events in groups.items()]
    if by in ("day", "month"):
        return sorted(found, key=lambda one: one.key)
    return sorted(found, key=lambda one: (-one.list_nanos, -one.unpriced_tokens, one.key))


def total(usage: LocalUsage) -> Total:
    """All of it."""
    return _total("", usage.events)


def unpriced(usage: LocalUsage) -> list[Unpriced]:
    """Every model without a price, with its tokens, the most tokens first."""
    groups: dict[tuple[str, str], list[UsageEvent]] = {}
    for event in usage.events:
        if event.list_nanos is None:
            groups.setdefault((event.provider, event.model), []).append(event)
    found = [
        Unpriced(provider, model, sum(one.requests for one in events), _added(one.usage for one in events))
        for (provider, model), events in groups.items()
    ]
    return sorted(found, key=lambda one: (-tokens_of(one.usage), one.provider, one.model))


def stated_nanos(usage: LocalUsage) -> int:
    """The part of the value that a source states and no list price confirms, nano-USD."""
    return sum(event.list_nanos or 0 for event in usage.events if event.basis == "stated")


def active_days(usage: LocalUsage) -> int:
    """Days with at least one event."""
    return len({_day(event.at_micros) for event in usage.events})


def lognormal_days(usage: LocalUsage) -> tuple[float, float] | None:
    """Median (nano-USD) and sigma of the lognormal through one's own days with use; None with fewer than `FIT_DAYS` of them.

    The maximum of the likelihood: mean and standard deviation of the logarithms (Johnson, Kotz, Balakrishnan 1994, ch. 14).
    """
    logs = [log(nanos) for nanos in by_day_nanos(usage) if nanos > 0]
    if len(logs) < FIT_DAYS:
        return None
    return exp(fmean(logs)), pstdev(logs)


def days_covered(usage: LocalUsage) -> int:
    """Days from the first that the sources cover to the last event's, both counted; 0 without events."""
    return sum(one.days_covered for one in monthly_list_nanos(usage))


def by_day_nanos(usage: LocalUsage) -> list[int]:
    """The value of every day that is covered, oldest first, nano-USD; idle days are 0."""
    span = _span(usage)
    if span is None:
        return []
    first, last = span
    found = [0] * ((last - first).days + 1)
    for event in usage.events:
        found[(_day(event.at_micros) - first).days] += event.list_nanos or 0
    return found


def monthly_list_nanos(usage: LocalUsage) -> list[Month]:
    """Every month from the first covered day to the last event's, oldest first; months without use are 0.

    The first and the last month are as a rule covered in part: `days_covered` says how many of their days lie between
    the first covered day and the day of the last event. Whoever compares months divides by it.
    """
    span = _span(usage)
    if span is None:
        return []
    first, last = span
    worth: dict[tuple[int, int], int] = {}
    for event in usage.events:
        day = _day(event.at_micros)
        worth[day.year, day.month] = worth.get((day.year, day.month), 0) + (event.list_nanos or 0)
    found, start = [], first
    while start <= last:
        following = (start.replace(day=1) + timedelta(days=32)).replace(day=1)
        end = min(last, following - timedelta(days=1))
        found.append(Month(start.year, start.month, worth.get((start.year, start.month), 0), (end - start).days + 1))
        start = following
    return found


def rate_per_month(usage: LocalUsage) -> int:
    """What a mean month comes to at list, nano-USD, rounded half up; 0 without events.

    The value of all events by the days that are covered, times 30.4375. Days without use between the first and the
    last count, since an allotment lasts through them too; days before the first and after the last are not known. So
    a month that is covered in part weighs as many days as it is covered, and no month is scaled up by itself.
    """
    months = monthly_list_nanos(usage)
    days = sum(one.days_covered for one in months)
    over, under = DAYS_OF_A_MONTH
    return round_half_up_div(sum(one.nanos for one in months) * over, days * under) if days else 0


def lasts_months(amount_nanos: int, rate_nanos: int) -> float | None:
    """How many months an amount lasts at a monthly rate; None if nothing is used."""
    return amount_nanos / rate_nanos if rate_nanos > 0 else None


def tokens_of(usage: Usage) -> int:
    """All tokens, input and output."""
    return usage.total_input + usage.total_output


def _span(usage: LocalUsage) -> tuple[date, date] | None:
    if usage.first is None or usage.last is None:
        return None
    covered = usage.first if usage.covered_from is None else usage.covered_from
    return _day(min(covered, usage.first)), _day(usage.last)


def _key(event: UsageEvent, by: str) -> str:
    if by in ("day", "month"):
        return _day(event.at_micros).isoformat()[: 10 if by == "day" else 7]
    return {"model": event.model, "project": event.project, "session": event.session}[by]


def _day(at_micros: int) -> date:
    return from_micros(at_micros).date()


def _total(key: str, events: Iterable[UsageEvent]) -> Total:
    events = list(events)
    return Total(
        key=key,
        requests=sum(one.requests for one in events),
        usage=_added(one.usage for one in events),
        list_nanos=sum(one.list_nanos or 0 for one in events),
        unpriced_tokens=sum(tokens_of(one.usage) for one in events if one.list_nanos is None),
    )


def _added(usages: Iterable[Usage]) -> Usage:
    sums = [0] * len(FIELDS)
    for usage in usages:
        for nth, name in enumerate(FIELDS):
            sums[nth] += getattr(usage, name)
    return Usage(*sums)
