"""Columns: an amount for each period, of one or several parts on one another, against a limit if there is one.

Parts stack from zero in the order they are given, negative ones downwards.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bursar.charts.bands import Reference, axis_labels
from bursar.charts.scale import Scale, nice
from bursar.charts.sheet import Legend, Sheet, baseline, colour, said
from bursar.charts.values import (
    MAX_POINTS,
    MAX_SERIES,
    Chart,
    Figures,
    Number,
    check_chart,
    check_count,
    check_length,
    check_number,
    check_numbers,
    check_text,
    freeze,
)
from bursar.charts.words import cut, plain, width_of

_PLOT = {True: 220, False: 190}
_WIDEST = 64.0
_LEAST_HATCHED = 7.0
_MOST_TIPS = 150


@dataclass(frozen=True, slots=True)
class Part:
    """One part of every column."""

    name: str
    values: Sequence[Number]

    def __post_init__(self) -> None:
        freeze(self, values=tuple(self.values))


@dataclass(frozen=True, slots=True)
class Columns(Chart):
    """`names` of the periods, a value of every part for each, and a level that they should stay below."""

    names: Sequence[str]
    parts: Sequence[Part]
    limit: Reference | None = None
    axis: str = "period"

    def __post_init__(self) -> None:
        check_chart(self)
        freeze(self, names=tuple(self.names), parts=tuple(self.parts))
        check_count(len(self.names), "names", MAX_POINTS)
        check_count(len(self.parts), "parts", MAX_SERIES)
        for place, name in enumerate(self.names):
            check_text(name, f"names[{place}]")
        for place, part in enumerate(self.parts):
            check_text(part.name, f"parts[{place}].name")
            check_length(part.values, f"parts[{place}].values", len(self.names))
            check_numbers(part.values, f"parts[{place}].values")
        if self.limit is not None:
            check_number(self.limit.value, "limit.value")
            check_text(self.limit.label, "limit.label")


def draw(chart: Columns, width: int) -> str:
    """The chart as an `svg` element."""
    sheet = Sheet(chart, width)
    if not any(value for part in chart.parts for value in part.values):
        return sheet.nothing("columns")
    count = len(chart.names)
    ends: list[Number] = []
    for place in range(count):
        values = [part.values[place] for part in chart.parts]
        ends += [sum(value for value in values if value > 0), sum(value for value in values if value < 0)]
    known = [*ends, chart.limit.value] if chart.limit is not None else ends
    scale = nice(known, chart.written, 0, 1, 5 if sheet.wide else 4)
    labels = [cut(label, 110 if sheet.wide else 84) for label in scale.labels]
    left = max(width_of(label) for label in labels) + 12
    several = len(chart.parts) > 1
    legend = Legend([("fill", at, part.name) for at, part in enumerate(chart.parts)] if several else [], 0, width)
    top = legend.height + (26 if chart.unit else 8)
    bottom = top + _PLOT[sheet.wide]
    scale = scale.over(bottom, top)
    step = (width - left) / count

    legend.draw(sheet)
    if chart.unit:
        sheet.text(0, legend.height + 11, cut(plain(chart.unit), width), "bc-quiet")
    for value, label in zip(scale.ticks, labels, strict=True):
        sheet.line(left, scale.at(value), width, scale.at(value), "bc-grid")
        sheet.text(left - 8, baseline(scale.at(value)), label, "bc-quiet", "end")
    axis_labels(sheet, chart.names, lambda place: left + step * (place + 0.5), bottom)
    for place in range(count):
        _column(sheet, chart, place, left + step * place, step, scale)
    sheet.line(left, scale.at(0), width, scale.at(0), "bc-base")
    if chart.limit is not None:
        tops = [scale.at(up) for up in ends[::2]]
        _limit(sheet, chart, chart.limit, scale, left, tops)
    return sheet.end(bottom + 26, "columns")


def _column(sheet: Sheet, chart: Columns, place: int, left: float, step: float, scale: Scale) -> None:
    thick = min(_WIDEST, step * 0.74 if step > 5 else max(0.6, step - 0.5))
    x = left + (step - thick) / 2
    up: Number = 0
    down: Number = 0
    for number, part in enumerate(chart.parts):
        value = part.values[place]
        if not value:
            continue
        start = up if value > 0 else down
        y1, y2 = sorted((scale.at(start), scale.at(start + value)))
        up, down = (up + value, down) if value > 0 else (up, down + value)
        gap = 1.0 if start and y2 - y1 > 3 else 0.0
        top, height = (y1, y2 - y1 - gap) if value > 0 else (y1 + gap, y2 - y1 - gap)
        sheet.rect(x, top, thick, max(0.8, height), f"bc-f{colour(number)}", round_by=2 if thick > 8 else 0)
        if thick >= _LEAST_HATCHED:
            sheet.hatch(x, top, thick, height, number)
    if len(chart.names) <= _MOST_TIPS:
        parts = [f"{part.name} {said(chart, part.values[place])}" for part in chart.parts if part.values[place]]
        words = "; ".join(parts) if len(chart.parts) > 1 else said(chart, chart.parts[0].values[place])
        sheet.rect(
            left, scale.end, step, scale.start - scale.end, "bc-hit", tip=f"{chart.names[place]}: {words or '0'}"
        )


def _limit(sheet: Sheet, chart: Columns, limit: Reference, scale: Scale, left: float, tops: Sequence[float]) -> None:
    """The limit's line, and its words above it where no column stands in their way, as far right as that is so."""
    y = scale.at(limit.value)
    sheet.line(left, y, sheet.width, y, "bc-limit")
    words = cut(f"{plain(limit.label)} {said(chart, limit.value)}", sheet.width - left - 8)
    step, size = (sheet.width - left) / len(tops), width_of(words) + 8
    end = sheet.width
    if y - scale.end <= 14:
        sheet.text(end, y + 15, words, "bc-note bc-halo", "end")
        return
    free: float = 0
    for place in reversed(range(len(tops))):
        free = free + step if tops[place] >= y - 2 else 0
        if free >= size:
            end = round(left + step * place + free)
            break
    sheet.text(end, y - 6, words, "bc-note bc-halo", "end")


def figures(chart: Columns) -> Figures:
    """Every value of every part by period, and the sum of several."""
    several = len(chart.parts) > 1
    columns = [chart.axis, *(part.name for part in chart.parts), *(["sum"] if several else [])]
    rows = []
    for place, name in enumerate(chart.names):
        values = [part.values[place] for part in chart.parts]
        rows.append([name, *(chart.written(value) for value in (*values, *([sum(values)] if several else [])))])
    notes = [f"{chart.limit.label}: {chart.written(chart.limit.value)}"] if chart.limit is not None else []
    return Figures(columns, rows, notes)
