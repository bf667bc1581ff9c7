"""Who is in which tier of a plan, and why; what another version would change for whom, before it is put into force.

A tier is decided from the roster's record alone, so a sentence about the record explains it. What a person really has is
their grant's tier, which may be an exception; whoever the plan is for and has no grant is named as well.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bursar.money import Amount
from bursar.office import grants, people
from bursar.office.database import reading
from bursar.office.grants import Grant
from bursar.plans.terms import ATTRIBUTES, Plan, Tier, matches

if TYPE_CHECKING:
    from bursar.office.desk import Desk

SPOKEN = {"level": "level", "job_family": "job family", "role": "role", "team": "team", "location": "place of work"}


@dataclass(frozen=True, slots=True)
class Placed:
    """One person beside a plan."""

    person: str
    handle: str
    name: str
    record: Mapping[str, str]
    """What tiers may ask of a person."""
    tier: str
    """By the roster; empty: the plan is not for them."""
    amount: Amount | None
    why: str
    grant: str = ""
    granted_tier: str = ""
    granted: Amount | None = None
    """What they have under any version of it; None without a grant."""

    @property
    def is_exception(self) -> bool:
        """What was granted is not what the plan gives by the roster."""
        return bool(self.grant) and (self.granted_tier != self.tier or self.granted != self.amount)

    @property
    def is_missed(self) -> bool:
        """The plan is for them, and they have no grant under it."""
        return bool(self.tier) and not self.grant


@dataclass(frozen=True, slots=True)
class Group:
    """One tier with its people, by the roster."""

    tier: Tier
    rule: str
    """Whom it takes, in words."""
    people: tuple[Placed, ...]


@dataclass(frozen=True, slots=True)
class Placing:
    """Everybody beside a plan."""

    plan: Plan
    groups: tuple[Group, ...]
    outside: tuple[Placed, ...]
    """For whom the plan is not."""

    @property
    def everybody(self) -> list[Placed]:
        return [*(one for group in self.groups for one in group.people), *self.outside]


def placed(desk: Desk, plan: Plan) -> Placing:
    """The whole roster, without those who left, beside a plan that need not be in force."""
    now = desk.now()
    with reading(desk.engine) as connection:
        roster = [one for one in people.listed(connection) if one["status"] != "left"]
        running = {one.person: one for one in grants.listed(connection, plan=plan.name, active_at=now)}
    return place(plan, roster, running, now)


def place(plan: Plan, roster: Sequence[Mapping[str, Any]], running: Mapping[str, Grant], now: int) -> Placing:
    """The same of rows that were read; `running` are the plan's grants by person."""
    by_tier: dict[str, list[Placed]] = {tier.name: [] for tier in plan.tiers}
    outside: list[Placed] = []
    for holder in roster:
        tier = plan.tier_of(holder)
        grant = running.get(holder["id"])
        has = grant.history.segment_at(now) if grant is not None else None
        one = Placed(
            holder["id"],
            holder["handle"],
            holder["name"],
            {name: holder[name] for name in ATTRIBUTES},
            tier.name if tier is not None else "",
            tier.amount if tier is not None else None,
            why(plan, holder),
            grant.id if grant is not None else "",
            has.tier if has is not None else "",
            has.amount if has is not None else None,
        )
        (outside if tier is None else by_tier[tier.name]).append(one)
    groups = [
        Group(tier, rule_of(tier, last=number == len(plan.tiers) - 1), tuple(by_tier[tier.name]))
        for number, tier in enumerate(plan.tiers)
    ]
    return Placing(plan, tuple(groups), tuple(outside))


def why(plan: Plan, person: Mapping[str, str]) -> str:
    """Why a person is in their tier, or in none, from their record."""
    unfit = [name for name, patterns in plan.eligible.items() if not matches(patterns, person.get(name, ""))]
    if unfit:
        wanted = " and ".join(f"{SPOKEN[name]} {_either(plan.eligible[name])}" for name in unfit)
        return f"The plan is for {wanted}; {_has(person, unfit)}."
    tier = plan.tier_of(person)
    if tier is None:
        return "No tier fits, and the plan has none for everybody else."
    if tier.when:
        return f"{_begun(_has(person, list(tier.when)))}."
    if len(plan.tiers) == 1:
        return "The plan gives everybody the same."
    return f"No tier before it fits: {_has(person, _asked(plan))}."


def rule_of(tier: Tier, *, last: bool = False) -> str:
    """Whom a tier takes, in words."""
    if not tier.when:
        return "Everybody else" if last else "Everybody"
    return _begun(" and ".join(f"{SPOKEN[name]} {_either(patterns)}" for name, patterns in tier.when.items()))


def _asked(plan: Plan) -> list[str]:
    """The attributes that any tier asks, in their order."""
    return [name for name in ATTRIBUTES if any(name in tier.when for tier in plan.tiers)]


def _has(person: Mapping[str, str], names: Sequence[str]) -> str:
    """`level is senior, team is not on record`."""
    return ", ".join(f"{SPOKEN[name]} is {person.get(name) or 'not on record'}" for name in names)


def _begun(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]


def _either(patterns: Sequence[str]) -> str:
    return patterns[0] if len(patterns) == 1 else f"{', '.join(patterns[:-1])} or {patterns[-1]}"
