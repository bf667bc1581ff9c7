"""Any chart as a picture, as a table, or as a figure that holds the picture at both widths."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bursar.charts import (
    bands,
    bars,
    columns,
    flow,
    gauge,
    histogram,
    lorenz,
    sparkline,
    timeline,
    tornado,
    treemap,
    waterfall,
)
from bursar.charts.tables import tabulated
from bursar.charts.values import NARROW, WIDE, Chart, Figures
from bursar.charts.words import identifier, safe
from bursar.errors import InvalidInput


@dataclass(frozen=True, slots=True)
class _Kind:
    draw: Callable[[Any, int], str]
    figures: Callable[[Any], Figures]


_KINDS: dict[type[Chart], _Kind] = {
    bands.Bands: _Kind(bands.draw, bands.figures),
    bars.Bars: _Kind(bars.draw, bars.figures),
    waterfall.Waterfall: _Kind(waterfall.draw, waterfall.figures),
    tornado.Tornado: _Kind(tornado.draw, tornado.figures),
    gauge.Gauge: _Kind(gauge.draw, gauge.figures),
    histogram.Histogram: _Kind(histogram.draw, histogram.figures),
    columns.Columns: _Kind(columns.draw, columns.figures),
    lorenz.Lorenz: _Kind(lorenz.draw, lorenz.figures),
    timeline.Timeline: _Kind(timeline.draw, timeline.figures),
    flow.Flow: _Kind(flow.draw, flow.figures),
    treemap.Treemap: _Kind(treemap.draw, treemap.figures),
    sparkline.Sparkline: _Kind(sparkline.draw, sparkline.figures),
}


def drawn(chart: Chart, width: int = WIDE) -> str:
    """The chart as one inline `svg` element, `WIDE` or `NARROW`."""
    if width not in (WIDE, NARROW):
        raise InvalidInput("width", str(width), f"{WIDE} or {NARROW}")
    return _kind(chart).draw(chart, width)


def figure(chart: Chart, *, caption: bool = True) -> str:
    """A `figure` with the picture at both widths, of which the stylesheet shows the one that fits.

    With `caption` the title and the sentence stand above it; without, the page has to say them.
    """
    name = f"bc-{identifier(chart.key)}-c"
    label = f' aria-labelledby="{name}"' if caption else ""
    said = (
        f'<figcaption id="{name}"><strong class="bc-title">{safe(chart.title)}</strong>'
        f'<span class="bc-sentence">{safe(chart.sentence)}</span></figcaption>\n'
        if caption
        else ""
    )
    widths = (WIDE,) if isinstance(chart, sparkline.Sparkline) else (WIDE, NARROW)
    pictures = "\n".join(drawn(chart, width) for width in widths)
    return f'<figure class="bc-figure"{label}>\n{said}{pictures}\n</figure>'


def table(chart: Chart) -> str:
    """The chart's figures as an HTML table; put it into a `details` element beneath the figure."""
    found = figures(chart)
    return tabulated(chart.title, found.columns, found.rows, notes=found.notes)


def figures(chart: Chart) -> Figures:
    """The chart's figures as rows of text."""
    return _kind(chart).figures(chart)


def _kind(chart: Chart) -> _Kind:
    kind = _KINDS.get(type(chart))
    if kind is None:
        raise InvalidInput("chart", type(chart).__name__, f"one of {', '.join(one.__name__ for one in _KINDS)}")
    return kind
