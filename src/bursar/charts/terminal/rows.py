"""Charts of one row for each label: bars, waterfalls, tornados, and the scale of a gauge."""

from __future__ import annotations

from collections.abc import Sequence

from bursar.charts.bars import Bars
from bursar.charts.gauge import Gauge, verdict
from bursar.charts.scale import Scale, bounds
from bursar.charts.sheet import said
from bursar.charts.terminal.cells import FILLS, between, cells, clip, fill_of, fit
from bursar.charts.tornado import Tornado, ends_of, ordered
from bursar.charts.values import Number
from bursar.charts.waterfall import Waterfall, rows_of
from bursar.charts.words import plain

_LEAST_BAR = 7
"""Cells that a tornado's bars keep, whatever its words need."""


def bars(chart: Bars, width: int) -> list[str]:
    """Label, bar from zero, value; stacked parts in different fills under a legend."""
    stacked = chart.layout == "stacked"
    legend = [_legend(chart.parts, width)] if len(chart.parts) > 1 else []
    lines: list[tuple[str, list[tuple[Number, Number, str]], str]] = []
    for bar in chart.bars:
        if stacked:
            lines.append((bar.label, _stack(bar.values), said(chart, sum(bar.values))))
            continue
        for number, value in enumerate(bar.values):
            lines.append(
                (bar.label if not number else "", [(0, value, fill_of(number, len(bar.values)))], said(chart, value))
            )
    ends = [float(one) for _, pieces, _ in lines for piece in pieces for one in piece[:2]]
    return legend + _lay(lines, bounds(ends), width)


def _stack(values: Sequence[Number]) -> list[tuple[Number, Number, str]]:
    pieces: list[tuple[Number, Number, str]] = []
    up: Number = 0
    down: Number = 0
    for number, value in enumerate(values):
        start = up if value >= 0 else down
        pieces.append((start, start + value, fill_of(number, len(values))))
        up, down = (up + value, down) if value >= 0 else (up, down + value)
    return pieces


def waterfall(chart: Waterfall, width: int) -> list[str]:
    """Levels solid, what is taken shaded; every change with its sign."""
    rows = rows_of(chart)
    lines = [(row.label, [(row.start, row.end, "▒" if row.kind == "less" else "█")], row.text) for row in rows]
    return _lay(lines, bounds([float(one) for row in rows for one in (row.start, row.end)]), width)


def _lay(
    lines: Sequence[tuple[str, list[tuple[Number, Number, str]], str]], ends: tuple[float, float], width: int
) -> list[str]:
    label = min(width // 3, max(cells(plain(line[0])) for line in lines))
    value = min(width // 4, max(cells(line[2]) for line in lines))
    room = width - label - value - 2
    scale = Scale(*ends, 0.0, 1.0)
    found = []
    for name, pieces, text in lines:
        row = [" "] * room
        for start, end, fill in pieces:
            if start != end:
                piece = between(scale.at(start), scale.at(end), room, fill)
                row = [new if new != " " else old for new, old in zip(piece, row, strict=True)]
        zero = round(scale.at(0) * room)
        if 0 < zero < room and row[zero] == " ":
            row[zero] = "│"
        found.append(f"{fit(name, label, right=True)} {''.join(row)} {fit(text, value, right=True)}")
    return found


def tornado(chart: Tornado, width: int) -> list[str]:
    """Both ends of every swing around the middle, what leads there beside them."""
    swings = ordered(chart)
    texts = [ends_of(chart, one) for one in swings]
    label = min(width // 4, max(cells(plain(one.label)) for one in swings))
    side = max(cells(text) for pair in texts for text in pair)
    if side > width // 4:  # The answers matter more than what leads there.
        texts = [(said(chart, min(one.low, one.high)), said(chart, max(one.low, one.high))) for one in swings]
        side = min(width // 4, max(cells(text) for pair in texts for text in pair))
    side = min(side, max(1, (width - label - _LEAST_BAR - 3) // 2))
    room = width - label - 2 * side - 3
    reach = max(abs(float(value) - float(chart.middle)) for one in swings for value in (one.low, one.high)) or 1.0
    scale = Scale(float(chart.middle) - reach, float(chart.middle) + reach, 0.0, 1.0)
    head = f"{plain(chart.middle_label)} {said(chart, chart.middle)}"
    start = max(0, min(width - cells(head), label + side + 2 + room // 2 - cells(head) // 2))
    found = [_legend((chart.low_name, chart.high_name), width), " " * start + fit(head, min(width, cells(head)))]
    for one, (left, right) in zip(swings, texts, strict=True):
        row = [" "] * room
        for value, fill in sorted(
            ((one.low, FILLS[0]), (one.high, FILLS[2])), key=lambda end: -abs(float(end[0]) - float(chart.middle))
        ):
            piece = between(0.5, scale.at(value), room, fill) if value != chart.middle else " " * room
            row = [new if new != " " else old for new, old in zip(piece, row, strict=True)]
        if row[room // 2] == " ":
            row[room // 2] = "│"
        found.append(
            f"{fit(one.label, label, right=True)} {fit(left, side, right=True)} {''.join(row)} {fit(right, side)}"
        )
    return found


def gauge(chart: Gauge, width: int) -> list[str]:
    """The value and its verdict, the scale with the zones' limits, and their names where they fit."""
    found = verdict(chart)
    if chart.value is None or found is None:
        return []
    room = width - 2

    def at(value: Number) -> int:
        return min(room - 1, round(float(value) / 100 * (room - 1)))

    line, names, start = ["─"] * room, [" "] * room, 0
    for zone in chart.zones:
        end = at(zone.upto)
        words = plain(zone.name)
        if zone is found:
            line[start : end + 1] = ["━"] * (end + 1 - start)
        if cells(words) == len(words) < end - start:
            first = (start + end + 1 - len(words)) // 2
            names[first : first + len(words)] = words
        start = end
    for zone in chart.zones[:-1]:
        line[at(zone.upto)] = "┼"
    line[0], line[-1] = "├", "┤"
    line[at(chart.value)] = "◆"
    return [clip(f"{said(chart, chart.value)}  {plain(found.name)}", width), "".join(line), "".join(names).rstrip()]


def _legend(names: Sequence[str], width: int) -> str:
    count = len(names)
    return clip("   ".join(f"{fill_of(number, count)} {plain(name)}" for number, name in enumerate(names)), width)
