"""A timeline: what runs from when to when, and what falls on which day. Past, running and coming differ in fill, not only colour."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from bursar.charts.bars import lane, row_label, two_lines
from bursar.charts.scale import px
from bursar.charts.sheet import Sheet, baseline, said
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
)
from bursar.charts.words import cut, plain, width_of
from bursar.errors import InvalidInput

_BAR = 14
_DIAMOND = 7.0
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_AXIS = 26
_MOST_TICKS = 12


@dataclass(frozen=True, slots=True)
class Span:
    """What runs from `start` up to `end` (a day, if there is no end), with an amount if it has one."""

    label: str
    start: date
    end: date | None = None
    amount: Number | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Timeline(Chart):
    """Spans and days from top to bottom, with today's line if `today` is given."""

    spans: Sequence[Span]
    today: date | None = None
    axis: str = "what"

    def __post_init__(self) -> None:
        check_chart(self)
        freeze(self, spans=tuple(self.spans))
        check_count(len(self.spans), "spans", MAX_ROWS)
        check_text(self.axis, "axis")
        if self.today is not None:
            _check_day(self.today, "today")
        for place, span in enumerate(self.spans):
            name = f"spans[{place}]"
            check_text(span.label, f"{name}.label")
            check_text(span.note, f"{name}.note")
            _check_day(span.start, f"{name}.start")
            if span.end is not None:
                _check_day(span.end, f"{name}.end")
                if span.end < span.start:
                    raise InvalidInput(f"{name}.end", str(span.end), f"{span.start}, where it starts, or later")
            if span.amount is not None:
                check_number(span.amount, f"{name}.amount")


def _check_day(value: object, name: str) -> None:
    if isinstance(value, datetime) or not isinstance(value, date):
        raise InvalidInput(name, repr(value)[:60], "a date without a time")


def state(span: Span, today: date | None) -> Literal["over", "runs", "ahead"]:
    """Where a span stands today; without a today everything runs."""
    if today is None:
        return "runs"
    if span.start > today:
        return "ahead"
    return "over" if (span.end if span.end is not None else span.start) < today else "runs"


def draw(chart: Timeline, width: int) -> str:
    """The chart as an `svg` element."""
    sheet = Sheet(chart, width)
    if not chart.spans:
        return sheet.nothing("timeline")
    days = [day for span in chart.spans for day in (span.start, span.end) if day is not None]
    days += [chart.today] if chart.today is not None else []
    first, last = min(days).toordinal(), max(days).toordinal()
    last = max(last, first + 1)
    place = lane(sheet, [text for span in chart.spans for text in (span.label, span.note)], 0, 0)
    start, end = place.start + 8, width - 8.0

    def at(day: date) -> float:
        return start + (end - start) * (day.toordinal() - first) / (last - first)

    top = 24.0 if chart.today is not None else 6.0
    height = 24 if sheet.wide else 40
    tall = [34 if sheet.wide and two_lines(place, span.label, span.note) else height for span in chart.spans]
    bottom = top + sum(tall) + 4
    for day, words in ticks(date.fromordinal(first), date.fromordinal(last), end - start):
        half = width_of(words) / 2
        sheet.line(at(day), top, at(day), bottom, "bc-grid")
        sheet.text(min(max(at(day), half), width - half), bottom + 18, words, "bc-quiet", "middle")
    sheet.line(place.start, bottom, width, bottom, "bc-base")
    bars: list[tuple[float, float]] = []
    y = top + 2
    for room in tall:
        bars.append((y, y + (room - _BAR) / 2 if sheet.wide else y + 20))
        y += room
    places = [(at(span.start), at(span.end) if span.end is not None else None) for span in chart.spans]
    for span, (x1, x2), (_, bar) in zip(chart.spans, places, bars, strict=True):
        _span(sheet, chart, span, x1, x2, bar)
    if chart.today is not None:
        x = at(chart.today)
        words = f"today, {day_words(chart.today)}"
        half = width_of(words, bold=True) / 2
        sheet.line(x, top - 6, x, bottom, "bc-today")
        sheet.text(min(max(x, half), width - half), top - 10, words, "bc-strong", "middle")
    for span, (x1, x2), (y, bar) in zip(chart.spans, places, bars, strict=True):
        row_label(sheet, place, y, span.label, _quiet(chart, span, sheet.wide), bar + _BAR / 2)
        if sheet.wide and span.amount is not None:
            _amount(sheet, said(chart, span.amount), *_ends(x1, x2), baseline(bar + _BAR / 2), place.start)
    return sheet.end(bottom + _AXIS, "timeline")


def _quiet(chart: Timeline, span: Span, wide: bool) -> str:
    """What stands quietly by the label: the note, and on a phone the amount before it."""
    amount = said(chart, span.amount) if span.amount is not None and not wide else ""
    return ", ".join(part for part in (amount, plain(span.note)) if part)


def _ends(x1: float, x2: float | None) -> tuple[float, float]:
    """Where what is drawn for a span begins and ends: a day is a diamond, and nothing is thinner than can be seen."""
    return (x1 - _DIAMOND, x1 + _DIAMOND) if x2 is None else (x1, max(x1 + 3, x2))


def _span(sheet: Sheet, chart: Timeline, span: Span, x1: float, x2: float | None, top: float) -> None:
    kind = f"bc-{state(span, chart.today)}"
    until = f" to {span.end}" if span.end is not None else ""
    amount = f", {said(chart, span.amount)}" if span.amount is not None else ""
    tip = f"{span.label}: {span.start}{until}{amount}"
    start, end = _ends(x1, x2)
    if x2 is None:
        half = px(_DIAMOND)
        corners = f"M{px(x1)} {px(top + _BAR / 2 - _DIAMOND)}l{half} {half}l-{half} {half}l-{half} -{half}z"
        sheet.path(corners, f"{kind} bc-day bc-piece", tip=tip)
    else:
        sheet.rect(start, top, end - start, _BAR, f"{kind} bc-piece", round_by=3, tip=tip)


def _amount(sheet: Sheet, words: str, start: float, end: float, line: float, left: float) -> None:
    """An amount after its span, before it, or on it: wherever there is room first."""
    size = width_of(words)
    if end + 6 + size <= sheet.width:
        sheet.text(end + 6, line, words, "bc-halo")
    elif start - 6 - size >= left:
        sheet.text(start - 6, line, words, "bc-halo", "end")
    else:
        sheet.text((start + end) / 2, line, cut(words, end - start - 8), "bc-halo", "middle")


def ticks(first: date, last: date, room: float) -> list[tuple[date, str]]:
    """Round days between two with their words: days, weeks, months or years, as far as they stand apart."""
    span = last.toordinal() - first.toordinal()
    for step in (1, 2, 7, 14):
        if span / step <= _MOST_TICKS and (width_of("30 Mar") + 14) * span / step <= room:
            shift = first.weekday() if step >= 7 else 0
            begin = first + timedelta(days=-shift % 7 if step >= 7 else 0)
            days = range(begin.toordinal(), last.toordinal() + 1, step)
            return [(date.fromordinal(day), day_words(date.fromordinal(day), first, last)) for day in days]
    for months in (1, 2, 3, 6):
        if span / 30.4 / months <= _MOST_TICKS and (width_of("Mar 2026") + 14) * span / 30.4 / months <= room:
            return [(day, f"{_MONTHS[day.month - 1]} {day.year}") for day in _months(first, last, months)]
    years = next(
        (n for n in (1, 2, 5, 10, 25, 50, 100, 250, 500, 1000) if (width_of("2026") + 20) * span / 365.2 / n <= room),
        2000,
    )
    return [(day, str(day.year)) for day in _months(first, last, 12) if day.year % years == 0]


def _months(first: date, last: date, step: int) -> list[date]:
    """First days of every `step`-th month of the year between two days."""
    found = []
    for month in range(first.year * 12 + first.month - 1, last.year * 12 + last.month):
        if month % 12 % step == 0:
            day = date(month // 12, month % 12 + 1, 1)
            if first <= day <= last:
                found.append(day)
    return found


def day_words(day: date, first: date | None = None, last: date | None = None) -> str:
    """A day as one says it, with the year only where it is not the same throughout."""
    known = first is not None and last is not None and first.year == last.year
    return f"{day.day} {_MONTHS[day.month - 1]}{'' if known or first is not None else f' {day.year}'}"


def figures(chart: Timeline) -> Figures:
    """Every span with its days, its state and its amount."""
    states = {"over": "over", "runs": "runs", "ahead": "to come"}
    rows = [
        [
            f"{span.label} ({span.note})" if span.note else span.label,
            span.start.isoformat(),
            "" if span.end is None else span.end.isoformat(),
            *([states[state(span, chart.today)]] if chart.today is not None else []),
            "" if span.amount is None else chart.written(span.amount),
        ]
        for span in chart.spans
    ]
    notes = [f"today: {chart.today.isoformat()}"] if chart.today is not None else []
    return Figures([chart.axis, "from", "to", *(["state"] if chart.today is not None else []), "amount"], rows, notes)
