"""Terms: what was promised to me, in plain words?"""

from __future__ import annotations

from starlette.responses import Response

from bursar.console.mine.area import AREA
from bursar.console.visit import Visit
from bursar.office.access import action
from bursar.office.terms import own_terms

TERMS = action("terms.read")


@AREA.page("/terms", name="My terms", question="What was promised to me, in plain words?", action="terms.read")
def terms(visit: Visit) -> Response:
    person = visit.myself(TERMS)
    with visit.desk() as desk:
        found = own_terms.terms(desk, person["id"])
    return visit.show("mine/terms.html", grants=found)
