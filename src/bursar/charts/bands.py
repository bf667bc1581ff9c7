"""Bands: what lies around a middle line over time, for one or several series, with markers and limits.

A series may begin or end anywhere (None where it has no value), so what happened and what is forecast are two series of one
chart. A band within a band shows the half that is likelier.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import product

from bursar.charts.scale import Scale, every, nice, spread_out
from bursar.charts.sheet import Anchor, Legend, Sheet, Taken, baseline, colour, said
from bursar.charts.values import (
    MAX_MARKS,
    MAX_POINTS,
    MAX_SERIES,
    Chart,
    Figures,
    Number,
    check_chart,
    check_count,
    check_length,
    check_number,
    check_text,
    freeze,
)
from bursar.charts.words import cut, plain, width_of, wrapped

_PLOT = {True: 240, False: 210}
"""Height of the plot itself, for wide and narrow."""
_MARK_ROW = 17
_MARK_ROWS = 3
_MOST_TIPS = 150

Values = Sequence[Number | None]


@dataclass(frozen=True, slots=True)
class Series:
    """Values by position: the middle, and what lies around it (left out for a line without a band)."""

    name: str
    low: Values = ()
    middle: Values = ()
    high: Values = ()
    inner_low: Values = ()
    inner_high: Values = ()

    def __post_init__(self) -> None:
        middle = tuple(self.middle)
        freeze(self, middle=middle, low=tuple(self.low) or middle, high=tuple(self.high) or middle)
        freeze(self, inner_low=tuple(self.inner_low), inner_high=tuple(self.inner_high))

    @property
    def banded(self) -> bool:
        return self.low != self.high


@dataclass(frozen=True, slots=True)
class Mark:
    """An upright line with a word: `at` counts positions from 0 and may lie between two."""

    at: float
    label: str


@dataclass(frozen=True, slots=True)
class Reference:
    """A level line with a word: a limit, an allotment."""

    value: Number
    label: str


@dataclass(frozen=True, slots=True)
class BandNames:
    """What the parts of a series are called, in the legend (`band`, `inner`: left out if empty) and in the table."""

    low: str = "low"
    middle: str = "middle"
    high: str = "high"
    inner_low: str = "lower"
    inner_high: str = "upper"
    band: str = ""
    inner: str = ""


@dataclass(frozen=True, slots=True)
class Bands(Chart):
    """`names` label the positions; `axis` says what they are. With `from_zero` the axis always holds 0."""

    names: Sequence[str]
    series: Sequence[Series]
    marks: Sequence[Mark] = ()
    references: Sequence[Reference] = ()
    parts: BandNames = field(default_factory=BandNames)
    axis: str = "period"
    from_zero: bool = True

    def __post_init__(self) -> None:
        check_chart(self)
        freeze(self, names=tuple(self.names), series=tuple(self.series))
        freeze(self, marks=tuple(self.marks), references=tuple(self.references))
        check_count(len(self.names), "names", MAX_POINTS)
        check_count(len(self.series), "series", MAX_SERIES)
        check_count(len(self.marks), "marks", MAX_MARKS)
        check_count(len(self.references), "references", MAX_MARKS)
        for place, name in enumerate(self.names):
            check_text(name, f"names[{place}]")
        for place, one in enumerate(self.series):
            _check_series(one, f"series[{place}]", len(self.names))
        for place, mark in enumerate(self.marks):
            check_number(mark.at, f"marks[{place}].at", least=0, most=max(0, len(self.names) - 1))
            check_text(mark.label, f"marks[{place}].label")
        for place, level in enumerate(self.references):
            check_number(level.value, f"references[{place}].value")
            check_text(level.label, f"references[{place}].label")


def _check_series(one: Series, name: str, count: int) -> None:
    check_text(one.name, f"{name}.name")
    for part in ("middle", "low", "high", "inner_low", "inner_high"):
        values = getattr(one, part)
        if part.startswith("inner") and not values and not one.inner_low and not one.inner_high:
            continue
        check_length(values, f"{name}.{part}", count)
        for place, value in enumerate(values):
            if value is not None:
                check_number(value, f"{name}.{part}[{place}]")


def draw(chart: Bands, width: int) -> str:
    """The chart as an `svg` element."""
    sheet = Sheet(chart, width)
    known = [value for one in chart.series for part in _all(one) for value in part if value is not None]
    if not chart.names or not known:
        return sheet.nothing("bands")
    known += [one.value for one in chart.references]
    scale = nice(known, chart.written, 0, 1, 5 if sheet.wide else 4, zero=chart.from_zero)
    labels = [cut(label, 110 if sheet.wide else 84) for label in scale.labels]
    left = max(width_of(label) for label in labels) + 12
    named = len(chart.series) > 1 and sheet.wide
    end_room = max([width_of(cut(plain(one.name), 128)) for one in chart.series], default=0) + 22 if named else 0
    right = width - max(10.0, end_room)
    legend = Legend(_legend(chart, named), 0, width)
    places = _Across(left + 6, right - 6, len(chart.names))
    marks, rows = _mark_rows(chart, places, left, width)
    top = legend.height + (26 if chart.unit else 6) + rows * _MARK_ROW + (4 if rows else 0)
    bottom = top + _PLOT[sheet.wide]
    scale = scale.over(bottom, top)

    legend.draw(sheet)
    if chart.unit:
        sheet.text(0, legend.height + 11, cut(plain(chart.unit), width / 2), "bc-quiet")
    for value, label in zip(scale.ticks, labels, strict=True):
        zero = " bc-zero" if value == 0 else ""
        sheet.line(left, scale.at(value), right, scale.at(value), f"bc-grid{zero}")
        sheet.text(left - 8, baseline(scale.at(value)), label, "bc-quiet", "end")
    axis_labels(sheet, chart.names, places.at, bottom)
    _bands(sheet, chart, places, scale)
    for x, row, words, anchor_x in marks:
        sheet.line(x, top - (rows - row) * _MARK_ROW + 6, x, bottom, "bc-mark")
        sheet.text(anchor_x, top - (rows - row) * _MARK_ROW + 1, words, "bc-note")
    taken = Taken()
    if named:
        _end_labels(sheet, chart, places, scale, right, width, taken)
    _references(sheet, chart, scale, left, right, taken)
    _tips(sheet, chart, places, top, bottom)
    return sheet.end(bottom + 26, "bands")


@dataclass(frozen=True, slots=True)
class _Across:
    """Positions from left to right."""

    start: float
    end: float
    count: int

    def at(self, place: float) -> float:
        if self.count == 1:
            return (self.start + self.end) / 2
        return self.start + (self.end - self.start) * place / (self.count - 1)


def axis_labels(sheet: Sheet, names: Sequence[str], at: Callable[[float], float], bottom: float) -> None:
    """Names below an axis: as many as stand apart, each cut to its place, none beyond the sheet."""
    most = 110.0 if sheet.wide else 84.0
    step = every(names, at(len(names) - 1) - at(0), most=most)
    last = 0.0
    for place in range(0, len(names), step):
        words = cut(plain(names[place]), most)
        half = width_of(words) / 2
        x = min(max(at(place), half), sheet.width - half)
        if not place or x - half >= last + 6:
            sheet.line(at(place), bottom, at(place), bottom + 4, "bc-tick")
            sheet.text(x, bottom + 19, words, "bc-quiet", "middle")
            last = x + half


def _all(one: Series) -> tuple[Values, ...]:
    return (one.low, one.middle, one.high, one.inner_low, one.inner_high)


def _legend(chart: Bands, named: bool) -> list[tuple[str, int, str]]:
    items: list[tuple[str, int, str]] = []
    single = len(chart.series) == 1
    if single and chart.parts.band and chart.series[0].banded:
        items.append(("line", 0, chart.parts.middle))
    if not single:
        early = _early(chart)
        unnamed = [
            place for place, one in enumerate(chart.series) if _last(one) is None or (len(early) > 1 and place in early)
        ]
        shown = unnamed if named else range(len(chart.series))
        items += [("line", place, chart.series[place].name) for place in shown]
    first = next((place for place, one in enumerate(chart.series) if one.banded), None)
    if first is not None:
        if chart.parts.inner and any(one.inner_low for one in chart.series):
            items.append(("inner", first, chart.parts.inner))
        if chart.parts.band:
            items.append(("band", first, chart.parts.band))
    return items


def _runs(*parts: Values) -> list[range]:
    """Stretches of positions where every part has a value."""
    known = [all(part[place] is not None for part in parts) for place in range(len(parts[0]))]
    runs, start = [], None
    for place, here in enumerate([*known, False]):
        if here and start is None:
            start = place
        elif not here and start is not None:
            runs.append(range(start, place))
            start = None
    return runs


def _bands(sheet: Sheet, chart: Bands, places: _Across, scale: Scale) -> None:
    def along(values: Values, run: range) -> list[tuple[float, float]]:
        return [(places.at(place), scale.at(values[place] or 0)) for place in run]

    for number, one in enumerate(chart.series):
        pairs = [(one.low, one.high, "band"), (one.inner_low, one.inner_high, "inner")]
        for low, high, kind in pairs:
            for run in _runs(low, high) if low and low != high else []:
                if len(run) > 1:
                    points = along(high, run) + along(low, run)[::-1]
                    sheet.polygon(points, f"bc-{kind} bc-f{colour(number)}")
                    if kind == "band":
                        sheet.polyline(along(high, run), f"bc-edge bc-s{colour(number)}")
                        sheet.polyline(along(low, run), f"bc-edge bc-s{colour(number)}")
                else:
                    (x, upper), (_, lower) = along(high, run)[0], along(low, run)[0]
                    sheet.line(x, upper, x, lower, f"bc-whisker bc-s{colour(number)}")
    for number, one in enumerate(chart.series):
        for run in _runs(one.middle):
            points = along(one.middle, run)
            if len(run) > 1:
                sheet.polyline(points, f"bc-line bc-s{colour(number)}")
            else:
                sheet.circle(*points[0], 3.5, f"bc-dot bc-f{colour(number)}")


def _mark_rows(
    chart: Bands, places: _Across, left: float, width: float
) -> tuple[list[tuple[float, int, str, float]], int]:
    """Markers with their words in as few rows as keep them apart: (line's x, row, words, text's x)."""
    ends = [0.0] * _MARK_ROWS
    found, rows = [], 0
    for mark in sorted(chart.marks, key=lambda one: one.at):
        x = places.at(mark.at)
        words = cut(plain(mark.label), 150)
        size = width_of(words)
        start = min(max(x - 3, 0.0), width - size)
        row = next((row for row in range(_MARK_ROWS) if ends[row] <= start), None)
        if row is None:
            found.append((x, _MARK_ROWS - 1, "", start))
            continue
        ends[row] = start + size + 10
        rows = max(rows, row + 1)
        found.append((x, row, words, start))
    return [(x, min(row, max(0, rows - 1)), words, start) for x, row, words, start in found], rows


def _references(sheet: Sheet, chart: Bands, scale: Scale, left: float, right: float, taken: Taken) -> None:
    """Level lines, their words above or beneath them where nothing stands yet."""
    for one in sorted(chart.references, key=lambda level: -float(level.value)):
        y = scale.at(one.value)
        sheet.line(left, y, right, y, "bc-limit")
        words = cut(f"{plain(one.label)} {said(chart, one.value)}", right - left - 12)
        places: list[tuple[float, Anchor]] = [(left + 6, "start"), (right - 6, "end"), ((left + right) / 2, "middle")]
        for (x, anchor), base in product(places, (y - 5, y + 15)):
            if scale.end + 4 <= base <= scale.start - 3 and taken.take(x, base, words, anchor):
                sheet.text(x, base, words, "bc-note bc-halo", anchor)
                break


def _early(chart: Bands) -> list[int]:
    """Series whose line stops before the last position."""
    return [number for number, one in enumerate(chart.series) if _last(one) not in (None, len(chart.names) - 1)]


def _last(one: Series) -> int | None:
    return next((place for place in reversed(range(len(one.middle))) if one.middle[place] is not None), None)


def _end_labels(
    sheet: Sheet, chart: Bands, places: _Across, scale: Scale, right: float, width: float, taken: Taken
) -> None:
    """Names at the ends of lines: beside the plot, or within it above the end of the one line that stops earlier."""
    ends = []
    early = _early(chart)
    for number, one in enumerate(chart.series):
        last = _last(one)
        if last is None:
            continue
        x, y = places.at(last), scale.at(one.middle[last] or 0)
        words = plain(one.name)
        sheet.circle(x, y, 3, f"bc-dot bc-f{colour(number)}")
        if number not in early:
            ends.append((number, x, y, wrapped(words, width - right - 16, 2)))
        elif len(early) == 1:
            before = width_of(words) + 10 < x - places.start
            at, base = (x - 8, max(y - 10, scale.end + 10)) if before else (x + 8, min(y + 18, scale.start - 6))
            anchor: Anchor = "end" if before else "start"
            words = words if before else cut(words, right - x - 12)
            taken.take(at, base, words, anchor)
            sheet.text(at, base, words, "bc-halo", anchor)
    gap = max([17 + 14 * (len(lines) - 1) for *_, lines in ends], default=0)
    heights = spread_out([y for _, _, y, _ in ends], gap, scale.end, scale.start)
    for (number, x, y, lines), height in zip(ends, heights, strict=True):
        sheet.line(x + 4, y, right + 10, height, f"bc-lead bc-s{colour(number)}")
        first = baseline(height) - 7 * (len(lines) - 1)
        for place, line in enumerate(lines):
            sheet.text(right + 14, first + 14 * place, line)


def _tips(sheet: Sheet, chart: Bands, places: _Across, top: float, bottom: float) -> None:
    """Strips that a pointer rests on to read the values there."""
    count = len(chart.names)
    if count > _MOST_TIPS:
        return
    half = (places.end - places.start) / max(1, count - 1) / 2 if count > 1 else 40
    for place, name in enumerate(chart.names):
        said = [_said(one, place, chart) for one in chart.series]
        tip = f"{name}: {'; '.join(part for part in said if part)}"
        x = max(places.start - 6, places.at(place) - half)
        sheet.rect(x, top, min(places.end + 6, places.at(place) + half) - x, bottom - top, "bc-hit", tip=tip)


def _said(one: Series, place: int, chart: Bands) -> str:
    middle, low, high = one.middle[place], one.low[place], one.high[place]
    if middle is None:
        return ""
    around = f" ({chart.written(low)} to {chart.written(high)})" if low != high and None not in (low, high) else ""
    name = f"{one.name} " if len(chart.series) > 1 else ""
    return f"{name}{chart.written(middle)}{around}"


def figures(chart: Bands) -> Figures:
    """Every value of every series by position, and the markers and limits as notes."""
    columns, parts = [chart.axis], []
    for one in chart.series:
        of = f", {one.name}" if len(chart.series) > 1 else ""
        shown = [(chart.parts.middle, one.middle)]
        if one.inner_low and one.inner_high:
            shown = [(chart.parts.inner_low, one.inner_low), *shown, (chart.parts.inner_high, one.inner_high)]
        if one.banded:
            shown = [(chart.parts.low, one.low), *shown, (chart.parts.high, one.high)]
        columns += [f"{name}{of}" for name, _ in shown]
        parts += [values for _, values in shown]
    rows = [
        [name, *("" if values[place] is None else chart.written(values[place]) for values in parts)]
        for place, name in enumerate(chart.names)
    ]
    notes = [f"{one.label}: {chart.written(one.value)}" for one in chart.references]
    notes += [f"{one.label}: {_near(chart, one.at)}" for one in chart.marks]
    return Figures(columns, rows, notes)


def _near(chart: Bands, at: float) -> str:
    before = chart.names[int(at)] if chart.names else ""
    return before if at == int(at) else f"after {before}"
