"""Draw every kind of chart, light and dark, with plausible figures: `.venv/bin/python tools/chart_gallery.py OUT.html`.

One file that needs nothing else. To look at it: `chromium --headless --screenshot=out.png --window-size=1500,4000 OUT.html`.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import date
from math import exp, sin
from pathlib import Path
from random import Random

from bursar.charts import (
    BandNames,
    Bands,
    Bar,
    Bars,
    Cell,
    Chart,
    Columns,
    Curve,
    Flow,
    Gauge,
    Histogram,
    Link,
    Lorenz,
    Mark,
    Node,
    Part,
    Reference,
    Series,
    Span,
    Sparkline,
    Step,
    Swing,
    Timeline,
    Tornado,
    Total,
    Treemap,
    Waterfall,
    Zone,
    figure,
    stylesheet,
    table,
)

NANO = 1_000_000_000

PAGE = """
body { margin: 0; font: 16px/1.5 var(--bc-font); }
.theme { padding: 2.5rem clamp(1rem, 4vw, 3rem); background: var(--bc-page); color: var(--bc-ink); }
.theme > h1 { max-width: 54rem; margin: 0 auto 2rem; font-size: 1.5rem; letter-spacing: -0.02em; }
.card { max-width: 54rem; margin: 0 auto 1.5rem; padding: 1.5rem clamp(1rem, 3vw, 2rem); background: var(--bc-paper);
  border: 1px solid var(--bc-rule); border-radius: 12px; box-sizing: border-box; }
details { margin-top: 1rem; font-size: 0.875rem; } summary { color: var(--bc-quiet); cursor: pointer; }
.phone { max-width: 24.5rem; }
"""


def money(nanos: float) -> str:
    size = abs(nanos) / NANO
    text = f"{size / 1e6:.2f}M" if size >= 1e6 else f"{size / 1e3:.1f}k" if size >= 1e4 else f"{size:,.0f}"
    return f"{'−' if nanos < 0 else ''}${text}"


def dollars(amount: float) -> int:
    return round(amount * NANO)


def charts() -> list[Chart]:
    """One of each kind, and the hard cases of some."""
    return [*_bands(), *_bars(), *_waterfalls(), *_tornados(), *_gauges(), *_others()]


def _bands() -> list[Chart]:
    months = [f"{2026 + month // 12}-{month % 12 + 1:02d}" for month in range(24)]
    base = [310 * exp(0.045 * month) * (1 + 0.05 * sin(month)) for month in range(24)]
    spread = [0.08 + 0.022 * month for month in range(24)]
    fan = Series(
        "Stipend",
        [dollars(b * exp(-1.6 * s) * 1000) for b, s in zip(base, spread, strict=True)],
        [dollars(b * 1000) for b in base],
        [dollars(b * exp(1.6 * s) * 1000) for b, s in zip(base, spread, strict=True)],
        [dollars(b * exp(-0.65 * s) * 1000) for b, s in zip(base, spread, strict=True)],
        [dollars(b * exp(0.65 * s) * 1000) for b, s in zip(base, spread, strict=True)],
    )
    names = BandNames("p10", "median", "p90", "p25", "p75", band="eight of ten scenarios", inner="half of them")
    days = [f"{day} Mar" for day in range(1, 32)]
    spent = [dollars(31 * day * (1 + 0.12 * sin(day))) if day <= 17 else None for day in range(31)]
    ahead = [None if day < 17 else dollars(31 * day * (1 + 0.1 * sin(17)) + (day - 17) * 9) for day in range(31)]
    low = [None if v is None else round(v - dollars((d - 17) * 11)) for d, v in enumerate(ahead)]
    high = [None if v is None else round(v + dollars((d - 17) * 16)) for d, v in enumerate(ahead)]
    plans = ["Monthly reset", "Quarterly with rollover, capped at one month", "Pool for each team"]
    many = [
        Series(
            plan,
            [dollars(b * 400 * (1 + 0.3 * i)) for b in base],
            [dollars(b * 520 * (1 + 0.3 * i)) for b in base],
            [dollars(b * 640 * (1 + 0.3 * i)) for b in base],
        )
        for i, plan in enumerate(plans)
    ]
    hours = [f"hour {hour} of the week of 9 March" for hour in range(120)]
    return [
        Bands(
            "fan",
            "Cost of the plan at list price",
            "What everybody together spends each month: most likely $310k now and about $870k in two years.",
            months,
            [fan],
            marks=[Mark(6, "promotion round"), Mark(18.5, "contract ends")],
            references=[Reference(dollars(900_000), "budget")],
            parts=names,
            written=money,
            axis="month",
        ),
        Bands(
            "burn",
            "Ada's allotment this month",
            "Spent so far, and where the month ends at this rate: beyond the allotment from about 25 March.",
            days,
            [Series("spent", middle=spent), Series("at this rate", low, ahead, high)],
            marks=[Mark(17, "today"), Mark(30, "period ends")],
            references=[Reference(dollars(800), "allotment"), Reference(dollars(600), "warning at 75 %")],
            written=money,
            axis="day",
        ),
        Bands(
            "plans",
            "Three plans, the same people",
            "The pool costs most; the middle plan's rollover makes its cost no steadier.",
            months,
            many,
            parts=BandNames("p5", "p50", "p95", band="nine of ten scenarios"),
            written=money,
            axis="month",
        ),
        Bands(
            "load",
            "A hundred and twenty long names",
            "Requests an hour over five days; every label is longer than its place.",
            hours,
            [Series("requests", middle=[round(900 + 700 * sin(h / 24 * 6.283) + 40 * sin(h * 3)) for h in range(120)])],
            unit="requests",
        ),
        Bands(
            "none",
            "Forecast",
            "There is nothing to forecast from.",
            [],
            [],
            empty="No use yet; the forecast begins with the first request",
        ),
    ]


def _bars() -> list[Chart]:
    pay = ("Salary", "Bonus", "Equity", "Tokens")
    return [
        Bars(
            "pay",
            "Total pay, cash first",
            "The token package is a fifth of the first offer's total and a tenth of the second's.",
            [
                Bar("Bursar Labs", tuple(map(dollars, (148_000, 15_000, 42_000, 36_000))), "Staff engineer, Berlin"),
                Bar("Northwind", tuple(map(dollars, (165_000, 8_000, 30_000, 12_000))), "Senior engineer, remote"),
                Bar("As today", tuple(map(dollars, (139_000, 10_000, 0, 3_600)))),
            ],
            pay,
            written=money,
            axis="offer",
        ),
        Bars(
            "top",
            "Who spends most",
            "Spending in March: the first three have half of it.",
            [
                Bar(name, (dollars(value),))
                for name, value in (
                    ("Nightly refactoring agent of the platform team, second shift", 4210),
                    ("Ada Abara", 2980.5),
                    ("Review bot", 2204),
                    ("Jun Watanabe", 1190),
                    ("Łukasz Wiśniewski-Ćwikliński", 644),
                    ("Zoë", 12),
                )
            ],
            written=money,
            axis="person or agent",
        ),
        Bars(
            "change",
            "Change against last month",
            "Research spends less, everything else more.",
            [Bar("Platform", (1840,)), Bar("Research", (-960,)), Bar("Data", (310,)), Bar("Design", (0,))],
            unit="dollars",
        ),
        Bars(
            "grouped",
            "Promised and used",
            "Seniors use nearly all of what is promised, interns half.",
            [Bar("Senior", (2500, 2310)), Bar("Regular", (1200, 800)), Bar("Intern", (400, 190))],
            ("promised", "used"),
            "grouped",
            unit="dollars a month",
        ),
    ]


def _waterfalls() -> list[Chart]:
    return [
        Waterfall(
            "worth",
            "What $36,000 of tokens are worth in cash",
            "Two fifths of the face value remain: most is lost because much of it replaces nothing that you would buy.",
            [
                Step("Face value", dollars(36_000), "12 months at $3,000"),
                Step("Wholesale price", dollars(-3_600), "the employer pays 10 % less"),
                Step("Not what you would buy", dollars(-12_400), "work use replaces nothing of yours"),
                Total("Would be used"),
                Step("Expires", dollars(-4_100), "no rollover"),
                Step("Saved on your own plan", dollars(2_400), "$200 a month"),
                Step("Risk of forfeiture", dollars(-2_800)),
                Step("Tax", 0, "working-condition benefit"),
                Total("Cash equivalent", "what you should ask for instead"),
            ],
            written=money,
        ),
        Waterfall(
            "below",
            "Below zero",
            "The sum crosses zero twice.",
            [Step("Begin", 40), Step("Loss", -90), Total("Owed"), Step("Gain", 75), Step("Fee", -45), Total("Left")],
        ),
    ]


def _tornados() -> list[Chart]:
    return [
        Tornado(
            "sens",
            "What the answer depends on",
            "How much you would have bought yourself decides; tax hardly matters.",
            dollars(15_500),
            [
                Swing("Tax rate", dollars(15_900), dollars(15_000), "35 %", "45 %"),
                Swing("Would have bought yourself", dollars(6_200), dollars(28_400), "10 %", "80 %"),
                Swing("Prices fall each year by", dollars(19_100), dollars(12_800), "20 %", "60 %"),
                Swing("Chance of leaving within a year", dollars(17_000), dollars(11_100), "5 %", "40 %"),
                Swing("Rollover", dollars(16_800), dollars(17_900), "one month", "without limit"),
            ],
            "cash equivalent",
            written=money,
        )
    ]


def _gauges() -> list[Chart]:
    zones = [Zone(25, "Marketing"), Zone(50, "Perk"), Zone(75, "Benefit"), Zone(100, "Pay")]
    return [
        Gauge("laptop", "The laptop test", "At 62 of 100 this is a benefit, thirteen points short of pay.", 62, zones),
        Gauge(
            "edge",
            "Utilisation",
            "Too low: most of what is promised is lost.",
            4,
            [Zone(10, "Wasted"), Zone(30, "Low"), Zone(85, "Healthy"), Zone(95, "Tight"), Zone(100, "Over")],
            written=lambda value: f"{value:g} %",
        ),
    ]


def _others() -> list[Chart]:
    draws = Random(7)  # noqa: S311 - plausible figures, no secrets
    totals = [draws.lognormvariate(10.2, 0.35) for _ in range(4000)]
    edges = [10_000 + 2_500 * step for step in range(33)]
    counts = [sum(a <= one < a + 2_500 for one in totals) for a in edges[:-1]]
    days = [f"{day} Mar" for day in range(1, 32)]
    burn = [
        [dollars(max(0.0, draws.gauss(m, m / 3)) * (0.25 if day % 7 in (0, 6) else 1)) for day in range(31)]
        for m in (310, 160, 60)
    ]
    people = [draws.lognormvariate(5.6, 1.1) for _ in range(400)]
    capped = [min(one, 500.0) for one in people]
    models = (
        ("Opus", 4210),
        ("Sonnet", 2890),
        ("GPT-5", 1740),
        ("Gemini Pro", 960),
        ("Haiku", 610),
        ("Embeddings", 290),
        ("GPU hours (H100)", 260),
        ("Flash", 120),
        ("Seats", 90),
        ("Whisper", 30),
        *((f"test {n}", 4) for n in range(12)),
    )
    return [
        Histogram(
            "total",
            "Cost of the year",
            "Four thousand scenarios: most likely $27k, nine of ten between $15k and $48k.",
            [dollars(edge) for edge in edges],
            counts,
            (dollars(15_200), dollars(47_900)),
            dollars(26_900),
            written=money,
            counted="scenarios",
            unit="scenarios",
        ),
        Columns(
            "daily",
            "Burn by day",
            "Weekends are quiet; four days went beyond the pace.",
            days,
            [Part("agents", burn[0]), Part("people", burn[1]), Part("batch", burn[2])],
            Reference(dollars(600), "pace"),
            written=money,
            axis="day",
        ),
        Columns(
            "net",
            "Added and taken away",
            "Top-ups above, expiries below.",
            ["Q1", "Q2", "Q3", "Q4"],
            [Part("top-ups", [120, 80, 0, 200]), Part("expired", [-30, -90, -60, 0])],
            unit="dollars",
        ),
        Lorenz(
            "fair",
            "Who uses how much",
            "A tenth of the people use a third of all; the cap makes it more even.",
            [Curve("without a cap", people), Curve("capped at $500", capped)],
        ),
        Timeline(
            "lots",
            "Lots by expiry",
            "Two lots run; the next one vests on 1 July and the first to go is the rolled one.",
            [
                Span("Q4, rolled over", date(2025, 12, 1), date(2026, 2, 28), 0),
                Span("March allotment", date(2026, 3, 1), date(2026, 3, 31), dollars(2500), "burns first"),
                Span("Signing grant", date(2026, 1, 15), date(2026, 12, 31), dollars(6000), "any model"),
                Span("Hackathon prize", date(2026, 5, 2), date(2026, 6, 2), dollars(400)),
                Span("Cliff", date(2026, 7, 1), None, dollars(9000), "a quarter of the grant"),
                Span("Vests", date(2026, 10, 1), None, dollars(3000)),
            ],
            date(2026, 3, 17),
            written=money,
            axis="lot",
        ),
        Flow(
            "where",
            "From promise to use",
            "Of every dollar promised, 62 cents are spent and 15 are lost.",
            [
                Node("p", "Promised", 0),
                Node("r", "Released", 1),
                Node("s", "Spent", 2),
                Node("h", "Held", 2),
                Node("b", "Balance", 2),
                Node("f", "Forfeited", 2),
                Node("n", "Not yet vested", 2),
            ],
            [
                Link("p", "r", dollars(92_000)),
                Link("p", "n", dollars(8_000)),
                Link("r", "s", dollars(62_000)),
                Link("r", "h", dollars(1_200)),
                Link("r", "b", dollars(13_800)),
                Link("r", "f", dollars(15_000)),
            ],
            written=money,
        ),
        Treemap(
            "map",
            "Where it went",
            "Two models have six tenths of the spending.",
            [Cell(name, dollars(value)) for name, value in models],
            written=money,
            axis="model",
        ),
        Sparkline(
            "spark",
            "Spent in the last 30 days",
            "Rising, with quiet weekends.",
            [v + w for v, w in zip(burn[0], burn[1], strict=True)],
            days,
            written=money,
        ),
    ]


def page() -> str:
    """The gallery: everything light, everything dark, then at the width of a phone."""
    parts = ['<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Charts</title>']
    parts.append('<meta name="viewport" content="width=device-width, initial-scale=1">')
    parts.append(f"<style>{stylesheet()}{PAGE}</style></head><body>")
    for theme in ("light", "dark"):
        for size in ("", " phone"):
            parts.append(f'<section class="theme" data-theme="{theme}"><h1>{theme.title()}{size}</h1>')
            for chart in charts():
                again = _keyed(chart, f"{chart.key}-{theme}{size.strip()}")
                parts.append(f'<div class="card{size}">{figure(again)}')
                parts.append(f"<details><summary>The figures</summary>{table(again)}</details></div>")
            parts.append("</section>")
    return "\n".join([*parts, "</body></html>"]) + "\n"


def _keyed(chart: Chart, key: str) -> Chart:
    return replace(chart, key=key)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: chart_gallery.py OUT.html")
    Path(sys.argv[1]).write_text(page(), encoding="utf-8")
