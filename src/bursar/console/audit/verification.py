"""Verification: is the ledger whole?"""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

from fastapi import Form
from starlette.responses import Response

from bursar.console.audit.area import AREA
from bursar.console.visit import Visit
from bursar.console.working import cancelled, followed
from bursar.errors import BursarError
from bursar.ledger import Anchor
from bursar.office import house_work as work
from bursar.office import naming, verification
from bursar.office.access import action
from bursar.office.database import reading
from bursar.office.desk import Desk

VERIFY = action("ledger.verify")
PATH = "/audit/verify"
DOING = "Following the chain from the first entry"


@AREA.page(PATH, name="Verification", question="Is the ledger whole?", action="ledger.verify", whose="house")
def page(visit: Visit, done: str = "") -> Response:
    visit.require(VERIFY)
    return _shown(visit, done=done)


@AREA.part(f"{PATH}/progress", action="ledger.verify", whose="house")
def progress(visit: Visit) -> Response:
    visit.require(VERIFY)
    with visit.desk() as desk:
        found = work.newest(desk, visit.actor.organisation, verification.KIND, now=visit.now)
    return followed(visit, found, f"{PATH}/progress", f"{PATH}/cancel", DOING)


@AREA.form(f"{PATH}/begin", action="ledger.verify", whose="house", name="Verification", question="Is the ledger whole?")
def begin(visit: Visit, anchor: Annotated[str, Form(max_length=2_000)] = "") -> Response:
    """Verify everything; with a line that was kept outside, also that the journal still leads through it."""
    visit.require(VERIFY)
    try:
        kept = verification.read_anchor(anchor)
        with visit.desk() as desk:
            work.begin(desk, visit.actor, verification.KIND, partial(_verify, kept))
    except BursarError as error:
        return _shown(visit, error=error, anchor=anchor)
    return visit.done(PATH, "begun")


@AREA.form(f"{PATH}/cancel", action="ledger.verify", whose="house")
def cancel(visit: Visit) -> Response:
    visit.require(VERIFY)
    return cancelled(visit, verification.KIND, PATH)


def _verify(anchor: Anchor | None, desk: Desk, told: work.Progress) -> dict[str, Any]:
    return verification.verified(desk, told, anchor)


def _shown(visit: Visit, *, done: str = "", error: BursarError | None = None, anchor: str = "") -> Response:
    with visit.desk() as desk:
        organisation = visit.actor.organisation
        last = work.newest(desk, organisation, verification.KIND, now=visit.now)
        found = work.newest(desk, organisation, verification.KIND, now=visit.now, state="done")
        head = desk.store.read(lambda session: session.head())
    with reading(visit.caller.desks.engine) as connection:
        names = naming.actors(connection, [found.actor] if found else [])
    values: dict[str, Any] = {
        "last": last,
        "found": found,
        "by": names[found.actor] if found else "",
        "head": head,
        "doing": DOING,
        "path": PATH,
        "done": done,
        "anchor": anchor,
    }
    if error is not None:
        return visit.show_faults("audit/verify.html", error, **values)
    return visit.show("audit/verify.html", **values)
