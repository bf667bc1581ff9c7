"""A person's account over a time, its requests summed by the hour: the same figures as a statement, worked out by the
database.

A statement replays the whole journal and names every request; this reads as many rows as there are hours and other events,
however many requests there were. `opening` plus all changes is `closing` in both, and they are the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bursar.ledger.book import Book
from bursar.ledger.reading import effect_of
from bursar.ledger.rules import happen
from bursar.ledger.session import Session, wide, wide_sum
from bursar.ledger.values import AVAILABLE, HELD, SPENT, Entry

MICROS_PER_HOUR = 3_600_000_000
REQUESTS = ("settle", "charge")
"""Kinds of entries that are summed; everything else stands for itself."""
MOST_EVENTS = 2_000
_OWNED = f"({AVAILABLE}, {HELD})"
_IN = f"p.lot <> '' AND p.destination IN {_OWNED} AND p.source NOT IN {_OWNED}"
_OUT = f"p.lot <> '' AND p.source IN {_OWNED} AND p.destination NOT IN {_OWNED}"
_CHANGE = (
    f"{wide_sum(f'CASE WHEN {_IN} THEN p.amount ELSE 0 END')}, {wide_sum(f'CASE WHEN {_OUT} THEN p.amount ELSE 0 END')}"
)
"""What comes and what goes, of lots; never of what no lot covers."""
_SPENT = (
    f"{wide_sum(f'CASE WHEN p.destination = {SPENT} THEN p.amount ELSE 0 END')}, "
    f"{wide_sum(f'CASE WHEN p.source = {SPENT} THEN p.amount ELSE 0 END')}"
)
_OF = "FROM entry e JOIN posting p ON p.seq = e.seq WHERE e.person = ? AND e.unit = ?"


@dataclass(frozen=True, slots=True)
class Hour:
    """The requests of an hour (whole hours since 1970) together; nano-units."""

    hour: int
    requests: int
    change: int
    spent: int


@dataclass(frozen=True, slots=True)
class Happened:
    """Something else that moved the account."""

    seq: int | None
    """Place in the journal; None for what has fallen due and is not recorded yet."""
    at: int
    kind: str
    change: int
    spent: int
    label: str
    """Of the lot that it is about."""
    model: str
    """Of a charge that is none of the usual ones."""
    note: str


@dataclass(frozen=True, slots=True)
class Summary:
    """A person's account from an instant (inclusive) to another (exclusive), in one unit."""

    opening: int
    hours: list[Hour]
    events: list[Happened]
    closing: int


def summary(session: Session, person: str, start: int, end: int, unit: str = "USD") -> Summary:
    """Sum up an account. Charges count at the instant at which they took effect, as in a statement."""
    due = [one for one in _unrecorded(session, person, end) if one.unit == unit]
    before, hours = _hours(session, person, unit, start, end)
    opening = before + sum(effect_of(one)[0] for one in due if one.effective < start)
    events = _events(session, person, unit, start, end)
    labels = {str(row[0]): str(row[1]) for row in session.rows("SELECT id, label FROM lot WHERE person = ?", person)}
    events += [_happened(one, labels) for one in due if one.effective >= start]
    events.sort(key=lambda one: one.at)
    moved = sum(one.change for one in hours) + sum(one.change for one in events)
    return Summary(opening, hours, events, opening + moved)


def _unrecorded(session: Session, person: str, end: int) -> list[Entry]:
    """What fell due before `end` and no command has recorded: it happened all the same."""
    book = Book(person, session.lots_of(person), [hold for _, hold in session.open_holds(person)])
    happen(book, end - 1)
    return book.entries


def _hours(session: Session, person: str, unit: str, start: int, end: int) -> tuple[int, list[Hour]]:
    """What everything before came to, and the requests by the hour, in one pass over the person's entries."""
    kinds = ", ".join("?" for _ in REQUESTS)
    rows = session.rows(
        f"SELECT CASE WHEN e.effective < ? THEN -1 ELSE e.effective / {MICROS_PER_HOUR} END, COUNT(DISTINCT e.seq), "
        f"{_CHANGE}, {_SPENT} {_OF} AND e.kind <> 'hold' AND e.effective < ? AND (e.effective < ? OR e.kind IN ({kinds})) "
        "GROUP BY 1 ORDER BY 1",
        start,
        person,
        unit,
        end,
        start,
        *REQUESTS,
    )
    found = [Hour(int(row[0]), int(row[1]), _net(row[2:6]), _net(row[6:10])) for row in rows]
    return sum(one.change for one in found if one.hour < 0), [one for one in found if one.hour >= 0]


def _net(sums: Sequence[Any]) -> int:
    """What came less what went, each in two columns."""
    return wide(sums[0], sums[1]) - wide(sums[2], sums[3])


def _events(session: Session, person: str, unit: str, start: int, end: int) -> list[Happened]:
    quiet = ", ".join("?" for _ in (*REQUESTS, "hold"))
    rows = session.rows(
        f"SELECT e.seq, MIN(e.effective), MIN(e.kind), {_CHANGE}, {_SPENT}, "
        f"COALESCE(MAX(l.label), ''), COALESCE(MAX(c.model), ''), MIN(e.note) {_OF.replace(' WHERE', _JOINED)} "
        f"AND e.effective >= ? AND e.effective < ? AND e.kind NOT IN ({quiet}) GROUP BY e.seq ORDER BY e.seq LIMIT ?",
        person,
        unit,
        start,
        end,
        *REQUESTS,
        "hold",
        MOST_EVENTS,
    )
    found = [
        Happened(
            int(row[0]),
            int(row[1]),
            str(row[2]),
            _net(row[3:7]),
            _net(row[7:11]),
            str(row[11]),
            str(row[12]),
            str(row[13]),
        )
        for row in rows
    ]
    return [one for one in found if one.change or one.spent]


_JOINED = " LEFT JOIN lot l ON l.id = p.lot LEFT JOIN charge c ON c.seq = e.seq WHERE"


def _happened(entry: Entry, labels: dict[str, str]) -> Happened:
    change, spent = effect_of(entry)
    label = next((labels[one.lot] for one in entry.postings if one.lot in labels), "")
    return Happened(None, entry.effective, entry.kind, change, spent, label, "", entry.note)
