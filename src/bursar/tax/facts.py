"""What a condition may ask: a closed set of facts, each with its kind and what is assumed where nobody said.

A fact that a rule asked and nobody gave is an assumption, and every assumption is named beside the result. Assumed is what taxes
more, so that an exclusion has to be earned by a fact; only what a metered allowance usually is not (paid out, given away, handed
over for months) is assumed not to be.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bursar.errors import InvalidInput

Value = bool | str
Facts = Mapping[str, Value]

PURPOSES = ("work", "learning", "personal", "other", "available")
"""What a use was for; `other` was never said, `available` is what was not used at all, where a rule taxes that."""
CLASSES = ("provisioned_tool", "benefit", "hybrid")
RESTRICTIONS = ("work_only", "work_and_incidental", "learning", "unrestricted")
OVERAGES = ("none", "blocked", "topped_up", "out_of_pocket")
TIMINGS = ("use", "vest", "grant")
"""When it counts: as it is used, as it becomes available, as it is promised."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One name that a condition may use."""

    name: str
    words: str
    """What it says, as an assumption reads it: "assumed: <words>", or "assumed not: <words>"."""
    assumed: Value | None = False
    """Where nobody said; None for what the engine always knows."""
    choices: tuple[str, ...] = ()
    """Of a text; a fact without choices is a yes or no."""


_ALL = (
    Fact("purpose", "what the use was for", None, PURPOSES),
    Fact("plan_class", "the class of the plan", "benefit", CLASSES),
    Fact("restriction", "what the plan allows", "unrestricted", RESTRICTIONS),
    Fact("overage", "what happens past the limit", "none", OVERAGES),
    Fact("substantiated", "use for work can be shown (tagged key, project)"),
    Fact("policy_document", "a written policy limits private use, and not charging for it is a commercial decision"),
    Fact("private_use_significant", "private use is significant", True),
    Fact("job_related", "learning keeps or improves skills that the job needs"),
    Fact("advertised_as_compensation", "the allowance is advertised as pay"),
    Fact("cash_out", "what is unspent can be paid out"),
    Fact("transferable", "it can be given to somebody else"),
    Fact("near_cash", "it works like cash: payable out, or good for what the person chooses anywhere"),
    Fact("rollover_crosses_year", "what is unspent lives on in the next tax year"),
    Fact("contractual", "the person has a right to it by contract", True),
    Fact("for_services", "it rewards particular services", True),
    Fact("salary_sacrifice", "pay was given up for it"),
    Fact("several_months_at_once", "several months are handed over at once"),
    Fact("employer_device", "it is used on a device of the employer"),
    Fact("program_used_in_business", "the employer uses the same program in its own business"),
    Fact("computer_use", "what is provided is the use of a computer"),
    Fact("employer_is_primary_beneficiary", "mostly the employer benefits, at no extra cost for personal use"),
    Fact("de_minimis", "so small that accounting for it is unreasonable"),
)
FACTS: Mapping[str, Fact] = {one.name: one for one in _ALL}
"""By name."""


@dataclass(frozen=True, slots=True)
class Assumption:
    """Something that nobody said and a rule needed."""

    name: str
    words: str


def checked(facts: Facts) -> dict[str, Value]:
    """Facts as given. Raises `InvalidInput` for a name that is not known or a value that it cannot have."""
    for name, value in facts.items():
        fact = FACTS.get(name)
        if fact is None or fact.assumed is None:
            known = ", ".join(sorted(one.name for one in _ALL if one.assumed is not None))
            raise InvalidInput(f"facts.{name}", "a fact that no rule asks", f"one of {known}")
        check_value(fact, value, f"facts.{name}")
    return dict(facts)


def check_value(fact: Fact, value: object, field: str) -> None:
    """Raises `InvalidInput` for a value that a fact cannot have."""
    if fact.choices:
        if not isinstance(value, str) or value not in fact.choices:
            raise InvalidInput(field, repr(value)[:80], f"one of {', '.join(fact.choices)}")
    elif not isinstance(value, bool):
        raise InvalidInput(field, repr(value)[:80], "true or false")


def assumption(fact: Fact) -> Assumption:
    """What is assumed of a fact that nobody gave."""
    if fact.choices:
        return Assumption(fact.name, f"{fact.words}: {str(fact.assumed).replace('_', ' ')}")
    return Assumption(fact.name, f"{fact.words}" if fact.assumed else f"not: {fact.words}")
