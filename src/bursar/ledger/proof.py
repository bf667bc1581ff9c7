"""Proof: a person's statement with everything that is needed to check it years later, without the database.

The document holds the person's entries from the first, the seals of the batches that they were committed in with the
digests of their neighbours (which reveal nothing), and the links from there to the newest seal. Whoever kept the hash of
that seal can tell that none of it was changed afterwards, and that no entry of the person was left out between the
first and the last one here: each names the one before it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

import msgspec

from bursar.ledger.journal import GENESIS, Anchor, Seal, body_of, digest, path, seal, skip
from bursar.ledger.reading import Statement, statement_of
from bursar.ledger.replay import journal_of
from bursar.ledger.session import Session
from bursar.ledger.values import Recorded

FORMAT = "bursar-proof-1"
MAX_ENTRIES = 50_000
"""Entries in one document: a person's whole journal up to its end."""


class Link(msgspec.Struct, frozen=True):
    """A seal on the way: its two earlier seals by hash, and its body or the digests that make it up."""

    batch: int
    first: int
    last: int
    recorded: int
    previous: str
    skipped: str
    body: str
    digests: tuple[str, ...] = ()
    """Of all its entries, hex, if the batch holds entries of the person."""


class Proof(msgspec.Struct, frozen=True):
    """The whole document; `links` lead from the newest seal back to the oldest one concerned."""

    format: str
    person: str
    unit: str
    start: int
    end: int
    statement: Statement
    lines: tuple[Recorded, ...]
    links: tuple[Link, ...]
    anchor: Anchor


def proof(session: Session, person: str, start: int, end: int, unit: str = "USD") -> dict[str, Any]:
    """A person's statement from `start` to `end` with its proof, as a document for `json.dumps`."""
    journal = islice(journal_of(session, person), MAX_ENTRIES + 1)
    lines = tuple(line for line in journal if line.entry.effective < end)
    if len(lines) > MAX_ENTRIES:
        raise ValueError(f"until: found more than {MAX_ENTRIES} entries before it, expected an earlier instant")
    anchor = session.head()
    document = Proof(
        FORMAT,
        person,
        unit,
        start,
        end,
        statement_of(person, lines, start, end, unit),
        lines,
        _links(session, _concerned(session, [line.seq for line in lines]), anchor.batch),
        anchor,
    )
    built: dict[str, Any] = msgspec.to_builtins(document)
    return built


def verify_proof(document: dict[str, Any], anchor: str = "") -> list[str]:
    """What is wrong with a document, in sentences; none if it proves its statement.

    `anchor` is the hash of a seal that was kept elsewhere: the document must lead to it.
    """
    try:
        proven = msgspec.convert(document, Proof)
    except msgspec.ValidationError as error:
        return [f"document: {error}"]
    if proven.format != FORMAT:
        return [f"format: found {proven.format!r}, expected {FORMAT!r}"]
    wrong = [*_broken_links(proven), *_unproven_lines(proven)]
    if anchor and anchor != proven.anchor.hash:
        wrong.append(f"anchor: the document ends in seal {proven.anchor.hash}, expected {anchor}")
    try:
        restated = statement_of(proven.person, proven.lines, proven.start, proven.end, proven.unit)
    except (AssertionError, KeyError) as error:
        return [*wrong, f"statement: the entries do not add up: {error}"]
    if restated != proven.statement:
        wrong.append("statement: is not what the entries say")
    return wrong


def _concerned(session: Session, numbers: Iterable[int]) -> list[Seal]:
    """The seals that entries with these sequence numbers were committed in, oldest first."""
    seals: list[Seal] = []
    for seq in numbers:
        if not seals or seq > seals[-1].last:
            seals.append(session.seal_over(seq))
    return seals


def _links(session: Session, concerned: list[Seal], newest: int) -> tuple[Link, ...]:
    """From the newest seal back through every seal concerned, by the shortest way."""
    steps = [newest] if concerned else []
    for one in reversed(concerned):
        steps += path(steps[-1], one.batch)[1:]
    seals = session.seals_named({batch for step in steps for batch in (step, step - 1, skip(step))})
    hashes = {batch: one.hash for batch, one in seals.items()} | {0: GENESIS}
    mine = {one.batch for one in concerned}
    links = []
    for step in steps:
        one = seals[step]
        digests: tuple[str, ...] = ()
        if step in mine:
            lines = session.entries_between(one.first, one.last)
            digests = tuple(digest(line).hex() for line in lines)
        links.append(
            Link(
                step,
                one.first,
                one.last,
                one.recorded,
                hashes[step - 1],
                hashes[skip(step)],
                "" if digests else one.body,
                digests,
            )
        )
    return tuple(links)


def _broken_links(proven: Proof) -> Iterator[str]:
    """Each link must be the seal that the one before it names, and the first the anchor."""
    expected = {proven.anchor.batch: proven.anchor.hash}
    for link in proven.links:
        body = link.body
        if link.digests:
            body = body_of(bytes.fromhex(one) for one in link.digests)
            if len(link.digests) != link.last - link.first + 1:
                yield f"seal {link.batch}: has {len(link.digests)} digests for entries {link.first} to {link.last}"
        hashed = seal(
            link.batch, link.first, link.last, link.recorded, previous=link.previous, skipped=link.skipped, body=body
        )
        if expected.get(link.batch) != hashed:
            yield f"seal {link.batch}: its hash is not the one that later seals name"
        expected = {link.batch - 1: link.previous, skip(link.batch): link.skipped}


def _unproven_lines(proven: Proof) -> Iterator[str]:
    """Each entry must be the person's, follow the one before it, and have its digest in one of the seals."""
    digests = {link.first + place: one for link in proven.links for place, one in enumerate(link.digests)}
    before = 0
    for line in proven.lines:
        if line.entry.person != proven.person:
            yield f"entry {line.seq}: is of {line.entry.person}"
        if line.prior != before:
            yield f"entry {line.seq}: follows entry {line.prior}, which is not the one before it here"
        if digests.get(line.seq) != digest(line).hex():
            yield f"entry {line.seq}: is not what was sealed"
        before = line.seq
