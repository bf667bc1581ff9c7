"""Verifying the ledger: the chain of seals, every projection of the journal, the kept sums, and the audit log's own chain."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, insert

from bursar.errors import Conflict, InvalidInput, Unavailable
from bursar.ledger import Anchor
from bursar.ledger.verify import Progress, Verification, verify
from bursar.office import audit
from bursar.office.database import reading, transaction
from bursar.office.figures import kept_check
from bursar.office.tables import journal_mark
from bursar.office.works.work import Outcome

if TYPE_CHECKING:
    from bursar.office.desk import Desk

KIND = "verification"
VERIFIED, VERIFIED_AT = "verified", "verified at"
"""Marks of the journal: the entry up to which it was last found clean, and when (microseconds UTC)."""
MAX_ANCHOR_CHARS = 300
_ANCHOR = re.compile(r"(\d{1,19}) (\d{1,19}) (\d{1,19}) ([0-9a-f]{64})")
EXPECTED = "the line that this page showed then: batch, entry, instant and hash"


@dataclass(frozen=True, slots=True)
class Verified:
    """What was found in the ledger, and in the audit log; `ledger.findings` has every finding, the log's too."""

    ledger: Verification
    audit_lines: int
    audit_head: str
    held_against: Anchor | None

    @property
    def clean(self) -> bool:
        return self.ledger.clean

    @property
    def findings(self) -> list[str]:
        return self.ledger.findings


def verified(desk: Desk, progress: Progress | None = None, anchor: Anchor | None = None) -> Verified:
    """Check everything from the first line to the last. What `progress` raises ends it."""
    found = desk.store.read(lambda session: verify(session, anchor, progress))
    for finding in desk.store.read(kept_check.check):
        found.wrong(finding)
    with reading(desk.engine) as connection:
        chain = audit.verify(connection)
    if chain.broken is not None:
        found.wrong(f"audit log: line {chain.broken} does not fit the chain")
    if found.clean and found.anchor is not None:
        _remember(desk, found.anchor.seq)
    return Verified(found, chain.lines, chain.head, anchor)


def _remember(desk: Desk, seq: int) -> None:
    """When it was last found clean, and how far: a mark that nothing depends on, so a database that only reads goes without."""
    marks = [{"name": VERIFIED, "seq": seq}, {"name": VERIFIED_AT, "seq": desk.now()}]
    with suppress(Unavailable, Conflict), transaction(desk.engine) as connection:
        connection.execute(delete(journal_mark).where(journal_mark.c.name.in_((VERIFIED, VERIFIED_AT))))
        connection.execute(insert(journal_mark), marks)


def document(found: Verified) -> dict[str, Any]:
    """The same as a plain document, with every finding in a sentence."""
    newest, kept = found.ledger.anchor, found.held_against
    counts = ("entries", "postings", "seals", "lots", "holds", "charges", "head")
    return {
        "clean": found.clean,
        "findings": found.findings,
        **{name: getattr(found.ledger, name) for name in counts},
        "anchor": "" if newest is None or not newest.batch else anchor_text(newest),
        "held_against": "" if kept is None else anchor_text(kept),
        "audit_lines": found.audit_lines,
        "audit_head": found.audit_head,
    }


def work(desk: Desk, asked: dict[str, Any], progress: Progress) -> Outcome:
    """Verify as long work is done; asked with `anchor`, a line as `anchor_text` writes it or nothing."""
    found = document(verified(desk, progress, read_anchor(asked["anchor"])))
    return Outcome(json.dumps(found).encode(), name="verification.json")


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
