"""When an allotment runs out at the rate that it is used at: a simple model that can be said in one sentence.

An hour ahead is taken to cost what the same hour of the same weekday cost on average in the last 14 days; with less
history than that, or none in it, what the mean hour of the last 24 cost. Nothing else is known or guessed: no trend, no
holidays. Everything is in whole nano-units.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from zoneinfo import ZoneInfo

from bursar.calendar import from_micros, to_local

MICROS_PER_HOUR = 3_600_000_000
DAY_HOURS = 24
HISTORY_HOURS = 14 * DAY_HOURS
"""Whole hours before the present one that the model looks at."""
HORIZON_HOURS = 60 * DAY_HOURS
"""What would run out later than this is said not to run out."""


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
    left, at = available, now
    for hour in range(present, present + HORIZON_HOURS):
        end = (hour + 1) * MICROS_PER_HOUR
        rate = rates[_slot(hour, zone)]
        cost = rate * (end - at) // MICROS_PER_HOUR
        if cost >= left:
            return at + left * MICROS_PER_HOUR // rate
        left, at = left - cost, end
    return None


def _rates(hourly: Sequence[int], present: int, zone: ZoneInfo) -> dict[tuple[int, int], int] | int:
    """What an hour costs: by weekday and hour, or one rate for all."""
    whole = hourly[:-1][-HISTORY_HOURS:]
    if len(whole) == HISTORY_HOURS and any(amount > 0 for amount in whole):
        slots: dict[tuple[int, int], list[int]] = {}
        for hour, amount in enumerate(whole, start=present - HISTORY_HOURS):
            slots.setdefault(_slot(hour, zone), []).append(max(0, amount))
        # Where the clocks change, one hour of the week has three samples and another may have none.
        mean = {slot: sum(amounts) // len(amounts) for slot, amounts in slots.items()}
        return {(day, hour): mean.get((day, hour), 0) for day in range(7) for hour in range(DAY_HOURS)}
    return max(0, sum(hourly[-DAY_HOURS:])) // DAY_HOURS


@lru_cache(maxsize=16_384)
def _slot(hour: int, zone: ZoneInfo) -> tuple[int, int]:
    local = to_local(from_micros(hour * MICROS_PER_HOUR), zone)
    return local.weekday(), local.hour
