"""Payroll: what does this month's run take over?"""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlencode

from fastapi import Path, Query
from starlette.responses import Response

from bursar.charts import Columns, Part
from bursar.console.brief import brief
from bursar.console.finance.area import AREA
from bursar.console.sheet import download
from bursar.console.visit import Visit
from bursar.errors import InvalidInput
from bursar.office import months
from bursar.office.access import action
from bursar.office.books import payroll, payroll_file, payroll_sheet, tax_policy, taxing
from bursar.office.database import reading
from bursar.office.oversight.subjects import everybody, required
from bursar.tax import loaded

EXPORT, TAX = action("payroll.export"), action("tax.read")
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
        taxed = taxing.of_house(desk, of).value
    every = found.value.found(find, everybody=show == "all")
    rest = [one for one in every if one.handle > after]
    shown = rest[:SHOWN]

    def to(of: str, show: str) -> str:
        return f"{PATH}?{urlencode({'month': of, 'show': show} | ({'find': find} if find else {}))}"

    return visit.show(
        "finance/payroll.html",
        payroll=found.value,
        taxed={one.person: one.answer for one in taxed.lines},
        totals=taxed.totals(),
        unclear=sum(one.answer.status == "needs_adviser" and payroll_file.matters(one) for one in taxed.lines),
        notice=taxed.notice,
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


@AREA.page(f"{PATH}/file.csv", name="", question="", action="payroll.export", whose="house", in_menu=False)
def taxable(visit: Visit, month: MonthOf = "", show: Show = "due") -> Response:
    """A month's taxable amounts with the columns that the organisation mapped, as its payroll system takes them over."""
    of = months.checked(month or months.month_of(visit.now))
    visit.look(EXPORT, [everybody(visit.actor)], f"payroll of {of}, as a file")
    with visit.desk() as desk:
        found = taxing.of_house(desk, of).value
        columns = tax_policy.policy(desk, loaded()).columns
    return download(f"taxable-{of}", *payroll_file.table(found, columns, everybody=show == "all"))


@AREA.page(
    f"{PATH}/{{month}}/{{handle}}",
    name="Payroll of a person",
    question="What counts as pay, and which rule says so?",
    action="tax.read",
    whose="house",
    in_menu=False,
)
def one(
    visit: Visit, month: Annotated[str, Path(max_length=10)], handle: Annotated[str, Path(max_length=200)]
) -> Response:
    """One person's month with every rule behind it, as they see it themselves."""
    of = months.checked(month)
    with reading(visit.caller.desks.engine) as connection:
        subject, _ = required(connection, visit.actor, TAX, handle)
    visit.look(TAX, [subject], f"taxable amounts of {of}")
    with visit.desk() as desk:
        found = taxing.of_person(desk, subject.person, of)
    now = months.month_of(visit.now)
    return visit.show(
        "finance/payroll_person.html",
        taxed=found,
        month=of,
        title=months.title(of),
        before=f"{PATH}/{months.following(of, -1)}/{found.handle}",
        following=f"{PATH}/{months.following(of)}/{found.handle}" if of < now else "",
        path=PATH,
    )


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
