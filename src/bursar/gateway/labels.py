"""What a client says of its request beside the provider's protocol, in `x-bursar-*` headers that never leave the house.

`x-bursar-task`: what it is for, one of a few words; it stands in the reports where a key names no project of its own.
`x-bursar-run` with `x-bursar-run-cap`: a name for one run of an agent, and the most that this run may spend. The cap is
counted by the ledger beside the allotment, so a run that is out of its cap stops and its siblings go on.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from bursar.errors import InvalidInput
from bursar.gateway.dialects.contract import Refusal
from bursar.gateway.directory import KeyRecord
from bursar.money import parse_amount

PREFIX = "x-bursar-"
TASK, RUN, RUN_CAP = "x-bursar-task", "x-bursar-run", "x-bursar-run-cap"
TASKS = ("code", "debugging", "documentation", "tests", "review", "research", "learning", "operations")
OTHER = "other"
"""A word that is none of them: counted, and never a row of its own in the rollup, which clients could make grow."""
_RUN = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Labels:
    """What was said; empty and 0 for nothing."""

    task: str = ""
    run: str = ""
    run_cap_nanos: int = 0

    def cap_of(self, key: KeyRecord) -> tuple[str, int]:
        """The cap that the ledger counts this request in: its run's, else its key's; empty for none."""
        if self.run:
            return f"run:{key.key_id}:{self.run}", self.run_cap_nanos
        return (key.key_id, key.cap_nanos) if key.cap_nanos else ("", 0)

    def project_of(self, key: KeyRecord) -> str:
        """What reports have the request under: the key's project, else the task."""
        return key.project or (f"task:{self.task}" if self.task else "")


NOTHING_SAID = Labels()


def labels_of(headers: Mapping[str, str], key: KeyRecord) -> Labels | Refusal:
    """Read the headers (lower-case names), or say what is wrong with them."""
    if TASK not in headers and RUN not in headers and RUN_CAP not in headers:
        return NOTHING_SAID
    word = headers.get(TASK, "").strip().lower()
    task = word if word in TASKS else OTHER if word else ""
    run, cap = headers.get(RUN, "").strip(), headers.get(RUN_CAP, "").strip()
    if not run and not cap:
        return Labels(task)
    if not _RUN.fullmatch(run):
        return _wrong(RUN, run, "a name of 1 to 64 letters, digits, dots, dashes and underscores, with a cap beside it")
    if key.cap_nanos:
        return _wrong(RUN_CAP, cap, "none on a key that has a cap of its own: issue a key without one for runs")
    try:
        amount = parse_amount(cap, field=RUN_CAP)
    except InvalidInput:
        return _wrong(RUN_CAP, cap, "an amount in dollars such as $2.50")
    if str(amount.unit) != "USD" or amount.nanos <= 0:
        return _wrong(RUN_CAP, cap, "an amount in dollars above nothing")
    return Labels(task, run, amount.nanos)


def _wrong(field: str, found: str, expected: str) -> Refusal:
    return Refusal(
        "bad_request", f"Bursar: {field}: found {found[:80]!r}, expected {expected}.", fields={"field": field}
    )
