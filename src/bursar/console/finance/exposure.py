"""Exposure: what is the most that we can spend?"""

from __future__ import annotations

from typing import Annotated, cast, get_args

from fastapi import Query
from starlette.responses import Response

from bursar.charts import Bar, Bars, Flow, Link, Node
from bursar.console.brief import brief
from bursar.console.finance.area import AREA
from bursar.console.sheet import download
from bursar.console.visit import Visit
from bursar.errors import InvalidInput
from bursar.exchange.sheets import Cell, number
from bursar.office import months
from bursar.office.access import action
from bursar.office.figures import exposure
from bursar.office.figures.exposure import By, Exposure, Month

EXPOSURE = action("exposure.read")
SHOWN_MONTHS = 6
BY: dict[By, str] = {"plan": "Plan", "tier": "Tier", "team": "Team", "provider": "Where it may be spent"}

Chosen = Annotated[str, Query(alias="by", max_length=20)]
UnitOf = Annotated[str, Query(alias="unit", max_length=100)]


@AREA.page(
    "/finance", name="Exposure", question="What is the most that we can spend?", action="exposure.read", whose="house"
)
def page(visit: Visit, by: Chosen = "plan", unit: UnitOf = "USD") -> Response:
    visit.require(EXPOSURE)
    chosen = chosen_by(by)
    with visit.desk() as desk:
        found = exposure.house(desk)
        first = months.following(months.month_of(visit.now), 1 - SHOWN_MONTHS)
        series = exposure.months(desk, first, unit).value
    house = found.value
    if unit not in house.units:
        raise InvalidInput("unit", repr(unit), f"one of {', '.join(house.units)}")
    shown = house.of(unit)
    return visit.show(
        "finance/exposure.html",
        exposure=shown,
        others=[one for one in house.exposures if one.unit != unit],
        groups=house.by(chosen, unit),
        by=chosen,
        choices=[(f"/finance?by={one}&unit={unit}", BY[one], one) for one in get_args(By)],
        flow=flow(shown),
        months=by_month(series, unit),
        as_of=found.at,
        unit=unit,
    )


@AREA.page("/finance/exposure.csv", name="", question="", action="exposure.read", whose="house", in_menu=False)
def sheet(visit: Visit, by: Chosen = "plan") -> Response:
    """The table as CSV, every unit."""
    visit.require(EXPOSURE)
    chosen = chosen_by(by)
    with visit.desk() as desk:
        house = exposure.house(desk).value
    columns = (chosen, "unit", "people", "released", "open now", "held", "spent", "forfeited", "revoked", "to come")
    rows: list[tuple[Cell, ...]] = [
        (
            one.key,
            shown.unit,
            one.people,
            *(
                number(getattr(one.sums, name))
                for name in ("released", "open", "held", "spent", "forfeited", "revoked")
            ),
            number(one.coming),
        )
        for shown in house.exposures
        for one in house.by(chosen, shown.unit)
    ]
    return download(f"exposure-by-{chosen}", columns, rows)


def chosen_by(text: str) -> By:
    if text not in get_args(By):
        raise InvalidInput("by", repr(text), f"one of {', '.join(get_args(By))}")
    return cast("By", text)


def flow(shown: Exposure) -> Flow:
    """From the promise to what became of it; what is nothing is left out."""
    sums = shown.sums
    ends = [
        ("spent", "Spent", sums.spent),
        ("held", "Held", sums.held),
        ("open", "Open now", sums.open),
        ("later", "Opens later", sums.available - sums.open),
        ("forfeited", "Forfeited", sums.forfeited),
        ("revoked", "Taken back", sums.revoked),
    ]
    links = [Link("promised", "released", sums.released), Link("promised", "coming", shown.coming)]
    nodes = [Node("promised", "Promised", 0), Node("released", "Released", 1), Node("coming", "To come, 12 months", 1)]
    for key, label, amount in ends:
        if amount > 0:
            nodes.append(Node(key, label, 2))
            links.append(Link("released", key, amount))
    kept = [one for one in links if one.amount > 0]
    reached = {one.source for one in kept} | {one.target for one in kept}
    return Flow(
        "flow",
        "From the promise to what became of it",
        "All that was ever released, and what the plans in force will release within a year.",
        [node for node in nodes if node.key in reached],
        kept,
        written=brief(shown.unit),
        empty="Nothing was promised yet",
    )


def by_month(series: list[Month], unit: str) -> Bars:
    return Bars(
        "months",
        "Month by month",
        "What opened, what was spent, and what lapsed unused; this month as far as it has come.",
        [Bar(months.title(one.month), (one.released, one.spent, one.forfeited)) for one in lived(series)],
        ("released", "spent", "forfeited"),
        layout="grouped",
        axis="month",
        written=brief(unit),
    )


def lived(series: list[Month]) -> list[Month]:
    """Without the months before anything happened."""
    first = next((place for place, one in enumerate(series) if one.released or one.spent), len(series))
    return series[first:]
