"""What employers provide without calling it pay, to set a promise of tokens beside: each with the rule that treats it so.

The scores are the laptop test's own nine terms, answered for each item as it is usually provided; which terms those are is
a judgement, what the law says of it is cited. Nothing here is advice on tax or law.
"""

from __future__ import annotations

from dataclasses import dataclass

from bursar.offers.laptop import WEIGHTS, score


@dataclass(frozen=True, slots=True)
class Comparator:
    """Something that is usually provided."""

    name: str
    title: str
    tool_because: str
    source: str
    """Where it is treated as a cost of the employer."""
    terms: tuple[float, ...]
    """By the nine terms of the laptop test, from 0 to 1, in their order."""

    @property
    def score(self) -> float:
        return score(dict(zip(WEIGHTS, self.terms, strict=True)))


COMPARATORS = (
    Comparator(
        "laptop",
        "Laptop",
        "the work cannot be done without it, and it goes back on the last day",
        "26 U.S.C. 132(d), working condition fringe; German income tax act, section 3 no. 45",
        (1.0, 0.5, 0.5, 1.0, 1.0, 1.0, 0.0, 1.0, 1.0),
    ),
    Comparator(
        "licence",
        "Licence of a development tool",
        "it is bought for a task and is of no use elsewhere",
        "26 CFR 1.132-5, working condition fringe; UK ITEPA 2003, section 316",
        (1.0, 1.0, 0.5, 1.0, 1.0, 1.0, 0.0, 1.0, 1.0),
    ),
    Comparator(
        "cloud",
        "Cloud account for tests",
        "it is charged to a project, and nobody counts it as theirs",
        "26 CFR 1.132-5, working condition fringe; UK ITEPA 2003, section 316",
        (1.0, 1.0, 0.5, 1.0, 1.0, 1.0, 0.5, 1.0, 1.0),
    ),
    Comparator(
        "phone",
        "Mobile phone",
        "it is given for reasons of the work, and private calls are incidental",
        "IRS Notice 2011-72; UK ITEPA 2003, section 319",
        (0.5, 0.0, 0.5, 1.0, 0.5, 1.0, 0.0, 1.0, 0.5),
    ),
    Comparator(
        "internet",
        "Internet at home, where one works from there",
        "what the work makes necessary is the employer's to reimburse",
        "California Labor Code, section 2802; UK ITEPA 2003, section 316A",
        (0.5, 0.0, 0.5, 1.0, 0.5, 0.5, 0.5, 1.0, 0.5),
    ),
)
"""In the order in which they are shown: the most like a tool first."""
