"""A sparkline: the shape of a series in a line of text or a table's cell. No axes; the last value has a dot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bursar.charts.scale import bounds
from bursar.charts.sheet import Sheet
from bursar.charts.values import MAX_POINTS, Chart, Figures, Number, check_chart, check_count, check_number, freeze

WIDTH, HEIGHT = 120, 28
_EDGE = 4.0


@dataclass(frozen=True, slots=True)
class Sparkline(Chart):
    """Values in order, None where there is none; `names` of the positions are for the table."""

    values: Sequence[Number | None]
    names: Sequence[str] = ()

    def __post_init__(self) -> None:
        check_chart(self)
        freeze(self, values=tuple(self.values), names=tuple(self.names))
        check_count(len(self.values), "values", MAX_POINTS)
        if self.names:
            check_count(len(self.names), "names", len(self.values), len(self.values))
        for place, value in enumerate(self.values):
            if value is not None:
                check_number(value, f"values[{place}]")


def draw(chart: Sparkline, width: int) -> str:
    """The chart as an `svg` element, the same at any width of the page."""
    sheet = Sheet(chart, WIDTH)
    known = [value for value in chart.values if value is not None]
    if not known:
        sheet.line(_EDGE, HEIGHT / 2, WIDTH - _EDGE, HEIGHT / 2, "bc-void")
        return sheet.end(HEIGHT, "spark")
    low, high = bounds(known)
    most = max(1, len(chart.values) - 1)

    def at(place: int, value: Number) -> tuple[float, float]:
        x = _EDGE + (WIDTH - 2 * _EDGE) * (place / most if len(chart.values) > 1 else 1)
        return x, HEIGHT - _EDGE - (HEIGHT - 2 * _EDGE) * (float(value) - low) / (high - low)

    run: list[tuple[float, float]] = []
    for place, value in enumerate([*chart.values, None]):
        if value is not None:
            run.append(at(place, value))
            continue
        if len(run) > 1:
            sheet.polygon([(run[0][0], HEIGHT - _EDGE), *run, (run[-1][0], HEIGHT - _EDGE)], "bc-band bc-f1")
            sheet.polyline(run, "bc-line bc-s1")
        run = []
    last = max(place for place, value in enumerate(chart.values) if value is not None)
    sheet.circle(*at(last, chart.values[last] or 0), 2.5, "bc-f1")
    return sheet.end(HEIGHT, "spark")


def figures(chart: Sparkline) -> Figures:
    """Every value by position."""
    names = chart.names or [str(place + 1) for place in range(len(chart.values))]
    rows = [
        [name, "" if value is None else chart.written(value)] for name, value in zip(names, chart.values, strict=True)
    ]
    return Figures(["", chart.unit or chart.title], rows)
