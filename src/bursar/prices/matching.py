"""Which model of the price book a model name means: the library's matching rules, read from a snapshot."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

Matches = Callable[[str], bool]

_COMPACT_DATE = re.compile(r"(-)(20\d{2})(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])(?=-|:|$)")


def matcher(clause: Mapping[str, Any]) -> Matches:
    """A predicate over lower-case model names."""
    ((kind, value),) = clause.items()
    if kind in ("or", "and"):
        parts = [matcher(one) for one in value]
        combine = any if kind == "or" else all
        return lambda text: combine(part(text) for part in parts)
    if kind == "regex":
        pattern = re.compile(value)
        return lambda text: bool(pattern.search(text))
    if kind == "equals":
        wanted = value.lower()
        return lambda text: text == wanted
    if kind == "starts_with":
        return lambda text: text.startswith(value)
    if kind == "ends_with":
        return lambda text: text.endswith(value)
    return lambda text: value in text


def dashed_date(name: str) -> str:
    """`gpt-5.2-20251211` as `gpt-5.2-2025-12-11`; other names unchanged."""

    def dashed(match: re.Match[str]) -> str:
        year, month, day = (int(match.group(index)) for index in (2, 3, 4))
        try:
            date(year, month, day)
        except ValueError:
            return match.group(0)
        return f"{match.group(1)}{year:04d}-{month:02d}-{day:02d}"

    return _COMPACT_DATE.sub(dashed, name)
