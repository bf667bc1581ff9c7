"""One person's working copy of the ledger inside a batch: loaded by a store, evolved by the rules, written back.

A book knows how to move amounts and to remember what moved; it decides nothing.
"""

from __future__ import annotations

from collections.abc import Iterable

from bursar.ledger.commands import Applied
from bursar.ledger.values import (
    BEYOND,
    FUNDING,
    OVERAGE,
    Account,
    Cap,
    Entry,
    Hold,
    HoldTerms,
    Lot,
    LotTerms,
    Posting,
    Usage,
)

BUCKETS: tuple[str, ...] = tuple("" if account in (FUNDING, OVERAGE) else account.name.lower() for account in Account)
"""Attribute of a lot by account number; empty for the accounts outside every lot."""


class Book:
    """Lots, open or named holds, caps and named charges of one person."""

    __slots__ = ("applied", "caps", "charges", "entries", "holds", "lots", "newest", "person", "taken", "until")

    def __init__(
        self,
        person: str,
        lots: Iterable[Lot] = (),
        holds: Iterable[Hold] = (),
        caps: Iterable[Cap] = (),
        *,
        applied: dict[str, tuple[str, Applied]] | None = None,
        taken: set[str] | None = None,
        charges: dict[str, list[Entry]] | None = None,
    ) -> None:
        self.person = person
        self.lots = {lot.terms.id: lot for lot in lots}
        self.holds = {hold.id: hold for hold in holds}
        self.caps = {(cap.id, cap.unit): cap for cap in caps}
        self.applied = applied if applied is not None else {}
        """Commands applied before, by id: content digest and first answer. Shared by all books of a batch."""
        self.taken = taken if taken is not None else set()
        """Lot ids that exist, whoever has them. Shared by all books of a batch."""
        self.taken.update(self.lots)
        self.charges = charges if charges is not None else {}
        """Charges that a correction of this batch names: the charging entry, then its corrections in order."""
        self.entries: list[Entry] = []
        """What this batch adds to the journal."""
        self.newest = 0
        """Sequence number of the person's entry before those, 0 for none."""
        self.until = -1
        """Everything that fell due by this instant has happened."""

    def add_lot(self, terms: LotTerms) -> Lot:
        self.taken.add(terms.id)
        lot = self.lots[terms.id] = Lot(terms, is_new=True)
        return lot

    def record(
        self,
        postings: tuple[Posting, ...],
        *,
        command: str,
        content: str,
        kind: str,
        unit: str,
        effective: int,
        answer: Applied,
        hold: str = "",
        corrects: str = "",
        usage: Usage | None = None,
        note: str = "",
        terms: LotTerms | HoldTerms | None = None,
    ) -> Applied:
        """Move every posting and append the entry; the postings must have been decided completely before."""
        for posting in postings:
            self.move(posting)
        entry = Entry(
            command, content, kind, self.person, unit, effective, postings, hold, corrects, usage, note, terms
        )
        self.entries.append(entry)
        self.applied[command] = (content, answer)
        if self.charges and usage is not None:
            history = self.charges.get(corrects or command)
            if history is not None:
                history.append(entry)
        return answer

    def count(self, key: str, unit: str, amount: int) -> None:
        """Add spending to the limit of the access key that it came through, if that has one."""
        cap = self.caps.get((key, unit))
        if cap is not None:
            cap.spent += amount
            cap.changed = True

    def move(self, posting: Posting) -> None:
        """Move one amount between two buckets of its lot; asserts that none falls below zero."""
        if posting.lot == BEYOND:
            return
        lot = self.lots[posting.lot]
        lot.buckets_changed = True
        source = BUCKETS[posting.source]
        if source:
            left = getattr(lot, source) - posting.amount
            if left < 0:
                raise AssertionError(f"lot {posting.lot}: {source} would fall to {left}")
            setattr(lot, source, left)
        destination = BUCKETS[posting.destination]
        if destination:
            setattr(lot, destination, getattr(lot, destination) + posting.amount)
