"""Plans and histories for tests, written as people write them, and a store's ledger as books for their calendar."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

import yaml

from bursar.calendar import micros, to_utc
from bursar.ledger import Answer, Command, Store, apply_now, reading
from bursar.ledger.reading import LotBalance
from bursar.plans.check import load
from bursar.plans.schedule import History, Segment
from bursar.plans.terms import Plan


def plan_of(amount: str | int = "$100", **parts: Any) -> Plan:
    """A plan through its document: `allotment` and the other parts as in YAML, a whole number is dollars."""
    allotment = {"amount": f"${amount}" if isinstance(amount, int) else amount, **parts.pop("allotment", {})}
    fields = {"bursar": "plan/1", "name": "tokens", "title": "Tokens", "allotment": allotment, **parts}
    return load(yaml.safe_dump(fields)).plan


def history_of(plan: Plan, starts: str | date | datetime | int, grant: str = "grt_g", **more: Any) -> History:
    """One person's grant under a plan from a local day, a local time or an instant in microseconds."""
    begin = starts if isinstance(starts, int) else at(plan, starts)
    tier = plan.tiers[0]
    return History(grant, begin, (Segment(begin, plan, tier.name, tier.amount),), **more)


def at(plan: Plan, when: str | date | datetime) -> int:
    """An instant, microseconds UTC, of a local day or time in the plan's zone."""
    if isinstance(when, str):
        when = datetime.fromisoformat(when)
    if not isinstance(when, datetime):
        when = datetime.combine(when, time())
    return micros(to_utc(when, plan.zone) if when.tzinfo is None else when)


@dataclass
class LedgerBooks:
    """A calendar's books in a store; `recorded` says when its commands are written down, if they are late."""

    store: Store
    recorded: int | None = None

    def apply(self, commands: list[Command], at: int) -> list[Answer]:
        return apply_now(self.store, commands, at, self.recorded)

    def lots(self, person: str, at: int) -> list[LotBalance]:
        return self.store.read(lambda session: reading.balance(session, person, at))
