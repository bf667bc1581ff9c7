"""More: how fast would I get it, and who sees that I asked?"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Form, Path
from starlette.responses import Response

from bursar.console.mine.area import AREA
from bursar.console.visit import Visit, Visitor
from bursar.errors import BursarError, NotFound
from bursar.office.access import action
from bursar.office.granting import asking, topups

ASK, READ = action("topup.ask"), action("topup.read")
DONE = {"asked": "Your request is on its way to whoever decides.", "withdrawn": "Your request is withdrawn."}


@AREA.page("/more", name="Ask for more", question="How fast would I get more, and who would know?", action="topup.ask")
def more(visit: Visit, done: str = "") -> Response:
    return _drawn(visit, done=done)


@AREA.form("/more", action="topup.ask", name="Ask for more", question="How fast would I get more, and who would know?")
def ask(
    visit: Visit,
    amount: Annotated[str, Form(max_length=200)] = "",
    reason: Annotated[str, Form(max_length=4_000)] = "",
    grant: Annotated[str, Form(max_length=80)] = "",
) -> Response:
    person = visit.myself(ASK)
    try:
        with visit.desk() as desk:
            topups.request(desk, person["id"], amount.strip(), reason=reason.strip(), grant_id=grant)
    except BursarError as error:
        return _drawn(visit, error=error, typed={"amount": amount, "reason": reason, "grant": grant})
    return visit.done("/more", "asked")


@AREA.form("/more/{request_id}/withdraw", action="topup.ask")
def withdraw(visit: Visit, request_id: Annotated[str, Path(max_length=80)]) -> Response:
    """Take one's own request back."""
    person = visit.myself(ASK)
    with visit.desk() as desk:
        if request_id not in {one["id"] for one in topups.listed(desk, person=person["id"])}:
            raise NotFound("there is no such request of yours")
        topups.withdraw(desk, request_id)
    return visit.done("/more", "withdrawn")


def _drawn(
    visit: Visitor, error: BursarError | None = None, typed: dict[str, str] | None = None, done: str = ""
) -> Response:
    person = visit.myself(READ)
    with visit.desk() as desk:
        ways = asking.ways_to_ask(desk, person["id"])
        requests = topups.listed(desk, person=person["id"])
    values: dict[str, Any] = {
        "ways": ways,
        "open": [one for one in requests if one["state"] == "open"],
        "past": [one for one in requests if one["state"] != "open"],
        "typed": typed or {"amount": "", "reason": "", "grant": ""},
        "ask_at": visit.caller.desks.settings.ask_at,
        "done": done,
        "told": DONE,
    }
    if error is not None:
        return visit.show_faults("mine/more.html", error, **values)
    return visit.show("mine/more.html", **values)
