"""Verification: is the ledger whole?"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Form
from starlette.responses import Response

from bursar.console.audit.area import AREA
from bursar.console.visit import Visit
from bursar.console.working import begin as begin_work
from bursar.console.working import cancelled, followed, newest, newest_done
from bursar.errors import BursarError
from bursar.office import naming
from bursar.office.access import action
from bursar.office.database import reading
from bursar.office.oversight import verification

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
    return followed(visit, verification.KIND, f"{PATH}/progress", f"{PATH}/cancel", DOING)


@AREA.form(f"{PATH}/begin", action="ledger.verify", whose="house", name="Verification", question="Is the ledger whole?")
def begin(visit: Visit, anchor: Annotated[str, Form(max_length=2_000)] = "") -> Response:
    """Verify everything; with a line that was kept outside, also that the journal still leads through it."""
    visit.require(VERIFY)
    try:
        verification.read_anchor(anchor)
        begin_work(visit, verification.KIND, "Verification of the ledger", {"anchor": anchor})
    except BursarError as error:
        return _shown(visit, error=error, anchor=anchor)
    return visit.done(PATH, "begun")


@AREA.form(f"{PATH}/cancel", action="ledger.verify", whose="house")
def cancel(visit: Visit) -> Response:
    visit.require(VERIFY)
    return cancelled(visit, verification.KIND, PATH)


def _shown(visit: Visit, *, done: str = "", error: BursarError | None = None, anchor: str = "") -> Response:
    found, result = newest_done(visit, verification.KIND)
    with visit.desk() as desk:
        head = desk.store.read(lambda session: session.head())
    with reading(visit.caller.desks.engine) as connection:
        names = naming.actors(connection, [found.actor] if found else [])
    values: dict[str, Any] = {
        "last": newest(visit, verification.KIND),
        "found": found,
        "result": result,
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
