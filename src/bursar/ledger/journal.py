"""The journal's seal: every committed batch is hashed together with the seals before it.

An entry's digest covers everything that the entry says, the terms of its lot or hold included. A batch's body is the
digest of its entries' digests, and

    seal(n) = SHA-256("n first last recorded seal(n-1) seal(skip(n)) body(n)")

so a changed, missing or inserted line breaks every seal that follows, and two seals far apart are linked in a number of
steps that grows with the logarithm of their distance. The newest seal can be kept outside as an anchor.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from typing import Any

import msgspec
from msgspec import Struct

from bursar.ledger import columns
from bursar.ledger.values import Posting, Recorded

_encode = msgspec.json.Encoder().encode

GENESIS = ""
"""What stands for the seal before the first."""


class Seal(Struct, frozen=True, gc=False):
    """One committed batch: entries `first` to `last`, recorded at one instant."""

    batch: int
    first: int
    last: int
    recorded: int
    body: str
    hash: str


class Anchor(Struct, frozen=True, gc=False):
    """The newest seal at some time: kept outside, it proves that everything before it is still there, unchanged."""

    batch: int
    seq: int
    recorded: int
    hash: str


def digest(line: Recorded) -> bytes:
    """What a seal says about an entry in its place."""
    entry = line.entry
    return digest_of(
        columns.entry_row(line.seq, line.recorded, line.prior, entry),
        entry.postings,
        columns.charge_row(line.seq, entry),
        columns.terms_row(entry.terms),
    )


def digest_of(
    entry: tuple[Any, ...], postings: tuple[Posting, ...], charge: tuple[Any, ...], terms: tuple[Any, ...]
) -> bytes:
    """SHA-256 over the compact JSON of an entry's rows: itself, its postings, its charge, its lot's or hold's terms."""
    return sha256(_encode((entry, postings, charge, terms))).digest()


def body_of(digests: Iterable[bytes]) -> str:
    """What a batch's seal says about its entries: the SHA-256 of their digests in order, hex."""
    return sha256(b"".join(digests)).hexdigest()


def skip(batch: int) -> int:
    """The earlier seal that a seal names besides its predecessor: its number with the lowest set bit cleared."""
    return batch & (batch - 1)


def seal(batch: int, first: int, last: int, recorded: int, *, previous: str, skipped: str, body: str) -> str:
    """The hash of a batch, hex."""
    return sha256(f"{batch} {first} {last} {recorded} {previous} {skipped} {body}".encode()).hexdigest()


def path(newer: int, older: int) -> list[int]:
    """Batches on the shortest chain of predecessors and skips from one seal back to another, both included."""
    steps = [newer]
    while newer > older:
        newer = skip(newer) if skip(newer) >= older else newer - 1
        steps.append(newer)
    return steps
