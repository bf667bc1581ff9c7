"""The laptop test: is this line of an offer a perk, or the tool that the job needs anyway?

Nobody counts a laptop as pay. Nine terms say how much a promise of tokens resembles one, each with a weight that adds up
to a hundred (G19); three more move the score. What an offer does not say counts half, and becomes a question.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from bursar.offers.terms import Answer, Line, Person
from bursar.plans.factsheet import spoken
from bursar.plans.terms import PARTS

WEIGHTS: Mapping[str, float] = {
    "required_for_job": 0.20,
    "work_restricted": 0.15,
    "expires": 0.05,
    "no_rollover": 0.05,
    "not_portable": 0.05,
    "topup_auto": 0.20,
    "justification_on_topup": 0.05,
    "employer_can_revoke": 0.10,
    "burned_in_work_hours": 0.15,
}
"""Of what makes it an operating cost; they add up to one. A judgement, to be argued with."""

POINTS: Mapping[str, tuple[float, float]] = {
    "would_buy": (-15.0, 5.0),
    "vests": (-5.0, 0.0),
    "below_need": (5.0, 0.0),
}
"""Points on top, if so and if not: it replaces what one would have paid for; it vests as pay does; it does not even cover
the work that is expected."""

PERK, TOOL = 35.0, 65.0
"""Up to here a perk, from here on an operating cost."""
BELOW_NEED = 0.05
"""Share of the wanted work that is not covered, from which a line is below what the work needs."""

Verdict = Literal["perk", "mixed", "tool"]
VERDICTS: Mapping[Verdict, str] = {
    "perk": "A perk: it does for you what you would otherwise pay for.",
    "mixed": "Some of each: a tool of the job that you may also use for yourself.",
    "tool": "An operating cost: a laptop by another name. It belongs in no total of your pay.",
}


@dataclass(frozen=True, slots=True)
class Weighed:
    """One term: how far it says `operating cost` (0 to 1), what that weighs, and which words show it."""

    term: str
    title: str
    value: float
    points: float
    """Of a hundred, towards operating cost; negative towards perk."""
    most: float
    evidence: str
    said: bool
    """The offer says so; otherwise it is presumed."""


@dataclass(frozen=True, slots=True)
class LaptopTest:
    """The score of a line: 0 is a perk, 100 an operating cost."""

    line: str
    score: float
    verdict: Verdict
    terms: tuple[Weighed, ...]

    @property
    def words(self) -> str:
        return VERDICTS[self.verdict]

    @property
    def strongest(self) -> tuple[Weighed, ...]:
        """The three terms that decide it."""
        towards = -1.0 if self.verdict == "perk" else 1.0
        lean = {one.term: towards * (one.points - one.most / 2 if one.most > 0 else one.points) for one in self.terms}
        return tuple(sorted(self.terms, key=lambda one: -lean[one.term])[:3])


def score(inputs: Mapping[str, float]) -> float:
    """The weighted score of nine inputs from 0 to 1, out of a hundred."""
    return 100 * sum(WEIGHTS[name] * value for name, value in inputs.items())


def laptop_test(line: Line, person: Person, uncovered: float = 0.0) -> LaptopTest:
    """Weigh a line. `uncovered` is the share of the wanted work that it does not cover."""
    terms = (*_nine(line, person), *_three(line, uncovered))
    total = min(100.0, max(0.0, sum(one.points for one in terms)))
    verdict: Verdict = "perk" if total <= PERK else "tool" if total >= TOOL else "mixed"
    return LaptopTest(line.name, total, verdict, terms)


def topped_up_without_blinking(requests: int, granted: int, median_minutes: float, justified: bool) -> bool:
    """Do measured top-ups confirm an operating cost: nine in ten granted, within a quarter of an hour, unjustified?"""
    return requests > 0 and granted / requests >= 0.90 and median_minutes <= 15 and not justified


def _nine(line: Line, person: Person) -> Iterator[Weighed]:
    plan = line.plan
    yield _weighed(
        line,
        "required_for_job",
        "Needed for the job",
        "needed",
        _toward(line.needed),
        {
            "yes": "The job cannot be done without it.",
            "no": "The job can be done without it.",
            "unknown": "Whether the job needs it is not said.",
        }[line.needed],
    )
    restricted = {"work": 1.0, "open": 0.0, "personal": 0.0}[line.use]
    words = {
        "work": "Work use only.",
        "open": "Personal projects are allowed.",
        "personal": "For personal use.",
    }[line.use]
    if "use" in line.unknown:
        restricted, words = 0.5, "What it may be used for is not said."
    yield _weighed(line, "work_restricted", "Restricted to work", "use", restricted, words)
    expires, rolls = _expiry(line)
    yield _weighed(line, "expires", "Expires", "expires", *expires)
    yield _weighed(line, "no_rollover", "Does not roll over", "rollover", *rolls)
    yield _weighed(
        line,
        "not_portable",
        "Not portable",
        "portable",
        1 - _toward(line.portable),
        {
            "yes": "It moves with you.",
            "no": "It works here and nowhere else.",
            "unknown": "Whether it moves with you is not said.",
        }[line.portable],
    )
    yield _weighed(
        line,
        "topup_auto",
        "Topped up without blinking",
        "limit" if plan is not None and line.approval == 0 else "approval",
        _toward(line.automatic),
        {
            "yes": "There is no limit." if line.unlimited else "More is granted by itself.",
            "no": "More is not granted by itself.",
            "unknown": "What happens at the limit is not said.",
        }[line.automatic],
    )
    yield _weighed(
        line,
        "justification_on_topup",
        "More needs a justification",
        "approval",
        _toward(line.justified),
        {
            "yes": "More has to be justified: a budget dressed as a benefit.",
            "no": "No justification is asked for.",
            "unknown": "Whether more has to be justified is not said.",
        }[line.justified],
    )
    yield _weighed(line, "employer_can_revoke", "The employer may take it away", "changes", *_revocable(line))
    share = {"work": 1.0, "open": 1 - person.personal_share, "personal": 0.0}[line.use]
    yield _weighed(
        line, "burned_in_work_hours", "Burned at work", "use", share, f"{share:.0%} of your use of it would be work."
    )


def _three(line: Line, uncovered: float) -> Iterator[Weighed]:
    vests = line.plan is not None and line.plan.vesting is not None
    facts: tuple[tuple[str, str, Answer, str, str], ...] = (
        (
            "would_buy",
            "You would have bought it",
            line.would_buy,
            "would_buy",
            {
                "yes": "It replaces what you would have paid for.",
                "no": "You would not have bought it.",
                "unknown": "Would you have bought it?",
            }[line.would_buy],
        ),
        (
            "vests",
            "Vests",
            "yes" if vests else "no",
            "vesting",
            "It vests, as pay does." if vests else "It does not vest.",
        ),
        (
            "below_need",
            "Below what the work needs",
            "yes" if uncovered > BELOW_NEED else "no",
            "amount",
            f"{uncovered:.0%} of the work that you expect to do is not covered.",
        ),
    )
    for term, title, answer, field, words in facts:
        yes, no = POINTS[term]
        points = yes if answer == "yes" else no if answer == "no" else 0.0
        value = 1.0 if answer == "yes" else 0.0 if answer == "no" else 0.5
        yield Weighed(term, title, value, points, yes, line.quotes.get(field, words), answer != "unknown")


def _weighed(line: Line, term: str, title: str, field: str, value: float, words: str) -> Weighed:
    most = 100 * WEIGHTS[term]
    said = field not in line.unknown
    return Weighed(term, title, value, most * value, most, line.quotes.get(field, words), said)


def _expiry(line: Line) -> tuple[tuple[float, str], tuple[float, str]]:
    plan = line.plan
    if plan is None:
        return (0.0, "There is nothing that could expire."), (0.0, "There is nothing that could roll over.")
    expires = plan.allotment.expires
    if "expires" in line.unknown:
        first = (0.5, "Whether it expires is not said.")
    elif expires == "period":
        first = (1.0, "It expires with its period.")
    elif expires == "never":
        first = (0.0, "It does not expire.")
    else:
        first = (0.5 if expires != "never" else 0.0, f"It expires after {expires}.")
    terms = plan.rollover
    if "rollover" in line.unknown:
        return first, (0.5, "Whether it rolls over is not said.")
    if expires == "never":
        return first, (0.0, "What is left stays.")
    if terms is None:
        return first, (1.0, "Nothing rolls over.")
    if terms.share == PARTS and terms.cap is None:
        return first, (0.0, "All of what is left rolls over.")
    cap = (
        ""
        if terms.cap is None
        else f", up to {spoken(terms.cap) if not isinstance(terms.cap, int) else f'{terms.cap / 10_000:g}%'}"
    )
    return first, (0.5, f"{terms.share / 10_000:g}% of what is left rolls over{cap}.")


def _revocable(line: Line) -> tuple[float, str]:
    if line.contractual == "yes":
        return 0.0, "It can only be changed by agreement."
    if line.revocation >= 0.5:
        return 1.0, "It may be changed at any time."
    if "changes" in line.unknown:
        return 0.5, "Who may change it, and when, is not said."
    return 0.5, "It may be changed after notice."


def _toward(answer: Answer) -> float:
    return {"yes": 1.0, "no": 0.0, "unknown": 0.5}[answer]
