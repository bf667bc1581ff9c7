"""Saving: what the rules changed in a batch, written in one statement per table and sealed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from bursar.ledger import columns, rollup
from bursar.ledger.book import Book
from bursar.ledger.drawing import spending_of
from bursar.ledger.journal import GENESIS, body_of, digest_of, seal, skip
from bursar.ledger.session import Session
from bursar.ledger.values import BEYOND, Entry, Usage


def save(session: Session, books: Iterable[Book], now: int) -> None:
    """Write every book of a batch; nothing if nothing changed."""
    changed = [book for book in books if book.entries]
    if not changed:
        return
    _save_lots(session, changed)
    _save_holds(session, changed)
    _save_caps(session, changed)
    _save_journal(session, changed, now)


def _save_lots(session: Session, books: Sequence[Book]) -> None:
    new, changed = [], []
    for book in books:
        for lot in book.lots.values():
            if lot.is_new:
                new.append(columns.lot_row(book.person, lot))
            elif lot.buckets_changed:
                buckets = (lot.available, lot.held, lot.spent, lot.expired, lot.revoked, lot.rolled)
                changed.append((*buckets, lot.revoked_at, lot.terms.id))
    if new:
        session.insert("lot", columns.LOT, new)
    if changed:
        session.update("lot", "available, held, spent, expired, revoked, rolled, revoked_at", changed)


def _save_holds(session: Session, books: Sequence[Book]) -> None:
    new: list[tuple[Any, ...]] = []
    ended: dict[str, list[str]] = {}
    unresolved: list[tuple[str, str, str]] = []
    for book in books:
        for hold in book.holds.values():
            if hold.is_new:
                new.append(columns.hold_row(book.person, hold))
            elif hold.just_ended and hold.charge:
                unresolved.append((hold.state, hold.charge, hold.id))
            elif hold.just_ended:
                ended.setdefault(hold.state, []).append(hold.id)
    if new:
        session.insert("hold", columns.HOLD, new)
    for state, names in ended.items():
        session.run(f"UPDATE hold SET state = ? WHERE id {session.IN}", state, names)
    if unresolved:
        session.update("hold", "state, charge", unresolved)


def _save_caps(session: Session, books: Sequence[Book]) -> None:
    changed = [
        (book.person, cap.id, cap.unit, cap.limit, cap.held, cap.spent)
        for book in books
        for cap in book.caps.values()
        if cap.changed
    ]
    if changed:
        session.insert(
            "cap",
            columns.CAP,
            changed,
            "ON CONFLICT (person, id, unit) DO UPDATE SET ceiling = excluded.ceiling, held = excluded.held, "
            "spent = excluded.spent",
        )


def _save_journal(session: Session, books: Sequence[Book], now: int) -> None:
    """Entries, postings, charges, days and the seal over them; the chain's head is locked as late as can be."""
    head, skips_to = session.lock_head()
    batch, seq, recorded = head.batch + 1, head.seq, max(head.recorded, now)
    entries: list[tuple[Any, ...]] = []
    postings: list[tuple[Any, ...]] = []
    charges: list[tuple[Any, ...]] = []
    days: dict[rollup.Key, rollup.Sums] = {}
    digests: list[bytes] = []
    for book in books:
        for entry in book.entries:
            seq += 1
            row, charge = columns.entry_row(seq, recorded, book.newest, entry), columns.charge_row(seq, entry)
            book.newest = seq
            entries.append(row)
            for line, posting in enumerate(entry.postings):
                postings.append((seq, line, posting.lot, posting.source, posting.destination, posting.amount))
            digests.append(digest_of(row, entry.postings, charge, columns.terms_row(entry.terms)))
            if entry.usage is not None:
                charges.append(charge)
                _roll_up(days, book, entry, entry.usage, spent=charge[3], overage=charge[4])
        book.entries = []
    session.insert("entry", columns.ENTRY, entries)
    session.insert("posting", columns.POSTING, postings)
    if charges:
        session.insert("charge", columns.CHARGE, charges)
        session.insert("usage_day", _DAY, list(rollup.rows(days)), _ADD_TO_DAY)
    body, skipped = body_of(digests), _skipped(session, batch, head.hash, skips_to)
    sealed = seal(batch, head.seq + 1, seq, recorded, previous=head.hash, skipped=skipped, body=body)
    session.insert("seal", columns.SEAL, [(batch, head.seq + 1, seq, recorded, body, sealed)])
    session.update("head", "batch, seq, recorded, hash", [(batch, seq, recorded, sealed, 1)])


def _skipped(session: Session, batch: int, previous: str, known: str) -> str:
    """The hash of the earlier seal that this batch's seal names besides its predecessor."""
    number = skip(batch)
    if number == 0:
        return GENESIS
    if number == batch - 1:
        return previous
    if known:
        return known
    found: str = session.rows("SELECT hash FROM seal WHERE batch = ?", number)[0][0]
    return found


_DAY = ", ".join((*rollup.KEYS, *rollup.SUMS))
_ADD_TO_DAY = f"ON CONFLICT ({', '.join(rollup.KEYS)}) DO UPDATE SET " + ", ".join(
    f"{name} = usage_day.{name} + excluded.{name}" for name in rollup.SUMS
)


def _roll_up(
    days: dict[rollup.Key, rollup.Sums], book: Book, entry: Entry, usage: Usage, *, spent: int, overage: int
) -> None:
    """Add a charge to its day; a correction takes the charge out as it was and puts it in as it is."""
    key = rollup.key_of(entry.person, entry.unit, usage)
    if not entry.corrects:
        rollup.add(days, key, usage, spent, overage)
        return
    history = book.charges[entry.corrects]
    place = next(index for index, one in enumerate(history) if one is entry)
    old = history[place - 1].usage or usage
    rollup.add(days, rollup.key_of(entry.person, entry.unit, old), old, *_totals(history[:place]), sign=-1)
    rollup.add(days, key, usage, *_totals(history[: place + 1]))


def _totals(history: list[Entry]) -> tuple[int, int]:
    """What a charge and its corrections come to, and how much of that lies beyond every lot."""
    spent = spending_of(history)
    return sum(draw.amount for draw in spent), sum(draw.amount for draw in spent if draw.lot == BEYOND)
