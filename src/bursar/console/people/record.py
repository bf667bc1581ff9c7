"""One person's record: what the roster says, changed by whoever answers for pay, and a last day told before it is set."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Depends, Form, Path
from starlette.requests import Request
from starlette.responses import Response

from bursar.console.people.area import AREA
from bursar.console.people.roster import CHANGE, READ
from bursar.console.visit import Visit, Visitor
from bursar.errors import BursarError
from bursar.office.access import action, allow
from bursar.office.database import reading
from bursar.office.granting import promises
from bursar.office.oversight import subjects
from bursar.office.workforce import provisioning
from bursar.office.workforce.roster import FIELDS, MAX_TEXT_CHARS

RECORD = "What does the roster say of this person?"
GRANTS, KEYS, PAY = action("grant.read"), action("key.read"), action("pay.read")
HINTS = {
    "handle": "Short and unique: lower-case letters, digits, . _ -",
    "zone": "Where their days begin: Europe/Lisbon",
    "hire_date": "First day",
    "manager": "Handle or e-mail of somebody on the roster",
}
LABELS = {
    "handle": "Handle", "name": "Full name", "email": "E-mail", "team": "Team", "level": "Level", "job_family": "Job family",
    "role": "Role", "location": "Place of work", "zone": "Time zone", "hire_date": "Hired", "manager": "Manager",
}  # fmt: skip
TOLD = {
    "changed": "The record is changed. Where that means another tier, grants follow by the notice of their terms.",
    "suspended": "Every key of this person is stopped. Nothing is revoked and nothing of the balance is lost.",
    "reinstated": "The keys of this person work again.",
    "left": "The last day is set: grants and seats end with it by their terms.",
    "added": "Added to the roster.",
}

Handle = Annotated[str, Path(max_length=200)]
Text = Annotated[str, Form(max_length=MAX_TEXT_CHARS)]


async def _typed(request: Request) -> dict[str, str]:
    form = await request.form()
    return {name: str(form.get(name, "")).strip()[: MAX_TEXT_CHARS + 1] for name in FIELDS}


Typed = Annotated[dict[str, str], Depends(_typed)]


@AREA.page(
    "/people/-/add", name="Add a person", question="Who is new?", action="person.change", whose="house", in_menu=False
)
def adding(visit: Visit) -> Response:
    visit.require(CHANGE)
    return _form(visit, dict.fromkeys(FIELDS, "") | {"zone": "UTC"}, {})


@AREA.form("/people/-/add", action="person.change", whose="house", name="Add a person", question="Who is new?")
def add(visit: Visit, typed: Typed) -> Response:
    visit.require(CHANGE)
    try:
        with visit.desk() as desk:
            made = desk.add_person(typed["handle"], **{name: typed[name] for name in FIELDS if name != "handle"})
    except BursarError as error:
        return _form(visit, typed, {}, error)
    return visit.done(f"/people/{made['handle']}", "added")


@AREA.page("/people/{handle}", name="Person", question=RECORD, action="person.read", whose="house", in_menu=False)
def one(visit: Visit, handle: Handle, done: str = "") -> Response:
    """The record, and the ways on."""
    return _shown(visit, handle, done=done)


@AREA.page(
    "/people/{handle}/change", name="Change a record", question="What is different now?",
    action="person.change", whose="house", in_menu=False,
)  # fmt: skip
def changing(visit: Visit, handle: Handle) -> Response:
    person = _person(visit, handle, change=True)
    return _form(visit, {name: person[name] for name in FIELDS}, person)


@AREA.form(
    "/people/{handle}/change", action="person.change", whose="house",
    name="Change a record", question="What is different now?",
)  # fmt: skip
def change(visit: Visit, handle: Handle, typed: Typed) -> Response:
    """Change what differs; grants go to the tier that is theirs now."""
    person = _person(visit, handle, change=True)
    try:
        with visit.desk() as desk:
            made = desk.change_person(person["id"], **{k: v for k, v in typed.items() if v != person[k]})
    except BursarError as error:
        return _form(visit, typed, person, error)
    return visit.done(f"/people/{made['handle']}", "changed")


@AREA.form("/people/{handle}/suspend", action="person.change", whose="house")
def suspend(visit: Visit, handle: Handle) -> Response:
    """Stop every key for a while."""
    person = _person(visit, handle, change=True)
    with visit.desk() as desk:
        desk.set_person_state(person["id"], "suspended")
    return visit.done(f"/people/{person['handle']}", "suspended")


@AREA.form("/people/{handle}/reinstate", action="person.change", whose="house")
def reinstate(visit: Visit, handle: Handle) -> Response:
    """Let the keys work again, and take a last day back."""
    person = _person(visit, handle, change=True)
    with visit.desk() as desk:
        desk.set_person_state(person["id"], "reinstated")
    return visit.done(f"/people/{person['handle']}", "reinstated")


@AREA.form(
    "/people/{handle}/leave/confirm", action="person.change", whose="house", name="A last day", question="What ends with it?"
)  # fmt: skip
def leave_confirm(visit: Visit, handle: Handle, last_day: Text = "") -> Response:
    """What a last day would end, before it is set."""
    person = _person(visit, handle, change=True)
    try:
        with visit.desk() as desk:
            outcome = promises.leave(desk, person["id"], last_day.strip(), dry_run=True)
    except BursarError as error:
        return _shown(visit, handle, error=error, last_day=last_day)
    return visit.show("people/leave.html", person=person, outcome=outcome, last_day=last_day.strip())


@AREA.form(
    "/people/{handle}/leave", action="person.change", whose="house", name="A last day", question="What ends with it?"
)
def leave(visit: Visit, handle: Handle, last_day: Text = "") -> Response:
    person = _person(visit, handle, change=True)
    try:
        with visit.desk() as desk:
            promises.leave(desk, person["id"], last_day.strip())
    except BursarError as error:
        return _shown(visit, handle, error=error, last_day=last_day)
    return visit.done(f"/people/{person['handle']}", "left")


def _shown(
    visit: Visitor, handle: str, *, done: str = "", error: BursarError | None = None, last_day: str = ""
) -> Response:
    person = _person(visit, handle)
    with reading(visit.caller.desks.engine) as connection:
        subject = subjects.subject_of(connection, person["id"])
        kept_as = provisioning.keeper(connection, person["id"])
    values: dict[str, Any] = {
        "person": person,
        "kept_as": kept_as,
        "labels": [(name, label) for name, label in LABELS.items() if name not in ("handle", "manager")],
        "may_change": allow(visit.actor, CHANGE, subject).allowed,
        "sees_grants": visit.reaches(GRANTS, "house"),
        "sees_pay": visit.reaches(PAY, "house"),
        "told": TOLD,
        "done": done,
        "last_day": last_day,
    }
    if error is not None:
        return visit.show_faults("people/person.html", error, **values)
    return visit.show("people/person.html", **values)


def _form(visit: Visitor, typed: dict[str, str], person: dict[str, Any], error: BursarError | None = None) -> Response:
    fields = [(name, LABELS[name], HINTS.get(name, "")) for name in FIELDS]
    values: dict[str, Any] = {"typed": typed, "person": person, "fields": fields}
    if error is not None:
        return visit.show_faults("people/form.html", error, **values)
    return visit.show("people/form.html", **values)


def _person(visit: Visitor, handle: str, *, change: bool = False) -> dict[str, Any]:
    """The person, where this visitor may read, or change, their record. Raises NotFound, Forbidden."""
    with reading(visit.caller.desks.engine) as connection:
        subject, _ = subjects.required(connection, visit.actor, CHANGE if change else READ, handle)
    with visit.desk() as desk:
        return desk.person(subject.person)
