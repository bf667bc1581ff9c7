"""Pay year over year: base, equity and tokens, in real terms, and the words for what that comes to.

A base that stays while the compute grows, an investment in people that is mostly compute, a package whose cash lies below
the market while tokens are promised: each is a plain comparison of figures that are typed in. Money is by year, in one
currency, and nothing here is kept.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bursar.errors import InvalidInput
from bursar.money import NANO, parse_amount

MAX_YEARS = 40
MAX_BYTES = 64 * 1024
COLUMNS = ("year", "base", "equity", "tokens", "inflation", "market")
NEEDED = ("year", "base")
MOSTLY = 0.5
"""Of what grew: beyond it the growth is called mostly compute."""
LEAST_PRICES, MOST_PRICES = -50.0, 1_000.0
"""Percent of a year that are taken for inflation."""


@dataclass(frozen=True, slots=True)
class Paid:
    """What a year paid."""

    year: int
    base: float
    """Salary and bonus."""
    equity: float = 0.0
    tokens: float = 0.0
    """At face."""
    inflation: float = 0.0
    """Since the year before, as a share."""
    market: float | None = None
    """The middle of the market's band for cash and equity, where it is known."""

    @property
    def total(self) -> float:
        return self.base + self.equity + self.tokens


@dataclass(frozen=True, slots=True)
class Step:
    """A year beside the one before it; shares of one, None where there was nothing to grow from."""

    paid: Paid
    base: float | None
    base_real: float | None
    """Growth of the base beyond prices."""
    equity: float | None
    tokens: float | None
    compute: float | None
    """Share of what the total grew by that is compute; None where the total did not grow."""
    flags: tuple[str, ...]
    """Sentences."""


def story(years: Sequence[Paid]) -> list[Step]:
    """Every year beside the one before it, in order. Raises InvalidInput for years that are out of order or too many."""
    if not 1 <= len(years) <= MAX_YEARS:
        raise InvalidInput("years", str(len(years)), f"1 to {MAX_YEARS}")
    found = []
    before: Paid | None = None
    for one in years:
        if before is not None and one.year != before.year + 1:
            raise InvalidInput("year", str(one.year), f"{before.year + 1}, the year after {before.year}")
        found.append(_step(before, one))
        before = one
    return found


def _step(before: Paid | None, now: Paid) -> Step:
    if before is None:
        return Step(now, None, None, None, None, None, tuple(_standing(now)))
    base = _growth(before.base, now.base)
    real = None if base is None else (1 + base) / (1 + now.inflation) - 1
    grown = now.total - before.total
    compute = (now.tokens - before.tokens) / grown if grown > 0 else None
    flags = [*_moved(before, now, base, real, compute), *_standing(now)]
    return Step(
        now, base, real, _growth(before.equity, now.equity), _growth(before.tokens, now.tokens), compute, tuple(flags)
    )


def _growth(before: float, now: float) -> float | None:
    return now / before - 1 if before > 0 else None


def _moved(before: Paid, now: Paid, base: float | None, real: float | None, compute: float | None) -> Iterator[str]:
    grew = now.tokens > before.tokens
    if grew and base is not None and base <= 0:
        yield "flat cash: the base does not grow, and the allowance of compute does"
    if grew and real is not None and real < 0:
        yield f"the base loses {-real:.1%} to prices while the compute grows"
    if compute is not None and compute > MOSTLY:
        yield f"{compute:.0%} of what the package grew by is compute"


def _standing(now: Paid) -> Iterator[str]:
    if now.market is not None and now.tokens > 0 and now.base + now.equity < now.market:
        yield "replacing: cash and equity lie below the middle of the market, and tokens are promised beside them"


def read(text: str, file: str = "pay") -> list[Paid]:
    """Years from CSV with a head: year, base, and if known equity, tokens, inflation (3%) and market.

    Amounts as people write them, all in one currency. Raises InvalidInput with the line.
    """
    if len(text.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        raise InvalidInput(file, f"more than {MAX_BYTES} bytes", f"at most {MAX_BYTES} bytes")
    rows = csv.DictReader(io.StringIO(text))
    head = [(one or "").strip().lower() for one in rows.fieldnames or ()]
    wrong = [one for one in head if one not in COLUMNS]
    missing = [one for one in NEEDED if one not in head]
    if wrong or missing or len(set(head)) < len(head):
        shown = ", ".join(head) or "nothing"
        raise InvalidInput(
            f"{file}: line 1", shown, f"year, base and of {', '.join(COLUMNS[2:])} what is known, once each"
        )
    rows.fieldnames = head
    units: set[str] = set()
    found = [_paid(f"{file}: line {rows.line_num}", row, units) for row in rows]
    if len(units) > 1:
        raise InvalidInput(file, " and ".join(sorted(units)), "amounts in one currency")
    return found


def _paid(place: str, row: dict[str | None, str | None], units: set[str]) -> Paid:
    cells = {name: (row.get(name) or "").strip() for name in COLUMNS}
    if None in row or not cells["year"].isdigit() or len(cells["year"]) != 4:
        raise InvalidInput(
            f"{place}: year", repr(cells["year"][:20]), "a year such as 2026, and no more cells than the head"
        )

    def amount(name: str) -> float | None:
        if not cells[name]:
            return None
        read_ = parse_amount(cells[name], field=f"{place}: {name}")
        if not read_.unit.is_currency or read_.nanos < 0:
            raise InvalidInput(f"{place}: {name}", repr(cells[name][:40]), "money, no less than nothing")
        units.add(str(read_.unit))
        return read_.nanos / NANO

    base = amount("base")
    if not base:
        raise InvalidInput(f"{place}: base", repr(cells["base"][:40]), "more than nothing")
    return Paid(
        int(cells["year"]),
        base,
        amount("equity") or 0.0,
        amount("tokens") or 0.0,
        _share(f"{place}: inflation", cells["inflation"]),
        amount("market"),
    )


def _share(field: str, text: str) -> float:
    try:
        found = float(text.removesuffix("%").strip()) if text else 0.0
    except ValueError:
        found = MOST_PRICES + 1
    if not LEAST_PRICES <= found <= MOST_PRICES:
        raise InvalidInput(
            field, repr(text[:20]), f"percent of a year, such as 3%, from {LEAST_PRICES:g} to {MOST_PRICES:g}"
        )
    return found / 100
