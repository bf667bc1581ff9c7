"""What is ahead: run-outs and forfeiture with intervals, other prices, exposure of any past instant."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from pydantic import Field

from bursar.api.calls import Called
from bursar.api.resources.finance import FINANCE
from bursar.api.resources.wallet import InUnit
from bursar.api.shapes import Amount, Document, Instant, amount_of, instant, said
from bursar.money import parse_amount
from bursar.office.figures import ahead, exposure_at, price_scenarios, reports
from bursar.office.figures.ahead import Range
from bursar.office.figures.exposure_at import By


class Interval(Document):
    """What is likely: eight cases of ten lie between `low` and `high`."""

    low: Amount = Field(description="One in ten stays below.")
    middle: Amount = Field(description="Half stay below.")
    high: Amount = Field(description="One in ten lies above.")


class RunOuts(Document):
    """How many run out, what is spent and what lapses, of everybody together."""

    at: Instant = said("When the figures were taken.", "2026-11-20T09:00:00Z")
    days: int = said("Days ahead, today included.", 10)
    people: int = said("People of the roster.", 120)
    likely: int = said("Who run out in more than half of the courses.", 7)
    expected: list[float] = Field(description="How many are expected to have run out, by the end of each day.")
    spent: Interval = Field(description="From today's midnight to the end.")
    forfeited: Interval = Field(description="What lapses unused.")


class PastGroup(Document):
    """The lots of a group as they stood."""

    key: str = said("A plan, a tier, a team, where it may be spent, or a handle.", "stipend")
    lots: int = said("How many lots.", 48)
    released: Amount = Field(description="Ever released; what rolled over counts once.")
    open: Amount = Field(description="Could be drawn on.")
    held: Amount = Field(description="Held by requests in flight.")
    spent: Amount = Field(description="Was used.")
    forfeited: Amount = Field(description="Had lapsed unused.")
    revoked: Amount = Field(description="Had been taken back.")
    rolled: Amount = Field(description="Had moved on into a later lot.")


class PastExposure(Document):
    """Exposure as the journal stood at an instant: what is recorded later changes nothing of it."""

    by: str = said("What it is grouped by.", "plan")
    unit: str = said("The unit.", "USD")
    at: Instant = said("The instant.", "2026-10-31T00:00:00Z")
    seq: int = said("The last entry that counts.", 4711)
    items: list[PastGroup] = Field(description="The largest first; together they are the whole.")


class Worth(Document):
    """What a promise is worth later, if prices do something."""

    scenario: str = said("What happens to prices.", "-67 % a year")
    factor: float = said("Price then, of now.", 0.574)
    in_dollars: Amount = Field(description="Promised in dollars: what it buys of today's work.")
    in_tokens: Amount = Field(description="Promised in tokens: what these are worth.")


class PriceScenario(Document):
    """The last days of use at other prices, and what a promise will buy."""

    days: int = said("Days of use that it rests on.", 30)
    list_before: Amount = Field(description="At list price, as it was.")
    list_after: Amount = Field(description="At the other prices.")
    cost_before: Amount = Field(description="What the organisation paid.")
    cost_after: Amount = Field(description="What it would pay.")
    unpriced: list[str] = Field(description="Models to move to without a known price: nobody was moved.")
    out_before: int = said("People who run out before the month ends.", 12)
    out_after: int = said("The same at the other prices.", 5)
    worth: list[Worth] = Field(description="What the promise is worth, by what happens to prices.")


@FINANCE.get("/forecast/run-outs", "getRunOuts", "Run-outs and forfeiture ahead", action="exposure.read", whose="house")
def get_run_outs(
    call: Called,
    days: Annotated[
        int, Query(description="Days ahead, today included; 0: to the end of the month.", ge=0, le=400)
    ] = 0,
) -> RunOuts:
    """In USD, of everybody together."""
    with call.desk() as desk:
        found = ahead.house(desk, days)
    house = found.value
    return RunOuts(
        at=instant(found.at),
        days=house.days,
        people=len(house.people),
        likely=house.sure,
        expected=[round(one, 2) for one in house.out_by],
        spent=_interval(house.total[-1]),
        forfeited=_interval(house.forfeited),
    )


@FINANCE.get("/exposure/past", "getPastExposure", "Exposure of a past instant", action="books.read", whose="house")
def get_past_exposure(
    call: Called,
    at: Annotated[str, Query(description="Day or instant; without it, now.", max_length=40)] = "",
    by: Annotated[By, Query(description="What to group by.")] = "plan",
    unit: InUnit = reports.UNIT,
) -> PastExposure:
    """The same for ever, to the nano-unit. Groups of a few people are told apart: it is of the books."""
    with call.desk() as desk:
        moment = desk.instant(at, "UTC", "at") if at else desk.now()
        found = exposure_at.past(desk, moment).value
        groups = found.by(by, unit)
        handles = {one["id"]: str(one["handle"]) for one in desk.people()} if by == "person" else {}
    names = ("released", "open", "held", "spent", "forfeited", "revoked", "rolled")
    items = [
        PastGroup(
            key=handles.get(one.key, one.key),
            lots=one.lots,
            **{name: amount_of(getattr(one.sums, name), unit) for name in names},
        )
        for one in groups
    ]
    return PastExposure(by=by, unit=unit, at=instant(moment), seq=found.seq, items=items)


@FINANCE.get("/price-scenario", "getPriceScenario", "What if prices change", action="cost.read", whose="house")
def get_price_scenario(
    call: Called,
    family: Annotated[str, Query(description="A provider, a model or what its name begins with.", max_length=100)] = "",
    change: Annotated[str, Query(description="By how much its price changes: -30%.", max_length=20)] = "",
    contract: Annotated[
        str, Query(description="What costs so much less than list: anthropic=25%.", max_length=200)
    ] = "",
    move: Annotated[str, Query(description="All that a model does is done by another: A=B.", max_length=200)] = "",
    amount: Annotated[str, Query(description="A promise, for what it will be worth.", max_length=40)] = "$10,000",
    months: Annotated[int, Query(description="In how many months.", ge=1, le=120)] = 6,
) -> PriceScenario:
    """The same work at other prices; without a change, what becomes of a promise by itself."""
    changes = price_scenarios.changes_of(family, change, [contract] if contract else [], [move] if move else [])
    with call.desk() as desk:
        found = price_scenarios.scenario(desk, changes, parse_amount(amount, field="amount").nanos, months)
    return PriceScenario(
        days=found.days,
        list_before=amount_of(found.sums.list_before),
        list_after=amount_of(found.sums.list_after),
        cost_before=amount_of(found.sums.cost_before),
        cost_after=amount_of(found.sums.cost_after),
        unpriced=list(found.unpriced),
        out_before=found.purses.out_before,
        out_after=found.purses.out_after,
        worth=[
            Worth(
                scenario=name, factor=one.factor, in_dollars=amount_of(one.buys), in_tokens=amount_of(one.tokens_worth)
            )
            for name, one in found.worths
        ],
    )


def _interval(one: Range) -> Interval:
    return Interval(low=amount_of(one.low), middle=amount_of(one.middle), high=amount_of(one.high))
