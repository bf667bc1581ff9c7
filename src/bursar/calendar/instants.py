"""Points in time: read from text, turned from a wall clock into UTC, counted in microseconds.

Inside Bursar an instant is a `datetime` in UTC, or whole microseconds since 1970 where it is stored. A wall-clock time
becomes an instant in one place, `to_utc`, which decides the two hard cases: a time that occurs twice is its first
occurrence, a time that the clocks skip is shifted forward by the length of the gap. Nothing here reads a clock.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from difflib import get_close_matches
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from bursar.errors import InvalidInput

FIRST_YEAR = 1900
"""Earliest year of an instant or a boundary."""
LAST_YEAR = 2999
"""Latest year of an instant or a boundary."""
MAX_ZONE_CHARS = 64
"""Longest name of a time zone, in characters."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_INSTANT = re.compile(
    r"(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?)(?P<offset>Z|[+-]\d\d:\d\d)?)?",
    re.ASCII | re.IGNORECASE,
)
_ZONE = re.compile(r"UTC|[A-Za-z_]+(?:/[A-Za-z0-9_+-]+)+", re.ASCII)
_EXPECTED_INSTANT = "a date or time of ISO 8601, such as 2025-01-31, 2025-01-31T15:00 or 2025-01-31T15:00:00Z"
_EXPECTED_ZONE = "UTC or an IANA time zone such as Europe/Berlin"
_EXPECTED_YEAR = "one of the years 1 to 9999"


def parse_instant(text: str, zone: ZoneInfo, *, field: str = "instant") -> datetime:
    """Read a date (its first moment in `zone`), a local time in `zone`, or a time with its own offset, as UTC.

    Seconds may carry up to six decimals. Raises `InvalidInput`, naming `field`, for anything else, for dates that do
    not exist and for years outside `FIRST_YEAR` to `LAST_YEAR`.
    """
    shown = repr(text[:40])
    read = _INSTANT.fullmatch(text.strip(" "))
    if read is None:
        raise InvalidInput(field, shown, _EXPECTED_INSTANT)
    try:
        local = datetime.fromisoformat(f"{read[1]}T{read[2] or '00:00'}")
    except ValueError:
        raise InvalidInput(field, shown, "a day and a time that exist") from None
    if not FIRST_YEAR <= local.year <= LAST_YEAR:
        raise InvalidInput(field, shown, f"a year from {FIRST_YEAR} to {LAST_YEAR}")
    if not read["offset"]:
        return to_utc(local, zone)
    return local.replace(tzinfo=_read_offset(read["offset"], shown, field)).astimezone(UTC)


def parse_zone(name: str, *, field: str = "time zone") -> ZoneInfo:
    """The time zone of that IANA name; raises `InvalidInput`, with the nearest names as hint, for any other.

    Abbreviations such as EST are refused: they name an offset, and a promise needs the place's daylight saving too.
    """
    if len(name) <= MAX_ZONE_CHARS and _ZONE.fullmatch(name):
        try:
            return ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            # Not a zone: answered below, like every other name that is none.
            pass
    near = get_close_matches(name[:MAX_ZONE_CHARS].title(), sorted(available_timezones()), n=3)
    hint = f"Did you mean {' or '.join(near)}?" if near else ""
    raise InvalidInput(field, repr(name[:MAX_ZONE_CHARS]), _EXPECTED_ZONE, hint)


def to_utc(local: datetime, zone: ZoneInfo) -> datetime:
    """The instant at which the clocks of `zone` show the naive time `local`.

    A time that occurs twice, when clocks go back, is its first occurrence. A time that never occurs, when they go
    forward, is shifted forward by the gap: 02:30 is 03:30 on the night that skips the hour from two to three.
    """
    if local.tzinfo is not None:
        raise InvalidInput("local time", local.isoformat(), "a time without an offset")
    # PEP 495: fold=0 takes the offset before the change, which is the first occurrence and the shift forward in one.
    return local.replace(tzinfo=zone, fold=0).astimezone(UTC)


def to_local(instant: datetime, zone: ZoneInfo) -> datetime:
    """What the clocks of `zone` show at `instant`, as a naive time."""
    return _shifted(as_utc(instant), zone).replace(tzinfo=None, fold=0)


def micros(instant: datetime) -> int:
    """Whole microseconds since 1970-01-01T00:00Z; raises `InvalidInput` for a time without an offset."""
    return (as_utc(instant) - _EPOCH) // _MICROSECOND


def from_micros(count: int) -> datetime:
    """The instant in UTC of whole microseconds since 1970-01-01T00:00Z, exactly."""
    try:
        return _EPOCH + timedelta(microseconds=count)
    except OverflowError:
        raise InvalidInput("instant", f"{count} microseconds since 1970", _EXPECTED_YEAR) from None


def as_utc(instant: datetime) -> datetime:
    """The same instant in UTC; raises `InvalidInput` if it does not say its offset, since it would name no instant."""
    if instant.tzinfo is None or instant.utcoffset() is None:
        raise InvalidInput("instant", instant.isoformat(), "a time with its offset from UTC")
    return _shifted(instant, UTC)


def _shifted(instant: datetime, zone: tzinfo) -> datetime:
    try:
        return instant.astimezone(zone)
    except OverflowError:
        raise InvalidInput("instant", instant.isoformat(), _EXPECTED_YEAR) from None


def _read_offset(text: str, shown: str, field: str) -> timezone:
    if text in "Zz":
        return UTC
    hours, minutes = int(text[1:3]), int(text[4:])
    if hours > 23 or minutes > 59:
        raise InvalidInput(field, shown, "an offset from -23:59 to +23:59")
    offset = timedelta(hours=hours, minutes=minutes)
    return timezone(-offset if text[0] == "-" else offset)
