"""A treemap: where a whole went, as areas. Squarified (Bruls, Huizing and van Wijk 2000), so that areas can be compared.

Cells too small to be seen are gathered into one; the table has them all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bursar.charts.sheet import Sheet, said
from bursar.charts.values import (
    MAX_ROWS,
    Chart,
    Figures,
    Number,
    check_chart,
    check_count,
    check_number,
    check_text,
    freeze,
    weight,
)
from bursar.charts.words import cut, plain, width_of, wrapped

_HEIGHT = {True: 340, False: 420}
_LEAST_SHARE = 0.004
_TINTS = (1, 3, 7)
"""Cells of the first three tints, counted from the largest; the others have the fourth."""
Rect = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Cell:
    """A part of the whole."""

    label: str
    value: Number


@dataclass(frozen=True, slots=True)
class Treemap(Chart):
    """Cells in any order; the largest comes first."""

    cells: Sequence[Cell]
    axis: str = "where"

    def __post_init__(self) -> None:
        check_chart(self)
        freeze(self, cells=tuple(self.cells))
        check_count(len(self.cells), "cells", MAX_ROWS)
        check_text(self.axis, "axis")
        for place, cell in enumerate(self.cells):
            check_text(cell.label, f"cells[{place}].label")
            check_number(cell.value, f"cells[{place}].value", least=0)


def gathered(chart: Treemap) -> list[Cell]:
    """What is drawn: the largest first, and what cannot be seen as one cell."""
    whole = float(sum(cell.value for cell in chart.cells))
    ordered = sorted((cell for cell in chart.cells if weight(cell.value)), key=lambda cell: -float(cell.value))
    seen = [cell for cell in ordered if float(cell.value) >= _LEAST_SHARE * whole]
    rest = ordered[len(seen) :]
    if len(rest) < 2:
        return ordered
    return [*seen, Cell(f"{len(rest)} smaller ones", sum(cell.value for cell in rest))]


def squarified(sizes: Sequence[float], x: float, y: float, w: float, h: float) -> list[Rect]:
    """Rectangles of these sizes (falling, above 0) that fill the given one, each as near to a square as rows allow."""
    by = w * h / sum(sizes)
    areas = [size * by for size in sizes]
    found: list[Rect] = []
    while len(found) < len(areas):
        left = areas[len(found) :]
        short = min(w, h)
        count = 1
        while count < len(left) and _worst(left[: count + 1], short) <= _worst(left[:count], short):
            count += 1
        row = left[:count]
        deep = min(sum(row) / short, max(w, h)) if short else 0.0
        at = 0.0
        for area in row:
            long = area / deep if deep else 0.0
            found.append((x, y + at, deep, long) if w >= h else (x + at, y, long, deep))
            at += long
        x, y, w, h = (x + deep, y, w - deep, h) if w >= h else (x, y + deep, w, h - deep)
        w, h = max(w, 1e-9), max(h, 1e-9)
    return found


def _worst(row: Sequence[float], short: float) -> float:
    """The largest ratio of sides in a row along the short side."""
    whole = sum(row)
    return max(short * short * max(row) / (whole * whole), whole * whole / (short * short * min(row)))


def draw(chart: Treemap, width: int) -> str:
    """The chart as an `svg` element."""
    sheet = Sheet(chart, width)
    cells = gathered(chart)
    if not cells:
        return sheet.nothing("treemap")
    whole = float(sum(cell.value for cell in cells))
    # The gathered cell may be larger than some before it; the layout wants falling sizes.
    cells = sorted(cells, key=lambda cell: -float(cell.value))
    height = _HEIGHT[sheet.wide]
    rects = squarified([float(cell.value) for cell in cells], 0, 0, width, height)
    for rank, (cell, (x, y, w, h)) in enumerate(zip(cells, rects, strict=True)):
        tint = next((number + 1 for number, most in enumerate(_TINTS) if rank < most), 4)
        share = f"{float(cell.value) / whole:.0%}".replace("%", " %")
        tip = f"{cell.label}: {said(chart, cell.value)}, {share}"
        sheet.rect(x + 1, y + 1, max(0.5, w - 2), max(0.5, h - 2), f"bc-tint-{tint} bc-piece", round_by=4, tip=tip)
        _label(sheet, cell, (x, y, w, h), [f"{said(chart, cell.value)} · {share}", said(chart, cell.value), share])
    return sheet.end(height, "treemap")


def _label(sheet: Sheet, cell: Cell, rect: Rect, amounts: Sequence[str]) -> None:
    """The name and as much of the amount as the cell holds; nothing where the name would be a stub."""
    x, y, w, h = rect
    room = w - 20
    lines = wrapped(plain(cell.label), room, 2 if h >= 66 else 1, bold=True)
    if h < 26 or not lines or len(lines[0]) < min(4, len(plain(cell.label))):
        return
    top = y + 20 if h >= 30 else y + h / 2 + 4
    for place, line in enumerate(lines):
        sheet.text(x + 10, top + 15 * place, line, "bc-strong")
    amount = next((one for one in amounts if width_of(one) <= room), "")
    if amount and h >= 30 + 16 * len(lines):
        sheet.text(x + 10, top + 15 * len(lines) + 2, cut(amount, room))


def figures(chart: Treemap) -> Figures:
    """Every cell with its share, the largest first."""
    whole = float(sum(cell.value for cell in chart.cells))
    ordered = sorted(chart.cells, key=lambda cell: -float(cell.value))
    rows = [
        [cell.label, chart.written(cell.value), f"{float(cell.value) / whole:.1%}" if whole else ""] for cell in ordered
    ]
    return Figures([chart.axis, "amount", "share"], rows)
