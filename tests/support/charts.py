"""Charts to try: one of each kind, the awkward ones, and any that hypothesis can think of; and where their words stand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import accumulate, pairwise
from random import Random
from xml.etree import ElementTree

from hypothesis import strategies as st

from bursar.charts import (
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
)
from bursar.charts.words import SIZES, width_of

ZONES = (Zone(50, "Perk"), Zone(75, "Benefit"), Zone(100, "Pay"))
TODAY = date(2026, 3, 17)

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
    Histogram("histogram", "Cost", "Mostly 20.", [0, 10, 20, 30, 60], [1, 8, 5, 2], (12, 40), 19),
    Columns(
        "columns",
        "Burn",
        "Rising.",
        ["Mon", "Tue", "Wed"],
        [Part("agents", [5, 0, 9]), Part("back", [-1, 2, 0])],
        Reference(8, "pace"),
    ),
    Sparkline("spark", "Spent", "Rising.", [1, None, 3, 8]),
    Lorenz("lorenz", "Shares", "Uneven.", [Curve("now", [1, 1, 2, 16]), Curve("capped", [1, 1, 2, 4])]),
    Timeline(
        "timeline",
        "Lots",
        "One runs.",
        [
            Span("old", date(2025, 12, 1), date(2026, 2, 1), 5),
            Span("now", date(2026, 3, 1), date(2026, 4, 1), 7, "first"),
            Span("cliff", date(2026, 7, 1), None, 9),
        ],
        TODAY,
    ),
    Flow(
        "flow",
        "Where",
        "Most is spent.",
        [Node("p", "Promised", 0), Node("r", "Released", 1), Node("s", "Spent", 2), Node("l", "Lost", 2)],
        [Link("p", "r", 100), Link("r", "s", 70), Link("r", "l", 20)],
    ),
    Treemap("treemap", "Where", "One leads.", [Cell("A", 60), Cell("B", 30), Cell("C", 10), Cell("none", 0)]),
)

EMPTY: tuple[Chart, ...] = (
    Bands("no-bands", "Nothing", "Nothing yet.", [], []),
    Bands("no-values", "Nothing", "Nothing yet.", ["a"], [Series("x", middle=[None])]),
    Bars("no-bars", "Nothing", "Nothing yet.", []),
    Waterfall("no-steps", "Nothing", "Nothing yet.", []),
    Tornado("no-swings", "Nothing", "Nothing yet.", 1, []),
    Gauge("no-value", "Nothing", "Nothing yet.", None, ZONES),
    Histogram("no-counts", "Nothing", "Nothing yet.", [], []),
    Columns("no-columns", "Nothing", "Nothing yet.", [], []),
    Sparkline("no-spark", "Nothing", "Nothing yet.", []),
    Lorenz("no-curves", "Nothing", "Nothing yet.", [Curve("nobody", []), Curve("nothing", [0, 0])]),
    Timeline("no-spans", "Nothing", "Nothing yet.", []),
    Flow("no-flow", "Nothing", "Nothing yet.", [Node("a", "A", 0)], []),
    Treemap("no-cells", "Nothing", "Nothing yet.", [Cell("none", 0)]),
)

numbers = st.one_of(
    st.integers(-(10**19), 10**19),
    st.integers(-50, 50),
    st.floats(-1e24, 1e24, allow_nan=False),
    st.floats(-100, 100, allow_nan=False),
)
amounts = numbers.map(abs)
words = st.one_of(
    st.text(max_size=40),
    st.sampled_from(
        ["A label that is far longer than any place that it could stand in", "2026-03", "東京の契約社員", "€", ""]
    ),
)
_days = st.dates(date(1990, 1, 1), date(2150, 1, 1))


def _rows(of: st.SearchStrategy, most: int = 14) -> st.SearchStrategy:
    return st.lists(of, max_size=most)


def _start(draw: st.DrawFn) -> tuple[str, str, str]:
    return draw(st.text(min_size=1, max_size=20)), draw(words.filter(str.strip).map(lambda one: "T" + one)), draw(words)


@st.composite
def bands(draw: st.DrawFn) -> Chart:
    count = draw(st.integers(0, 40))
    line = st.lists(st.one_of(st.none(), numbers), min_size=count, max_size=count)
    series = [
        Series(draw(words), *(draw(line) for _ in range(draw(st.sampled_from([3, 5])))))
        for _ in range(draw(st.integers(0, 4)))
    ]
    marks = [Mark(draw(st.floats(0, count - 1)), draw(words)) for _ in range(draw(st.integers(0, 3)) if count else 0)]
    levels = [Reference(draw(numbers), draw(words)) for _ in range(draw(st.integers(0, 3)))]
    names = draw(st.lists(words, min_size=count, max_size=count))
    return Bands(*_start(draw), names, series, marks, levels, unit=draw(words), from_zero=draw(st.booleans()))


@st.composite
def bars(draw: st.DrawFn) -> Chart:
    parts = draw(st.lists(words, min_size=1, max_size=6))
    values = st.lists(numbers, min_size=len(parts), max_size=len(parts))
    rows = draw(_rows(st.builds(Bar, words, values, words)))
    return Bars(*_start(draw), rows, parts, draw(st.sampled_from(["stacked", "grouped"])), unit=draw(words))


@st.composite
def waterfalls(draw: st.DrawFn) -> Chart:
    first = draw(st.lists(st.builds(Step, words, numbers, words), min_size=1, max_size=1))
    return Waterfall(
        *_start(draw),
        first + draw(_rows(st.one_of(st.builds(Step, words, numbers, words), st.builds(Total, words, words)))),
    )


@st.composite
def tornados(draw: st.DrawFn) -> Chart:
    return Tornado(
        *_start(draw), draw(numbers), draw(_rows(st.builds(Swing, words, numbers, numbers, words, words))), draw(words)
    )


@st.composite
def gauges(draw: st.DrawFn) -> Chart:
    limits = sorted(draw(st.sets(st.integers(1, 99), max_size=5)) | {100})
    return Gauge(
        *_start(draw), draw(st.one_of(st.none(), st.floats(0, 100))), [Zone(one, draw(words)) for one in limits]
    )


@st.composite
def histograms(draw: st.DrawFn) -> Chart:
    counts = draw(_rows(st.integers(0, 10**6), 60))
    start, steps = (
        draw(st.integers(-(10**15), 10**15)),
        draw(st.lists(st.integers(1, 10**6), min_size=len(counts), max_size=len(counts))),
    )
    edges = list(accumulate(steps, initial=start)) if counts else []
    marked = draw(st.one_of(st.none(), st.lists(numbers, min_size=2, max_size=2).map(lambda two: (min(two), max(two)))))
    return Histogram(
        *_start(draw),
        edges,
        counts,
        marked,
        draw(st.one_of(st.none(), numbers)),
        draw(words),
        draw(words),
        unit=draw(words),
    )


@st.composite
def columns(draw: st.DrawFn) -> Chart:
    count = draw(st.integers(0, 60))
    parts = [
        Part(draw(words), draw(st.lists(numbers, min_size=count, max_size=count)))
        for _ in range(draw(st.integers(0, 4)))
    ]
    limit = draw(st.one_of(st.none(), st.builds(Reference, numbers, words)))
    return Columns(*_start(draw), draw(st.lists(words, min_size=count, max_size=count)), parts, limit, unit=draw(words))


@st.composite
def sparklines(draw: st.DrawFn) -> Chart:
    return Sparkline(*_start(draw), draw(_rows(st.one_of(st.none(), numbers), 60)))


@st.composite
def lorenzes(draw: st.DrawFn) -> Chart:
    return Lorenz(*_start(draw), draw(_rows(st.builds(Curve, words, _rows(amounts, 30)), 4)), draw(words))


@st.composite
def timelines(draw: st.DrawFn) -> Chart:
    spans = []
    for _ in range(draw(st.integers(0, 10))):
        days = sorted(draw(st.lists(_days, min_size=2, max_size=2)))
        spans.append(
            Span(
                draw(words),
                days[0],
                draw(st.sampled_from([days[1], None])),
                draw(st.one_of(st.none(), numbers)),
                draw(words),
            )
        )
    return Timeline(*_start(draw), spans, draw(st.one_of(st.none(), _days)))


@st.composite
def flows(draw: st.DrawFn) -> Chart:
    sides = draw(st.lists(st.integers(1, 4), min_size=2, max_size=4))
    nodes = [Node(f"{column}.{row}", draw(words), column) for column, rows in enumerate(sides) for row in range(rows)]
    links = []
    for node in nodes:
        nexts = [other for other in nodes if other.column == node.column + 1]
        left = (
            sum(link.amount for link in links if link.target == node.key)
            if node.column
            else draw(st.integers(0, 10**12))
        )
        for other in nexts:
            amount = draw(st.integers(0, left))
            links.append(Link(node.key, other.key, amount))
            left -= amount
    return Flow(*_start(draw), nodes, links)


@st.composite
def treemaps(draw: st.DrawFn) -> Chart:
    return Treemap(*_start(draw), draw(_rows(st.builds(Cell, words, amounts), 40)))


KINDS: dict[str, Callable[[], st.SearchStrategy[Chart]]] = {
    "bands": bands,
    "bars": bars,
    "waterfalls": waterfalls,
    "tornados": tornados,
    "gauges": gauges,
    "histograms": histograms,
    "columns": columns,
    "sparklines": sparklines,
    "lorenzes": lorenzes,
    "timelines": timelines,
    "flows": flows,
    "treemaps": treemaps,
}


def made_up(seed: int) -> list[Chart]:
    """One chart of each kind with words and figures of all lengths, the same for the same seed."""
    draws = Random(seed)
    letters = "abcdefghilmnoprstuvw WMmiIl.-_/ÄÉŁżß東京人事部éñAQ%@&0123456789"

    def word(most: int = 48) -> str:
        return "".join(draws.choice(letters) for _ in range(draws.randint(0, most)))

    def number() -> float:
        return draws.choice((-1, 1, 1)) * draws.choice(
            (draws.randint(0, 9), draws.randint(0, 10 ** draws.randint(1, 15)), draws.random())
        )

    def some(least: int, most: int) -> range:
        return range(draws.randint(least, most))

    def values(count: int) -> list[float]:
        return [number() for _ in range(count)]

    def start(kind: str) -> tuple[str, str, str]:
        return f"{kind} {seed}", "A title", word()

    names = [word() for _ in some(1, 120)]
    parts = [word() for _ in some(1, 5)]
    edges = sorted({draws.randint(-(10**6), 10**9) for _ in some(4, 60)})
    days = [date.fromordinal(draws.randint(730_000, 742_000)) for _ in range(20)]
    return [
        Bands(
            *start("bands"),
            names,
            [Series(word(), values(len(names)), values(len(names)), values(len(names))) for _ in some(1, 5)],
            [Mark(draws.uniform(0, len(names) - 1), word()) for _ in some(0, 5)],
            [Reference(number(), word()) for _ in some(0, 4)],
            unit=word(),
        ),
        Bars(*start("bars"), [Bar(word(), values(len(parts)), word()) for _ in some(1, 12)], parts, draws.choice(("stacked", "grouped"))),
        Waterfall(*start("fall"), [Step(word(), number(), word()), *(Step(word(), number(), word()) for _ in some(1, 10)), Total(word())]),
        Tornado(*start("tornado"), number(), [Swing(word(), number(), number(), word(20), word(20)) for _ in some(1, 9)]),
        Gauge(*start("gauge"), draws.uniform(0, 100), [Zone(one, word(20)) for one in (*sorted(draws.sample(range(1, 99), 4)), 100)]),
        Histogram(*start("histogram"), edges, [draws.randint(0, 10**6) for _ in edges[1:]], (edges[0], edges[-2]), edges[1], word(), word()),
        Columns(*start("columns"), names, [Part(word(), values(len(names))) for _ in some(1, 4)], Reference(number(), word())),
        Lorenz(*start("lorenz"), [Curve(word(), [abs(number()) for _ in some(1, 50)]) for _ in some(1, 4)], word()),
        Timeline(*start("timeline"), [Span(word(), min(a, b), draws.choice((max(a, b), None)), number(), word()) for a, b in pairwise(days)], days[0]),
        Flow(
            *start("flow"),
            [Node("a", word(), 0), *(Node(f"b{at}", word(), 1) for at in range(4)), *(Node(f"c{at}", word(), 2) for at in range(3))],
            [*(Link("a", f"b{at}", 10 ** draws.randint(1, 12)) for at in range(4)), *(Link("b0", f"c{at}", draws.randint(0, 3)) for at in range(3))],
        ),
        Treemap(*start("treemap"), [Cell(word(), abs(number())) for _ in some(1, 50)]),
    ]  # fmt: skip


@dataclass(frozen=True)
class Box:
    """Where words stand, in px of the picture: as wide as they are taken to be, as high as small letters with their stems."""

    text: str
    left: float
    right: float
    top: float
    bottom: float

    def touches(self, other: Box) -> bool:
        return (
            self.left < other.right and other.left < self.right and self.top < other.bottom and other.top < self.bottom
        )


def boxes(picture: ElementTree.Element) -> list[Box]:
    found = []
    for one in picture.iter("text"):
        parts = [(one.text or "", one.get("class", ""), 0.0)]
        parts += [(more.text or "", more.get("class", ""), float(more.get("dx", "0"))) for more in one]
        size = max(_size(kind) for _, kind, _ in parts)
        width = sum(
            width_of(text, _size(kind), bold="bc-strong" in kind or "bc-big" in kind) + gap for text, kind, gap in parts
        )
        x, y = float(one.attrib["x"]), float(one.attrib["y"])
        left = x - {"middle": width / 2, "end": width}.get(one.get("text-anchor", "start"), 0.0)
        found.append(Box("".join(text for text, _, _ in parts), left, left + width, y - size * 0.72, y + size * 0.2))
    return found


def _size(kind: str) -> float:
    return next((SIZES[name] for name in kind.split() if name in SIZES), SIZES[""])


def collisions(found: Sequence[Box]) -> list[tuple[str, str]]:
    return [(a.text, b.text) for place, a in enumerate(found) for b in found[:place] if a.touches(b)]
