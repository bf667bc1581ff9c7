"""Grants: what was promised to whom, how did that come to be, and what falls due?"""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import Path, Query
from starlette.responses import Response

from bursar.charts import MAX_ROWS, Span, Timeline
from bursar.console import words
from bursar.console.compensation.area import AREA
from bursar.console.visit import Visit, Visitor
from bursar.ledger import NEVER
from bursar.office import naming
from bursar.office.access import Subject, action
from bursar.office.database import reading
from bursar.office.granting import dossier, register
from bursar.office.granting.register import Filter
from bursar.office.oversight import subjects
from bursar.office.oversight.subjects import everybody
from bursar.office.workforce import people
from bursar.web import paging

READ, GIVE = action("grant.read"), action("grant.give")
PAGE_ROWS = 50
MAX_TYPED = 200
DONE = {
    "given": "The grant is made, and what is due of it is released.",
    "amended": "The terms are amended; the person is told.",
    "suspended": "Its releases are paused.",
    "resumed": "It goes on.",
    "ended": "It ends then.",
    "revoked": "It is revoked then; the person is told what is taken back.",
    "recorded": "It is recorded, and what it brings is released.",
}
ACTS = {
    "amend": "Amend its terms",
    "suspend": "Suspend it",
    "resume": "Resume it",
    "vest": "Record or accelerate vesting",
    "end": "End it",
    "revoke": "Revoke it",
}

GrantId = Annotated[str, Path(max_length=80)]
Typed = Annotated[str, Query(max_length=MAX_TYPED)]


@AREA.page("/grants", name="Grants", question="Who was promised what?", action="grant.read", whose="house")
def listed(
    visit: Visit,
    plan: Typed = "",
    tier: Typed = "",
    team: Typed = "",
    person: Typed = "",
    state: Typed = "running",
    after: Typed = "",
    done: str = "",
) -> Response:
    """Grants under plans that fit the filter, by handle; whoever looks is on record with everybody."""
    wanted, place = Filter(plan, tier, team, person.strip(), state or "running"), paging.read(after, str) or ""  # type: ignore[arg-type]
    visit.look(READ, [everybody(visit.actor)], "grants")
    with reading(visit.caller.desks.engine) as connection:
        rows = register.found(connection, wanted, visit.now, after=place, limit=PAGE_ROWS + 1)
        choices = register.choices(connection)
    given = {
        name: value for name, value in (("plan", plan), ("tier", tier), ("team", team), ("person", person)) if value
    }
    query = urlencode({**given, **({"state": state} if state != "running" else {})})
    return visit.show(
        "compensation/grants.html",
        rows=paging.sliced(rows, PAGE_ROWS, register.place),
        wanted=wanted,
        choices=choices,
        here="/grants" + (f"?{query}" if query else ""),
        first=not after,
        filtered=bool(query),
        may_give=visit.reaches(GIVE, "house"),
        done=done,
        told=DONE,
    )


@AREA.page(
    "/grants/-/by-hand", name="Given by hand", question="What was given outside of any plan?",
    action="grant.read", whose="house", in_menu=False,
)  # fmt: skip
def by_hand(visit: Visit, done: str = "") -> Response:
    visit.look(READ, [everybody(visit.actor)], "grants given by hand")
    with visit.desk() as desk:
        found = register.by_hand(desk.store)
    with reading(visit.caller.desks.engine) as connection:
        names = people.names(connection, [one.person for one in found])
    return visit.show(
        "compensation/by_hand.html",
        rows=found,
        names=names,
        may_give=visit.reaches(GIVE, "house"),
        done=done,
        told=DONE,
    )


@AREA.page(
    "/grants/{grant_id}", name="Grant", question="How did it come to be, and what falls due?",
    action="grant.read", whose="house", in_menu=False,
)  # fmt: skip
def grant(visit: Visit, grant_id: GrantId, done: str = "") -> Response:
    """One grant under a plan, whole."""
    about = subject(visit, grant_id)
    visit.look(READ, [about], "a grant")
    with visit.desk() as desk:
        found = dossier.dossier(desk, grant_id)
    found["done_events"] = found.pop("done")
    with reading(visit.caller.desks.engine) as connection:
        names = naming.actors(connection, [found["grant"].actor])
    return visit.show(
        "compensation/grant.html",
        **found,
        names=names,
        chart=_timeline(found, visit),
        acts=[(name, said) for name, said in ACTS.items() if _fits(name, found)] if may(visit, about) else [],
        done=done,
        told=DONE,
    )


def subject(visit: Visitor, grant_id: str) -> Subject:
    """Whom a grant is about. Raises NotFound."""
    with reading(visit.caller.desks.engine) as connection:
        return subjects.subject_of(connection, register.holder(connection, grant_id))


def may(visit: Visitor, about: Subject) -> bool:
    """Whether the caller may change grants of this person: nobody their own."""
    return visit.reaches(GIVE, "house") and about.person != visit.actor.person


def _fits(act: str, found: dict[str, Any]) -> bool:
    """Whether an act makes sense for a grant as it is."""
    if found["state"] == "over":
        return False
    match act:
        case "suspend":
            return found["pause"] is None
        case "resume":
            return found["pause"] is not None
        case "vest":
            return found["plan"].vesting is not None
        case _:
            return True


def _timeline(found: dict[str, Any], visit: Visitor) -> Timeline | None:
    """Lots as spans, and what comes: the last that were released, and the next that fall due."""
    zone = visit.zone
    spans = [
        Span(
            lot.terms.label or "lot",
            words.local_date(lot.terms.effective, zone),
            None if lot.terms.expires >= NEVER else words.local_date(lot.terms.expires, zone),
            lot.terms.amount,
            f"{words.written(lot.available, lot.terms.unit)} left" if lot.open else "",
        )
        for lot in reversed(found["lots"][:8])
    ]
    spans += [
        Span(one["sentence"], words.local_date(one["at_micros"], zone), None, one["amount_nanos"] or None)
        for one in found["due"][:6]
    ]
    if not spans:
        return None
    unit = found["plan"].unit
    return Timeline(
        "calendar",
        "Its calendar",
        "What it released and until when that can be spent, and what falls due next.",
        spans[:MAX_ROWS],
        words.local_date(visit.now, zone),
        written=lambda nanos: words.written_round(nanos, unit),
    )
