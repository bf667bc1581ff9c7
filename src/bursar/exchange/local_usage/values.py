"""What is read from a machine: events of usage, what was left out, and the limits of reading.

No prompt, no answer and no path is among it: of a folder only its last name, of a file only its own name.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from bursar.prices import Usage

MAX_LINE_BYTES = 64 * 1024 * 1024
"""A longer line of a log is skipped; images and tool output make lines of tens of MiB."""
MAX_ROW_BYTES = 64 * 1024
"""A longer row of a CSV is skipped."""
MAX_FILES = 100_000
"""Files that one reading looks at."""
MAX_DEPTH = 32
"""Folders within folders."""
MAX_EVENTS = 1_000_000
"""Events that are kept at once, half a kilobyte each; what comes after them is skipped, and said to be."""
MAX_COPIES = 16
"""Requests that one message is told apart by; more are copies."""
MAX_SHOWN = 100
"""Skipped lines that are kept with their place; all are counted."""
MAX_NAME_CHARS = 120
"""Of a model, a session, a project."""
MAX_EVENT_TOKENS = 10**9
"""Of one kind in one request: a thousand times the largest context."""
MAX_TOTAL_TOKENS = 10**15
"""Of one kind in a running total or in a row that stands for many requests."""
EARLIEST_MICROS = 1_640_995_200_000_000
"""2022-01-01: no client that writes such logs is older, so an earlier time is a clock that was never set."""
LATEST_MICROS = 4_102_444_800_000_000
"""2100-01-01."""


class Band(Enum):
    """Which of a model's long-context rates an event is priced at."""

    OWN = "own"
    """That of its own input: it is one request."""
    FIRST = "first"
    """The first: many requests are summed in it, and their sum says nothing about the length of each."""
    LONG = "long"
    """The dearest: its source says that the requests were long ones."""


class Nothing(Enum):
    """Why a line that speaks of usage tells of no event."""

    AGAIN = "again"
    """It repeats what its file has told."""
    UNBILLED = "unbilled"
    """Nobody is billed for it."""


@dataclass(frozen=True, slots=True)
class UsageEvent:
    """One request, or one row of a bill that stands for several."""

    at_micros: int
    """When it began, UTC."""
    source: str
    """`claude`, `codex` or `csv`."""
    model: str
    """As it was written down; "" if it was not."""
    provider: str
    """As the price book names it, where it has a price there; "" if nobody says."""
    usage: Usage
    list_nanos: int | None = None
    """What it is worth, nano-USD; None if that is not known, which is not the same as nothing."""
    basis: str = ""
    """Where that comes from: `list`, the price book's list price at its own time, or `stated`, its source."""
    stated_nanos: int | None = None
    """What the source itself says that it costs, nano-USD."""
    service_tier: str = ""
    session: str = ""
    project: str = ""
    """The last name of the folder that was worked in, or the provider's project."""
    requests: int = 1
    """0 where a row stands for an unknown number."""
    key: str = ""
    """The provider's own name of the key that was used, where a bill tells it."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """An event as one line tells it. The same event may be told many times, by lines that know more or less of it."""

    identity: bytes
    """The same for every line that tells of the same answer."""
    event: UsageEvent
    variant: str = ""
    """The request, where a line names it: one message id is one answer for each request that has it."""
    sidechain: bool = False
    """From a side conversation, which repeats its parent's messages under requests of its own."""
    band: Band = Band.OWN


@dataclass(frozen=True, slots=True)
class Skipped:
    """A line, or with line 0 a whole file, that was left out, and why."""

    file: str
    """Only the name: the folders of a log spell out the paths that were worked in."""
    line: int
    reason: str

    @property
    def place(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file


@dataclass(frozen=True, slots=True)
class LocalUsage:
    """All that was read, every event once, oldest first."""

    events: tuple[UsageEvent, ...] = ()
    covered_from: int | None = None
    """From when on the sources cover the time, microseconds UTC: the first event, or the day that was asked from."""
    files: int = 0
    lines: int = 0
    duplicates: int = 0
    """How often an event was told again."""
    ignored: int = 0
    """Lines with usage that nobody is billed for: made up by the client itself, or of nothing."""
    skipped: tuple[Skipped, ...] = ()
    """The first `MAX_SHOWN` by place."""
    skipped_lines: int = 0
    """Lines and files that were left out."""

    @property
    def first(self) -> int | None:
        """When the first event began, microseconds UTC."""
        return self.events[0].at_micros if self.events else None

    @property
    def last(self) -> int | None:
        """When the last event began, microseconds UTC."""
        return self.events[-1].at_micros if self.events else None
