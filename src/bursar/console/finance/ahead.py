"""Run-outs and forfeiture: how many run out, and what lapses unused?"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from fastapi import Query
from starlette.responses import Response

from bursar.charts import Bar, Bars
from bursar.console.finance.area import AREA
from bursar.console.visit import Visit
from bursar.errors import InvalidInput
from bursar.office import months
from bursar.office.access import action
from bursar.office.figures import ahead
from bursar.office.figures.ahead import HouseAhead

EXPOSURE = action("exposure.read")
HORIZONS = {"0": "This month", "28": "Four weeks", "91": "A quarter"}
MOST_BARS = 14


@AREA.page(
    "/finance/ahead",
    name="Run-outs",
    question="How many run out, and what lapses unused?",
    action="exposure.read",
    whose="house",
)
def page(visit: Visit, days: Annotated[str, Query(max_length=3)] = "0") -> Response:
    visit.require(EXPOSURE)
    if days not in HORIZONS:
        raise InvalidInput("days", repr(days), f"one of {', '.join(HORIZONS)}")
    with visit.desk() as desk:
        found = ahead.house(desk, int(days))
    house = found.value
    return visit.show(
        "finance/ahead.html",
        house=house,
        end=house.total[-1],
        until=months.EPOCH + timedelta(days=house.first_day + house.days - 1),
        teams=ahead.teams(house),
        chart=chart(house),
        days=days,
        choices=[(f"/finance/ahead?days={value}", name, value) for value, name in HORIZONS.items()],
        as_of=found.at,
    )


def chart(house: HouseAhead) -> Bars:
    """How many have run out by some days of those ahead, the last among them."""
    step = -(-house.days // MOST_BARS)
    shown = sorted({*range(step - 1, house.days, step), house.days - 1})
    bars = []
    for place in shown:
        day = months.EPOCH + timedelta(days=house.first_day + place)
        bars.append(Bar(f"{day.day} {day:%b}", (round(house.out_by[place]),)))
    return Bars(
        "out",
        "People who have run out",
        "How many are expected to have used up what is open by the end of a day.",
        bars,
        ("people",),
        axis="day",
        written=lambda count: f"{count:,}",
        empty="Nobody is on the roster",
    )
