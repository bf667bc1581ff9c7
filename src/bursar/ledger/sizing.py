"""How much a request may hold, and what it is told when that is not there."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from bursar.ledger.book import Book
from bursar.ledger.commands import Refused, TakeHold
from bursar.ledger.values import Cap, Lot


def hold_size(worst: int, floor: int, available: int, share_divisor: int) -> int | None:
    """How much to hold for a request: min(worst, max(floor, available / share_divisor)), None if it does not fit.

    A request that could cost a lot gets a fair share of what is free instead of all of it, so that forty agents can
    run side by side; the gateway then lowers the request's own output limit to what the hold affords.
    """
    if available < worst and available < floor:
        return None
    share = available // share_divisor
    if share < floor:
        share = floor
    return worst if worst < share else share


def cap_of(book: Book, command: TakeHold) -> Cap | None:
    """The limit of the access key as it stands, under the ceiling that the command brings."""
    if not command.cap:
        return None
    known = book.caps.get((command.cap, command.unit))
    if known is None:
        known = book.caps[(command.cap, command.unit)] = Cap(command.cap, command.unit, command.cap_limit)
    if known.limit == command.cap_limit:
        return known
    known.limit, known.changed = command.cap_limit, True
    return known


def refusal(book: Book, command: TakeHold, cap: Cap | None, free: int, now: int) -> Refused:
    """Say whose limit it is, how much is left of it, and whether waiting helps."""
    needed = min(command.worst, command.floor)
    if cap is not None and cap.left < needed <= free:
        reason = "contention" if cap.left + cap.held >= needed else "cap"
        return Refused(command.id, reason, needed, cap.left, cap.held, cap.spent, cap.limit, cap=cap.id)
    held = spent = limit = 0
    opens: int | None = None
    for lot in book.lots.values():
        if lot.terms.unit != command.unit or lot.revoked_at or not lot.terms.scope.admits(command.request):
            continue
        if lot.terms.effective > now:
            opens = lot.terms.effective if opens is None else min(opens, lot.terms.effective)
        elif lot.is_open(now):
            held += lot.held
            spent += lot.spent
            limit += lot.terms.amount
    reason = "contention" if held and free + held >= needed else "exhausted"
    return Refused(command.id, reason, needed, free, held, spent, limit, opens)


def with_spent_lots(refused: Refused, command: TakeHold, spent_lots: Iterable[Lot], now: int) -> Refused:
    """Add the lots that nothing is left of to the figures of a refusal: a book holds only those that still matter."""
    if refused.cap:
        return refused
    spent = limit = 0
    for lot in spent_lots:
        if lot.terms.unit == command.unit and lot.is_open(now) and lot.terms.scope.admits(command.request):
            spent += lot.spent
            limit += lot.terms.amount
    return msgspec.structs.replace(refused, spent=refused.spent + spent, limit=refused.limit + limit)
