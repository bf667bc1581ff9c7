"""Plans: the terms of a promise, in versions; checked, compared, put into force, simulated."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Path, Query
from pydantic import Field
from sqlalchemy import Connection

from bursar.api import pages
from bursar.api.calls import Called
from bursar.api.pages import DEFAULT_LIMIT, After, Limit
from bursar.api.routes import Resource
from bursar.api.shapes import Day, Document, Instant, Page, instant, said
from bursar.errors import NotFound
from bursar.office.database import reading
from bursar.office.granting import outlook
from bursar.office.granting.topups import measured
from bursar.office.terms import plans
from bursar.plans.factsheet import FactSheet, fact_sheet
from bursar.plans.terms import plain

PLANS = Resource("Plans", "The terms of promises, as code: versions, fact sheets, differences, simulation.")
MAX_PLAN_CHARS = 80
EXAMPLE = """\
bursar: plan/1
name: stipend
title: AI stipend
class: provisioned_tool
allotment: {amount: $500, every: month}
"""

Name = Annotated[str, Path(description="Name of the plan.", max_length=MAX_PLAN_CHARS, examples=["stipend"])]
Number = Annotated[int, Path(description="Number of the version, from 1.", ge=1, le=2**31 - 1, examples=[1])]


class Plan(Document):
    """A version of a plan."""

    name: str = said("Name of the plan.", "stipend")
    version: int = said("Number of the version, from 1.", 3)
    title: str = said("What people read.", "AI stipend")
    plan_class: str = said("provisioned_tool, benefit or hybrid.", "provisioned_tool")
    unit: str = said("What it is counted in.", "USD")
    effective: Instant = said("From when grants are made under it.", "2026-12-01T00:00:00Z")
    effective_day: Day = said("The same as a day in its time zone.", "2026-12-01")
    in_force: bool = said("Whether a grant that is given now is under it.", True)
    digest: str = said("SHA-256 of its terms.", "9f2c")
    created: Instant = said("When it was put in.", "2026-11-20T09:00:00Z")
    by: str = said("By whom.", "acc_5f0e6a1c2b3d by session:ses_5f0e6a1c2b3d")
    note: str = said("Why.", "the budget of 2027")


class PlanTerms(Plan):
    """A version with its document and its terms."""

    document: str = said("The document, as it was written.", EXAMPLE)
    terms: dict[str, Any] = Field(description="The terms as they were read.", examples=[{"name": "stipend"}])


class Fact(Document):
    """One of the twelve answers."""

    id: str = said("Name of the question.", "expiry")
    question: str = said("The question.", "When does it expire?")
    answer: str = said("The answer; where the document does not say, the question to ask.", "At the end of the month.")
    given: bool = said("Whether the document says it.", True)


class FactSheetDocument(Document):
    """Twelve answers that an offer owes."""

    plan: str = said("Name of the plan.", "stipend")
    title: str = said("What people read.", "AI stipend")
    digest: str = said("SHA-256 of the terms.", "9f2c")
    tier: str | None = said("For this tier, null for all.", None)
    standing: str = said("Is it pay or a tool?", "This is a tool that work needs; not part of your pay.")
    answers: list[Fact] = Field(description="In the order of a sheet.")
    missing: list[str] = Field(description="Questions that the document does not answer.", examples=[["tax"]])


@PLANS.get("/plans", "listPlans", "Plans", action="plan.read", whose="house")
def list_plans(call: Called, after: After = "", limit: Limit = DEFAULT_LIMIT) -> Page[Plan]:
    """The newest version of each, by name."""
    with reading(call.desks.engine) as connection:
        newest = {one.name: one for one in plans.versions(connection)}
        current_ = _in_force(connection, call.now)
    rows = [newest[name] for name in sorted(newest)]
    page, following = pages.after(rows, after, limit, lambda one: one.name)
    return Page[Plan](items=[_plan(one, current_) for one in page], next=following)


@PLANS.get("/plans/{plan}/versions", "listPlanVersions", "Versions of a plan", action="plan.read", whose="house")
def list_plan_versions(call: Called, plan: Name, after: After = "", limit: Limit = DEFAULT_LIMIT) -> Page[Plan]:
    """Oldest first. A version is never changed."""
    with reading(call.desks.engine) as connection:
        rows = plans.versions(connection, known(plan))
        current_ = _in_force(connection, call.now)
    if not rows:
        raise NotFound(f"there is no plan {plan!r}")
    page, following = pages.after(rows, after, limit, lambda one: one.number)
    return Page[Plan](items=[_plan(one, current_) for one in page], next=following)


@PLANS.get("/plans/{plan}", "getPlan", "A plan, its newest version", action="plan.read", whose="house")
def get_plan(call: Called, plan: Name) -> PlanTerms:
    """With its document and its terms."""
    with reading(call.desks.engine) as connection:
        found = plans.latest(connection, known(plan))
        if found is None:
            raise NotFound(f"there is no plan {plan!r}")
        return _terms(found, _in_force(connection, call.now))


@PLANS.get(
    "/plans/{plan}/versions/{number}", "getPlanVersion", "A version of a plan", action="plan.read", whose="house"
)
def get_plan_version(call: Called, plan: Name, number: Number) -> PlanTerms:
    """With its document and its terms."""
    with reading(call.desks.engine) as connection:
        return _terms(plans.numbered(connection, known(plan), number), _in_force(connection, call.now))


@PLANS.get("/plans/{plan}/facts", "getFactSheet", "A plan's twelve answers", action="plan.read", whose="house")
def get_fact_sheet(
    call: Called, plan: Name, tier: Annotated[str, Query(description="For this tier.", max_length=MAX_PLAN_CHARS)] = ""
) -> FactSheetDocument:
    """With how long approvals really took."""
    with reading(call.desks.engine) as connection:
        found = plans.latest(connection, known(plan))
        if found is None:
            raise NotFound(f"there is no plan {plan!r}")
        return sheet_of(fact_sheet(measured(connection, found.plan), tier or None))


def sheet_of(sheet: FactSheet) -> FactSheetDocument:
    return FactSheetDocument(
        plan=sheet.plan,
        title=sheet.title,
        digest=sheet.version,
        tier=sheet.tier,
        standing=sheet.standing,
        answers=[Fact(id=one.id, question=one.question, answer=one.answer, given=one.given) for one in sheet.answers],
        missing=list(sheet.missing),
    )


def known(name: str) -> str:
    """A name that a database can be asked for."""
    if not name.isprintable():
        raise NotFound(f"there is no plan {name!r}")
    return name


def _in_force(connection: Connection, now: int) -> dict[str, int]:
    """By plan, the number of the version that a grant given now is under."""
    return {one.name: one.number for one in plans.versions(connection) if one.effective <= now}


def _plan(one: plans.Version, in_force: dict[str, int]) -> Plan:
    return Plan(**_fields(one, in_force))


def _terms(one: plans.Version, in_force: dict[str, int]) -> PlanTerms:
    return PlanTerms(**_fields(one, in_force), document=one.document, terms=plain(one.plan))


def _fields(one: plans.Version, in_force: dict[str, int]) -> dict[str, Any]:
    return {
        "name": one.name,
        "version": one.number,
        "title": one.plan.title,
        "plan_class": one.plan.plan_class,
        "unit": one.plan.unit,
        "effective": instant(one.effective),
        "effective_day": outlook.local_day(one.effective, one.plan),
        "in_force": in_force.get(one.name) == one.number,
        "digest": one.plan.digest,
        "created": instant(one.created),
        "by": one.actor,
        "note": one.note,
    }
