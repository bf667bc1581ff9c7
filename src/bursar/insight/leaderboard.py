"""A leaderboard of those who chose to stand on it: how far a dollar went, beside how much was spent. Pure.

Nothing on it is made from the use of anybody who is not on it: no total, no average, no share, no place among others. All
figures are rounded or told in bands, and rows are sorted by what is shown, so that an order says no more than the figures.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import floor, log10
from typing import Literal, get_args

from bursar.money import NANO

WEEKS = 4
"""Whole ones, from Monday to Sunday (UTC): a board that changes by the day tells what was done on it."""
DAYS = 7 * WEEKS
LEAST_ROWS = 5
"""Fewer are not shown: among four colleagues a pseudonym is none."""
LEAST_REQUESTS = 20
"""Of whoever has fewer, no ratio says anything."""
CACHE_STEP = 5
"""Hundredths that a share is rounded to."""
FIGURES = 2
"""Digits that a ratio is rounded to."""
SPEND_BANDS = (0, 50, 200, 500, 2_000)
"""Dollars in four weeks at which a band begins. Exact sums are known to managers, and would name their people."""
DAY_BANDS = (0, 5, 10, 15, 20)

By = Literal["cost", "cache", "output", "days"]
ORDERS: tuple[By, ...] = get_args(By)
"""There is no order by spend or tokens: what is counted is what is gamed."""


@dataclass(frozen=True, slots=True)
class Used:
    """What the gateway metered of one person in the weeks that are shown; amounts in nano-USD."""

    requests: int = 0
    input_tokens: int = 0
    cached_tokens: int = 0
    """Read from a cache, beside the input."""
    output_tokens: int = 0
    amount: int = 0
    days: int = 0
    """On which anything was used."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row as everybody sees it."""

    shown: str
    """A pseudonym, or a name."""
    by_name: bool
    cost: int
    """Nano-USD by request."""
    cache: int
    """Hundredths of the input that came from a cache."""
    output: int
    """Tokens of output by dollar."""
    days: str
    """On how many of the days, as a band."""
    spend: str
    """In dollars, as a band."""


@dataclass(frozen=True, slots=True)
class Shown:
    """Under which name somebody stands on the board."""

    name: str
    by_name: bool


def row_of(shown: Shown, used: Used) -> Row | None:
    """Somebody's row, as everybody would see it; None for whoever used too little to say anything."""
    if used.requests < LEAST_REQUESTS or used.amount <= 0:
        return None
    whole = used.input_tokens + used.cached_tokens
    cached = 0 if whole <= 0 else round(100 * used.cached_tokens / whole / CACHE_STEP) * CACHE_STEP
    return Row(
        shown.name,
        shown.by_name,
        _rounded(used.amount / used.requests),
        cached,
        _rounded(used.output_tokens * NANO / used.amount),
        _band(used.days, DAY_BANDS),
        _band(used.amount / NANO, SPEND_BANDS, "$"),
    )


def board(members: Mapping[str, Shown], used: Mapping[str, Used], by: By = "cost") -> list[tuple[str, Row]]:
    """Rows of those who are on it, by person, in an order; none at all if they would be fewer than `LEAST_ROWS`.

    `used` of anybody else is not looked at.
    """
    found = [(person, row) for person, shown in members.items() if (row := row_of(shown, used.get(person, Used())))]
    if len(found) < LEAST_ROWS:
        return []
    return sorted(found, key=lambda one: (_rank(one[1], by), one[1].shown.casefold(), one[1].shown))


def places(rows: Sequence[Row], by: By) -> list[int]:
    """The place of each row of a board in its order, from 1; rows with the same figure share one."""
    found: list[int] = []
    for number, row in enumerate(rows, start=1):
        same = number > 1 and _rank(row, by) == _rank(rows[number - 2], by)
        found.append(found[-1] if same else number)
    return found


def _rank(row: Row, by: By) -> int:
    match by:
        case "cost":
            return row.cost
        case "cache":
            return -row.cache
        case "output":
            return -row.output
        case "days":
            return -_begins(row.days)


def _begins(band: str) -> int:
    """The figure at which a band of days begins."""
    return 0 if band.startswith("under") else int(band.split()[0])


def _rounded(value: float) -> int:
    """To a whole number of `FIGURES` digits."""
    if value < 1:
        return 0
    places = floor(log10(value)) - FIGURES + 1
    return round(value) if places <= 0 else round(value / 10**places) * 10**places


def _band(value: float, starts: tuple[int, ...], unit: str = "") -> str:
    """The band that a figure lies in: `$50 to $200`."""
    for start, end in pairwise(starts):
        if start <= value < end:
            return f"{unit}{start:,} to {unit}{end:,}" if start else f"under {unit}{end:,}"
    return f"{unit}{starts[-1]:,} or more"
