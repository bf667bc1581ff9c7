"""Leaving: if I left today, what would I keep?"""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from bursar.charts import Bar, Bars
from bursar.console import words
from bursar.console.mine.area import AREA
from bursar.console.visit import Visit
from bursar.office.access import action
from bursar.office.workforce import departing

WALLET = action("wallet.read")


@AREA.page(
    "/leaving", name="If I leave today", question="What would I keep, and what would I lose?", action="wallet.read"
)
def leaving(visit: Visit) -> Response:
    person = visit.myself(WALLET)
    with visit.desk() as desk:
        found = departing.if_leaving(desk, person["id"])
    return visit.show("mine/leaving.html", leaving=found, chart=_chart(found))


def _chart(found: dict[str, Any]) -> Bars:
    bars = [
        Bar("You keep", [found["keeps_nanos"]], "unspent, by your terms"),
        Bar("You lose", [found["loses_nanos"]], "unspent, forfeited on the last day"),
        Bar("It never comes", [found["never_comes_nanos"]], "what the next twelve months would have released"),
    ]
    return Bars(
        "leaving",
        "What would become of it",
        "What is unspent today, and what the year ahead would have brought if you stayed.",
        bars,
        axis="what",
        written=words.written,
    )
