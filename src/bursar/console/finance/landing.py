"""The forecast: where will we land?"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated

from fastapi import Query
from starlette.responses import Response

from bursar.charts import BandNames, Bands, Mark, Reference, Series
from bursar.console.brief import brief
from bursar.console.finance.area import AREA
from bursar.console.visit import Visit
from bursar.errors import InvalidInput
from bursar.office import months
from bursar.office.access import action
from bursar.office.figures import exposure, house_spending
from bursar.office.figures.house_spending import Landing

EXPOSURE = action("exposure.read")
NEAR = 2
"""What opened is drawn where it lies within so many times the fan: a line far above would flatten it."""
HORIZONS = {"1": "This month", "3": "Three months", "12": "A year"}


@AREA.page("/finance/landing", name="Forecast", question="Where will we land?", action="exposure.read", whose="house")
def page(visit: Visit, ahead: Annotated[str, Query(alias="months", max_length=3)] = "1") -> Response:
    visit.require(EXPOSURE)
    if ahead not in HORIZONS:
        raise InvalidInput("months", repr(ahead), f"one of {', '.join(HORIZONS)}")
    with visit.desk() as desk:
        found = house_spending.landing(desk, int(ahead))
        house = exposure.house(desk).value.of("USD")
    landing = found.value
    return visit.show(
        "finance/landing.html",
        landing=landing,
        so_far=sum(landing.daily) + landing.today,
        before=sum(landing.daily),
        end=months.title(months.following(landing.month, int(ahead) - 1)),
        month=months.title(landing.month),
        chart=chart(landing, int(ahead)),
        most=house.most_now,
        ahead=ahead,
        choices=[(f"/finance/landing?months={value}", name, value) for value, name in HORIZONS.items()],
        as_of=found.at,
    )


def chart(landing: Landing, ahead: int) -> Bands:
    """What was spent since the month began, and the fan from here on."""
    names, past, total = [], [], 0
    start = months.EPOCH + timedelta(days=landing.first_day)
    for number, amount in enumerate(landing.daily):
        total += amount
        names.append(_day(start + timedelta(days=number)))
        past.append(total)
    if not past:
        names, past = ["before"], [0]
    known = len(past)
    fan = landing.fan
    series = [Series("spent", middle=past + [None] * (landing.days if fan else 0))]
    if fan is not None:
        first = start + timedelta(days=len(landing.daily))
        names += [_day(first + timedelta(days=number)) for number in range(landing.days)]
        before: list[int | None] = [None] * (known - 1)

        def line(values: tuple[int, ...]) -> list[int | None]:
            return [*before, total, *(total + one for one in values)]

        series.append(
            Series(
                "expected", line(fan.low), line(fan.middle), line(fan.high), line(fan.inner_low), line(fan.inner_high)
            )
        )
    highest = total + (fan.high[-1] if fan else 0)
    near = ahead == 1 and landing.released <= NEAR * highest
    limits = [Reference(landing.released, "opened this month")] if near else []
    return Bands(
        "landing",
        "Spending since the month began",
        "Eight in ten courses of the forecast lie within the wide band, half within the narrow one.",
        names,
        series,
        [Mark(known - 1, "today")] if fan is not None else [],
        limits,
        BandNames("low (1 in 10)", "middle", "high (1 in 10)", "lower", "upper", "8 in 10", "half"),
        axis="day",
        written=brief(landing.unit),
        empty="No usage yet",
    )


def _day(day: date) -> str:
    return f"{day.day} {day:%b}"
