"""Tax: what of my use could be taxed, told from my own figures and the terms; which law applies is nobody's guess here."""

from __future__ import annotations

from starlette.responses import Response

from bursar.charts import Columns, Part
from bursar.console.brief import brief
from bursar.console.mine.area import AREA
from bursar.console.visit import Visit
from bursar.office import months
from bursar.office.access import action
from bursar.office.books import payroll
from bursar.office.terms import own_terms

USAGE, TERMS = action("usage.read"), action("terms.read")


@AREA.page("/tax", name="Tax", question="What of my use could be taxed, and who decides?", action="usage.read")
def tax(visit: Visit) -> Response:
    """By month what was personal, what was for work, and what own money was spent; beside it what the terms say of tax."""
    person = visit.myself(USAGE)
    visit.myself(TERMS)
    now = months.month_of(visit.now)
    with visit.desk() as desk:
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
    )
