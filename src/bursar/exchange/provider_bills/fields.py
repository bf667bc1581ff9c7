"""Single fields of a provider's reply, checked. What is wrong is told by its place, and never repeated: it may be private."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from bursar.errors import InvalidInput
from bursar.exchange.provider_bills.values import MAX_COUNT, MAX_NAME_CHARS

MAX_DOLLARS = 10**9
"""Of one item."""
_DAY_SECONDS = 86_400
_KINDS = {bool: "yes or no", int: "a number", float: "a number", str: "a text", dict: "an object", list: "a list"}


def kind(value: Any) -> str:
    """What sort of thing stands in a field."""
    return "nothing" if value is None else _KINDS.get(type(value), "something else")


def table(value: Any, where: str) -> Mapping[str, Any]:
    """An object. Raises InvalidInput."""
    if not isinstance(value, dict):
        raise InvalidInput(where, kind(value), "an object")
    return value


def rows(value: Any, where: str) -> list[Any]:
    """A list. Raises InvalidInput: a page without its rows is a cut one and not an empty one."""
    if not isinstance(value, list):
        raise InvalidInput(where, kind(value), "a list: the page was cut, or its shape has changed")
    return value


def name(value: Any, where: str) -> str:
    """A name that can be shown, "" for null. Raises InvalidInput for what is no text."""
    if value is None:
        return ""
    if not isinstance(value, str):
        raise InvalidInput(where, kind(value), "a text")
    cut = value.strip()[:MAX_NAME_CHARS]
    return cut if cut.isprintable() else "".join(one if one.isprintable() else "?" for one in cut)


def count(value: Any, where: str) -> int:
    """A count; null is none. Raises InvalidInput."""
    if value is None:
        return 0
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MAX_COUNT:
        raise InvalidInput(where, kind(value) if not isinstance(value, int) else "a number out of range", "a count")
    return value


def flag(value: Any, where: str) -> bool:
    """Yes or no. Raises InvalidInput: whether there is more is never guessed."""
    if not isinstance(value, bool):
        raise InvalidInput(where, kind(value), "true or false: the page was cut, or its shape has changed")
    return value


def nanos(value: Any, where: str, scale: int) -> int:
    """Nano-USD of a decimal number of 10^scale nano-USD (9: dollars, 7: cents), rounded half up once. Raises InvalidInput."""
    try:
        found = Decimal(str(value))
    except InvalidOperation:
        found = Decimal("NaN")
    if isinstance(value, bool) or not found.is_finite() or abs(found) > MAX_DOLLARS * 10 ** (9 - scale):
        raise InvalidInput(where, kind(value), "an amount")
    return int(found.scaleb(scale).quantize(Decimal(1), ROUND_HALF_UP)) if found.adjusted() >= -scale - 1 else 0


def day_of_seconds(value: Any, where: str) -> str:
    """The day of UTC that begins at this second since 1970. Raises InvalidInput for what is no day's beginning."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**33 or value % _DAY_SECONDS:
        raise InvalidInput(where, kind(value), "the first second of a day of UTC")
    return datetime.fromtimestamp(value, UTC).date().isoformat()


def day_of_text(value: Any, where: str) -> str:
    """The day of UTC of an instant of RFC 3339. Raises InvalidInput."""
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else None
        if found is not None:
            return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC).date().isoformat()
    except (ValueError, OverflowError):
        pass
    raise InvalidInput(where, kind(value), "an instant such as 2026-11-01T00:00:00Z")


def cursor(document: Mapping[str, Any], where: str) -> str:
    """The cursor of the next page, "" at the end. Raises InvalidInput where there is more and no way to it."""
    if not flag(document.get("has_more"), f"{where}: has_more"):
        return ""
    found = document.get("next_page")
    if not isinstance(found, str) or not found or len(found) > 4096:
        raise InvalidInput(f"{where}: next_page", kind(found), "the cursor of the next page, since there is more")
    return found
