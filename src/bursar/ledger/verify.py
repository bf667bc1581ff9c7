"""Verification: the chain of seals, the journal and every projection of it, checked against each other.

Whoever changes a line, a term, a balance or a hold behind the ledger's back is found here, with the place named. The
journal is read once, in pages, then the charges person by person, so the memory that is needed grows with the lots and
the open holds, not with the length of the journal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from bursar.ledger.findings import Verification
from bursar.ledger.journal import GENESIS, Anchor, Seal, body_of, digest, seal, skip
from bursar.ledger.projections import check_charges, check_counts, check_holds, check_lots
from bursar.ledger.replayed import Replayed
from bursar.ledger.session import Session
from bursar.ledger.values import Recorded

SEALS_PER_PAGE = 1_000
ENTRIES_PER_PAGE = 2_000

Progress = Callable[[int, int], None]


def verify(session: Session, anchor: Anchor | None = None, progress: Progress | None = None) -> Verification:
    """Check everything; with an anchor that was kept outside also that the journal still leads through it.

    `progress` is told how many entries of how many are done, and ends the verification by raising.
    """
    found, whole = Verification(), session.head().seq
    replayed = Replayed(found)
    chain = _Chain(found, anchor)
    for seals in _pages(session):
        lines = {line.seq: line for line in session.entries_between(seals[0].first, seals[-1].last)}
        for one in seals:
            chain.follow(one, lines)
        for line in lines.values():
            replayed.take(line)
        replayed.compare_page(session, seals[0].first, seals[-1].last)
        if progress is not None:
            progress(seals[-1].last, whole)
    chain.end(session)
    check_lots(session, replayed)
    check_holds(session, replayed)
    check_charges(session, found)
    check_counts(session, found)
    return found


def _pages(session: Session) -> Iterator[list[Seal]]:
    """Seals in order, in runs that cover a page of entries or a little more."""
    after = 0
    while seals := session.seals(after, SEALS_PER_PAGE):
        page: list[Seal] = []
        for one in seals:
            page.append(one)
            if one.last - page[0].first >= ENTRIES_PER_PAGE:
                yield page
                page = []
        if page:
            yield page
        after = seals[-1].batch


class _Chain:
    """The seals, recomputed one after the other."""

    def __init__(self, found: Verification, anchor: Anchor | None) -> None:
        self.found = found
        self.anchor = anchor
        self.newest = Anchor(0, 0, 0, GENESIS)
        self.hashes = {0: GENESIS}
        """Of the seals that a later one can still name as the one that it skips to."""

    def follow(self, one: Seal, lines: dict[int, Recorded]) -> None:
        found, newest = self.found, self.newest
        found.seals += 1
        if one.batch != newest.batch + 1 or one.first != newest.seq + 1:
            found.wrong(
                f"seal {one.batch}: covers entries from {one.first}, expected seal {newest.batch + 1} from {newest.seq + 1}"
            )
        if one.recorded < newest.recorded:
            found.wrong(f"seal {one.batch}: was recorded before the seal in front of it")
        digests = []
        for seq in range(one.first, one.last + 1):
            line = lines.get(seq)
            if line is None:
                found.wrong(f"entry {seq}: is missing")
                continue
            if line.recorded != one.recorded:
                found.wrong(f"entry {seq}: recorded at {line.recorded}, its seal says {one.recorded}")
            digests.append(digest(line))
        body = body_of(digests)
        sealed = seal(
            one.batch,
            one.first,
            one.last,
            one.recorded,
            previous=newest.hash,
            skipped=self.hashes.get(skip(one.batch), GENESIS),
            body=body,
        )
        if body != one.body or sealed != one.hash:
            found.wrong(f"seal {one.batch}: the hash of entries {one.first} to {one.last} is not the recorded one")
        self.newest = Anchor(one.batch, one.last, one.recorded, one.hash)
        self._remember(one)
        if self.anchor is not None and one.batch == self.anchor.batch and self.newest != self.anchor:
            found.wrong(f"seal {one.batch}: is not the anchor that was kept")

    def _remember(self, one: Seal) -> None:
        self.hashes[one.batch] = one.hash
        kept, number = {0}, one.batch
        while number:
            kept.add(number)
            number = skip(number)
        self.hashes = {number: sealed for number, sealed in self.hashes.items() if number in kept}

    def end(self, session: Session) -> None:
        """The head is the last seal, and nothing lies beyond it."""
        found, newest, head = self.found, self.newest, session.head()
        found.head, found.anchor = newest.hash, newest
        if head != newest:
            found.wrong(
                f"head: says seal {head.batch} and entry {head.seq}, the seals end at {newest.batch} and entry {newest.seq}"
            )
        if self.anchor is not None and self.anchor.batch > newest.batch:
            found.wrong(f"journal: ends at seal {newest.batch}, the anchor that was kept is seal {self.anchor.batch}")
        (beyond,) = session.rows("SELECT COUNT(*) FROM entry WHERE seq > ?", newest.seq)[0]
        if beyond:
            found.wrong(f"journal: {beyond} entries are not sealed")


__all__ = ["Verification", "verify"]
