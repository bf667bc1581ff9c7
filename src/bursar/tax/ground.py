"""What the rules of a place say on a day of certain facts, before any amount: asked once, for everybody whom it is true of.

Facts that nobody gave are noted as they are asked, so that an answer names exactly what it rests on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from bursar.tax.case import Flag
from bursar.tax.facts import FACTS, Assumption, Value, assumption
from bursar.tax.values import Country, Effect, Rule

Assumed = dict[str, Assumption]


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of a purpose: the first inclusion or exclusion that matches; open rules that it passed by."""

    rule: Rule | None
    passed: tuple[Flag, ...]
    assumed: Mapping[str, Assumption]


@dataclass(slots=True)
class Ground:
    """Rules in force that match some facts, by what they do."""

    country: Country
    jurisdiction: str
    facts: Mapping[str, Value]
    relies_on: frozenset[str]
    held: tuple[Rule, ...]
    timing: Rule | None
    basis: Rule | None
    flags: tuple[Flag, ...]
    rates: tuple[Rule, ...]
    cliffs: tuple[Rule, ...]
    assumed: Assumed
    """Of timing, value, flags and rates."""
    cliff_assumed: Assumed
    _decided: dict[str, Decision] = field(default_factory=dict)

    @property
    def has_cliffs(self) -> bool:
        return any(rule.effect == "cliff" for rule in self.held)

    def decision(self, purpose: str) -> Decision:
        """Of a purpose; worked out once."""
        found = self._decided.get(purpose)
        if found is None:
            found = self._decided[purpose] = self._decide(purpose)
        return found

    def _decide(self, purpose: str) -> Decision:
        assumed: Assumed = {}
        passed: list[Flag] = []
        for rule in self.held:
            if rule.effect not in ("include", "exclude") or not matches(rule, self.facts, assumed, purpose):
                continue
            if rule.confidence != "open" or rule.id in self.relies_on:
                return Decision(rule, tuple(passed), assumed)
            if rule.effect == "exclude":
                passed.append(Flag(rule.id, f"Open, so not relied on: {rule.says}", rule.citation))
        return Decision(None, tuple(passed), assumed)


def ground(
    country: Country, jurisdiction: str, on: date, facts: Mapping[str, Value], relies_on: frozenset[str]
) -> Ground:
    """The ground of a place on a day for some facts."""
    held = country.in_force(on, jurisdiction)
    assumed: Assumed = {}
    cliff_assumed: Assumed = {}

    def every(effect: Effect, noted: Assumed) -> Iterable[Rule]:
        return (rule for rule in held if rule.effect == effect and matches(rule, facts, noted))

    return Ground(
        country,
        jurisdiction,
        facts,
        relies_on,
        held,
        next(iter(every("timing", assumed)), None),
        next(iter(every("value_basis", assumed)), None),
        tuple(Flag(rule.id, rule.says, rule.citation) for rule in every("flag", assumed)),
        tuple(every("rate", assumed)),
        tuple(every("cliff", cliff_assumed)),
        assumed,
        cliff_assumed,
    )


def matches(rule: Rule, facts: Mapping[str, Value], assumed: Assumed, purpose: str = "") -> bool:
    """Has every fact that a rule asks one of its values? What nobody gave is noted in `assumed`."""
    for name, values in rule.condition.items():
        if name == "purpose":
            if purpose not in values:
                return False
            continue
        value = facts.get(name)
        if value is None:
            assumed[name] = assumption(FACTS[name])
            value = FACTS[name].assumed
        if value not in values:
            return False
    return True
