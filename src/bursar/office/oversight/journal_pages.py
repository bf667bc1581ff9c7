"""The journal and a person's account for whoever audits them: page by page, and as it stood at any instant."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bursar.errors import InvalidInput, NotFound
from bursar.ledger import reading
from bursar.ledger.proof import proof
from bursar.ledger.reading import LotBalance, Statement
from bursar.ledger.session import Session
from bursar.ledger.stretch import seq_at
from bursar.ledger.values import AVAILABLE, HELD, MAX_AMOUNT, SPENT, Account, Entry, Recorded

if TYPE_CHECKING:
    from bursar.office.desk import Desk

ROWS = 50
MOST_LINES = 150
"""Of a statement on a page: a longer time has a file."""


@dataclass(frozen=True, slots=True)
class Movement:
    """One posting in words: from where to where, nano-units."""

    lot: str
    source: str
    destination: str
    amount: int


@dataclass(frozen=True, slots=True)
class Line:
    """An entry of the journal; instants in microseconds UTC."""

    seq: int
    recorded: int
    effective: int
    kind: str
    person: str
    unit: str
    command: str
    change: int
    """What the person has changes by so much."""
    spent: int
    what: str
    """Model or label."""
    note: str
    corrects: str
    movements: tuple[Movement, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """Entries, the newest first; `next` is the number that the next page is before, 0 at the end."""

    lines: tuple[Line, ...]
    next: int


def ours(organisation: str) -> str:
    """Of entries: of this house's people, and of accounts that are nobody's own, such as pools."""
    return f"person NOT IN (SELECT id FROM person WHERE organisation <> '{organisation}')"


def page(desk: Desk, *, person: str = "", until: int = 0, before: int = 0, rows: int = ROWS) -> Page:
    """Entries of everybody or one person (by id), before a sequence number, recorded before an instant; 0 for none."""

    def read(session: Session) -> list[Recorded]:
        top = before or MAX_AMOUNT
        if until:
            top = min(top, seq_at(session, until))
        where, parameters = (
            ("person = ? AND ", [person]) if person else (f"{ours(desk.settings.organisation)} AND ", [])
        )
        return session.entries(
            f"WHERE {where}seq < ? ORDER BY seq DESC LIMIT ?", *parameters, top, rows + 1, terms=True
        )

    found = desk.store.read(read)
    kept = found[:rows]
    return Page(tuple(_line(one) for one in kept), kept[-1].seq if len(found) > rows else 0)


def statement(desk: Desk, person_id: str, start: int, end: int, unit: str) -> Statement:
    """Everything that changed an account from `start` to `end`, with the balance after each line."""
    if end <= start:
        raise InvalidInput("until", "an instant before the beginning", "one after it")
    return desk.store.read(lambda session: reading.statement(session, person_id, start, end, unit))


def units(desk: Desk, person_id: str) -> list[str]:
    """The units of an account, USD first."""
    found = desk.store.read(lambda session: reading.units_of(session, person_id))
    return ["USD", *(one for one in found if one != "USD")]


def balance_at(desk: Desk, person_id: str, at: int, as_of_seq: int = 0) -> list[LotBalance]:
    """Every lot as it stood at an instant; with a sequence number, as it was known by that entry."""
    head = desk.store.read(lambda session: session.head().seq)
    if as_of_seq and not 0 < as_of_seq <= head:
        raise InvalidInput("seq", str(as_of_seq), f"an entry of the journal: 1 to {head}")
    return desk.store.read(lambda session: reading.balance(session, person_id, at, as_of_seq or None))


def proof_of(desk: Desk, person_id: str, start: int, end: int, unit: str) -> str:
    """A statement with its proof, as a file that can be checked without this installation. Raises NotFound."""
    if end <= start:
        raise InvalidInput("until", "an instant before the beginning", "one after it")

    def read(session: Session) -> dict[str, Any]:
        if not session.rows("SELECT 1 FROM entry WHERE person = ? LIMIT 1", person_id):
            raise NotFound("there is nothing to prove", "this account never had an entry")
        return proof(session, person_id, start, end, unit)

    return json.dumps(desk.store.read(read), indent=1)


def _line(found: Recorded) -> Line:
    entry = found.entry
    change, spent = _effect(entry)
    label = getattr(entry.terms, "label", "")
    what = entry.usage.model if entry.usage is not None else label
    moves = tuple(
        Movement(one.lot, Account(one.source).name.lower(), Account(one.destination).name.lower(), one.amount)
        for one in entry.postings
    )
    return Line(
        found.seq,
        found.recorded,
        entry.effective,
        entry.kind,
        entry.person,
        entry.unit,
        entry.command,
        change,
        spent,
        what,
        entry.note,
        entry.corrects,
        moves,
    )


def _effect(entry: Entry) -> tuple[int, int]:
    """What an entry adds to what the person has, and to what is spent."""
    change = spent = 0
    for one in entry.postings:
        if one.lot:
            owned = (AVAILABLE, HELD)
            change += one.amount * ((one.destination in owned) - (one.source in owned))
        spent += one.amount * ((one.destination == SPENT) - (one.source == SPENT))
    return change, spent
