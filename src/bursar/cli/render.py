"""How the terminal shows things: aligned tables, bars, sparklines, and the same figures as JSON.

People get money with the precision that they need; `--json` gives nano-units as integers and instants as ISO 8601.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bursar.charts.terminal import filled, sparks
from bursar.money import Amount, Unit, format_amount, round_half_up_div

MICROS = 1_000_000
NANO = 1_000_000_000

console = Console(highlight=False, soft_wrap=False)
errors = Console(stderr=True, highlight=False)


@dataclass(frozen=True, slots=True)
class Column:
    """A table's column: `number` aligns right, `quiet` is shown dimmed, `kept` is never squeezed."""

    name: str
    number: bool = False
    quiet: bool = False
    kept: bool = False


def show_table(
    columns: Sequence[Column], rows: Iterable[Sequence[str | Text]], title: str = "", empty: str = ""
) -> None:
    """Print a table, or the sentence for an empty one.

    Figures and kept columns are never cut: where they need more than the terminal has, the lines are longer than it.
    """
    rows = list(rows)
    if not rows:
        console.print(empty or "Nothing to show.")
        return
    table = Table(box=SIMPLE_HEAD, title=title or None, title_justify="left", title_style="bold", pad_edge=False)
    for place, column in enumerate(columns):
        whole = column.number or column.kept
        table.add_column(
            column.name,
            justify="right" if column.number else "left",
            style="dim" if column.quiet else None,
            no_wrap=whole,
            min_width=max(cell_len(one) for one in (column.name, *(str(row[place]) for row in rows)))
            if whole
            else None,
            overflow="fold",
        )
    for row in rows:
        table.add_row(*row)
    console.print(table, crop=False)


def show_pairs(pairs: Iterable[tuple[str, str | Text]]) -> None:
    """Print names and values in two aligned columns."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim")
    grid.add_column()
    for name, value in pairs:
        grid.add_row(name, value)
    console.print(grid)


def show_json(document: Mapping[str, Any] | Sequence[Any]) -> None:
    json.dump(document, sys.stdout, indent=2, ensure_ascii=False)
    sys.stdout.write("\n")


def money(nanos: int, unit: str = "USD", *, exact: bool = False, sign: bool = False) -> str:
    return format_amount(Amount(nanos, Unit(unit)), precision="exact" if exact else "person", sign=sign)


def about(nanos: int, unit: str = "USD") -> str:
    """Money where sums stand beside each other: whole units from a thousand on."""
    if unit != "USD" or abs(nanos) < 1_000 * NANO:
        return money(nanos, unit)
    return money(round_half_up_div(nanos, NANO) * NANO).removesuffix(".00")


def bar(part: int, whole: int, width: int = 20) -> Text:
    """A progress bar that turns yellow at three quarters and red near the end."""
    share = 0.0 if whole <= 0 else min(1.0, max(0.0, part / whole))
    colour = "green" if share < 0.75 else "yellow" if share < 0.95 else "red"
    return Text(filled(share, width).ljust(width, "·"), style=colour)


def sparkline(values: Sequence[int]) -> str:
    """Heights of a series in one line; an empty series is an empty string."""
    return sparks(values)


def instant(micros: int, zone: tzinfo = UTC) -> str:
    return datetime.fromtimestamp(micros / MICROS, zone).strftime("%Y-%m-%d %H:%M")


def iso(micros: int) -> str:
    return datetime.fromtimestamp(micros // MICROS, UTC).isoformat().replace("+00:00", "Z")


def tokens(count: int) -> str:
    """Token counts as people say them: 950, 12.4k, 3.1M."""
    for size, suffix in ((1_000_000_000, "B"), (1_000_000, "M"), (1_000, "k")):
        if count >= size:
            return f"{count / size:.1f}{suffix}"
    return str(count)


def ago(micros: int, now: int) -> str:
    seconds = max(0, now - micros) // MICROS
    for size, name in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {name}"
    return f"{seconds} s"
