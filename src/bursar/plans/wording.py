"""What a plan says to others: an offer letter's clause, a job advertisement's line, two framings of it, its sheet for machines.

All of it comes from the terms and the fact sheet, so nothing is promised here that the plan does not say; and a letter
cannot be written while one of the twelve answers is missing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from bursar.errors import InvalidInput
from bursar.money import Amount, format_amount
from bursar.plans.check import Advice, advice_of
from bursar.plans.factsheet import STANDING, FactSheet, fact_sheet, spoken
from bursar.plans.terms import Plan, PlanClass

MAX_NAME = 200
HEADLINE = ("use", "expiry", "changes", "leaving")
"""Answers that stand first in a letter: is it restricted, does it expire, may it be taken away, what is left on leaving."""
ADVERTISED = ("amount", "use", "expiry", "changes")
"""Answers that an advertisement carries: an amount without its restrictions would promise too much."""
NO_CASH = "It is not cash, and it is not part of the salary, the bonus or the equity."


@dataclass(frozen=True, slots=True)
class Framing:
    """One plan told as one class, and what follows from telling it so."""

    plan_class: PlanClass
    sentence: str
    counts_as_pay: bool
    in_headline: Amount | None
    """What total pay would show of it for a period; None where it is no pay."""
    taxed: Literal["nothing", "personal use", "all of it"]
    """What payroll would look at first; what is due, a tax rule says."""
    advice: tuple[Advice, ...]
    """What `plan check` would say of the plan if it were of this class."""


@dataclass(frozen=True, slots=True)
class Clause:
    """An offer letter's clause about tokens, in its parts."""

    title: str
    promise: str
    standing: str
    answers: tuple[tuple[str, str], ...]
    """Questions of the fact sheet with what the terms say, the restrictions first."""
    terms: str
    """The plan's name and the beginning of its digest."""


def letter(plan: Plan, *, to: str, employer: str, tier: str | None = None) -> str:
    """An offer letter's clause in Markdown; see `clause`."""
    found = clause(plan, to=to, employer=employer, tier=tier)
    name, _, version = found.terms.partition("@")
    lines = [
        f"## {found.title}",
        "",
        found.promise,
        "",
        found.standing,
        "",
        *(f"- **{question}** {answer}" for question, answer in found.answers),
        "",
        f"These are the terms `{name}`, version `{version}`.",
    ]
    return "\n".join(lines) + "\n"


def clause(plan: Plan, *, to: str, employer: str, tier: str | None = None) -> Clause:
    """An offer letter's clause. Raises InvalidInput while an answer of the fact sheet is missing.

    A plan with several tiers needs one: a letter promises an amount, not a table.
    """
    for field, text in (("to", to), ("employer", employer)):
        if not text.strip() or len(text) > MAX_NAME or not text.isprintable():
            raise InvalidInput(field, repr(text[:40]), f"a name of at most {MAX_NAME} characters")
    if tier is None and len(plan.tiers) > 1:
        raise InvalidInput("tier", "nothing", f"one of {', '.join(one.name for one in plan.tiers)}")
    sheet = fact_sheet(plan, tier)
    missing = [one for one in sheet.answers if not one.given]
    if missing:
        raise InvalidInput(
            "statements",
            f"no answer to: {' '.join(one.question for one in missing)}",
            "all twelve answers before a letter promises anything",
            "say it in the plan's statements: " + ", ".join(one.id for one in missing),
        )
    by_id = {one.id: one for one in sheet.answers}
    first = [*HEADLINE, *(name for name in by_id if name not in HEADLINE and name != "amount")]
    return Clause(
        sheet.title,
        f"{employer.strip()} promises {to.strip()}: {by_id['amount'].answer}",
        f"{sheet.standing} {NO_CASH}",
        tuple((by_id[name].question, by_id[name].answer) for name in first),
        f"{sheet.plan}@{sheet.version[:12]}",
    )


def posting(plan: Plan, tier: str | None = None) -> dict[str, Any]:
    """A job advertisement's allowance as schema.org's `JobPosting`: in the benefits, never in the salary."""
    sheet = fact_sheet(plan, tier)
    answers = {one.id: one.answer for one in sheet.answers}
    sentences = [f"{sheet.title}.", *(answers[name] for name in ADVERTISED), sheet.standing, NO_CASH]
    return {
        "@context": "https://schema.org",
        "@type": "JobPosting",
        "jobBenefits": " ".join(sentences),
        "additionalProperty": [
            {"@type": "PropertyValue", "name": name, "value": answers[name]} for name in ("amount", *HEADLINE)
        ]
        + [
            {"@type": "PropertyValue", "name": "class", "value": plan.plan_class},
            {"@type": "PropertyValue", "name": "terms", "value": f"{plan.name}@{plan.digest[:12]}"},
        ],
    }


def linked(sheet: FactSheet) -> dict[str, Any]:
    """A fact sheet as JSON-LD: schema.org's `FAQPage`. What is not said has no answer, so that nobody takes it for one."""
    return {
        "@context": "https://schema.org",
        "@type": "FAQPage",
        "name": sheet.title,
        "identifier": f"{sheet.plan}@{sheet.version}",
        "abstract": sheet.standing,
        "mainEntity": [
            {
                "@type": "Question",
                "identifier": one.id,
                "name": one.question,
                **({"acceptedAnswer": {"@type": "Answer", "text": one.answer}} if one.given else {}),
            }
            for one in sheet.answers
        ],
    }


def framings(plan: Plan, tier: str | None = None) -> tuple[Framing, Framing]:
    """The same terms told as tools for work and as a part of pay, and what follows from each."""
    sheet = fact_sheet(plan, tier)  # refuses a tier that there is not
    amount = next(one.amount for one in plan.tiers if sheet.tier in (None, one.name))
    return _framing(plan, "provisioned_tool", amount), _framing(plan, "benefit", amount)


_SENTENCES: Mapping[PlanClass, str] = {
    "provisioned_tool": "We have invested {amount} in tools for your work.",
    "benefit": "{amount} of AI compute is a part of what we pay you.",
}


def _framing(plan: Plan, plan_class: PlanClass, amount: Amount) -> Framing:
    pay = plan_class == "benefit"
    personal = not plan.scope.purposes or "personal" in plan.scope.purposes
    told = replace(plan, plan_class=plan_class)
    return Framing(
        plan_class,
        f"{_SENTENCES[plan_class].format(amount=spoken(amount))} {STANDING[plan_class]}",
        pay,
        amount if pay else None,
        "all of it" if pay else "personal use" if personal else "nothing",
        advice_of(told),
    )


def as_document(framing: Framing) -> dict[str, Any]:
    """A framing as plain values."""
    return {
        "class": framing.plan_class,
        "sentence": framing.sentence,
        "counts_as_pay": framing.counts_as_pay,
        "in_headline": None if framing.in_headline is None else format_amount(framing.in_headline, "exact"),
        "taxed": framing.taxed,
        "advice": [{"code": one.code, "sentence": one.sentence} for one in framing.advice],
    }
