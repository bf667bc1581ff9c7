"""Payroll: what does this month's run take over?"""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlencode

from fastapi import Query
from starlette.responses import Response

from bursar.charts import Columns, Part
from bursar.console.brief import brief
from bursar.console.finance.area import AREA
from bursar.console.sheet import download
from bursar.console.visit import Visit
from bursar.errors import InvalidInput
from bursar.office import months
from bursar.office.access import action
from bursar.office.books import payroll, payroll_sheet
from bursar.office.oversight.subjects import everybody

EXPORT = action("payroll.export")
PATH = "/payroll"
SHOWS = {"due": "To take over", "all": "Everybody"}
SHOWN = 50
"""People of one page; the CSV has everybody."""

MonthOf = Annotated[str, Query(alias="month", max_length=10)]
Show = Annotated[str, Query(max_length=10)]
Text = Annotated[str, Query(max_length=200)]


@AREA.page(
    PATH, name="Payroll", question="What does this month's run take over?", action="payroll.export", whose="house"
)
def page(visit: Visit, month: MonthOf = "", show: Show = "due", find: Text = "", after: Text = "") -> Response:
    now = months.month_of(visit.now)
    of = months.checked(month or now)
    if show not in SHOWS:
        raise InvalidInput("show", repr(show), f"one of {', '.join(SHOWS)}")
    visit.look(EXPORT, [everybody(visit.actor)], f"payroll of {of}")
    with visit.desk() as desk:
        found = payroll.payroll(desk, of)
        series = payroll.by_month(desk, now).value
    every = found.value.found(find, everybody=show == "all")
    rest = [one for one in every if one.handle > after]
    shown = rest[:SHOWN]

    def to(of: str, show: str) -> str:
        return f"{PATH}?{urlencode({'month': of, 'show': show} | ({'find': find} if find else {}))}"

    return visit.show(
        "finance/payroll.html",
        payroll=found.value,
        matter=sum(one.matters for one in found.value.lines),
        shown=shown,
        whole=len(every),
        next=shown[-1].handle if len(rest) > SHOWN else "",
        first=not after,
        find=find,
        show=show,
        month=of,
        title=months.title(of),
        running=of == now,
        before=to(months.following(of, -1), show),
        following=to(months.following(of), show) if of < now else "",
        choices=[(to(of, one), name, one) for one, name in SHOWS.items()],
        base=to(of, show),
        chart=chart(series),
        as_of=found.at,
        path=PATH,
    )


@AREA.page(f"{PATH}.csv", name="", question="", action="payroll.export", whose="house", in_menu=False)
def sheet(visit: Visit, month: MonthOf = "", show: Show = "due") -> Response:
    """A month's lines as CSV, as a payroll system imports them."""
    of = months.checked(month or months.month_of(visit.now))
    visit.look(EXPORT, [everybody(visit.actor)], f"payroll of {of}, as a file")
    with visit.desk() as desk:
        found = payroll.payroll(desk, of).value
    columns = payroll_sheet.mapped(())
    rows = payroll_sheet.rows([found], columns, everybody=show == "all")
    return download(f"payroll-{of}", [title for _, title in columns], rows)


def chart(series: list[tuple[str, dict[str, int]]]) -> Columns:
    """Personal use alone: beside what is used for work it would not be seen."""
    return Columns(
        "personal",
        "Personal use, month by month",
        "At list price on the day of use: what anybody would have paid for it.",
        [months.title(name) for name, _ in series],
        [Part("personal use", [sums.get("personal", 0) for _, sums in series])],
        axis="month",
        written=brief(),
        empty="No usage yet",
    )
