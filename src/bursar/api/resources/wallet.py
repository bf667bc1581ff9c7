"""Wallet: what somebody has left lot by lot, how it burns, what comes, every movement with its proof."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Query
from pydantic import Field
from starlette.responses import JSONResponse

from bursar.api import pages
from bursar.api.calls import Called
from bursar.api.limits import MAX_AMOUNT_CHARS, MAX_DATE_CHARS
from bursar.api.pages import DEFAULT_LIMIT, After, Limit
from bursar.api.routes import Resource
from bursar.api.shapes import Amount, Day, Document, Instant, Page, amount_of, instant, instant_or_none, said
from bursar.errors import Forbidden, InvalidInput
from bursar.ledger import proof as proofs
from bursar.money import Unit
from bursar.office import access
from bursar.office.database import reading
from bursar.office.figures import reports
from bursar.office.terms import explanations

WALLET = Resource("Wallet", "Balances by lot, how they burn, what comes, statements with their proof.")
UNIT = reports.UNIT
COST = access.action("cost.read")
MAX_UNIT_CHARS = 80

At = Annotated[
    str, Query(description="As it was then: a day or an instant; without it, now.", max_length=MAX_DATE_CHARS)
]
From = Annotated[
    str,
    Query(alias="from", description="First instant; without it, the first of the month.", max_length=MAX_DATE_CHARS),
]
Until = Annotated[str, Query(description="End, exclusive; without it, now.", max_length=MAX_DATE_CHARS)]
InUnit = Annotated[str, Query(description="Which unit.", max_length=MAX_UNIT_CHARS)]


class Lot(Document):
    """An amount with its opening, its expiry and what it may be used for. The buckets add up to `amount`."""

    id: str = said("Its id.", "lot_5f0e6a1c2b3d_0")
    grant: str = said("Id of the grant that it comes from.", "grt_5f0e6a1c2b3d")
    label: str = said("What people read.", "Stipend")
    amount: Amount = Field(description="What was released.")
    available: Amount = Field(description="What can be used.")
    held: Amount = Field(description="Held by requests in flight.")
    spent: Amount = Field(description="What was used.")
    expired: Amount = Field(description="What expired.")
    revoked: Amount = Field(description="What was taken back.")
    opens: Instant = said("From when it can be used.", "2026-11-01T00:00:00Z")
    expires: Instant | None = said("Until when, null for ever.", "2026-12-01T00:00:00Z")
    priority: int = said("Low numbers burn first.", 50)
    scope: str = said("What it may be used for, empty for everything.", "")
    open: bool = said("Whether it can be drawn on at this instant.", True)


class Totals(Document):
    """All open lots of one unit together."""

    unit: str = said("The unit.", UNIT)
    amount: Amount = Field(description="What was released.")
    available: Amount = Field(description="What can be used.")
    held: Amount = Field(description="Held by requests in flight.")
    spent: Amount = Field(description="What was used of it.")


class Balance(Document):
    """What somebody has, at an instant."""

    person: str = said("Handle.", "ada")
    name: str = said("Full name.", "Ada Abara")
    at: Instant = said("The instant.", "2026-11-20T09:00:00Z")
    total: Totals = Field(description="Open lots in USD.")
    other_units: list[Totals] = Field(description="Open lots of other units, one for each.")
    next_expiry: Instant | None = said("When the first open lot expires.", "2026-12-01T00:00:00Z")
    days_left: int | None = said("How long it lasts at the last week's rate.", 9)
    runs_out: Instant | None = said("When it runs out by the forecast; null for the past, or not soon.", None)
    forecast: str = said("The forecast in words.", "at this rate it runs out on Thursday 14:00")
    spent_by_day: list[Amount] = Field(description="The last 30 days in UTC, the oldest first.")
    lots: list[Lot] = Field(description="In the order in which they burn.")


class Burn(Document):
    """How fast somebody's allotment goes; neither models nor projects, and no lot by name."""

    person: str = said("Handle.", "ada")
    name: str = said("Full name.", "Ada Abara")
    team: str = said("Team.", "platform")
    available: Amount = Field(description="What can be used.")
    amount: Amount = Field(description="What was released, of open lots.")
    days_left: int | None = said("How long it lasts at the last week's rate.", 9)
    runs_out: Instant | None = said("When it runs out by the forecast.", "2026-11-26T14:00:00Z")
    forecast: str = said("The forecast in words.", "at this rate it runs out on Thursday 14:00")
    spent_by_day: list[Amount] = Field(description="The last 30 days in UTC, the oldest first.")


class Coming(Document):
    """Something that will happen to what somebody has."""

    day: Day = said("In the plan's time zone.", "2026-12-01")
    at: Instant = said("The instant.", "2026-12-01T00:00:00Z")
    event: str = said("release, roll, expire, trim, revoke or reduce.", "release")
    amount: Amount = Field(description="What it is about.")
    sentence: str = said("In words.", "2026-12-01: $500.00 is released, to be used by 2026-12-31")


class Outlook(Document):
    """What will be released, roll over, vest and expire, worked out by the code that does it."""

    person: str = said("Handle.", "ada")
    months: int = said("How far ahead.", 12)
    items: list[Coming] = Field(description="In order.")
    uncovered: Amount = Field(description="Of the use that was assumed, what no lot covers.")


class StatementLine(Document):
    """A movement of the account."""

    seq: int | None = said("Place in the journal; null for what is due and not recorded yet.", 4711)
    at: Instant = said("When it happened.", "2026-11-20T09:00:00Z")
    kind: str = said("release, settle, charge, expire, revoke, correct, hold, void ...", "settle")
    what: str = said("The model of a charge, else the lot.", "claude-sonnet-4-5")
    change: Amount = Field(description="What it adds to what the person has.")
    spent: Amount = Field(description="What it adds to the spending.")
    balance: Amount = Field(description="What the person has afterwards.")
    list_price: Amount | None = Field(default=None, description="Of a charge: its value at list price, USD.")
    status: str | None = said("Of a charge: exact, estimated, unresolved or corrected.", "exact", None)
    request_id: str | None = said("Of a charge: the request.", "req_5f0e6a1c", None)
    tokens: dict[str, int] | None = Field(
        default=None, description="Of a charge: disjoint counts.", examples=[{"input": 1200, "output": 310}]
    )
    note: str = said("A word on it.", "")


class Statement(Document):
    """An account over a time, in one unit: `opening` plus all changes is `closing`."""

    person: str = said("Handle.", "ada")
    starts: Instant = said("First instant.", "2026-11-01T00:00:00Z")
    ends: Instant = said("End, exclusive.", "2026-11-20T09:00:01Z")
    unit: str = said("The unit.", UNIT)
    opening: Amount = Field(description="What the person had before.")
    closing: Amount = Field(description="What the person had at the end.")
    other_units: list[str] = Field(description="Units with a statement of their own.", examples=[["gpu-h:h100"]])
    items: list[StatementLine] = Field(description="In the order in which it happened.")
    next: str | None = Field(default=None, description="Cursor of the next page, null at the end.")


@WALLET.get("/people/{person}/balance", "getBalance", "What somebody has left", action="wallet.read", whose="person")
def get_balance(call: Called, at: At = "") -> Balance:
    """Lot by lot, now or at any instant of the past."""
    with call.desk() as desk:
        found = reports.balance(desk, call.person, at)
    return Balance(
        person=found["person"],
        name=found["name"],
        at=found["at"],
        total=_totals(found),
        other_units=[_totals(one) for one in found["other_units"]],
        next_expiry=found["next_expiry"],
        days_left=found["days_left"],
        runs_out=found["runs_out_at"],
        forecast=found["forecast"],
        spent_by_day=[amount_of(one) for one in found["spent_by_day_nanos"]],
        lots=[_lot(one) for one in found["lots"]],
    )


@WALLET.get(
    "/people/{person}/lots", "listLots", "Every lot, also those that are over", action="wallet.read", whose="person"
)
def list_lots(call: Called, at: At = "", after: After = "", limit: Limit = DEFAULT_LIMIT) -> Page[Lot]:
    """By opening and id, as each stood at the instant."""
    with call.desk() as desk:
        found = reports.grants(desk, call.person, at)
    rows = sorted(found, key=lambda one: (one["effective_micros"], one["lot"]))
    page, following = pages.after(rows, after, limit, lambda one: (one["effective_micros"], one["lot"]))
    return Page[Lot](items=[_lot(one) for one in page], next=following)


@WALLET.get(
    "/people/{person}/burn", "getBurn", "How fast somebody's allotment goes", action="burn.read", whose="person"
)
def get_burn(call: Called) -> Burn:
    """For whoever has to see that somebody runs dry: totals, spend by day and the forecast, nothing of what it was for."""
    with call.desk() as desk:
        return _burn(reports.balance(desk, call.person), desk.person(call.person)["team"])


@WALLET.get("/burn", "listBurn", "How fast my people's allotments go", action="burn.read", whose="reached")
def list_burn(
    call: Called, after: After = "", limit: Annotated[int, Query(description="Items in a page.", ge=1, le=100)] = 25
) -> Page[Burn]:
    """By handle: a manager's team, everybody for an auditor, else oneself. Who has left is left out."""
    with reading(call.desks.engine) as connection:
        rows = [one for one in call.reached(connection) if one["status"] != "left"]
        page, following = pages.after(rows, after, limit, lambda one: one["handle"])
        call.look_at(connection, [one["id"] for one in page])
    with call.desk() as desk:
        found = [_burn(reports.balance(desk, one["id"]), one["team"]) for one in page]
    return Page[Burn](items=found, next=following)


@WALLET.get("/people/{person}/outlook", "getOutlook", "What will happen to it", action="terms.read", whose="person")
def get_outlook(
    call: Called,
    months: Annotated[int, Query(description="How far ahead.", ge=1, le=explanations.MAX_MONTHS)] = 12,
    use: Annotated[str, Query(description="Spent every month, evenly: `$200`.", max_length=MAX_AMOUNT_CHARS)] = "",
) -> Outlook:
    """What will be released, roll over, vest and expire, by the same code that does it."""
    with call.desk() as desk:
        told = explanations.explain_person(desk, call.person, months, use)
    return Outlook(
        person=told["person"],
        months=months,
        items=[
            Coming(
                day=one["day"],
                at=instant(one["at_micros"]),
                event=one["event"],
                amount=amount_of(one["amount_nanos"], one["unit"]),
                sentence=one["sentence"],
            )
            for one in told["timeline"]
        ],
        uncovered=amount_of(told["unmet_nanos"]),
    )


@WALLET.get(
    "/people/{person}/statement",
    "getStatement",
    "Everything that moved the account",
    action="statement.read",
    whose="person",
)
def get_statement(
    call: Called,
    start: From = "",
    until: Until = "",
    unit: InUnit = UNIT,
    after: After = "",
    limit: Limit = DEFAULT_LIMIT,
) -> Statement:
    """In one unit, a page of lines at a time. Holds that ended without a charge are lines of kind hold, void and lapse."""
    Unit(unit)
    with call.desk() as desk:
        found = reports.statement(desk, call.person, start, until)
    chosen = next((one for one in (found, *found["other_units"]) if one["unit"] == unit), None)
    lines = [] if chosen is None else [(_place(line, row), line) for row, line in enumerate(chosen["lines"])]
    page, following = pages.after(lines, after, limit, lambda one: one[0])
    return Statement(
        person=found["person"],
        starts=found["from"],
        ends=found["until"],
        unit=unit,
        opening=amount_of(chosen["opening_nanos"] if chosen else 0, unit),
        closing=amount_of(chosen["closing_nanos"] if chosen else 0, unit),
        other_units=[one["unit"] for one in (found, *found["other_units"]) if one["unit"] != unit],
        items=[_line(line, unit) for _, line in page],
        next=following,
    )


@WALLET.get(
    "/people/{person}/statement/proof",
    "getStatementProof",
    "A statement that proves itself",
    action="statement.read",
    whose="person",
    gives="application/json",
)
def get_statement_proof(call: Called, start: From = "", until: Until = "", unit: InUnit = UNIT) -> JSONResponse:
    """The statement with the person's entries, the seals that hold them and the way to the newest seal. Whoever kept that
    seal's hash can check it years later, without the database (format `bursar-proof-1`)."""
    Unit(unit)
    with call.desk() as desk:
        zone = desk.person(call.person)["zone"]
        begins = desk.instant(start, zone, "from") if start else 0
        ends = desk.instant(until, zone, "until") if until else desk.now() + 1
        if ends <= begins:
            raise InvalidInput("until", until or "now", f"an instant after {start}")
        try:
            found = desk.store.read(lambda session: proofs.proof(session, call.person, begins, ends, unit))
        except ValueError as error:
            raise InvalidInput(
                "until", f"more than {proofs.MAX_ENTRIES} entries before it", "an earlier instant"
            ) from error
    if not call.may(COST) and any(_tells_cost(one) for one in found["lines"]):
        raise Forbidden("the proof would tell contract rates (cost.read)", "an auditor or finance can hand it over")
    return JSONResponse(found)


def _tells_cost(line: dict[str, Any]) -> bool:
    """Whether an entry's charge holds another cost than its value at list price: what was sealed cannot be left out."""
    usage = line["entry"].get("usage") or {}
    return bool(usage.get("cost_nanos", 0) != usage.get("list_nanos", 0))


def _totals(found: dict[str, Any]) -> Totals:
    unit = found["unit"]
    names = ("amount", "available", "held", "spent")
    return Totals(unit=unit, **{name: amount_of(found[f"{name}_nanos"], unit) for name in names})


def _lot(found: dict[str, Any]) -> Lot:
    names = ("amount", "available", "held", "spent", "expired", "revoked")
    return Lot(
        id=found["lot"],
        grant=found["grant"],
        label=found["label"],
        **{name: amount_of(found[f"{name}_nanos"], found["unit"]) for name in names},
        opens=instant(found["effective_micros"]),
        expires=instant_or_none(found["expires_micros"]),
        priority=found["priority"],
        scope=found["scope"],
        open=found["open"],
    )


def _burn(found: dict[str, Any], team: str) -> Burn:
    return Burn(
        person=found["person"],
        name=found["name"],
        team=team,
        available=amount_of(found["available_nanos"]),
        amount=amount_of(found["amount_nanos"]),
        days_left=found["days_left"],
        runs_out=found["runs_out_at"],
        forecast=found["forecast"],
        spent_by_day=[amount_of(one) for one in found["spent_by_day_nanos"]],
    )


def _place(line: dict[str, Any], row: int) -> tuple[int, int]:
    """Where a line stands among all: by the time when it happened, then by the journal; what is not recorded comes last."""
    return line["at_micros"], line["seq"] if line["seq"] is not None else 2**61 + row


def _line(line: dict[str, Any], unit: str) -> StatementLine:
    return StatementLine(
        seq=line["seq"],
        at=instant(line["at_micros"]),
        kind=line["kind"],
        what=line["what"],
        change=amount_of(line["change_nanos"], unit),
        spent=amount_of(line["spent_nanos"], unit),
        balance=amount_of(line["balance_nanos"], unit),
        list_price=None if line["list_nanos"] is None else amount_of(line["list_nanos"]),
        status=line["status"],
        request_id=line["request_id"],
        tokens=line["tokens"],
        note=line["note"],
    )
