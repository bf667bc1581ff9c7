"""Price scenarios: what if prices change?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Query
from starlette.responses import Response

from bursar.charts import Bar, Bars
from bursar.console.brief import brief
from bursar.console.finance.area import AREA
from bursar.console.visit import Visit
from bursar.errors import InvalidInput
from bursar.money import parse_amount
from bursar.office.access import action
from bursar.office.figures import price_scenarios
from bursar.office.figures.price_scenarios import Scenario

if TYPE_CHECKING:
    from bursar.office.desk import Desk

COST = action("cost.read")
SHOWN_MODELS = 20
DEFAULT_AMOUNT, DEFAULT_MONTHS = "$10,000", "6"

Text = Annotated[str, Query(max_length=200)]


@AREA.page(
    "/finance/scenarios",
    name="Price scenarios",
    question="What if prices change?",
    action="cost.read",
    whose="house",
)
def page(
    visit: Visit,
    family: Text = "",
    change: Text = "",
    contract: Text = "",
    move: Text = "",
    amount: Text = DEFAULT_AMOUNT,
    months: Annotated[str, Query(max_length=4)] = DEFAULT_MONTHS,
) -> Response:
    visit.require(COST)
    given = {"family": family, "change": change, "contract": contract, "move": move, "amount": amount, "months": months}
    fault: InvalidInput | None = None
    with visit.desk() as desk:
        try:
            found = _asked(desk, given)
        except InvalidInput as error:
            fault, found = error, price_scenarios.scenario(desk, ())
    models, trends = found.told()
    values: dict[str, Any] = {
        "found": found,
        "given": given,
        "chart": chart(found),
        "models": models[:SHOWN_MODELS],
        "trends": [(one, _percent(one.yearly)) for one in trends],
    }
    if fault is not None:
        return visit.show_faults("finance/scenarios.html", fault, **values)
    return visit.show("finance/scenarios.html", problem=None, faults={}, **values)


def _asked(desk: Desk, given: dict[str, str]) -> Scenario:
    """What the form asks. Raises InvalidInput."""
    contracts, moves = ([given[name]] if given[name].strip() else [] for name in ("contract", "move"))
    changes = price_scenarios.changes_of(given["family"].strip(), given["change"].strip(), contracts, moves)
    if not given["months"].strip().isdecimal():
        raise InvalidInput("months", repr(given["months"]), f"1 to {price_scenarios.MAX_MONTHS}")
    amount = parse_amount(given["amount"], field="amount")
    return price_scenarios.scenario(desk, changes, amount.nanos, int(given["months"]))


def _percent(yearly: float | None) -> int | None:
    return None if yearly is None else round((yearly - 1) * 100)


def chart(found: Scenario) -> Bars:
    """What a promise is worth, in dollars and in tokens."""
    bars = [Bar(name, (worth.buys, worth.tokens_worth)) for name, worth in found.worths]
    return Bars(
        "worth",
        "The same promise, in dollars and in tokens",
        "Promised in dollars: what they will buy of today's work. Promised in tokens: what these will be worth.",
        bars,
        ("in dollars, buys", "in tokens, is worth"),
        layout="grouped",
        axis="if",
        written=brief(),
    )
