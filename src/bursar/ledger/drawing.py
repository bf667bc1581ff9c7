"""Which lots an amount is drawn from, and where it returns to: the burn order and its reverse.

Forwards: a scope that was made for the request first, then priority, the earliest expiry, promotional before paid, the
oldest. Backwards: what was drawn last is given back first, and what returns to a dead lot stays dead.
"""

from __future__ import annotations

from bursar.ledger.book import Book
from bursar.ledger.values import (
    AVAILABLE,
    BEYOND,
    HELD,
    OVERAGE,
    SPENT,
    Draw,
    Entry,
    Hold,
    Lot,
    Posting,
    Request,
)


def burnable(book: Book, unit: str, request: Request, now: int) -> list[Lot]:
    """Lots that this request may draw on at this instant, in burn order."""
    lots = [
        lot
        for lot in book.lots.values()
        if lot.available and lot.terms.unit == unit and lot.is_open(now) and lot.terms.scope.admits(request)
    ]
    if len(lots) > 1:
        lots.sort(key=_rank)
    return lots


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


def consume(book: Book, hold: Hold, amount: int, now: int) -> tuple[list[Posting], list[Draw], int]:
    """Charge a hold's first-drawn lots and give the last-drawn back; also returns what the hold does not cover."""
    postings: list[Posting] = []
    draws: list[Draw] = []
    for draw in hold.draws:
        used = min(draw.amount, amount)
        if used:
            postings.append(Posting(draw.lot, HELD, SPENT, used))
            draws.append(Draw(draw.lot, used))
            amount -= used
        if used < draw.amount:
            postings.append(Posting(draw.lot, HELD, book.lots[draw.lot].home(now), draw.amount - used))
    return postings, draws, amount


def give_back(book: Book, hold: Hold, at: int) -> tuple[Posting, ...]:
    """Return everything that a hold reserved."""
    return tuple([Posting(draw.lot, HELD, book.lots[draw.lot].home(at), draw.amount) for draw in hold.draws])


def spend_free(book: Book, unit: str, request: Request, amount: int, now: int) -> tuple[list[Posting], int]:
    """Spend what is free in burn order, then beyond every lot: burnt tokens are never refused, overage is explicit."""
    postings = [
        Posting(draw.lot, AVAILABLE, SPENT, draw.amount) for draw in take(burnable(book, unit, request, now), amount)
    ]
    overage = amount - sum([posting.amount for posting in postings])
    if overage:
        postings.append(Posting(BEYOND, OVERAGE, SPENT, overage))
    return postings, overage


def unwind(book: Book, spent: list[Draw], amount: int, now: int) -> list[Posting]:
    """Give back `amount` of what was spent, last-drawn first."""
    postings = []
    for draw in reversed(spent):
        if not amount:
            break
        part = min(draw.amount, amount)
        home = OVERAGE if draw.lot == BEYOND else book.lots[draw.lot].home(now)
        postings.append(Posting(draw.lot, SPENT, home, part))
        amount -= part
    return postings


def spending_of(history: list[Entry]) -> list[Draw]:
    """What a charge and its corrections have spent by lot, in the order of drawing."""
    spent: list[Draw] = []
    for entry in history:
        for posting in entry.postings:
            if posting.destination == SPENT:
                spent.append(Draw(posting.lot, posting.amount))
            elif posting.source == SPENT:
                left = posting.amount
                for index in range(len(spent) - 1, -1, -1):
                    if spent[index].lot == posting.lot and left:
                        part = min(spent[index].amount, left)
                        spent[index] = Draw(posting.lot, spent[index].amount - part)
                        left -= part
    return [draw for draw in spent if draw.amount]
