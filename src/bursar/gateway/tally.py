"""What a gateway turns away and what goes wrong upstream, counted in memory; written down in batches, off the hot path.

A count costs one addition to a dictionary. Kinds, reasons and providers are the house's own words, never a client's, and
what would be one kind too many is counted as `other`, so the counts stay few.
"""

from __future__ import annotations

from collections import Counter
from typing import Literal

MAX_KINDS = 500
OTHER = "other"

Kind = Literal["refusal", "error"]
Counts = dict[tuple[Kind, str, str], int]
"""By kind, reason and provider."""


class Tally:
    """The counts of one gateway since they were last taken."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[Kind, str, str]] = Counter()

    def refused(self, reason: str) -> None:
        """A request was not relayed."""
        self._count("refusal", reason, "")

    def failed(self, provider: str, reason: str) -> None:
        """A provider answered with an error, broke off, or could not be reached."""
        self._count("error", reason, provider)

    def take(self) -> Counts:
        """What was counted since the last time; the counts begin anew."""
        taken, self._counts = self._counts, Counter()
        return dict(taken)

    def give_back(self, counts: Counts) -> None:
        """What could not be written down is counted again."""
        self._counts.update(counts)

    def _count(self, kind: Kind, reason: str, provider: str) -> None:
        key = (kind, reason, provider)
        if key not in self._counts and len(self._counts) >= MAX_KINDS:
            key = (kind, OTHER, "")
        self._counts[key] += 1
