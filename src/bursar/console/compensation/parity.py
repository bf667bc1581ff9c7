"""Parity: is access shared fairly between groups, and what of a gap is left beside level and tenure?"""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from starlette.responses import Response

from bursar.charts import Curve, Lorenz
from bursar.console.compensation.area import AREA
from bursar.console.visit import Visit
from bursar.office.access import action
from bursar.office.figures import parity
from bursar.office.figures.small_groups import LEAST_PEOPLE

READ = action("parity.read")
WHAT = {"allotment": "What is promised", "use": "What is used"}
Of = Annotated[str, Query(max_length=40)]
By = Annotated[str, Query(max_length=40)]


@AREA.page(
    "/parity", name="Parity", question="Is access shared fairly between groups?", action="parity.read", whose="house"
)
def page(visit: Visit, of: Of = "allotment", by: By = "level") -> Response:
    """The house by one attribute of the roster; small groups are told together."""
    visit.require(READ)
    with visit.desk() as desk:
        found = parity.fairness(desk, by, of)
    figures, chart = found.value, None
    if figures.whole is not None and figures.people >= LEAST_PEOPLE:
        chart = Lorenz(
            "lorenz",
            "Who has which share",
            "People from the one with the least to the one with the most; on the diagonal all would have the same.",
            [Curve(WHAT[of].lower(), figures.amounts)],
        )
    return visit.show(
        "compensation/parity.html",
        found=figures,
        as_of=found.at,
        chart=chart,
        of=of,
        whats=[(f"/parity?of={key}&by={by}", words, key) for key, words in WHAT.items()],
        bys=[(f"/parity?of={of}&by={key}", words.capitalize(), key) for key, words in parity.ATTRIBUTES.items()],
        by=by,
        spoken=parity.ATTRIBUTES[by],
        days=parity.DAYS,
        least=LEAST_PEOPLE,
    )
