"""Plots as inline SVG: a band with its middle line for each series, on one scale. No script, no font, nothing fetched."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from math import ceil, floor, log10

WIDTH, HEIGHT = 720, 260
_LEFT, _RIGHT, _TOP, _BOTTOM = 76, 14, 14, 30
_MOST_LABELS = 9


@dataclass(frozen=True, slots=True)
class Series:
    """One plan's values by month: the middle, and what lies around it (the same as the middle for none)."""

    name: str
    low: Sequence[float]
    middle: Sequence[float]
    high: Sequence[float]


@dataclass(frozen=True, slots=True)
class Plot:
    """A title, a sentence that says what is to be seen, names along the axis, and one or two series."""

    key: str
    title: str
    sentence: str
    names: Sequence[str]
    series: Sequence[Series]
    written: Callable[[float], str]
    """How a value is written at the axis and in the table."""


def drawn(plot: Plot) -> str:
    """The plot as an `svg` element with its title and description for who cannot see it."""
    top = max([1e-12, *(value for one in plot.series for value in one.high)])
    step, most = _scale(top)
    parts = [
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-labelledby="{plot.key}-t {plot.key}-d">',
        f'<title id="{plot.key}-t">{escape(plot.title)}</title>',
        f'<desc id="{plot.key}-d">{escape(plot.sentence)}</desc>',
    ]
    for number in range(round(most / step) + 1):
        value = number * step
        y = _y(value, most)
        parts.append(f'<line class="grid" x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{y}" y2="{y}"/>')
        parts.append(
            f'<text class="axis" x="{_LEFT - 8}" y="{y + 4}" text-anchor="end">{escape(plot.written(value))}</text>'
        )
    count = len(plot.names)
    every = ceil(count / _MOST_LABELS)
    for place, name in enumerate(plot.names):
        if place % every == 0:
            x = _x(place, count)
            parts.append(f'<text class="axis" x="{x}" y="{HEIGHT - 8}" text-anchor="middle">{escape(name)}</text>')
    for number, one in enumerate(plot.series):
        parts += _series(one, number, count, most)
    return "\n".join([*parts, "</svg>"])


def _series(one: Series, number: int, count: int, most: float) -> list[str]:
    xs = [_x(place, count) for place in range(count)]
    upper = [f"{x},{_y(value, most)}" for x, value in zip(xs, one.high, strict=True)]
    lower = [f"{x},{_y(value, most)}" for x, value in zip(xs, one.low, strict=True)]
    middle = [f"{x},{_y(value, most)}" for x, value in zip(xs, one.middle, strict=True)]
    parts = []
    if list(one.low) != list(one.high):
        parts.append(f'<polygon class="band s{number}" points="{" ".join(upper + lower[::-1])}"/>')
    parts.append(f'<polyline class="line s{number}" points="{" ".join(middle)}"/>')
    if count == 1:
        parts.append(f'<circle class="dot s{number}" cx="{xs[0]}" cy="{_y(one.middle[0], most)}" r="4"/>')
    return parts


def _x(place: int, count: int) -> float:
    inner = WIDTH - _LEFT - _RIGHT - 40
    return round(_LEFT + 20 + (inner * place / (count - 1) if count > 1 else inner / 2), 1)


def _y(value: float, most: float) -> float:
    inner = HEIGHT - _TOP - _BOTTOM
    return round(HEIGHT - _BOTTOM - inner * min(1.0, max(0.0, value / most)), 1)


def _scale(top: float) -> tuple[float, float]:
    """A round step and the round value at or above the top: four to eight lines."""
    size = 10.0 ** floor(log10(top))
    step = next(part * size for part in (0.2, 0.25, 0.5, 1.0, 2.0) if top / (part * size) <= 6)
    return step, step * ceil(top / step - 1e-9)
