"""Amounts for pictures: no cents where there are thousands. The table beside a picture has the same words."""

from __future__ import annotations

from collections.abc import Callable

from bursar.console import words
from bursar.money import Unit

WHOLE_FROM_NANOS = 1_000 * 1_000_000_000
NANO = 1_000_000_000


def brief(unit: str = "USD") -> Callable[[int], str]:
    """How a chart writes amounts of a unit."""

    def written(nanos: int) -> str:
        if abs(nanos) < WHOLE_FROM_NANOS or not Unit(unit).is_currency:
            return words.written(nanos, unit)
        # Half a unit more or less is not to be seen; the decimals that are left are zeros.
        whole = (abs(nanos) + NANO // 2) // NANO * NANO
        return words.written(-whole if nanos < 0 else whole, unit).removesuffix(".00")

    return written
