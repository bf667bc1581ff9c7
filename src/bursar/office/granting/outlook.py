"""What the calendar holds for people: what is due, and each event in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bursar.calendar import from_micros, to_local
from bursar.money import Amount, Unit, format_amount
from bursar.office.database import reading
from bursar.office.granting import grants, seats, timetable
from bursar.office.workforce import people
from bursar.plans.schedule import Event
from bursar.plans.terms import Plan

if TYPE_CHECKING:
    from bursar.office.desk import Desk


def due_events(desk: Desk, until: str = "", person: str = "") -> list[dict[str, Any]]:
    """What is due by a day and not executed yet, everybody's or one person's, in order."""
    moment = desk.instant(until, "UTC", "until") if until else desk.now()
    with reading(desk.engine) as connection:
        names = {one["id"]: one["handle"] for one in people.listed(connection)}
        holder = people.named(connection, person)["id"] if person else ""
    found = []
    for grant, events in timetable.waiting(desk.engine, moment, holder):
        found += [{"person": names[grant.person], **describe(one, grant.current.plan)} for one in events]
    for one, charge in seats.waiting(desk.engine, moment, holder):
        found.append({"person": names[one.person], **seats.describe(one, charge)})
    return sorted(found, key=lambda one: (one["at_micros"], one["event"] == "seat", one["person"]))


def describe(event: Event, plan: Plan) -> dict[str, Any]:
    """An event as a document and in words."""
    lot = event.lot
    unit = lot.unit if lot is not None else plan.unit
    amount = lot.amount if lot is not None else event.amount
    return {
        "grant": event.grant,
        "event": event.kind,
        "period": event.key,
        "at": local_day(event.at, plan),
        "at_micros": event.at,
        "amount_nanos": amount,
        "unit": unit,
        "expires": None if lot is None or lot.expires >= grants.NOTHING_DUE else local_day(lot.expires, plan),
        "sentence": _sentence(event, amount, unit, plan),
        "evidence": "" if lot is None else lot.evidence,
    }


def _sentence(event: Event, amount: int, unit: str, plan: Plan) -> str:
    what = format_amount(Amount(amount, Unit(unit)))
    if event.lot is not None:
        verb = {"release": "released", "vest": "vests", "adjust": "released on top"}[event.kind]
        until = "" if event.lot.expires >= grants.NOTHING_DUE else f", until {local_day(event.lot.expires, plan)}"
        return f"{what} {verb}{until}"
    if event.kind == "reduce":
        return f"up to {what} is taken back"
    return "the grant ends" if event.kind == "end" else "the time to use up what was kept is over"


def local_day(at: int, plan: Plan) -> str:
    return to_local(from_micros(at), plan.zone).date().isoformat()
