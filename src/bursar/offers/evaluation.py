"""An offer evaluated: every answer in one value, which the terminal, the report, the console and `--json` show.

Money is in the offer's currency and by year where nothing else is said.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from math import exp, inf, log

from bursar.insight.simulation.usage import PRICES, Persona, PriceDrift
from bursar.money import NANO
from bursar.offers.asking import ASKING_PATHS, TERMS, Asked, asked, scaled
from bursar.offers.benchmarks import Placed, placed
from bursar.offers.laptop import LaptopTest, laptop_test
from bursar.offers.life import course, tail_of
from bursar.offers.outcome import Outcome, Setup, evaluate, prepared, worth
from bursar.offers.pay import Headline, Year, headline, pay_cut, years
from bursar.offers.reading import Draft
from bursar.offers.terms import ENGINE, Line, Offer, Person
from bursar.offers.value import price_factor, run_out
from bursar.plans.factsheet import FactAnswer, fact_sheet

YEARS_AHEAD = 5
"""Over which a raise and tokens are set side by side."""
HORIZONS = (6, 12, 24)
"""Months after which it is asked what a package buys."""
ROUND_SUM = 10_000.0
"""How long does it last at my usage?"""


@dataclass(frozen=True, slots=True)
class Scenario:
    """What an offer is worth under one path of prices, dollars a year."""

    price: PriceDrift
    worth: float
    run_out: float
    """Share of worlds that run out at least once."""
    buys: tuple[float, ...]
    """After each of `HORIZONS`: today's worth of what $1 of a promise in money buys."""
    worth_of_units: tuple[float, ...]
    """After each of `HORIZONS`: dollars that $1 worth of promised tokens is worth then."""


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """One assumption moved both ways: what the offer is worth then, dollars a year."""

    name: str
    low_text: str
    low: float
    high_text: str
    high: float

    @property
    def swing(self) -> float:
        return abs(self.high - self.low)


@dataclass(frozen=True, slots=True)
class Leaving:
    """What is lost by leaving after some months, dollars."""

    month: int
    unspent: float
    unvested: float
    chance: float
    """Of leaving in the year up to then."""

    @property
    def lost(self) -> float:
        return self.unspent + self.unvested


@dataclass(frozen=True, slots=True)
class Facts:
    """The twelve answers of a line's fact sheet; what is missing is a question."""

    line: str
    answers: tuple[FactAnswer, ...]

    @property
    def missing(self) -> int:
        return sum(not one.given for one in self.answers)


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Everything that can be said of one offer."""

    id: str
    """SHA-256 of offer, person, setup and engine: the same id is the same answer."""
    offer: Offer
    person: Person
    setup: Setup
    outcome: Outcome
    headline: Headline
    asked: Asked
    scenarios: tuple[Scenario, ...]
    sensitivities: tuple[Sensitivity, ...]
    laptop: tuple[LaptopTest, ...]
    facts: tuple[Facts, ...]
    raise_years: tuple[Year, ...]
    """The raise that is worth the same, beside the tokens."""
    face_years: tuple[Year, ...]
    """A raise of the tokens' face, beside the tokens."""
    leaving: tuple[Leaving, ...]
    unlimited: float
    """Worth of access without a limit on the same terms, by year."""
    lasts_months: float
    """How long $10,000 lasts at this use, as it grows."""
    lasts_flat_months: float
    """The same, if the use stayed as it is."""
    placed: Placed | None
    """Where the allowance stands among reported ones; None without an amount or without a rate to dollars."""
    usage_a_month: float
    """Mean use in the first month at list price."""

    @property
    def face(self) -> float:
        """Tokens at face, by year."""
        return self.outcome.totals.face / self.outcome.years

    @property
    def lost_on_leaving(self) -> float:
        """Expected over the horizon: what is unspent and unvested when one leaves."""
        return sum(one.chance * one.lost for one in self.leaving)

    @property
    def tightly_metered(self) -> bool:
        """Does the package cost the person money?"""
        return self.outcome.cash.mean < 0


def evaluated(draft: Draft, person: Person | None = None, setup: Setup | None = None) -> Evaluation:
    """Evaluate an offer for a person. Raises `InvalidInput` for what cannot be worked out."""
    setup = setup or Setup()
    person = person or draft.person
    offer = draft.offer
    outcome = evaluate(offer, person, setup)
    small = replace(setup, paths=min(setup.paths, ASKING_PATHS), fan=False)
    scale = scaled(outcome.a_year, worth(offer, person, small))
    face = outcome.totals.face / outcome.years
    uncovered = outcome.totals.unmet / max(1e-9, outcome.totals.wanted * (1 - person.personal_share) or 1e-9)
    month = person.usage.median * exp(person.usage.sigma**2 / 2)
    growth = log(person.growth) + log(person.price.per_year)
    return Evaluation(
        id=identity(offer, person, setup),
        offer=offer,
        person=person,
        setup=setup,
        outcome=outcome,
        headline=headline(offer.pay, face, outcome.a_year),
        asked=asked(draft, person, small, outcome.a_year),
        scenarios=tuple(_scenarios(offer, person, small, scale, outcome)),
        sensitivities=tuple(_sensitivities(offer, person, small, scale)),
        laptop=tuple(laptop_test(line, person, uncovered) for line in offer.lines),
        facts=tuple(_facts(line) for line in offer.lines if line.plan is not None),
        raise_years=tuple(years(outcome.raise_, outcome.a_year, person, YEARS_AHEAD)),
        face_years=tuple(years(face, outcome.a_year, person, YEARS_AHEAD)),
        leaving=tuple(_leaving(offer, person, outcome)),
        unlimited=worth(without_limit(offer), person, small) * scale,
        lasts_months=12 * run_out(ROUND_SUM, 12 * month, growth),
        lasts_flat_months=run_out(ROUND_SUM, month),
        placed=_placed(draft, face),
        usage_a_month=month,
    )


def _placed(draft: Draft, face: float) -> Placed | None:
    currency, rates = draft.document.currency, draft.document.rates
    rate = 1.0 if currency == "USD" else float(rates.get("USD", 0))
    return placed(face / rate) if face > 0 and rate > 0 else None


def identity(offer: Offer, person: Person, setup: Setup) -> str:
    """SHA-256 of everything that an answer depends on."""
    text = "\n".join((ENGINE, offer.digest, offer.first.isoformat(), str(offer.months), repr(person), repr(setup)))
    return sha256(text.encode()).hexdigest()


def without_limit(offer: Offer) -> Offer:
    """The same terms without a limit on any line: the most that they could be worth."""
    lines = tuple(
        replace(line, plan=None, tier=None, own=0.0, approval=0.0, access_after_months=tail_of(line)[0])
        for line in offer.lines
    )
    return replace(offer, lines=lines[:1] if len({line.use for line in lines}) == 1 else lines)


def _scenarios(offer: Offer, person: Person, setup: Setup, scale: float, whole: Outcome) -> list[Scenario]:
    found = []
    for price in PRICES.values():
        same = price.per_year == person.price.per_year and price.sigma == person.price.sigma
        outcome = whole if same else evaluate(offer, replace(person, price=price), setup)
        factors = [price_factor(price.per_year, months / 12) for months in HORIZONS]
        found.append(
            Scenario(
                price,
                outcome.a_year * (1.0 if same else scale),
                max((one.ever for one in outcome.run_outs), default=0.0),
                tuple(1 / one for one in factors),
                tuple(factors),
            )
        )
    return found


def _sensitivities(offer: Offer, person: Person, setup: Setup, scale: float) -> list[Sensitivity]:
    """One assumption at a time, the others as they are; none of them moves a calendar."""
    courses = prepared(offer)
    usage = person.usage
    own = person.own_spend

    def used(factor: float) -> Person:
        return replace(person, usage=Persona(usage.name, usage.median * factor, usage.sigma, usage.source))

    def lines(**changes: object) -> Offer:
        return replace(offer, lines=tuple(line.with_(**changes) for line in offer.lines))

    moved: list[tuple[str, str, Offer, Person, str, Offer, Person]] = [
        ("How much you use", "half", offer, used(0.5), "twice", offer, used(2.0)),
        (
            "What you would spend yourself",
            f"{own / 48:,.0f} a month",
            offer,
            replace(person, own_spend=own / 4),
            f"{own / 6:,.0f} a month",
            offer,
            replace(person, own_spend=own * 2),
        ),
        (
            "How much more is worth to you",
            "elasticity 0.5",
            offer,
            replace(person, elasticity=0.5),
            "elasticity 2",
            offer,
            replace(person, elasticity=2.0),
        ),
        ("Growth of your use", "none", offer, _grown(person, 1.0), "six times a year", offer, _grown(person, 6.0)),
        (
            "Prices",
            "-90% a year",
            offer,
            replace(person, price=PRICES["collapsing"]),
            "+20% a year",
            offer,
            replace(person, price=PRICES["rising"]),
        ),
        ("Tax", "25%", offer, replace(person, tax=0.25), "45%", offer, replace(person, tax=0.45)),
        ("Taken away", "at any time", lines(revocation=0.5), person, "never", lines(revocation=0.0), person),
        (
            "Work you would pay for",
            "none",
            offer,
            replace(person, additionality=0.0),
            "a fifth",
            offer,
            replace(person, additionality=0.2),
        ),
    ]
    if any(line.use == "open" for line in offer.lines):
        moved.append(
            (
                "Share that is personal",
                "10%",
                offer,
                replace(person, personal_share=0.1),
                "60%",
                offer,
                replace(person, personal_share=0.6),
            )
        )
    found = [
        Sensitivity(
            name,
            low_text,
            worth(low_offer, low, setup, courses) * scale,
            high_text,
            worth(high_offer, high, setup, courses) * scale,
        )
        for name, low_text, low_offer, low, high_text, high_offer, high in moved
    ]
    return sorted(found, key=lambda one: -one.swing)


def _grown(person: Person, growth: float) -> Person:
    return replace(person, growth=growth)


def _facts(line: Line) -> Facts:
    """The plan's fact sheet, in which what was only presumed is missing."""
    assert line.plan is not None
    assert line.tier is not None
    missing: dict[str, str] = {}
    for term in line.unknown:
        for answer in _FACT_OF.get(term, ()):
            missing.setdefault(answer, f"Not said. Presumed: {TERMS[term].presumed}. Ask: {TERMS[term].question}")
    answers = [
        replace(one, given=False, answer=missing[one.id]) if one.id in missing else one
        for one in fact_sheet(line.plan, line.tier.name).answers
    ]
    return Facts(line.name, tuple(answers))


_FACT_OF = {
    "use": ("use",),
    "every": ("amount",),
    "expires": ("expiry",),
    "rollover": ("rollover",),
    "vesting": ("vesting",),
    "limit": ("limit",),
    "approval": ("limit",),
    "changes": ("changes",),
    "leaving": ("leaving",),
    "portable": ("models",),
    "rate_limits": ("models",),
    "taxed": ("tax",),
    "expected": ("expectations",),
    "seen_by": ("expectations",),
}


def _leaving(offer: Offer, person: Person, outcome: Outcome) -> list[Leaving]:
    """At the end of each year, and at the end."""
    marks = [*range(12, offer.months, 12), offer.months]
    found, before = [], 0
    for month in marks:
        chance = exp(-person.leaving * before / 12) - exp(-person.leaving * month / 12)
        unspent = float(outcome.kept[before:month].mean())
        unvested = sum(_unvested(line, offer, (before + month) // 2) for line in offer.lines)
        found.append(Leaving(month, unspent, unvested, chance))
        before = month
    return found


def _unvested(line: Line, offer: Offer, month: int) -> float:
    """What has not vested after some months, dollars of the first day."""
    if line.plan is None or line.tier is None or line.plan.vesting is None:
        return 0.0
    prepared = course(line, offer.first, offer.months)
    assert prepared is not None
    vested = sum(lot.amount for steps in prepared.months[: month + 1] for step in steps for lot in step.releases)
    return max(0, line.tier.amount.nanos - vested) / NANO * line.unit_price


@dataclass(frozen=True, slots=True)
class Compared:
    """Offers side by side, in the order in which they were given."""

    evaluations: tuple[Evaluation, ...]
    by_headline: tuple[int, ...]
    by_cash: tuple[int, ...]
    """Without tokens."""
    by_worth: tuple[int, ...]
    """With tokens at what they are worth."""
    pay_cuts: tuple[tuple[int, int], ...]
    """Pairs (a, b): b has the larger headline and pays less in cash and equity than a."""
    flips: tuple[str, ...]
    """Assumptions that would change which offer is best."""


def compared(drafts: Sequence[Draft], person: Person | None = None, setup: Setup | None = None) -> Compared:
    """Evaluate offers for the same person in the same worlds."""
    person = person or next((one.person for one in drafts if one.document.me is not None), drafts[0].person)
    found = tuple(evaluated(draft, person, setup) for draft in drafts)
    rows = range(len(found))

    def ranked(key: object) -> tuple[int, ...]:
        return tuple(sorted(rows, key=lambda row: -getattr(found[row].headline, str(key))))

    cuts = tuple(
        (a, b)
        for a in rows
        for b in rows
        if a != b and pay_cut(found[a].offer.pay, found[b].offer.pay, found[a].face, found[b].face)
    )
    best = ranked("cash_like")
    return Compared(found, ranked("total"), ranked("paid"), best, cuts, tuple(_flips(found, best[0])))


def _flips(found: Sequence[Evaluation], best: int) -> list[str]:
    """Which single assumption, moved, would put another offer first."""
    flips = []
    names = [one.name for one in found[0].sensitivities]
    for name in names:
        moved = [next((one for one in each.sensitivities if one.name == name), None) for each in found]
        for side in ("low", "high"):
            totals = [
                each.headline.paid + (getattr(one, side) if one is not None else each.outcome.a_year)
                for each, one in zip(found, moved, strict=True)
            ]
            first = max(range(len(found)), key=lambda row: totals[row])
            if first != best:
                text = next(getattr(one, f"{side}_text") for one in moved if one is not None)
                flips.append(f"{name}: {text} would put {found[first].offer.title} first")
    return flips


__all__ = ["Compared", "Evaluation", "compared", "evaluated", "identity", "inf", "without_limit"]
