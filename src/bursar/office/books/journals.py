"""A month's journal: of a closed month from what was frozen, of an open one from what is known, which moves until it closes.

A closed month's journal is drawn up anew from frozen lines and the chart that was frozen with them, so it never changes. What
comes to be known of it later stands in the journal of the next month that is closed, as a correction that names it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

from sqlalchemy import Connection, func, select

from bursar.errors import Conflict
from bursar.exchange.journal import Carried, Chart, Figure, Journal, Month, Purchase, draw_up
from bursar.ledger.session import Session, wide, wide_sum
from bursar.office.books import chart as charts
from bursar.office.books import closes
from bursar.office.books.classes import plan_kinds
from bursar.office.books.closing import MovementLine, UsageLine, movement_lines
from bursar.office.books.month_reading import PLAN, PLAN_JOINED, moved_in, present_in
from bursar.office.database import reading
from bursar.office.months import checked, following, micros_of, month_of, months_between, title
from bursar.office.standing import Taken, taken
from bursar.office.tables import ORGANISATION, period_close, period_usage

if TYPE_CHECKING:
    from bursar.office.desk import Desk

MAX_MONTHS = 120
"""Journals of one file."""


def journal(desk: Desk, month: str, at: int = 0) -> Journal:
    """A month's journal; as of an instant (microseconds UTC), if one is given.

    Raises Conflict for an instant at which the month was not closed: what moves cannot be had as it was.
    """
    checked(month)
    with reading(desk.engine) as connection:
        found = _in_force(connection, month, at)
        if found is not None:
            return _of_close(connection, found, at)
    if at:
        raise Conflict(f"{title(month)} was not closed then", "the journal of an open month is drawn up as of now only")
    return _preview(desk, month)


def standing(desk: Desk, month: str) -> Taken[Journal]:
    """A month's journal to be looked at: in a large house as it stood a moment ago."""
    return taken(desk, f"journal:{month}", lambda own: journal(own, month))


def journals(desk: Desk, first: str, last: str, at: int = 0) -> list[Journal]:
    """Those of some months, both included. Raises Conflict as `journal` does, and for too many months."""
    names = months_between(checked(first, "from"), checked(last, "to"))
    if len(names) > MAX_MONTHS:
        raise Conflict(f"{len(names)} months are too many for one file", f"at most {MAX_MONTHS}")
    return [journal(desk, name, at) for name in names]


def _in_force(connection: Connection, month: str, at: int) -> closes.Close | None:
    """The close of a month that is in force, or was at an instant."""
    for one in reversed(closes.closes_of(connection, month)):
        if (one.in_force and not at) or (at and one.closed <= at and not 0 < one.reopened <= at):
            return one
    return None


def _of_close(connection: Connection, one: closes.Close, at: int) -> Journal:
    found = closes.frozen(connection, one.period, one.number)
    chart, accumulating = charts.frozen_with(one.books)
    carried = [
        Carried(line.plan, line.closing, line.plan in accumulating)
        for line in found.movement
        if line.concerns == one.period and line.unit == "USD"
    ]
    figures = [_figure(line) for line in found.usage]
    return _drawn_up(connection, one.period, figures, carried, chart, closed=True, at=at)


def _preview(desk: Desk, month: str) -> Journal:
    with reading(desk.engine) as connection:
        closed, kinds = closes.closed_until(connection), plan_kinds(connection)
        chart = charts.chart_of(charts.text_of(connection))
        last = None if closed is None else closes.frozen(connection, closed.last)
    # Only the next month to be closed books what came late.
    ours = closed if closed is not None and month == following(closed.last) else None
    present = desk.store.read(lambda session: present_in(session, month, ours, session.head().seq, kinds))
    lines = closes.booked_lines(desk, present)
    carried = [
        Carried(plan, nanos, plan in kinds.accumulating) for plan, nanos in _carried(desk, month, chart, last).items()
    ]
    with reading(desk.engine) as connection:
        return _drawn_up(connection, month, [_figure(one) for one in lines], carried, chart, closed=False, at=0)


def _drawn_up(
    connection: Connection,
    month: str,
    figures: list[Figure],
    carried: list[Carried],
    chart: Chart,
    *,
    closed: bool,
    at: int,
) -> Journal:
    """A journal with what it carries on from the month before, where that one is closed."""
    before = _in_force(connection, following(month, -1), at)
    first = date(int(month[:4]), int(month[5:]), 1)
    earlier = [one for one in chart.purchases if one.day < first]
    accrued, late = 0, list[Purchase]()
    if before is not None:
        chart_then, accumulating = charts.frozen_with(before.books)
        then = closes.frozen(connection, before.period, before.number)
        carried_then = [
            Carried(line.plan, line.closing, line.plan in accumulating)
            for line in then.movement
            if line.concerns == before.period and line.unit == "USD"
        ]
        used_then = [_figure(line) for line in then.usage]
        accrued = draw_up(Month(before.period, used_then, carried_then), chart_then).memo.accrued
        known = [one for one in chart_then.purchases if one.day < first]
        late = [one for one in earlier if one not in known]
        late += [replace(one, nanos=-one.nanos) for one in known if one not in earlier]
        earlier = known
    opening = sum(one.nanos for one in earlier) - _prepaid_used(connection, month, chart, earlier)
    return draw_up(Month(month, figures, carried, accrued, opening, late, closed), chart)


def _prepaid_used(connection: Connection, month: str, chart: Chart, purchases: Iterable[Purchase]) -> int:
    """What closed months since the first purchase booked at providers that are paid beforehand, nano-USD at cost."""
    since = min((f"{one.day:%Y-%m}" for one in purchases), default="")
    if not since:
        return 0
    usage, row = period_usage.c, period_close.c
    query = (
        select(usage.provider, usage.period, func.sum(usage.cost_nanos).label("cost"))
        .join(
            period_close,
            (row.organisation == usage.organisation) & (row.period == usage.period) & (row.number == usage.number),
        )
        .where(usage.organisation == ORGANISATION, usage.period >= since, usage.period < month, row.reopened == 0)
        .group_by(usage.provider, usage.period)
    )
    return sum(int(one.cost) for one in connection.execute(query) if chart.paid_by(one.provider) == "prepaid")


def _carried(desk: Desk, month: str, chart: Chart, last: closes.Frozen | None) -> dict[str, int]:
    """What is promised and unused by plan: of the month that is running as it stands now, of one that is over at its end."""
    if month >= month_of(desk.now()):
        return desk.store.read(_standing)
    if chart.accrual.plans == "none":  # to be disclosed when it is closed; counting it reads every entry of the month
        return {}
    start, _ = micros_of(month)

    def read(session: Session) -> list[MovementLine]:
        moved = moved_in(
            session, month, start, 0 if last is None else last.close.seq, session.head().seq, lambda done, whole: None
        )
        closings = {} if last is None else {(one.plan, one.unit): one.closing for one in closes.own_lines(last)}
        return movement_lines(month, moved, closings, first=last is None)

    lines = desk.store.read(read)
    return {one.plan: one.closing for one in lines if one.concerns == month and one.unit == "USD"}


def _standing(session: Session) -> dict[str, int]:
    rows = session.rows(
        f"SELECT {PLAN}, {wide_sum('l.available')}, {wide_sum('l.held')} FROM lot l {PLAN_JOINED} "
        "WHERE l.unit = 'USD' AND l.live = 1 GROUP BY 1"
    )
    return {str(row[0]): wide(row[1], row[2]) + wide(row[3], row[4]) for row in rows}


def _figure(one: UsageLine) -> Figure:
    return Figure(
        one.concerns,
        one.person,
        one.team,
        one.provider,
        one.purpose,
        one.plan_class,
        one.requests,
        one.list_nanos,
        one.cost_nanos,
    )
