"""Fairness inside the team: how evenly is what people have, and what they use? Without names, and not of a small team."""

from __future__ import annotations

from starlette.responses import Response

from bursar.charts import Curve, Lorenz
from bursar.console.team.area import AREA, team
from bursar.console.team.runways import Of, Whom
from bursar.console.visit import Visit
from bursar.office.access import action
from bursar.office.figures import runways, team_use

MIX = action("mix.read")


@AREA.page(
    "/team/fairness",
    name="Fairness",
    question="How evenly is it shared inside my team?",
    action="mix.read",
    whose="team",
)
def page(visit: Visit, of: Of = "", whom: Whom = "") -> Response:
    about = team(visit, MIX, of, whom)
    for one in about.subjects:
        visit.require(MIX, one)
    with visit.desk() as desk:
        found = runways.runways(desk, about.members, visit.now) if len(about.members) >= team_use.LEAST else []
    having = [one for one in found if one.whole]
    has = team_use.spread([one.whole for one in having])
    used = team_use.spread([one.spent for one in having])
    chart = None
    if has is not None:
        chart = Lorenz(
            "lorenz",
            "Who has which share",
            "People from the one with the least to the one with the most; on the diagonal all would have the same.",
            [
                Curve("what is open", [one.whole for one in having]),
                Curve("what of it is spent", [one.spent for one in having]),
            ]
            if any(one.spent for one in having)
            else [Curve("what is open", [one.whole for one in having])],
        )
    return visit.show(
        "team/fairness.html",
        team=about,
        has=has,
        used=used,
        without=len(found) - len(having),
        least=team_use.LEAST,
        chart=chart,
    )
