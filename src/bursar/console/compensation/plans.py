"""Plans: what are the rules, since when, and who is on them?"""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Query
from sqlalchemy import Connection
from starlette.responses import Response

from bursar.console.compensation.area import AREA
from bursar.console.visit import Visit, Visitor
from bursar.errors import NotFound
from bursar.office import naming
from bursar.office.access import action
from bursar.office.database import reading
from bursar.office.granting import register, topups
from bursar.office.oversight.subjects import everybody
from bursar.office.terms import placing, plans
from bursar.plans.differences import differences, lines
from bursar.plans.factsheet import fact_sheet
from bursar.web import paging

READ, PEOPLE = action("plan.read"), action("grant.read")
EDIT, SIMULATE = action("plan.edit"), action("plan.simulate")
PEOPLE_ROWS = 100
DONE = {
    "applied": "The plan is in force; whoever is on it is told.",
    "unchanged": "It says what the newest version says, so nothing was changed.",
}

Name = Annotated[str, Path(max_length=80)]


@AREA.page(
    "/plans",
    name="Plans",
    question="What are the rules, and how many people are on them?",
    action="plan.read",
    whose="house",
)
def listed(visit: Visit) -> Response:
    with reading(visit.caller.desks.engine) as connection:
        known = plans.versions(connection)
        sums = register.sums_by_plan(connection, visit.now)
    newest = {one.name: one for one in known}
    in_force = {one.name: one for one in known if one.effective <= visit.now}
    rows = [{"newest": one, "now": in_force.get(name), "sum": sums.get(name)} for name, one in sorted(newest.items())]
    return visit.show("compensation/plans.html", plans=rows, **_rights(visit))


@AREA.page(
    "/plans/{name}", name="Plan", question="What does it promise, in plain words?",
    action="plan.read", whose="house", in_menu=False,
)  # fmt: skip
def plan(
    visit: Visit, name: Name, version: Annotated[int, Query(ge=0)] = 0, tier: str = "", done: str = ""
) -> Response:
    """The fact sheet, of one tier or all."""
    with reading(visit.caller.desks.engine) as connection:
        found = _version(connection, name, version)
        measured = topups.measured(connection, found.plan)
        total = register.sums_by_plan(connection, visit.now).get(name)
        names = naming.actors(connection, [found.actor])
    chosen = tier if found.plan.tier_named(tier) is not None else None
    return visit.show(
        "compensation/plan.html",
        plan=found,
        names=names,
        sheet=fact_sheet(measured, chosen),
        rule_of=placing.rule_of,
        tiers_to_choose=[(f"/plans/{name}?tier={one.name}", one.name, one.name) for one in found.plan.tiers],
        tier=chosen or "",
        total=total,
        done=done,
        told=DONE,
        **_rights(visit),
    )


@AREA.page(
    "/plans/{name}/document", name="Document", question="What was agreed, word by word?",
    action="plan.read", whose="house", in_menu=False,
)  # fmt: skip
def document(visit: Visit, name: Name, version: Annotated[int, Query(ge=0)] = 0) -> Response:
    with reading(visit.caller.desks.engine) as connection:
        found = _version(connection, name, version)
        names = naming.actors(connection, [found.actor])
    return visit.show("compensation/document.html", plan=found, names=names, **_rights(visit))


@AREA.page(
    "/plans/{name}/versions", name="Versions", question="What changed, when, and who changed it?",
    action="plan.read", whose="house", in_menu=False,
)  # fmt: skip
def versions(
    visit: Visit, name: Name, before: Annotated[int, Query(ge=0)] = 0, after: Annotated[int, Query(ge=0)] = 0
) -> Response:
    """Every version, and the difference between two of them: of the last two, if none are named."""
    with reading(visit.caller.desks.engine) as connection:
        found = plans.versions(connection, name)
        names = naming.actors(connection, [one.actor for one in found])
    if not found:
        raise NotFound(f"there is no plan {name!r}")
    numbers = {one.number: one for one in found}
    new = numbers.get(after or found[-1].number)
    old = numbers.get(before or max(1, found[-1].number - 1))
    if new is None or old is None:
        raise NotFound(f"plan {name} has no such version", f"It has {len(found)}.")
    compared = None
    if old is not new:
        compared = {"terms": differences(old.plan, new.plan), "lines": lines(old.document, new.document)}
    return visit.show(
        "compensation/versions.html", plan=found[-1], versions=found[::-1], old=old, new=new, compared=compared,
        names=names, **_rights(visit),
    )  # fmt: skip


@AREA.page(
    "/plans/{name}/people", name="People", question="Who is on this plan, and with what?",
    action="grant.read", whose="house", in_menu=False,
)  # fmt: skip
def people(visit: Visit, name: Name, after: str = "") -> Response:
    """Running grants under the plan; whoever looks is on record with everybody."""
    place = paging.read(after, str) or ""
    visit.look(PEOPLE, [everybody(visit.actor)], f"who is on plan {name}"[:100])
    with reading(visit.caller.desks.engine) as connection:
        found = _version(connection, name, 0)
        wanted = register.Filter(plan=name, state="any")
        rows = register.found(connection, wanted, visit.now, after=place, limit=PEOPLE_ROWS + 1)
    return visit.show(
        "compensation/people.html", plan=found, rows=paging.sliced(rows, PEOPLE_ROWS, register.place), first=not after,
        **_rights(visit),
    )  # fmt: skip


def _version(connection: Connection, name: str, number: int) -> plans.Version:
    """The version of this number, else the newest. Raises NotFound."""
    found = plans.numbered(connection, name, number) if number else plans.latest(connection, name)
    if found is None:
        raise NotFound(f"there is no plan {name!r}", "the list of plans has those that there are")
    return found


def _rights(visit: Visitor) -> dict[str, bool]:
    """What stands on these pages besides reading."""
    return {
        "may_edit": visit.reaches(EDIT, "house"),
        "may_simulate": visit.reaches(SIMULATE, "house"),
        "may_see_people": visit.reaches(PEOPLE, "house"),
    }
