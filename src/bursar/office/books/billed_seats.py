"""Seats that a vendor bills beside the seats that are paid from people's allotments: who has one, and who uses it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from bursar.calendar import from_micros
from bursar.exchange.provider_bills import Seat
from bursar.office.database import reading
from bursar.office.granting import seats
from bursar.office.tables import ORGANISATION, billed_seat
from bursar.office.workforce import people

if TYPE_CHECKING:
    from bursar.office.desk import Desk

IDLE_DAYS = 30
"""A seat that nobody has used for so long is called idle."""


@dataclass(frozen=True, slots=True)
class SeatLine:
    """One seat, as the vendor bills it and as the allotments pay it."""

    product: str
    login: str
    """As the vendor names whoever has it; "" where the vendor does not bill it."""
    person: str
    """Handle; "" where nobody of the roster is known by that login or address."""
    state: str
    """`paid` (billed and paid from an allotment), `unpaid` (billed alone), `unbilled` (paid alone), `unknown` (billed, and
    nobody's)."""
    idle: bool
    last_used: str
    seat: str
    amount_nanos: int
    unit: str


def lines(desk: Desk) -> list[SeatLine]:
    """Every seat of the products that a vendor has told of, by product and who has it."""
    with reading(desk.engine) as connection:
        rows = connection.execute(select(billed_seat).where(billed_seat.c.organisation == ORGANISATION)).all()
        roster = [one for one in people.listed(connection) if one["organisation"] == desk.settings.organisation]
    told = [Seat(row.product, row.login, row.email, row.since, row.last_used, row.ends) for row in rows]
    today = from_micros(desk.now()).date()
    return compared(told, seats.listed(desk), roster, today)


def compared(
    told: Iterable[Seat], paid: Sequence[Mapping[str, Any]], roster: Iterable[Mapping[str, Any]], today: date
) -> list[SeatLine]:
    """The vendor's list and the house's own, side by side. People are known by their address, else by their handle."""
    by_name = {}
    for one in roster:
        by_name[str(one["handle"]).lower()] = str(one["handle"])
        if one["email"]:
            by_name[str(one["email"]).lower()] = str(one["handle"])
    since = (today - timedelta(days=IDLE_DAYS)).isoformat()
    running = {
        (one["person"], one["product"]): one
        for one in paid
        if one["starts"] <= today.isoformat() <= (one["ends"] or "9999")
    }
    found, products = [], set()
    for seat in told:
        products.add(seat.product)
        handle = by_name.get(seat.email.lower()) or by_name.get(seat.login.lower(), "")
        own = running.pop((handle, seat.product), None)
        state = "unknown" if not handle else "unpaid" if own is None else "paid"
        # A vendor that never tells when a seat was used says nothing about idleness.
        idle = bool(seat.last_used) and seat.last_used < since
        found.append(_line(seat.product, seat.login, handle, state, idle, seat.last_used, own))
    found += [
        _line(product, "", handle, "unbilled", False, "", own)
        for (handle, product), own in running.items()
        if product in products
    ]
    return sorted(found, key=lambda one: (one.product, one.state == "paid", one.person or one.login))


def _line(
    product: str, login: str, handle: str, state: str, idle: bool, last_used: str, own: Mapping[str, Any] | None
) -> SeatLine:
    amount, unit = (own["amount_nanos"], own["unit"]) if own else (0, "USD")
    return SeatLine(product, login, handle, state, idle, last_used, own["id"] if own else "", amount, unit)
