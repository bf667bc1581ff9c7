"""A provider's bill held against the ledger, what nobody owns in it, and the seats that vendors bill."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote

from fastapi import Form, Path, Query
from starlette.responses import Response

from bursar.console import working
from bursar.console.finance.area import AREA
from bursar.console.sheet import download
from bursar.console.visit import Visit
from bursar.errors import BursarError, NotFound
from bursar.exchange.sheets import Cell, number
from bursar.office import months, naming
from bursar.office.access import action, reach
from bursar.office.books import billed_seats, bills, reconciling, suspense
from bursar.office.database import reading
from bursar.office.desk import Desk
from bursar.office.oversight.subjects import everybody
from bursar.office.standing import taken
from bursar.office.workforce import people

BOOKS = action("books.read")
CLOSE = action("books.close")
PATH = "/finance/reconciliation"
BILL = PATH + "/bills/{provider}/{month}"
SUSPENSE = PATH + "/suspense/{place}"
SEATS = "/finance/billed-seats"
SEATS_ALONE = ("copilot",)
"""Kinds of administration that tell of seats and of no usage."""
WITH_SEATS = ("copilot", "cursor")
DOING = "Reading the provider's bill"
SHOWN = 200
"""Findings of a page; the file has all of them."""
MONTHS = 3
"""Of each provider, in the list."""
WORDS = {
    "estimated": "Estimated, and now known",
    "reconciled": "Reconciled before, and grown since",
    "unresolved": "Held and never settled",
    "outside": "Past the gateway, attributed",
    "suspense": "Past the gateway, nobody's",
    "midnight": "On the other side of midnight",
    "late": "Not told by the provider yet",
    "unexplained": "Unexplained",
}

Provider = Annotated[str, Path(max_length=100)]
Month = Annotated[str, Path(max_length=10)]
Place = Annotated[str, Path(max_length=80)]
Text = Annotated[str, Form(max_length=5_000)]
Kind = Annotated[str, Query(max_length=20)]


def overview(visit: Visit) -> dict[str, Any]:
    """For the reconciliation page: providers with their newest months, and what is in suspense."""
    with visit.desk() as desk:
        admins = {one.provider for one in bills.admins(desk) if one.kind not in SEATS_ALONE}
    with reading(visit.caller.desks.engine) as connection:
        told = [one for one in bills.told_providers(connection) if one not in SEATS_ALONE]
        newest = {one["provider"]: one for one in reversed(bills.readings(connection, limit=100))}
        waiting = suspense.listed(connection, state="open")
    this = months.month_of(visit.now)
    return {
        "bill_providers": sorted({*told, *admins}),
        "bill_months": [months.following(this, -nth) for nth in range(MONTHS)],
        "bill_readings": newest,
        "bill_admins": admins,
        "waiting": waiting[:SHOWN],
        "waiting_nanos": sum(one["list_nanos"] for one in waiting),
        "waiting_count": len(waiting),
    }


@AREA.page(
    BILL,
    name="A provider's bill",
    question="Does it agree with what was charged?",
    action="books.read",
    whose="house",
    in_menu=False,
)
def bill(visit: Visit, provider: Provider, month: Month, kind: Kind = "", done: str = "") -> Response:
    visit.look(BOOKS, [everybody(visit.actor)], f"bill of {provider}, {months.checked(month)}")
    return _shown(visit, provider, month, kind=kind, done=done)


@AREA.page(BILL + "/findings.csv", name="", question="", action="books.read", whose="house", in_menu=False)
def sheet(visit: Visit, provider: Provider, month: Month) -> Response:
    """Every finding as a file."""
    visit.look(BOOKS, [everybody(visit.actor)], f"bill of {provider}, {months.checked(month)}, as a file")
    with visit.desk() as desk:
        found = reconciling.document(desk, reconciling.compare(desk, provider, month))
    columns = ("kind", "day", "model", "key", "person", "charge", "tokens", "before", "list", "cost", "why")
    rows: list[tuple[Cell, ...]] = [
        (
            one["kind"],
            one["day"],
            one["model"],
            one["key"],
            one["person"],
            one["charge"],
            sum(one["tokens"].values()),
            sum(one["before"].values()),
            None if one["list_nanos"] is None else number(one["list_nanos"]),
            None if one["cost_nanos"] is None else number(one["cost_nanos"]),
            one["why"],
        )
        for one in found["findings"]
    ]
    return download(f"bill-{_file(provider)}-{month}", columns, rows)


@AREA.part(BILL + "/progress", action="books.read", whose="house")
def progress(visit: Visit, provider: Provider, month: Month) -> Response:
    visit.require(BOOKS)
    here = _here(provider, month)
    return working.followed(visit, _work(provider), f"{here}/progress", f"{here}/cancel", DOING)


@AREA.form(BILL + "/read", action="books.close", whose="house")
def read(visit: Visit, provider: Provider, month: Month) -> Response:
    """Ask the provider's administration for the month."""
    visit.require(CLOSE)
    title = f"Bill of {provider}, {months.title(months.checked(month))}"
    working.begin(visit, _work(provider), title, {"provider": provider, "month": month})
    return visit.done(_here(provider, month), "read")


@AREA.form(BILL + "/cancel", action="books.close", whose="house")
def cancel(visit: Visit, provider: Provider, month: Month) -> Response:
    visit.require(CLOSE)
    return working.cancelled(visit, _work(provider), _here(provider, months.checked(month)))


@AREA.form(
    BILL + "/apply",
    action="books.close",
    whose="house",
    name="A provider's bill",
    question="Does it agree with what was charged?",
)
def apply(visit: Visit, provider: Provider, month: Month) -> Response:
    """Set right what the page has shown."""
    visit.require(CLOSE)
    try:
        with visit.desk() as desk:
            reconciling.apply(desk, reconciling.compare(desk, provider, months.checked(month)))
    except BursarError as error:
        return _shown(visit, provider, month, error=error)
    return visit.done(_here(provider, month), "applied")


# Suspense.


@AREA.page(
    SUSPENSE,
    name="In suspense",
    question="Whose use was it?",
    action="books.read",
    whose="house",
    in_menu=False,
)
def entry(visit: Visit, place: Place, done: str = "") -> Response:
    visit.look(BOOKS, [everybody(visit.actor)], "an entry in suspense")
    return _entry(visit, place, done=done)


@AREA.form(
    SUSPENSE + "/attribute", action="books.close", whose="house", name="In suspense", question="Whose use was it?"
)
def attribute(visit: Visit, place: Place, person: Text = "", note: Text = "", own_key: Text = "") -> Response:
    """Charge it to somebody."""
    visit.require(CLOSE)
    try:
        with visit.desk() as desk:
            suspense.attribute(desk, place, person.strip(), note.strip(), own_key=own_key == "yes")
    except BursarError as error:
        return _entry(visit, place, error=error, person=person, note=note)
    return visit.done(PATH + f"/suspense/{place}", "attributed")


@AREA.form(SUSPENSE + "/dismiss", action="books.close", whose="house", name="In suspense", question="Whose use was it?")
def dismiss(visit: Visit, place: Place, reason: Text = "") -> Response:
    """Say that it is nobody's to pay."""
    visit.require(CLOSE)
    try:
        with visit.desk() as desk:
            suspense.dismiss(desk, place, reason.strip())
    except BursarError as error:
        return _entry(visit, place, error=error, reason=reason)
    return visit.done(PATH + f"/suspense/{place}", "dismissed")


# Seats.


@AREA.page(SEATS, name="Billed seats", question="Who has a seat, and who uses it?", action="books.read", whose="house")
def seats(visit: Visit, done: str = "") -> Response:
    visit.look(BOOKS, [everybody(visit.actor)], "billed seats")
    with visit.desk() as desk:
        found = billed_seats.lines(desk)
        vendors = [one.provider for one in bills.admins(desk) if one.kind in WITH_SEATS]
    sums: dict[str, dict[str, int]] = {}
    for one in found:
        counts = sums.setdefault(one.product, {"billed": 0, "idle": 0, "unpaid": 0, "unknown": 0, "unbilled": 0})
        counts["billed"] += one.state != "unbilled"
        counts["idle"] += one.idle
        if one.state in counts:
            counts[one.state] += 1
    return visit.show(
        "finance/billed_seats.html",
        seats=found,
        sums=sums,
        idle_days=billed_seats.IDLE_DAYS,
        vendors=vendors,
        works=[work for one in vendors if (work := working.newest(visit, _work(one))) is not None],
        may="organisation" in reach(visit.actor, CLOSE),
        path=SEATS,
        done=done,
    )


@AREA.form(SEATS + "/{provider}/read", action="books.close", whose="house")
def read_seats(visit: Visit, provider: Provider) -> Response:
    """Ask a vendor for its list of seats."""
    visit.require(CLOSE)
    month = months.month_of(visit.now)
    working.begin(visit, _work(provider), f"Seats of {provider}", {"provider": provider, "month": month})
    return visit.done(SEATS, "read")


def _shown(
    visit: Visit, provider: str, month: str, *, kind: str = "", done: str = "", error: BursarError | None = None
) -> Response:
    months.checked(month)

    def made(desk: Desk) -> dict[str, Any] | None:
        try:
            return reconciling.document(desk, reconciling.compare(desk, provider, month))
        except NotFound:
            return None

    with visit.desk() as desk:
        found = taken(desk, f"bill {provider} {month}", made).value
        has_admin = provider in {one.provider for one in bills.admins(desk)}
    with reading(visit.caller.desks.engine) as connection:
        readings = [one for one in bills.readings(connection, provider) if one["first"][:7] <= month <= one["last"][:7]]
        names = naming.actors(connection, [one["actor"] for one in readings])
        waiting = suspense.listed(connection, provider, month)
    findings = [one for one in (found or {}).get("findings", []) if not kind or one["kind"] == kind]
    values: dict[str, Any] = {
        "provider": provider,
        "month": month,
        "title": months.title(month),
        "found": found,
        "findings": findings[:SHOWN],
        "more": max(0, len(findings) - SHOWN),
        "kind": kind if kind in WORDS else "",
        "words": WORDS,
        "readings": readings,
        "names": names,
        "waiting": waiting,
        "has_admin": has_admin,
        "may": "organisation" in reach(visit.actor, CLOSE),
        "last": working.newest(visit, _work(provider)),
        "here": _here(provider, month),
        "path": PATH,
        "doing": DOING,
        "done": done,
    }
    if error is not None:
        return visit.show_faults("finance/bill.html", error, **values)
    return visit.show("finance/bill.html", **values)


def _entry(visit: Visit, place: str, *, error: BursarError | None = None, **values: Any) -> Response:
    with reading(visit.caller.desks.engine) as connection:
        found = suspense.named(connection, place)
        handles = [
            one["handle"]
            for one in people.listed(connection)
            if one["status"] == "active" and one["organisation"] == visit.actor.organisation
        ]
        names = naming.actors(connection, [found["actor"]] if found["actor"] else [])
    shown: dict[str, Any] = {
        "entry": found,
        "handles": handles,
        "names": names,
        "may": "organisation" in reach(visit.actor, CLOSE),
        "here": f"{PATH}/suspense/{place}",
        "path": PATH,
        "bill": _here(found["provider"], found["day"][:7]),
        "person": "",
        "note": "",
        "reason": "",
        "done": "",
        **values,
    }
    if error is not None:
        return visit.show_faults("finance/suspense.html", error, **shown)
    return visit.show("finance/suspense.html", **shown)


def _here(provider: str, month: str) -> str:
    return f"{PATH}/bills/{quote(provider, safe='')}/{month}"


def _work(provider: str) -> str:
    return f"bill {provider}"


def _file(provider: str) -> str:
    return "".join(one if one.isascii() and one.isalnum() else "-" for one in provider.lower())
