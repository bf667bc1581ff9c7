"""Single fields of a foreign line, checked. What is wrong is told without what stands there, which may be private."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from hashlib import blake2b
from sys import intern
from typing import Any

from bursar.calendar import micros
from bursar.errors import InvalidInput
from bursar.exchange.local_usage.values import EARLIEST_MICROS, LATEST_MICROS, MAX_NAME_CHARS

MAX_STATED_DOLLARS = 10**9
"""In one line."""
_KINDS = {bool: "yes or no", int: "a number", float: "a number", str: "a text", dict: "an object", list: "a list"}
_SEPARATORS = re.compile(r"[/\\]+")
_TIME = "a time from 2022 to 2099, such as 2026-11-20T10:00:00Z"


def kind(value: Any) -> str:
    """What sort of thing stands in a field."""
    return "nothing" if value is None else _KINDS.get(type(value), "something else")


def named(value: Any) -> str:
    """A name that is safe to show in a terminal: of bounded length, without control characters; "" if it is no text."""
    if not isinstance(value, str):
        return ""
    cut = value.strip()[:MAX_NAME_CHARS]
    # Held once: a million events have few models, sessions and folders.
    return intern(cut if cut.isprintable() else "".join(one if one.isprintable() else "?" for one in cut))


def folder(value: Any) -> str:
    """The last name of a path of any system, and nothing else of it."""
    if not isinstance(value, str):
        return ""
    return named(next((part for part in reversed(_SEPARATORS.split(value)) if part.strip()), ""))


def moment(value: Any, field: str) -> int:
    """Microseconds UTC of a text of ISO 8601 (without an offset: UTC) or of a number since 1970. Raises InvalidInput.

    A number counts seconds, milliseconds or microseconds: within the years that are allowed, its size says which.
    """
    found = None
    if isinstance(value, str):
        try:
            read = datetime.fromisoformat(value.strip())
            found = micros(read if read.tzinfo else read.replace(tzinfo=UTC))
        except ValueError:
            found = _number(value)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        found = _since(value)
    if found is None:
        raise InvalidInput(field, kind(value), _TIME)
    if not EARLIEST_MICROS <= found < LATEST_MICROS:
        raise InvalidInput(field, "another time", _TIME)
    return found


def count(value: Any, field: str, most: int) -> int:
    """A count of tokens or requests; nothing is none. Raises InvalidInput for what is no whole number up to `most`."""
    if value is None:
        return 0
    if isinstance(value, bool) or not isinstance(value, int):
        raise InvalidInput(field, kind(value), "a whole number")
    if not 0 <= value <= most:
        raise InvalidInput(field, "a negative number" if value < 0 else "more", f"a whole number up to {most:,}")
    return value


def dollars(text: str, field: str) -> int:
    """Nano-USD of a decimal number, rounded half up once. Raises InvalidInput; a credit is not usage."""
    try:
        value = Decimal(text)
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite():
        raise InvalidInput(field, "a text", "an amount in dollars")
    if value < 0:
        raise InvalidInput(field, "a negative amount", "0 or more: a credit is not usage")
    if value > MAX_STATED_DOLLARS:
        raise InvalidInput(field, "more", f"up to {MAX_STATED_DOLLARS:,} dollars")
    return int(value.scaleb(9).quantize(Decimal(1), ROUND_HALF_UP)) if value.adjusted() >= -10 else 0


def identity(*parts: object) -> bytes:
    """A short name for what the parts name together."""
    return blake2b(repr(parts).encode("utf-8", "backslashreplace"), digest_size=16).digest()


def _number(text: str) -> int | None:
    return _since(float(text)) if re.fullmatch(r" ?\d{9,17}(\.\d{1,6})? ?", text, re.ASCII) else None


def _since(value: float) -> int | None:
    """Microseconds of a number since 1970."""
    for scale in (1_000_000, 1_000, 1):
        if EARLIEST_MICROS <= value * scale < LATEST_MICROS:
            return int(value * scale)
    return None
