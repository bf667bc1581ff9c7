"""My plan as an offer: what would what I have be worth, if it were offered to me today?"""

from __future__ import annotations

from starlette.responses import Response

from bursar.console.candidate.area import AREA
from bursar.console.candidate.weigh import drawn
from bursar.console.visit import Visit
from bursar.office.access import action
from bursar.office.figures import own_offer

TERMS, USAGE = action("terms.read"), action("usage.read")


@AREA.page(
    "/offer/mine",
    name="My plan as an offer",
    question="What is what I have worth to me in cash?",
    action="terms.read",
)
def mine(visit: Visit) -> Response:
    """The form, filled in with one's own terms and measured use."""
    person = visit.myself(TERMS)
    visit.myself(USAGE)
    with visit.desk() as desk:
        document = own_offer.own_offer(desk, person["id"])
    if document is None:
        return visit.show("candidate/none_yet.html")
    return drawn(visit, document, mine=True)
