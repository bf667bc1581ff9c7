"""What a grant's terms make happen, and when: the calendar of one grant, as a pure function of its history.

Every event has a key that never changes, so whoever executes it, however late and however often, executes it once. The
calendar does not ask what time it is: what is due between two instants is the same whenever one asks, and a month of
downtime is caught up by asking for a month.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from typing import Literal

from bursar.calendar import (
    Interval,
    Period,
    boundary,
    from_micros,
    micros,
    periods_between,
    proration_by_days,
    proration_by_halves,
    to_local,
    to_utc,
)
from bursar.money import Amount, format_amount
from bursar.plans.terms import PARTS, Plan, ScopeTerms
from bursar.plans.tranches import tranches
from bursar.plans.vesting import Accelerated, Happened, Tranche

FOREVER = 2**62
"""Sorts after every instant: the expiry of a lot that has none."""
HORIZON_YEARS = 60
"""How far ahead a next event is looked for."""
_CALENDAR_ANCHOR = date(2000, 1, 1)
_CALENDAR_MONDAY = date(2000, 1, 3)

EndKind = Literal["left", "revoked", "ended"]
EventKind = Literal["release", "vest", "adjust", "reduce", "end", "tail"]
_ORDER = {"end": 0, "tail": 1, "reduce": 2, "release": 3, "vest": 4, "adjust": 5}


@dataclass(frozen=True, slots=True)
class Segment:
    """From an instant on, a grant is under a version of a plan with an amount each period."""

    start: int
    plan: Plan
    tier: str
    amount: Amount


@dataclass(frozen=True, slots=True)
class Pause:
    """No releases in between; what would have vested is released when it ends. `until` None is open."""

    start: int
    until: int | None


@dataclass(frozen=True, slots=True)
class Recorded:
    """A fact of vesting, and the instant at which it became known: what it brings is released no earlier."""

    fact: Happened | Accelerated
    known: int


@dataclass(frozen=True, slots=True)
class History:
    """Everything that is known of one grant; instants are microseconds UTC, segments and pauses in order."""

    grant: str
    starts: int
    segments: tuple[Segment, ...]
    hire_date: date | None = None
    pauses: tuple[Pause, ...] = ()
    ends: int | None = None
    """First instant that the grant does not cover any more."""
    end_kind: EndKind = "ended"
    end_known: int = -FOREVER
    """Since when the end is known: what was released before then did not count on it, and is not rewritten."""
    facts: tuple[Recorded, ...] = ()
    """Events of vesting that happened, and accelerations, in order."""

    def segment_at(self, at: int) -> Segment:
        """The terms in force at an instant; the first before the grant begins."""
        return next((one for one in reversed(self.segments) if one.start <= at), self.segments[0])

    def known_stop(self, at: int) -> int:
        """The end of the grant as it was known at an instant."""
        return self.stop if self.end_known <= at else FOREVER

    @property
    def stop(self) -> int:
        return FOREVER if self.ends is None else self.ends


@dataclass(frozen=True, slots=True)
class RollPlan:
    """What becomes of the rest of a lot when it expires; amounts in nano-units, the share in parts per million."""

    expires: int
    cap: int | None
    floor: int
    share: int


@dataclass(frozen=True, slots=True)
class LotPlan:
    """A lot to be released. Amounts in nano-units, instants in microseconds UTC."""

    id: str
    unit: str
    amount: int
    effective: int
    expires: int
    priority: int
    scope: ScopeTerms
    label: str
    roll: RollPlan | None
    evidence: str
    """Why the amount is what it is: the share of the period, in words."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that falls due: `release`, `vest`, `adjust` bring a lot, the others take back."""

    grant: str
    kind: EventKind
    key: str
    at: int
    lot: LotPlan | None = None
    amount: int = 0
    """What a `reduce` may take back of the period's lots, nano-units."""
    segment: int = 0

    @property
    def order(self) -> tuple[int, int, str, str]:
        return (self.at, _ORDER[self.kind], self.grant, self.key)


def due(history: History, after: int, until: int) -> list[Event]:
    """Events with `after` < at <= `until`, in the order in which they happen."""
    found = [event for event in _events(history, after, until) if after < event.at <= until]
    return sorted(found, key=lambda event: event.order)


def next_due(history: History, after: int) -> Event | None:
    """The first event after an instant, None if there is none for `HORIZON_YEARS`."""
    begins = min(history.segments[0].start, history.stop)
    after, days = max(after, begins - 1), 40
    while True:
        found = due(history, after, after + days * 86_400_000_000)
        if found:
            return found[0]
        if days >= HORIZON_YEARS * 366:
            return None
        days = min(days * 4, HORIZON_YEARS * 366)


def _events(history: History, after: int, until: int) -> Iterator[Event]:
    for index, segment in enumerate(history.segments):
        stop = history.segments[index + 1].start if index + 1 < len(history.segments) else FOREVER
        stop = min(stop, history.stop)
        if segment.start < stop and segment.start <= until:
            yield from _of_segment(history, index, segment, stop, after, until)
    if history.ends is not None:
        yield from _ending(history, history.ends)


def _of_segment(history: History, index: int, segment: Segment, stop: int, after: int, until: int) -> Iterator[Event]:
    plan = segment.plan
    # What vests was begun in earlier periods; everything else happens within its own.
    since = segment.start if plan.vesting is not None else max(segment.start, min(after, until))
    before = _before(history, index)
    for period in periods_of(history, segment, since, min(stop, until + 1)):
        if plan.vesting is None:
            yield from _in_period(history, index, period, stop)
        elif before is None or micros(period.start) >= segment.start:  # what has begun to vest goes on by its own terms
            yield from _vesting(history, index, segment, period, max(micros(period.start), segment.start))


def periods_of(history: History, segment: Segment, start: int, end: int) -> Iterator[Period]:
    """The periods of a segment's plan that share time with `start` up to `end`; a plan that pays once has one."""
    every, zone = segment.plan.allotment.every, segment.plan.zone
    if every is None:
        first = history.segments.index(segment)
        while (before := _before(history, first)) is not None:
            first = before
        whole = Period(
            0, from_micros(history.segments[first].start), datetime(2999, 1, 1, tzinfo=from_micros(0).tzinfo)
        )
        if segment.start < end:
            yield whole
        return
    end = min(end, micros(datetime(2998, 1, 1, tzinfo=from_micros(0).tzinfo)))
    if start < end:
        yield from periods_between(anchor_of(history, segment), every, zone, from_micros(start), from_micros(end))


def anchor_of(history: History, segment: Segment) -> date:
    """The local date that periods are counted from."""
    anchor = segment.plan.allotment.anchor
    first_day = to_local(from_micros(history.starts), segment.plan.zone).date()
    if isinstance(anchor, date):
        return anchor
    if anchor == "hire_date":
        return history.hire_date or first_day
    if anchor == "grant":
        return first_day
    every = segment.plan.allotment.every
    return _CALENDAR_MONDAY if every is not None and every.unit == "week" else _CALENDAR_ANCHOR


def _same_cadence(one: Segment, other: Segment) -> bool:
    """The same periods in the same unit: a change within a period is a matter of the difference."""
    a, b = one.plan, other.plan
    return (
        (a.allotment.every, a.allotment.anchor, a.zone) == (b.allotment.every, b.allotment.anchor, b.zone)
        and one.amount.unit == other.amount.unit
        and (a.vesting is None) == (b.vesting is None)
    )


def _before(history: History, index: int) -> int | None:
    """The segment before one, if its periods are the same; what was replaced before it began does not count."""
    segments = history.segments
    for number in range(index - 1, -1, -1):
        if segments[number].start < segments[index].start:
            return number if _same_cadence(segments[number], segments[index]) else None
    return None


def _after_pause(history: History, at: int) -> int | None:
    """When something that was due at `at` happens: then, or when the pauses around it end; None if one is open."""
    for pause in history.pauses:
        if pause.start <= at and (pause.until is None or at < pause.until):
            if pause.until is None:
                return None
            at = pause.until
    return at


def _in_period(history: History, index: int, period: Period, stop: int) -> Iterator[Event]:
    """A segment's part of a period: its release, or the difference to what was released for the period before.

    More is released for the rest of the period, after a pause around it; less is only taken back if the terms say so.
    """
    segment = history.segments[index]
    start, end = max(micros(period.start), segment.start), min(micros(period.end), stop)
    has, wanted = _stands_for(history, index, period), segment.amount.nanos
    if has is not None and wanted < has:
        amount, _ = _share_of(
            segment, has - wanted, period, start, min(history.known_stop(start), micros(period.end)), always=True
        )
        if segment.plan.reduce_released and amount:
            yield Event(history.grant, "reduce", _key(history, index, start), start, None, amount, index)
        return
    at = _after_pause(history, start)
    if at is None or at >= end or has == wanted:
        return
    event = _release(history, index, period, at) if has is None else _raise(history, index, period, at, wanted - has)
    if event.lot is not None and event.lot.amount:
        yield event


def _stands_for(history: History, index: int, period: Period) -> int | None:
    """What the lots of a period stand for as a segment begins, nano-units each period; None if there are none."""
    chain = [index]
    while history.segments[chain[-1]].start > micros(period.start):
        before = _before(history, chain[-1])
        if before is None:
            break
        chain.append(before)
    has: int | None = None
    for after, number in list(pairwise(chain))[::-1]:
        one, stop = history.segments[number], history.segments[after].start
        at = _after_pause(history, max(micros(period.start), one.start))
        if has is not None and one.amount.nanos < has:
            has = one.amount.nanos if one.plan.reduce_released else has
        elif at is not None and at < stop:
            has = one.amount.nanos
    return has


def _release(history: History, index: int, period: Period, at: int) -> Event:
    segment = history.segments[index]
    stop = min(history.known_stop(at), micros(period.end))
    amount, evidence = _share_of(segment, segment.amount.nanos, period, at, stop)
    floor = segment.plan.floor
    if floor is not None and amount < floor.nanos:
        amount, evidence = floor.nanos, f"{evidence}; raised to the floor of {format_amount(floor)}".lstrip("; ")
    key = _key(history, index, at)
    return Event(history.grant, "release", key, at, _lot(history, segment, period, at, amount, key, evidence), 0, index)


def _raise(history: History, index: int, period: Period, at: int, difference: int) -> Event:
    segment = history.segments[index]
    stop = min(history.known_stop(at), micros(period.end))
    key = _key(history, index, at)
    amount, evidence = _share_of(segment, difference, period, at, stop, always=True)
    evidence = f"{evidence}; {segment.tier} from here on".removeprefix("; ")
    lot = _lot(history, segment, period, at, amount, f"{key}a", evidence)
    if lot.roll is not None and lot.roll.floor:  # the floor belongs to the period's own lot, once
        lot = replace(lot, roll=replace(lot.roll, floor=0))
    return Event(history.grant, "adjust", key, at, lot, 0, index)


def _vesting(history: History, index: int, segment: Segment, period: Period, start: int) -> Iterator[Event]:
    plan = segment.plan
    assert plan.vesting is not None
    share, evidence = segment.amount.nanos, ""
    if micros(period.start) < start:
        share, evidence = _share_of(segment, share, period, start, micros(period.end))
    first = to_local(from_micros(start), plan.zone).date()
    facts = [one.fact for one in history.facts]
    for tranche in tranches(plan.vesting, Amount(share, segment.amount.unit), first, facts):
        planned = micros(to_utc(datetime.combine(tranche.date, time()), plan.zone))
        planned = max([planned, *(one.known for one in history.facts if _brought(one.fact, tranche))])
        at = _after_pause(history, max(planned, start))
        if at is None or at >= history.stop or not tranche.amount:
            continue
        key = f"{_key(history, index, start)}.{tranche.date}.{tranche.condition or 'accelerated'}"
        lot = _lot(history, segment, period, at, tranche.amount, key, evidence)
        yield Event(history.grant, "vest", key, at, lot, 0, index)


def _brought(fact: Happened | Accelerated, tranche: Tranche) -> bool:
    """Did this fact bring that tranche?"""
    condition = None if isinstance(fact, Accelerated) else fact.condition
    return fact.date == tranche.date and condition == tranche.condition


def _ending(history: History, at: int) -> Iterator[Event]:
    plan = history.segment_at(at - 1).plan
    yield Event(history.grant, "end", "end", at)
    if history.end_kind == "left" and plan.leaving.unspent == "keep" and plan.leaving.tail_days:
        day = to_local(from_micros(at), plan.zone) + timedelta(days=plan.leaving.tail_days)
        yield Event(history.grant, "tail", "tail", micros(to_utc(day, plan.zone)))


def _share_of(
    segment: Segment, nanos: int, period: Period, start: int, stop: int, *, always: bool = False
) -> tuple[int, str]:
    """The share of an amount that belongs to a part of its period, rounded half up, and why."""
    plan = segment.plan
    rule = plan.allotment.proration
    whole = start <= micros(period.start) and stop >= micros(period.end)
    if whole or plan.allotment.every is None or (rule == "none" and not always):
        return nanos, ""
    since, until = from_micros(start), from_micros(stop)
    if rule == "half_month":
        numerator, denominator = proration_by_halves(period, since, until, plan.zone)
        unit = "half months"
    else:
        numerator, denominator = proration_by_days(period, since, until, plan.zone)
        unit = "days"
    amount = Amount(nanos, segment.amount.unit).share(numerator, denominator).nanos
    return amount, f"{numerator}/{denominator} of the period, counted in {unit}"


def _lot(history: History, segment: Segment, period: Period, at: int, amount: int, key: str, evidence: str) -> LotPlan:
    plan = segment.plan
    return LotPlan(
        id=f"lot_{history.grant.removeprefix('grt_')}_{key}",
        unit=str(segment.amount.unit),
        amount=amount,
        effective=at,
        expires=_expiry(plan, period, at),
        priority=plan.priority,
        scope=plan.scope,
        label=_label(plan, period, at),
        roll=_roll(history, segment, period),
        evidence=evidence,
    )


def _expiry(plan: Plan, period: Period, at: int) -> int:
    expires = plan.allotment.expires
    if expires == "period":
        return micros(period.end)
    if expires == "never":
        return FOREVER
    if isinstance(expires, Interval):
        return micros(boundary(to_local(from_micros(at), plan.zone), expires, 1, plan.zone))
    assert isinstance(expires, date)
    return max(at + 1, micros(to_utc(datetime.combine(expires, time()), plan.zone)))


def _roll(history: History, segment: Segment, period: Period) -> RollPlan | None:
    terms, plan = segment.plan.rollover, segment.plan
    if terms is None or plan.allotment.every is None:
        return None
    expires = FOREVER
    if terms.periods is not None:
        anchor = anchor_of(history, segment)
        expires = micros(boundary(anchor, plan.allotment.every, period.index + 1 + terms.periods, plan.zone))
    cap = terms.cap.nanos if isinstance(terms.cap, Amount) else None
    if isinstance(terms.cap, int):
        cap = segment.amount.share(terms.cap, PARTS).nanos
    return RollPlan(expires, cap, 0 if terms.floor is None else terms.floor.nanos, terms.share)


def _key(history: History, index: int, at: int) -> str:
    """The local day; of later segments also the time, since one day may see two changes."""
    zone = history.segments[index].plan.zone
    local = to_local(from_micros(at), zone)
    midnight = micros(to_utc(datetime.combine(local.date(), time()), zone)) == at
    return local.date().isoformat() if midnight or not index else local.isoformat().replace(":", "")


def _label(plan: Plan, period: Period, at: int) -> str:
    if plan.allotment.every is None:
        return plan.title
    start = to_local(period.start, plan.zone).date()
    every = plan.allotment.every
    if every == Interval(1, "month") and start.day == 1:
        when = f"{start:%B %Y}"
    elif every == Interval(1, "quarter") and start.day == 1 and start.month in (1, 4, 7, 10):
        when = f"{start.year} Q{(start.month + 2) // 3}"
    elif every == Interval(1, "year") and (start.month, start.day) == (1, 1):
        when = str(start.year)
    else:
        when = f"from {start.isoformat()}"
    return f"{plan.title}, {when}"
