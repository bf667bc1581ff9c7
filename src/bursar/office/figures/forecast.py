"""When an allotment runs out at the rate that it is used at: a simple model that can be said in one sentence.

An hour ahead is taken to cost what the same hour of the same weekday cost on average in the last 14 days; with less
history than that, or none in it, what the mean hour of the last 24 cost. Nothing else is known or guessed: no trend, no
holidays. Everything is in whole nano-units.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import erfc, sqrt
from zoneinfo import ZoneInfo

from bursar.calendar import from_micros, to_local

MICROS_PER_HOUR = 3_600_000_000
DAY_HOURS = 24
HISTORY_HOURS = 14 * DAY_HOURS
"""Whole hours before the present one that the model looks at."""
HORIZON_HOURS = 60 * DAY_HOURS
"""What would run out later than this is said not to run out."""

MOST_WEEKS = HORIZON_HOURS // (7 * DAY_HOURS) + 2
"""How often an hour of the week may come within the horizon, with one that the clocks repeat."""

MICROS_PER_DAY = DAY_HOURS * MICROS_PER_HOUR
EIGHT_IN_TEN = 1.2816
"""Standard deviations to either side of the mean that hold eight cases of ten."""


@dataclass(frozen=True, slots=True)
class Ahead:
    """What will be left at an instant, nano-units: eight cases of ten lie between `low` and `high`."""

    at: int
    low: int
    middle: int
    high: int


def ahead(hourly: Sequence[int], available: int, now: int, until: int, zone: ZoneInfo) -> list[Ahead]:
    """What will be left now and every 24 hours from now to `until`, by the model of `run_out`.

    The band is the spread of days around what their weekday cost on average, in the 14 days that the model knows: with
    s its standard deviation per day, n days ahead vary by s * sqrt(n + n*n/14); the second part is that the means
    themselves are known from two weeks only. With less history than that there is no spread to be known, and no band.
    """
    present = now // MICROS_PER_HOUR
    rates = _rates(hourly, present, zone)
    spread = 0.0 if isinstance(rates, int) else _spread(hourly, rates, present, zone)
    found = [Ahead(now, available, available, available)]
    left, at = available, now
    for day in range(1, min((until - now) // MICROS_PER_DAY, HORIZON_HOURS // DAY_HOURS) + 1):
        end = now + day * MICROS_PER_DAY
        left -= _cost(rates, at, end, zone)
        by = round(EIGHT_IN_TEN * spread * sqrt(day + day * day / 14))
        found.append(Ahead(end, max(0, left - by), max(0, left), min(available, max(0, left + by))))
        at = end
    return found


def rate_per_day(hourly: Sequence[int], now: int, zone: ZoneInfo) -> int:
    """What the next seven days cost on average by the model, nano-units a day."""
    rates = _rates(hourly, now // MICROS_PER_HOUR, zone)
    return _cost(rates, now, now + 7 * MICROS_PER_DAY, zone) // 7


def chance(hourly: Sequence[int], available: int, now: int, until: int, zone: ZoneInfo) -> float | None:
    """How likely `available` nano-units are used up between now and `until`, 0 to 1; None where nothing is known of it.

    The use of n days is taken as normal around what `run_out` expects, with the spread that `ahead` draws; beyond the
    horizon nothing is looked at. With less than two weeks of history there is no spread to be known.
    """
    rates = _rates(hourly, now // MICROS_PER_HOUR, zone)
    if isinstance(rates, int):
        return None
    end = min(until, now + HORIZON_HOURS * MICROS_PER_HOUR)
    days = max(0, end - now) / MICROS_PER_DAY
    over = _cost(rates, now, end, zone) - available
    spread = _spread(hourly, rates, now // MICROS_PER_HOUR, zone) * sqrt(days + days * days / 14)
    if not spread:
        return 1.0 if over >= 0 else 0.0
    return 0.5 * erfc(-over / (spread * sqrt(2)))


def run_out(hourly: Sequence[int], available: int, now: int, zone: ZoneInfo) -> int | None:
    """The instant (microseconds UTC) at which `available` nano-units are used up, None if not within the horizon.

    `hourly` is what each hour since 1970 cost, oldest first; the last is the hour that `now` lies in, so far. Weekdays
    and hours are those of `zone`.
    """
    if available <= 0:
        return now
    present = now // MICROS_PER_HOUR
    rates = _rates(hourly, present, zone)
    if isinstance(rates, int):
        end = now + available * MICROS_PER_HOUR // rates if rates else None
        return end if end is not None and end <= now + HORIZON_HOURS * MICROS_PER_HOUR else None
    if sum(rates.values()) * MOST_WEEKS < available:
        return None
    left, at = available, now
    for hour in range(present, present + HORIZON_HOURS):
        end = (hour + 1) * MICROS_PER_HOUR
        rate = rates[_slot(hour, zone)]
        cost = rate * (end - at) // MICROS_PER_HOUR
        if cost >= left:
            return at + left * MICROS_PER_HOUR // rate
        left, at = left - cost, end
    return None


def _cost(rates: dict[tuple[int, int], int] | int, start: int, end: int, zone: ZoneInfo) -> int:
    """What a stretch of time costs by the rates."""
    if isinstance(rates, int):
        return rates * (end - start) // MICROS_PER_HOUR
    total, at = 0, start
    while at < end:
        hour = at // MICROS_PER_HOUR
        until = min(end, (hour + 1) * MICROS_PER_HOUR)
        total += rates[_slot(hour, zone)] * (until - at) // MICROS_PER_HOUR
        at = until
    return total


def _spread(hourly: Sequence[int], rates: dict[tuple[int, int], int], present: int, zone: ZoneInfo) -> float:
    """Standard deviation of a day around its weekday: 14 days around 7 means leave 7 degrees of freedom."""
    whole = hourly[:-1][-HISTORY_HOURS:]
    first = present - HISTORY_HOURS
    off = 0.0
    slots = _slots(first, zone)
    for start in range(0, HISTORY_HOURS, DAY_HOURS):
        cost = sum(max(0, amount) for amount in whole[start : start + DAY_HOURS])
        usual = sum(rates[slot] for slot in slots[start : start + DAY_HOURS])
        off += float(cost - usual) ** 2
    return sqrt(off / 7)


def _rates(hourly: Sequence[int], present: int, zone: ZoneInfo) -> dict[tuple[int, int], int] | int:
    """What an hour costs: by weekday and hour, or one rate for all."""
    whole = hourly[:-1][-HISTORY_HOURS:]
    if len(whole) == HISTORY_HOURS and any(amount > 0 for amount in whole):
        # A page asks several things about the same hours, and soon again.
        return _by_slot(tuple(whole), present, zone)
    return max(0, sum(hourly[-DAY_HOURS:])) // DAY_HOURS


@lru_cache(maxsize=512)
def _by_slot(whole: tuple[int, ...], present: int, zone: ZoneInfo) -> dict[tuple[int, int], int]:
    """The mean of each weekday's hour; the callers only read it."""
    slots: dict[tuple[int, int], list[int]] = {}
    for slot, amount in zip(_slots(present - HISTORY_HOURS, zone), whole, strict=True):
        slots.setdefault(slot, []).append(max(0, amount))
    # Where the clocks change, one hour of the week has three samples and another may have none.
    mean = {slot: sum(amounts) // len(amounts) for slot, amounts in slots.items()}
    return {(day, hour): mean.get((day, hour), 0) for day in range(7) for hour in range(DAY_HOURS)}


@lru_cache(maxsize=64)
def _slots(first: int, zone: ZoneInfo) -> tuple[tuple[int, int], ...]:
    """Weekday and hour of the hours that the model looks at."""
    return tuple(_slot(first + hour, zone) for hour in range(HISTORY_HOURS))


@lru_cache(maxsize=16_384)
def _slot(hour: int, zone: ZoneInfo) -> tuple[int, int]:
    local = to_local(from_micros(hour * MICROS_PER_HOUR), zone)
    return local.weekday(), local.hour
