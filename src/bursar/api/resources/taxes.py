"""Tax: what a month counts for under the rules of each person's place, and the rules themselves. Never advice."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import Path, Query
from pydantic import Field

from bursar.api import pages
from bursar.api.calls import Called
from bursar.api.pages import DEFAULT_LIMIT, After, Limit
from bursar.api.routes import Resource
from bursar.api.shapes import Amount, Day, Document, Page, amount_of, said
from bursar.calendar import from_micros
from bursar.errors import InvalidInput
from bursar.office import months
from bursar.office.books import payroll_file, taxing
from bursar.office.books.taxing import Taxed
from bursar.tax import Assessment, Rule, loaded

TAX = Resource(
    "Tax", "What use counts for as pay, by rules with their sources. Estimates for discussion, not tax advice."
)
Month = Annotated[str, Path(description="A month of UTC.", max_length=7, examples=["2026-10"])]
OfMonth = Annotated[str, Query(alias="month", description="A month of UTC; empty for this one.", max_length=7)]


class TaxLine(Document):
    """What was used for a purpose, and what of it counts."""

    purpose: str = said(
        "work, learning, personal, other, available, unused, expired, made good (paid for by the person).", "personal"
    )
    amount: Amount = Field(description="At the rule's valuation.")
    taxable: Amount | None = Field(description="What counts as pay; null where no rule says anything.")
    rule: str = said("Id of the rule that decided; empty where none matches.", "US-61-DEFAULT")


class TaxStep(Document):
    """A rule that had a part in the answer."""

    rule: str = said("Its id.", "US-FMV")
    says: str = said("What it says.", "The value is what anybody would have to pay.")
    citation: str = said("Who says so.", "Treas. Reg. 1.61-21(b)(1)")
    confidence: str = said("How sure it is: verified, secondary, memory, open.", "secondary")


class TaxFlag(Document):
    """Something that somebody should look at."""

    rule: str = said("Id of the rule behind it.", "US-CA-2802")
    says: str = said("Why.", "What work needs and a person paid has to be reimbursed.")
    citation: str = said("Who says so.", "Cal. Lab. Code 2802, 2804")


class TaxAssumption(Document):
    """Something that a rule needed and nobody said."""

    name: str = said("Of the fact.", "contractual")
    assumed: str = said("What is assumed.", "the person has a right to it by contract")


class TaxAnswer(Document):
    """What the rules make of a person's month."""

    notice: str = said("That this is no advice, and of which version.", "Estimate for discussion, not tax advice; ...")
    person: str = said("Handle.", "ada")
    month: str = said("Month of UTC.", "2026-10")
    until: Day = said("The last day that is counted; its rules hold.", "2026-10-31")
    jurisdiction: str = said("Whose rules were asked; empty where nobody said.", "US-CA")
    status: str = said("assessed, or needs_adviser where the rules do not say enough.", "assessed")
    why: str = said("Why somebody has to be asked; else empty.", "")
    taxable: Amount | None = Field(description="What counts as pay; null where an adviser has to be asked.")
    at_least: Amount = Field(description="What counts in any case.")
    timing: str = said("When it counts: use, vest, grant; empty where no rule says.", "use")
    basis: str = said("list_price or employer_cost; empty where no rule says.", "list_price")
    own_money: Amount = Field(description="Own money to be deducted.")
    lines: list[TaxLine] = Field(description="Purpose by purpose.")
    trace: list[TaxStep] = Field(description="Every rule that had a part, in order.")
    flags: list[TaxFlag] = Field(description="What somebody should look at.")
    assumptions: list[TaxAssumption] = Field(description="What nobody said.")


class TaxRule(Document):
    """A rule as it is."""

    id: str = said("Its id.", "UK-C1A")
    jurisdiction: str = said("Country, or a part of one.", "UK")
    topic: str = said("What it is about.", "Class 1A National Insurance")
    effect: str = said("include, exclude, cliff, rate, timing, flag, value_basis.", "rate")
    says: str = said("In a sentence.", "15 % of the cash equivalent, of the employer.")
    holds_from: Day = said("First day.", "2025-04-06")
    holds_to: Day | None = said("Last day; null where there is none.", None)
    citation: str = said("Who says so.", "SSCBA 1992 s10; NIM15021")
    source_seen: str = said("Where that was read.", "gov.uk NIM15021")
    confidence: str = said("How sure it is: verified, secondary, memory, open.", "verified")
    note: str = said("What is assumed with it; may be empty.", "")


@TAX.get("/people/{person}/tax", "getTax", "What a month counts for", action="tax.read", whose="person")
def get_tax(call: Called, month: OfMonth = "") -> TaxAnswer:
    """With the rules of the month's last day; what hangs on the year's pay is not in it, since no pay is kept."""
    of = months.checked(month) if month else months.month_of(call.now)
    with call.desk() as desk:
        found = taxing.of_person(desk, call.person, of)
    return _answer(found)


@TAX.get("/payroll/{month}", "listPayroll", "A month for payroll", action="payroll.export", whose="house")
def list_payroll(call: Called, month: Month, after: After = "", limit: Limit = DEFAULT_LIMIT) -> Page[TaxAnswer]:
    """Everybody of whom a run has something to take over, by handle."""
    of = months.checked(month)
    with call.desk() as desk:
        lines = [one for one in taxing.of_house(desk, of).value.lines if payroll_file.matters(one)]
    page, following = pages.after(lines, after, limit, lambda one: one.handle)
    return Page[TaxAnswer](items=[_answer(one) for one in page], next=following)


@TAX.get("/tax/rules", "listTaxRules", "The rules of tax", action="tax.rules", whose="house")
def list_tax_rules(
    call: Called,
    country: Annotated[str, Query(description="US, UK, DE, CA, IN; empty for all.", max_length=10)] = "",
    on: Annotated[str, Query(description="The day on which they hold; empty for today.", max_length=10)] = "",
    after: After = "",
    limit: Limit = DEFAULT_LIMIT,
) -> Page[TaxRule]:
    """In the order in which they are asked."""
    known = loaded()
    try:
        day = date.fromisoformat(on) if on else from_micros(call.now).date()
    except ValueError:
        raise InvalidInput("on", repr(on[:20]), "a day such as 2026-10-31") from None
    asked = [known.country(country)] if country else [one for _, one in sorted(known.countries.items())]
    rules = list(enumerate(rule for one in asked for rule in one.rules if rule.holds(day)))
    page, following = pages.after(rules, after, limit, lambda one: one[0])
    return Page[TaxRule](items=[_rule(rule) for _, rule in page], next=following)


def _answer(found: Taxed) -> TaxAnswer:
    answer: Assessment = found.answer
    unit = answer.unit
    return TaxAnswer(
        notice=answer.notice,
        person=found.handle,
        month=found.month,
        until=found.until.isoformat(),
        jurisdiction=answer.jurisdiction,
        status=answer.status,
        why=answer.why,
        taxable=None if answer.taxable is None else amount_of(answer.taxable, unit),
        at_least=amount_of(answer.at_least, unit),
        timing=answer.timing,
        basis=answer.basis,
        own_money=amount_of(found.own_money),
        lines=[
            TaxLine(
                purpose=one.purpose,
                amount=amount_of(one.used, unit),
                taxable=None if one.taxable is None else amount_of(one.taxable, unit),
                rule=one.rule,
            )
            for one in answer.lines
        ],
        trace=[
            TaxStep(rule=one.rule, says=one.words, citation=one.citation, confidence=one.confidence)
            for one in answer.trace
        ],
        flags=[TaxFlag(rule=one.rule, says=one.words, citation=one.citation) for one in answer.flags],
        assumptions=[TaxAssumption(name=one.name, assumed=one.words) for one in answer.assumptions],
    )


def _rule(rule: Rule) -> TaxRule:
    return TaxRule(
        id=rule.id,
        jurisdiction=rule.jurisdiction,
        topic=rule.topic,
        effect=rule.effect,
        says=rule.says,
        holds_from=rule.effective_from.isoformat(),
        holds_to=rule.effective_to.isoformat() if rule.effective_to else None,
        citation=rule.citation,
        source_seen=rule.source_seen,
        confidence=rule.confidence,
        note=rule.note,
    )
