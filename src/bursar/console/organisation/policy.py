"""The policy: who may see and do what?"""

from __future__ import annotations

from starlette.responses import Response

from bursar.console.organisation.area import AREA
from bursar.console.visit import Visit
from bursar.office.access import ROLES, SIGNS, TABLE, action
from bursar.office.access.page import QUESTIONS, TITLES

READ = action("policy.read")


@AREA.page("/policy", name="Who may what", question="Who may see and do what?", action="policy.read", whose="house")
def page(visit: Visit) -> Response:
    visit.require(READ)
    return visit.show(
        "organisation/policy.html",
        parts_of=[(title, [row for row in TABLE if row.about == about]) for about, title in TITLES.items()],
        roles=ROLES,
        signs=SIGNS,
        what=QUESTIONS,
        mine=visit.actor.roles,
    )
