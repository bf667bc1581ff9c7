"""Replay: a book rebuilt from the journal alone, without deciding anything again."""

from __future__ import annotations

from collections.abc import Iterator

from bursar.ledger.book import Book
from bursar.ledger.session import Session
from bursar.ledger.values import Draw, Entry, Hold, HoldTerms, LotTerms, Recorded

PAGE = 2_000
"""Entries read at a time."""


def journal_of(session: Session, person: str, as_of_seq: int | None = None) -> Iterator[Recorded]:
    """A person's entries in the order of their recording."""
    after = 0
    while page := session.entries_of(person, after, PAGE):
        for line in page:
            if as_of_seq is not None and line.seq > as_of_seq:
                return
            yield line
        after = page[-1].seq


def replay(book: Book, entry: Entry) -> None:
    """Let a recorded entry happen to a book; the book needs no lots or holds beforehand."""
    if isinstance(entry.terms, LotTerms):
        book.add_lot(entry.terms)
    for posting in entry.postings:
        book.move(posting)
    if isinstance(entry.terms, HoldTerms):
        draws = tuple([Draw(posting.lot, posting.amount) for posting in entry.postings])
        book.holds[entry.hold] = Hold(
            entry.hold,
            unit=entry.unit,
            draws=draws,
            amount=sum([draw.amount for draw in draws]),
            taken=entry.effective,
            terms=entry.terms,
        )
    elif entry.hold:
        book.holds.pop(entry.hold, None)
    elif entry.kind == "revoke":
        book.lots[entry.corrects].revoked_at = entry.effective
