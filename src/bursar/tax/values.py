"""A rule, a country's table of them, and all tables as one version.

A rule is data: an effect, a value, the days on which it holds, who says so and how sure that is. Amounts are nano-units of
the country's currency, rates parts per million.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Literal

from bursar.errors import NotFound
from bursar.tax.facts import Value

Effect = Literal["include", "exclude", "cliff", "rate", "timing", "flag", "value_basis"]
EFFECTS: tuple[Effect, ...] = ("include", "exclude", "cliff", "rate", "timing", "flag", "value_basis")
Confidence = Literal["verified", "secondary", "memory", "open"]
CONFIDENCES: Mapping[str, str] = {
    "verified": "read in the authority's own text",
    "secondary": "read in what others say of it",
    "memory": "known, but not found when it was looked up",
    "open": "nobody knows yet how it applies to tokens; it decides nothing by itself",
}
BASES = ("list_price", "employer_cost")
UNITS = ("a_month", "a_benefit", "a_year")
"""What a cliff is counted for."""
MARGINAL = "marginal_rate"
"""A rate that is the person's own, given from outside."""
PARTS = 1_000_000


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of a country's table."""

    id: str
    jurisdiction: str
    """A country, or a part of one: `US-CA` asks for more than `US`."""
    topic: str
    effect: Effect
    says: str
    """What it says in a sentence; no advice."""
    condition: Mapping[str, tuple[Value, ...]]
    """Every fact must have one of its values; empty is always."""
    choice: str
    """Of a value basis or a timing."""
    rate_ppm: int | None
    """Of a rate, parts per million; None where the person's own is asked, or for other effects."""
    amount: int
    """Of a cliff, nano-units."""
    unit: str
    payer: tuple[str, ...]
    """Of a rate: employee, employer."""
    against: str
    """What `floor` and `cap` are counted in: wages or supplemental pay of the year; empty without either."""
    floor: int
    cap: int | None
    effective_from: date
    effective_to: date | None
    citation: str
    source_seen: str
    confidence: Confidence
    note: str

    def holds(self, on: date) -> bool:
        return self.effective_from <= on and (self.effective_to is None or on <= self.effective_to)

    def covers(self, jurisdiction: str) -> bool:
        return jurisdiction == self.jurisdiction or jurisdiction.startswith(f"{self.jurisdiction}-")


@dataclass(frozen=True, slots=True)
class Country:
    """A file of rules."""

    code: str
    name: str
    aliases: tuple[str, ...]
    currency: str
    version: str
    looked_up: date
    year_begins: str
    """Month and day on which a tax year begins, as 04-06."""
    rules: tuple[Rule, ...]
    """In the order of the file: of inclusions and exclusions, the first that matches decides."""

    def in_force(self, on: date, jurisdiction: str) -> tuple[Rule, ...]:
        return tuple(rule for rule in self.rules if rule.holds(on) and rule.covers(jurisdiction))


@dataclass(frozen=True, slots=True)
class Rules:
    """Every country's table; `version` names exactly these rules."""

    version: str
    countries: Mapping[str, Country]

    def place(self, jurisdiction: str) -> tuple[Country, str] | None:
        """The country of a jurisdiction as anybody writes it (GB, uk, us-ca), and the jurisdiction as the table has it."""
        head, _, tail = jurisdiction.strip().upper().replace("_", "-").partition("-")
        for country in self.countries.values():
            if head in (country.code, *country.aliases):
                return country, f"{country.code}-{tail}" if tail else country.code
        return None

    def country(self, code: str) -> Country:
        """Raises `NotFound`."""
        found = self.place(code)
        if found is None:
            raise NotFound(f"there are no rules for {code[:40]!r}", f"There are: {', '.join(sorted(self.countries))}.")
        return found[0]

    def rule(self, rule_id: str) -> Rule:
        """Raises `NotFound`."""
        for country in self.countries.values():
            for rule in country.rules:
                if rule.id == rule_id:
                    return rule
        raise NotFound(f"there is no rule {rule_id[:60]!r}", "`bursar tax rules` lists them all.")


def together(countries: Iterable[Country], texts: Iterable[str]) -> Rules:
    """Tables as one version: the newest of theirs, and a digest of every text."""
    found = {one.code: one for one in countries}
    digest = sha256("\0".join(sorted(texts)).encode()).hexdigest()[:12]
    return Rules(f"{max((one.version for one in found.values()), default='none')}-{digest}", found)
