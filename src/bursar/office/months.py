"""Months of the books: named 2026-11, counted in days of UTC as usage is."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

from bursar.errors import InvalidInput

EPOCH = date(1970, 1, 1)
_NAME = re.compile(r"(\d{4})-(0[1-9]|1[0-2])")
MICROS_PER_DAY = 86_400_000_000


def checked(name: str, field: str = "month") -> str:
    """A month's name as it is written. Raises InvalidInput."""
    if not _NAME.fullmatch(name) or not "1970-01" <= name <= "9000-12":
        raise InvalidInput(field, repr(name[:40]), "a month such as 2026-11")
    return name


def month_of(at: int) -> str:
    """The month that an instant lies in (microseconds UTC)."""
    moment = datetime.fromtimestamp(at // 1_000_000, UTC)
    return f"{moment.year:04}-{moment.month:02}"


def following(name: str, months: int = 1) -> str:
    """The month so many later, or earlier."""
    number = int(name[:4]) * 12 + int(name[5:]) - 1 + months
    return f"{number // 12:04}-{number % 12 + 1:02}"


def months_between(first: str, last: str) -> list[str]:
    """Both included; the last one alone if the first lies after it."""
    found = [min(first, last)]
    while found[-1] < last:
        found.append(following(found[-1]))
    return found


def days_of(name: str) -> tuple[int, int]:
    """The first day of a month and the first one after it, counted from 1970-01-01."""
    after = following(name)
    first, then = (date(int(one[:4]), int(one[5:]), 1) for one in (name, after))
    return (first - EPOCH).days, (then - EPOCH).days


def micros_of(name: str) -> tuple[int, int]:
    """When a month begins and ends (exclusive), microseconds UTC."""
    start, end = days_of(name)
    return start * MICROS_PER_DAY, end * MICROS_PER_DAY


def title(name: str) -> str:
    """`November 2026`."""
    return f"{date(int(name[:4]), int(name[5:]), 1):%B %Y}"


def day_name(day: int) -> str:
    """`2026-11-20` of a day counted from 1970-01-01."""
    return (EPOCH + timedelta(days=day)).isoformat()
