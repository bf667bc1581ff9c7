"""Journal entries as values: every entry balances to the nano-unit, or it cannot be made."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from bursar.exchange.journal.chart import Account


@dataclass(frozen=True, slots=True)
class Origin:
    """What a line was made from, so that whoever asks finds the usage behind it."""

    month: str
    """Of the usage; of a correction an earlier one than the journal's."""
    provider: str = ""
    purpose: str = ""
    classes: tuple[str, ...] = ()
    cost_centre: str = ""
    people: int = 0
    requests: int = 0
    list_nanos: int = 0
    """What the same use is at list price, nano-USD."""
    query: str = ""
    """The command that lists the charges behind it."""


@dataclass(frozen=True, slots=True)
class Line:
    """One side of an entry: nano-units of the journal's currency, a debit above zero and a credit below."""

    role: str
    """What the account is for in the chart: `expense`, `prepaid`."""
    account: Account
    nanos: int
    cost_centre: str = ""
    origin: Origin | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """Lines of one day that sum to zero. Raises ValueError for others: no journal that does not balance leaves the house."""

    id: str
    """The same whenever the same month is drawn up."""
    day: date
    kind: str
    """purchase, usage, correction, accrual or reversal."""
    narration: str
    lines: tuple[Line, ...]

    def __post_init__(self) -> None:
        rest = sum(one.nanos for one in self.lines)
        if rest:
            raise ValueError(f"entry {self.id}: the lines sum to {rest} nano-units, expected 0")


@dataclass(frozen=True, slots=True)
class Memo:
    """Figures beside the entries, nano-units: what they rest on, for whoever checks them."""

    work: int = 0
    personal: int = 0
    other: int = 0
    """Cost by purpose, learning and production among the others; they sum to the cost of the month's own use."""
    list_nanos: int = 0
    cost_nanos: int = 0
    prepaid_opening: int = 0
    prepaid_closing: int = 0
    carried: int = 0
    """Promised and unused at the month's end under plans whose rest is carried, at list."""
    accrued: int = 0
    disclosed: int = 0
    """Promised and unused that is not accrued, at list: an exposure to disclose."""


@dataclass(frozen=True, slots=True)
class Journal:
    """A month of it."""

    month: str
    currency: str
    closed: bool
    """Drawn up from frozen figures; else a preview that moves."""
    entries: tuple[Entry, ...]
    memo: Memo

    def totals(self) -> list[tuple[Account, int, int]]:
        """Debits and credits by account, in the order of names; both as positive amounts."""
        found: dict[Account, tuple[int, int]] = {}
        for entry in self.entries:
            for line in entry.lines:
                debit, credit = found.get(line.account, (0, 0))
                found[line.account] = (debit + max(0, line.nanos), credit + max(0, -line.nanos))
        return [(account, *found[account]) for account in sorted(found)]
