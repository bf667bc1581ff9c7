"""The end of a lot: what is left and not held expires, or rolls over into a new lot of the same grant.

Rolling is one entry: what lives on leaves the old lot as rolled, what does not is forfeited, and the new lot is funded
with `min(cap, max(floor, share of the rest))`. The cap also holds for all rolled lots of the grant together; the oldest
is trimmed first. A hold keeps its claim on the old lot; what it gives back later is forfeited.
"""

from __future__ import annotations

from bursar.ledger.book import Book
from bursar.ledger.commands import Answer, Applied, Rejected, Roll
from bursar.ledger.values import AVAILABLE, EXPIRED, FUNDING, ROLLED, Draw, Lot, LotTerms, Posting, rolled_id


def expire(book: Book, lot: Lot, at: int) -> Lot | None:
    """Let a lot's time be over at `at`; returns the lot that it lives on in, if it does."""
    roll = lot.terms.roll
    if (
        roll is not None
        and at < roll.expires
        and not lot.rolled
        and roll.amount(lot.available)
        and rolled_id(lot.terms.id) not in book.taken
    ):
        return _roll(book, lot, at)
    if lot.available:
        # By a clock that lags far behind, a hold may give back to a lot that has expired already: it expires once more.
        again = f":{lot.expired}" if lot.expired else ""
        _forfeit(book, lot, lot.available, "expire", f"expire:{lot.terms.id}{again}", at)
    return None


def roll_late(book: Book, command: Roll, content: str, now: int) -> Answer:
    """Roll a lot of which nothing was left when it expired, so that it did not fall due by itself."""
    lot = book.lots.get(command.lot)
    if lot is None:
        return Rejected(command.id, "no_such_lot", f"lot {command.lot} is not known for {command.person}")
    if now < lot.terms.expires:
        return Rejected(
            command.id, "invalid", f"lot: found {command.lot}, which is still open, expected an expired one"
        )
    rolled = None if lot.revoked_at else expire(book, lot, lot.terms.expires)
    if rolled is not None and rolled.terms.expires <= now:
        expire(book, rolled, rolled.terms.expires)
    return Applied(command.id, "roll", lot.rolled)


def _roll(book: Book, lot: Lot, at: int) -> Lot:
    terms, roll = lot.terms, lot.terms.roll
    assert roll is not None
    amount, rest = roll.amount(lot.available), lot.available
    kept = min(amount, rest)
    successor = LotTerms(
        rolled_id(terms.id),
        terms.unit,
        amount,
        at,
        roll.expires,
        roll.priority,
        True,
        terms.scope,
        terms.grant,
        terms.id,
        terms.label,
    )
    moves = [(terms.id, AVAILABLE, ROLLED, kept), (terms.id, AVAILABLE, EXPIRED, rest - kept)]
    moves.append((successor.id, FUNDING, AVAILABLE, amount))
    rolled = book.add_lot(successor)
    book.record(
        tuple([Posting(*move) for move in moves if move[3]]),
        command=f"roll:{terms.id}",
        content="",
        kind="roll",
        unit=terms.unit,
        effective=at,
        terms=successor,
        answer=Applied(f"roll:{terms.id}", "roll", amount, (Draw(successor.id, amount),)),
    )
    _trim(book, terms.grant, terms.id, roll.cap, at)
    return rolled


def _trim(book: Book, grant: str, cause: str, cap: int, at: int) -> None:
    """Keep all rolled lots of a grant within the cap; the oldest gives up first."""
    rolled = [
        lot
        for lot in book.lots.values()
        if lot.terms.grant == grant and lot.terms.parent and lot.available and lot.is_open(at)
    ]
    excess = sum([lot.available for lot in rolled]) - cap
    for lot in sorted(rolled, key=lambda one: (one.terms.effective, one.terms.expires, one.terms.id)):
        if excess <= 0:
            break
        amount = min(excess, lot.available)
        excess -= amount
        _forfeit(book, lot, amount, "trim", f"trim:{lot.terms.id}:{cause}", at)


def _forfeit(book: Book, lot: Lot, amount: int, kind: str, command: str, at: int) -> None:
    book.record(
        (Posting(lot.terms.id, AVAILABLE, EXPIRED, amount),),
        command=command,
        content="",
        kind=kind,
        unit=lot.terms.unit,
        effective=at,
        answer=Applied(command, kind, amount, (Draw(lot.terms.id, amount),)),
    )
