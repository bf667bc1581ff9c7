"""When somebody works: hours of their own zone, days of the week, holidays; and what runs while they do not.

Use outside of these hours is unattended: agents go on while their person sleeps. Pure; instants are microseconds UTC.
Clock changes are the zone's: an hour that is skipped or repeated belongs to its wall time.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, time
from zoneinfo import ZoneInfo

from bursar.calendar import from_micros, parse_zone
from bursar.errors import InvalidInput

MAX_HOLIDAYS = 1_000
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, slots=True)
class WorkingTime:
    """Working hours; the end is exclusive."""

    zone: ZoneInfo
    begins: time = time(9)
    ends: time = time(18)
    weekdays: frozenset[int] = frozenset(range(5))
    """0 is Monday."""
    holidays: frozenset[date] = field(default_factory=frozenset)

    def __post_init__(self) -> None:
        if not self.begins < self.ends:
            raise InvalidInput(
                "hours", f"{self.begins:%H:%M}-{self.ends:%H:%M}", "an end after the beginning of the day"
            )
        if len(self.holidays) > MAX_HOLIDAYS:
            raise InvalidInput("holidays", f"{len(self.holidays):,}", f"at most {MAX_HOLIDAYS:,}")

    def at_work(self, micros: int) -> bool:
        """Is it working time at an instant, where the person is?"""
        local = from_micros(micros).astimezone(self.zone)
        free = local.date() in self.holidays or local.weekday() not in self.weekdays
        return not free and self.begins <= local.time().replace(tzinfo=None) < self.ends


@dataclass(frozen=True, slots=True)
class Unattended:
    """What of somebody's use ran outside of working hours; nano-units."""

    whole: int
    unattended: int
    longest_seconds: int
    """Of a stretch of unattended use without a pause of an hour."""

    @property
    def share(self) -> float:
        return self.unattended / self.whole if self.whole else 0.0


PAUSE_MICROS = 3_600_000_000


def unattended(charges: Iterable[tuple[int, int]], hours: WorkingTime) -> Unattended:
    """Sum charges (instant, nano-units), in any order, by whether their person was at work."""
    whole = outside = longest = 0
    began = last = None
    for at, amount in sorted(charges):
        whole += amount
        if hours.at_work(at):
            began = last = None
            continue
        outside += amount
        if began is None or last is None or at - last > PAUSE_MICROS:
            began = at
        last = at
        longest = max(longest, last - began)
    return Unattended(whole, outside, longest // 1_000_000)


def parse_hours(text: str, zone: str, days: str = "mon-fri", holidays: Sequence[str] = ()) -> WorkingTime:
    """Working time as people write it: `9:00-18:00`, `mon-fri`, `2026-12-25`. Raises InvalidInput by field."""
    start, dash, end = text.partition("-")
    begins, ends = _time(start), _time(end)
    if not dash or begins is None or ends is None:
        raise InvalidInput("hours", repr(text[:40]), "a beginning and an end, such as 9:00-18:00")
    found = set()
    for name in holidays:
        try:
            found.add(date.fromisoformat(name.strip()))
        except ValueError:
            raise InvalidInput("holiday", repr(name[:40]), "a day such as 2026-12-25") from None
    return WorkingTime(parse_zone(zone), begins, ends, _weekdays(days), frozenset(found))


def _time(text: str) -> time | None:
    hour, _, minute = text.strip().partition(":")
    if not (hour.isascii() and hour.isdigit() and (minute or "0").isdigit()):
        return None
    try:
        return time(int(hour), int(minute or 0))
    except ValueError:
        return None


def _weekdays(text: str) -> frozenset[int]:
    found: set[int] = set()
    for part in text.lower().split(","):
        first, _, last = part.strip().partition("-")
        if first not in WEEKDAYS or (last and last not in WEEKDAYS):
            raise InvalidInput("days", repr(text[:40]), f"days such as mon-fri or sun,mon: {', '.join(WEEKDAYS)}")
        start, end = WEEKDAYS.index(first), WEEKDAYS.index(last or first)
        found |= {day % 7 for day in range(start, (end if end >= start else end + 7) + 1)}
    return frozenset(found)
