"""Verifying the ledger as long work: the chain of seals, every projection of the journal, and the audit log's own chain."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from bursar.errors import InvalidInput
from bursar.ledger import Anchor
from bursar.ledger.verify import verify
from bursar.office import audit
from bursar.office.database import reading
from bursar.office.house_work import Progress

if TYPE_CHECKING:
    from bursar.office.desk import Desk

KIND = "verify"
MAX_ANCHOR_CHARS = 300
_ANCHOR = re.compile(r"(\d{1,19}) (\d{1,19}) (\d{1,19}) ([0-9a-f]{64})")
EXPECTED = "the line that this page showed then: batch, entry, instant and hash"


def verified(desk: Desk, progress: Progress, anchor: Anchor | None = None) -> dict[str, Any]:
    """Check everything from the first line to the last; a plain document with every finding in a sentence."""
    found = desk.store.read(lambda session: verify(session, anchor, progress))
    with reading(desk.engine) as connection:
        chain = audit.verify(connection)
    if chain.broken is not None:
        found.wrong(f"audit log: line {chain.broken} does not fit the chain")
    newest = found.anchor
    return {
        "clean": found.clean,
        "findings": found.findings,
        "entries": found.entries,
        "postings": found.postings,
        "seals": found.seals,
        "lots": found.lots,
        "holds": found.holds,
        "charges": found.charges,
        "head": found.head,
        "anchor": "" if newest is None or not newest.batch else anchor_text(newest),
        "held_against": "" if anchor is None else anchor_text(anchor),
        "audit_lines": chain.lines,
        "audit_head": chain.head,
    }


def anchor_text(anchor: Anchor) -> str:
    """A seal in one line, to be kept outside."""
    return f"{anchor.batch} {anchor.seq} {anchor.recorded} {anchor.hash}"


def read_anchor(text: str) -> Anchor | None:
    """What `anchor_text` wrote; None for nothing. Raises InvalidInput."""
    line = " ".join(text.split())
    if not line:
        return None
    found = _ANCHOR.fullmatch(line) if len(line) <= MAX_ANCHOR_CHARS else None
    if found is None:
        raise InvalidInput("anchor", f"{len(line)} characters that are none", EXPECTED)
    return Anchor(int(found[1]), int(found[2]), int(found[3]), found[4])
