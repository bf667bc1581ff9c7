"""The payroll export: a row for each person and month, under the columns that a payroll system wants them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from bursar.calendar import from_micros
from bursar.errors import InvalidInput
from bursar.exchange.sheets import Cell, number
from bursar.office.books.payroll import Line, Payroll

COLUMNS = (
    "month",
    "person",
    "name",
    "team",
    "location",
    "personal use list USD",
    "work use list USD",
    "other use list USD",
    "own money to deduct USD",
    "agreed",
    "withdrawn",
)
MAX_TITLE_CHARS = 100


def mapped(columns: Sequence[str]) -> list[tuple[int, str]]:
    """Which columns in which order under which titles, from `theirs=ours` or `ours`; all of them for nothing.

    Raises InvalidInput for a column that is not there, or one title twice.
    """
    found: list[tuple[int, str]] = []
    for text in columns:
        title, equals, ours = (part.strip() for part in text.rpartition("="))
        title = title if equals else ours
        if ours not in COLUMNS:
            raise InvalidInput("column", repr(ours[:80]), f"one of {', '.join(COLUMNS)}")
        if not title or len(title) > MAX_TITLE_CHARS or not title.isprintable():
            raise InvalidInput("column", repr(title[:80]), f"a title of at most {MAX_TITLE_CHARS} printable characters")
        if title in (known for _, known in found):
            raise InvalidInput("column", f"{title!r} twice", "each title once")
        found.append((COLUMNS.index(ours), title))
    return found or list(enumerate(COLUMNS))


def rows(
    months: Iterable[Payroll], columns: Sequence[tuple[int, str]], *, everybody: bool
) -> Iterator[tuple[Cell, ...]]:
    """What a run takes over of some months, or everybody's use."""
    for one in months:
        for line in one.found(everybody=everybody):
            cells = _row(one.month, line)
            yield tuple(cells[place] for place, _ in columns)


def _row(month: str, one: Line) -> tuple[Cell, ...]:
    return (
        month,
        one.handle,
        one.name,
        one.team,
        one.location,
        number(one.personal),
        number(one.work),
        number(one.other),
        number(one.own_money),
        *_agreed(one),
    )


def _agreed(line: Line) -> tuple[str, str]:
    """When a deduction was agreed to, and taken back, as days of UTC."""
    found = line.agreement
    if found is None:
        return ("", "")
    given, withdrawn = (from_micros(at).date().isoformat() if at else "" for at in (found.given, found.withdrawn))
    return given, withdrawn
