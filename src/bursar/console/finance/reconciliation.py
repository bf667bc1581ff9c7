"""Reconciliation: does it tie out?"""

from __future__ import annotations

from starlette.responses import Response

from bursar.console.finance import bills
from bursar.console.finance.area import AREA
from bursar.console.visit import Visit
from bursar.console.working import begin as begin_work
from bursar.console.working import cancelled, followed, newest, newest_done
from bursar.office import months
from bursar.office.access import action
from bursar.office.books import reconciliation
from bursar.office.oversight.subjects import everybody

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
    found, result = newest_done(visit, reconciliation.KIND)
    return visit.show(
        "finance/reconciliation.html",
        last=newest(visit, reconciliation.KIND),
        found=found,
        result=result,
        month_title=months.title,
        buckets=BUCKETS,
        statuses=STATUSES,
        doing=DOING,
        path=PATH,
        done=done,
        **bills.overview(visit),
    )


@AREA.part(f"{PATH}/progress", action="books.read", whose="house")
def progress(visit: Visit) -> Response:
    visit.require(BOOKS)
    return followed(visit, reconciliation.KIND, f"{PATH}/progress", f"{PATH}/cancel", DOING)


@AREA.form(f"{PATH}/begin", action="books.read", whose="house")
def begin(visit: Visit) -> Response:
    """Count anew. It changes nothing but what this page shows."""
    visit.look(BOOKS, [everybody(visit.actor)], "reconciliation")
    begin_work(visit, reconciliation.KIND, "Reconciliation", {})
    return visit.done(PATH, "begun")


@AREA.form(f"{PATH}/cancel", action="books.read", whose="house")
def cancel(visit: Visit) -> Response:
    visit.require(BOOKS)
    return cancelled(visit, reconciliation.KIND, PATH)
