"""Finance: what was promised by group and month, where the month lands, what providers cost, spend against pay."""

from __future__ import annotations

import csv
import io
from typing import Annotated, Literal

from fastapi import Query
from pydantic import Field

from bursar.api import pages
from bursar.api.calls import Called
from bursar.api.pages import DEFAULT_LIMIT, After, Limit
from bursar.api.resources.wallet import InUnit
from bursar.api.routes import Resource
from bursar.api.shapes import Amount, Day, Document, Instant, Line, Money, Page, Sent, amount_of, instant, said
from bursar.calendar import from_micros
from bursar.errors import InvalidInput, NotFound
from bursar.ledger.session import MICROS_PER_DAY
from bursar.money import Unit
from bursar.office import months
from bursar.office.database import reading
from bursar.office.figures import exposure, house_spending, ratio, reports
from bursar.office.figures.exposure import By, Group, House
from bursar.office.figures.ratio import Ratio
from bursar.office.workforce import bands

FINANCE = Resource("Finance", "Promises by group and month, the forecast, cost of providers, spend against pay.")
MAX_MONTHS = 36


class ExposureGroup(Document):
    """The lots of a group. Small groups of people are told together: `merged` says how many they are."""

    key: str = said("A plan, a tier, a team, or where it may be spent.", "stipend")
    people: int = said("How many people have them.", 12)
    merged: int = said("Above zero: so many groups of fewer than five people.", 0)
    released: Amount = Field(description="Ever released; what rolled over counts once.")
    open: Amount = Field(description="Can be drawn on now.")
    held: Amount = Field(description="Held by requests in flight.")
    spent: Amount = Field(description="Was used.")
    forfeited: Amount = Field(description="Lapsed unused.")
    revoked: Amount = Field(description="Was taken back.")
    coming: Amount = Field(description="Promised for the next twelve months and not released yet.")


class ExposureGroups(Document):
    """Exposure by a group."""

    by: str = said("What it is grouped by.", "plan")
    unit: str = said("The unit.", "USD")
    at: Instant = said("When the figures were taken.", "2026-11-20T09:00:00Z")
    most_now: Amount = Field(description="The most that can be spent before anything else is released.")
    coming: Amount = Field(description="Promised for the next twelve months and not released yet.")
    items: list[ExposureGroup] = Field(description="The largest first.")


class MonthMoved(Document):
    """What moved in a month of UTC."""

    month: str = said("The month.", "2026-11")
    released: Amount = Field(description="Was released.")
    spent: Amount = Field(description="Was used.")
    forfeited: Amount = Field(description="Lapsed unused.")


class MonthsMoved(Document):
    """Month by month, this one as far as it has come."""

    unit: str = said("The unit.", "USD")
    at: Instant = said("When the figures were taken.", "2026-11-20T09:00:00Z")
    items: list[MonthMoved] = Field(description="The oldest first.")


class FanDay(Document):
    """Spending from today to the end of a day, added up: a tenth of the courses stay below `low`, a tenth above `high`."""

    day: Day = said("The day.", "2026-11-21")
    low: Amount = Field(description="One in ten stays below.")
    middle: Amount = Field(description="Half stay below.")
    high: Amount = Field(description="One in ten lies above.")


class Forecast(Document):
    """Where the month lands, from the courses of recent weeks."""

    month: str = said("This month.", "2026-11")
    at: Instant = said("When the figures were taken.", "2026-11-20T09:00:00Z")
    so_far: Amount = Field(description="Spent in the month, today included.")
    released: Amount = Field(description="What lots have opened in the month.")
    weeks: int = said("Weeks that the forecast is drawn from; 0: there are too few for one.", 12)
    items: list[FanDay] = Field(description="From today on; empty where there is no forecast.")


class ProviderMonth(Document):
    """What a provider's month came to."""

    month: str = said("Month of UTC.", "2026-11")
    provider: str = said("The provider.", "anthropic")
    requests: int = said("Requests.", 4200)
    list_price: Amount = Field(description="At list price.")
    cost: Amount = Field(description="What the organisation pays for it: to be held against the provider's bill.")


class PayRatio(Document):
    """What somebody's tokens come to in a year beside what their level is paid."""

    person: str = said("Handle.", "ada")
    team: str = said("Team.", "platform")
    level: str = said("Level of the roster.", "senior")
    spent: Amount = Field(description="In the window, at list price.")
    yearly: Amount = Field(description="The same taken for a year.")
    band: Amount | None = Field(description="What the level is paid in a year; null where there is no band.")
    percent: int | None = said("Spend of the pay; null where there is no band.", 12)
    status: str = said("ok, approaching, exceeds or unknown.", "ok")


class PayBand(Document):
    """What a level is paid in a year, in the middle. Nobody's own salary is kept."""

    level: str = said("Level of the roster.", "senior")
    yearly: Amount = Field(description="In a year.")
    since: Instant = said("When it was set.", "2026-11-20T09:00:00Z")


class BandSent(Sent):
    """A level and what it is paid."""

    level: Line = said("Level of the roster.", "senior", min_length=1)
    yearly: Money = said("In a year, USD.", "$180,000")


class BandsSent(Sent):
    """All bands at once; what is not named any more is forgotten."""

    items: list[BandSent] = Field(description="Each level once.", max_length=bands.MAX_BANDS)


@FINANCE.get("/exposure/groups", "listExposure", "Exposure by group", action="exposure.read", whose="house")
def list_exposure(
    call: Called, by: Annotated[By, Query(description="What to group by.")] = "plan", unit: InUnit = reports.UNIT
) -> ExposureGroups:
    """By plan, tier, team, or the provider where it may be spent. Teams and tiers of fewer than five are told together."""
    with call.desk() as desk:
        found = exposure.house(desk)
    _known(found.value, unit)
    here = found.value.of(unit)
    return ExposureGroups(
        by=by,
        unit=unit,
        at=instant(found.at),
        most_now=amount_of(here.most_now, unit),
        coming=amount_of(here.coming, unit),
        items=[_group(one, unit) for one in found.value.by(by, unit)],
    )


@FINANCE.get("/exposure/months", "listExposureMonths", "Promises month by month", action="exposure.read", whose="house")
def list_exposure_months(
    call: Called,
    count: Annotated[int, Query(alias="months", description="How many.", ge=1, le=MAX_MONTHS)] = 6,
    unit: InUnit = reports.UNIT,
) -> MonthsMoved:
    """What was released, spent and forfeited."""
    Unit(unit)
    first = months.following(months.month_of(call.now), 1 - count)
    with call.desk() as desk:
        found = exposure.months(desk, first, unit)
    names = ("released", "spent", "forfeited")
    items = [
        MonthMoved(month=one.month, **{name: amount_of(getattr(one, name), unit) for name in names})
        for one in found.value
    ]
    return MonthsMoved(unit=unit, at=instant(found.at), items=items)


@FINANCE.get("/forecast", "getForecast", "Where the house will land", action="exposure.read", whose="house")
def get_forecast(
    call: Called,
    width: Annotated[Literal["1", "3", "12"], Query(alias="months", description="To the end of so many months.")] = "1",
) -> Forecast:
    """In USD; eight in ten courses lie between `low` and `high`."""
    with call.desk() as desk:
        found = house_spending.landing(desk, int(width))
    landing, fan = found.value, found.value.fan
    first = landing.first_day + len(landing.daily)
    return Forecast(
        month=landing.month,
        at=instant(found.at),
        so_far=amount_of(sum(landing.daily) + landing.today),
        released=amount_of(landing.released),
        weeks=fan.weeks if fan else 0,
        items=[
            FanDay(day=_day(first + place), low=amount_of(low), middle=amount_of(middle), high=amount_of(high))
            for place, (low, middle, high) in enumerate(zip(fan.low, fan.middle, fan.high, strict=True))
        ]
        if fan
        else [],
    )


@FINANCE.get("/costs", "listCosts", "What providers cost", action="cost.read", whose="house")
def list_costs(
    call: Called,
    count: Annotated[int, Query(alias="months", description="How many.", ge=1, le=MAX_MONTHS)] = 12,
) -> Page[ProviderMonth]:
    """Every provider's month, at list price and at cost, USD; the oldest month first."""
    with call.desk() as desk:
        found = house_spending.by_month(desk, months.month_of(call.now), months=count)
    return Page[ProviderMonth](
        items=[
            ProviderMonth(
                month=one.month,
                provider=one.provider,
                requests=one.sums.requests,
                list_price=amount_of(one.sums.list_nanos),
                cost=amount_of(one.sums.cost_nanos),
            )
            for one in found.value
        ]
    )


@FINANCE.get("/pay-ratios", "listPayRatios", "Spend against pay", action="ratio.read", whose="house")
def list_pay_ratios(call: Called, after: After = "", limit: Limit = DEFAULT_LIMIT) -> Page[PayRatio]:
    """Everybody of the roster, by handle: the last 90 days taken for a year, over the band of the level."""
    with call.desk() as desk:
        people = ratio.comparison(desk).value.people
    found = sorted(people, key=lambda one: one.handle)
    page, following = pages.after(found, after, limit, lambda one: one.handle)
    return Page[PayRatio](items=[_ratio(one) for one in page], next=following)


@FINANCE.get(
    "/people/{person}/pay-ratio", "getPayRatio", "Somebody's spend against pay", action="ratio.read", whose="person"
)
def get_pay_ratio(call: Called) -> PayRatio:
    """As finance sees it."""
    with call.desk() as desk:
        found = ratio.of_person(desk, call.person)
    if found is None:
        raise NotFound("there is no figure of them", "whoever has left is not compared")
    return _ratio(found)


@FINANCE.get("/pay-bands", "listPayBands", "Pay bands", action="ratio.read", whose="house")
def list_pay_bands(call: Called) -> Page[PayBand]:
    """By level."""
    with reading(call.desks.engine) as connection:
        return _bands(bands.listed(connection))


@FINANCE.put("/pay-bands", "putPayBands", "Set the pay bands", action="band.change", whose="house")
def put_pay_bands(call: Called, body: BandsSent) -> Page[PayBand]:
    """All at once; nothing changes if anything is wrong."""
    text = io.StringIO()
    csv.writer(text).writerows((one.level, one.yearly) for one in body.items)
    with call.desk() as desk:
        bands.replace(desk, text.getvalue())
        with reading(desk.engine) as connection:
            return _bands(bands.listed(connection))


def _known(house: House, unit: str) -> None:
    if unit not in house.units:
        raise InvalidInput("unit", repr(unit), f"one of {', '.join(house.units)}")


def _group(one: Group, unit: str) -> ExposureGroup:
    names = ("released", "open", "held", "spent", "forfeited", "revoked")
    sums = {name: amount_of(getattr(one.sums, name), unit) for name in names}
    return ExposureGroup(key=one.key, people=one.people, merged=one.merged, coming=amount_of(one.coming, unit), **sums)


def _ratio(one: Ratio) -> PayRatio:
    return PayRatio(
        person=one.handle,
        team=one.team,
        level=one.level,
        spent=amount_of(one.spent),
        yearly=amount_of(one.yearly),
        band=amount_of(one.band) if one.band else None,
        percent=one.percent if one.band else None,
        status=one.status,
    )


def _bands(found: list[bands.Band]) -> Page[PayBand]:
    items = [PayBand(level=one.level, yearly=amount_of(one.yearly_nanos), since=instant(one.since)) for one in found]
    return Page[PayBand](items=items)


def _day(day: int) -> str:
    return from_micros(day * MICROS_PER_DAY).date().isoformat()
