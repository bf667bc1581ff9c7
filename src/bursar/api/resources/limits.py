"""Beyond the limit: pools that a team shares, consents to pay oneself, seats that the same lots pay."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Path
from pydantic import Field

from bursar.api import pages
from bursar.api.calls import Called, person_thing
from bursar.api.pages import DEFAULT_LIMIT, After, Limit
from bursar.api.routes import Resource
from bursar.api.shapes import (
    Amount,
    Day,
    Document,
    Instant,
    Line,
    Money,
    Page,
    Prose,
    Sent,
    When,
    amount_of,
    instant,
    instant_or_none,
    said,
)
from bursar.errors import InvalidInput
from bursar.office.granting import pools, seats
from bursar.office.metering.limits import pool_account
from bursar.office.tables import seat

LIMITS = Resource(
    "Beyond the limit", "Pools that a team shares, consents to pay oneself, seats that the same lots pay."
)
SEAT = person_thing("seat", seat.c.person, seat.c.id)


class Pool(Document):
    """Money that a team shares when somebody's own is used up."""

    pool: str = said("Its account.", "pool:platform")
    available: Amount = Field(description="What can be used.")
    held: Amount = Field(description="Held by requests in flight.")
    spent: Amount = Field(description="What was used.")
    amount: Amount = Field(description="What was put in, of what is open.")


class Pools(Document):
    """Pools."""

    items: list[Pool] = Field(description="By name.")


class Funding(Sent):
    """Money for a pool."""

    amount: Money = said("How much, in USD.", "$5,000")
    expires: When = said("Until when; without it, for ever.", "2027-01-01", "")
    note: Prose = said("Why; goes to the audit log.", "quarter 1", "")


class Funded(Document):
    """What was put into a pool."""

    pool: str = said("Its account.", "pool:platform")
    lot: str = said("Id of the lot.", "lot_5f0e6a1c2b3d")
    amount: Amount = Field(description="How much.")


class Consent(Document):
    """What somebody agreed to."""

    kind: str = said("own_money: to pay beyond the limit from one's pay.", "own_money")
    words: str = said("The words that were agreed to.", "I agree that ...")
    given: Instant = said("When.", "2026-11-20T09:00:00Z")
    withdrawn: Instant | None = said("When it was taken back.", None)


class Consents(Document):
    """What somebody agreed to, and the words that are asked for now."""

    words: str = said("What one agrees to now.", "I agree that ...")
    items: list[Consent] = Field(description="Oldest first.")


class Agreement(Sent):
    """An agreement, in its words."""

    words: str = said("The words, exactly as `listConsents` gives them.", pools.OWN_MONEY_WORDS, max_length=2_000)


class Seat(Document):
    """A subscription that is paid from somebody's lots."""

    id: str = said("Its id.", "seat_5f0e6a1c2b3d")
    person: str = said("Handle.", "ada")
    product: str = said("The product.", "copilot")
    amount: Amount = Field(description="Of a whole period.")
    every: str = said("The period.", "month")
    starts: Day = said("First day.", "2026-11-01")
    ends: Day | None = said("Last day, null while it goes on.", None)
    proration: str = said("What a part of a period costs: none or daily.", "daily")
    next_charge: Day | None = said("When it is charged next.", "2026-12-01")


class NewSeat(Sent):
    """A subscription to pay."""

    product: Line = said("The product.", "copilot", min_length=1)
    amount: Money = said("What a whole period costs.", "$19")
    every: Line = said("month, quarter, year, `2 months`.", "month", "month")
    starts: When = said("First day; without it, today.", "2026-11-01", "")
    ends: When = said("Last day, included.", None, "")
    anchor: When = said("Day that periods are counted from; without it, the first.", None, "")
    proration: Line = said("What a part of a period costs: none or daily.", "daily", "none")


class SeatEnding(Sent):
    """The end of a seat."""

    on: When = said("The last day, included.", "2026-12-15")


class Correction(Document):
    """A charge that was made for days after the end."""

    day: Day = said("Of the charge.", "2026-12-01")
    before: Amount = Field(description="What it was.")
    after: Amount = Field(description="What it is.")


class EndedSeat(Seat):
    """A seat that ends."""

    corrected: list[Correction] = Field(description="Charges that were corrected.")


@LIMITS.get("/pools", "listPools", "Pools", action="pool.read", whose="house")
def list_pools(call: Called) -> Pools:
    """Every pool with what is left of it."""
    with call.desk() as desk:
        return Pools(items=[_pool(one) for one in pools.listed(desk)])


@LIMITS.get(
    "/people/{person}/pools", "listPoolsOf", "The pools that somebody draws on", action="pool.read", whose="person"
)
def list_pools_of(call: Called) -> Pools:
    """Those that their grants lead to at the limit."""
    with call.desk() as desk:
        return Pools(items=[_pool(one) for one in pools.of_person(desk, call.person)])


@LIMITS.post("/pools/{pool}/fund", "fundPool", "Put money into a pool", action="pool.fund", whose="house")
def fund_pool(
    call: Called,
    pool: Annotated[str, Path(description="Name of the pool: a team's, or what the plan says.", max_length=80)],
    body: Funding,
) -> Funded:
    """A pool exists as soon as there is something in it."""
    if not pool.isprintable():
        raise InvalidInput("pool", repr(pool), "a name of printable characters")
    with call.desk() as desk:
        found = pools.fund(desk, pool.removeprefix("pool:"), body.amount, expires=body.expires, note=body.note)
    return Funded(
        pool=pool_account(pool.removeprefix("pool:")), lot=found["lot"], amount=amount_of(found["amount_nanos"])
    )


@LIMITS.get(
    "/people/{person}/consents", "listConsents", "What somebody agreed to", action="consent.read", whose="person"
)
def list_consents(call: Called) -> Consents:
    """To pay beyond the limit from one's own pay, and since when."""
    with call.desk() as desk:
        return _consents(pools.consents(desk, call.person))


@LIMITS.post("/people/{person}/consents", "giveConsent", "Agree to pay oneself", action="consent.give", whose="person")
def give_consent(call: Called, body: Agreement) -> Consents:
    """Nobody consents for somebody else. What one agrees to is sent back word for word, so nobody agrees to what they never
    saw."""
    if body.words != pools.OWN_MONEY_WORDS:
        raise InvalidInput("words", "other words", "the words that `listConsents` gives, exactly")
    with call.desk() as desk:
        pools.agree_to_own_money(desk, call.person)
        return _consents(pools.consents(desk, call.person))


@LIMITS.post(
    "/people/{person}/consents/withdraw",
    "withdrawConsent",
    "Take an agreement back",
    action="consent.give",
    whose="person",
)
def withdraw_consent(call: Called) -> Consents:
    """It ends with the next request."""
    with call.desk() as desk:
        pools.withdraw_own_money(desk, call.person)
        return _consents(pools.consents(desk, call.person))


@LIMITS.get("/people/{person}/seats", "listSeats", "Somebody's subscriptions", action="seat.read", whose="person")
def list_seats(call: Called, after: After = "", limit: Limit = DEFAULT_LIMIT) -> Page[Seat]:
    """By product and id."""
    with call.desk() as desk:
        rows = seats.listed(desk, call.person)
    page, following = pages.after(rows, after, limit, lambda one: (one["product"], one["id"]))
    return Page[Seat](items=[Seat(**_seat(one)) for one in page], next=following)


@LIMITS.post(
    "/people/{person}/seats",
    "addSeat",
    "Pay a subscription for somebody",
    action="seat.manage",
    whose="person",
    status=201,
)
def add_seat(call: Called, body: NewSeat) -> Seat:
    """From their lots, from its first day on; what is due already is charged now."""
    with call.desk() as desk:
        return Seat(**_seat(seats.add(desk, call.person, **body.model_dump())))


@LIMITS.post("/seats/{seat}/end", "endSeat", "End a subscription", action="seat.manage", whose="thing", thing=SEAT)
def end_seat(call: Called, body: SeatEnding) -> EndedSeat:
    """With its last day; charges for days after it are corrected by the seat's own proration."""
    with call.desk() as desk:
        found = seats.end(desk, call.named, body.on)
    unit = found["unit"]
    return EndedSeat(
        **_seat(found),
        corrected=[
            Correction(
                day=one["day"],
                before=amount_of(one["before_nanos"], unit),
                after=amount_of(one["after_nanos"], unit),
            )
            for one in found["corrected"]
        ],
    )


def _pool(found: dict[str, Any]) -> Pool:
    names = ("available", "held", "spent", "amount")
    return Pool(pool=found["pool"], **{name: amount_of(found[f"{name}_nanos"]) for name in names})


def _consents(found: list[dict[str, Any]]) -> Consents:
    return Consents(
        words=pools.OWN_MONEY_WORDS,
        items=[
            Consent(
                kind=one["kind"],
                words=one["words"],
                given=instant(one["given"]),
                withdrawn=instant_or_none(one["withdrawn"]),
            )
            for one in found
        ],
    )


def _seat(found: dict[str, Any]) -> dict[str, Any]:
    names = ("id", "person", "product", "every", "starts", "ends", "proration", "next_charge")
    return {**{name: found[name] for name in names}, "amount": amount_of(found["amount_nanos"], found["unit"])}
