"""The charges of months as FOCUS: each charge once, in the billing period in which the books have it.

A closed month has what was known when it was closed; what came later stands in the next month that is closed, as a Correction
whose charge period is the month that it concerns. So a period's rows sum to the books of that month to the nano-unit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection, select

from bursar.errors import Conflict
from bursar.exchange import focus
from bursar.exchange.focus import Batch, House, ParquetFile, Person
from bursar.exchange.journal import Chart
from bursar.ledger import metered, stretch
from bursar.ledger.session import Session
from bursar.office.books import chart as charts
from bursar.office.books import closes
from bursar.office.books.month_reading import SKEW_MICROS
from bursar.office.months import checked, following, micros_of, months_between
from bursar.office.tables import ORGANISATION, organisation, period_usage, person

ENTRIES_AT_ONCE = 20_000
"""Entries of the journal that are read in one transaction."""
MAX_MONTHS = 120
_T = TypeVar("_T")
Read = Callable[[Callable[[Session], _T]], _T]
"""Runs something on a session of its own; called for each piece, so that nothing is held while bytes travel."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which charges; everything that is empty fits all. A cost centre of None too: an empty one is that of no team."""

    first: str
    last: str
    at: int = 0
    """As of an instant, microseconds UTC; 0 is now."""
    version: str = "1.0"
    provider: str = ""
    purpose: str = ""
    cost_centre: str | None = None


@dataclass(frozen=True, slots=True)
class Stretch:
    """Entries of the journal whose charges of a time are in a billing period."""

    correction: bool
    first: int
    last: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Period:
    """A billing period: its stretches, and the house as it was then."""

    month: str
    stretches: tuple[Stretch, ...]
    house: House


def periods(connection: Connection, read: Read[tuple[Stretch, ...]], wanted: Wanted) -> list[Period]:
    """The billing periods of an export. Raises InvalidInput for no month, Conflict for too many."""
    names = months_between(checked(wanted.first, "from"), checked(wanted.last, "to"))
    if len(names) > MAX_MONTHS:
        raise Conflict(f"{len(names)} months are too many for one file", f"at most {MAX_MONTHS}")
    focus.columns_of(wanted.version)
    every = [one for one in closes.closes_of(connection) if _holds(one, wanted.at)]
    by_month = {one.period: one for one in every}
    return [
        Period(name, read(lambda session, name=name: _stretches(session, name, by_month, wanted.at)), _house(connection, by_month.get(name)))  # type: ignore[misc]
        for name in names
    ]  # fmt: skip


def batches(period: Period, read: Read[list[metered.Row]], wanted: Wanted) -> Iterator[Batch]:
    """The charges of a period in the order of the journal, in pieces."""
    for one in period.stretches:
        before: dict[int, int] = {}
        if one.first <= one.last:
            read(lambda session, one=one, before=before: _corrections(session, one, before))  # type: ignore[misc]
        for start in range(one.first, one.last + 1, ENTRIES_AT_ONCE):
            last = min(one.last, start + ENTRIES_AT_ONCE - 1)

            def piece(
                session: Session,
                one: Stretch = one,
                start: int = start,
                last: int = last,
                before: dict[int, int] = before,
            ) -> list[metered.Row]:
                return metered.charged(
                    session, start, last, one.start, one.end, before, wanted.provider, wanted.purpose
                )

            rows = read(piece)
            if wanted.cost_centre is not None:
                rows = [row for row in rows if period.house.person(row[1]).cost_centre == wanted.cost_centre]
            if rows:
                yield Batch(period.month, one.correction, rows)


def csv_pieces(found: list[Period], read: Read[list[metered.Row]], wanted: Wanted) -> Iterator[bytes]:
    """The file as CSV, piece by piece, its head first."""
    yield focus.csv_head(wanted.version).encode()
    for period in found:
        for text in focus.csv_lines(period.house, wanted.version, batches(period, read, wanted)):
            yield text.encode()


def write_parquet(path: Path, found: list[Period], read: Read[list[metered.Row]], wanted: Wanted) -> int:
    """The file as Parquet; how many rows it has. Raises Conflict where pyarrow is not installed."""
    rows = 0
    file: ParquetFile | None = None
    try:
        for period in found:
            if file is None:
                file = ParquetFile(path, period.house, wanted.version)
            file.house = period.house
            for batch in batches(period, read, wanted):
                file.write(batch)
                rows += len(batch.rows)
    finally:
        if file is not None:
            file.close()
    return rows


def _holds(one: closes.Close, at: int) -> bool:
    if not at:
        return one.in_force
    return one.closed <= at and not 0 < one.reopened <= at


def _stretches(session: Session, month: str, by_month: dict[str, closes.Close], at: int) -> tuple[Stretch, ...]:
    start, end = micros_of(month)
    newest = stretch.seq_at(session, at) - 1 if at else session.head().seq
    own, earlier = by_month.get(month), [one for name, one in by_month.items() if name < month]
    last = newest if own is None else own.seq
    found = [Stretch(False, max(1, stretch.seq_at(session, start - SKEW_MICROS)), last, start, end)]
    before = max(earlier, key=lambda one: one.period, default=None)
    # Only the month that is closed next books what came late for those that are closed.
    if before is not None and month == following(before.period):
        found.append(Stretch(True, before.seq + 1, last, 0, start))
    return tuple(found)


def _corrections(session: Session, one: Stretch, before: dict[int, int]) -> list[metered.Row]:
    before.update(metered.corrected(session, one.first, one.last))
    return []


def _house(connection: Connection, close: closes.Close | None) -> House:
    """Who is billed and who used it: the teams of a closed month are those of its close."""
    chart = charts.frozen_with(close.books)[0] if close else charts.chart_of(charts.text_of(connection))
    people = {
        row.id: _person(row.id, row.handle, row.team, chart)
        for row in connection.execute(select(person.c.id, person.c.handle, person.c.team))
    }
    if close is not None:
        usage = period_usage.c
        here = (usage.organisation == ORGANISATION) & (usage.period == close.period) & (usage.number == close.number)
        for row in connection.execute(select(usage.person, usage.team).where(here).distinct()):
            known = people.get(row.person)
            people[row.person] = _person(row.person, known.handle if known else row.person, row.team, chart)
    query = select(organisation.c.id, organisation.c.name).where(organisation.c.id == ORGANISATION)
    house = connection.execute(query).one()
    return House(house.id, house.name or house.id, lambda one: people.get(one) or Person(one, one, "", ""))


def _person(person_id: str, handle: str, team: str, chart: Chart) -> Person:
    return Person(person_id, handle, team, chart.cost_centre(team))
