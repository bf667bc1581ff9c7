"""A gauge: one figure from 0 to 100 on a level scale of named zones. The verdict is a word; the scale shows how near the next is.

A level scale reads in print, at 360 px and by ear, where a dial needs twice the space for the same figure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bursar.charts.scale import Scale
from bursar.charts.sheet import THEN, Sheet, said
from bursar.charts.values import Chart, Figures, Number, check_chart, check_count, check_number, check_text, freeze
from bursar.charts.words import SIZES, cut, plain, width_of
from bursar.errors import InvalidInput

MAX_ZONES = 7
_TRACK = 14


@dataclass(frozen=True, slots=True)
class Zone:
    """A part of the scale up to (and without, but for the last) `upto`, and the word for a value in it."""

    upto: Number
    name: str


@dataclass(frozen=True, slots=True)
class Gauge(Chart):
    """`value` from 0 to 100 (None before it is known) in zones that rise to 100."""

    value: Number | None
    zones: Sequence[Zone]

    def __post_init__(self) -> None:
        check_chart(self)
        freeze(self, zones=tuple(self.zones))
        check_count(len(self.zones), "zones", MAX_ZONES, 1)
        if self.value is not None:
            check_number(self.value, "value", least=0, most=100)
        last = 0.0
        for place, zone in enumerate(self.zones):
            check_number(zone.upto, f"zones[{place}].upto", least=0, most=100)
            check_text(zone.name, f"zones[{place}].name")
            if zone.upto <= last:
                raise InvalidInput(
                    f"zones[{place}].upto", f"{zone.upto:g}", f"more than {last:g}, where the zone begins"
                )
            last = float(zone.upto)
        if last != 100:
            raise InvalidInput("zones", f"an end at {last:g}", "a last zone up to 100")


def verdict(chart: Gauge) -> Zone | None:
    """The zone that the value lies in."""
    value = chart.value
    if value is None:
        return None
    return next((zone for zone in chart.zones if value < zone.upto), chart.zones[-1])


def draw(chart: Gauge, width: int) -> str:
    """The chart as an `svg` element."""
    sheet = Sheet(chart, width)
    found = verdict(chart)
    if chart.value is None or found is None:
        return sheet.nothing("gauge")
    edge = 8.0
    scale = Scale(0, 100, edge, width - edge)
    size, less = SIZES["bc-big"], SIZES["bc-mid"]
    words = cut(said(chart, chart.value), width * 0.5, size, bold=True)
    room = width - width_of(words, size, bold=True) - THEN
    sheet.text(0, 34, words, "bc-big", then=cut(plain(found.name), room, less, bold=True), then_kind="bc-mid")
    top = 62.0
    at = scale.at(chart.value)
    start: Number = 0
    for zone in chart.zones:
        x1, x2 = scale.at(start), scale.at(zone.upto)
        here = zone is found
        tip = f"{zone.name}: {_range(chart, start, zone)}"
        sheet.rect(x1 + 1, top, x2 - x1 - 2, _TRACK, "bc-here" if here else "bc-zone", round_by=3, tip=tip)
        start = zone.upto
    sheet.polygon([(at - 7, top - 13), (at + 7, top - 13), (at, top - 3)], "bc-point")
    sheet.line(at, top - 4, at, top + _TRACK + 3, "bc-needle")
    _names(sheet, chart, found, scale, top + _TRACK)
    return sheet.end(top + _TRACK + 42, "gauge")


def _names(sheet: Sheet, chart: Gauge, found: Zone, scale: Scale, bottom: float) -> None:
    """Limits of the zones, and their names where they fit; the verdict's name stands above anyway."""
    edges: list[Number] = [0, *(zone.upto for zone in chart.zones)]
    last = -1e9
    for place, value in enumerate(edges):
        words = f"{float(value):g}"
        half = width_of(words) / 2
        x = min(max(scale.at(value), half), sheet.width - half)
        final = place == len(edges) - 1
        if x - half >= last + 6 and (final or x + half + 6 <= sheet.width - width_of("100")):
            sheet.text(x, bottom + 17, words, "bc-quiet", "middle")
            last = x + half
    start: Number = 0
    for zone in chart.zones:
        x1, x2 = scale.at(start), scale.at(zone.upto)
        words = plain(zone.name)
        bold = zone is found
        if width_of(words, bold=bold) <= x2 - x1 - 6:
            sheet.text((x1 + x2) / 2, bottom + 35, words, "bc-strong" if bold else "bc-quiet", "middle")
        start = zone.upto


def _range(chart: Gauge, start: Number, zone: Zone) -> str:
    return f"{float(start):g} to {float(zone.upto):g}"


def figures(chart: Gauge) -> Figures:
    """The zones, the value beside the one that holds it."""
    found = verdict(chart)
    rows, start = [], 0.0
    for zone in chart.zones:
        here = chart.written(chart.value) if zone is found and chart.value is not None else ""
        rows.append([zone.name, f"{start:g} to {float(zone.upto):g}", here])
        start = float(zone.upto)
    return Figures(["zone", "range", "value"], rows)
