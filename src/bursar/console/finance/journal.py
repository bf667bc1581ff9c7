"""The journal of a month: what is to be booked, from what, and the files that take it elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, TypeVar

from fastapi import Form, Query
from starlette.responses import Response

from bursar.console.finance.area import AREA
from bursar.console.sheet import download, streamed
from bursar.console.visit import Visit
from bursar.errors import BursarError, InvalidInput
from bursar.exchange import journal as journal_files
from bursar.exchange.focus.columns import checked_version
from bursar.exchange.journal import Journal
from bursar.exchange.journal.chart import TEMPLATE
from bursar.ledger.session import Session
from bursar.office import months
from bursar.office.access import action, reach
from bursar.office.books import chart as charts
from bursar.office.books import focus_export, journals
from bursar.office.books.focus_export import Wanted
from bursar.office.database import reading
from bursar.office.oversight.subjects import everybody
from bursar.office.standing import Taken

BOOKS = action("books.read")
CLOSE = action("books.close")
PAYROLL = action("payroll.export")
PATH = "/finance/journal"
KINDS = {
    "purchase": "Credits bought",
    "usage": "Use",
    "correction": "Corrections of earlier months",
    "reversal": "Reversal of last month's accrual",
    "accrual": "Accrual of what was promised",
}
LINES_SHOWN = 200
"""Of the page; the files have all."""

MonthOf = Annotated[str, Query(alias="month", max_length=10)]
T = TypeVar("T")


@AREA.page(PATH, name="Journal", question="What is to be booked, and from what?", action="books.read", whose="house")
def page(visit: Visit, month: MonthOf = "", done: str = "") -> Response:
    now, of = months.month_of(visit.now), _month(visit, month)
    visit.look(BOOKS, [everybody(visit.actor)], f"journal of {of}")
    found = _journal(visit, of)
    lines = [(entry, line) for entry in found.value.entries for line in entry.lines]
    return visit.show(
        "finance/journal.html",
        journal=found.value,
        lines=lines[:LINES_SHOWN],
        more=max(0, len(lines) - LINES_SHOWN),
        kinds=KINDS,
        month=of,
        title=months.title(of),
        month_title=months.title,
        before=f"{PATH}?month={months.following(of, -1)}",
        following=f"{PATH}?month={months.following(of)}" if of < now else "",
        may_payroll=visit.reaches(PAYROLL, "house"),
        may_change=_may_change(visit),
        as_of=found.at,
        path=PATH,
        done=done,
    )


@AREA.page(f"{PATH}.csv", name="", question="", action="books.read", whose="house", in_menu=False)
def sheet(visit: Visit, month: MonthOf = "") -> Response:
    """Every line with what it was made from."""
    of = _month(visit, month)
    visit.look(BOOKS, [everybody(visit.actor)], f"journal of {of}, as a file")
    return download(f"journal-{of}", journal_files.COLUMNS, journal_files.csv_rows([_journal(visit, of).value]))


@AREA.page(f"{PATH}.beancount", name="", question="", action="books.read", whose="house", in_menu=False)
def beancount(visit: Visit, month: MonthOf = "") -> Response:
    """The same as a beancount file."""
    of = _month(visit, month)
    visit.look(BOOKS, [everybody(visit.actor)], f"journal of {of}, as a file")
    text = journal_files.beancount_text([_journal(visit, of).value], f"Bursar {of}")
    return streamed(f"journal-{of}.beancount", "text/plain; charset=utf-8", iter([text.encode()]))


@AREA.page("/finance/focus.csv", name="", question="", action="books.read", whose="house", in_menu=False)
def focus(visit: Visit, month: MonthOf = "", focus: Annotated[str, Query(max_length=10)] = "1.0") -> Response:
    """Every charge of a month as FOCUS, however many there are: a desk is lent for each piece, never while bytes travel."""
    of = _month(visit, month)
    checked_version(focus)
    visit.look(BOOKS, [everybody(visit.actor)], f"charges of {of}, as a FOCUS file")
    caller = visit.caller

    def read(work: Callable[[Session], T]) -> T:
        with caller.desk() as desk:
            return desk.store.read(work)

    wanted = Wanted(of, of, version=focus)
    with reading(caller.desks.engine) as connection:
        periods = focus_export.periods(connection, read, wanted)
    pieces = focus_export.csv_pieces(periods, read, wanted)
    return streamed(f"focus-{of}.csv", "text/csv; charset=utf-8", pieces)


@AREA.page(
    f"{PATH}/chart",
    name="Chart of accounts",
    question="Which account takes what?",
    action="books.read",
    whose="house",
    in_menu=False,
)
def chart(visit: Visit) -> Response:
    visit.require(BOOKS)
    with reading(visit.caller.desks.engine) as connection:
        text = charts.text_of(connection)
    return _chart(visit, text)


@AREA.form(
    f"{PATH}/chart",
    action="books.close",
    whose="house",
    name="Chart of accounts",
    question="Which account takes what?",
)
def change(visit: Visit, text: Annotated[str, Form(max_length=300_000)] = "") -> Response:
    """Put a chart into force for every month that is not closed."""
    visit.require(CLOSE)
    text = text.replace("\r\n", "\n")
    try:
        with visit.desk() as desk:
            charts.replace(desk, text)
    except BursarError as error:
        shown = InvalidInput("text", *_told(error)) if isinstance(error, InvalidInput) else error
        return _chart(visit, text, shown)
    return visit.done(PATH, "chart")


def _told(error: InvalidInput) -> tuple[str, str, str]:
    """A fault of a field of the document is one of the text that it stands in."""
    return f"{error.field}: {error.found}", error.expected, error.hint


def _chart(visit: Visit, text: str, error: BursarError | None = None) -> Response:
    values: dict[str, Any] = {
        "text": text or TEMPLATE,
        "own": bool(text),
        "may_change": _may_change(visit),
        "path": f"{PATH}/chart",
    }
    if error is not None:
        return visit.show_faults("finance/chart.html", error, **values)
    return visit.show("finance/chart.html", **values)


def _month(visit: Visit, month: str) -> str:
    """The month that is asked for; without one, the last that is over."""
    return months.checked(month or months.following(months.month_of(visit.now), -1))


def _journal(visit: Visit, month: str) -> Taken[Journal]:
    with visit.desk() as desk:
        return journals.standing(desk, month)


def _may_change(visit: Visit) -> bool:
    return "organisation" in reach(visit.actor, CLOSE)
