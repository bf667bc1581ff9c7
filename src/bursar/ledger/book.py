"""One person's working copy of the ledger inside a batch: loaded by a store, evolved by the rules, written back.

A book knows how to move amounts and to remember what moved; it decides nothing.
"""

from __future__ import annotations

from collections.abc import Iterable

from bursar.ledger.values import (
    BEYOND,
    Account,
    Applied,
    Cap,
    Draw,
    Entry,
    Hold,
    Lot,
    LotTerms,
    Posting,
    Request,
    Usage,
)

_BUCKETS: tuple[str, ...] = tuple(
    "" if account in (Account.FUNDING, Account.OVERAGE) else account.name.lower() for account in Account
)
"""Attribute of a lot by account number; empty for the accounts outside every lot."""


class Book:
    """Lots, open or named holds, caps and named charges of one person."""

    __slots__ = ("applied", "caps", "charges", "entries", "holds", "lots", "person", "taken")

    def __init__(
        self,
        person: str,
        lots: Iterable[Lot] = (),
        holds: Iterable[Hold] = (),
        caps: Iterable[Cap] = (),
        applied: dict[str, tuple[str, Applied]] | None = None,
        charges: dict[str, list[Entry]] | None = None,
    ) -> None:
        self.person = person
        self.lots = {lot.terms.id: lot for lot in lots}
        self.holds = {hold.id: hold for hold in holds}
        self.caps = {cap.id: cap for cap in caps}
        self.applied = applied if applied is not None else {}
        """Commands applied before, by id: content digest and first answer."""
        self.charges = charges if charges is not None else {}
        """Charges that a correction names: the charging entry, then its corrections in order."""
        self.taken: set[str] = set()
        """Lot ids that belong to somebody else."""
        self.entries: list[Entry] = []
        """What this batch adds to the journal."""

    def burnable(self, unit: str, request: Request, now: int) -> list[Lot]:
        """Lots that this request may draw on at this instant, in burn order."""
        lots = [
            lot
            for lot in self.lots.values()
            if lot.available and lot.terms.unit == unit and lot.is_open(now) and lot.terms.scope.admits(request)
        ]
        if len(lots) > 1:
            lots.sort(key=_rank)
        return lots

    def add_lot(self, terms: LotTerms) -> Lot:
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
    ) -> Applied:
        """Move every posting and append the entry; the postings must have been decided completely before."""
        for posting in postings:
            self._move(posting)
        self.entries.append(
            Entry(
                command=command,
                content=content,
                kind=kind,
                person=self.person,
                unit=unit,
                effective=effective,
                postings=postings,
                hold=hold,
                corrects=corrects,
                usage=usage,
                note=note,
            )
        )
        self.applied[command] = (content, answer)
        return answer

    def _move(self, posting: Posting) -> None:
        if posting.lot == BEYOND:
            return
        lot = self.lots[posting.lot]
        lot.buckets_changed = True
        source = _BUCKETS[posting.source]
        if source:
            left = getattr(lot, source) - posting.amount
            if left < 0:
                raise AssertionError(f"lot {posting.lot}: {source} would fall to {left}")
            setattr(lot, source, left)
        destination = _BUCKETS[posting.destination]
        if destination:
            setattr(lot, destination, getattr(lot, destination) + posting.amount)


def _rank(lot: Lot) -> tuple[int, int, int, int, int, str]:
    return lot.rank


def take(lots: list[Lot], amount: int) -> tuple[Draw, ...]:
    """Draw up to `amount` from lots in the order given; fewer nano-units if they hold less."""
    draws = []
    for lot in lots:
        if amount <= 0:
            break
        part = min(lot.available, amount)
        draws.append(Draw(lot.terms.id, part))
        amount -= part
    return tuple(draws)
