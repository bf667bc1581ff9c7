"""How the console says things: money with the precision that a person needs, instants where the person is, spans in words.

Beside each stands the exact figure: nano-units in `value` and on hover, the instant in UTC.
"""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from markupsafe import Markup

from bursar.calendar import from_micros, to_local
from bursar.ledger import NEVER
from bursar.money import Amount, Unit, format_amount

MICROS = 1_000_000
_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400
_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_SCALES = ((1_000_000_000, "B"), (1_000_000, "M"), (1_000, "k"))


def written(nanos: int, unit: str = "USD", *, sign: bool = False) -> str:
    """An amount as a person reads it."""
    return format_amount(Amount(nanos, Unit(unit)), sign=sign)


def written_round(nanos: float, unit: str = "USD") -> str:
    """An amount at an axis: without cents where it is above ten."""
    whole = round(nanos)
    text = written(whole, unit)
    return text.removesuffix(".00") if abs(whole) >= 10**10 or not whole else text


def exact(nanos: int, unit: str = "USD") -> str:
    return format_amount(Amount(nanos, Unit(unit)), precision="exact")


def money(nanos: int, unit: str = "USD", *, sign: bool = False) -> Markup:
    """An amount for a page: readable, with the exact one beside it."""
    return Markup('<data class="sum" value="{}" title="{}">{}</data>').format(
        nanos, exact(nanos, unit), written(nanos, unit, sign=sign)
    )


def count(number: int) -> str:
    """A whole number with its thousands apart."""
    return f"{number:,}"


def tokens(number: int) -> Markup:
    """Token counts as people say them, 12.4k, with the whole number beside."""
    said = next(
        (f"{number / size:.1f}".removesuffix(".0") + suffix for size, suffix in _SCALES if number >= size), str(number)
    )
    return Markup('<data value="{}" title="{:,}">{}</data>').format(number, number, said)


def percent(part: int, whole: int) -> str:
    return "0%" if whole <= 0 else f"{part * 100 / whole:.0f}%" if part * 100 >= whole or not part else "under 1%"


def instant(micros: int, zone: ZoneInfo, *, now: int = 0) -> Markup:
    """A day and a time where the person is; the year only where it is not this one."""
    if micros >= NEVER:
        return Markup("never")
    there = to_local(from_micros(micros), zone)
    same = bool(now) and to_local(from_micros(now), zone).year == there.year
    return _time(micros, f"{there.day} {there:%b}{'' if same else f' {there.year}'}, {there:%H:%M}")


def day(micros: int, zone: ZoneInfo, *, now: int = 0) -> Markup:
    """A day where the person is."""
    if micros >= NEVER:
        return Markup("never")
    there = to_local(from_micros(micros), zone)
    same = bool(now) and to_local(from_micros(now), zone).year == there.year
    return _time(micros, f"{there.day} {there:%b}{'' if same else f' {there.year}'}")


def clock(micros: int, zone: ZoneInfo) -> Markup:
    """The time of a day."""
    return _time(micros, f"{to_local(from_micros(micros), zone):%H:%M:%S}")


def local_date(micros: int, zone: ZoneInfo) -> date:
    return to_local(from_micros(micros), zone).date()


def _time(micros: int, text: str) -> Markup:
    utc = from_micros(micros)
    return Markup('<time datetime="{}" title="{} UTC">{}</time>').format(_rfc(utc), f"{utc:%Y-%m-%d %H:%M:%S}", text)


def _rfc(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def span(seconds: float) -> str:
    """A length of time in words: about three days, 5 hours, 20 minutes."""
    for size, name in ((365 * _DAY, "year"), (30 * _DAY, "month"), (7 * _DAY, "week"), (_DAY, "day"), (_HOUR, "hour")):
        # Two weeks are said in days, two days in hours are not.
        if seconds >= size * (2 if name in ("week", "month", "year") else 1):
            return _some(round(seconds / size), name)
    if seconds >= 2 * _MINUTE:
        return _some(round(seconds / _MINUTE), "minute")
    return "a minute" if seconds >= _MINUTE else "less than a minute"


def _some(number: int, name: str) -> str:
    said = _NUMBERS[number] if number < len(_NUMBERS) else str(number)
    return f"{said} {name}{'' if number == 1 else 's'}"


def until(micros: int, now: int) -> str:
    """How long from now, in words."""
    return span(max(0, micros - now) / MICROS)


def ago(micros: int, now: int) -> str:
    """How long ago, in words."""
    seconds = max(0, now - micros) / MICROS
    return "just now" if seconds < _MINUTE else f"{span(seconds)} ago"


def sentence(text: str) -> str:
    """An error's words as a sentence: a capital in front, a full stop behind."""
    found = text.strip()
    return found and found[0].upper() + found[1:] + ("" if found.endswith((".", "!", "?", ":")) else ".")


def wall_clock(micros: int, zone: ZoneInfo) -> str:
    """The time of a day to the minute, as plain text for pictures."""
    return f"{to_local(from_micros(micros), zone):%H:%M}"


def wall_day(micros: int, zone: ZoneInfo) -> str:
    """A day as plain text for pictures."""
    there = to_local(from_micros(micros), zone)
    return f"{there.day} {there:%b}"


_BROWSERS = (("Edg/", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrom", "Chrome"), ("Safari/", "Safari"))
_SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)


def browser(agent: str) -> str:
    """What a browser says of itself, in two words; whatever else it is, as it says."""
    name = next((name for sign, name in _BROWSERS if sign in agent), "")
    system = next((name for sign, name in _SYSTEMS if sign in agent), "")
    return f"{name} on {system}" if name and system else agent or "an unnamed client"
