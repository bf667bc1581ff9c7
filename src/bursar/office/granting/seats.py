"""Seats: subscriptions that are paid for a person from the lots that everything else is paid from.

A seat is a row; what it costs when follows from `plans.seats`. Charges happen at the instant they were due, recorded now,
under ids that follow from the seat and the day: whoever runs the calendar, however late and however often, charges once.
Where no lot covers a seat, the charge is overage that everybody can see: the subscription was paid anyway.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Engine, Row, func, insert, select, update

from bursar.calendar import from_micros, parse_interval, parse_zone, to_local
from bursar.errors import Conflict, InvalidInput, NotFound
from bursar.ledger import Answer, Applied, Charge, Correct, Rejected, Request, Store, Usage, apply_now
from bursar.ledger.lateness import Dated, charge_in_the_past
from bursar.money import Amount, Unit, format_amount, parse_amount
from bursar.office.database import reading, transaction
from bursar.office.tables import control_version, seat
from bursar.office.workforce import people
from bursar.office.workforce.roster import check_date
from bursar.plans.seats import SeatCharge, SeatTerms, due, next_due

if TYPE_CHECKING:
    from bursar.office.desk import Desk

PROVIDER = "seat"
"""The provider of every charge of a seat: a lot with this scope pays seats only."""
PURPOSE = "work"
NOTHING_DUE = 2**62
"""The next charge of a seat that is over."""
MAX_PRODUCT_CHARS = 100
MAX_SEATS_OF_A_PERSON = 200
SEATS_AT_ONCE = 1_000
"""Seats that are looked at in one go."""
CHARGES_AT_ONCE = 1_000
"""Charges in one transaction of the ledger."""
MAX_BACKDATED_DAYS = 400
"""How long ago a seat may have begun when it is added: all its charges since are made at once."""


@dataclass(frozen=True, slots=True)
class Seat:
    """A subscription of a person; `next_due` is the instant of the first charge that has not been made."""

    id: str
    person: str
    product: str
    terms: SeatTerms
    next_due: int
    created: int


@dataclass(frozen=True, slots=True)
class Charged:
    """A charge of a seat that has been made; `overage` is what no lot covered, nano-units."""

    seat: Seat
    charge: SeatCharge
    overage: int


# What an administrator does.


def add(
    desk: Desk,
    person: str,
    product: str,
    amount: str,
    *,
    every: str = "month",
    starts: str = "",
    ends: str = "",
    anchor: str = "",
    proration: str = "none",
) -> dict[str, Any]:
    """Pay a subscription for a person from their lots, from its first day on; what is due already is charged now."""
    _run_calendar(desk, desk.person(person)["id"])
    with transaction(desk.engine) as connection:
        holder = people.named(connection, person)
        first = _date(starts, "starts") if starts else _today(desk, holder["zone"])
        terms = SeatTerms(
            desk.new_id("seat"),
            parse_amount(amount),
            parse_interval(every, field="every"),
            parse_zone(holder["zone"]),
            first,
            _date(ends, "ends") if ends else None,
            _date(anchor, "anchor") if anchor else None,
            proration,  # type: ignore[arg-type]
        )
        _check_product(product)
        if terms.ends is not None and terms.ends < first:
            raise InvalidInput("ends", terms.ends.isoformat(), f"{first.isoformat()} or later: the last day")
        if (_today(desk, holder["zone"]) - first).days > MAX_BACKDATED_DAYS:
            raise InvalidInput("starts", first.isoformat(), f"a day of the last {MAX_BACKDATED_DAYS}, or a later one")
        held = select(func.count()).select_from(seat).where(seat.c.person == holder["id"])
        if connection.execute(held).scalar_one() >= MAX_SEATS_OF_A_PERSON:
            raise Conflict(f"{holder['handle']} has {MAX_SEATS_OF_A_PERSON} seats, the most there can be")
        following = next_due(terms, terms.opening - 1)
        row = {
            "id": terms.seat,
            "person": holder["id"],
            "product": product,
            "amount_nanos": terms.amount.nanos,
            "unit": str(terms.amount.unit),
            "every": str(terms.every),
            "zone": terms.zone.key,
            "starts": terms.starts.isoformat(),
            "ends": terms.ends.isoformat() if terms.ends else "",
            "anchor": terms.anchor.isoformat() if terms.anchor else "",
            "proration": terms.proration,
            "next_due": NOTHING_DUE if following is None else following,
            "created": desk.now(),
        }
        connection.execute(insert(seat).values(**row))
        desk.note(connection, "seat.add", terms.seat, {**row, "next_due": row["next_due"]})
    _run_calendar(desk, holder["id"])
    return _document(_named(desk, terms.seat), holder["handle"])


def end(desk: Desk, seat_id: str, on: str) -> dict[str, Any]:
    """End a seat with its last day; charges that paid for days after it are corrected by the seat's own proration.

    A day before the first one takes the seat back altogether.
    """
    last = _date(on, "on")
    _run_calendar(desk, _named(desk, seat_id).person)  # what was due under the old terms is charged under them
    found = _named(desk, seat_id)
    if found.terms.ends is not None and last >= found.terms.ends:
        raise Conflict(
            f"seat {seat_id} ends on {found.terms.ends.isoformat()} already",
            "a seat can be ended earlier, not later: add another one from the day after",
        )
    after = replace(found.terms, ends=last)
    corrected = _correct(desk, found, after)  # first: whoever is interrupted here ends the seat again
    with transaction(desk.engine) as connection:
        following = next_due(after, found.next_due - 1)
        values = {"ends": last.isoformat(), "next_due": NOTHING_DUE if following is None else following}
        connection.execute(update(seat).where(seat.c.id == seat_id).values(**values))
        desk.note(connection, "seat.end", seat_id, {"on": last.isoformat()})
        holder = people.named(connection, found.person)
    return {**_document(_named(desk, seat_id), holder["handle"]), "corrected": corrected}


def end_all(desk: Desk, person: str, on: str, *, dry_run: bool = False) -> list[dict[str, Any]]:
    """End every seat of a person that goes on after a day, as `end` does: the person leaves."""
    going = [one for one in listed(desk, person) if one["ends"] is None or one["ends"] > on]
    return going if dry_run else [end(desk, one["id"], on) for one in going]


def listed(desk: Desk, person: str = "") -> list[dict[str, Any]]:
    """Seats of everybody or of one person, by person and product."""
    with reading(desk.engine) as connection:
        names = {one["id"]: one["handle"] for one in people.listed(connection)}
        query = select(seat)
        if person:
            query = query.where(seat.c.person == people.named(connection, person)["id"])
        found = [_seat(row) for row in connection.execute(query)]
    return sorted(
        (_document(one, names[one.person]) for one in found), key=lambda one: (one["person"], one["product"], one["id"])
    )


# The calendar.


def next_instant(engine: Engine, person: str = "") -> int:
    """When a seat falls due next, `NOTHING_DUE` if none does."""
    query = select(func.min(seat.c.next_due))
    if person:
        query = query.where(seat.c.person == person)
    with reading(engine) as connection:
        found = connection.execute(query).scalar_one()
    return NOTHING_DUE if found is None else int(found)


def waiting(engine: Engine, until: int, person: str = "") -> list[tuple[Seat, SeatCharge]]:
    """Charges that are due by an instant and have not been made, in order."""
    with reading(engine) as connection:
        return _in_order(_due_seats(connection, until, person), until)


def run(engine: Engine, store: Store, until: int, *, now: int, person: str = "") -> list[Charged]:
    """Charge everything that is due by an instant, at the instants it was due; returns what was charged."""
    done: list[Charged] = []
    while True:
        with reading(engine) as connection:
            found = _due_seats(connection, until, person, SEATS_AT_ONCE)
        if not found:
            return done
        charges = _in_order(found, until)
        for start in range(0, len(charges), CHARGES_AT_ONCE):
            done += _make(store, charges[start : start + CHARGES_AT_ONCE], now)
        _move_on(engine, found, until)


def describe(one: Seat, charge: SeatCharge) -> dict[str, Any]:
    """A charge as a document of the calendar."""
    amount = Amount(charge.nanos, one.terms.amount.unit)
    return {
        "grant": "",
        "seat": one.id,
        "event": "seat",
        "period": charge.key,
        "at": charge.key,
        "at_micros": charge.at,
        "amount_nanos": charge.nanos,
        "unit": str(amount.unit),
        "expires": None,
        "sentence": f"{format_amount(amount)} charged for {one.product}",
        "evidence": charge.evidence,
    }


def _due_seats(connection: Connection, until: int, person: str, limit: int | None = None) -> list[Seat]:
    query = select(seat).where(seat.c.next_due <= until)
    if person:
        query = query.where(seat.c.person == person)
    return [_seat(row) for row in connection.execute(query.order_by(seat.c.next_due, seat.c.id).limit(limit))]


def _in_order(found: list[Seat], until: int) -> list[tuple[Seat, SeatCharge]]:
    charges = [(one, charge) for one in found for charge in due(one.terms, one.next_due - 1, until)]
    return sorted(charges, key=lambda pair: (pair[1].at, pair[0].id))


def _make(store: Store, charges: list[tuple[Seat, SeatCharge]], now: int) -> list[Charged]:
    # What was due before the seat was added is charged when it was added: the lots of that day pay it.
    dated = [
        Dated(max(charge.at, one.created), _charge(one, charge), _charge(one, charge, late=True))
        for one, charge in charges
    ]
    answers = store.transact(lambda session: charge_in_the_past(session, dated, now, closing=False))
    return [
        Charged(one, charge, answer.overage if isinstance(answer, Applied) else 0)
        for (one, charge), (answer, _) in zip(charges, answers, strict=True)
        if not _was_charged_before(answer)
    ]


def _charge(one: Seat, charge: SeatCharge, *, late: bool = False) -> Charge:
    """The command; late means that it happens in the present because the past has been given away."""
    unit = str(one.terms.amount.unit)
    value = charge.nanos if unit == "USD" else 0
    usage = Usage(provider=PROVIDER, model=one.product, purpose=PURPOSE, list_nanos=value, cost_nanos=value)
    note = f"{one.product}, {charge.evidence}"
    note = f"late: {note}" if late else note
    request = Request(PROVIDER, one.product, PURPOSE)
    return Charge(charge.id, one.person, unit, charge.nanos, request, usage, note)


def _was_charged_before(answer: Answer) -> bool:
    """By another node, or under the terms that the seat had then: a day is charged once, whatever became of them."""
    if isinstance(answer, Rejected) and answer.reason != "conflict":
        raise Conflict(f"the calendar cannot go on: {answer.sentence}")
    return isinstance(answer, Rejected) or (isinstance(answer, Applied) and answer.replayed)


def _move_on(engine: Engine, found: list[Seat], until: int) -> None:
    """Note where every seat stands; the terms may have been changed meanwhile, so they are read again."""
    with transaction(engine) as connection:
        for one in found:
            current = _by_id(connection, one.id)
            following = next_due(current.terms, until)
            connection.execute(
                update(seat)
                .where(seat.c.id == one.id, seat.c.next_due <= until)
                .values(next_due=NOTHING_DUE if following is None else following)
            )
        connection.execute(update(control_version).values(version=control_version.c.version + 1))


def _correct(desk: Desk, found: Seat, after: SeatTerms) -> list[dict[str, Any]]:
    """Bring the charges that were made down to what they would have been under the earlier end."""
    wanted = {one.key: one for one in due(after, after.opening - 1, found.next_due - 1)}
    corrected = []
    for made in due(found.terms, found.terms.opening - 1, found.next_due - 1):
        now = wanted.get(made.key)
        nanos = now.nanos if now else 0
        if nanos == made.nanos:
            continue
        assert after.ends is not None
        last = after.ends.isoformat()
        note = f"{found.product} ends on {last}"
        command = Correct(f"{made.id}:ends:{last}", found.person, made.id, nanos, note=note)
        (answer,) = apply_now(desk.store, [command], desk.now())
        if not isinstance(answer, Applied):
            raise Conflict(answer.sentence if isinstance(answer, Rejected) else answer.reason)
        corrected.append({"day": made.key, "before_nanos": made.nanos, "after_nanos": nanos, "note": note})
    return corrected


def _run_calendar(desk: Desk, person: str) -> None:
    from bursar.office.granting import promises

    promises.run_calendar(desk, person=person)


# Rows and documents.


def _named(desk: Desk, seat_id: str) -> Seat:
    with reading(desk.engine) as connection:
        return _by_id(connection, seat_id)


def _by_id(connection: Connection, seat_id: str) -> Seat:
    row = connection.execute(select(seat).where(seat.c.id == seat_id)).first()
    if row is None:
        raise NotFound(f"there is no seat {seat_id[:80]!r}", "`bursar seat list` shows which there are")
    return _seat(row)


def _seat(row: Row[Any]) -> Seat:
    terms = SeatTerms(
        row.id,
        Amount(row.amount_nanos, Unit(row.unit)),
        parse_interval(row.every),
        parse_zone(row.zone),
        date.fromisoformat(row.starts),
        date.fromisoformat(row.ends) if row.ends else None,
        date.fromisoformat(row.anchor) if row.anchor else None,
        row.proration,
    )
    return Seat(row.id, row.person, row.product, terms, row.next_due, row.created)


def _document(one: Seat, handle: str) -> dict[str, Any]:
    terms = one.terms
    following = None
    if one.next_due < NOTHING_DUE:
        following = to_local(from_micros(one.next_due), terms.zone).date().isoformat()
    return {
        "id": one.id,
        "person": handle,
        "product": one.product,
        "amount_nanos": terms.amount.nanos,
        "unit": str(terms.amount.unit),
        "every": str(terms.every),
        "starts": terms.starts.isoformat(),
        "ends": terms.ends.isoformat() if terms.ends else None,
        "anchor": (terms.anchor or terms.starts).isoformat(),
        "proration": terms.proration,
        "zone": terms.zone.key,
        "next_charge": following,
    }


def _check_product(product: str) -> None:
    if not 0 < len(product.strip()) <= MAX_PRODUCT_CHARS or product != product.strip() or not product.isprintable():
        raise InvalidInput(
            "product",
            repr(product[:MAX_PRODUCT_CHARS]),
            f"a name such as copilot, at most {MAX_PRODUCT_CHARS} characters",
        )


def _date(text: str, field: str) -> date:
    check_date(text, field)
    return date.fromisoformat(text)


def _today(desk: Desk, zone: str) -> date:
    return to_local(from_micros(desk.now()), parse_zone(zone)).date()
