"""An offer and the person who weighs it, as everything else here works with them.

Money is a float in the offer's currency: this is statistics about the future, not bookkeeping. What the plan of a line
does to the nano-unit stays in its `Plan`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from math import inf
from typing import Literal

from bursar.insight.simulation.usage import PERSONAS, PRICES, Persona, PriceDrift
from bursar.plans.terms import Plan, Tier

Use = Literal["open", "work", "personal"]
TaxedOn = Literal["nothing", "personal_use", "face"]
Answer = Literal["yes", "no", "unknown"]

ENGINE = "offers/1"
"""Changes whenever the same offer, assumptions and seed would give other figures."""
MAX_YEARS = 40
MAX_MONTHS = MAX_YEARS * 12


@dataclass(frozen=True, slots=True)
class Pay:
    """What is paid beside the tokens; by year, but for the signing bonus. None: the offer does not say."""

    salary: float | None = None
    bonus: float = 0.0
    equity: float = 0.0
    """A year's worth of the grant, at today's value."""
    signing: float = 0.0
    """Once, in cash."""
    benefits: float = 0.0

    @property
    def cash(self) -> float:
        """Salary and bonus of a year."""
        return (self.salary or 0.0) + self.bonus


@dataclass(frozen=True, slots=True)
class Line:
    """One promise of compute. Its calendar is its plan's; None is access without a limit."""

    name: str
    plan: Plan | None
    tier: Tier | None
    unit_price: float = 1.0
    """What one unit of the plan costs at list price on the first day; 1 where the unit is the currency itself."""
    use: Use = "open"
    fit: float = 1.0
    """k: what a dollar here does for the person, beside a dollar that they could spend anywhere."""
    approval: float = 0.0
    """Chance that a month's shortfall is granted in full, beyond what the plan tops up by itself."""
    own: float = 0.0
    """Share of the work that nobody covers which the person pays for, after tax."""
    revocation: float = 0.10
    """Hazard by year that it is taken away."""
    taxed: TaxedOn = "personal_use"
    grossed_up: bool = False
    discount: float = 0.20
    """What the employer pays below list price."""
    needed: Answer = "unknown"
    """Is it needed to do the job?"""
    would_buy: Answer = "unknown"
    """Would the person have bought it themselves?"""
    portable: Answer = "unknown"
    """Does it survive leaving, or move to another provider?"""
    automatic: Answer = "unknown"
    """Is it topped up without blinking?"""
    justified: Answer = "unknown"
    """Does going beyond it need a justification?"""
    contractual: Answer = "unknown"
    """May the employer change it only by agreement?"""
    expected: str = ""
    """What output is expected for it."""
    unknown: tuple[str, ...] = ()
    """Terms that the offer does not say; what stands in their place is presumed."""
    access_after_months: float = 0.0
    """Where access is unlimited: for how long it goes on after the last day."""
    most_a_month: float = inf
    """What its rate limits let one use in a month, at the first day's list price: throughput is in tokens, so it moves with
    prices. What is held back waits; nobody approves it, and no other line serves it in that month."""
    quotes: Mapping[str, str] = field(default_factory=dict)
    """By term, the sentence of the offer that says it."""

    @property
    def unlimited(self) -> bool:
        return self.plan is None

    def with_(self, **changes: object) -> Line:
        return replace(self, **changes)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class Person:
    """Who weighs the offer: every figure is an assumption with a default, and every default has a source.

    Shares of one, hazards and factors by year, sigmas of logarithms, money by year where nothing else is said.
    """

    usage: Persona = PERSONAS["moderate"]
    """Use in a month at list price; sigma 0 where the person knows their own level."""
    month_sigma: float = 0.5
    """From month to month, around a mean of one."""
    growth: float = 3.0
    """Of what the person uses, in a year: the mean factor."""
    growth_sigma: float = 0.5
    growth_years: float = 2.0
    """For how long it grows; then it stays as it is."""
    own_most: float = 5_000.0
    """Most that the person pays in a month for work that nobody else pays for; the rest waits."""
    price: PriceDrift = PRICES["halving"]
    shifts: float = 0.0
    """How often in a year a part of the work moves to a dearer model."""
    shift_part: float = 0.2
    shift_factor: float = 4.0
    personal_share: float = 0.30
    """Of the use, on an open line."""
    own_spend: float = 2_400.0
    """s: what the person would spend on tokens themselves, by year."""
    elasticity: float = 1.0
    additionality: float = 0.0
    """alpha_w: share of the work use that the person would otherwise pay for."""
    tax: float = 0.35
    discount: float = 0.05
    leaving: float = 0.15
    aversion: float = 2.0
    wealth: float = 200_000.0
    work_first: bool = True
    """Where tokens run short, work burns first; else both get the same share."""
    raises: float = 0.04
    """Yearly raise of a salary."""
    returns: float = 0.05
    """Yearly return of what is saved."""
    match: float = 0.0
    """What the employer adds to a retirement account, as a share of salary."""


STEADY = Person(
    month_sigma=0.0,
    growth=1.0,
    growth_sigma=0.0,
    price=PRICES["flat"],
    usage=Persona("given", 500.0, 0.0, "given"),
)
"""No noise, no growth, no drift: what is left is the terms."""


@dataclass(frozen=True, slots=True)
class Offer:
    """An offer: pay, lines of compute, and over how many months it is weighed."""

    name: str
    title: str
    currency: str
    pay: Pay
    lines: tuple[Line, ...]
    first: date
    """The first day of the first month."""
    months: int = 12
    digest: str = ""
    """SHA-256 of the document's meaning."""
    note: str = ""
    """What the person says that they gain besides; it enters no figure."""
