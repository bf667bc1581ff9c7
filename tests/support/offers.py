"""Offers for tests: a line of plain terms, a person, and an offer of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from bursar.insight.simulation.usage import Persona
from bursar.offers.outcome import Outcome, Setup, evaluate
from bursar.offers.terms import STEADY, Line, Offer, Pay, Person
from bursar.plans.check import compiled

FIRST = date(2027, 1, 1)


def line(amount: str = "$10_000", every: str = "year", plan: dict[str, Any] | None = None, **terms: Any) -> Line:
    """A line with the terms of a plan and of a line; never revoked and untaxed where nothing else is said."""
    found = compiled(
        {
            "bursar": "plan/1",
            "name": "tokens",
            "title": "Tokens",
            "allotment": {
                "amount": amount,
                "every": every,
                "anchor": "grant",
                "proration": "none",
                **(plan or {}).pop("allotment", {}),
            },
            **(plan or {}),
        }
    )
    return Line(
        **{"name": "tokens", "plan": found, "tier": found.tiers[0], "revocation": 0.0, "taxed": "nothing", **terms}
    )


def steady(usage: float, **changes: Any) -> Person:
    """Somebody who uses the same every month, for themselves, at prices that stay."""
    base = replace(
        STEADY, usage=Persona("given", usage, 0.0, "given"), personal_share=1.0, discount=0.0, tax=0.0, leaving=0.0
    )
    return replace(base, **changes)


def offer(*lines: Line, months: int = 12, pay: Pay | None = None) -> Offer:
    return Offer("test", "Test", "USD", pay or Pay(200_000.0), lines, FIRST, months)


def outcome(found: Line | Offer, person: Person, months: int = 12, **setup: Any) -> Outcome:
    """Lived through in few worlds, as nothing is uncertain; months are weighted with the chance that they come."""
    whole = found if isinstance(found, Offer) else offer(found, months=months)
    return evaluate(whole, person, Setup(**{"paths": 4, "hazard": "weighted", **setup}))
