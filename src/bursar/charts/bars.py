"""Bars: labelled, level, exact at their ends; of one value each, of parts on one another, or of parts side by side.

Stacked parts keep the order they are given in, so what counts most (cash) comes first. Negative parts grow to the left.
On a phone the label stands above its bar.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from bursar.charts.scale import Scale, bounds
from bursar.charts.sheet import THEN, Anchor, Legend, Sheet, baseline, colour, said
from bursar.charts.values import (
    MAX_ROWS,
    MAX_SERIES,
    Chart,
    Figures,
    Number,
    check_chart,
    check_count,
    check_length,
    check_numbers,
    check_text,
    freeze,
)
from bursar.charts.words import cut, plain, width_of, wrapped
from bursar.errors import InvalidInput

_BAR = 20
_THIN = 14
"""Heights of a bar, and of one of several side by side."""
_LINE = 16


@dataclass(frozen=True, slots=True)
class Bar:
    """A labelled bar with a value for each part; `note` stands beneath the label, quieter."""

    label: str
    values: Sequence[Number]
    note: str = ""

    def __post_init__(self) -> None:
        freeze(self, values=tuple(self.values))


@dataclass(frozen=True, slots=True)
class Bars(Chart):
    """`parts` name the values of every bar. `stacked` bars show their sum at the end, `grouped` ones each value."""

    bars: Sequence[Bar]
    parts: Sequence[str] = ("value",)
    layout: Literal["stacked", "grouped"] = "stacked"
    axis: str = ""
    """What the bars are, over the table's first column."""

    def __post_init__(self) -> None:
        check_chart(self)
        freeze(self, bars=tuple(self.bars), parts=tuple(self.parts))
        check_count(len(self.bars), "bars", MAX_ROWS)
        check_count(len(self.parts), "parts", MAX_SERIES, 1)
        if self.layout not in ("stacked", "grouped"):
            raise InvalidInput("layout", repr(self.layout), "stacked or grouped")
        for place, part in enumerate(self.parts):
            check_text(part, f"parts[{place}]")
        for place, bar in enumerate(self.bars):
            check_text(bar.label, f"bars[{place}].label")
            check_text(bar.note, f"bars[{place}].note")
            check_length(bar.values, f"bars[{place}].values", len(self.parts))
            check_numbers(bar.values, f"bars[{place}].values")


@dataclass(frozen=True, slots=True)
class Lane:
    """Where rows with labels are drawn: beside the label if wide, beneath it on a phone."""

    label_room: float
    start: float
    end: float


def lane(sheet: Sheet, labels: Sequence[str], before: float, after: float) -> Lane:
    """A label's column as wide as it needs, and what is left for bars between texts of these widths."""
    if sheet.wide:
        room = min(224.0, max(width_of(plain(label)) for label in labels) + 2)
        return Lane(room, room + 14 + before, sheet.width - after)
    return Lane(sheet.width, before, sheet.width - after)


def row_label(sheet: Sheet, place: Lane, y: float, label: str, note: str, middle: float) -> None:
    """The label of a row: right-aligned beside the bar's middle, or above the row from `y` on."""
    words, quiet = plain(label), plain(note)
    if sheet.wide:
        lines = wrapped(words, place.label_room, 1 if quiet else 2)
        shown = [(line, "") for line in lines] + ([(cut(quiet, place.label_room), "bc-quiet")] if quiet else [])
        first = baseline(middle) - (len(shown) - 1) * 7.5
        for number, (line, kind) in enumerate(shown):
            sheet.text(place.label_room, first + number * 15, line, kind, "end")
        return
    line = cut(words, sheet.width if not quiet else sheet.width * 0.6)
    sheet.text(0, y + 12, line, "bc-halo", then=cut(quiet, sheet.width - width_of(line) - THEN), then_kind="bc-quiet")


def draw(chart: Bars, width: int) -> str:
    """The chart as an `svg` element."""
    sheet = Sheet(chart, width)
    if not chart.bars:
        return sheet.nothing("bars")
    stacked = chart.layout == "stacked"
    ends = [_ends(bar.values) if stacked else (min(0, *bar.values, 0), max(0, *bar.values, 0)) for bar in chart.bars]
    texts = [_texts(chart, bar) for bar in chart.bars]
    least = min(0.0, *(float(low) for low, _ in ends), 0.0)
    most = max(0.0, *(float(high) for _, high in ends), 0.0)
    low, high = bounds([least, most])
    room = max(width_of(text, bold=True) for row in texts for text in row) + 8
    room = min(room, width * 0.45)
    legend = Legend(
        [("fill", number, name) for number, name in enumerate(chart.parts)] if len(chart.parts) > 1 else [], 0, width
    )
    place = lane(
        sheet, [bar.label for bar in chart.bars] + [bar.note for bar in chart.bars], room if least < 0 else 0, room
    )
    scale = Scale(low, high, place.start, place.end)
    legend.draw(sheet)
    y = legend.height + (2 if sheet.wide else 0)
    if chart.unit:
        sheet.text(0, y + 11, cut(plain(chart.unit), width), "bc-quiet")
        y += 22
    tops: list[tuple[float, float]] = []
    for bar, text in zip(chart.bars, texts, strict=True):
        height = _BAR if stacked or len(chart.parts) == 1 else _THIN * len(chart.parts) + 2 * (len(chart.parts) - 1)
        head = 0 if sheet.wide else _LINE + 4
        tall = max(height, 30 if two_lines(place, bar.label, bar.note) else 0) if sheet.wide else head + height
        top = y + (tall - height) / 2 if sheet.wide else y + head
        row_label(sheet, place, y, bar.label, bar.note, top + height / 2)
        if stacked:
            _stack(sheet, chart, bar, scale, top, text[0], room)
        else:
            _group(sheet, chart, bar, scale, top, text, room)
        tops.append((top, top + height))
        y += tall + (12 if sheet.wide else 14)
    upright(sheet, scale.at(0), tops)
    return sheet.end(y - (12 if sheet.wide else 14) + 6, "bars")


def upright(sheet: Sheet, x: float, rows: Sequence[tuple[float, float]]) -> None:
    """The line that rows stand on, from top to bottom; on a phone only beside each bar, as labels stand between them."""
    for top, bottom in [(rows[0][0], rows[-1][1])] if sheet.wide else rows:
        sheet.line(x, top - 3, x, bottom + 3, "bc-base")


def two_lines(place: Lane, label: str, note: str) -> bool:
    """Whether a label beside its row takes two lines."""
    return bool(plain(note)) or len(wrapped(plain(label), place.label_room, 2)) > 1


def _texts(chart: Bars, bar: Bar) -> list[str]:
    shown = [sum(bar.values)] if chart.layout == "stacked" else list(bar.values)
    return [said(chart, value) for value in shown]


def _ends(values: Sequence[Number]) -> tuple[Number, Number]:
    """Where a stack ends on either side of zero."""
    return sum(value for value in values if value < 0), sum(value for value in values if value > 0)


def _stack(sheet: Sheet, chart: Bars, bar: Bar, scale: Scale, top: float, total: str, room: float) -> None:
    up: Number = 0
    down: Number = 0
    for number, value in enumerate(bar.values):
        start = up if value >= 0 else down
        x1, x2 = sorted((scale.at(start), scale.at(start + value)))
        if value >= 0:
            up += value
        else:
            down += value
        if value == 0:
            continue
        words = said(chart, value)
        gap = 1.5 if len(chart.parts) > 1 and x2 - x1 > 3 else 0
        tip = f"{bar.label}: {chart.parts[number] + ' ' if len(chart.parts) > 1 else ''}{words}"
        piece(sheet, x1, top, max(1.0, x2 - x1 - gap), _BAR, number, tip)
        if len(chart.parts) > 1 and width_of(words) + 12 <= x2 - x1 - gap:
            sheet.text((x1 + x2 - gap) / 2, baseline(top + _BAR / 2), words, f"bc-in bc-on-{colour(number)}", "middle")
    left = sum(bar.values) < 0
    end = scale.at(down) - 6 if left else scale.at(up) + 6
    sheet.text(end, baseline(top + _BAR / 2), cut(total, room - 8, bold=True), "bc-strong", "end" if left else "start")


def piece(sheet: Sheet, x: float, top: float, w: float, h: float, number: int, tip: str) -> None:
    """A filled piece of a bar in a series' colour and pattern."""
    sheet.rect(x, top, w, h, f"bc-f{colour(number)} bc-piece", round_by=2, tip=tip)
    sheet.hatch(x, top, w, h, number)


def _group(sheet: Sheet, chart: Bars, bar: Bar, scale: Scale, top: float, texts: Sequence[str], room: float) -> None:
    single = len(bar.values) == 1
    height = _BAR if single else _THIN
    for number, (value, words) in enumerate(zip(bar.values, texts, strict=True)):
        y = top + number * (height + 2)
        x1, x2 = sorted((scale.at(0), scale.at(value)))
        if value:
            piece(
                sheet,
                x1,
                y,
                max(1.0, x2 - x1),
                height,
                number,
                f"{bar.label}: {'' if single else chart.parts[number] + ' '}{words}",
            )
        end = x1 - 6 if value < 0 else x2 + 6
        side: Anchor = "end" if value < 0 else "start"
        sheet.text(
            end, baseline(y + height / 2), cut(words, room - 8, bold=single), "bc-strong" if single else "", side
        )


def figures(chart: Bars) -> Figures:
    """Every value of every bar, and the sum of stacked ones."""
    several = len(chart.parts) > 1
    summed = several and chart.layout == "stacked"
    columns = [chart.axis, *chart.parts, *(["sum"] if summed else [])]
    rows = [
        [
            f"{bar.label} ({bar.note})" if bar.note else bar.label,
            *(chart.written(value) for value in bar.values),
            *([chart.written(sum(bar.values))] if summed else []),
        ]
        for bar in chart.bars
    ]
    return Figures(columns, rows)
