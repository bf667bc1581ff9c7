"""A person's statement as people read it: days of requests as one line each, everything else for itself, and any day in full.

The same opening, closing and sums as the statement that names every request (`reports.statement`), without replaying it.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from itertools import groupby
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from bursar.calendar import from_micros, micros, months_later, parse_zone, to_local, to_utc
from bursar.ledger import reading as ledger
from bursar.ledger.summary import MICROS_PER_HOUR, Happened, Hour, summary
from bursar.office.figures import reports

if TYPE_CHECKING:
    from bursar.office.desk import Desk

CHARGES_AT_ONCE = 100


def month(desk: Desk, person: str, first: date) -> dict[str, Any]:
    """A month of the person's zone, up to now at most; in USD, with every other unit that was moved in it beside."""
    holder = desk.person(person)
    zone = parse_zone(holder["zone"])
    start = _midnight(first, zone)
    end = min(_midnight(months_later(first, 1), zone), desk.now() + 1)
    units = desk.store.read(lambda session: ledger.units_of(session, holder["id"]))

    def account(unit: str) -> dict[str, Any]:
        found = desk.store.read(lambda session: summary(session, holder["id"], start, end, unit))
        lines = _lines(found.hours, found.events, zone, found.opening)
        return {
            "unit": unit,
            "opening_nanos": found.opening,
            "closing_nanos": found.closing,
            "spent_nanos": sum(one["spent_nanos"] for one in lines),
            "added_nanos": sum(one["change_nanos"] for one in lines if one["change_nanos"] > 0),
            "lines": lines,
        }

    usual, *others = (account(unit) for unit in (reports.UNIT, *(one for one in units if one != reports.UNIT)))
    return {
        "person": holder["handle"],
        "from_micros": start,
        "until_micros": end,
        **usual,
        "other_units": [one for one in others if one["lines"] or one["opening_nanos"]],
    }


def day(desk: Desk, person: str, on: date, before_seq: int | None = None) -> list[ledger.ChargeLine]:
    """The requests of a day of the person's zone, the newest first; one more than `CHARGES_AT_ONCE` if there are more."""
    holder = desk.person(person)
    zone = parse_zone(holder["zone"])
    start, end = _midnight(on, zone), _midnight(on + timedelta(days=1), zone)
    return desk.store.read(
        lambda session: ledger.recent_charges(
            session, CHARGES_AT_ONCE + 1, holder["id"], before_seq, start=start, end=end
        )
    )


def _lines(hours: list[Hour], events: list[Happened], zone: ZoneInfo, opening: int) -> list[dict[str, Any]]:
    """In the order of time, with the balance after each; the requests of a day stand where its last hour with any ends."""
    found = [_day(on, list(some)) for on, some in groupby(hours, lambda one: _date(one.hour * MICROS_PER_HOUR, zone))]
    found += [
        {
            "at_micros": one.at,
            "day": "",
            "kind": one.kind,
            "what": one.model or one.label,
            "requests": 0,
            "change_nanos": one.change,
            "spent_nanos": one.spent,
            "note": one.note,
        }
        for one in events
    ]
    found.sort(key=lambda one: one["at_micros"])
    for line in found:
        opening += line["change_nanos"]
        line["balance_nanos"] = opening
    return found


def _day(on: date, hours: list[Hour]) -> dict[str, Any]:
    return {
        "at_micros": (hours[-1].hour + 1) * MICROS_PER_HOUR - 1,
        "day": on.isoformat(),
        "kind": "requests",
        "what": "",
        "requests": sum(one.requests for one in hours),
        "change_nanos": sum(one.change for one in hours),
        "spent_nanos": sum(one.spent for one in hours),
        "note": "",
    }


def _date(at: int, zone: ZoneInfo) -> date:
    return to_local(from_micros(at), zone).date()


def _midnight(on: date, zone: ZoneInfo) -> int:
    return micros(to_utc(datetime.combine(on, time()), zone))
