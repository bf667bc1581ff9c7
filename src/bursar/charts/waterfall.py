"""A waterfall: how one amount becomes another, step by step, with totals on the way. Rows, so that it reads on a phone.

The first step stands on zero as what one begins with; every further one begins where the last one ended. Totals are summed
here, never given, so the picture cannot contradict itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bursar.charts.bars import lane, row_label, two_lines, upright
from bursar.charts.scale import Scale, bounds
from bursar.charts.sheet import Sheet, baseline, said, signed
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
)
from bursar.charts.words import cut, plain, width_of
from bursar.errors import InvalidInput

_BAR = 20


@dataclass(frozen=True, slots=True)
class Step:
    """What is added (or taken, if negative); `note` says why, beneath the label."""

    label: str
    amount: Number
    note: str = ""


@dataclass(frozen=True, slots=True)
class Total:
    """The sum so far."""

    label: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Waterfall(Chart):
    """Steps and totals from top to bottom; it begins with a step."""

    steps: Sequence[Step | Total]
    axis: str = "step"

    def __post_init__(self) -> None:
        check_chart(self)
        freeze(self, steps=tuple(self.steps))
        check_count(len(self.steps), "steps", MAX_ROWS)
        if self.steps and isinstance(self.steps[0], Total):
            raise InvalidInput("steps[0]", "a total", "a step to begin with")
        for place, one in enumerate(self.steps):
            check_text(one.label, f"steps[{place}].label")
            check_text(one.note, f"steps[{place}].note")
            if isinstance(one, Step):
                check_number(one.amount, f"steps[{place}].amount")


@dataclass(frozen=True, slots=True)
class Row:
    label: str
    note: str
    start: Number
    end: Number
    kind: str
    """level: stands on zero; more, less, none: a change."""
    text: str


def rows_of(chart: Waterfall) -> list[Row]:
    rows: list[Row] = []
    so_far: Number = 0
    for one in chart.steps:
        if isinstance(one, Total):
            rows.append(Row(one.label, one.note, 0, so_far, "level", said(chart, so_far)))
            continue
        start, so_far = so_far, so_far + one.amount
        if not rows:
            rows.append(Row(one.label, one.note, 0, so_far, "level", said(chart, so_far)))
        else:
            kind = "less" if one.amount < 0 else "more" if one.amount > 0 else "none"
            rows.append(Row(one.label, one.note, start, so_far, kind, signed(chart, one.amount)))
    return rows


def draw(chart: Waterfall, width: int) -> str:
    """The chart as an `svg` element."""
    sheet = Sheet(chart, width)
    rows = rows_of(chart)
    if not rows:
        return sheet.nothing("waterfall")
    room = min(max(width_of(row.text, bold=True) for row in rows) + 8, width * 0.45)
    low, high = bounds([value for row in rows for value in (row.start, row.end)])
    place = lane(sheet, [row.label for row in rows] + [row.note for row in rows], room if low < 0 else 0, room)
    scale = Scale(low, high, place.start, place.end)
    y = 2.0
    if chart.unit:
        sheet.text(0, y + 11, cut(plain(chart.unit), width), "bc-quiet")
        y += 22
    bars: list[float] = []
    for row in rows:
        head = 0 if sheet.wide else 20
        two = sheet.wide and two_lines(place, row.label, row.note)
        tall = (32 if two else _BAR) + head
        top = y + (tall - _BAR) / 2 if sheet.wide else y + head
        if bars:
            at = scale.at(row.end if row.kind == "level" else row.start)
            sheet.line(at, bars[-1] + _BAR, at, top, "bc-link")
        row_label(sheet, place, y, row.label, row.note, top + _BAR / 2)
        _bar(sheet, row, scale, top, room)
        bars.append(top)
        y += tall + 10
    upright(sheet, scale.at(0), [(top, top + _BAR) for top in bars])
    return sheet.end(y - 4, "waterfall")


def _bar(sheet: Sheet, row: Row, scale: Scale, top: float, room: float) -> None:
    x1, x2 = sorted((scale.at(row.start), scale.at(row.end)))
    sheet.rect(x1, top, max(1.5, x2 - x1), _BAR, f"bc-{row.kind} bc-piece", round_by=2, tip=f"{row.label}: {row.text}")
    if row.kind == "less":
        sheet.hatch(x1, top, x2 - x1, _BAR, 1)
    strong = "bc-strong" if row.kind == "level" else ""
    left = row.end < 0 and (row.kind == "level" or row.start <= 0)
    text = cut(row.text, room - 8, bold=bool(strong))
    sheet.text(x1 - 6 if left else x2 + 6, baseline(top + _BAR / 2), text, strong, "end" if left else "start")


def figures(chart: Waterfall) -> Figures:
    """Every step with the sum after it."""
    rows = []
    so_far: Number = 0
    for one in chart.steps:
        change = one.amount if isinstance(one, Step) else None
        so_far += change or 0
        name = f"{one.label} ({one.note})" if one.note else one.label
        rows.append([name, "" if change is None else chart.written(change), chart.written(so_far)])
    return Figures([chart.axis, "amount", "sum so far"], rows)
