"""What an offer's compute comes to for a person: every world lived through, and the figures taken from all of them.

(5) V = sum over months of e^(-r t) [k V_p(P; s/12) + alpha W - own - tax], a month counted at its end, while the line
has not been revoked; (6) X = V / (1 - tau) is the sum before tax that is worth the same. Leaving ends salary and tokens
alike, so it adds only what may still be used or is paid out afterwards.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bursar.errors import InvalidInput
from bursar.offers.life import Course
from bursar.offers.run import MOST_LOST, Run, prepared
from bursar.offers.terms import MAX_MONTHS, Line, Offer, Person
from bursar.offers.totals import DEFAULT_PATHS, DEFAULT_SEED, FAN_QUANTILES, Outcome, RunOut, Setup, Spread, Totals

WORTH_CHANGING = 0.005
"""Half a cent: nobody changes what they do for less."""


def evaluate(offer: Offer, person: Person, setup: Setup | None = None) -> Outcome:
    """Live through an offer. Raises `InvalidInput` for what cannot be worked out."""
    setup = setup or Setup()
    if not 1 <= offer.months <= MAX_MONTHS:
        raise InvalidInput("horizon", f"{offer.months} months", f"1 to {MAX_MONTHS} months")
    return _better(offer, person, setup, None).outcome()


def worth(offer: Offer, person: Person, setup: Setup, courses: Sequence[Course | None] | None = None) -> float:
    """X by year and nothing else, for who asks often; `courses` are the offer's lines, prepared before."""
    return _better(offer, person, setup, courses, counting=False).mean() * 12 / offer.months


def _better(
    offer: Offer, person: Person, setup: Setup, courses: Sequence[Course | None] | None, *, counting: bool = True
) -> Run:
    found = _lived(offer, person, setup, courses, counting)
    kept = tuple(replace(line, use="work") if _pays_for_work(line) else line for line in offer.lines)
    if kept == offer.lines:
        return found
    # Who would have to pay for work later uses nothing for themselves where that is worth less than what it saves.
    frugal = _lived(replace(offer, lines=kept), person, setup, courses, counting)
    return frugal if frugal.mean() > found.mean() + WORTH_CHANGING else found


def _lived(offer: Offer, person: Person, setup: Setup, courses: Sequence[Course | None] | None, counting: bool) -> Run:
    run = Run(offer, person, setup, courses, counting)
    run.live()
    return run


def _pays_for_work(line: Line) -> bool:
    """May personal use lead to work that the person pays for?"""
    steps = line.plan.at_limit if line.plan is not None else ()
    return line.use == "open" and (line.own > 0 or any(step.kind == "own_money" for step in steps))


__all__ = [
    "DEFAULT_PATHS",
    "DEFAULT_SEED",
    "FAN_QUANTILES",
    "MOST_LOST",
    "Outcome",
    "RunOut",
    "Setup",
    "Spread",
    "Totals",
    "evaluate",
    "prepared",
    "worth",
]
