"""Charts as plain text for a terminal: the same values, in the width and height that there is.

`printed` draws bars, waterfalls, tornados, gauges, fans, columns, histograms, Lorenz curves and sparklines; of the other kinds it aligns the
table. No colour and no library: strings that the command line may colour.
"""

from __future__ import annotations

from collections.abc import Sequence

from bursar.charts.bands import Bands
from bursar.charts.bars import Bars
from bursar.charts.columns import Columns
from bursar.charts.drawing import figures
from bursar.charts.flow import Flow
from bursar.charts.gauge import Gauge
from bursar.charts.histogram import Histogram
from bursar.charts.lorenz import Lorenz
from bursar.charts.sparkline import Sparkline
from bursar.charts.terminal import plots, rows
from bursar.charts.terminal.cells import (
    LEAST_HEIGHT,
    LEAST_WIDTH,
    MOST_HEIGHT,
    MOST_WIDTH,
    cells,
    clip,
    filled,
    fit,
    sparks,
)
from bursar.charts.tornado import Tornado
from bursar.charts.treemap import Treemap, gathered
from bursar.charts.values import Chart, Figures, check_number
from bursar.charts.waterfall import Waterfall
from bursar.charts.words import plain


def printed(chart: Chart, width: int = 80, height: int = 14) -> str:
    """The chart in lines of at most `width` cells (24 to 400); `height` (4 to 100) counts for those with two axes."""
    check_number(width, "width", least=LEAST_WIDTH, most=MOST_WIDTH)
    check_number(height, "height", least=LEAST_HEIGHT, most=MOST_HEIGHT)
    lines = _lines(chart, width, height)
    return "\n".join(lines) if lines else plain(chart.empty)


def _lines(chart: Chart, width: int, height: int) -> Sequence[str]:
    """No lines where there is nothing to draw."""
    if not figures(chart).rows:
        return []
    match chart:
        case Bars():
            return rows.bars(chart, width)
        case Waterfall():
            return rows.waterfall(chart, width)
        case Tornado():
            return rows.tornado(chart, width)
        case Gauge():
            return rows.gauge(chart, width)
        case Bands() if any(value is not None for one in chart.series for value in one.middle):
            return plots.fan(chart, width, height)
        case Columns() if any(value for part in chart.parts for value in part.values):
            return plots.columns(chart, width, height)
        case Lorenz() if any(sum(float(amount) for amount in one.amounts) for one in chart.curves):
            return plots.lorenz(chart, width, height)
        case Histogram() if any(chart.counts):
            return plots.histogram(chart, width, height)
        case Sparkline():
            return [sparks(chart.values[-width:])]
        case Bands() | Columns() | Histogram():
            return []
        case Treemap() if not gathered(chart):
            return []
        case Flow() if not any(link.amount for link in chart.links):
            return []
        case _:
            return aligned(figures(chart), width)


def aligned(found: Figures, width: int) -> list[str]:
    """A table in columns: names to the left, figures to the right, the names cut first."""
    lines = [list(found.columns), *(list(row) for row in found.rows)]
    sizes = [max(cells(plain(line[at])) for line in lines) for at in range(len(found.columns))]
    sizes[0] = max(4, min(sizes[0], width - sum(sizes[1:]) - 2 * (len(sizes) - 1)))
    rows = [
        [fit(text, size, right=bool(at)) for at, (text, size) in enumerate(zip(line, sizes, strict=True))]
        for line in lines
    ]
    return [clip("  ".join(row), width).rstrip() for row in rows]


__all__ = ["LEAST_HEIGHT", "LEAST_WIDTH", "MOST_HEIGHT", "MOST_WIDTH", "aligned", "filled", "printed", "sparks"]
