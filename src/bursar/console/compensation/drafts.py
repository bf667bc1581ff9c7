"""Writing a plan: is it right, and what would it say differently? The text lives in the form alone, until it is applied."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Form, Path, Query
from starlette.responses import Response

from bursar.console.compensation.area import AREA
from bursar.console.visit import Visit, Visitor
from bursar.errors import NotFound
from bursar.office.access import action
from bursar.office.database import reading
from bursar.office.terms import plans
from bursar.plans import templates
from bursar.plans.check import Checked, load
from bursar.plans.differences import Difference, differences
from bursar.plans.document import MAX_BYTES, Fault, PlanFaults
from bursar.plans.factsheet import FactSheet, fact_sheet

EDIT = action("plan.edit")
QUESTION = "Is it right, and what would it say differently?"
AROUND = 1
"""Lines shown before and after one that is wrong."""
MAX_BEFORE, MAX_SHOWN = 24, 160
"""Characters of a line that are shown before the fault, and in all."""

_ENDS = re.compile(r"[^,}\]]+")

Text = Annotated[str, Form()]
Name = Annotated[str, Path(max_length=80)]


@dataclass(frozen=True, slots=True)
class Spot:
    """A line of the text near a fault, cut where the fault begins and where it ends."""

    number: int
    before: str
    marked: str
    after: str
    here: bool


@dataclass(frozen=True, slots=True)
class Findings:
    """What can be said of a text."""

    faults: tuple[tuple[Fault, tuple[Spot, ...]], ...] = ()
    checked: Checked | None = None
    newest: plans.Version | None = None
    """Of the plan of that name, if there is one."""
    differences: tuple[Difference, ...] = ()
    sheet: FactSheet | None = None


@AREA.page(
    "/plans/-/new", name="New plan", question="Where do I begin?",
    action="plan.edit", whose="house", in_menu=False,
)  # fmt: skip
def new(visit: Visit) -> Response:
    """The templates to begin with."""
    visit.require(EDIT)
    found = [(name, load(templates.text(name), name).plan) for name in templates.names()]
    return visit.show("compensation/templates.html", templates=found)


@AREA.page(
    "/plans/-/new/{template}", name="New plan", question=QUESTION,
    action="plan.edit", whose="house", in_menu=False,
)  # fmt: skip
def begin(visit: Visit, template: Name) -> Response:
    visit.require(EDIT)
    return drawn(visit, templates.text(template))


@AREA.page(
    "/plans/-/edit/{name}", name="Edit a plan", question=QUESTION,
    action="plan.edit", whose="house", in_menu=False,
)  # fmt: skip
def edit(visit: Visit, name: Name, version: Annotated[int, Query(ge=0)] = 0) -> Response:
    """The newest version's text, or an older one's."""
    visit.require(EDIT)
    with reading(visit.caller.desks.engine) as connection:
        found = plans.numbered(connection, name, version) if version else plans.latest(connection, name)
    if found is None:
        raise NotFound(f"there is no plan {name!r}", "the list of plans has those that there are")
    return drawn(visit, found.document)


@AREA.form("/plans/-/check", action="plan.edit", whose="house", name="Edit a plan", question=QUESTION)
def check(visit: Visit, document: Text = "") -> Response:
    """The text again, with what is to be said of it."""
    visit.require(EDIT)
    return drawn(visit, as_lines(document))


@AREA.form("/plans/-/check/now", action="plan.edit", whose="house")
def check_now(visit: Visit, document: Text = "") -> Response:
    """What is to be said of the text, while it is being written."""
    visit.require(EDIT)
    return visit.show("compensation/findings.html", found=findings(visit, as_lines(document)))


def drawn(visit: Visitor, document: str) -> Response:
    """The page of a text."""
    found = findings(visit, document)
    name = found.checked.plan.name if found.checked else ""
    return visit.show(
        "compensation/draft.html",
        422 if found.faults and visit.request.method == "POST" else 200,
        document=document,
        found=found,
        name=name,
        most_bytes=MAX_BYTES,
    )


def findings(visit: Visitor, document: str) -> Findings:
    """Faults with their places, or what the text says."""
    try:
        checked = load(document)
    except PlanFaults as error:
        return Findings(tuple((one, spots(document, one)) for one in error.faults))
    with reading(visit.caller.desks.engine) as connection:
        newest = plans.latest(connection, checked.plan.name)
    told = differences(newest.plan, checked.plan) if newest is not None else []
    return Findings((), checked, newest, tuple(told), fact_sheet(checked.plan))


def spots(document: str, fault: Fault) -> tuple[Spot, ...]:
    """The lines around a fault."""
    lines = document.split("\n")
    if not 1 <= fault.line <= len(lines):
        return ()
    found = []
    # Of a long line, what matters stands far to the right.
    left = max(0, fault.column - 1 - MAX_BEFORE)
    for number in range(max(1, fault.line - AROUND), min(len(lines), fault.line + AROUND) + 1):
        text, here = lines[number - 1][left : left + MAX_SHOWN], number == fault.line
        cut = min(max(0, fault.column - 1 - left), len(text)) if here else len(text)
        # Within braces or brackets the fault's part ends at the next comma; elsewhere a comma is part of the text.
        ends = _ENDS.match(text, cut) if here and re.search(r"[{\[]", text[:cut]) else None
        end = ends.end() if ends else len(text)
        found.append(Spot(number, ("…" if left else "") + text[:cut], text[cut:end], text[end:], here))
    return tuple(found)


def as_lines(document: str) -> str:
    """A text as browsers send it, with the line ends that it was written with."""
    return document.replace("\r\n", "\n").replace("\r", "\n")


def faulty(visit: Visitor, document: str) -> Response | None:
    """The page of a text that is not right; None for one that is. For everything that goes on from a text."""
    try:
        load(document)
    except PlanFaults:
        return drawn(visit, document)
    return None


def context(found: Findings) -> dict[str, Any]:
    """What pages after the text show of it."""
    assert found.checked is not None
    return {"checked": found.checked, "plan": found.checked.plan, "newest": found.newest, "found": found}
