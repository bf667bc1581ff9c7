"""What a plan owes, found by living through every day of it: a second opinion on the calendar of plans.

No boundary is computed here. Each local day is asked whether a period begins on it, and at each midnight and at each
moment at which something about the person changes the same question is put: does the person have, for the period that
runs, what they should have by now? Where they have less, it is released; where they have more and the terms say so, it
is taken back. Written from the meaning of the terms with the standard library alone; slow, and obviously right.
"""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FOREVER = 2**62
MONTHS = {"month": 1, "quarter": 3, "year": 12}


@dataclass
class Person:
    """A grant and what befalls it; times are naive, on the clocks of the zone. Amounts in nano-units."""

    zone: str
    every: tuple[int, str] | None
    """How many of what: (2, "week"); None is once."""
    counted_from: date
    """A day on which a period begins, or would."""
    proration: str
    levels: list[tuple[datetime, int]]
    """From when on which amount; the first is when the grant begins."""
    floor: int = 0
    takes_back: bool = False
    pauses: list[tuple[datetime, datetime | None]] = field(default_factory=list)
    ends: datetime | None = None
    tail_days: int = 0
    """For how long what is left is kept after the end, if it is."""


@dataclass(frozen=True, order=True)
class Owed:
    """What happens at an instant (microseconds UTC), and until when what is released lives."""

    at: int
    kind: str
    amount: int = 0
    expires: int = 0


def live(person: Person, until: date) -> list[Owed]:
    """Everything that happens up to the midnight with which `until` begins, in the order in which it happens."""
    return _Life(person, until).found


class _Life:
    def __init__(self, person: Person, until: date) -> None:
        self.person = person
        self.found: list[Owed] = []
        self.starts = self.instant(person.levels[0][0])
        self.end = FOREVER if person.ends is None else self.instant(person.ends)
        self.first: date | None = None
        """The day with which the period that runs began; None when the plan pays once."""
        self.next: date | None = None
        self.has: int | None = None
        """What was released stands for this much each period; None before anything was."""
        today = person.levels[0][0].date()
        stop = self.instant(datetime.combine(until, time()))
        if person.every is not None:
            self.first = today
            while not self.begins(self.first):
                self.first -= DAY
            self.next = self.following(self.first)
        moments = self.moments(today, until)
        for at in moments:
            if at > stop:
                break
            if self.next is not None and at >= self.midnight(self.next):
                self.first, self.next, self.has = self.next, self.following(self.next), None
            if at == self.end:
                self.over(at, stop)
            if self.starts <= at < self.end:
                self.look(at)

    def moments(self, first: date, until: date) -> list[int]:
        """Every midnight, and every moment at which something changes."""
        person, found = self.person, {self.starts}
        day = first
        while day <= until:
            found.add(self.midnight(day))
            day += DAY
        found |= {self.instant(when) for when, _ in person.levels}
        found |= {self.instant(when) for pause in person.pauses for when in pause if when is not None}
        if person.ends is not None:
            found.add(self.end)
        return sorted(found)

    def look(self, at: int) -> None:
        """Does the person have what they should have by now?"""
        should = [amount for when, amount in self.person.levels if self.instant(when) <= at][-1]
        if self.has is not None and should < self.has:
            if self.person.takes_back:
                self.put(at, "reduce", self.part(self.has - should, at, True), 0)
                self.has = should
            return
        if self.has == should or self.paused(at):
            return
        if self.has is None:
            self.put(at, "release", max(self.person.floor, self.part(should, at, False)), self.period_end())
        else:
            self.put(at, "adjust", self.part(should - self.has, at, True), self.period_end())
        self.has = should

    def over(self, at: int, stop: int) -> None:
        self.put(at, "end", 0, 0)
        if self.person.tail_days:
            assert self.person.ends is not None
            later = self.instant(self.person.ends + self.person.tail_days * DAY)
            if later <= stop:
                self.put(later, "tail", 0, 0)

    def put(self, at: int, kind: str, amount: int, expires: int) -> None:
        if amount or kind in ("end", "tail"):
            self.found.append(Owed(at, kind, amount, expires))

    def paused(self, at: int) -> bool:
        return any(
            self.instant(since) <= at and (until is None or at < self.instant(until))
            for since, until in self.person.pauses
        )

    def period_end(self) -> int:
        return FOREVER if self.next is None else self.midnight(self.next)

    def begins(self, day: date) -> bool:
        """Does a period begin today?"""
        assert self.person.every is not None
        count, unit = self.person.every
        anchor = self.person.counted_from
        if unit == "week":
            return day.weekday() == anchor.weekday() and abs((day - anchor).days) // 7 % count == 0
        months = (day.year - anchor.year) * 12 + day.month - anchor.month
        if months % (count * MONTHS[unit]):
            return False
        return day.day == anchor.day or (anchor.day > day.day and is_last(day))

    def following(self, day: date) -> date:
        day += DAY
        while not self.begins(day):
            day += DAY
        return day

    def part(self, amount: int, at: int, change: bool) -> int:
        """What of an amount belongs to the rest of the period from now on, rounded half up."""
        rule = self.person.proration
        if self.first is None or self.next is None or (rule == "none" and not change):
            return amount
        days = [self.first + number * DAY for number in range((self.next - self.first).days)]
        lived = [self.midnight(day + DAY) > at and self.midnight(day) < self.end for day in days]
        if rule == "half_month":
            lived = self.halves(days, lived)
        return (2 * amount * sum(lived) + len(lived)) // (2 * len(lived))

    def halves(self, days: list[date], lived: list[bool]) -> list[bool]:
        """Of each half of each month of the period: was any of its days lived?"""
        assert self.person.every is not None
        count, unit = self.person.every
        begins = [0]
        if unit != "week":
            same = [
                place
                for place, day in enumerate(days)
                if day.day == days[0].day or (days[0].day > day.day and is_last(day))
            ]
            begins = same[: count * MONTHS[unit]]
        marks = sorted({place + more for place in begins for more in (0, 15) if place + more < len(days)})
        return [any(lived[since:until]) for since, until in zip(marks, [*marks[1:], len(days)], strict=True)]

    def midnight(self, day: date) -> int:
        return instant(self.person.zone, datetime.combine(day, time()))

    def instant(self, local: datetime) -> int:
        return instant(self.person.zone, local)


def is_last(day: date) -> bool:
    return day.day == monthrange(day.year, day.month)[1]


@lru_cache(maxsize=200_000)
def instant(zone: str, local: datetime) -> int:
    """When the clocks show a time, microseconds UTC: the first of two; the same time by the old offset where there is none."""
    clocks, near = ZoneInfo(zone), local.replace(tzinfo=UTC)
    before, after = (shown.astimezone(clocks).utcoffset() or timedelta() for shown in (near - DAY, near + DAY))
    shown = sorted(
        when for when in (near - before, near - after) if when.astimezone(clocks).replace(tzinfo=None) == local
    )
    return ((shown[0] if shown else near - before) - EPOCH) // timedelta(microseconds=1)
