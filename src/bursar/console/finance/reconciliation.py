"""Reconciliation: does it tie out?"""

from __future__ import annotations

from starlette.responses import Response

from bursar.console.finance.area import AREA
from bursar.console.visit import Visit
from bursar.console.working import cancelled, followed
from bursar.office import house_work as work
from bursar.office import months, reconciliation
from bursar.office.access import action
from bursar.office.subjects import everybody

BOOKS = action("books.read")
PATH = "/finance/reconciliation"
DOING = "Counting the same money three times"
BUCKETS = {
    "released": "Released, what rolled in included",
    "has": "Left: available and held",
    "spent": "Spent",
    "forfeited": "Forfeited",
    "revoked": "Taken back",
    "rolled": "Rolled over",
}
STATUSES = {
    "exact": "the provider's own figures",
    "estimated": "estimated: the reply broke off",
    "unresolved": "unresolved: nobody settled the hold",
    "corrected": "corrected afterwards",
}


@AREA.page(PATH, name="Reconciliation", question="Does it tie out?", action="books.read", whose="house")
def page(visit: Visit, done: str = "") -> Response:
    visit.look(BOOKS, [everybody(visit.actor)], "reconciliation")
    with visit.desk() as desk:
        organisation = visit.actor.organisation
        last = work.newest(desk, organisation, reconciliation.KIND, now=visit.now)
        found = work.newest(desk, organisation, reconciliation.KIND, now=visit.now, state="done")
    return visit.show(
        "finance/reconciliation.html",
        last=last,
        found=found,
        month_title=months.title,
        buckets=BUCKETS,
        statuses=STATUSES,
        doing=DOING,
        path=PATH,
        done=done,
    )


@AREA.part(f"{PATH}/progress", action="books.read", whose="house")
def progress(visit: Visit) -> Response:
    visit.require(BOOKS)
    with visit.desk() as desk:
        found = work.newest(desk, visit.actor.organisation, reconciliation.KIND, now=visit.now)
    return followed(visit, found, f"{PATH}/progress", f"{PATH}/cancel", DOING)


@AREA.form(f"{PATH}/begin", action="books.read", whose="house")
def begin(visit: Visit) -> Response:
    """Count anew. It changes nothing but what this page shows."""
    visit.look(BOOKS, [everybody(visit.actor)], "reconciliation")
    with visit.desk() as desk:
        work.begin(desk, visit.actor, reconciliation.KIND, reconciliation.reconcile)
    return visit.done(PATH, "begun")


@AREA.form(f"{PATH}/cancel", action="books.read", whose="house")
def cancel(visit: Visit) -> Response:
    visit.require(BOOKS)
    return cancelled(visit, reconciliation.KIND, PATH)
