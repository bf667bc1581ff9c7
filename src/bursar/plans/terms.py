"""The terms of a plan, as everything else works with them. Amounts are nano-units, shares parts per million.

A `Plan` is one version of a document. What a person gets of it is their tier's amount under terms that are everybody's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from fnmatch import fnmatchcase
from typing import Any, Literal
from zoneinfo import ZoneInfo

from bursar.calendar import Interval
from bursar.money import Amount
from bursar.plans.vesting.terms import Allocation

PARTS = 1_000_000
"""A share is counted in parts per million."""

PlanClass = Literal["provisioned_tool", "benefit", "hybrid"]
Proration = Literal["none", "daily", "half_month"]
Anchor = Literal["calendar", "hire_date", "grant"]
ATTRIBUTES = ("level", "job_family", "role", "team", "location")
"""What a tier may ask of a person."""


@dataclass(frozen=True, slots=True)
class Tier:
    """Who gets which amount: every attribute must match one of its patterns; no attribute matches everybody."""

    name: str
    amount: Amount
    when: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def admits(self, person: Mapping[str, str]) -> bool:
        return all(matches(patterns, person.get(name, "")) for name, patterns in self.when.items())


@dataclass(frozen=True, slots=True)
class Allotment:
    """What is released and when; `every` None is once."""

    every: Interval | None
    anchor: Anchor | date
    proration: Proration
    expires: Literal["period", "never"] | Interval | date
    """Of a released lot: with its period, never, a time after its release, or a date."""


@dataclass(frozen=True, slots=True)
class Vesting:
    """Released in tranches over a time instead of at once; the fields of `bursar.plans.vesting.schedule`."""

    over: Interval | None
    every: Interval | None
    cliff: Interval | None
    allocation: Allocation
    shares: tuple[int, ...] = ()
    """Of each step in parts per million, where they differ."""
    on_event: str = ""
    """All at once when this happens, instead of over a time."""
    deadline: Interval | date | None = None
    """Before when it has to happen."""


@dataclass(frozen=True, slots=True)
class RolloverTerms:
    """What becomes of the rest at the end of a period: min(cap, max(floor, share of the rest)) lives on."""

    share: int
    cap: Amount | int | None
    """An amount, a share of the allotment in parts per million, or no cap."""
    floor: Amount | None
    periods: int | None
    """For how many periods, None for ever."""


@dataclass(frozen=True, slots=True)
class ScopeTerms:
    """What may be spent on; an empty tuple admits everything."""

    providers: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    purposes: tuple[str, ...] = ()


StepKind = Literal["grace", "top_up", "request", "pool", "cheaper_model", "own_money", "stop"]


@dataclass(frozen=True, slots=True)
class Step:
    """One step of what happens at the limit, tried in order."""

    kind: StepKind
    amount: Amount | None = None
    """Of one grace, one automatic top-up, one slice of own money."""
    up_to: Amount | None = None
    """Of all of them in one period."""
    reason_required: bool = False
    approvers: tuple[str, ...] = ()
    expires_days: int = 0
    pool: str = ""
    models: tuple[tuple[str, str], ...] = ()
    """Pattern of the model asked for, and the cheaper one that answers instead."""


@dataclass(frozen=True, slots=True)
class Notice:
    """How many days before it takes effect a change must be announced."""

    adjust: int = 0
    reduce: int = 0
    revoke: int = 0


@dataclass(frozen=True, slots=True)
class Leaving:
    """What becomes of what is unspent on the last day."""

    unspent: Literal["forfeit", "keep"] = "forfeit"
    tail_days: int = 0
    pay_out: int = 0
    """Share in parts per million that is paid out in cash."""


@dataclass(frozen=True, slots=True)
class Velocity:
    """Most that may be spent in an hour and in a day; None for no limit."""

    per_hour: Amount | None = None
    per_day: Amount | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """One version of a plan."""

    name: str
    title: str
    digest: str
    """SHA-256 of the document's meaning: two texts that say the same are the same version."""
    currency: str
    zone: ZoneInfo
    plan_class: PlanClass
    eligible: Mapping[str, tuple[str, ...]]
    tiers: tuple[Tier, ...]
    """In order, `otherwise` last, where there is one."""
    allotment: Allotment
    vesting: Vesting | None
    rollover: RolloverTerms | None
    scope: ScopeTerms
    warnings: tuple[int, ...]
    at_limit: tuple[Step, ...]
    notice: Notice
    leaving: Leaving
    velocity: Velocity
    floor: Amount | None
    """Nobody who is eligible falls below it, whatever tier or proration say."""
    priority: int
    reduce_released: bool
    """A reduction may take back what is released and unspent already."""
    statements: Mapping[str, str]
    """What people are told in words: tax, expectations, visibility, rate_limits, portability."""

    @property
    def unit(self) -> str:
        return str(self.tiers[0].amount.unit)

    def tier_of(self, person: Mapping[str, str]) -> Tier | None:
        """The first tier that admits a person, None if the plan is not for them."""
        if not all(matches(patterns, person.get(name, "")) for name, patterns in self.eligible.items()):
            return None
        return next((tier for tier in self.tiers if tier.admits(person)), None)

    def tier_named(self, name: str) -> Tier | None:
        return next((tier for tier in self.tiers if tier.name == name), None)


def matches(patterns: tuple[str, ...], value: str) -> bool:
    """Does a value match one of the shell patterns, whatever the case?"""
    return any(fnmatchcase(value.lower(), pattern.lower()) for pattern in patterns)


def plain(value: Any) -> Any:
    """Terms as plain JSON values, for digests and documents."""
    if isinstance(value, Amount):
        return {"nanos": value.nanos, "unit": str(value.unit)}
    if isinstance(value, ZoneInfo):
        return value.key
    if isinstance(value, Interval):
        return str(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {key: plain(one) for key, one in value.items()}
    if isinstance(value, tuple | list):
        return [plain(one) for one in value]
    if hasattr(value, "__dataclass_fields__"):
        return {name: plain(getattr(value, name)) for name in value.__dataclass_fields__}
    return value
