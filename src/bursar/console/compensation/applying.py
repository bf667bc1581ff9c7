"""From a text to a plan in force: who would get what, what changes for whom and when, and then the act itself."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Form
from starlette.responses import Response

from bursar.charts import Bar, Bars
from bursar.console import words
from bursar.console.compensation.area import AREA
from bursar.console.compensation.drafts import Text, as_lines, context, drawn, faulty, findings
from bursar.console.visit import Visit, Visitor
from bursar.errors import BursarError
from bursar.money import Amount
from bursar.office.access import action
from bursar.office.oversight.subjects import everybody
from bursar.office.terms import placing, rollout
from bursar.plans.check import load
from bursar.plans.terms import Plan

EDIT, APPLY, PEOPLE = action("plan.edit"), action("plan.apply"), action("grant.read")
MAX_NOTE = 500
SHOWN_PEOPLE = 200
"""Rows of people on one page."""
MAX_BARS = 40

Day = Annotated[str, Form(max_length=40)]
Note = Annotated[str, Form(max_length=2_000)]


@AREA.form(
    "/plans/-/preview", action="plan.edit", whose="house",
    name="Preview", question="Who would get what, and what changes for whom?",
)  # fmt: skip
def preview(visit: Visit, document: Text = "", effective: Day = "", note: Note = "") -> Response:
    """The plan on the people of the roster, and its grants as they would follow. Nothing is changed."""
    visit.require(EDIT)
    text = as_lines(document)
    if (wrong := faulty(visit, text)) is not None:
        return wrong
    visit.look(PEOPLE, [everybody(visit.actor)], "preview of a plan")
    return _previewed(visit, text, effective.strip(), note)


@AREA.form(
    "/plans/-/confirm", action="plan.apply", whose="house",
    name="Put into force", question="What exactly will happen?",
)  # fmt: skip
def confirm(visit: Visit, document: Text = "", effective: Day = "", note: Note = "") -> Response:
    """What will happen, by name, before it does."""
    visit.require(APPLY)
    text = as_lines(document)
    if (wrong := faulty(visit, text)) is not None:
        return wrong
    visit.look(PEOPLE, [everybody(visit.actor)], "preview of a plan")
    try:
        outcome = _tried(visit, text, effective.strip(), note)
    except BursarError as error:
        return _previewed(visit, text, effective.strip(), note, error)
    found = findings(visit, text)
    return visit.show(
        "compensation/confirm.html",
        document=text,
        effective=effective.strip(),
        note=note,
        outcome=outcome,
        after=found.newest.number if found.newest else 0,
        told=_told(outcome),
        **context(found),
    )


@AREA.form(
    "/plans/-/apply", action="plan.apply", whose="house",
    name="Preview", question="Who would get what, and what changes for whom?",
)  # fmt: skip
def apply(
    visit: Visit,
    document: Text = "",
    effective: Day = "",
    note: Note = "",
    after: Annotated[int, Form(ge=0)] = 0,
) -> Response:
    """Put it into force; `after` is the version that the page before compared with."""
    visit.require(APPLY)
    text = as_lines(document)
    if (wrong := faulty(visit, text)) is not None:
        return wrong
    try:
        with visit.desk() as desk:
            outcome = rollout.apply_plan(
                desk, load(text), effective=effective.strip(), note=note.strip()[:MAX_NOTE], after=after
            )
    except BursarError as error:
        visit.look(PEOPLE, [everybody(visit.actor)], "preview of a plan")
        return _previewed(visit, text, effective.strip(), note, error)
    return visit.done(f"/plans/{outcome['plan']}", "applied" if outcome["changed"] else "unchanged")


def _tried(visit: Visitor, text: str, effective: str, note: str) -> dict[str, Any]:
    with visit.desk() as desk:
        return rollout.apply_plan(desk, load(text), effective=effective, note=note, dry_run=True)


def _previewed(visit: Visitor, text: str, effective: str, note: str, error: BursarError | None = None) -> Response:
    found = findings(visit, text)
    if found.checked is None:
        return drawn(visit, text)
    outcome: dict[str, Any] = {"grants": [], "kept": [], "changed": True, "effective": ""}
    try:
        outcome = _tried(visit, text, effective, note)
    except BursarError as refused:
        error = error or refused
        # Without the day that it cannot be, there is something to show all the same.
        outcome = _tried(visit, text, "", note)
    with visit.desk() as desk:
        there = placing.placed(desk, found.checked.plan)
    values = {
        "document": text,
        "effective": effective,
        "note": note,
        "outcome": outcome,
        "placing": there,
        "told": _told(outcome),
        "sums": _sums(there),
        "missed": [one for one in there.everybody if one.is_missed],
        "chart": _tiers(found.checked.plan, there),
        "shown": SHOWN_PEOPLE,
        **context(found),
    }
    if error is not None:
        return visit.show_faults("compensation/preview.html", error, **values)
    return visit.show("compensation/preview.html", **values)


def _told(outcome: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Grants that change, by what it is to their people, in the order of the day."""
    kinds: dict[str, list[dict[str, Any]]] = {"reduce": [], "adjust": [], "improve": [], "same": []}
    for one in sorted(outcome["grants"], key=lambda one: (one["from"], one["person"])):
        kinds[one["kind"]].append(one)
    return kinds


def _sums(there: placing.Placing) -> tuple[Amount, Amount]:
    """What the plan promises a period: now by its grants, and then by the roster to those who have one."""
    unit = there.plan.tiers[0].amount.unit
    having = [one for one in there.everybody if one.grant]
    now = sum(one.granted.nanos for one in having if one.granted is not None and one.granted.unit == unit)
    kept = [one.amount or one.granted for one in having]
    return Amount(now, unit), Amount(sum(one.nanos for one in kept if one is not None and one.unit == unit), unit)


def _tiers(plan: Plan, there: placing.Placing) -> Bars | None:
    """People by tier: with a grant under the plan and without."""
    if len(there.groups) < 2:
        return None
    bars = [
        Bar(
            group.tier.name,
            [sum(bool(one.grant) for one in group.people), sum(not one.grant for one in group.people)],
            words.written(group.tier.amount.nanos, str(group.tier.amount.unit)),
        )
        for group in there.groups[:MAX_BARS]
    ]
    return Bars(
        "placed",
        "People by tier",
        "Where the roster puts everybody under this text.",
        bars,
        ("with a grant under this plan", "without"),
        axis="tier",
        written=lambda people: f"{people:,.0f}",
    )
