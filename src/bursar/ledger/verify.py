"""Verification: the chain of seals, the journal and every projection of it, checked against each other.

Whoever changes a line, a balance or a hold behind the ledger's back is found here, with the place named.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass, field

from bursar.ledger.journal import digest, seal
from bursar.ledger.rules import SPENT
from bursar.ledger.session import Session
from bursar.ledger.values import BEYOND, Account, Entry

SEALS_PER_PAGE = 500
MAX_FINDINGS = 100

_BUCKETS = ("available", "held", "spent", "expired", "revoked", "rolled")
_ENDS = {"settle": "settled", "void": "voided", "lapse": "expired", "unresolved": "unresolved"}


@dataclass(slots=True)
class Verification:
    """What was checked and what was found wrong; `head` is the newest seal, to be kept outside as an anchor."""

    entries: int = 0
    postings: int = 0
    seals: int = 0
    lots: int = 0
    holds: int = 0
    charges: int = 0
    head: str = ""
    findings: list[str] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        return not self.findings

    def wrong(self, sentence: str) -> None:
        if len(self.findings) < MAX_FINDINGS:
            self.findings.append(sentence)


@dataclass(slots=True)
class _Replayed:
    """What the journal says the projections must be."""

    lots: dict[str, dict[int, int]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(int)))
    holds: dict[str, str] = field(default_factory=dict)
    held: dict[str, int] = field(default_factory=dict)
    spent: int = 0
    overage: int = 0


def verify(session: Session) -> Verification:
    """Check everything; reads the journal once, in pages of seals."""
    found = Verification()
    replayed = _Replayed()
    _chain(session, found, replayed)
    _lots(session, found, replayed)
    _holds(session, found, replayed)
    _charges(session, found, replayed)
    return found


def _chain(session: Session, found: Verification, replayed: _Replayed) -> None:
    previous, last, batch = "", 0, 0
    while True:
        seals = session.rows(
            "SELECT batch, first_seq, last_seq, recorded, hash FROM seal WHERE batch > ? ORDER BY batch LIMIT ?",
            batch,
            SEALS_PER_PAGE,
        )
        if not seals:
            break
        entries = session.entries_between(seals[0][1], seals[-1][2])
        by_seq = {seq: (entry, recorded) for entry, seq, recorded in entries}
        for number, first, final, recorded, sealed in seals:
            if number != batch + 1 or first != last + 1:
                found.wrong(f"seal {number}: covers entries from {first}, expected {last + 1}")
            digests = []
            for seq in range(first, final + 1):
                line = by_seq.get(seq)
                if line is None:
                    found.wrong(f"entry {seq}: missing")
                    continue
                entry, at = line
                if at != recorded:
                    found.wrong(f"entry {seq}: recorded at {at}, its seal says {recorded}")
                digests.append(digest(entry, seq, at))
                _take(entry, seq, found, replayed)
            previous = seal(previous, digests)
            if previous != sealed:
                found.wrong(f"seal {number}: the hash of entries {first} to {final} is not the recorded one")
                previous = sealed
            batch, last = number, final
            found.seals += 1
    head = session.rows("SELECT batch, seq, hash FROM head WHERE id = 1")[0]
    if tuple(head) != (batch, last, previous):
        found.wrong(f"head: says batch {head[0]} and entry {head[1]}, the seals end at batch {batch} and entry {last}")
    (beyond,) = session.rows("SELECT COUNT(*) FROM entry WHERE seq > ?", last)[0]
    if beyond:
        found.wrong(f"journal: {beyond} entries are not sealed")
    found.head = previous


def _take(entry: Entry, seq: int, found: Verification, replayed: _Replayed) -> None:
    found.entries += 1
    found.postings += len(entry.postings)
    for posting in entry.postings:
        if posting.amount <= 0 or posting.source == posting.destination:
            found.wrong(f"entry {seq}: a posting that moves nothing")
        if posting.lot != BEYOND:
            buckets = replayed.lots[posting.lot]
            buckets[posting.source] -= posting.amount
            buckets[posting.destination] += posting.amount
            if posting.source != Account.FUNDING and buckets[posting.source] < 0:
                found.wrong(
                    f"entry {seq}: lot {posting.lot} falls below zero in {Account(posting.source).name.lower()}"
                )
        else:
            replayed.overage += posting.amount * (1 if posting.destination == SPENT else -1)
        if SPENT in (posting.source, posting.destination):
            replayed.spent += posting.amount * (1 if posting.destination == SPENT else -1)
    if entry.kind == "hold":
        if entry.hold in replayed.holds:
            found.wrong(f"entry {seq}: hold {entry.hold} is taken twice")
        replayed.holds[entry.hold] = "open"
        replayed.held[entry.hold] = sum(posting.amount for posting in entry.postings)
    elif entry.hold:
        if replayed.holds.get(entry.hold) != "open":
            found.wrong(f"entry {seq}: hold {entry.hold} ends twice or never began")
        replayed.holds[entry.hold] = _ENDS.get(entry.kind, entry.kind)
        given_up = sum(posting.amount for posting in entry.postings if posting.source == Account.HELD)
        if given_up != replayed.held.get(entry.hold):
            found.wrong(f"entry {seq}: hold {entry.hold} gives up {given_up}, it held {replayed.held.get(entry.hold)}")


def _lots(session: Session, found: Verification, replayed: _Replayed) -> None:
    seen = set()
    for name, amount, *buckets in session.rows(
        "SELECT id, amount, available, held, spent, expired, revoked, rolled FROM lot"
    ):
        found.lots += 1
        seen.add(name)
        journal = replayed.lots.get(name, {})
        if sum(buckets) != amount or -journal.get(int(Account.FUNDING), 0) != amount:
            found.wrong(f"lot {name}: its buckets do not add up to {amount}")
        for account, (bucket, value) in enumerate(zip(_BUCKETS, buckets, strict=True), start=1):
            if journal.get(account, 0) != value:
                found.wrong(f"lot {name}: {bucket} is {value}, the journal says {journal.get(account, 0)}")
    for name in replayed.lots.keys() - seen:
        found.wrong(f"lot {name}: is in the journal but not among the lots")


def _holds(session: Session, found: Verification, replayed: _Replayed) -> None:
    seen = set()
    for name, state, draws in session.rows("SELECT id, state, draws FROM hold"):
        found.holds += 1
        seen.add(name)
        if replayed.holds.get(name) != state:
            found.wrong(f"hold {name}: is {state}, the journal says {replayed.holds.get(name, 'nothing')}")
        if sum(draw[1] for draw in json.loads(draws)) != replayed.held.get(name):
            found.wrong(f"hold {name}: its draws do not add up to what the journal holds")
    for name in replayed.holds.keys() - seen:
        found.wrong(f"hold {name}: is in the journal but not among the holds")


def _charges(session: Session, found: Verification, replayed: _Replayed) -> None:
    count, spent, overage = session.rows(
        "SELECT COUNT(*), COALESCE(SUM(amount), 0), COALESCE(SUM(overage), 0) FROM charge"
    )[0]
    found.charges = int(count)
    (without,) = session.rows(
        "SELECT COALESCE(SUM(p.amount * CASE WHEN p.destination = 3 THEN 1 ELSE -1 END), 0) FROM posting p "
        "LEFT JOIN charge c ON c.seq = p.seq WHERE c.seq IS NULL AND 3 IN (p.source, p.destination)"
    )[0]
    if int(spent) + int(without) != replayed.spent:
        found.wrong(f"charges: {spent} nano-units with usage and {without} without, the journal says {replayed.spent}")
    if int(overage) > replayed.overage:
        found.wrong(f"charges: {overage} nano-units of overage, the journal says {replayed.overage}")
    rolled = session.rows("SELECT COALESCE(SUM(amount), 0), COALESCE(SUM(list_nanos), 0) FROM usage_day")[0]
    if int(rolled[0]) != int(spent):
        found.wrong(f"daily usage: adds up to {rolled[0]} nano-units, the charges to {spent}")
