"""Charges that come to be known after they happened: at their own instant where that can still be told, else in the
present, marked late.

A charge of the past draws on the lots that were open then. It falls into the present instead

1. once its period is closed: a lot that it could have drawn on has expired since, and what was left of it is settled;
2. where what is free now was not free all the time since, so that an answer about the past would go below zero.

Which of the two a charge became is decided once: its id decides, and asking again gives the first answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import NamedTuple

from bursar.ledger import rules
from bursar.ledger.book import Book
from bursar.ledger.commands import Answer, Charge
from bursar.ledger.drawing import burnable, take
from bursar.ledger.loading import load
from bursar.ledger.rules import content_of
from bursar.ledger.saving import save
from bursar.ledger.session import Session
from bursar.ledger.values import AVAILABLE, FUNDING, Lot

MAX_DATED = 10_000
"""Charges in one transaction."""


class Dated(NamedTuple):
    """One charge in its two forms, under one id: as of its own instant, and as of the present."""

    at: int
    on_time: Charge
    late: Charge


class Charged(NamedTuple):
    """What came of one charge, and whether it fell into the present."""

    answer: Answer
    late: bool


def charge_in_the_past(session: Session, dated: Sequence[Dated], now: int, *, closing: bool = True) -> list[Charged]:
    """Apply charges in the order of their instants, in this transaction; answers are in the order given.

    `now` is when they are recorded. Without `closing` a period that has ended takes charges still: for what was due in
    it all along.
    """
    if not dated:
        return []
    if len(dated) > MAX_DATED:
        raise ValueError(f"charges: found {len(dated)}, expected at most {MAX_DATED}")
    # The lots as they were before anything falls due, so that the answer does not depend on a sweep.
    books, present = load(session, [one.on_time for one in dated], now)
    known = {command: content for command, (content, _) in next(iter(books.values())).applied.items()}
    past = {person: _Past(session, book, min(one.at for one in dated)) for person, book in books.items()}
    answers: dict[int, Charged] = {}
    waiting: list[int] = []
    for place in sorted(range(len(dated)), key=lambda place: dated[place].at):
        one = dated[place]
        first = known.get(one.on_time.id)
        if first is not None:
            late = first == content_of(one.late)
            answers[place] = _apply(books, one.late if late else one.on_time, present, late)
        elif one.at >= present:
            answers[place] = _apply(books, one.on_time, present)
        elif past[one.on_time.person].takes(one, present, closing=closing):
            answers[place] = _apply(books, one.on_time, one.at)
        else:
            waiting.append(place)
    for place in waiting:
        answers[place] = _apply(books, dated[place].late, present, late=True)
    save(session, books.values(), present)
    return [answers[place] for place in range(len(dated))]


def _apply(books: dict[str, Book], charge: Charge, at: int, late: bool = False) -> Charged:
    return Charged(rules.apply(books[charge.person], charge, at), late)


class _Past:
    """What was free of a person's lots since an instant."""

    def __init__(self, session: Session, book: Book, since: int) -> None:
        self.book = book
        lots = session.lots_of(book.person)
        self.terms = [lot.terms for lot in lots]
        self.free: dict[str, list[tuple[int, int]]] = {}
        """By lot: instants after `since`, the newest first, with what was free just before each."""
        left = {lot.terms.id: lot.available for lot in lots}
        for at, moves in groupby(_moves(session, book.person, since), key=lambda move: move[0]):
            for lot, change in [(move[1], move[2]) for move in moves]:
                left[lot] = left.get(lot, 0) - change
                marks = self.free.setdefault(lot, [])
                if marks and marks[-1][0] == at:
                    marks.pop()
                marks.append((at, left[lot]))

    def takes(self, one: Dated, now: int, *, closing: bool) -> bool:
        """Can this charge happen at its own instant? What it draws is remembered for those after it."""
        charge = one.on_time
        if closing and any(
            terms.unit == charge.unit
            and terms.effective <= one.at < terms.expires <= now
            and terms.scope.admits(charge.request)
            for terms in self.terms
        ):
            return False
        lots = burnable(self.book, charge.unit, charge.request, one.at)
        draws = take(lots, charge.amount)
        if any(draw.amount > self._low(draw.lot, one.at) for draw in draws):
            return False
        for draw in draws:
            # Charges are taken in the order of their instants: each lowers everything after it.
            self.free[draw.lot] = [(at, left - draw.amount) for at, left in self.free.get(draw.lot, [])]
        return True

    def _low(self, lot: str, since: int) -> int:
        current: Lot = self.book.lots[lot]
        return min([current.available, *(left for at, left in self.free.get(lot, []) if at > since)])


def _moves(session: Session, person: str, since: int) -> list[tuple[int, str, int]]:
    """What entered and left `available` after an instant, the newest first: instant, lot, change. Nothing was free of a
    lot before its release, but nothing was drawn then either. Nothing is recorded before it happens, so what was recorded
    by that instant need not be read."""
    rows = session.rows(
        "SELECT e.effective, p.lot, p.source, p.destination, p.amount FROM entry e JOIN posting p ON p.seq = e.seq "
        "WHERE e.person = ? AND e.seq > COALESCE((SELECT seq FROM entry WHERE person = ? AND recorded <= ? "
        f"ORDER BY seq DESC LIMIT 1), 0) AND e.effective > ? AND (p.source = {AVAILABLE} OR p.destination = {AVAILABLE}) "
        f"AND p.source <> {FUNDING} ORDER BY e.effective DESC, e.seq DESC",
        person,
        person,
        since,
        since,
    )
    return [(row[0], row[1], row[4] if row[3] == AVAILABLE else -row[4]) for row in rows]
