"""The sheet that a chart is drawn on: elements with classes, never styles, and a title and description for who cannot see it.

Nothing here refers to anything outside: no `url(...)`, no namespace, no script. Hatches are lines cut to their rectangle.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from bursar.charts.scale import px
from bursar.charts.values import MAX_SERIES, NARROW, WIDE, Chart, Number
from bursar.charts.words import SIZES, cut, identifier, plain, safe, typeset, width_of

Anchor = Literal["start", "middle", "end"]
Point = tuple[float, float]

EMPTY_HEIGHT = 132
THEN = 8
"""Px between words and what follows them in another voice."""
_HATCH = 6.0
"""Px between the lines of a hatch."""
_MOST_LINES = 400


class Sheet:
    """Collects what is drawn, from back to front, and hands out the `svg` element."""

    def __init__(self, chart: Chart, width: int) -> None:
        self.chart = chart
        self.width = width
        self.wide = width >= WIDE
        self._parts: list[str] = []

    def line(self, x1: float, y1: float, x2: float, y2: float, kind: str) -> None:
        self._parts.append(f'<line class="{kind}" x1="{px(x1)}" y1="{px(y1)}" x2="{px(x2)}" y2="{px(y2)}"/>')

    def rect(self, x: float, y: float, w: float, h: float, kind: str, *, round_by: float = 0, tip: str = "") -> None:
        """A rectangle; `tip` is what a pointer that rests on it reads."""
        rounded = f' rx="{px(min(round_by, w / 2, h / 2))}"' if round_by else ""
        head = f'<rect class="{kind}" x="{px(x)}" y="{px(y)}" width="{px(max(0.0, w))}" height="{px(max(0.0, h))}"{rounded}'
        self._parts.append(f"{head}><title>{safe(tip)}</title></rect>" if tip else f"{head}/>")

    def circle(self, x: float, y: float, radius: float, kind: str) -> None:
        self._parts.append(f'<circle class="{kind}" cx="{px(x)}" cy="{px(y)}" r="{px(radius)}"/>')

    def polyline(self, points: Sequence[Point], kind: str) -> None:
        self._parts.append(f'<polyline class="{kind}" points="{_points(points)}"/>')

    def polygon(self, points: Sequence[Point], kind: str) -> None:
        self._parts.append(f'<polygon class="{kind}" points="{_points(points)}"/>')

    def path(self, commands: str, kind: str, *, tip: str = "") -> None:
        head = f'<path class="{kind}" d="{commands}"'
        self._parts.append(f"{head}><title>{safe(tip)}</title></path>" if tip else f"{head}/>")

    def text(
        self,
        x: float,
        y: float,
        words: str,
        kind: str = "",
        anchor: Anchor = "start",
        *,
        then: str = "",
        then_kind: str = "",
    ) -> None:
        """Words with their baseline at `y`, and `then` further ones in another voice behind them; nothing for no words."""
        words, then = plain(words), plain(then)
        if words or then:
            classes = f' class="{kind}"' if kind else ""
            side = "" if anchor == "start" else f' text-anchor="{anchor}"'
            more = f'<tspan class="{then_kind}" dx="{THEN}">{safe(then)}</tspan>' if then else ""
            self._parts.append(f'<text{classes} x="{px(x)}" y="{px(y)}"{side}>{safe(words)}{more}</text>')

    def hatch(self, x: float, y: float, w: float, h: float, number: int) -> None:
        """The pattern of a series, which tells it apart where colour cannot; the first has none."""
        commands = hatch_lines(x, y, w, h, number)
        if commands:
            self.path(commands, f"bc-hatch bc-on-{colour(number)}")

    def end(self, height: float, kind: str) -> str:
        """The whole picture."""
        name = f"bc-{identifier(self.chart.key)}-{self.width}"
        size = {WIDE: " bc-wide", NARROW: " bc-narrow"}.get(self.width, "")
        head = (
            f'<svg class="bc bc-{kind}{size}" viewBox="0 0 {self.width} {px(height)}" role="img" '
            f'aria-labelledby="{name}-t {name}-d">'
        )
        title = f'<title id="{name}-t">{safe(self.chart.title)}</title>'
        described = f'<desc id="{name}-d">{safe(self.chart.sentence)}</desc>'
        return "\n".join([head, title, described, *self._parts, "</svg>"])

    def nothing(self, kind: str) -> str:
        """The state before there are any figures: a quiet frame that says so."""
        words = plain(self.chart.empty) or "No figures yet"
        self.rect(0.5, 0.5, self.width - 1, EMPTY_HEIGHT - 1, "bc-void", round_by=8)
        middle = self.width / 2
        for place, part in enumerate((0.35, 0.6, 0.45, 0.8, 0.65)):
            self.rect(middle - 34 + place * 14, 68 - 34 * part, 10, 34 * part, "bc-void-bar", round_by=2)
        self.text(middle, 98, cut(words, self.width - 40), "bc-quiet", "middle")
        return self.end(EMPTY_HEIGHT, kind)


def colour(number: int) -> int:
    """The colour of a series by its place, from 1."""
    return number % MAX_SERIES + 1


def hatch_lines(x: float, y: float, w: float, h: float, number: int) -> str:
    """Lines of a series' pattern within a rectangle, as a path: slanted either way, level, upright, crossed."""
    kind = number % MAX_SERIES
    if kind == 0 or w < 1 or h < 1:
        return ""
    parts: list[str] = []
    if kind in (1, 5):
        parts += _slanted(x, y, w, h, up=True)
    if kind in (2, 5):
        parts += _slanted(x, y, w, h, up=False)
    if kind == 3:
        parts += [f"M{px(x)} {px(y + at)}h{px(w)}" for at in _at(h, _HATCH * 0.75)]
    if kind == 4:
        parts += [f"M{px(x + at)} {px(y)}v{px(h)}" for at in _at(w, _HATCH * 0.75)]
    return "".join(parts)


def _at(length: float, step: float) -> list[float]:
    count = min(_MOST_LINES, int(length / step))
    return [(place + 0.5) * step for place in range(count)]


def _slanted(x: float, y: float, w: float, h: float, *, up: bool) -> list[str]:
    found = []
    for start in _at(w + h, _HATCH):
        left, right = max(0.0, start - h), min(w, start)
        if right - left >= 0.5:
            run = right - left
            low = y + (start - left if up else h - (start - left))
            found.append(f"M{px(x + left)} {px(low)}l{px(run)} {px(-run if up else run)}")
    return found


class Taken:
    """Where words already stand, so that others may look for another place."""

    def __init__(self) -> None:
        self._boxes: list[tuple[float, float, float, float]] = []

    def take(self, x: float, y: float, words: str, anchor: Anchor = "start", *, gap: float = 4.0) -> bool:
        """Take the place of a line of text, unless something stands there."""
        size = width_of(words)
        left = x - {"start": 0.0, "middle": size / 2, "end": size}[anchor] - gap
        box = (left, left + size + 2 * gap, y - SIZES[""], y + 4.0)
        if any(box[0] < b[1] and b[0] < box[1] and box[2] < b[3] and b[2] < box[3] for b in self._boxes):
            return False
        self._boxes.append(box)
        return True


class Legend:
    """Swatches with their names in rows from the top left. `kind` of an item: line, band, inner, fill."""

    HEIGHT = 20

    def __init__(self, items: Sequence[tuple[str, int, str]], left: float, width: float) -> None:
        self.places: list[tuple[float, int, str, int, str]] = []
        x, row = left, 0
        for kind, number, name in items:
            words = cut(plain(name), width - left - 34)
            size = (18 if kind == "fill" else 28) + width_of(words)
            if x > left and x + size > width:
                x, row = left, row + 1
            self.places.append((x, row, kind, number, words))
            x += size + 18
        self.rows = row + 1 if self.places else 0

    @property
    def height(self) -> float:
        return self.rows * self.HEIGHT + (8 if self.rows else 0)

    def draw(self, sheet: Sheet, top: float = 0) -> None:
        for x, row, kind, number, words in self.places:
            y = top + row * self.HEIGHT
            if kind == "line":
                sheet.line(x, y + 8, x + 20, y + 8, f"bc-line bc-s{colour(number)}")
            elif kind in ("band", "inner"):
                sheet.rect(x, y + 2, 20, 12, f"bc-{kind} bc-f{colour(number)}", round_by=2)
            else:
                sheet.rect(x, y + 2, 12, 12, f"bc-f{colour(number)}", round_by=2)
                sheet.hatch(x, y + 2, 12, 12, number)
            sheet.text(x + (18 if kind == "fill" else 26), y + 12, words)


def said(chart: Chart, value: Number) -> str:
    """A value as the picture says it: as it is written, with a true minus."""
    return typeset(chart.written(value))


def signed(chart: Chart, amount: Number) -> str:
    """A change as the picture says it: always with its sign."""
    words = said(chart, amount)
    return words if amount == 0 or words.startswith("−") else f"+{words}" if amount > 0 else f"−{words}"


def baseline(middle: float, kind: str = "") -> float:
    """Where the baseline of a line of text is whose middle is to be there."""
    return middle + SIZES[kind] * 0.35


def _points(points: Sequence[Point]) -> str:
    return " ".join(f"{px(x)},{px(y)}" for x, y in points)
