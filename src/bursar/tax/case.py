"""What is asked of the rules, and what they answer. Amounts are nano-units; rates parts per million."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from bursar.errors import InvalidInput
from bursar.money import round_half_up_div
from bursar.tax.facts import PURPOSES, TIMINGS, Assumption, Value, checked
from bursar.tax.values import PARTS, Confidence, Rule

NOTICE = "Estimate for discussion, not tax advice; rules version {version}"
Status = Literal["assessed", "needs_adviser"]


@dataclass(frozen=True, slots=True)
class Use:
    """What was used for a purpose: at list price when it was used, and what the employer paid for it."""

    purpose: str
    list_nanos: int
    cost_nanos: int


@dataclass(frozen=True, slots=True)
class Exchange:
    """How much of the country's currency one unit of the case's is worth."""

    ppm: int
    """Parts per million: 920000 is 0.92."""
    source: str
    """Who says so, and as of when."""


@dataclass(frozen=True, slots=True)
class YearToDate:
    """Pay of the tax year before this, in the country's currency; nano-units."""

    wages: int
    supplemental: int = 0


@dataclass(frozen=True, slots=True)
class Case:
    """One person's period. What is not said becomes a named assumption, not a guess."""

    jurisdiction: str
    on: date
    """Whose rules hold: the last day of the period."""
    uses: tuple[Use, ...] = ()
    available: Use | None = None
    """What became available (or was promised) in the period, at face and at cost; asked where that is what counts."""
    unused: int = 0
    """Of everything that was available, what is left at the end of the period; face, nano-units."""
    expired: int = 0
    """What lapsed unused in the period; face, nano-units."""
    facts: Mapping[str, Value] = field(default_factory=dict)
    timing: str = ""
    """When it counts, where the plan says so: use, vest or grant; empty leaves it to the rules."""
    currency: str = "USD"
    exchange: Exchange | None = None
    made_good: int = 0
    """What the person paid for it; nano-units of the case's currency."""
    other_benefits: int = 0
    """Other benefits of the same month that a limit adds up with it; nano-units of the country's currency."""
    year_to_date: YearToDate | None = None
    marginal_ppm: int | None = None
    """The person's own rate of income tax, where a rule asks it."""
    relies_on: frozenset[str] = frozenset()
    """Open rules on which the organisation relies, after it has asked somebody."""

    def __post_init__(self) -> None:
        checked(self.facts)
        if self.timing and self.timing not in TIMINGS:
            raise InvalidInput("timing", repr(self.timing)[:80], f"one of {', '.join(TIMINGS)}")
        for one in (*self.uses, *((self.available,) if self.available else ())):
            if one.purpose not in PURPOSES:
                raise InvalidInput("purpose", repr(one.purpose)[:80], f"one of {', '.join(PURPOSES)}")
        amounts = {"unused": self.unused, "expired": self.expired, "made_good": self.made_good}
        amounts["other_benefits"] = self.other_benefits
        if self.year_to_date is not None:
            amounts["wages"], amounts["supplemental"] = self.year_to_date.wages, self.year_to_date.supplemental
        for name, amount in amounts.items():
            if type(amount) is not int or amount < 0:
                raise InvalidInput(name, str(amount), "an amount of 0 or more, in nano-units")
        if self.exchange is not None and not 0 < self.exchange.ppm < 10**12:
            raise InvalidInput("exchange", str(self.exchange.ppm), "a rate above 0")
        if self.marginal_ppm is not None and not 0 <= self.marginal_ppm < PARTS:
            raise InvalidInput("marginal rate", f"{self.marginal_ppm / PARTS:g}", "a share from 0 to below 1")


@dataclass(frozen=True, slots=True)
class Line:
    """One purpose: what was used, what it counts for, which rule said so."""

    purpose: str
    used: int
    """At the rule's valuation."""
    taxable: int | None
    """None where no rule says anything."""
    rule: str
    """Empty where none matches."""


@dataclass(frozen=True, slots=True)
class Step:
    """One rule that had a part in the result, in the order in which it was asked."""

    rule: str
    effect: str
    words: str
    citation: str
    confidence: Confidence
    amount: int | None = None
    """What it took in or out, where it did."""


@dataclass(frozen=True, slots=True)
class Charge:
    """Tax or contribution that a rate makes of the taxable amount."""

    rule: str
    topic: str
    payer: str
    base: int
    """The part of the taxable amount that the rate is taken of."""
    rate_ppm: int
    amount: int


@dataclass(frozen=True, slots=True)
class Flag:
    """Something that somebody should look at, and the rule behind it."""

    rule: str
    words: str
    citation: str


@dataclass(frozen=True, slots=True)
class Assessment:
    """What the rules make of a case; `notice` belongs on whatever shows it."""

    status: Status
    why: str
    """Why somebody has to be asked; empty where it is assessed."""
    jurisdiction: str
    on: date
    unit: str
    """Of every amount: the country's currency, or the case's where no exchange rate was given."""
    taxable: int | None
    """None where somebody has to be asked: never zero for not knowing."""
    at_least: int
    """What counts whatever the adviser says."""
    timing: str
    basis: str
    lines: tuple[Line, ...]
    charges: tuple[Charge, ...]
    flags: tuple[Flag, ...]
    trace: tuple[Step, ...]
    assumptions: tuple[Assumption, ...]
    version: str

    @property
    def notice(self) -> str:
        return NOTICE.format(version=self.version)

    def charged(self, payer: str) -> int:
        """What one payer has to pay of the rates that are known."""
        return sum(one.amount for one in self.charges if one.payer == payer)


def step(rule: Rule, amount: int | None = None) -> Step:
    return Step(rule.id, rule.effect, rule.says, rule.citation, rule.confidence, amount)


def share(nanos: int, ppm: int) -> int:
    """A part of an amount, rounded once."""
    return round_half_up_div(nanos * ppm, PARTS)
