"""A statement of total pay on paper: its words and figures, as the template of `exchange.paper` takes them.

The same figures as on the page: tokens beside pay and never in it, by their face, their expected use, what is expected to
be forfeited, and what that is worth as pay to the person.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from bursar.calendar import from_micros, parse_zone, to_local
from bursar.exchange.paper import printed
from bursar.money import Amount, Unit, format_amount
from bursar.offers.telling import DISCLAIMER, attributes, cents, said
from bursar.offers.terms import STEADY
from bursar.office.figures.total_pay import YEAR_MONTHS, Expected, Promise, Statement

TITLE = "Statement of total pay"
NOTES = (
    "Tokens are no cash: they cannot be saved, spent elsewhere or taken along, and no other employer begins from them. "
    "They are therefore not added to pay here.",
    "Face is what a plan promises, not what it costs the employer, and not what it is worth to anybody.",
    f"{DISCLAIMER} The agreed terms decide, not this page.",
)


def pdf(found: Statement, now: int) -> bytes:
    """The statement as PDF. `now` is the instant that it is of, microseconds UTC. Raises Unavailable without typst."""
    day = day_of(found, now)
    return printed("total_pay", document(found, day), day)


def day_of(found: Statement, now: int) -> date:
    """Which day it is where the person is."""
    return to_local(from_micros(now), parse_zone(found.person["zone"])).date()


def document(found: Statement, day: date) -> dict[str, Any]:
    """What is printed, all of it as text."""
    person = found.person
    return {
        "title": TITLE,
        "person": {
            "name": person["name"] or person["handle"],
            "line": ", ".join(one for one in (person["handle"], person["team"], person["level"]) if one),
        },
        "as_of": f"{day.day} {day:%B %Y}",
        "pay": _pay(found),
        "no_pay": "Salary, bonus and equity are not on this statement.",
        "tokens": None if found.expected is None else _tokens(found, found.expected),
        "no_tokens": "No tokens with a price here are promised under a plan.",
        "besides": _besides(found),
        "past": [
            {"what": what, "amount": _money(nanos, found.currency)}
            for what, nanos in (
                ("Released", found.past.released),
                ("Spent", found.past.spent),
                ("Expired unused", found.past.expired),
                ("Taken back", found.past.revoked),
                ("Open now", found.past.left),
            )
        ],
        "terms": [_terms(one) for one in (*found.promises, *found.elsewhere)],
        "like": [
            {"question": one.question, "cash": one.cash, "equity": one.equity, "tokens": one.tokens}
            for one in (attributes(found.lines[0]) if found.lines else [])
        ],
        "notes": [*_assumptions(found), *NOTES],
    }


def _pay(found: Statement) -> dict[str, Any] | None:
    pay = found.pay
    if pay.salary is None:
        return None
    rows = [
        ("Base salary", pay.salary, "cash, before tax"),
        ("Bonus", pay.bonus, "cash at target; it may be more or nothing"),
        ("Equity", pay.equity, "a year of vesting at today's value; it may be more or nothing"),
        ("Benefits", pay.benefits, "as the employer values them"),
    ]
    told = [
        _row(what, said(amount, found.currency), says) for what, amount, says in rows if amount or what == "Base salary"
    ]
    return {"rows": told, "sum": _row("Pay", said(found.paid, found.currency), "tokens are not in it")}


def _tokens(found: Statement, one: Expected) -> dict[str, Any]:
    def spoken(amount: float) -> str:
        return said(amount, found.currency)

    face = ", ".join(f"{promise.terms} under {promise.title}" for promise in found.promises)
    worth = "a raise that would be worth the same, before tax"
    if one.face:
        worth += f": {cents(one.worth, one.face)} on the dollar of face"
    return {
        "rows": [
            _row("Promised", spoken(one.face), f"face: {face}"),
            _row("Expected use", spoken(one.used), f"at list price; {spoken(one.work)} of it for work"),
            _row(
                "Expected to be forfeited",
                spoken(one.unused),
                "it goes unused: it expires, or is still there at the end",
            ),
        ],
        "sum": _row("Worth as pay", spoken(one.worth), worth),
        "verdict": _verdict(found, one),
    }


def _verdict(found: Statement, one: Expected) -> str:
    if one.worth >= 0.5:
        low, high = said(one.low, found.currency), said(one.high, found.currency)
        return f"Eight cases in ten lie between {low} and {high}. The rest of the face is the employer's work, or goes unused."
    work_only = all(promise.use == "work" for promise in found.promises)
    why = (
        "their terms allow work only, so they pay for the employer's work"
        if work_only
        else "nothing of them is used for oneself"
    )
    return f"As pay these tokens are worth nothing: {why}. They are a tool."


def _besides(found: Statement) -> list[str]:
    told = [
        f"Besides: {one.terms} under {one.title}, which has no price in {found.currency} here and is not valued."
        for one in found.elsewhere
    ]
    if found.by_hand:
        told.append(f"Besides: {_money(found.by_hand, found.currency)} given once, open now.")
    return told


def _assumptions(found: Statement) -> list[str]:
    one = found.expected
    if one is None:
        return []
    a_month = said(one.use_a_month, found.currency)
    if one.from_own_use:
        months = "month" if one.from_own_use == 1 else "months"
        use = f"Next year's use is expected to go on as in the last {one.from_own_use} whole {months}, about {a_month} a month"
        use += ", with months that differ as usual."
    else:
        use = f"There is no whole month of own use yet, so usual figures of others stand in: about {a_month} a month in the middle."
    own = said(STEADY.own_spend / YEAR_MONTHS, found.currency)
    return [
        f"{use} Prices, terms and employment stay as they are.",
        f"Where the terms are open, {STEADY.personal_share:.0%} of the use is taken to be for oneself, and one would spend "
        f"{own} a month on tokens without these: more than that is worth less than its price.",
    ]


def _terms(one: Promise) -> dict[str, Any]:
    answers = [{"question": question, "answer": answer} for question, answer in one.answers]
    return {"title": one.title, "standing": one.sheet.standing, "answers": answers}


def _row(what: str, amount: str, says: str) -> dict[str, str]:
    return {"what": what, "amount": amount, "says": says}


def _money(nanos: int, currency: str) -> str:
    return format_amount(Amount(nanos, Unit(currency)))
