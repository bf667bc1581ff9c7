"""What a verification has looked at and what it found wrong."""

from __future__ import annotations

from dataclasses import dataclass, field

from bursar.ledger.journal import Anchor

MAX_FINDINGS = 100
"""Sentences kept; what is broken in a hundred places needs no longer list."""


@dataclass(slots=True)
class Verification:
    """Counts of what was checked, and a sentence for everything wrong that names the place."""

    entries: int = 0
    postings: int = 0
    seals: int = 0
    lots: int = 0
    holds: int = 0
    charges: int = 0
    head: str = ""
    """Hash of the newest seal."""
    anchor: Anchor | None = None
    """The newest seal, to be kept outside."""
    findings: list[str] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        return not self.findings

    def wrong(self, sentence: str) -> None:
        if len(self.findings) < MAX_FINDINGS:
            self.findings.append(sentence)
