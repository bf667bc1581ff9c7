"""Bounds of limits per minute, wherever they are set: on keys, on providers, for every person."""

from __future__ import annotations

from bursar.errors import InvalidInput

MAX_PER_MINUTE = 10**12


def check_rates(requests: int, tokens: int) -> None:
    """Raises InvalidInput naming the field; 0 is no limit."""
    for name, number in (("requests_per_minute", requests), ("tokens_per_minute", tokens)):
        if not 0 <= number <= MAX_PER_MINUTE:
            raise InvalidInput(name, str(number), f"0 (no limit) to {MAX_PER_MINUTE}")
