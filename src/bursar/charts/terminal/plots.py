"""Charts with two axes: a fan of braille dots, and columns of eighths."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from math import ceil, floor

from bursar.charts.bands import Bands, Values
from bursar.charts.columns import Columns
from bursar.charts.histogram import Histogram
from bursar.charts.lorenz import Lorenz, readings, vertices
from bursar.charts.scale import Scale, nice
from bursar.charts.sheet import said
from bursar.charts.terminal.cells import HEIGHTS, cells, clip, fit
from bursar.charts.values import Number
from bursar.charts.words import plain

_BRAILLE = 0x2800
_DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
"""Bits of a braille cell by row and column."""


class Dots:
    """A canvas of two by four dots for each cell; what is drawn last of other signs yields to dots."""

    def __init__(self, columns: int, rows: int) -> None:
        self.columns, self.rows = columns, rows
        self.wide, self.high = columns * 2, rows * 4
        self._bits = [[0] * columns for _ in range(rows)]
        self._signs = [[" "] * columns for _ in range(rows)]

    def dot(self, x: int, y: int) -> None:
        if 0 <= x < self.wide and 0 <= y < self.high:
            self._bits[y // 4][x // 2] |= _DOTS[y % 4][x % 2]

    def sign(self, column: int, row: int, sign: str) -> None:
        if 0 <= column < self.columns and 0 <= row < self.rows:
            self._signs[row][column] = sign

    def lines(self) -> list[str]:
        return [
            "".join(chr(_BRAILLE + bits) if bits else sign for bits, sign in zip(*both, strict=True))
            for both in zip(self._bits, self._signs, strict=True)
        ]


def fan(chart: Bands, width: int, height: int) -> list[str]:
    """Middle lines solid, what lies around the first banded series stippled, limits and markers behind."""
    known = [
        value for one in chart.series for part in (one.low, one.middle, one.high) for value in part if value is not None
    ]
    known += [one.value for one in chart.references]
    scale = nice(known, chart.written, 0, 1, max(2, height // 3), zero=chart.from_zero)
    left = _left(scale, width)
    heads = 1 if chart.marks else 0
    rows = height - 2 - heads
    canvas = Dots(width - left - 2, rows)
    up = scale.over(canvas.high - 1, 0)
    count = len(chart.names)

    def x_of(place: float) -> int:
        return round((canvas.wide - 1) * place / (count - 1)) if count > 1 else canvas.wide // 2

    for level in chart.references:
        for column in range(canvas.columns):
            canvas.sign(column, round(up.at(level.value)) // 4, "╌")
    for mark in chart.marks:
        for row in range(rows):
            canvas.sign(x_of(mark.at) // 2, row, "┊")
    for one in chart.series:
        if one.banded:
            _stipple(canvas, one.low, one.high, x_of, up)
    for one in chart.series:
        _line(canvas, one.middle, x_of, up)
    axis = {round(up.at(tick)) // 4: label for tick, label in zip(scale.ticks, scale.labels, strict=True)}
    lines = [
        f"{fit(axis.get(row, ''), left, right=True)} {'┤' if row in axis else '│'}{line}".rstrip()
        for row, line in enumerate(canvas.lines())
    ]
    head = (
        [_placed([(x_of(mark.at) // 2, plain(mark.label)) for mark in chart.marks], left + 2, width)] if heads else []
    )
    foot = [" " * (left + 1) + "└" + "─" * canvas.columns, _ends(chart.names, left + 2, width)]
    return head + lines + foot


def _line(canvas: Dots, values: Values, x_of: Callable[[float], int], up: Scale) -> None:
    last: tuple[int, int] | None = None
    for place, value in enumerate(values):
        if value is None:
            last = None
            continue
        here = (x_of(place), round(up.at(value)))
        canvas.dot(*here)
        if last is not None:
            steps = max(abs(here[0] - last[0]), abs(here[1] - last[1]))
            for step in range(1, steps):
                canvas.dot(
                    last[0] + round((here[0] - last[0]) * step / steps),
                    last[1] + round((here[1] - last[1]) * step / steps),
                )
        last = here


def _stipple(canvas: Dots, low: Values, high: Values, x_of: Callable[[float], int], up: Scale) -> None:
    for place in range(len(low) - 1):
        (a, b), (c, d) = (low[place], high[place]), (low[place + 1], high[place + 1])
        if a is None or b is None or c is None or d is None:
            continue
        x1, x2 = x_of(place), x_of(place + 1)
        for x in range(x1, x2 + 1):
            share = (x - x1) / (x2 - x1) if x2 > x1 else 0.0
            top = up.at(b) + (up.at(d) - up.at(b)) * share
            bottom = up.at(a) + (up.at(c) - up.at(a)) * share
            for y in range(round(top), round(bottom) + 1):
                if (x + 2 * y) % 4 == 0 and x % 2 == 0:
                    canvas.dot(x, y)


def lorenz(chart: Lorenz, width: int, height: int) -> list[str]:
    """Each curve solid below the diagonal of equal shares, and what it says in words beside or beneath it."""
    left, rows = 6, height - 2
    known = [one for one in chart.curves if sum(float(amount) for amount in one.amounts)]
    canvas = Dots(min(width - left, rows * 2 + rows // 2), rows)
    for column in range(canvas.columns):
        canvas.sign(column, round((rows - 1) * (1 - column / max(1, canvas.columns - 1))), "·")
    for one in known:
        points = vertices(one.amounts)
        for (x, y), (to_x, to_y) in pairwise(points):
            steps = canvas.wide + canvas.high
            for step in range(steps + 1):
                across, up = x + (to_x - x) * step / steps, y + (to_y - y) * step / steps
                canvas.dot(round((canvas.wide - 1) * across), round((canvas.high - 1) * (1 - up)))
    axis = {0: "100 %", rows // 2: "50 %", rows - 1: "0 %"}
    said = [line for one in known for line in (plain(one.name), *(f"  {each}" for each in readings(one.amounts)))]
    room = width - left - canvas.columns - 2
    beside = said if said and max(cells(line) for line in said) <= room and len(said) <= rows else []
    lines = [
        f"{fit(axis.get(row, ''), left - 1, right=True)} {line.ljust(canvas.columns)}  {told}".rstrip()
        for row, (line, told) in enumerate(zip(canvas.lines(), [*beside, *[""] * (rows - len(beside))], strict=True))
    ]
    foot = " " * left + clip(f"share of {plain(chart.people)}, smallest first; · equal shares", width - left)
    return [*lines, foot, *([] if beside else [clip(" " * left + line, width) for line in said])]


def columns(chart: Columns, width: int, height: int) -> list[str]:
    """The sum of every period's parts, with the limit behind; the highest of neighbours where there are too many."""
    sums = [sum(part.values[place] for part in chart.parts) for place in range(len(chart.names))]
    known = [*sums, chart.limit.value] if chart.limit is not None else sums
    scale = nice(known, chart.written, 0, 1, max(1, height // 4))
    left = _left(scale, width)
    each = ceil(len(sums) / (width - left - 2))
    highest = [max(sums[at : at + each], key=lambda value: abs(float(value))) for at in range(0, len(sums), each)]
    notes = [f"╌ {plain(chart.limit.label)} {said(chart, chart.limit.value)}"] if chart.limit is not None else []
    notes += [f"each column: the highest of {each}"] if each > 1 else []
    head = [clip("   ".join(notes), width)] if notes else []
    body = _upright(
        highest, scale, width, height - 1 - len(head), chart.limit.value if chart.limit is not None else None
    )
    return [*head, *body, _ends(chart.names, left + 2, width)]


def histogram(chart: Histogram, width: int, height: int) -> list[str]:
    """Counts, neighbouring bins together where there are too many, and the marked range in words."""
    widest = _left(nice([sum(chart.counts)], chart.count_written, 0, 1, 1), width)
    each = ceil(len(chart.counts) / (width - widest - 2))
    counts = [sum(chart.counts[at : at + each]) for at in range(0, len(chart.counts), each)]
    scale = nice(counts, chart.count_written, 0, 1, max(1, height // 4))
    notes = []
    if chart.marked is not None:
        notes.append(f"{plain(chart.marked_name)}: {said(chart, chart.marked[0])} to {said(chart, chart.marked[1])}")
    if chart.middle is not None:
        notes.append(f"{plain(chart.middle_name)} {said(chart, chart.middle)}")
    foot = [clip("   ".join(notes), width)] if notes else []
    left = _left(scale, width)
    edges = [said(chart, edge) for edge in (chart.edges[0], chart.edges[-1])]
    return [*_upright(counts, scale, width, height - 1 - len(foot), None), _ends(edges, left + 2, width), *foot]


def _left(scale: Scale, width: int) -> int:
    """Cells for the labels of the upright axis."""
    return min(width // 3, max(cells(label) for label in scale.labels))


def _upright(values: Sequence[Number], scale: Scale, width: int, rows: int, limit: Number | None) -> list[str]:
    """Columns from zero in eighths of a row upwards and halves downwards, with the values of the axis at their rows."""
    left = _left(scale, width)
    room = width - left - 2
    each = max(1, room // len(values))
    thick = max(1, each - 1 if each > 2 else each)
    up = scale.over(0.0, float(rows))
    zero = up.at(0)
    lines = []
    axis = {min(rows - 1, floor(up.at(tick))): label for tick, label in zip(scale.ticks, scale.labels, strict=True)}
    at_limit = min(rows - 1, floor(up.at(limit))) if limit is not None else -1
    for row in reversed(range(rows)):
        line = ""
        for value in values:
            sign = _block(row, zero, up.at(value))
            behind = "╌" if row == at_limit else " "
            line += (sign if sign != " " else behind) * thick + behind * (each - thick)
        lines.append(f"{fit(axis.get(row, ''), left, right=True)} {'┤' if row in axis else '│'}{line}".rstrip())
    return lines


def _block(row: int, zero: float, end: float) -> str:
    """What a column from zero to `end` (in rows from below) shows in a row."""
    low, high = sorted((zero, end))
    covered = min(row + 1.0, high) - max(float(row), low)
    if covered <= 0.0 or end == zero:
        return " "
    if end > zero:
        return HEIGHTS[min(7, max(0, round(covered * 8) - 1))] if low <= row else "█" if covered > 0.5 else "▀"
    return "█" if covered > 0.75 else "▀"


def _ends(names: Sequence[str], left: int, width: int) -> str:
    """The first and the last name, and one in the middle if there is room, beneath an axis."""
    words = [plain(name) for name in names]
    room = width - left
    if len(words) == 1:
        return " " * left + fit(words[0], room).rstrip()
    first, last = fit(words[0], room // 2 - 1).rstrip(), fit(words[-1], room // 2 - 1).rstrip()
    line = first + " " * (room - cells(first) - cells(last)) + last
    middle = words[len(words) // 2]
    start = room // 2 - cells(middle) // 2
    one_cell_each = len(line) == room and cells(middle) == len(middle)
    if len(words) > 2 and one_cell_each and len(first) + 2 < start and start + len(middle) < room - len(last) - 2:
        line = line[:start] + middle + line[start + len(middle) :]
    return " " * left + line


def _placed(words: Sequence[tuple[int, str]], left: int, width: int) -> str:
    """Words above their columns, those left out that would run into another."""
    line = ""
    for column, text in sorted(words):
        start = max(left + column, cells(line) + 2 if line else 0)
        start = min(start, width - cells(text))
        if start >= (cells(line) + 2 if line else 0):
            line += " " * (start - cells(line)) + text
    return line
