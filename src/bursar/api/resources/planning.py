"""Planning: checking, comparing, putting into force and simulating plans."""

from __future__ import annotations

import dataclasses
import difflib

from pydantic import Field
from sqlalchemy import Connection

from bursar.api.calls import Called
from bursar.api.limits import MAX_LIST_ITEMS, MAX_SCENARIOS
from bursar.api.resources.jobs import JobDocument, begin
from bursar.api.resources.plans import EXAMPLE, PLANS, Name, known
from bursar.api.shapes import Day, Document, Line, Prose, Sent, When, Yaml, said
from bursar.calendar import from_micros
from bursar.errors import InvalidInput, NotFound
from bursar.insight.simulation.engine import MAX_MONTHS
from bursar.office.database import reading
from bursar.office.terms import plans, rollout, scenarios, vesting_export
from bursar.plans.check import Checked, load
from bursar.plans.differences import differences
from bursar.plans.document import Fault, PlanFaults
from bursar.plans.factsheet import fact_sheet


class PlanFault(Document):
    """Something that is wrong with a document."""

    field: str = said("The term.", "allotment.every")
    line: int = said("Its line, from 1.", 5)
    column: int = said("Its column, from 1.", 3)
    found: str = said("What was found.", "'fortnight'")
    expected: str = said("What is allowed.", "week, month, quarter, year or once")


class Advice(Document):
    """Something that is allowed and worth a second thought."""

    code: str = said("Its name.", "perk-words")
    line: int = said("Its line.", 4)
    sentence: str = said("In words.", "it is called a perk, and is a provisioned tool")


class PlanCheck(Document):
    """What a check found. Faults refuse a plan, advice does not."""

    good: bool = said("Whether it has no faults.", True)
    name: str | None = said("Name of the plan, if it has no faults.", "stipend")
    digest: str | None = said("SHA-256 of its terms, if it has no faults.", "9f2c")
    faults: list[PlanFault] = Field(description="What is wrong.")
    advice: list[Advice] = Field(description="What is worth a second thought.")
    missing: list[str] = Field(description="Questions of the fact sheet that it leaves open.", examples=[["tax"]])


class Difference(Document):
    """A term that two plans do not share."""

    term: str = said("Its path.", "tiers.senior.amount")
    before: str | None = said("What it was, null for nothing.", "$300.00")
    after: str | None = said("What it is, null for nothing.", "$500.00")


class Differences(Document):
    """How two plans differ."""

    items: list[Difference] = Field(description="Term by term.")
    text: list[str] = Field(description="The documents' lines as a unified diff.", examples=[["-  amount: $300"]])


class GrantPreview(Document):
    """What a new version does to a grant."""

    grant: str = said("Id of the grant.", "grt_5f0e6a1c2b3d")
    person: str = said("Handle.", "ada")
    starts: Day = said("When the new terms hold for it.", "2027-01-01")
    before: str = said("Terms until then.", "$300 every month")
    after: str = said("Terms from then on.", "$500 every month")
    tier: str = said("Its tier.", "senior")


class Applied(Document):
    """What putting a plan into force does."""

    plan: str = said("Name of the plan.", "stipend")
    version: int = said("Number of the version.", 3)
    changed: bool = said("False: the newest version says the same.", True)
    effective: Day | None = said("From when it is in force.", "2027-01-01")
    grants: list[GrantPreview] = Field(description="Grants that follow after their notice.")
    dry_run: bool = said("Whether it was only worked out.", False)


class PlanText(Sent):
    """A plan document."""

    document: Yaml = said("YAML of `bursar: plan/1`.", EXAMPLE)


class PlanSide(Sent):
    """A plan: a version by name, or a document."""

    plan: Line = said("Name of a plan in the books.", "stipend", "")
    version: int = said("Its version; 0 is the newest.", 2, 0, ge=0, le=2**31 - 1)
    document: str = said("Or YAML of `bursar: plan/1`.", None, "", max_length=200_000)


class TwoPlans(Sent):
    """Two plans to compare."""

    before: PlanSide = Field(description="The first.")
    after: PlanSide = Field(description="The second.")


class NewVersion(PlanText):
    """A plan to put into force."""

    effective: When = said("From then on; without it, as soon as allowed.", "2027-01-01", "")
    note: Prose = said("Why; goes to the audit log.", "the budget of 2027", "")
    dry_run: bool = said("Only say what would happen.", False, False)


class Simulation(PlanText):
    """What to simulate, against the people of the roster and what they used."""

    against: str = said("Another plan document, side by side with the first.", None, "", max_length=200_000)
    months: int = said("How many months.", 24, 24, ge=1, le=MAX_MONTHS)
    scenarios: int = said("How many scenarios of use and price.", 1_000, 1_000, ge=1, le=MAX_SCENARIOS)
    seed: int = said("Of the random numbers: the same seed, the same answer.", 1, 1, ge=0, le=2**53)
    start: When = said("First month; without it, the next.", "2027-01", "")
    price: Line = said("How prices of the same work go.", "halving", "halving")
    usage: list[Line] = Field(
        default_factory=list,
        description="Monthly use: a persona, a median with a sigma, either with `TIER=` before it.",
        examples=[["senior=$400@0.9"]],
        max_length=MAX_LIST_ITEMS,
    )
    growth: float = said("Of use in a year: 3 is three times as much.", 3.0, 3.0, ge=0.01, le=100)
    steady: bool = said("No growth, no drift, no noise.", False, False)
    burst: bool = said("Whether people burst before a reset.", True, True)
    contract_discount: Line = said("What the contract takes off list prices.", "25%", "0%")
    unit_price: Line = said("Of one token or GPU hour, where the plan is in them.", "$0.000003", "")
    history: bool = said("Use what people used in the last 12 months.", True, True)


@PLANS.post("/plans/check", "checkPlan", "Check a document", action="plan.edit", whose="house", changes=False)
def check_plan(call: Called, body: PlanText) -> PlanCheck:
    """Every fault with its line and column; nothing is kept. A document with faults is an answer, not an error."""
    try:
        checked = load(body.document)
    except PlanFaults as error:
        return PlanCheck(
            good=False, name=None, digest=None, faults=[_fault(one) for one in error.faults], advice=[], missing=[]
        )
    return PlanCheck(
        good=True,
        name=checked.plan.name,
        digest=checked.plan.digest,
        faults=[],
        advice=[Advice(code=one.code, line=one.line, sentence=one.sentence) for one in checked.advice],
        missing=list(fact_sheet(checked.plan).missing),
    )


@PLANS.post("/plans/diff", "diffPlans", "Compare two plans", action="plan.read", whose="house", changes=False)
def diff_plans(call: Called, body: TwoPlans) -> Differences:
    """Versions or documents, term by term and line by line."""
    with reading(call.desks.engine) as connection:
        before, after = _side(connection, body.before, "before"), _side(connection, body.after, "after")
    changed = differences(before.plan, after.plan)
    lines = difflib.unified_diff(before.text.splitlines(), after.text.splitlines(), "before", "after", lineterm="", n=1)
    return Differences(
        items=[Difference(term=one.term, before=one.before or None, after=one.after or None) for one in changed],
        text=list(lines),
    )


@PLANS.post("/plans/apply", "applyPlan", "Put a plan into force", action="plan.apply", whose="house")
def apply_plan(call: Called, body: NewVersion) -> Applied:
    """A new version from a day on; grants under the plan follow after the notice that their terms promise. The same document
    twice changes nothing. With `dry_run` it is told and not done."""
    checked = load(body.document)
    with call.desk() as desk:
        found = rollout.apply_plan(desk, checked, effective=body.effective, note=body.note, dry_run=body.dry_run)
    return Applied(
        plan=found["plan"],
        version=found["version"],
        changed=found["changed"],
        effective=found.get("effective"),
        grants=[
            GrantPreview(
                **{name: one[name] for name in ("grant", "person", "before", "after", "tier")}, starts=one["from"]
            )
            for one in found["grants"]
        ],
        dry_run=found["dry_run"],
    )


@PLANS.post(
    "/plans/simulate",
    "simulatePlan",
    "Simulate a plan",
    action="plan.simulate",
    whose="house",
    status=202,
    located=True,
)
def simulate_plan(call: Called, body: Simulation) -> JobDocument:
    """Cost, run-outs, forfeiture and liability by month and tier, over thousands of scenarios, against the people of the
    roster. A job: its result is JSON of schema `simulation/1`."""
    documents = [one for one in (body.document, body.against) if one]
    names = {one.name for one in dataclasses.fields(scenarios.Asked)} - {"usage"}
    asked = scenarios.Asked(**{name: getattr(body, name) for name in names}, usage=tuple(body.usage))
    question = scenarios.question(documents, asked, from_micros(call.now).date())
    return begin(call, scenarios.KIND, f"Simulation of {load(body.document).plan.name}", question)


@PLANS.post(
    "/plans/{plan}/vesting-exports",
    "exportVesting",
    "Export vesting as Open Cap Format",
    action="grant.read",
    whose="house",
    status=202,
    located=True,
)
def export_vesting(call: Called, plan: Name) -> JobDocument:
    """The starts, events and accelerations of every grant under a plan that vests, as an OCF transactions file. A job."""
    with reading(call.desks.engine) as connection:
        if plans.latest(connection, known(plan)) is None:
            raise NotFound(f"there is no plan {plan!r}")
    return begin(call, vesting_export.KIND, f"Vesting of {plan}", {"plan": plan})


def _fault(one: Fault) -> PlanFault:
    return PlanFault(field=one.field, line=one.line, column=one.column, found=one.found, expected=one.expected)


def _side(connection: Connection, side: PlanSide, name: str) -> Checked:
    if bool(side.plan) == bool(side.document):
        raise InvalidInput(name, "a plan and a document" if side.plan else "nothing", "a plan, or a document")
    if side.document:
        return load(side.document, name)
    found = plans.numbered(connection, side.plan, side.version) if side.version else plans.latest(connection, side.plan)
    if found is None:
        raise NotFound(f"there is no plan {side.plan!r}")
    return load(found.document, f"{found.name}@{found.number}")
