"""The close of the month: what is frozen, what came late, and how a month is closed and opened again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from typing import Annotated, Any

from fastapi import Form, Path, Query
from starlette.responses import Response

from bursar.console import working
from bursar.console.finance.area import AREA
from bursar.console.sheet import download
from bursar.console.visit import Visit
from bursar.errors import BursarError, Conflict, InvalidInput
from bursar.exchange.sheets import Cell, number
from bursar.office import months, naming
from bursar.office.access import action, reach
from bursar.office.books import closes
from bursar.office.books.closing import MovementLine, UsageLine
from bursar.office.database import reading
from bursar.office.desk import Desk
from bursar.office.figures.house_spending import Sums
from bursar.office.oversight.subjects import everybody
from bursar.office.standing import taken
from bursar.office.workforce import people

BOOKS = action("books.read")
CLOSE = action("books.close")
PATH = "/finance/close"
DOING = "Counting the month and freezing it"
SHEETS = ("plans", "usage")

Month = Annotated[str, Path(max_length=10)]
Note = Annotated[str, Form(max_length=5_000)]
Number = Annotated[int, Query(alias="number", ge=0, le=10_000)]


@AREA.page(PATH, name="Close of the month", question="Which months are final?", action="books.read", whose="house")
def page(visit: Visit) -> Response:
    visit.look(BOOKS, [everybody(visit.actor)], "close of the month")
    with visit.desk() as desk:
        found = closes.periods(desk)
        late = closes.pending(desk).value
    with reading(visit.caller.desks.engine) as connection:
        names = naming.actors(connection, [one.close.actor for one in found if one.close])
    return visit.show(
        "finance/closes.html",
        periods=found,
        late=_by_month(late),
        names=names,
        month_title=months.title,
        may_close=_may_close(visit),
    )


@AREA.page(
    PATH + "/{month}",
    name="Close",
    question="What is final, and what came late?",
    action="books.read",
    whose="house",
    in_menu=False,
)
def month_page(visit: Visit, month: Month, number: Number = 0, done: str = "") -> Response:
    visit.look(BOOKS, [everybody(visit.actor)], f"books of {months.checked(month)}")
    return _shown(visit, month, number=number, done=done)


@AREA.part(PATH + "/{month}/progress", action="books.read", whose="house")
def progress(visit: Visit, month: Month) -> Response:
    visit.require(BOOKS)
    kind = closes.kind_of(months.checked(month))
    return working.followed(visit, kind, f"{PATH}/{month}/progress", f"{PATH}/{month}/cancel", DOING)


@AREA.form(
    PATH + "/{month}", action="books.close", whose="house", name="Close", question="What is final, and what came late?"
)
def close(visit: Visit, month: Month, note: Note = "") -> Response:
    """Freeze the month; large ones go on while the page is left."""
    visit.require(CLOSE)
    try:
        closes.checked_note(note)
        with visit.desk() as desk:
            closes.refuse_early(desk, month)
        asked = {"period": month, "note": note.strip()}
        found = working.begin(visit, closes.kind_of(month), f"Close of {months.title(month)}", asked)
        if found.state == "failed":
            raise Conflict(found.problem, found.hint)
    except BursarError as error:
        return _shown(visit, month, error=error, note=note)
    return visit.done(f"{PATH}/{month}", "closed" if found.state == "done" else "")


@AREA.form(
    PATH + "/{month}/reopen",
    action="books.close",
    whose="house",
    name="Close",
    question="What is final, and what came late?",
)
def reopen(visit: Visit, month: Month, reason: Note = "") -> Response:
    """Open the last closed month again, with the reason."""
    visit.require(CLOSE)
    try:
        with visit.desk() as desk:
            closes.reopen(desk, months.checked(month), reason.strip())
    except BursarError as error:
        return _shown(visit, month, error=error, reason=reason)
    return visit.done(f"{PATH}/{month}", "reopened")


@AREA.form(PATH + "/{month}/cancel", action="books.close", whose="house")
def cancel(visit: Visit, month: Month) -> Response:
    visit.require(CLOSE)
    return working.cancelled(visit, closes.kind_of(months.checked(month)), f"{PATH}/{month}")


@AREA.page(PATH + "/{month}/{what}.csv", name="", question="", action="books.read", whose="house", in_menu=False)
def sheet(visit: Visit, month: Month, what: Annotated[str, Path(max_length=10)], number_: Number = 0) -> Response:
    """The frozen lines as CSV: `plans` is the roll-forward, `usage` every person and provider."""
    if what not in SHEETS:
        raise InvalidInput("sheet", repr(what), f"one of {', '.join(SHEETS)}")
    visit.look(BOOKS, [everybody(visit.actor)], f"books of {months.checked(month)}, {what} as a file")
    with reading(visit.caller.desks.engine) as connection:
        found = closes.frozen(connection, month, number_)
        handles = {one["id"]: one["handle"] for one in people.listed(connection)}
    rows: list[tuple[Cell, ...]]
    if what == "plans":
        columns = list(MovementLine.__slots__)
        rows = [
            (one.concerns, one.plan, one.unit, *(number(getattr(one, name)) for name in columns[3:]))
            for one in found.movement
        ]
    else:
        columns = [
            "concerns",
            "person",
            "team",
            "provider",
            "unit",
            "purpose",
            "class",
            "requests",
            "amount",
            "list USD",
            "cost USD",
            "overage",
        ]
        rows = [
            (
                one.concerns,
                handles.get(one.person, one.person),
                one.team,
                one.provider,
                one.unit,
                one.purpose,
                one.plan_class,
                one.requests,
                *(number(amount) for amount in one.figures[1:]),
            )
            for one in found.usage
        ]
    return download(f"close-{month}-{found.close.number}-{what}", columns, rows)


def _shown(
    visit: Visit,
    month: str,
    *,
    number: int = 0,
    done: str = "",
    error: BursarError | None = None,
    note: str = "",
    reason: str = "",
) -> Response:
    """A month with everything that is known of its close; with an error, its form again."""
    months.checked(month)
    with visit.desk() as desk:
        listed = {one.period: one for one in closes.periods(desk)}
        with reading(desk.engine) as connection:
            every = closes.closes_of(connection, month)
        chosen = number or next((one.number for one in reversed(every) if one.in_force), 0)
        shown = taken(desk, f"close:{month}:{chosen}", partial(_figures, month, chosen)).value if chosen else None
        late = _merged(("", one) for one in closes.pending(desk).value if one.concerns == month)
    with reading(visit.caller.desks.engine) as connection:
        later = _merged(closes.booked_later(connection, month)) if chosen else []
        names = naming.actors(connection, [name for one in every for name in (one.actor, one.reopened_by) if name])
        handles = naming.subjects(connection, {one.person for _, one in (*late, *later)})
    values: dict[str, Any] = {
        "month": month,
        "title": months.title(month),
        "month_title": months.title,
        "period": listed.get(month),
        "last_closed": max((one.period for one in listed.values() if one.close), default=""),
        "last": working.newest(visit, closes.kind_of(month)),
        "every": every,
        "close": next((one for one in every if one.number == chosen), None),
        "shown": shown,
        "later": later,
        "late": [one for _, one in late],
        "names": names,
        "handles": handles,
        "may_close": _may_close(visit),
        "doing": DOING,
        "path": f"{PATH}/{month}",
        "done": done,
        "note": note,
        "reason": reason,
    }
    if error is not None:
        return visit.show_faults("finance/close.html", error, **values)
    return visit.show("finance/close.html", **values)


def _merged(lines: Iterable[tuple[str, UsageLine]]) -> list[tuple[str, UsageLine]]:
    """Lines by person and provider, whatever purpose and class they have: what came late is told once."""
    found: dict[tuple[str, str, str, str], UsageLine] = {}
    for where, one in lines:
        key = (where, one.person, one.provider, one.unit)
        before = found.get(key)
        found[key] = one if before is None else replace(before, **_added(before, one))
    return [(key[0], one) for key, one in found.items() if any(one.figures)]


def _added(one: UsageLine, other: UsageLine) -> dict[str, Any]:
    names = ("requests", "amount", "list_nanos", "cost_nanos", "overage")
    return {name: getattr(one, name) + getattr(other, name) for name in names}


def _figures(month: str, number: int, desk: Desk) -> dict[str, Any]:
    """The frozen lines as the page's tables have them, held against their digest. Raises NotFound."""
    with reading(desk.engine) as connection:
        found = closes.frozen(connection, month, number)
    period = found.close.period
    own = [one for one in found.usage if one.concerns == period]
    return {
        "whole": _sum(own),
        "providers": _grouped(own, "provider"),
        "teams": _grouped(own, "team"),
        "movement": [one for one in found.movement if one.concerns == period],
        "corrections": _by_month([one for one in found.usage if one.concerns != period]),
        "people": len({one.person for one in own}),
        "intact": found.whole,
    }


def _grouped(lines: list[UsageLine], name: str) -> list[tuple[str, str, Sums]]:
    """Key, unit and sums, the largest first."""
    groups: dict[tuple[str, str], list[UsageLine]] = {}
    for one in lines:
        groups.setdefault((getattr(one, name), one.unit), []).append(one)
    found = [(key, unit, _sum(some)) for (key, unit), some in groups.items()]
    return sorted(found, key=lambda one: (one[1] != "USD", -one[2].amount, one[0]))


def _sum(lines: list[UsageLine]) -> Sums:
    """In list price and cost, which are USD whatever the unit of an amount is."""
    listed = sum(one.list_nanos for one in lines)
    return Sums(
        requests=sum(one.requests for one in lines),
        amount=listed,
        list_nanos=listed,
        cost_nanos=sum(one.cost_nanos for one in lines),
    )


def _by_month(lines: list[UsageLine]) -> dict[str, Sums]:
    found: dict[str, list[UsageLine]] = {}
    for one in lines:
        found.setdefault(one.concerns, []).append(one)
    return {month: _sum(some) for month, some in sorted(found.items())}


def _may_close(visit: Visit) -> bool:
    return "organisation" in reach(visit.actor, CLOSE)
