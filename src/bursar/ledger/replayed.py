"""What the journal says every lot and hold must be, gathered entry by entry, each held against the rules."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field

from bursar.ledger import columns
from bursar.ledger.findings import Verification
from bursar.ledger.session import Session
from bursar.ledger.values import (
    AVAILABLE,
    BEYOND,
    EXPIRED,
    FUNDING,
    HELD,
    OVERAGE,
    REVOKED,
    ROLLED,
    SPENT,
    Account,
    Entry,
    HoldTerms,
    LotTerms,
    Posting,
    Recorded,
)

_RETURNS = {(HELD, AVAILABLE), (HELD, EXPIRED), (HELD, REVOKED)}
_SPENDS = {(AVAILABLE, SPENT), (OVERAGE, SPENT)}
_MOVES: dict[str, set[tuple[int, int]]] = {
    "release": {(FUNDING, AVAILABLE)},
    "expire": {(AVAILABLE, EXPIRED)},
    "roll": {(AVAILABLE, ROLLED), (AVAILABLE, EXPIRED), (FUNDING, AVAILABLE)},
    "trim": {(AVAILABLE, EXPIRED)},
    "revoke": {(AVAILABLE, REVOKED)},
    "reduce": {(AVAILABLE, REVOKED)},
    "hold": {(AVAILABLE, HELD)},
    "settle": {(HELD, SPENT)} | _RETURNS | _SPENDS,
    "void": _RETURNS,
    "lapse": _RETURNS,
    "unresolved": {(HELD, SPENT)},
    "charge": _SPENDS,
    "correct": _SPENDS | {(SPENT, AVAILABLE), (SPENT, EXPIRED), (SPENT, REVOKED), (SPENT, OVERAGE)},
}
"""Which amounts each kind of entry may move."""
_ENDS = {"settle": "settled", "void": "voided", "lapse": "expired", "unresolved": "unresolved"}


@dataclass(slots=True)
class ReplayedLot:
    """A lot as the journal has it: its owner, its terms, and an amount for each account."""

    person: str
    terms: LotTerms
    buckets: list[int] = field(default_factory=lambda: [0] * len(Account))
    revoked_at: int = 0


@dataclass(slots=True)
class Replayed:
    """The state of the journal after the entries taken so far."""

    found: Verification
    lots: dict[str, ReplayedLot] = field(default_factory=dict)
    newest: dict[str, int] = field(default_factory=dict)
    """Everyone's last entry."""
    open: dict[str, tuple[str, tuple[Posting, ...]]] = field(default_factory=dict)
    """Open holds: their person and what they hold."""
    nets: dict[int, tuple[str, str, int, int]] = field(default_factory=dict)
    """Charges of this page: person, unit, amount, overage by sequence number."""
    ends: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Holds that end in this page: state and unresolved charge."""
    takes: dict[str, tuple[str, int, tuple[Posting, ...]]] = field(default_factory=dict)
    """Holds taken in this page: person, instant, postings."""

    def take(self, line: Recorded) -> None:
        """Follow one entry and hold it against the rules."""
        entry, seq = line.entry, line.seq
        if self.newest.get(entry.person, 0) != line.prior:
            self.found.wrong(f"entry {seq}: follows entry {line.prior} of {entry.person}, who has others in between")
        self.newest[entry.person] = seq
        self.found.entries += 1
        self.found.postings += len(entry.postings)
        moves = _MOVES.get(entry.kind, set())
        if isinstance(entry.terms, LotTerms):
            self._release(entry, entry.terms, seq)
        elif entry.kind in ("release", "roll"):
            self.found.wrong(f"entry {seq}: its lot is missing")
        for posting in entry.postings:
            if (posting.source, posting.destination) not in moves:
                route = f"{Account(posting.source).name} to {Account(posting.destination).name}".lower()
                self.found.wrong(f"entry {seq}: a {entry.kind} may not move {route}")
            if posting.lot != BEYOND:
                self._move(entry, posting, seq)
        if entry.kind == "revoke" and entry.corrects in self.lots:
            self.lots[entry.corrects].revoked_at = entry.effective
        if entry.hold:
            self._hold(entry, seq)
        spent, overage = columns.net(entry)
        if entry.usage is not None:
            self.found.charges += 1
            self.nets[seq] = (entry.person, entry.unit, spent, overage)
        elif spent:
            self.found.wrong(f"entry {seq}: spends {spent} without a charge")

    def _release(self, entry: Entry, terms: LotTerms, seq: int) -> None:
        if terms.id in self.lots:
            self.found.wrong(f"entry {seq}: lot {terms.id} is released twice")
        funded = [(one.lot, one.amount) for one in entry.postings if one.source == FUNDING]
        if funded != [(terms.id, terms.amount)]:
            self.found.wrong(f"entry {seq}: does not fund lot {terms.id} with its amount of {terms.amount}")
        self.lots[terms.id] = ReplayedLot(entry.person, terms)

    def _move(self, entry: Entry, posting: Posting, seq: int) -> None:
        lot = self.lots.get(posting.lot)
        if lot is None or lot.person != entry.person or lot.terms.unit != entry.unit:
            self.found.wrong(
                f"entry {seq}: moves lot {posting.lot}, which {entry.person} does not have in {entry.unit}"
            )
            return
        lot.buckets[posting.source] -= posting.amount
        lot.buckets[posting.destination] += posting.amount
        if posting.source != FUNDING and lot.buckets[posting.source] < 0:
            self.found.wrong(
                f"entry {seq}: lot {posting.lot} falls below zero in {Account(posting.source).name.lower()}"
            )
        is_open = not lot.revoked_at and lot.terms.effective <= entry.effective < lot.terms.expires
        if posting.source == AVAILABLE and posting.destination in (HELD, SPENT) and not is_open:
            self.found.wrong(f"entry {seq}: draws on lot {posting.lot} while it is not open")
        if posting.destination in (EXPIRED, ROLLED) and entry.effective < lot.terms.expires and entry.kind != "trim":
            self.found.wrong(f"entry {seq}: lot {posting.lot} expires before its time")

    def _hold(self, entry: Entry, seq: int) -> None:
        if isinstance(entry.terms, HoldTerms):
            self.open[entry.hold] = (entry.person, entry.postings)
            self.takes[entry.hold] = (entry.person, entry.effective, entry.postings)
            self.found.holds += 1
            return
        if entry.kind == "hold":
            self.found.wrong(f"entry {seq}: its hold is missing")
            return
        person, held = self.open.pop(entry.hold, ("", ()))
        if person != entry.person:
            self.found.wrong(f"entry {seq}: ends hold {entry.hold}, which is not open for {entry.person}")
            return
        if _by_lot(held) != _by_lot(posting for posting in entry.postings if posting.source == HELD):
            self.found.wrong(f"entry {seq}: does not give up what hold {entry.hold} held")
        self.ends[entry.hold] = (_ENDS.get(entry.kind, entry.kind), entry.command if entry.kind == "unresolved" else "")

    def compare_page(self, session: Session, first: int, last: int) -> None:
        """Hold the charges and holds of a page against their rows, and forget the page."""
        for seq, person, unit, amount, overage in session.rows(
            "SELECT seq, person, unit, amount, overage FROM charge WHERE seq BETWEEN ? AND ?", first, last
        ):
            said = self.nets.pop(seq, None)
            if said != (person, unit, amount, overage):
                self.found.wrong(f"charge {seq}: says {(person, unit, amount, overage)}, the journal says {said}")
        for seq in self.nets:
            self.found.wrong(f"charge {seq}: is missing")
        names = sorted(self.takes.keys() | self.ends.keys())
        for name, person, taken, draws, state, charge in session.rows(
            f"SELECT id, person, taken, draws, state, charge FROM hold WHERE id {session.IN}", names
        ):
            take = self.takes.get(name)
            drawn = [(lot, amount) for lot, amount in json.loads(draws)]
            if take is not None and take != (person, taken, take[2]):
                self.found.wrong(f"hold {name}: is of {person} at {taken}, the journal says {take[:2]}")
            if take is not None and drawn != [(posting.lot, posting.amount) for posting in take[2]]:
                self.found.wrong(f"hold {name}: draws {drawn}, the journal says otherwise")
            end = self.ends.get(name)
            if end is not None and end != (state, charge):
                self.found.wrong(f"hold {name}: is {state}, the journal says {end[0]}")
        self.nets, self.ends, self.takes = {}, {}, {}


def _by_lot(postings: Iterable[Posting]) -> dict[str, int]:
    sums: dict[str, int] = {}
    for posting in postings:
        sums[posting.lot] = sums.get(posting.lot, 0) + posting.amount
    return sums
