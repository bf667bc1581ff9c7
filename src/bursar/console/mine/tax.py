"""Tax: what of my use could be taxed, by the rules of my place with their sources; what no rule says is nobody's guess here."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from starlette.responses import Response

from bursar.charts import Columns, Part
from bursar.console.brief import brief
from bursar.console.mine.area import AREA
from bursar.console.visit import Visit
from bursar.office import months
from bursar.office.access import action
from bursar.office.books import payroll, taxing
from bursar.office.terms import own_terms

USAGE, TERMS, TAX = action("usage.read"), action("terms.read"), action("tax.read")


@AREA.page("/tax", name="Tax", question="What of my use could be taxed, and who decides?", action="tax.read")
def tax(visit: Visit, month: Annotated[str, Query(max_length=10)] = "") -> Response:
    """A month as the rules have it; by month what was personal, for work, of own money; what the terms say of tax."""
    person = visit.myself(USAGE)
    for act in (TERMS, TAX):
        visit.myself(act)
    now = months.month_of(visit.now)
    of = months.checked(month or now)
    with visit.desk() as desk:
        taxed = taxing.of_person(desk, person["id"], of)
        found = payroll.own_months(desk, person["id"], now)
        grants = own_terms.terms(desk, person["id"])
    chart = None
    if any(one.used for one in found):
        chart = Columns(
            "tax",
            "Use by purpose",
            "At list price, which is what anybody would have paid; only personal use is looked at as pay.",
            [f"{months.title(one.month)[:3]} {one.month[:4]}" for one in found],
            [
                Part("for work", [one.work + one.other for one in found]),
                Part("personal", [one.personal for one in found]),
            ],
            written=brief(),
        )
    year = [one for one in found if one.month[:4] == now[:4]]
    return visit.show(
        "mine/tax.html",
        months=list(reversed(found)),
        title=months.title,
        year=now[:4],
        personal=sum(one.personal for one in year),
        work=sum(one.work + one.other for one in year),
        own_money=sum(one.own_money for one in year),
        place=person["location"],
        grants=grants,
        chart=chart,
        taxed=taxed,
        month=of,
        before=months.following(of, -1),
        following=months.following(of) if of < now else "",
    )
