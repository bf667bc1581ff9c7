"""Where an allowance stands among those that were reported: a dated table of figures with their sources.

The table is `benchmarks.yaml`. Allowances and usage are compared by dollars a year; three distributions say which share of
people or firms lies below: a lognormal through Uber's tiers, Gartner's shares as bounds, Ramp's quantiles interpolated.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from itertools import pairwise
from math import exp, inf, log
from statistics import NormalDist
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, StringConstraints, TypeAdapter, ValidationError

from bursar.calendar import months_later
from bursar.errors import InvalidInput, NotFound
from bursar.insight.simulation.usage import ACTIVE_DAYS, Persona
from bursar.offers.value import percentile_of
from bursar.plans.document import MAX_FAULTS, Fault, Part, PlanFaults, Source, faults_of

MAX_AGE_MONTHS = 12
"""After which the whole table counts as old: prices and use have changed severalfold within a year."""
MAX_ROWS = 500
FILE = "benchmarks.yaml"

Unit = Literal[
    "USD a month", "USD an active day", "USD a year", "million tokens a week", "times the median", "of one"
]  # fmt: skip
Kind = Literal["allowance", "usage", "price"]
Statistic = Literal["limit", "mean", "median", "p90", "p99", "share", "list", "named", "gini"]
Confidence = Literal["verified", "reported", "judgement"]

A_YEAR: dict[str, float] = {"USD a month": 12.0, "USD an active day": 12.0 * ACTIVE_DAYS, "USD a year": 1.0}
"""By unit, what makes it dollars a year; without the units that are no dollars."""
UBER = ("uber-light", "uber-moderate", "uber-heavy")
GARTNER = ("gartner-200-500", "gartner-2000")
RAMP = ("ramp-median", "ramp-p90", "ramp-p99")
"""Ids of the rows that each distribution is taken from."""
_NORMAL = NormalDist()


@dataclass(frozen=True, slots=True)
class Row:
    """One reported figure by person."""

    id: str
    what: str
    amount: float
    to: float | None
    """The upper end of a range; None where the figure is one, or the range is open."""
    share: float | None
    """Of the population, between `amount` and `to`, where that is the statistic."""
    unit: Unit
    kind: Kind
    statistic: Statistic
    population: str
    date: str
    """As reported: a year, a month or a day."""
    source: str
    address: str
    """Where it was read; empty where that is not known."""
    confidence: Confidence

    @property
    def a_year(self) -> tuple[float, float] | None:
        """Dollars a year, from and to; None for what is not in dollars."""
        times = A_YEAR.get(self.unit)
        return None if times is None else (self.amount * times, (self.amount if self.to is None else self.to) * times)


@dataclass(frozen=True, slots=True)
class Table:
    """All rows, and the day on which they were last looked up."""

    looked_up: date
    rows: tuple[Row, ...]
    licence: str = ""
    """Under which terms figures of somebody else's own are used; empty for the table that comes with Bursar, which cites."""

    def row(self, name: str) -> Row:
        """The row of an id. Raises `NotFound`."""
        for row in self.rows:
            if row.id == name:
                return row
        raise NotFound(f"there is no reported figure {name!r}", "Every distribution is taken from rows of its own.")


@dataclass(frozen=True, slots=True)
class Standing:
    """Which share of a distribution lies below an amount: somewhere from `low` to `high`, which are one where it is known."""

    name: str
    population: str
    low: float
    high: float
    rows: tuple[str, ...]
    """Ids of the figures that it is taken from."""
    method: str

    @property
    def known(self) -> bool:
        return self.low == self.high


@dataclass(frozen=True, slots=True)
class Placed:
    """An allowance among the reported figures. Dollars a year."""

    amount: float
    below: Row | None
    """The nearest reported allowance or usage that is less; None if none is."""
    around: tuple[Row, ...]
    """Reported ranges and figures that it meets."""
    above: Row | None
    standings: tuple[Standing, ...]


def rows() -> tuple[Row, ...]:
    """Every row of the table, in its order."""
    return table().rows


@cache
def table() -> Table:
    """The table that comes with Bursar."""
    return read((files("bursar.offers") / FILE).read_text(encoding="utf-8"))


def stale(today: date, known: Table | None = None) -> bool:
    """Is it more than `MAX_AGE_MONTHS` since the table was looked up?"""
    return today > months_later((known or table()).looked_up, MAX_AGE_MONTHS)


def placed(amount_a_year: float, known: Table | None = None, *, distributions: bool = True) -> Placed:
    """Where an allowance of so many dollars a year stands. Raises `InvalidInput` for what is no amount.

    Without `distributions` only the figures themselves are asked: a table of one's own need not have their rows.
    """
    if not 0 <= amount_a_year < inf:
        raise InvalidInput("allowance", f"{amount_a_year:g}", "0 or more dollars a year")
    known = known or table()
    ladder = [
        (row, ends)
        for row in known.rows
        if (ends := row.a_year) is not None and row.kind != "price" and row.statistic != "share"
    ]
    less = [(row, high) for row, (_, high) in ladder if high < amount_a_year]
    more = [(row, low) for row, (low, _) in ladder if low > amount_a_year]
    return Placed(
        amount_a_year,
        max(less, key=lambda one: one[1])[0] if less else None,
        tuple(row for row, (low, high) in ladder if low <= amount_a_year <= high),
        min(more, key=lambda one: one[1])[0] if more else None,
        tuple(_standings(amount_a_year / 12, known)) if distributions else (),
    )


def through(first: tuple[float, float], second: tuple[float, float]) -> tuple[float, float]:
    """Median and sigma of the lognormal distribution that has two quantiles: pairs of an amount and the share below it."""
    (low, low_share), (high, high_share) = first, second
    z_low, z_high = _NORMAL.inv_cdf(low_share), _NORMAL.inv_cdf(high_share)
    sigma = log(high / low) / (z_high - z_low)
    return exp(log(low) - sigma * z_low), sigma


def uber(known: Table | None = None) -> Persona:
    """The lognormal month of Uber's engineers: through the upper ends of the two lower tiers.

    The third tier is not asked: the three leave 5 % over, and above $2,000 this has 1 %.
    """
    light, moderate = ((known or table()).row(name) for name in UBER[:2])
    share = light.share or 0.0
    median, sigma = through((light.to or inf, share), (moderate.to or inf, share + (moderate.share or 0.0)))
    return Persona("uber", median, sigma, light.source)


def _standings(month: float, known: Table) -> Iterator[Standing]:
    tiers = uber(known)
    below = percentile_of(month, tiers.median, tiers.sigma)
    yield _standing("Uber's engineers", UBER, known, (below, below), "lognormal through two tiers")
    shares = [known.row(name) for name in GARTNER]
    yield _standing("Gartner's technical leaders", GARTNER, known, _within(shares, month), "bounds from two shares")
    quantiles = list(zip((known.row(name).amount for name in RAMP), (0.5, 0.9, 0.99), strict=True))
    yield _standing("Ramp's firms", RAMP, known, _between(quantiles, month), "log-linear between three quantiles")


def _standing(name: str, ids: tuple[str, ...], known: Table, ends: tuple[float, float], method: str) -> Standing:
    return Standing(name, known.row(ids[0]).population, *ends, ids, method)


def _within(shares: Sequence[Row], amount: float) -> tuple[float, float]:
    """Least and most that can lie below an amount, if all that is known are shares of ranges.

    A range that ends below the amount counts for the least, one that begins at it or above against the most.
    """
    low = sum(row.share or 0.0 for row in shares if row.to is not None and row.to <= amount)
    return low, 1.0 - sum(row.share or 0.0 for row in shares if row.amount >= amount)


def _between(quantiles: Sequence[tuple[float, float]], amount: float) -> tuple[float, float]:
    """The share below an amount between known quantiles; bounds outside of them.

    Linear in the logarithm of the amount and in the normal deviate of the share: a lognormal piece by piece, which is
    what a heavy tail looks like between two points. Linear in the share itself would leave too much in the tail.
    """
    if amount < quantiles[0][0]:
        return 0.0, quantiles[0][1]
    for (less, below), (more, above) in pairwise(quantiles):
        if amount < more:
            part = log(amount / less) / log(more / less)
            z_below, z_above = _NORMAL.inv_cdf(below), _NORMAL.inv_cdf(above)
            found = _NORMAL.cdf(z_below + part * (z_above - z_below))
            return found, found
    return quantiles[-1][1], 1.0


def _date(value: Any) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)


Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=400)]
Amount = Annotated[float, Field(ge=0, le=1e9, allow_inf_nan=False)]


class RowPart(Part):
    """A row as it is written."""

    id: Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=60)]
    what: Words
    amount: Amount
    to: Amount | None = None
    share: Annotated[float, Field(gt=0, lt=1)] | None = None
    unit: Unit
    kind: Kind
    statistic: Statistic
    population: Words
    date: Annotated[str, BeforeValidator(_date), StringConstraints(pattern=r"^20\d\d(-[01]\d(-[0-3]\d)?)?$")]
    source: Words
    address: Annotated[str, StringConstraints(pattern=r"^https?://\S+$", max_length=400)] | None = None
    confidence: Confidence


class TablePart(Part):
    """The file as it is written."""

    looked_up: date
    licence: Words | None = None
    rows: Annotated[tuple[RowPart, ...], Field(min_length=1, max_length=MAX_ROWS)]


_FIELDS = frozenset([*RowPart.model_fields, *TablePart.model_fields])


def read(text: str, file: str = FILE) -> Table:
    """Read a table. Raises `InvalidInput` with line, field, found and expected."""
    source = Source(text, file, "a day and rows of reported figures")
    try:
        found = TypeAdapter(TablePart).validate_python(source.value)
    except ValidationError as error:
        raise PlanFaults(list(faults_of(error, source, _FIELDS))[:MAX_FAULTS]) from None
    faults = list(_contradictions(found, source))
    if faults:
        raise PlanFaults(faults[:MAX_FAULTS])
    return Table(found.looked_up, tuple(_row(part) for part in found.rows), found.licence or "")


def _row(part: RowPart) -> Row:
    return Row(**{**part.model_dump(), "address": part.address or ""})


def _contradictions(found: TablePart, source: Source) -> Iterator[Fault]:
    """What the shape of a row cannot say."""
    known: set[str] = set()
    for index, row in enumerate(found.rows):
        here = ("rows", index)
        if row.id in known:
            yield source.fault((*here, "id"), repr(row.id), "an id that no other row has")
        known.add(row.id)
        if row.to is not None and row.to <= row.amount:
            yield source.fault((*here, "to"), f"{row.to:g}", f"more than the amount, {row.amount:g}")
        if (row.statistic == "share") != (row.share is not None):
            expected = "a share of the population" if row.statistic == "share" else "no share: the statistic is another"
            yield source.fault((*here, "share"), "none" if row.share is None else f"{row.share:g}", expected)
        if row.date[:7] > found.looked_up.isoformat()[: len(row.date[:7])]:
            yield source.fault((*here, "date"), row.date, f"no later than it was looked up, {found.looked_up}")


__all__ = ["MAX_AGE_MONTHS", "Placed", "Row", "Standing", "Table", "placed", "read", "rows", "stale", "table", "uber"]
