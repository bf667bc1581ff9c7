"""The rules of tax as they are: three situations side by side, then every rule with its source and how sure it is."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import Query
from starlette.responses import Response

from bursar.calendar import from_micros
from bursar.console.mine.area import AREA
from bursar.console.visit import Visit
from bursar.errors import InvalidInput
from bursar.tax import CONFIDENCES, loaded
from bursar.tax.comparison import RESTRICTED, SITUATIONS, compared

PATH = "/tax/rules"


@AREA.page(
    PATH,
    name="Rules of tax",
    question="What do the rules of each country say, and who says so?",
    action="tax.rules",
    whose="house",
    in_menu=False,
)
def rules(
    visit: Visit,
    country: Annotated[str, Query(max_length=10)] = "",
    on: Annotated[str, Query(max_length=10)] = "",
) -> Response:
    """Rules that hold on a day, of one country or of all."""
    day = _day(on) if on else from_micros(visit.now).date()
    known = loaded()
    asked = [known.country(country)] if country else [one for _, one in sorted(known.countries.items())]
    return visit.show(
        "mine/tax_rules.html",
        tables=[
            ("Three situations, country by country", SITUATIONS, compared(known, day)),
            ("Under each degree of restriction", RESTRICTED, compared(known, day, situations=RESTRICTED)),
        ],
        countries=[(one, [rule for rule in one.rules if rule.holds(day)]) for one in asked],
        choices=[(PATH, "All", "")] + [(f"{PATH}?country={code}", code, code) for code in sorted(known.countries)],
        chosen=known.country(country).code if country else "",
        on=day,
        version=known.version,
        sure=CONFIDENCES,
    )


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InvalidInput("on", repr(text[:20]), "a day such as 2026-10-31") from None
