"""People: who is on the roster, their record, suspending, leaving."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Query
from pydantic import Field
from sqlalchemy import Connection

from bursar.api import pages
from bursar.api.calls import Call, Called
from bursar.api.limits import MAX_TEXT_CHARS
from bursar.api.pages import DEFAULT_LIMIT, After, Limit
from bursar.api.resources.calendar_events import ChangeOfCalendar, change_of
from bursar.api.routes import Resource
from bursar.api.shapes import Day, Document, Line, Page, Sent, When, said
from bursar.errors import InvalidInput
from bursar.office.database import reading
from bursar.office.granting import promises
from bursar.office.workforce import people
from bursar.office.workforce.roster import FIELDS

PEOPLE = Resource("People", "Who is on the roster: their record, suspending, leaving.")


class Person(Document):
    """A person of the roster."""

    id: str = said("Its id, which never changes.", "per_5f0e6a1c2b3d")
    handle: str = said("Short name, unique in the organisation.", "ada")
    name: str = said("Full name.", "Ada Abara")
    email: str = said("E-mail address; may be empty.", "ada@example.com")
    team: str = said("Team.", "platform")
    level: str = said("Level, as plans name it.", "L5")
    job_family: str = said("Job family.", "engineering")
    role: str = said("Role.", "backend")
    location: str = said("Place of work.", "Lisbon")
    zone: str = said("Time zone of the person's days.", "Europe/Lisbon")
    hire_date: Day | None = said("First day.", "2024-02-29")
    leave_date: Day | None = said("Last day, null while none is recorded.", "2027-03-31")
    manager: str | None = said("Handle of the manager.", "mia")
    status: str = said("active, suspended or left.", "active")


class _Record(Sent):
    name: Line | None = said("Full name.", "Ada Abara", None)
    email: Line | None = said("E-mail address.", "ada@example.com", None)
    team: Line | None = said("Team.", "platform", None)
    level: Line | None = said("Level, as plans name it.", "L5", None)
    job_family: Line | None = said("Job family.", "engineering", None)
    role: Line | None = said("Role.", "backend", None)
    location: Line | None = said("Place of work.", "Lisbon", None)
    zone: Line | None = said("Time zone.", "Europe/Lisbon", None)
    hire_date: Line | None = said("First day.", "2024-02-29", None)
    manager: Line | None = said("Handle or e-mail address of the manager; empty for none.", "mia", None)


class NewPerson(_Record):
    """Somebody to add to the roster."""

    handle: Line = said("Short name, unique in the organisation.", "ada", min_length=1)


class PersonChange(_Record):
    """What changes of a person; what is not there stays."""

    handle: Line | None = said("Another short name.", "ada.abara", None)


class Leaving(Sent):
    """A last day."""

    last_day: When = said("The last day, included.", "2027-03-31")
    dry_run: bool = said("Only say what would happen.", False, False)


class Left(Document):
    """What a last day does."""

    person: str = said("Handle.", "ada")
    last_day: Day = said("The last day, included.", "2027-03-31")
    grants: list[ChangeOfCalendar] = Field(description="What it does to each grant.")
    seats: int = said("Subscriptions that end with it.", 1)
    dry_run: bool = said("Whether it was only worked out.", False)


@PEOPLE.get("/people", "listPeople", "People whom I may see", action="person.read", whose="reached")
def list_people(
    call: Called,
    team: Annotated[str, Query(description="Only of this team.", max_length=MAX_TEXT_CHARS)] = "",
    status: Annotated[str, Query(description="Only with this status.", pattern="^(active|suspended|left)?$")] = "",
    after: After = "",
    limit: Limit = DEFAULT_LIMIT,
) -> Page[Person]:
    """By handle: everybody for who answers for people or money, one's team for a manager, else oneself."""
    with reading(call.desks.engine) as connection:
        rows = call.reached(connection)
        found = [one for one in rows if team in ("", one["team"]) and status in ("", one["status"])]
        page, following = pages.after(found, after, limit, lambda one: one["handle"])
        call.look_at(connection, [one["id"] for one in page])
    return Page[Person](items=[person_of(one) for one in page], next=following)


@PEOPLE.post("/people", "addPerson", "Add a person", action="person.change", whose="house", status=201, located=True)
def add_person(call: Called, body: NewPerson) -> Person:
    """Add somebody to the roster. Grants are given apart, unless the house has opened `grants-on-hire`."""
    with call.desk() as desk:
        row = desk.add_person(**_given(body))
    call.location = f"/people/{row['id']}"
    return person_of(row)


@PEOPLE.get("/people/{person}", "getPerson", "A person", action="person.read", whose="person")
def get_person(call: Called) -> Person:
    """The roster's record of a person."""
    with reading(call.desks.engine) as connection:
        return current(call, connection)


def current(call: Call, connection: Connection) -> Person:
    return person_of(people.named(connection, call.person))


@PEOPLE.patch(
    "/people/{person}",
    "changePerson",
    "Change a person's record",
    action="person.change",
    whose="person",
    current=current,
    errors=(409,),
)
def change_person(call: Called, body: PersonChange) -> Person:
    """Grants go to the tier that is theirs then, after the notice of their terms. Nobody changes their own record."""
    given = _given(body)
    if not given:
        raise InvalidInput("body", "nothing to change", f"at least one of {', '.join(FIELDS)}")
    with call.desk() as desk:
        return person_of(desk.change_person(call.person, **given))


@PEOPLE.post(
    "/people/{person}/suspend",
    "suspendPerson",
    "Stop a person's keys",
    action="person.change",
    whose="person",
    current=current,
)
def suspend_person(call: Called) -> Person:
    """Every key stops within a second, until the person is reinstated; nothing is lost."""
    with call.desk() as desk:
        return person_of(desk.set_person_state(call.person, "suspended"))


@PEOPLE.post(
    "/people/{person}/reinstate",
    "reinstatePerson",
    "Let a person's keys work again",
    action="person.change",
    whose="person",
    current=current,
)
def reinstate_person(call: Called) -> Person:
    """Undoes suspending, and a last day: keys that were not revoked work again."""
    with call.desk() as desk:
        return person_of(desk.set_person_state(call.person, "active"))


@PEOPLE.post(
    "/people/{person}/leave",
    "recordLeaving",
    "Record a last day",
    action="person.change",
    whose="person",
    current=current,
    errors=(409,),
)
def record_leaving(call: Called, body: Leaving) -> Left:
    """Grants end by their terms for leaving, seats end, keys stop when nothing is left to use. With `dry_run` it is told
    and not done."""
    with call.desk() as desk:
        found = promises.leave(desk, call.person, body.last_day, dry_run=body.dry_run)
    return Left(
        person=found["person"],
        last_day=found["last_day"],
        grants=[change_of(one) for one in found["grants"]],
        seats=len(found["seats"]),
        dry_run=found["dry_run"],
    )


def person_of(row: dict[str, Any]) -> Person:
    known = {name: row[name] for name in ("id", "status", *FIELDS)}
    return Person(
        **{
            **known,
            "manager": row["manager"] or None,
            "hire_date": row["hire_date"] or None,
            "leave_date": row["leave_date"] or None,
        }
    )


def _given(body: _Record) -> dict[str, str]:
    return {name: value for name, value in body.model_dump(exclude_unset=True).items() if value is not None}
