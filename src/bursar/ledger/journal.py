"""The journal's seal: every committed batch is hashed together with the seal before it.

seal(n) = SHA-256(seal(n-1) || digest(entry 1) || ... || digest(entry k)), hex. An entry's digest covers everything that
the entry says, so a changed, missing or inserted line breaks every seal that follows. The head's hash can be published
as an outside anchor.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256

import msgspec

from bursar.ledger.values import Entry

_encode = msgspec.json.Encoder().encode


def digest(entry: Entry, seq: int, recorded: int) -> bytes:
    """SHA-256 over the compact JSON array of an entry's sequence number, recording time and content."""
    usage = entry.usage
    line = (
        seq,
        recorded,
        entry.command,
        entry.content,
        entry.kind,
        entry.person,
        entry.unit,
        entry.effective,
        entry.hold,
        entry.corrects,
        entry.note,
        entry.postings,
        usage,
    )
    return sha256(_encode(line)).digest()


def seal(previous: str, digests: Iterable[bytes]) -> str:
    """The hash of the next batch."""
    chain = sha256(previous.encode())
    for one in digests:
        chain.update(one)
    return chain.hexdigest()
