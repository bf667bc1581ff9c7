"""Tiers: who is in which one, and why?"""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Query
from starlette.responses import Response

from bursar.charts import Bar, Bars
from bursar.console import words
from bursar.console.compensation.area import AREA
from bursar.console.compensation.plans import Name
from bursar.console.visit import Visit, Visitor
from bursar.errors import NotFound
from bursar.office import standing
from bursar.office.access import action
from bursar.office.database import reading
from bursar.office.oversight import subjects
from bursar.office.oversight.subjects import everybody
from bursar.office.terms import explanations, placing, plans
from bursar.office.terms.placing import Placing
from bursar.plans.check import Checked
from bursar.web import paging

READ = action("grant.read")
PAGE_ROWS = 100
MONTHS = 12
OUTSIDE = "-"
"""Stands for those whom no tier takes, in an address: no tier has that name."""


@AREA.page("/tiers", name="Tiers", question="Who is in which tier, and why?", action="grant.read", whose="house")
def tiers(
    visit: Visit,
    plan: Annotated[str, Query(max_length=80)] = "",
    tier: Annotated[str, Query(max_length=80)] = "",
    after: Annotated[str, Query(max_length=200)] = "",
) -> Response:
    """The people of one tier of a plan; whoever looks is on record with everybody."""
    place = paging.read(after, str) or ""
    with reading(visit.caller.desks.engine) as connection:
        known = {one.name: one for one in plans.versions(connection)}
    names = [(name, one.plan.title) for name, one in sorted(known.items())]
    if not known:
        return visit.show("compensation/tiers.html", names=names, plan=None)
    chosen = plan if plan in known else names[0][0]
    if plan and plan not in known:
        raise NotFound(f"there is no plan {plan!r}", "the list of plans has those that there are")
    visit.look(READ, [everybody(visit.actor)], f"tiers of plan {chosen}"[:100])
    plan_now = known[chosen]
    with visit.desk() as desk:
        name = f"tiers:{chosen}@{plan_now.number}"
        there = standing.taken(desk, name, lambda own: placing.placed(own, plan_now.plan)).value
    first = next((one.tier.name for one in there.groups if one.people), there.groups[0].tier.name)
    shown = tier if tier == OUTSIDE or known[chosen].plan.tier_named(tier) is not None else first
    group = next((one for one in there.groups if one.tier.name == shown), None)
    people = there.outside if group is None else group.people
    rows = [one for one in people if one.handle > place][: PAGE_ROWS + 1]
    return visit.show(
        "compensation/tiers.html",
        names=names,
        plan=known[chosen],
        placing=there,
        shown=shown,
        group=group,
        rows=paging.sliced(rows, PAGE_ROWS, lambda one: one.handle),
        first=not after,
        exceptions=sum(one.is_exception for one in there.everybody),
        missed=sum(one.is_missed for one in there.everybody),
        why=placing.why,
        chart=_chart(there),
        outside=OUTSIDE,
    )


@AREA.page(
    "/tiers/{plan}/{handle}", name="Tier of a person", question="Why this tier, and what does it bring?",
    action="grant.read", whose="house", in_menu=False,
)  # fmt: skip
def person(visit: Visit, plan: Name, handle: Annotated[str, Path(max_length=200)]) -> Response:
    """Each tier held against somebody's record, and what the plan would release to them in a year."""
    with reading(visit.caller.desks.engine) as connection:
        about, _ = subjects.required(connection, visit.actor, READ, handle)
        version = plans.latest(connection, plan)
    if version is None:
        raise NotFound(f"there is no plan {plan!r}", "the list of plans has those that there are")
    visit.look(READ, [about], f"tier under plan {plan}"[:100])
    with visit.desk() as desk:
        holder = desk.person(about.person)
        found = placing.placed_one(desk, version.plan, holder)
        told = _told(visit, version, holder)
    return visit.show(
        "compensation/tier.html",
        plan=version,
        person=holder,
        found=found,
        why=placing.why(version.plan, found.record),
        steps=[(one, placing.rule_of(one, last=number > 0), placing.unfit(one, found.record))
               for number, one in enumerate(version.plan.tiers)],
        told=told,
        months=MONTHS,
    )  # fmt: skip


def _told(visit: Visitor, version: plans.Version, holder: dict[str, str]) -> list[str]:
    checked = Checked(version.plan, (), version.document)
    found = explanations.explain_plan(checked, holder, MONTHS, hired=holder["hire_date"], now=visit.now)
    return list(found["sentences"])


def _chart(there: Placing) -> Bars | None:
    """What each tier promises in all."""
    unit = str(there.plan.tiers[0].amount.unit)
    if len(there.groups) < 2:
        return None
    bars = [
        Bar(
            group.tier.name,
            [
                sum(
                    one.granted.nanos
                    for one in group.people
                    if one.granted is not None and str(one.granted.unit) == unit
                )
            ],
            f"{len(group.people)} people",
        )
        for group in there.groups[:40]
    ]
    return Bars(
        "tiers",
        "Promised a period, by tier",
        "What the grants of its people come to.",
        bars,
        ("promised",),
        axis="tier",
        written=lambda nanos: words.written_round(nanos, unit),
    )
