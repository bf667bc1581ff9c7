"""A tornado: what each assumption does to the answer when only it moves, the strongest first.

Each end says which assumption leads there and to what. Where both ends lie on the same side of the middle, the two bars share
the height of the row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bursar.charts.bars import Lane, lane, piece, row_label, upright
from bursar.charts.scale import Scale, fitted
from bursar.charts.sheet import Legend, Sheet, baseline, said
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

_BAR = 20
_MOST_WORDS = 180.0


@dataclass(frozen=True, slots=True)
class Swing:
    """One assumption: the answers at its low and its high value, and how these values are written."""

    label: str
    low: Number
    high: Number
    low_text: str = ""
    high_text: str = ""

    @property
    def size(self) -> float:
        return abs(float(self.high) - float(self.low))


@dataclass(frozen=True, slots=True)
class Tornado(Chart):
    """Swings around `middle`, the answer where nothing moves."""

    middle: Number
    swings: Sequence[Swing]
    middle_label: str = "as assumed"
    low_name: str = "at the low value"
    high_name: str = "at the high value"
    axis: str = "assumption"

    def __post_init__(self) -> None:
        check_chart(self)
        freeze(self, swings=tuple(self.swings))
        check_number(self.middle, "middle")
        check_count(len(self.swings), "swings", MAX_ROWS)
        for name in ("middle_label", "low_name", "high_name"):
            check_text(getattr(self, name), name)
        for place, one in enumerate(self.swings):
            for name in ("label", "low_text", "high_text"):
                check_text(getattr(one, name), f"swings[{place}].{name}")
            check_number(one.low, f"swings[{place}].low")
            check_number(one.high, f"swings[{place}].high")


def ordered(chart: Tornado) -> list[Swing]:
    """The widest first; equals stay in the order they came in."""
    return sorted(chart.swings, key=lambda one: -one.size)


def draw(chart: Tornado, width: int) -> str:
    """The chart as an `svg` element."""
    sheet = Sheet(chart, width)
    if not chart.swings:
        return sheet.nothing("tornado")
    swings = ordered(chart)
    texts = [ends_of(chart, one) for one in swings]
    place = lane(sheet, [one.label for one in swings], 0, 0)
    scale = _scale(chart, swings, texts, place)
    legend = Legend([("fill", 0, chart.low_name), ("fill", 1, chart.high_name)], 0, width)
    legend.draw(sheet)
    middle = scale.at(chart.middle)
    words = cut(f"{plain(chart.middle_label)} {said(chart, chart.middle)}", width, bold=True)
    half = width_of(words, bold=True) / 2
    top = legend.height + 16
    sheet.text(min(max(middle, half), width - half), top - 4, words, "bc-strong", "middle")
    y = top + 8
    tops: list[tuple[float, float]] = []
    tall = _BAR if sheet.wide else 20 + _BAR + 18
    for one, pair in zip(swings, texts, strict=True):
        bar = y if sheet.wide else y + 20
        row_label(sheet, place, y, one.label, "", bar + _BAR / 2)
        _swing(sheet, chart, one, scale, bar)
        _say(sheet, chart, one, pair, scale, bar)
        tops.append((bar, bar + _BAR))
        y += tall + (10 if sheet.wide else 12)
    upright(sheet, middle, tops)
    return sheet.end(y - 2, "tornado")


def _scale(chart: Tornado, swings: Sequence[Swing], texts: Sequence[tuple[str, str]], place: Lane) -> Scale:
    """As wide as the words at the ends allow; on a phone they stand beneath and need no room beside."""
    beside = place.start > 0
    rows = [
        (
            float(min(one.low, one.high)),
            float(max(one.low, one.high)),
            min(_MOST_WORDS, width_of(left)) + 8 if beside else 0.0,
            min(_MOST_WORDS, width_of(right)) + 8 if beside else 0.0,
        )
        for one, (left, right) in zip(swings, texts, strict=True)
    ]
    return fitted(rows, float(chart.middle), place.start, place.end)


def ends_of(chart: Tornado, one: Swing) -> tuple[str, str]:
    """What stands at the left and at the right end."""
    low = " · ".join(part for part in (plain(one.low_text), said(chart, one.low)) if part)
    high = " · ".join(part for part in (plain(one.high_text), said(chart, one.high)) if part)
    return (low, high) if one.low <= one.high else (high, low)


def _same_side(chart: Tornado, one: Swing) -> bool:
    return (one.low - chart.middle) * (one.high - chart.middle) > 0


def _swing(sheet: Sheet, chart: Tornado, one: Swing, scale: Scale, top: float) -> None:
    shared = _same_side(chart, one)
    middle = scale.at(chart.middle)
    for number, (value, words) in enumerate(((one.low, one.low_text), (one.high, one.high_text))):
        x1, x2 = sorted((middle, scale.at(value)))
        height = (_BAR - 2) / 2 if shared else _BAR
        y = top + number * (height + 2) if shared else top
        if x2 > x1:
            piece(sheet, x1, y, x2 - x1, height, number, f"{one.label} {words}: {plain(chart.written(value))}")


def _say(sheet: Sheet, chart: Tornado, one: Swing, pair: tuple[str, str], scale: Scale, top: float) -> None:
    left, right = pair
    if not sheet.wide:
        sheet.text(0, top + _BAR + 14, cut(left, sheet.width / 2 - 6), "bc-quiet")
        sheet.text(sheet.width, top + _BAR + 14, cut(right, sheet.width / 2 - 6), "bc-quiet", "end")
        return
    low, high = sorted((scale.at(one.low), scale.at(one.high)))
    middle = scale.at(chart.middle)
    low, high = min(low, middle), max(high, middle)
    line = baseline(top + _BAR / 2)
    sheet.text(low - 6, line, cut(left, _MOST_WORDS), "bc-quiet", "end")
    sheet.text(high + 6, line, cut(right, _MOST_WORDS), "bc-quiet")


def figures(chart: Tornado) -> Figures:
    """Every swing, widest first, with the values of its assumption."""
    rows = [
        [
            one.label,
            one.low_text,
            plain(chart.written(one.low)),
            one.high_text,
            plain(chart.written(one.high)),
        ]
        for one in ordered(chart)
    ]
    note = f"{chart.middle_label}: {plain(chart.written(chart.middle))}"
    return Figures([chart.axis, "low value", chart.low_name, "high value", chart.high_name], rows, [note])
