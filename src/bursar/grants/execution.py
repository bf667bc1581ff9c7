"""What falls due in a grant's calendar, done on the ledger.

Every command's id follows from the event alone, so an event that is executed twice, by two nodes or after a crash, is
executed once: the ledger answers the second one with the first one's answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from bursar.ledger.commands import Answer, Applied, Command, Reduce, Release, Revoke, Roll
from bursar.ledger.reading import LotBalance
from bursar.ledger.values import MAX_AMOUNT, LotTerms, Rollover, Scope
from bursar.plans.schedule import Event, History, LotPlan
from bursar.plans.terms import PARTS

ROLLED_PRIORITY_LEAD = 10
"""How much earlier than fresh lots rolled ones burn: what lives on borrowed time is used first."""


class Books(Protocol):
    """Where a calendar is executed: a store's ledger, or a rehearsal's."""

    def apply(self, commands: list[Command], at: int) -> list[Answer]:
        """Let commands happen at an instant."""
        ...

    def lots(self, person: str, at: int) -> list[LotBalance]:
        """A person's lots at an instant."""
        ...


@dataclass(frozen=True, slots=True)
class Done:
    """An event that has been executed: what it released or took back, nano-units."""

    event: Event
    released: int = 0
    taken_back: int = 0
    paid_out: int = 0
    """Of what was taken back, what the terms pay out in cash."""


def execute(books: Books, person: str, history: History, event: Event) -> Done:
    """Let one event of a grant happen."""
    if event.lot is not None:
        if event.lot.roll is not None and event.lot.roll.floor and event.kind == "release":
            _roll_empty(books, person, event)
        terms = lot_terms(event.lot, event.grant)
        release = Release(f"release:{terms.id}", person, terms, event.lot.evidence)
        return Done(event, released=_amount(books.apply([release], event.at)))
    if event.kind == "reduce":
        return Done(event, taken_back=_reduce(books, person, event))
    return _end(books, person, history, event)


def lot_terms(lot: LotPlan, grant: str) -> LotTerms:
    """The ledger's terms of a planned lot."""
    roll = None
    if lot.roll is not None:
        cap = MAX_AMOUNT if lot.roll.cap is None else lot.roll.cap
        priority = max(0, lot.priority - ROLLED_PRIORITY_LEAD)
        roll = Rollover(lot.roll.expires, cap, min(lot.roll.floor, cap), lot.roll.share, priority)
    scope = Scope(lot.scope.providers, lot.scope.models, lot.scope.purposes)
    return LotTerms(
        lot.id,
        lot.unit,
        lot.amount,
        lot.effective,
        lot.expires,
        lot.priority,
        False,
        scope,
        grant,
        "",
        lot.label[:200],
        roll,
    )


def _roll_empty(books: Books, person: str, event: Event) -> None:
    """Lots that end as this period begins roll by themselves, but for those of which nothing is left."""
    ended = [
        lot.terms.id
        for lot in books.lots(person, event.at)
        if lot.terms.grant == event.grant and lot.terms.expires == event.at and lot.terms.roll is not None
    ]
    if ended:
        books.apply([Roll(f"rollover:{name}", person, name) for name in ended], event.at)


def _reduce(books: Books, person: str, event: Event) -> int:
    """Take back part of what is released and unspent, as the terms allow; the newest lots give first."""
    command = Reduce(f"reduce:{event.grant}:{event.key}", person, event.grant, event.amount, "reduction")
    return _amount(books.apply([command], event.at))


def _end(books: Books, person: str, history: History, event: Event) -> Done:
    """The grant is over: by its terms what is unspent is forfeited, kept for a while, or partly paid out."""
    leaving = history.segment_at(event.at - 1).plan.leaving
    if event.kind == "end" and (
        history.end_kind == "ended" or (history.end_kind == "left" and leaving.unspent == "keep")
    ):
        return Done(event)
    taken = 0
    for lot in _open_lots(books, person, event):
        note = {"tail": "the time to use it up is over", "end": f"grant {history.end_kind}"}[event.kind]
        taken += _amount(books.apply([Revoke(f"{event.kind}:{lot.terms.id}", person, lot.terms.id, note)], event.at))
    paid = taken * leaving.pay_out // PARTS if event.kind == "end" and history.end_kind == "left" else 0
    return Done(event, taken_back=taken, paid_out=paid)


def _open_lots(books: Books, person: str, event: Event) -> list[LotBalance]:
    return [
        lot for lot in books.lots(person, event.at) if lot.terms.grant == event.grant and lot.open and lot.available
    ]


def _amount(answers: list[Answer]) -> int:
    return sum(answer.amount for answer in answers if isinstance(answer, Applied))
