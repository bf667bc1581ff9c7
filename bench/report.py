"""How every benchmark reports: spreads instead of single figures, ratios of the same round, bounds, a table and JSON.

Machines differ and change while they are measured, so a figure here is the least, the median and the most of several
rounds, and a ratio is taken within a round, between things measured seconds apart.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

ROOT = Path(__file__).resolve().parents[1]
PLAIN_WIDTH = 150
"""Columns where there is no terminal to ask: a table must not be squeezed in a log."""


@dataclass(frozen=True, slots=True)
class Spread:
    """The least, the median and the most of one figure over the rounds, in the figure's own unit."""

    least: float
    median: float
    most: float

    @classmethod
    def of(cls, samples: Sequence[float]) -> Spread:
        """Raises ValueError without samples."""
        if not samples:
            raise ValueError("samples: found none, expected one per round")
        return cls(min(samples), statistics.median(samples), max(samples))

    def text(self) -> str:
        """`0.120 (0.118 - 0.125)`."""
        return f"{figure(self.median)} ({figure(self.least)} - {figure(self.most)})"


@dataclass(frozen=True, slots=True)
class Bound:
    """Something that was promised: `found` is at most (or at least) `limit`."""

    what: str
    found: float
    limit: float
    unit: str = ""
    at_least: bool = False

    @property
    def holds(self) -> bool:
        return self.found >= self.limit if self.at_least else self.found <= self.limit

    def text(self) -> str:
        side = "at least" if self.at_least else "at most"
        verdict = "holds" if self.holds else "MISSED"
        return f"{verdict}: {self.what}: {figure(self.found)}{self.unit}, {side} {self.limit:,g}{self.unit}"


def figure(value: float) -> str:
    """About three digits that mean something: `0.023`, `5.30`, `37.1`, `33,587`."""
    size = abs(value)
    return (
        f"{value:,.0f}"
        if size >= 100
        else f"{value:.1f}"
        if size >= 10
        else f"{value:.2f}"
        if size >= 1
        else f"{value:.3f}"
    )


def ratios(numerators: Sequence[float], denominators: Sequence[float]) -> Spread:
    """Round by round: numerators[i] / denominators[i]. Raises ValueError unless both have the same rounds."""
    if len(numerators) != len(denominators):
        raise ValueError(f"rounds: found {len(numerators)} and {len(denominators)}, expected as many of each")
    return Spread.of([above / below for above, below in zip(numerators, denominators, strict=True)])


def percentile(samples: Sequence[float], share: float) -> float:
    """The smallest sample that at least `share` (0-1) of the samples do not exceed (nearest rank)."""
    if not samples:
        raise ValueError("samples: found none, expected at least one")
    ordered = sorted(samples)
    rank = -(-len(ordered) * round(share * 10_000) // 10_000)
    return ordered[max(rank, 1) - 1]


def environment() -> dict[str, Any]:
    """Where and on what this was measured; goes into every JSON report."""
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": _commit(),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "system": f"{platform.system()} {platform.release()}",
        "python": sys.version.split()[0],
    }


def print_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]], caption: str = "") -> None:
    """An aligned table: the first column is a name, the others are figures."""
    table = Table(
        title=title, caption=caption or None, title_justify="left", caption_justify="left", box=box.SIMPLE_HEAD
    )
    for number, column in enumerate(columns):
        table.add_column(column, justify="right" if number else "left", no_wrap=not number)
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    console().print(table)


def print_bounds(bounds: Sequence[Bound]) -> None:
    for bound in bounds:
        console().print(Text(bound.text(), style="green" if bound.holds else "bold red"))


def write_json(path: Path, document: Mapping[str, Any], bounds: Sequence[Bound] = ()) -> None:
    """The document with the environment and the bounds beside it."""
    checked = [asdict(bound) | {"holds": bound.holds} for bound in bounds]
    whole = {"environment": environment(), **document, "bounds": checked}
    path.write_text(json.dumps(whole, indent=2) + "\n", encoding="utf-8")


def console() -> Console:
    found = Console()
    return found if found.is_terminal else Console(width=PLAIN_WIDTH)


def _commit() -> str:
    try:
        command = ["git", "describe", "--always", "--dirty"]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=10).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return "unknown"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or "unknown"
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown")
