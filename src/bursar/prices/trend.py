"""How a model's list price went, from the book's own dated rates, and what a commitment of a year needs to pay off."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

from bursar.errors import InvalidInput, NotFound
from bursar.prices.book import PriceBook
from bursar.prices.usage import Usage

MICROS = 1_000_000
THOUSAND = 1_000
MAX_PEOPLE = 10_000_000
_PIECE = Usage(input=THOUSAND), Usage(output=THOUSAND)
"""A thousand tokens, so that no long-context tier is met."""


@dataclass(frozen=True, slots=True)
class Point:
    """The list price of a model from a day on; nano-USD by million tokens."""

    since: date | None
    """None: from the beginning of what the book knows."""
    input_nanos: int
    output_nanos: int
    change: float | None
    """Of a blend of four parts input and one part output, since the point before; None for the first."""

    @property
    def blend(self) -> int:
        return 4 * self.input_nanos + self.output_nanos


def trend(book: PriceBook, provider: str, model: str) -> list[Point]:
    """Every dated list price of a model, oldest first. Raises NotFound for one that has none in the book's snapshot."""
    days = _days(book.history(provider, model))
    found: list[Point] = []
    for since in days:
        at = 0 if since is None else int(datetime.combine(since, time(), UTC).timestamp()) * MICROS
        tariff = book.tariff(provider, model, at)
        if tariff is None:
            continue
        fresh, written = (tariff.list_nanos(one) * THOUSAND for one in _PIECE)
        before = found[-1].blend if found else 0
        change = (4 * fresh + written) / before - 1 if before else None
        if change != 0.0:
            found.append(Point(since, fresh, written, change))
    if not found:
        raise NotFound(
            f"no dated price of {model[:80]!r} at {provider[:80]!r}",
            "`bursar price show` finds models by a part of their name",
        )
    return found


def _days(rows: list[dict[str, Any]]) -> list[date | None]:
    """The days from which anything holds for everybody: variants of a service tier are no trend."""
    days = {_since(row.get("when")) for row in rows if not row.get("for") and row.get("rates")}
    return sorted(days, key=lambda one: (one is not None, one or date.min))


def _since(when: Mapping[str, Any] | None) -> date | None:
    return date.fromisoformat(str(when["from"])[:10]) if when and when.get("from") else None


def breakeven(commitment_nanos: int, discount_ppm: int, each_nanos: int) -> int:
    """From how many people on a yearly commitment costs less than list price.

    A contract asks for at least `commitment_nanos` a year and takes `discount_ppm` (parts per million) off; each person
    uses `each_nanos` a year at list price. Raises InvalidInput for what never pays off.
    """
    if commitment_nanos <= 0 or each_nanos <= 0:
        raise InvalidInput("commitment", f"{commitment_nanos} and {each_nanos} nano-units", "amounts above nothing")
    if not 0 < discount_ppm < 1_000_000:
        raise InvalidInput("discount", f"{discount_ppm / 10_000:g}%", "more than 0% and less than 100%")
    people = commitment_nanos // each_nanos + 1
    if people > MAX_PEOPLE:
        raise InvalidInput("commitment", f"one that {people:,} people would use up", f"at most {MAX_PEOPLE:,} people")
    return people
