"""What an offer does not say, as questions: why each matters, and what each answer would be worth.

The worth of an answer is the offer's with that answer and everything else as it is, in the same worlds. What no figure
can show (who sees my usage?) is asked all the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bursar.offers.document import ApprovalPart, TokensPart
from bursar.offers.laptop import laptop_test
from bursar.offers.lines import PRESUMED, when
from bursar.offers.outcome import Setup
from bursar.offers.outcome import worth as worth_of
from bursar.offers.reading import Draft
from bursar.offers.terms import Person
from bursar.plans.document import LeavingPart, LimitPart, RolloverPart, VestingPart

ASKING_PATHS = 1_024
"""Worlds for each answer: differences are between the same worlds, so few do."""


@dataclass(frozen=True, slots=True)
class Term:
    """A term that may be missing: what to ask, why, and the answers that one may get."""

    question: str
    why: str
    presumed: str
    answers: tuple[tuple[str, Mapping[str, Any]], ...] = ()


_TAIL = LeavingPart.model_validate({"unspent": "keep", "tail": "90 days"})
_YES_NO = ("yes", "no")
TERMS: Mapping[str, Term] = {
    "use": Term(
        "May I use it for my own projects and learning, or for work only?",
        "What only work may use replaces nothing that you would pay for: as pay it is worth nothing.",
        "open",
        (
            ("open: personal projects too", {"use": "open"}),
            ("work only", {"use": "work"}),
            ("personal use only", {"use": "personal"}),
        ),
    ),
    "needed": Term(
        "Can the job be done without it?",
        "What the job needs is an operating cost, like a laptop: it belongs in no total of your pay.",
        "not known",
    ),
    "every": Term(
        "Is that amount by month, by year, or once?",
        "The same figure is twelve times as much by month.",
        "a year",
        (("a year", {"every": "year"}), ("a month", {"every": "month"}), ("once", {"every": "once"})),
    ),
    "expires": Term(
        "When does what I have not used expire?",
        "What expires before you need it is yours on paper only.",
        "with its period",
        (("with its period", {"expires": "period"}), ("never, while I am here", {"expires": "never"})),
    ),
    "rollover": Term(
        "Does what is left roll over, how much of it, and for how long?",
        "Use comes in bursts: an idle month pays for a busy one only if it rolls over.",
        "nothing rolls over",
        (
            ("nothing rolls over", {"rollover": "none"}),
            ("half of it, for two periods", {"rollover": RolloverPart(share="50%", periods=2)}),
            ("all of it, without an end", {"rollover": RolloverPart(periods="unlimited")}),
        ),
    ),
    "vesting": Term(
        "Is it mine from the first day, or does it vest?",
        "What vests is lost if you leave before.",
        "all of it is there from the start of each period",
        (
            ("it does not vest", {"vesting": "none"}),
            ("over four years, a year's cliff", {"vesting": VestingPart(over="4 years", cliff="1 year")}),
        ),
    ),
    "limit": Term(
        "What happens when I reach the limit in the middle of my work?",
        "This is where a budget becomes a benefit or a bill: blocked, topped up without a word, or on your card.",
        "work stops until the next period",
        (
            ("work stops until the next period", {"limit": LimitPart()}),
            ("topped up without a word", {"approval": ApprovalPart(chance="100%", reason="none")}),
            ("I ask, and half of it is granted", {"approval": ApprovalPart(chance="50%", reason="required")}),
            ("I pay for the rest myself", {"limit": LimitPart(), "own_money": "100%"}),
        ),
    ),
    "approval": Term(
        "How often is more granted, how long does it take, and does it need a justification?",
        "A top-up that is always granted says that it is a tool; one that is not says that it is a cap.",
        "nothing more is granted",
        (
            ("always, without a reason", {"approval": ApprovalPart(chance="100%", reason="none")}),
            ("every second time, with a reason", {"approval": ApprovalPart(chance="50%", reason="required")}),
            ("never", {"approval": ApprovalPart(chance="0%", reason="required")}),
        ),
    ),
    "changes": Term(
        "Who may reduce it or take it away, and with what notice?",
        "A salary is hard to cut; a budget is an e-mail. What may go at any time counts for less from today.",
        "taken away in one year of ten",
        (
            ("only by agreement", {"changes": "contract"}),
            ("after a notice", {"changes": "notice"}),
            ("at any time", {"changes": "at_will"}),
        ),
    ),
    "leaving": Term(
        "What becomes of the rest when I leave?",
        "What is forfeited on the last day ties you to the company and is worth nothing after it.",
        "forfeited on the last day",
        (
            ("forfeited", {"leaving": LeavingPart()}),
            ("mine for 90 days more", {"leaving": _TAIL}),
            ("half of it is paid out", {"leaving": LeavingPart(pay_out="50%")}),
        ),
    ),
    "portable": Term(
        "Which providers and models is it for, and may I take it elsewhere?",
        "What only one platform takes does less than money: you cannot follow the better model.",
        "a dollar of it does as much as any other",
        (
            ("any provider", {"portable": "yes", "fit": "100%"}),
            ("one platform only", {"portable": "no", "fit": "80%"}),
        ),
    ),
    "rate_limits": Term(
        "What are the rate limits?",
        "A large amount that comes a few requests a minute cannot be used when it is needed.",
        "no limit that matters",
    ),
    "taxed": Term(
        "How is it taxed, and when is that reported?",
        "Personal use may be taxed at list price, and in the worst case the whole amount, used or not.",
        "personal use is taxed at list price",
        (
            ("not taxed", {"taxed": "nothing"}),
            ("personal use is taxed", {"taxed": "personal_use"}),
            ("the whole amount is taxed when granted", {"taxed": "face"}),
        ),
    ),
    "grossed_up": Term(
        "Does the company pay that tax for me?",
        "Tax is due in money, and tokens pay no tax.",
        "no",
        (("yes", {"grossed_up": "yes"}), ("no", {"grossed_up": "no"})),
    ),
    "expected": Term(
        "What output is expected of me in return?",
        "A large allowance is often a quiet expectation of more work for the same pay.",
        "not known",
    ),
    "seen_by": Term(
        "Who sees what I use it for, and in what detail?",
        "Usage that your manager reads is a record of your working day.",
        "not known",
    ),
}
UNWEIGHED = ("needed", "would_buy", "portable", "expected", "seen_by", "rate_limits")
"""Terms that no figure depends on: they are asked for the laptop test, or for oneself."""
ASK_YOURSELF = ("would_buy",)
"""Nobody but the person knows it."""


@dataclass(frozen=True, slots=True)
class Answered:
    """One answer that may be given, and what the offer would be worth with it, dollars by year."""

    answer: str
    worth: float
    change: float


@dataclass(frozen=True, slots=True)
class Question:
    """Something to ask before one signs."""

    line: str
    term: str
    question: str
    why: str
    presumed: str
    """What stands in its place until then."""
    answers: tuple[Answered, ...] = ()
    points: float = 0.0
    """By how much the answers move the laptop test."""

    @property
    def swing(self) -> float:
        """Dollars a year between the best and the worst answer."""
        worths = [one.worth for one in self.answers]
        return max(worths) - min(worths) if worths else 0.0


@dataclass(frozen=True, slots=True)
class Asked:
    """All questions, the most valuable first, and the range that their answers span; dollars by year."""

    questions: tuple[Question, ...]
    low: float
    high: float


def asked(draft: Draft, person: Person, setup: Setup, worth: float) -> Asked:
    """Every question of an offer that is worth `worth` a year as it stands.

    Answers are told apart in fewer worlds than the offer itself: the same ones for all, so only differences are taken.
    """
    now = worth
    weighed: dict[str, float] = {}

    def valued(variant: Draft) -> float:
        """What is presumed is often one of the answers, and then worth the same."""
        key = _meaning(variant)
        if key not in weighed:
            weighed[key] = worth_of(variant.offer, person, setup)
        return weighed[key]

    scale = scaled(worth, valued(draft))
    found: list[Question] = []
    best, worst = draft, draft
    for index, line in enumerate(draft.offer.lines):
        for name in line.unknown:
            if name in ASK_YOURSELF or (name == "approval" and "limit" in line.unknown):
                continue
            term = TERMS[name]
            periodic = draft.document.tokens[index].every != "once"
            given = () if name == "vesting" and periodic else term.answers
            variants = [(text, terms, _variant(draft, index, terms)) for text, terms in given]
            answers = []
            for text, _, variant in variants:
                value = valued(variant) * scale
                answers.append(Answered(text, value, value - now))
            found.append(
                Question(
                    line.name,
                    name,
                    term.question,
                    term.why,
                    term.presumed,
                    tuple(answers),
                    _points(draft, index, name, person, [variant for _, _, variant in variants]),
                )
            )
            if answers:
                order = sorted(range(len(answers)), key=lambda one: answers[one].worth)
                worst = _variant(worst, index, variants[order[0]][1])
                best = _variant(best, index, variants[order[-1]][1])
    low = min(now, valued(worst) * scale) if found else now
    high = max(now, valued(best) * scale) if found else now
    return Asked(tuple(sorted(found, key=lambda one: (-one.swing, -one.points))), low, high)


def _meaning(draft: Draft) -> str:
    """Everything of an offer that its worth depends on, with what is presumed where it says nothing."""
    lines = [
        [part.plan, part.tier, *when(part), *(getattr(part, name) or PRESUMED.get(name) for name in _WORTH)]
        for part in draft.document.tokens
    ]
    return f"{draft.offer.months} {lines!r}"


_ELSEWHERE = ("name", "plan", "tier", "every", "expires", "quotes", *UNWEIGHED)
_WORTH = tuple(name for name in TokensPart.model_fields if name not in _ELSEWHERE)


def scaled(worth: float, in_few: float) -> float:
    """By what figures from few worlds are multiplied, so that what is unchanged in them is worth what it is in many."""
    ratio = worth / in_few if abs(in_few) >= 1 else 1.0
    return ratio if 0.5 < ratio < 2 else 1.0


def _variant(draft: Draft, index: int, terms: Mapping[str, Any]) -> Draft:
    """The offer with an answer; what the answer makes impossible beside it is dropped."""
    part = draft.document.tokens[index]
    changed = dict(terms)
    merged: dict[str, Any] = {**{name: getattr(part, name) for name in TokensPart.model_fields}, **changed}
    if merged["every"] == "once" or isinstance(merged["vesting"], VestingPart) or merged["expires"] == "never":
        if isinstance(merged["rollover"], RolloverPart):
            changed["rollover"] = "none"
        if merged["every"] == "once" and merged["expires"] == "period":
            changed["expires"] = None
    if isinstance(changed.get("vesting"), VestingPart) and part.every not in (None, "once"):
        changed["every"] = part.every
    if changed.get("taxed") == "nothing" and merged["grossed_up"] == "yes":
        changed["grossed_up"] = "no"
    if changed.get("use") == "work" and merged["would_buy"] == "yes":
        changed["would_buy"] = "no"
    return draft.variant(index, **changed)


def _points(draft: Draft, index: int, name: str, person: Person, variants: Sequence[Draft]) -> float:
    """How far the answers move the laptop test."""
    if name == "needed":
        variants = [draft.variant(index, needed=answer) for answer in _YES_NO]
    scores = [laptop_test(one.offer.lines[index], person, 0.0).score for one in variants]
    return max(scores) - min(scores) if scores else 0.0
