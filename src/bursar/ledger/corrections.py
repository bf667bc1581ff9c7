"""Corrections: a new entry that sets the total of an earlier charge and names it.

Less unwinds in reverse order of drawing, and what returns to a lot that is dead meanwhile stays dead; more is drawn
again from what is free now. The charge itself is never touched.
"""

from __future__ import annotations

import msgspec

from bursar.ledger.book import Book
from bursar.ledger.commands import Answer, Applied, Correct, Rejected
from bursar.ledger.drawing import spend_free, spending_of, unwind
from bursar.ledger.values import Draw, Entry, Request, Usage
from bursar.money import round_half_up_div

CHARGE_KINDS = frozenset({"settle", "charge", "unresolved"})
"""Kinds of entries that a correction may name."""


def correct(book: Book, command: Correct, content: str, now: int) -> Answer:
    history = book.charges.get(command.of)
    if not history:
        return Rejected(command.id, "no_such_charge", f"charge {command.of} is not known for {command.person}")
    spent = spending_of(history)
    difference = command.amount - sum(draw.amount for draw in spent)
    overage = 0
    if difference > 0:
        postings, overage = spend_free(book, history[0].unit, _request_of(book, history[0]), difference, now)
    else:
        postings = unwind(book, spent, -difference, now)
    usage = _corrected(history, command)
    book.count(usage.key, history[0].unit, difference)
    return book.record(
        tuple(postings),
        command=command.id,
        content=content,
        kind="correct",
        unit=history[0].unit,
        effective=now,
        corrects=command.of,
        usage=usage,
        note=command.note,
        answer=Applied(
            command.id, "correct", difference, tuple(Draw(posting.lot, posting.amount) for posting in postings), overage
        ),
    )


def usage_of(history: list[Entry]) -> Usage:
    """What a charge is for, after its corrections."""
    return history[-1].usage or Usage()


def _corrected(history: list[Entry], command: Correct) -> Usage:
    """The new figures, or the old ones scaled to the new total; the key and the instant stay those of the charge."""
    before = usage_of(history)
    if command.usage is not None:
        return msgspec.structs.replace(command.usage, key=before.key, at=command.usage.at or before.at)
    total = sum(draw.amount for draw in spending_of(history))
    if not total:
        value = command.amount if history[0].unit == "USD" else 0
        return msgspec.structs.replace(before, status="corrected", list_nanos=value, cost_nanos=value)
    return msgspec.structs.replace(
        before,
        status="corrected",
        list_nanos=round_half_up_div(before.list_nanos * command.amount, total),
        cost_nanos=round_half_up_div(before.cost_nanos * command.amount, total),
    )


def _request_of(book: Book, charge: Entry) -> Request:
    """What the charge was made for: as it was asked where there was a hold, else as it was served."""
    hold = book.holds.get(charge.hold)
    if hold is not None:
        return hold.request
    usage = charge.usage or Usage()
    return Request(usage.provider, usage.model, usage.purpose)
