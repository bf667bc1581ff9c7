"""From values to places: round steps, tick marks whose labels differ, and places rounded to a tenth of a px."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, log10

from bursar.charts.values import Number, Written
from bursar.charts.words import plain, typeset, width_of

_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)
_EVERY = (1, 2, 3, 4, 6, 12, 24, 36, 48, 60, 120, 240, 480)
_LEAST_SPAN = 1e-9


def px(value: float) -> str:
    """A place, to a tenth of a px, as short as it can be written."""
    text = f"{value:.1f}"
    if text.endswith(".0"):
        text = text[:-2]
    return "0" if text == "-0" else text


@dataclass(frozen=True, slots=True)
class Scale:
    """Values from `low` to `high` on places from `start` to `end`, with values to mark and their labels."""

    low: float
    high: float
    start: float
    end: float
    ticks: Sequence[float] = ()
    labels: Sequence[str] = ()

    def at(self, value: float) -> float:
        """Where a value is; beyond the ends it stays at the end."""
        share = (float(value) - self.low) / (self.high - self.low)
        return self.start + (self.end - self.start) * min(1.0, max(0.0, share))

    def over(self, start: float, end: float) -> Scale:
        """The same values on other places."""
        return Scale(self.low, self.high, start, end, self.ticks, self.labels)


def bounds(values: Sequence[float], *, zero: bool = True) -> tuple[float, float]:
    """The least and the greatest, with zero among them, and never the same."""
    found = [float(value) for value in values]
    low, high = (min([0.0, *found]), max([0.0, *found])) if zero or not found else (min(found), max(found))
    if high - low <= _LEAST_SPAN * max(1e-3, abs(low), abs(high)):
        high = low + max(1.0, abs(low)) * (1.0 if low == 0 else 0.1)
    return low, high


def nice(
    values: Sequence[float], written: Written, start: float, end: float, most: int = 6, *, zero: bool = True
) -> Scale:
    """A scale that ends at round values; fewer ticks where their labels would be the same.

    Whole values have whole ticks: nobody is half a person, and `written` may insist on integers.
    """
    low, high = bounds(values, zero=zero)
    whole = all(isinstance(value, int) for value in values)
    ticks, labels = [low, high], ["", ""]
    for count in range(most, 0, -1):
        ticks = _ticks(low, high, count, whole=whole)
        labels = [typeset(written(tick)) for tick in ticks]
        if len(set(labels)) == len(labels):
            break
    return Scale(ticks[0], ticks[-1], start, end, ticks, labels)


def _ticks(low: float, high: float, count: int, *, whole: bool) -> list[float]:
    rough = (high - low) / count
    power = floor(log10(rough))
    steps = [part * 10.0 ** (power + more) for more in (0, 1) for part in _STEPS]
    step = next(one for one in steps if one >= rough * (1 - 1e-9))
    if whole:
        step = max(1.0, next(one for one in steps if one >= rough * (1 - 1e-9) and (one < 1 or one.is_integer())))
    first, last = floor(low / step + 1e-9), ceil(high / step - 1e-9)
    numbers = range(first, max(last, first + 1) + 1)
    if whole:
        return [number * int(step) for number in numbers]
    digits = max(0, 1 - power)
    return [round(number * step, digits) + 0.0 for number in numbers]


def across(low: Number, high: Number, written: Written, start: float, end: float, most: int = 8) -> Scale:
    """A level scale from `low` to `high` exactly, with round values marked between as far as their labels stand apart."""
    whole = isinstance(low, int) and isinstance(high, int)
    for count in range(most, 0, -1):
        ticks = [tick for tick in _ticks(low, high, count, whole=whole) if low <= tick <= high]
        labels = [typeset(written(tick)) for tick in ticks]
        apart = (end - start) / (high - low) * (ticks[1] - ticks[0]) if len(ticks) > 1 else end - start
        if len(set(labels)) == len(labels) and all(width_of(label) + 16 <= apart for label in labels):
            return Scale(low, high, start, end, ticks, labels)
    return Scale(low, high, start, end)


def every(names: Sequence[str], room: float, gap: float = 14.0, most: float = 110.0) -> int:
    """How many places from one label along an axis to the next, so that none touches another."""
    if len(names) < 2:
        return 1
    widest = min(most, max(width_of(plain(name)) for name in names)) + gap
    apart = room / (len(names) - 1)
    return next((step for step in _EVERY if apart * step >= widest), len(names))


def spread_out(wanted: Sequence[float], gap: float, start: float, end: float) -> list[float]:
    """Places as near to those wanted as a gap between them allows, within start and end where there is room."""
    order = sorted(range(len(wanted)), key=lambda place: (wanted[place], place))
    found = [0.0] * len(wanted)
    last = start - gap
    for place in order:
        last = found[place] = max(wanted[place], last + gap)
    limit = end
    for place in reversed(order):
        found[place] = min(found[place], limit)
        limit = found[place] - gap
    return found


def fitted(rows: Sequence[tuple[float, float, float, float]], origin: float, start: float, end: float) -> Scale:
    """The widest scale on which every row fits: (low, high, px for words before low, px for words after high).

    Rows hold `origin` or are taken to reach it. Found by halving, to a hundredth of a px.
    """
    ends = [(max(0.0, origin - low), max(0.0, high - origin), left, right) for low, high, left, right in rows]
    span = max([max(left, right) for left, right, _, _ in ends], default=0.0) or 1.0

    def needs(by: float) -> tuple[float, float]:
        return max(left * by + room for left, _, room, _ in ends), max(right * by + room for _, right, _, room in ends)

    low, high = 0.0, (end - start) / span
    for _ in range(40):
        by = (low + high) / 2
        low, high = (by, high) if sum(needs(by)) <= end - start else (low, by)
    left, right = needs(low)
    middle = start + left + max(0.0, end - start - left - right) / 2
    low = max(low, 1e-9 / span)
    return Scale(origin - (middle - start) / low, origin + (end - middle) / low, start, end)
