"""What the pages of an offer show, as plain values for their templates: the form, the verdict, the charts, the questions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from markupsafe import Markup

from bursar.charts import Chart
from bursar.offers import figures, telling
from bursar.offers.asking import TERMS, Asked
from bursar.offers.controls import CONTROLS, SECTIONS, Control, Section
from bursar.offers.filling import OTHER, inapplicable, lines_of, presumed, stops_of, values_of
from bursar.offers.link import MAX_CARRIED_CHARS, packed
from bursar.offers.telling import percent, said
from bursar.offers.weighing import Weighing
from bursar.office.figures.weighing import REPORT_WORLDS, Weighed
from bursar.plans.document import Fault

Document = dict[str, Any]

FEW_QUESTIONS = 5
"""On the page of an offer; its own page has all of them."""
RARE = ("unit_price", "rate")
"""Controls that few offers need."""
WIDTH = 1_000
"""Of the bar from the lowest to the highest figure, in units of its picture."""


@dataclass(frozen=True, slots=True)
class Shown:
    """One control as it is drawn."""

    control: Control
    value: str
    note: str
    """What is wrong with it, why it does not apply, or what stands in for it."""
    kind: str
    """Of the note: fault, out, presumed, or empty."""
    why: str
    stops: Sequence[str] = ()

    @property
    def rare(self) -> bool:
        """Is it out of sight while it does not apply?"""
        return self.control.name in RARE

    @property
    def other(self) -> bool:
        """Is there something in the file that no choice says?"""
        return self.value == OTHER


@dataclass(frozen=True, slots=True)
class Part:
    """A section of the form: how much of it is known, and whether it is open."""

    name: str
    title: str
    controls: tuple[Control, ...]
    said: int
    asked: int
    """Controls that apply."""
    open: bool


def form_of(
    document: Document, line: int, faults: Mapping[str, Fault] | None = None, loose: Sequence[Fault] = ()
) -> dict[str, Any]:
    """The form of an offer, filled in; `loose` faults are about no control."""
    values = values_of(document, line)
    currency = str(document.get("currency") or "USD")
    ruled_out = inapplicable(values)
    shown = {
        name: _control(control, values, currency, ruled_out.get(name, ""), (faults or {}).get(name))
        for name, control in CONTROLS.items()
    }
    return {
        "sections": [_part(one, shown) for one in SECTIONS],
        "controls": shown,
        "other": OTHER,
        "lines": lines_of(document),
        "line": line,
        "base": packed(document, MAX_CARRIED_CHARS),
        "loose": list(loose),
    }


def _part(section: Section, shown: Mapping[str, Shown]) -> Part:
    """Folded away where nothing is known yet, so that a page is no longer than what it has to say."""
    ones = [shown[one.name] for one in section.controls]
    asked = [one for one in ones if one.kind != "out"]
    said = sum(bool(one.value) for one in asked)
    opened = bool(said) or any(one.kind == "fault" for one in ones) or not section.folded
    return Part(section.name, section.title, section.controls, said, len(asked), opened)


def _control(control: Control, values: Mapping[str, str], currency: str, out: str, fault: Fault | None) -> Shown:
    value, stands_in = values[control.name], presumed(control, values)
    term = TERMS.get(control.name)
    if fault is not None:
        note, kind = f"Found {fault.found}, expected {fault.expected}.", "fault"
    elif out:
        note, kind = f"Does not apply: {out}.", "out"
    elif not value and stands_in:
        note, kind = f"Counted as: {stands_in}.", "presumed"
    else:
        note, kind = "", ""
    return Shown(control, value, note, kind, term.why if term else "", stops_of(control, currency))


def answer_of(found: Weighed) -> dict[str, Any]:
    """Everything that the answer to an offer shows, but for its questions."""
    one = found.weighing
    currency, years = one.offer.currency, one.outcome.years
    spread = one.outcome.cash
    low, high = spread.p10 / years, spread.p90 / years
    return {
        "weighed": True,
        "one": one,
        "amount": partial(amount, currency=currency),
        "worth": one.outcome.a_year,
        "low": low,
        "high": high,
        "bar": bar(low, one.outcome.a_year, high, one.face),
        "rate": telling.cents(one.outcome.a_year, one.face) if one.face else "",
        "runs_out": _runs_out(one),
        "laptop": one.laptop,
        "sentences": {
            "worth": telling.worth_sentence(one) if one.face else _without_face(one),
            "raise": telling.same_raise_sentence(one),
            "share": telling.share_sentence(one),
            "runs_out": telling.run_out_sentences(one),
            "short": telling.shortfall_sentence(one),
        },
        "four": telling.four_values(one) if one.face else None,
        "charts": _charts(one),
        "gauges": [figures.gauge(test, f"-{number}") for number, test in enumerate(one.laptop)],
        "off": telling.trade_offs(one),
        "facts": found.facts,
        "said": partial(said, currency=currency),
        "percent": percent,
        "open_terms": sum(len(line.unknown) for line in one.offer.lines),
        "report_worlds": REPORT_WORLDS,
        "disclaimer": telling.DISCLAIMER,
    }


def questions_of(asked: Asked) -> dict[str, Any]:
    """What to ask, the most valuable first."""
    return {"asked": asked, "questions": asked.questions, "few": asked.questions[:FEW_QUESTIONS]}


def _without_face(one: Weighing) -> str:
    """Access without a limit has no face to compare with."""
    currency, years = one.offer.currency, one.outcome.years
    low, high = (said(value / years, currency) for value in (one.outcome.cash.p10, one.outcome.cash.p90))
    if one.outcome.cash.p90 < 0.5:
        return "As pay it is worth nothing to you: it pays for the employer's work, not for yours."
    worth = said(one.outcome.a_year, currency)
    return f"About {worth} a year to you, before tax (8 worlds in 10 lie between {low} and {high})."


def _charts(one: Weighing) -> dict[str, Chart | None]:
    return {
        "waterfall": figures.waterfall(one),
        "fan": figures.fan(one),
        "package": figures.package([one]) if one.offer.pay.salary is not None else None,
    }


def _runs_out(one: Weighing) -> str:
    """The chance that any line runs out before a period ends, in a word."""
    shares = [run_out.periods for run_out in one.outcome.run_outs]
    return percent(max(shares)) if shares else "never"


@dataclass(frozen=True, slots=True)
class SpreadBar:
    """Where the worth, its spread and the face lie on one line; units of `WIDTH`."""

    zero: int
    low: int
    middle: int
    high: int
    face: int
    told: str


def bar(low: float, middle: float, high: float, face: float) -> SpreadBar:
    """A bar from the least to the most of them, nothing included."""
    start, end = min(0.0, low), max(face, high, 1.0)

    def place(value: float) -> int:
        return round(WIDTH * (value - start) / (end - start))

    told = "The whole bar goes up to what the offer says; the filled part is where eight worlds of ten lie."
    return SpreadBar(place(0.0), place(low), place(middle), place(high), place(face), told)


def amount(value: float, currency: str) -> Markup:
    """A sum as a person needs it, with the exact one beside it."""
    return Markup('<data class="sum" value="{:.2f}" title="{:,.2f} {}">{}</data>').format(
        value + 0.0, value + 0.0, currency, said(value, currency)
    )
