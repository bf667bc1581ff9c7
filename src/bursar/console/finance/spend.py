"""Spend: where does the money go? And cost: what is the spread between list and what we pay?"""

from __future__ import annotations

from typing import Annotated, cast, get_args

from fastapi import Query
from starlette.responses import Response

from bursar.charts import Cell, Columns, Part, Treemap
from bursar.charts.values import MAX_SERIES
from bursar.console.brief import brief
from bursar.console.finance.area import AREA
from bursar.console.sheet import download
from bursar.console.visit import Visit
from bursar.errors import InvalidInput
from bursar.exchange.sheets import number
from bursar.office import months
from bursar.office.access import action, reach
from bursar.office.figures import house_spending
from bursar.office.figures.house_spending import By, Spend, Sums

SPEND = action("spend.read")
COST = action("cost.read")
CELLS = 40
BY: dict[By, str] = {
    "model": "Model",
    "project": "Project",
    "team": "Team",
    "provider": "Provider",
    "purpose": "Purpose",
}

Chosen = Annotated[str, Query(alias="by", max_length=20)]
MonthOf = Annotated[str, Query(alias="month", max_length=10)]


@AREA.page("/finance/spend", name="Spend", question="Where does the money go?", action="spend.read", whose="house")
def page(visit: Visit, by: Chosen = "model", month: MonthOf = "") -> Response:
    visit.require(SPEND)
    chosen, of = _chosen(by), months.checked(month or months.month_of(visit.now))
    with visit.desk() as desk:
        found = house_spending.spend(desk, chosen, *months.days_of(of))
    return visit.show(
        "finance/spend.html",
        spend=found.value,
        chart=treemap(found.value, of),
        costs="organisation" in reach(visit.actor, COST),
        by=chosen,
        month=of,
        title=months.title(of),
        before=months.following(of, -1),
        after=months.following(of) if of < months.month_of(visit.now) else "",
        choices=[(f"/finance/spend?by={one}&month={of}", name, one) for one, name in BY.items()],
        as_of=found.at,
    )


@AREA.page("/finance/spend.csv", name="", question="", action="spend.read", whose="house", in_menu=False)
def sheet(visit: Visit, by: Chosen = "model", month: MonthOf = "") -> Response:
    """The table as CSV; what it costs only for whoever may see contracts."""
    visit.require(SPEND)
    chosen, of = _chosen(by), months.checked(month or months.month_of(visit.now))
    with visit.desk() as desk:
        found = house_spending.spend(desk, chosen, *months.days_of(of)).value
    costs = "organisation" in reach(visit.actor, COST)
    columns = [chosen, "people", "requests", "input tokens", "cached tokens", "output tokens", "list USD"]
    rows = [
        (
            one.key,
            one.people,
            one.sums.requests,
            one.sums.input_tokens,
            one.sums.cached_tokens,
            one.sums.output_tokens,
            number(one.sums.list_nanos),
            *((number(one.sums.cost_nanos),) if costs else ()),
        )
        for one in found.groups
    ]
    return download(f"spend-by-{chosen}-{of}", [*columns, *(["cost USD"] if costs else [])], rows)


@AREA.page(
    "/finance/cost",
    name="List and cost",
    question="What is the spread between list price and what we pay?",
    action="cost.read",
    whose="house",
)
def cost(visit: Visit) -> Response:
    visit.require(COST)
    now = months.month_of(visit.now)
    with visit.desk() as desk:
        found = house_spending.by_month(desk, now)
    cells = found.value
    names = months.months_between(months.following(now, 1 - house_spending.MONTHS), now)
    used = [name for name in names if any(cell.month == name for cell in cells)]
    by_place = {(cell.month, cell.provider): cell.sums for cell in cells}
    providers = sorted({cell.provider for cell in cells}, key=lambda one: -_total(by_place, one))
    table = [(one, [by_place.get((name, one), Sums()) for name in used]) for one in providers]
    whole = sum((cell.sums for cell in cells), Sums())
    return visit.show(
        "finance/cost.html",
        months=[(name, months.title(name)) for name in reversed(used)],
        rows={name: [(one, by_place[(name, one)]) for one in providers if (name, one) in by_place] for name in used},
        sums={name: sum((one for (month, _), one in by_place.items() if month == name), Sums()) for name in used},
        whole=whole,
        chart=_columns(used, table),
        as_of=found.at,
    )


@AREA.page("/finance/cost.csv", name="", question="", action="cost.read", whose="house", in_menu=False)
def cost_sheet(visit: Visit) -> Response:
    """Each provider's months as CSV."""
    visit.require(COST)
    with visit.desk() as desk:
        cells = house_spending.by_month(desk, months.month_of(visit.now)).value
    rows = [
        (cell.month, cell.provider, cell.sums.requests, number(cell.sums.list_nanos), number(cell.sums.cost_nanos))
        for cell in cells
    ]
    return download("list-and-cost", ("month", "provider", "requests", "list USD", "cost USD"), rows)


def treemap(found: Spend, month: str) -> Treemap:
    return Treemap(
        "spend",
        f"Spend by {found.by}, {months.title(month)}",
        "The larger the area, the more was spent on it.",
        [Cell(one.key, one.sums.amount) for one in found.groups[:CELLS] if one.sums.amount > 0],
        axis=found.by,
        written=brief(),
        empty="Nothing was used in this month",
    )


def _columns(names: list[str], table: list[tuple[str, list[Sums]]]) -> Columns:
    """Cost by provider and month; beyond the colours that there are, the rest together."""
    shown = table if len(table) <= MAX_SERIES else table[: MAX_SERIES - 1]
    rest = [sums for _, sums in table[len(shown) :]]
    parts = [Part(name or "no provider", [one.cost_nanos for one in sums]) for name, sums in shown]
    if rest:
        parts.append(Part("others", [sum(one[at].cost_nanos for one in rest) for at in range(len(names))]))
    return Columns(
        "cost",
        "What we pay, by provider and month",
        "At the rates of our contracts, as they were at the instant of each request.",
        [months.title(name) for name in names],
        parts,
        axis="month",
        written=brief(),
        empty="No usage yet",
    )


def _total(by_place: dict[tuple[str, str], Sums], provider: str) -> int:
    return sum(sums.list_nanos for (_, one), sums in by_place.items() if one == provider)


def _chosen(text: str) -> By:
    if text not in get_args(By):
        raise InvalidInput("by", repr(text), f"one of {', '.join(get_args(By))}")
    return cast("By", text)
