"""What every chart has, and what is refused: no number that is not one, nothing without end.

A chart is checked when it is made, so drawing never fails. Values are any real numbers; money comes as integers of nano-units
and reaches `written` as it came, so the figures at the ends of bars and in tables are exact. Only positions are floats.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import isfinite
from numbers import Real
from typing import Any

from bursar.charts.words import plain
from bursar.errors import InvalidInput

WIDE, NARROW = 720, 360
"""The two widths in px that every chart can be drawn at; `charts.css` shows the one that fits its container."""

MAX_POINTS = 400
"""Positions along an axis: points of a line, columns, bins."""
MAX_SERIES = 6
"""Series, parts of a stack, curves: as many as there are colours that everybody can tell apart."""
MAX_ROWS = 60
"""Bars, steps, swings, spans, cells, nodes: what still can be read as one picture."""
MAX_MARKS = 12
MAX_TEXT = 2_000
"""Characters of a label or a sentence; what is drawn is cut to its place long before."""
MAX_SIZE = 1e24
"""The largest magnitude of a value: far above any amount, far below what a float cannot place."""

LEAST_WEIGHT = 1e-12
"""Shares of a whole below this are nothing."""

Number = float
"""A real number: int, float, or anything that knows how to be one."""
Written = Callable[[Any], str]


def figure_of(value: Number) -> str:
    """A number as one reads it: thousands apart, at most two decimals, four significant digits below one."""
    if isinstance(value, int) or float(value).is_integer():
        return f"{int(value):,}"
    size = abs(value)
    return f"{value:,.0f}" if size >= 1000 else f"{value:,.2f}".rstrip("0").rstrip(".") if size >= 1 else f"{value:.4g}"


@dataclass(frozen=True, slots=True)
class Chart:
    """What all kinds share. `key` makes the ids of a page unique; `sentence` says in words what is to be seen."""

    key: str
    title: str
    sentence: str
    written: Written = field(default=figure_of, kw_only=True)
    """How a value is written at the axis, at the ends of bars and in the table."""
    unit: str = field(default="", kw_only=True)
    """What the axis counts, if `written` does not say it."""
    empty: str = field(default="No figures yet", kw_only=True)
    """What stands where there is nothing to draw."""


def check_chart(chart: Chart) -> None:
    """Refuse a chart whose words are missing or endless."""
    if not isinstance(chart.key, str) or not chart.key:
        raise InvalidInput("key", repr(chart.key), "a name that no other chart of the page has")
    for name in ("key", "title", "sentence", "unit", "empty"):
        check_text(getattr(chart, name), name)
    if not plain(chart.title):
        raise InvalidInput(
            "title", repr(chart.title), "a title, which is also the name of the picture for screen readers"
        )


def check_text(value: str, name: str) -> None:
    if not isinstance(value, str):
        raise InvalidInput(name, repr(value)[:60], "a text")
    if len(value) > MAX_TEXT:
        raise InvalidInput(name, f"{len(value)} characters", f"at most {MAX_TEXT}")


def check_number(found: object, name: str, *, least: float | None = None, most: float | None = None) -> None:
    """Refuse what is not a finite real number within `MAX_SIZE` and the bounds."""
    if isinstance(found, bool) or not isinstance(found, int | Real):
        raise InvalidInput(name, repr(found)[:60], "a number")
    if isinstance(found, int) and abs(found) > MAX_SIZE:
        raise InvalidInput(name, f"an integer of {found.bit_length()} bits", f"a magnitude of at most {MAX_SIZE:g}")
    value = float(found)
    if not isfinite(value) or abs(value) > MAX_SIZE:
        raise InvalidInput(name, repr(found)[:60], f"a finite number of at most {MAX_SIZE:g}")
    if (least is not None and value < least) or (most is not None and value > most):
        above, below = "" if least is None else f"{least:g} or more", "" if most is None else f"{most:g} or less"
        raise InvalidInput(name, repr(found)[:60], " and ".join(part for part in (above, below) if part))


def check_numbers(values: Sequence[Any], name: str, *, least: float | None = None) -> None:
    for place, value in enumerate(values):
        check_number(value, f"{name}[{place}]", least=least)


def weight(value: Number) -> float:
    """A part of a whole as a float, 0 for what is too small to divide by."""
    return float(value) if value >= LEAST_WEIGHT else 0.0


def check_count(found: int, name: str, most: int, least: int = 0) -> None:
    if not least <= found <= most:
        raise InvalidInput(name, str(found), f"{least} to {most} of them")


def check_length(values: Sequence[Any], name: str, expected: int) -> None:
    if len(values) != expected:
        raise InvalidInput(name, f"{len(values)} values", f"{expected}, one for each name")


def freeze(chart: Any, **values: Any) -> None:
    """Set fields of a frozen dataclass while it is made: sequences become tuples that nobody changes afterwards."""
    for name, value in values.items():
        object.__setattr__(chart, name, value)


@dataclass(frozen=True, slots=True)
class Figures:
    """What a chart shows, as rows of text: the first column names the row."""

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    notes: Sequence[str] = ()
    """What belongs to the whole, such as a limit or today."""
