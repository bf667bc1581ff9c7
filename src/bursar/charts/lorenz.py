"""A Lorenz curve: which share of the people has which share of the whole, against the diagonal of equal shares.

The Gini coefficient is the area between curve and diagonal over the area under the diagonal: 0 where all have the same,
(n - 1) / n where one of n has everything (Gini 1912; formula for a sample in sorted order, Damgaard and Weiner 2000).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from bursar.charts.sheet import Sheet, colour
from bursar.charts.values import (
    MAX_SERIES,
    Chart,
    Figures,
    Number,
    check_chart,
    check_count,
    check_numbers,
    check_text,
    freeze,
    weight,
)
from bursar.charts.words import cut, plain, width_of

MAX_AMOUNTS = 200_000
"""People of one curve."""
MAX_VERTICES = 100
_SIDE = 300
_TENTHS = 10


@dataclass(frozen=True, slots=True)
class Curve:
    """What each of some people has, in any order; nobody has less than nothing."""

    name: str
    amounts: Sequence[Number]

    def __post_init__(self) -> None:
        freeze(self, amounts=tuple(self.amounts))


@dataclass(frozen=True, slots=True)
class Lorenz(Chart):
    """One curve or several to compare; `people` says who they are."""

    curves: Sequence[Curve]
    people: str = "people"

    def __post_init__(self) -> None:
        check_chart(self)
        freeze(self, curves=tuple(self.curves))
        check_count(len(self.curves), "curves", MAX_SERIES)
        check_text(self.people, "people")
        for place, one in enumerate(self.curves):
            check_text(one.name, f"curves[{place}].name")
            check_count(len(one.amounts), f"curves[{place}].amounts", MAX_AMOUNTS)
            check_numbers(one.amounts, f"curves[{place}].amounts", least=0)
        freeze(self, curves=tuple(Curve(one.name, sorted(one.amounts)) for one in self.curves))


def gini(amounts: Sequence[Number]) -> float:
    """The coefficient of sorted amounts, 0 to 1; 0 for nobody or nothing."""
    whole, count = float(sum(amounts)), len(amounts)
    if not whole:
        return 0.0
    ranked = sum((place + 1) * float(one) for place, one in enumerate(amounts))
    return max(0.0, 2 * ranked / (count * whole) - (count + 1) / count)


def share_of_first(amounts: Sequence[Number], part: float) -> float:
    """Which share the first `part` (0 to 1) of sorted amounts has, straight between two people."""
    sums = [0.0, *accumulate(float(one) for one in amounts)]
    if not sums[-1]:
        return 0.0
    place = min(part, 1.0) * len(amounts)
    before = min(int(place), len(amounts) - 1)
    return (sums[before] + (place - before) * (sums[before + 1] - sums[before])) / sums[-1]


def draw(chart: Lorenz, width: int) -> str:
    """The chart as an `svg` element."""
    sheet = Sheet(chart, width)
    known = [(number, one) for number, one in enumerate(chart.curves) if weight(sum(one.amounts))]
    if not known:
        return sheet.nothing("lorenz")
    left, top = 48.0, 10.0
    side = _SIDE if sheet.wide else width - left - 14
    bottom = top + side
    for tick in (0, 25, 50, 75, 100):
        x, y = left + side * tick / 100, bottom - side * tick / 100
        sheet.line(left, y, left + side, y, "bc-grid" + (" bc-zero" if not tick else ""))
        sheet.text(left - 8, y + 4, f"{tick} %", "bc-quiet", "end")
        sheet.line(x, bottom, x, bottom + 4, "bc-tick")
        words = f"{tick} %"
        sheet.text(min(x, width - width_of(words) / 2), bottom + 19, words, "bc-quiet", "middle")
    sheet.text(
        left + side / 2, bottom + 37, cut(f"share of {plain(chart.people)}, smallest first", side), "bc-quiet", "middle"
    )
    sheet.line(left, bottom, left + side, top, "bc-equal")
    sheet.text(left + side * 0.44, bottom - side * 0.5, "equal shares", "bc-note bc-halo", "end")
    for number, one in known:
        points = [(left + side * x, bottom - side * y) for x, y in vertices(one.amounts)]
        if len(known) == 1:
            sheet.polygon([*points, (left, bottom)], "bc-band bc-f1")
        sheet.polyline(points, f"bc-line bc-s{colour(number)}")
    if sheet.wide:
        _readings(sheet, chart, known, left + side + 48, top + 4, width)
        return sheet.end(max(bottom + 44, top + 4 + 92 * len(known)), "lorenz")
    _readings(sheet, chart, known, 0, bottom + 58, width)
    return sheet.end(bottom + 50 + 92 * len(known), "lorenz")


def vertices(amounts: Sequence[Number]) -> list[tuple[float, float]]:
    """Points of the curve from (0, 0) to (1, 1), at most `MAX_VERTICES` apart evenly."""
    count = len(amounts)
    sums = [0.0, *accumulate(float(one) for one in amounts)]
    places = sorted({round(count * step / MAX_VERTICES) for step in range(MAX_VERTICES + 1)})
    return [(place / count, sums[place] / sums[-1]) for place in places]


def _readings(
    sheet: Sheet, chart: Lorenz, known: Sequence[tuple[int, Curve]], left: float, top: float, width: float
) -> None:
    """What the curve says in words, beside it or beneath."""
    for row, (number, one) in enumerate(known):
        y = top + 92 * row
        sheet.line(left, y + 9, left + 20, y + 9, f"bc-line bc-s{colour(number)}")
        sheet.text(left + 28, y + 13, cut(plain(one.name), width - left - 28, bold=True), "bc-strong")
        for line, words in enumerate(readings(one.amounts)):
            sheet.text(left + 28, y + 33 + 18 * line, cut(words, width - left - 28), "bc-quiet")


def readings(amounts: Sequence[Number]) -> list[str]:
    """The curve in three sentences."""
    return [
        f"Gini coefficient {gini(amounts):.2f}",
        f"the tenth with most has {1 - share_of_first(amounts, 0.9):.0%}".replace("%", " %"),
        f"the lower half has {share_of_first(amounts, 0.5):.0%}".replace("%", " %"),
    ]


def figures(chart: Lorenz) -> Figures:
    """The share of each tenth of the people, up to all of them."""
    shown = [one for one in chart.curves if weight(sum(one.amounts))]
    rows = [
        [f"lowest {part * 100 // _TENTHS} %", *(f"{share_of_first(one.amounts, part / _TENTHS):.1%}" for one in shown)]
        for part in range(1, _TENTHS + 1)
        if shown
    ]
    notes = [f"{one.name}: Gini coefficient {gini(one.amounts):.3f}" for one in shown]
    return Figures([f"share of {chart.people}", *(one.name for one in shown)], rows, notes)
