"""Readings of a client's counters, and the limits of what is taken.

Claude Code (https://code.claude.com/docs/en/monitoring-usage, 2026) counts `claude_code.token.usage` by `type` (input,
output, cacheRead, cacheCreation) and `claude_code.cost.usage` in USD, each with `session.id`, `user.email` and `model`.
"""

from __future__ import annotations

from dataclasses import dataclass

TOKENS = "claude_code.token.usage"
COST = "claude_code.cost.usage"
SOURCE = "otlp"
KINDS = {"input": "input", "output": "output", "cacheRead": "cache_read", "cacheCreation": "cache_write_5m"}
"""What a type of token is called here; the client does not tell for how long a cache is written."""
MAX_POINTS = 20_000
"""Of one request."""
MAX_VALUE = 10**15
"""Tokens, or nano-USD, of one reading."""
MAX_NAME_CHARS = 200


@dataclass(frozen=True, slots=True)
class Reading:
    """One data point of a counter; instants in nanoseconds since 1970."""

    metric: str
    kind: str
    """The field of a usage that it counts; "" of a cost."""
    value: int
    """Tokens, or nano-USD."""
    started: int
    at: int
    cumulative: bool
    session: str
    model: str
    email: str
    series: str
    """Every attribute of the point and of what sent it: one counter of one process."""


@dataclass(frozen=True, slots=True)
class Skipped:
    """A data point that cannot be counted, and why."""

    where: str
    reason: str


@dataclass(frozen=True, slots=True)
class Export:
    """One request: what is counted, what cannot be, and how many points are about something else."""

    readings: tuple[Reading, ...]
    skipped: tuple[Skipped, ...]
    others: int
