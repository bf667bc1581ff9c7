"""A flow: how a whole divides on its way from left to right. What leaves a node never exceeds what came in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bursar.charts.scale import px
from bursar.charts.sheet import Sheet, baseline, colour, said
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
    weight,
)
from bursar.charts.words import cut, plain, width_of
from bursar.errors import InvalidInput

MAX_COLUMNS = 6
_NODE = 10.0
_LABEL = 32.0
"""Height that the two lines of a node's label need."""
_GAP = 8.0
_BODY = {True: 200.0, False: 220.0}
_SLACK = 1e-9


@dataclass(frozen=True, slots=True)
class Node:
    """A station in a column from 0."""

    key: str
    label: str
    column: int


@dataclass(frozen=True, slots=True)
class Link:
    """An amount that goes from one node to one further right."""

    source: str
    target: str
    amount: Number


@dataclass(frozen=True, slots=True)
class Flow(Chart):
    """Nodes from top to bottom within their columns, and what goes between them."""

    nodes: Sequence[Node]
    links: Sequence[Link]

    def __post_init__(self) -> None:
        check_chart(self)
        freeze(self, nodes=tuple(self.nodes), links=tuple(self.links))
        check_count(len(self.nodes), "nodes", MAX_ROWS)
        check_count(len(self.links), "links", MAX_ROWS * 2)
        known: dict[str, Node] = {}
        for place, node in enumerate(self.nodes):
            check_text(node.label, f"nodes[{place}].label")
            if node.key in known:
                raise InvalidInput(f"nodes[{place}].key", repr(node.key), "a key that no other node has")
            if not isinstance(node.column, int) or not 0 <= node.column < MAX_COLUMNS:
                raise InvalidInput(f"nodes[{place}].column", repr(node.column), f"0 to {MAX_COLUMNS - 1}")
            known[node.key] = node
        for place, link in enumerate(self.links):
            check_number(link.amount, f"links[{place}].amount", least=0)
            for name in ("source", "target"):
                if getattr(link, name) not in known:
                    raise InvalidInput(f"links[{place}].{name}", repr(getattr(link, name)), "the key of a node")
            if known[link.source].column >= known[link.target].column:
                raise InvalidInput(f"links[{place}].target", repr(link.target), f"a node right of {link.source}")
        for node in self.nodes:
            came, went = incoming(self, node), outgoing(self, node)
            if came and float(went) > float(came) * (1 + _SLACK):
                raise InvalidInput("links", f"{went} out of {node.key}", f"at most the {came} that come in")


def incoming(chart: Flow, node: Node) -> Number:
    return sum(link.amount for link in chart.links if link.target == node.key)


def outgoing(chart: Flow, node: Node) -> Number:
    return sum(link.amount for link in chart.links if link.source == node.key)


def size_of(chart: Flow, node: Node) -> Number:
    """What passes through a node, or ends in it."""
    return max(incoming(chart, node), outgoing(chart, node))


@dataclass(slots=True)
class _Placed:
    node: Node
    x: float
    y: float
    h: float
    middle: float
    tone: str
    taken_in: float = 0
    taken_out: float = 0


def draw(chart: Flow, width: int) -> str:
    """The chart as an `svg` element."""
    sheet = Sheet(chart, width)
    if not any(weight(link.amount) for link in chart.links):
        return sheet.nothing("flow")
    columns = sorted({node.column for node in chart.nodes})
    by_column = {column: [node for node in chart.nodes if node.column == column] for column in columns}
    amounts = {node.key: said(chart, size_of(chart, node)) for node in chart.nodes}
    last = by_column[columns[-1]]
    label = max(max(width_of(plain(node.label)), width_of(amounts[node.key], bold=True)) for node in last)
    end = width - _NODE - min(label + 16, width * 0.3)
    apart = end / max(1, len(columns) - 1)
    whole = max(float(sum(size_of(chart, node) for node in nodes)) for nodes in by_column.values())
    by = _BODY[sheet.wide] / whole
    placed: dict[str, _Placed] = {}
    height = 0.0
    for number, column in enumerate(columns):
        y = 2.0
        for row, node in enumerate(by_column[column]):
            h = max(1.0, float(size_of(chart, node)) * by)
            slot = max(h, _LABEL)
            final = column == columns[-1]
            tone = f"bc-f{colour(row)}" if final else "bc-level"
            placed[node.key] = _Placed(node, apart * number, y + (slot - h) / 2, h, y + slot / 2, tone)
            y += slot + _GAP
        height = max(height, y - _GAP)
    _ribbons(sheet, chart, placed, by)
    for one in placed.values():
        room = (width if one.node.column == columns[-1] else one.x + apart) - one.x - _NODE - 12
        tip = f"{one.node.label}: {amounts[one.node.key]}"
        sheet.rect(one.x, one.y, _NODE, one.h, one.tone, round_by=2, tip=tip)
        x = one.x + _NODE + 6
        sheet.text(x, baseline(one.middle - 7.5), cut(plain(one.node.label), room))
        sheet.text(x, baseline(one.middle + 7.5), cut(amounts[one.node.key], room, bold=True), "bc-strong")
    return sheet.end(height + 4, "flow")


def _ribbons(sheet: Sheet, chart: Flow, placed: dict[str, _Placed], by: float) -> None:
    order = {node.key: place for place, node in enumerate(chart.nodes)}
    starts: dict[int, float] = {}
    ends: dict[int, float] = {}
    for place, link in sorted(enumerate(chart.links), key=lambda one: (order[one[1].target], order[one[1].source])):
        source = placed[link.source]
        starts[place] = source.y + source.taken_out
        source.taken_out += float(link.amount) * by
    for place, link in sorted(enumerate(chart.links), key=lambda one: (order[one[1].source], order[one[1].target])):
        target = placed[link.target]
        ends[place] = target.y + target.taken_in
        target.taken_in += float(link.amount) * by
    for place, link in enumerate(chart.links):
        if not weight(link.amount):
            continue
        source, target = placed[link.source], placed[link.target]
        x1, x2, h = source.x + _NODE, target.x, max(0.8, float(link.amount) * by)
        y1, y2, bend = starts[place], ends[place], (x2 - x1) / 2
        path = (
            f"M{px(x1)} {px(y1)}C{px(x1 + bend)} {px(y1)} {px(x2 - bend)} {px(y2)} {px(x2)} {px(y2)}"
            f"v{px(h)}C{px(x2 - bend)} {px(y2 + h)} {px(x1 + bend)} {px(y1 + h)} {px(x1)} {px(y1 + h)}z"
        )
        tip = f"{source.node.label} to {target.node.label}: {said(chart, link.amount)}"
        sheet.path(path, f"bc-ribbon {target.tone}", tip=tip)


def figures(chart: Flow) -> Figures:
    """Every link with its share of what leaves its source."""
    names = {node.key: node for node in chart.nodes}
    rows = []
    for link in chart.links:
        whole = float(outgoing(chart, names[link.source]))
        share = f"{float(link.amount) / whole:.1%}" if whole else ""
        rows.append([names[link.source].label, names[link.target].label, chart.written(link.amount), share])
    return Figures(["from", "to", "amount", "share"], rows)
