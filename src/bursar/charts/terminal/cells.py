"""What fits into a terminal: cells of text, bars of eighths, and rows that end where they should.

Plain strings, no colour: the caller adds it. Control characters never pass, so no label can drive a terminal.
"""

from __future__ import annotations

from collections.abc import Sequence
from unicodedata import category, combining, east_asian_width

from bursar.charts.words import ELLIPSIS, plain

HEIGHTS = "▁▂▃▄▅▆▇█"
PARTS = " ▏▎▍▌▋▊▉█"
FILLS = "█▓▒░▚▤"
"""What tells the parts of a bar apart."""
LEAST_WIDTH, MOST_WIDTH = 24, 400
LEAST_HEIGHT, MOST_HEIGHT = 4, 100


def cells(text: str) -> int:
    """How many cells a terminal gives to `text`."""
    return sum(_cells(one) for one in text)


def _cells(one: str) -> int:
    if combining(one) or category(one) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if east_asian_width(one) in ("W", "F") else 1


def clip(line: str, width: int) -> str:
    """A line that was put together of clean parts, in at most `width` cells."""
    if cells(line) <= width:
        return line
    kept, room = "", width - 1
    for one in line:
        room -= _cells(one)
        if room < 0:
            break
        kept += one
    return kept.rstrip() + ELLIPSIS if width > 0 else ""


def fit(text: str, width: int, *, right: bool = False) -> str:
    """Somebody's words in exactly `width` cells: cleaned, padded, or cut with an ellipsis."""
    words = clip(plain(text), width)
    space = " " * (width - cells(words))
    return space + words if right else words + space


def fill_of(number: int, count: int) -> str:
    """The fill of a part by its place; two parts get the two that differ most."""
    return FILLS[number * 2 if count == 2 else number]


def filled(share: float, width: int) -> str:
    """A bar of `share` (0 to 1) of `width` cells in eighths of a cell, as long as it is."""
    full, rest = divmod(round(min(1.0, max(0.0, share)) * width * 8), 8)
    return "█" * full + (PARTS[rest] if rest else "")


def sparks(values: Sequence[float | None]) -> str:
    """Heights of a series in one line, from zero; nothing for no values, a blank where there is none."""
    top = max((value for value in values if value is not None), default=0)
    return "".join(
        " "
        if value is None
        else HEIGHTS[min(7, int(value * 8 // (top + 1 if isinstance(top, int) else top)))]
        if value > 0
        else HEIGHTS[0]
        for value in values
    )


def between(start: float, end: float, width: int, fill: str = "█") -> str:
    """`width` cells with those from `start` to `end` (shares) filled; right ends in eighths where the fill is solid."""
    low, high = sorted((min(1.0, max(0.0, start)), min(1.0, max(0.0, end))))
    first, last = round(low * width * 2) / 2, round(high * width * 8) / 8
    if high > low and last - first < 0.5:
        last = min(float(width), first + 0.5)
        first = last - 0.5
    row = []
    for cell in range(width):
        covered = min(cell + 1.0, last) - max(float(cell), first)
        if covered <= 0:
            row.append(" ")
        elif covered >= 1:
            row.append(fill)
        elif first > cell:
            row.append("▐" if fill == "█" or covered < 0.75 else fill)
        else:
            row.append(PARTS[max(1, round(covered * 8))] if fill == "█" else fill if covered >= 0.5 else " ")
    return "".join(row)
