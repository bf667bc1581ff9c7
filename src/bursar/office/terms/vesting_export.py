"""A plan's vesting in the Open Cap Format: its terms, and what its grants recorded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from bursar.calendar import from_micros, to_local
from bursar.errors import Conflict
from bursar.exchange import ocf
from bursar.exchange.ocf import VestingTransaction
from bursar.office.database import reading
from bursar.office.granting import grants
from bursar.office.works.work import Outcome
from bursar.plans.terms import Plan
from bursar.plans.tranches import schedule_of
from bursar.plans.vesting import Accelerated, Fact, Start, Started, VestingTerms

if TYPE_CHECKING:
    from bursar.office.desk import Desk

KIND = "vesting-export"


def terms_of(plan: Plan) -> VestingTerms:
    """The vesting terms of a plan, under its name. Raises Conflict for a plan that does not vest."""
    if plan.vesting is None:
        raise Conflict(f"plan {plan.name} does not vest")
    return replace(schedule_of(plan.vesting), id=plan.name, name=plan.title)


def transactions_file(desk: Desk, name: str) -> str:
    """Starts, events and accelerations of every grant under a plan; a grant is an OCF security.

    An acceleration of a share is left out: OCF records only quantities.
    """
    found: list[VestingTransaction] = []
    with reading(desk.engine) as connection:
        held = grants.listed(connection, plan=name)
    for grant in held:
        terms = terms_of(grant.history.segments[0].plan)
        first = to_local(from_micros(grant.history.starts), grant.history.segments[0].plan.zone).date()
        facts: list[Fact] = [Started(one.id, first) for one in terms.conditions if isinstance(one.trigger, Start)]
        facts += [one.fact for one in grant.history.facts if not isinstance(one.fact, Accelerated)]
        for number, fact in enumerate(facts):
            found.append(VestingTransaction(f"{grant.id}-{number}", grant.id, fact))
    return ocf.write_transactions_file(found)


def work(desk: Desk, asked: dict[str, Any], progress: Callable[[int, int], None]) -> Outcome:
    """Write the file as long work is done; asked with `plan`."""
    return Outcome(transactions_file(desk, asked["plan"]).encode(), name=f"{asked['plan']}-transactions.ocf.json")
