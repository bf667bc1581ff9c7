"""Does the job need it? Five questions that somebody can answer, and how likely that makes it.

`tokens.needed` of an offer decides most of the laptop test and, in many places, whether a cost may be left with the
person at all. Few offers say it, so it is asked of the job instead. The weights are judgements and add up to one; who
does not know counts half, as in the laptop test.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bursar.errors import InvalidInput
from bursar.offers.terms import Answer


@dataclass(frozen=True, slots=True)
class Question:
    """One of the five."""

    id: str
    text: str
    weight: float


QUESTIONS = (
    Question("tasks", "Are there tasks of the job that cannot be done without it?", 0.35),
    Question("colleagues", "Does everybody in the same role have it, whatever they are paid?", 0.20),
    Question("pace", "Does the work that is expected presume it?", 0.20),
    Question("current", "Does the job ask to test and to know these models?", 0.15),
    Question("without", "Would the employer have to find a replacement if nobody granted it?", 0.10),
)
NEEDED, NOT_NEEDED = 0.75, 0.25
"""From the first on the job needs it, up to the second it does not; between them nobody can say."""
_VALUE: Mapping[Answer, float] = {"yes": 1.0, "unknown": 0.5, "no": 0.0}


@dataclass(frozen=True, slots=True)
class Necessity:
    """What the answers come to."""

    probability: float
    needed: Answer
    """As an offer says it: `tokens.needed`."""
    reasons: tuple[str, ...]
    """The questions that were answered with yes, the weightiest first."""


def necessity(answers: Mapping[str, str]) -> Necessity:
    """How likely the job needs it. What is not answered is unknown. Raises InvalidInput for another question or answer."""
    known = {one.id for one in QUESTIONS}
    for name, given in answers.items():
        if name not in known:
            raise InvalidInput("question", repr(name[:40]), f"one of {', '.join(one.id for one in QUESTIONS)}")
        if given not in _VALUE:
            raise InvalidInput(name, repr(str(given)[:40]), "yes, no or unknown")
    given_: dict[str, Answer] = {one.id: answers.get(one.id, "unknown") for one in QUESTIONS}  # type: ignore[misc]
    found = round(sum(one.weight * _VALUE[given_[one.id]] for one in QUESTIONS), 9)
    verdict: Answer = "yes" if found >= NEEDED else "no" if found <= NOT_NEEDED else "unknown"
    yes = sorted((one for one in QUESTIONS if given_[one.id] == "yes"), key=lambda one: -one.weight)
    return Necessity(found, verdict, tuple(one.text for one in yes))
