"""Who is in which tier of a plan, and why; what another version would change for whom, before it is put into force.

A tier is decided from the roster's record alone, so a sentence about the record explains it. What a person really has is
their grant's tier, which may be an exception; whoever the plan is for and has no grant is named as well.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from bursar.money import Amount
from bursar.office.database import reading
from bursar.office.granting import register
from bursar.office.tables import person
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
    def left_out(self) -> list[Placed]:
        """For whom the plan is, and whom no tier takes: they would get nothing."""
        eligible = self.plan.eligible.items()
        return [
            one
            for one in self.outside
            if all(matches(patterns, one.record.get(name, "")) for name, patterns in eligible)
        ]

    @property
    def everybody(self) -> list[Placed]:
        return [*(one for group in self.groups for one in group.people), *self.outside]


def placed(desk: Desk, plan: Plan) -> Placing:
    """The whole roster, without those who left, beside a plan that need not be in force."""
    with reading(desk.engine) as connection:
        columns = [person.c[name] for name in ("id", "handle", "name", *ATTRIBUTES)]
        roster = connection.execute(select(*columns).where(person.c.status != "left").order_by(person.c.handle))
        rows = [dict(row._mapping) for row in roster]
        having = register.having(connection, plan.name, desk.now())
    return place(plan, rows, having)


def placed_one(desk: Desk, plan: Plan, holder: Mapping[str, Any]) -> Placed:
    """One person of the roster beside a plan."""
    with reading(desk.engine) as connection:
        having = register.having(connection, plan.name, desk.now(), holder["id"])
    return place(plan, [holder], having).everybody[0]


def place(plan: Plan, roster: Sequence[Mapping[str, Any]], having: Mapping[str, register.Having]) -> Placing:
    """The same of rows that were read; `having` is what people have under the plan, by their id."""
    by_tier: dict[str, list[Placed]] = {tier.name: [] for tier in plan.tiers}
    outside: list[Placed] = []
    tiers: dict[tuple[str, ...], Tier | None] = {}
    for holder in roster:
        record = {name: holder[name] for name in ATTRIBUTES}
        key = tuple(record.values())
        if key not in tiers:
            tiers[key] = plan.tier_of(record)
        tier, has = tiers[key], having.get(holder["id"])
        one = Placed(
            holder["id"],
            holder["handle"],
            holder["name"],
            record,
            tier.name if tier is not None else "",
            tier.amount if tier is not None else None,
            has.grant if has is not None else "",
            has.tier if has is not None else "",
            has.amount if has is not None else None,
        )
        (outside if tier is None else by_tier[tier.name]).append(one)
    groups = [
        Group(tier, rule_of(tier, last=number == len(plan.tiers) - 1), tuple(by_tier[tier.name]))
        for number, tier in enumerate(plan.tiers)
    ]
    return Placing(plan, tuple(groups), tuple(outside))


def why(plan: Plan, record: Mapping[str, str]) -> str:
    """Why a person is in their tier, or in none, from their record."""
    unfit = [name for name, patterns in plan.eligible.items() if not matches(patterns, record.get(name, ""))]
    if unfit:
        wanted = " and ".join(f"{SPOKEN[name]} {_either(plan.eligible[name])}" for name in unfit)
        return f"The plan is for {wanted}; {_has(record, unfit)}."
    tier = plan.tier_of(record)
    if tier is None:
        return "No tier fits, and the plan has none for everybody else."
    if tier.when:
        return f"{_begun(_has(record, list(tier.when)))}."
    if len(plan.tiers) == 1:
        return "The plan gives everybody the same."
    return f"No tier before it fits: {_has(record, _asked(plan))}."


def unfit(tier: Tier, record: Mapping[str, str]) -> str:
    """Why a tier does not take a person; empty if it does."""
    names = [name for name, patterns in tier.when.items() if not matches(patterns, record.get(name, ""))]
    return _begun(_has(record, names)) if names else ""


def rule_of(tier: Tier, *, last: bool = False) -> str:
    """Whom a tier takes, in words."""
    if not tier.when:
        return "Everybody else" if last else "Everybody"
    return _begun(" and ".join(f"{SPOKEN[name]} {_either(patterns)}" for name, patterns in tier.when.items()))


def _asked(plan: Plan) -> list[str]:
    """The attributes that any tier asks, in their order."""
    return [name for name in ATTRIBUTES if any(name in tier.when for tier in plan.tiers)]


def _has(record: Mapping[str, str], names: Sequence[str]) -> str:
    """`level is senior, team is not on record`."""
    return ", ".join(f"{SPOKEN[name]} is {record.get(name) or 'not on record'}" for name in names)


def _begun(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]


def _either(patterns: Sequence[str]) -> str:
    return patterns[0] if len(patterns) == 1 else f"{', '.join(patterns[:-1])} or {patterns[-1]}"
