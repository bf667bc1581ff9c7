"""Charts: calm, accessible inline SVG made of plain data, and the same figures as a table and for the terminal.

No script, no font, nothing fetched, no style or handler in the markup: colours come from `stylesheet()`. Pure.
"""

from bursar.charts.bands import BandNames, Bands, Mark, Reference, Series
from bursar.charts.bars import Bar, Bars
from bursar.charts.columns import Columns, Part
from bursar.charts.drawing import drawn, figure, figures, table
from bursar.charts.flow import Flow, Link, Node
from bursar.charts.gauge import Gauge, Zone, verdict
from bursar.charts.histogram import Histogram
from bursar.charts.lorenz import Curve, Lorenz, gini
from bursar.charts.sparkline import Sparkline
from bursar.charts.style import stylesheet
from bursar.charts.tables import tabulated
from bursar.charts.timeline import Span, Timeline
from bursar.charts.tornado import Swing, Tornado
from bursar.charts.treemap import Cell, Treemap
from bursar.charts.values import (
    MAX_MARKS,
    MAX_POINTS,
    MAX_ROWS,
    MAX_SERIES,
    MAX_SIZE,
    MAX_TEXT,
    NARROW,
    WIDE,
    Chart,
    Figures,
)
from bursar.charts.waterfall import Step, Total, Waterfall

__all__ = [
    "MAX_MARKS",
    "MAX_POINTS",
    "MAX_ROWS",
    "MAX_SERIES",
    "MAX_SIZE",
    "MAX_TEXT",
    "NARROW",
    "WIDE",
    "BandNames",
    "Bands",
    "Bar",
    "Bars",
    "Cell",
    "Chart",
    "Columns",
    "Curve",
    "Figures",
    "Flow",
    "Gauge",
    "Histogram",
    "Link",
    "Lorenz",
    "Mark",
    "Node",
    "Part",
    "Reference",
    "Series",
    "Span",
    "Sparkline",
    "Step",
    "Swing",
    "Timeline",
    "Tornado",
    "Total",
    "Treemap",
    "Waterfall",
    "Zone",
    "drawn",
    "figure",
    "figures",
    "gini",
    "stylesheet",
    "table",
    "tabulated",
    "verdict",
]
