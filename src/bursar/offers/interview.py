"""The questions that lead to an offer's document, for whoever asks them; `I don't know` is an answer.

Data only: what is asked, what may be answered, and which fields each answer fills. Terminal and console ask alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from bursar.errors import InvalidInput
from bursar.insight.simulation.usage import PERSONAS
from bursar.offers.reading import read
from bursar.plans.document import PlanFaults

Fields = Mapping[str, Any]
"""Values by dotted path; a value None removes the field."""


@dataclass(frozen=True, slots=True)
class Choice:
    """An answer that may be picked: the word for it, what it says, and the fields that it fills."""

    word: str
    says: str
    fields: Fields


@dataclass(frozen=True, slots=True)
class Ask:
    """One question. With `choices` it is picked, with `path` it is written."""

    question: str
    help: str = ""
    path: str = ""
    default: str = ""
    """Empty: I don't know."""
    choices: tuple[Choice, ...] = ()
    fields: Fields = field(default_factory=dict)
    """Filled along with a written answer."""


def _choice(word: str, says: str, **fields: Any) -> Choice:
    return Choice(word, says, {f"tokens.{name}": value for name, value in fields.items()})


ASKS: tuple[Ask, ...] = (
    Ask("What is the offer called?", "Acme, staff engineer", "title", "An offer"),
    Ask("Salary a year?", "$190,000, or 150,000 EUR", "pay.salary"),
    Ask("Bonus a year, at target?", "$20,000", "pay.bonus"),
    Ask("Equity a year, at today's value?", "$100,000, or a grant's value divided by its years", "pay.equity"),
    Ask("Signing bonus in cash?", "$30,000", "pay.signing"),
    Ask(
        "How many tokens does it promise?",
        "$10,000, 100M tokens, 500 GPU-h, or `unlimited`",
        "tokens.amount",
        "unlimited",
    ),
    Ask(
        "How often?",
        choices=(
            _choice("month", "every month", every="month"),
            _choice("quarter", "every quarter", every="quarter"),
            _choice("year", "every year", every="year"),
            _choice("once", "once, such as a signing credit", every="once"),
        ),
    ),
    Ask(
        "What may you use it for?",
        choices=(
            _choice("open", "work and my own projects", use="open"),
            _choice("work", "work only", use="work"),
            _choice("personal", "my own projects only", use="personal"),
        ),
    ),
    Ask(
        "Can the job be done without it?",
        choices=(_choice("yes", "yes", needed="no"), _choice("no", "no, the job needs it", needed="yes")),
    ),
    Ask(
        "What happens to what is left at the end of a period?",
        choices=(
            _choice("gone", "it is gone", expires="period", rollover="none"),
            _choice("half", "half of it lives on for two periods", rollover={"share": "50%", "periods": 2}),
            _choice("all", "all of it rolls over", rollover={"share": "100%", "periods": "unlimited"}),
            _choice("never", "it never expires", expires="never"),
        ),
    ),
    Ask(
        "What happens when it is used up?",
        choices=(
            _choice("stop", "work stops until the next period", limit={"then": ["stop"]}),
            _choice("topped-up", "more comes without a word", approval={"chance": "100%", "reason": "none"}),
            _choice("ask", "I ask, with a reason", approval={"chance": "50%", "reason": "required"}),
            _choice("own", "I pay for the rest myself", limit={"then": ["stop"]}, own_money="100%"),
        ),
    ),
    Ask(
        "Who may change it?",
        choices=(
            _choice("contract", "nobody without me", changes="contract"),
            _choice("notice", "the employer, after notice", changes="notice"),
            _choice("at-will", "the employer, at any time", changes="at_will"),
        ),
    ),
    Ask(
        "What becomes of it when you leave?",
        choices=(
            _choice("gone", "it is gone", leaving={"unspent": "forfeit"}),
            _choice("tail", "I keep it for 90 days", leaving={"unspent": "keep", "tail": "90 days"}),
            _choice("paid", "half of it is paid out", leaving={"pay_out": "50%"}),
        ),
    ),
    Ask(
        "How is it taxed?",
        choices=(
            _choice("not", "not at all", taxed="nothing"),
            _choice("use", "what I use for myself", taxed="personal_use"),
            _choice("face", "all of it, used or not", taxed="face"),
        ),
    ),
    Ask(
        "How much do you use in a month, at list price?",
        f"$400, or {', '.join(PERSONAS)}; `bursar usage local` reads it from your own logs",
        "me.usage",
        "moderate",
    ),
    Ask("How much of that would be for yourself?", "30%", "me.personal", "30%"),
    Ask("What would you spend on tokens in a month if there were no offer?", "$200", "me.own_spend_a_month", "$200"),
    Ask("Your marginal tax rate?", "35%", "me.tax", "35%"),
)


def filled(document: dict[str, Any], fields: Fields) -> dict[str, Any]:
    """A document with some fields more, by dotted path."""
    found = {name: dict(value) if isinstance(value, dict) else value for name, value in document.items()}
    for path, value in fields.items():
        *rooms, name = path.split(".")
        here = found
        for room in rooms:
            here = here.setdefault(room, {})
        if value is None:
            here.pop(name, None)
        else:
            here[name] = value
    return found


def answered(document: dict[str, Any], ask: Ask, answer: str) -> dict[str, Any]:
    """The document with an answer; an empty one is `I don't know`. Raises `InvalidInput` with what is expected."""
    answer = answer.strip()
    if not answer:
        return document
    if ask.choices:
        chosen = next((one for one in ask.choices if one.word == answer.lower()), None)
        if chosen is None and answer.isdigit() and 1 <= int(answer) <= len(ask.choices):
            chosen = ask.choices[int(answer) - 1]
        if chosen is None:
            words = ", ".join(one.word for one in ask.choices)
            raise InvalidInput(
                ask.question, repr(answer[:60]), f"a number from 1 to {len(ask.choices)}, or one of {words}"
            )
        found = filled(document, chosen.fields)
    elif ask.path == "tokens.amount" and answer.lower() == "unlimited":
        found = filled(document, {"tokens.unlimited": True})
    else:
        found = filled(document, {ask.path: answer, **ask.fields})
    try:
        read(written(found))
    except PlanFaults as faults:
        fault = next((one for one in faults.faults if one.expected != "an amount, a plan, or unlimited: true"), None)
        if fault is not None and "at least one promise" not in fault.expected:
            raise InvalidInput(ask.question, repr(answer[:60]), fault.expected) from None
    return found


def applies(ask: Ask, document: Mapping[str, Any]) -> bool:
    """Is a question worth asking, after what was answered?"""
    tokens = document.get("tokens", {})
    terms = {path.removeprefix("tokens.") for choice in ask.choices for path in choice.fields}
    if tokens.get("unlimited") and terms & {"every", "expires", "rollover", "limit", "approval", "leaving"}:
        return False
    if tokens.get("every") == "once" and "rollover" in terms:
        return False
    return not (tokens.get("use") == "work" and ask.path == "me.personal")


def start(name: str = "offer") -> dict[str, Any]:
    """The document before the first answer."""
    return {"bursar": "offer/1", "name": name}


def written(document: Mapping[str, Any]) -> str:
    """The document as a file that says what it is."""
    body = yaml.safe_dump(dict(document), sort_keys=False, allow_unicode=True, width=110)
    return f"# An offer, for `bursar offer evaluate`. What is missing here is what to ask: `bursar offer questions`.\n{body}"
