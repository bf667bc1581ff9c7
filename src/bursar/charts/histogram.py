"""A histogram: how often which value, with the range that holds a share of all marked above and in full colour.

The area of a column is its count, so bins may differ in width.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from bursar.charts.scale import Scale, across, nice, px
from bursar.charts.sheet import Sheet, baseline, said
from bursar.charts.values import (
    MAX_POINTS,
    Chart,
    Figures,
    Number,
    Written,
    check_chart,
    check_count,
    check_length,
    check_number,
    check_numbers,
    check_text,
    figure_of,
    freeze,
)
from bursar.charts.words import cut, plain, width_of
from bursar.errors import InvalidInput

_PLOT = {True: 200, False: 170}
_HEAD = 46
_GAP = 1.5
_LEAST_BIN = 1e-9


@dataclass(frozen=True, slots=True)
class Histogram(Chart):
    """`counts` between neighbouring `edges`; `marked` is the range that `marked_name` holds of, `middle` its middle.

    `written` writes what is counted along, `count_written` how often.
    """

    edges: Sequence[Number]
    counts: Sequence[Number]
    marked: tuple[Number, Number] | None = None
    middle: Number | None = None
    marked_name: str = "nine of ten"
    middle_name: str = "middle"
    count_written: Written = figure_of
    axis: str = "range"
    counted: str = "count"

    def __post_init__(self) -> None:
        check_chart(self)
        freeze(self, edges=tuple(self.edges), counts=tuple(self.counts))
        check_count(len(self.counts), "counts", MAX_POINTS)
        check_length(self.edges, "edges", len(self.counts) + 1 if self.counts else len(self.edges))
        check_numbers(self.edges, "edges")
        check_numbers(self.counts, "counts", least=0)
        span = float(self.edges[-1]) - float(self.edges[0]) if self.edges else 0.0
        for place, (before, edge) in enumerate(pairwise(self.edges)):
            if float(edge) - float(before) <= _LEAST_BIN * span:
                raise InvalidInput(f"edges[{place + 1}]", str(edge), f"more than {before} by a billionth of the range")
        for name in ("marked_name", "middle_name", "axis", "counted"):
            check_text(getattr(self, name), name)
        for value, name in [(value, f"marked[{at}]") for at, value in enumerate(self.marked or ())] + [
            (self.middle, "middle")
        ]:
            if value is not None:
                check_number(value, name)
        if self.marked is not None and self.marked[1] < self.marked[0]:
            raise InvalidInput("marked", f"{self.marked[0]} to {self.marked[1]}", "the lower end first")


def draw(chart: Histogram, width: int) -> str:
    """The chart as an `svg` element."""
    sheet = Sheet(chart, width)
    if not any(chart.counts):
        return sheet.nothing("histogram")
    widths = [float(b) - float(a) for a, b in pairwise(chart.edges)]
    even = max(widths) <= min(widths) * 1.001
    heights = [count if even else count / (one / max(widths)) for count, one in zip(chart.counts, widths, strict=True)]
    up = nice(heights, chart.count_written, 0, 1, 4)
    labels = [cut(label, 72) for label in up.labels] if even else []
    left = max([width_of(label) for label in labels], default=0.0) + (12 if labels else 0)
    top = (_HEAD if chart.marked is not None or chart.middle is not None else 0) + (26 if chart.unit else 8)
    bottom = top + _PLOT[sheet.wide]
    up = up.over(bottom, top)
    if chart.unit:
        sheet.text(0, 11, cut(plain(chart.unit), width), "bc-quiet")
    for value, label in zip(up.ticks, labels, strict=False):
        sheet.line(left, up.at(value), width, up.at(value), "bc-grid" + (" bc-zero" if value == 0 else ""))
        sheet.text(left - 8, baseline(up.at(value)), label, "bc-quiet", "end")
    along = across(chart.edges[0], chart.edges[-1], chart.written, left + 6, width - 6.0)
    _columns(sheet, chart, heights, along, up, bottom)
    sheet.line(left, bottom, width, bottom, "bc-base")
    last = 0.0
    for value, label in zip(along.ticks, along.labels, strict=True):
        half = width_of(label) / 2
        x = min(max(along.at(value), half), width - half)
        if x - half >= last:
            sheet.line(along.at(value), bottom, along.at(value), bottom + 4, "bc-tick")
            sheet.text(x, bottom + 19, label, "bc-quiet", "middle")
            last = x + half + 6
    _marks(sheet, chart, along, top - _HEAD, bottom)
    return sheet.end(bottom + 26, "histogram")


def _columns(sheet: Sheet, chart: Histogram, heights: Sequence[float], along: Scale, up: Scale, bottom: float) -> None:
    low, high = chart.marked if chart.marked is not None else (chart.edges[0], chart.edges[-1])
    for place, height in enumerate(heights):
        a, b = chart.edges[place], chart.edges[place + 1]
        if not height:
            continue
        tip = f"{said(chart, a)} to {said(chart, b)}: {plain(chart.count_written(chart.counts[place]))}"
        cuts = sorted({a, b, *(one for one in (low, high) if a < one < b)})
        for start, end in pairwise(cuts):
            x1, x2 = along.at(start), along.at(end)
            gap = min(_GAP, (x2 - x1) * 0.2) if end == b else 0
            inside = low <= start and end <= high
            kind = "bc-f1" if inside else "bc-beyond"
            sheet.rect(x1, up.at(height), x2 - x1 - gap, bottom - up.at(height), f"{kind} bc-piece", tip=tip)


def _marks(sheet: Sheet, chart: Histogram, along: Scale, top: float, bottom: float) -> None:
    if chart.marked is not None:
        low, high = chart.marked
        x1, x2 = along.at(low), along.at(high)
        words = cut(f"{plain(chart.marked_name)}: {said(chart, low)} to {said(chart, high)}", sheet.width)
        half = width_of(words) / 2
        sheet.text(min(max((x1 + x2) / 2, half), sheet.width - half), top + 13, words, "", "middle")
        sheet.path(f"M{px(x1)} {px(top + 25)}v-5H{px(x2)}v5", "bc-bracket")
    if chart.middle is not None:
        x = along.at(chart.middle)
        words = cut(f"{plain(chart.middle_name)} {said(chart, chart.middle)}", sheet.width / 2)
        half = width_of(words, bold=True) / 2
        sheet.line(x, top + 44, x, bottom, "bc-under")
        sheet.line(x, top + 44, x, bottom, "bc-middle")
        sheet.text(min(max(x, half), sheet.width - half), top + 39, words, "bc-strong bc-halo", "middle")


def figures(chart: Histogram) -> Figures:
    """Every bin with its count, and the marked range as notes."""
    rows = [
        [f"{chart.written(chart.edges[at])} to {chart.written(chart.edges[at + 1])}", chart.count_written(count)]
        for at, count in enumerate(chart.counts)
    ]
    notes = []
    if chart.marked is not None:
        notes.append(f"{chart.marked_name}: {chart.written(chart.marked[0])} to {chart.written(chart.marked[1])}")
    if chart.middle is not None:
        notes.append(f"{chart.middle_name}: {chart.written(chart.middle)}")
    return Figures([chart.axis, chart.counted], rows, notes)
