"""One chart of each kind, and the awkward ones."""

from __future__ import annotations

from bursar.charts import (
    Bands,
    Bar,
    Bars,
    Chart,
    Gauge,
    Mark,
    Reference,
    Series,
    Step,
    Swing,
    Tornado,
    Total,
    Waterfall,
    Zone,
)

ZONES = (Zone(50, "Perk"), Zone(75, "Benefit"), Zone(100, "Pay"))

EXAMPLES: tuple[Chart, ...] = (
    Bands(
        "bands",
        "Cost <b>& co</b>",
        'A "sentence" & more.',
        ["2026-01", "2026-02", "2026-03"],
        [
            Series("past", middle=[10, 12, None]),
            Series("ahead", [None, 12, 11], [None, 12, 15], [None, 12, 22], [None, 12, 13], [None, 12, 18]),
        ],
        marks=[Mark(1, "today"), Mark(1.5, "review")],
        references=[Reference(20, "limit")],
    ),
    Bars(
        "bars",
        "Pay",
        "Cash first.",
        [Bar("Offer", (100, 20, -5), "remote"), Bar("Today", (90, 0, 0))],
        ("cash", "tokens", "fee"),
    ),
    Bars(
        "grouped",
        "Pay",
        "Cash first.",
        [Bar("Offer", (100, 20)), Bar("Today", (90, -7))],
        ("cash", "tokens"),
        "grouped",
    ),
    Waterfall(
        "fall", "Worth", "What remains.", [Step("Face", 100), Step("Tax", -30), Step("More", 5, "why"), Total("Left")]
    ),
    Tornado(
        "tornado", "Depends", "On use.", 10, [Swing("Tax", 9, 11, "20 %", "30 %"), Swing("Use", 14, 12, "low", "high")]
    ),
    Gauge("gauge", "Laptop test", "A benefit.", 62, ZONES),
    Gauge("unknown", "Laptop test", "Not known yet.", None, ZONES),
    Bands("empty", "Nothing", "Nothing yet.", [], []),
)
