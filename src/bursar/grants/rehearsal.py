"""A rehearsal: one person's grants run through time in memory, by the rules that the real ledger obeys.

Nothing here imitates the ledger: the commands are the calendar's own and the book is the ledger's. So what an
explanation says, what a plan's test expects and what a replay compares is what would happen.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bursar.grants.execution import Done, execute
from bursar.ledger.book import Book
from bursar.ledger.commands import Answer, Applied, Charge, Command
from bursar.ledger.reading import LotBalance
from bursar.ledger.rules import apply, happen
from bursar.ledger.values import Entry, Lot, Request, Usage
from bursar.plans.schedule import History, due

ANYTHING = Request()


@dataclass(frozen=True, slots=True)
class Spending:
    """An amount spent at an instant, nano-units of a unit."""

    at: int
    amount: int
    unit: str = "USD"
    request: Request = ANYTHING


class Rehearsal:
    """A book of one person, and the calendar of their grants."""

    def __init__(
        self, histories: Sequence[History], person: str = "person", *, lots: Iterable[Lot] = (), at: int | None = None
    ) -> None:
        """From the start of the grants, or from an instant `at` on, with the lots that the person has then."""
        self.person = person
        self.histories = {history.grant: history for history in histories}
        self.book = Book(person, lots, applied={})
        self.journal: list[Entry] = []
        self.done: list[Done] = []
        self.at = min((history.starts for history in histories), default=0) - 1 if at is None else at
        self.unmet: list[tuple[Spending, int]] = []
        """Spending that no lot covered, and how much of it."""
        self._charges = 0

    def run(self, until: int, spending: Iterable[Spending] = ()) -> None:
        """Let everything happen up to an instant, included; spending in the order of its instants."""
        waiting = sorted((one for one in spending if self.at < one.at <= until), key=lambda one: one.at)
        for one in waiting:
            self._advance(one.at)
            self._spend(one)
        self._advance(until)

    def lots(self, person: str, at: int) -> list[LotBalance]:
        """Every lot as it stands at an instant not before the last one."""
        happen(self.book, at)
        self._keep()
        return [
            LotBalance(
                lot.terms, lot.available, lot.held, lot.spent, lot.expired, lot.revoked, lot.rolled, lot.is_open(at)
            )
            for lot in sorted(self.book.lots.values(), key=lambda lot: lot.rank)
        ]

    def available(self, at: int, unit: str = "USD") -> int:
        """What can be spent at an instant, nano-units."""
        return sum(lot.available for lot in self.lots(self.person, at) if lot.open and lot.terms.unit == unit)

    def apply(self, commands: list[Command], at: int) -> list[Answer]:
        answers = [apply(self.book, command, at) for command in commands]
        self._keep()
        return answers

    def _advance(self, until: int) -> None:
        events = [event for history in self.histories.values() for event in due(history, self.at, until)]
        for event in sorted(events, key=lambda one: one.order):
            happen(self.book, event.at)
            self.done.append(execute(self, self.person, self.histories[event.grant], event))
        happen(self.book, until)
        self._keep()
        self.at = until

    def _spend(self, one: Spending) -> None:
        self._charges += 1
        name = f"use:{self._charges}"
        value = one.amount if one.unit == "USD" else 0
        usage = Usage(list_nanos=value, cost_nanos=value, at=one.at)
        (answer,) = self.apply([Charge(name, self.person, one.unit, one.amount, one.request, usage)], one.at)
        if isinstance(answer, Applied) and answer.overage:
            self.unmet.append((one, answer.overage))

    def _keep(self) -> None:
        self.journal += self.book.entries
        self.book.entries = []


__all__ = ["Rehearsal", "Spending"]
