"""Approvals: what should I decide now, and what would it cost?"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Form, Path
from starlette.responses import Response

from bursar.console.team.area import AREA
from bursar.console.team.runways import lasts
from bursar.console.visit import Visit, Visitor
from bursar.errors import BursarError, Forbidden, NotFound
from bursar.office.access import action
from bursar.office.granting import approvals
from bursar.office.granting.topups import MAX_REASON

READ, DECIDE = action("topup.read"), action("topup.decide")
DONE = {
    "approved": "It is approved, and the person is told.",
    "passed": "It is approved by you; whoever decides next is told.",
    "declined": "It is declined, and the person is told why.",
}


@AREA.page(
    "/team/approvals", name="Approvals", question="What should I decide now, and what would it cost?",
    action="topup.read", whose="matter",
)  # fmt: skip
def page(visit: Visit, done: str = "") -> Response:
    """Open requests, one's own turn first."""
    return _drawn(visit, done=done)


@AREA.form(
    "/team/approvals/{request_id}", action="topup.decide", whose="matter",
    name="Approvals", question="What should I decide now, and what would it cost?",
)  # fmt: skip
def decide(
    visit: Visit,
    request_id: Annotated[str, Path(max_length=80)],
    decision: Annotated[str, Form(max_length=20)] = "",
    amount: Annotated[str, Form(max_length=200)] = "",
    note: Annotated[str, Form(max_length=2 * MAX_REASON)] = "",
) -> Response:
    """Approve the amount that stands there, or decline with a reason."""
    approve = decision == "approve"
    try:
        with visit.desk() as desk:
            made = approvals.decide(
                desk,
                visit.actor,
                visit.account.login,
                request_id,
                approve=approve,
                amount=amount.strip() if approve else "",
                note=note,
            )
    except (Forbidden, NotFound):
        raise
    except BursarError as error:
        return _drawn(visit, error=error, at=request_id, typed={"amount": amount, "note": note})
    word = {"approved": "approved", "denied": "declined"}.get(made["state"], "passed")
    return visit.done("/team/approvals", word)


def _drawn(
    visit: Visitor,
    *,
    done: str = "",
    error: BursarError | None = None,
    at: str = "",
    typed: dict[str, str] | None = None,
) -> Response:
    with visit.desk() as desk:
        found = approvals.inbox(desk, visit.actor)
    visit.look(READ, found.subjects, "requests for more")
    values: dict[str, Any] = {
        "inbox": found,
        "done": done,
        "told": DONE,
        "at": at,
        "typed": typed or {},
        "lasts": lambda one: lasts(one, visit.now),
    }
    if error is not None:
        return visit.show_faults("team/approvals.html", error, **values)
    return visit.show("team/approvals.html", **values)
