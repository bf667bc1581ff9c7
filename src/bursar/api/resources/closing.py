"""Closing: months that are frozen, corrected and opened again; the same money counted three ways; the ledger verified."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Path, Query
from pydantic import Field

from bursar.api import pages
from bursar.api.calls import Call, Called
from bursar.api.pages import DEFAULT_LIMIT, After, Limit
from bursar.api.resources.jobs import JobDocument, begin, job_of
from bursar.api.routes import Resource
from bursar.api.shapes import Amount, Document, Instant, Page, Prose, Sent, amount_of, instant, instant_or_none, said
from bursar.errors import NotFound
from bursar.office import months
from bursar.office.books import closes, reconciliation
from bursar.office.books.closing import MovementLine, UsageLine
from bursar.office.database import reading
from bursar.office.oversight import verification
from bursar.office.workforce import people
from bursar.office.works import work

CLOSING = Resource(
    "Closing the books", "Months frozen with a digest, corrections, three ways of counting, verification."
)
Month = Annotated[str, Path(description="A month of UTC.", max_length=7, examples=["2026-10"])]
Number = Annotated[int, Query(description="Which close of the month; 0 is the one in force.", ge=0, le=10_000)]


class BooksMonth(Document):
    """A month in the list of the books."""

    month: str = said("Month of UTC.", "2026-10")
    over: bool = said("Whether it is over.", True)
    closed: Instant | None = said("When it was closed; null while it is open.", "2026-11-02T09:00:00Z")
    next: bool = said("Whether it can be closed now: months are closed in order.", False)
    corrections: Amount = Field(description="Booked in it for earlier months, at list price.")


class Close(Document):
    """A close; opening a month again marks it, and nothing is ever deleted."""

    month: str = said("The month.", "2026-10")
    number: int = said("How often the month was closed by then.", 1)
    closed: Instant = said("When.", "2026-11-02T09:00:00Z")
    actor: str = said("By whom, as the audit log says it.", "acc_5f0e6a1c2b3d by session:ses_5f0e6a1c2b3d")
    note: str = said("What was said with it.", "all invoices are in")
    seq: int = said("The newest entry of the journal then.", 4711)
    head: str = said("And its seal.", "9f2c")
    previous: str = said("Digest of the close before.", "5f0e")
    digest: str = said("SHA-256 of what was frozen.", "1c2b")
    reopened: Instant | None = said("When it was opened again; null while it is in force.", None)
    reopened_by: str = said("By whom.", "")
    reopen_reason: str = said("Why.", "")


class MonthOfBooks(Document):
    """Everything that was done with a month."""

    month: str = said("The month.", "2026-10")
    in_force: int | None = said("Number of the close in force; null while the month is open.", 1)
    intact: bool | None = said("Whether the lines of that close are what was frozen.", True)
    closes: list[Close] = Field(description="The oldest first.")
    job: JobDocument | None = Field(description="The last closing of it, how far it is and why it failed.")


class BooksUsage(Document):
    """What a person used at a provider, frozen."""

    concerns: str = said("The month that it belongs to: an earlier one where it is a correction.", "2026-10")
    person: str = said("Handle.", "ada")
    provider: str = said("The provider.", "anthropic")
    unit: str = said("The unit.", "USD")
    purpose: str = said("The purpose of the keys that were used.", "work")
    plan_class: str = said("Class of the lots that paid for it.", "provisioned_tool")
    team: str = said("The team then.", "platform")
    requests: int = said("Requests.", 120)
    amount: Amount = Field(description="What was charged.")
    list_price: Amount = Field(description="Its value at list price.")
    cost: Amount = Field(description="What it cost.")
    overage: Amount = Field(description="What no lot covered.")


class BooksMovement(Document):
    """A plan's roll-forward, frozen; of a correction only the movement."""

    concerns: str = said("The month that it belongs to.", "2026-10")
    plan: str = said("Name of the plan.", "stipend")
    unit: str = said("The unit.", "USD")
    opening: Amount = Field(description="At the beginning.")
    released: Amount = Field(description="Was released.")
    rolled_in: Amount = Field(description="Rolled in.")
    rolled_out: Amount = Field(description="Rolled out.")
    spent: Amount = Field(description="Was spent.")
    forfeited: Amount = Field(description="Lapsed.")
    revoked: Amount = Field(description="Was taken back.")
    closing: Amount = Field(description="At the end.")


class CloseNote(Sent):
    """With what a month is closed."""

    note: Prose = said("Stands beside the close.", "all invoices are in", "")


class ReopenReason(Sent):
    """Why a month is opened again."""

    reason: Prose = said("For whoever asks later.", "an invoice was missing", min_length=1)


class Tied(Document):
    """One figure in several places."""

    what: str = said("A month, a bucket of the lots, or `holds`.", "2026-10")
    unit: str = said("The unit.", "USD")
    journal: Amount | None = Field(description="What the journal's postings say.")
    charges: Amount | None = Field(description="What the charges say.")
    daily: Amount | None = Field(description="What the daily figures say.")
    lots: Amount | None = Field(description="What the lots say.")
    holds: Amount | None = Field(description="What the holds say.")
    agree: bool = said("Whether they agree to the nano-unit.", True)


class Reconciliation(Document):
    """The same money counted in several places."""

    at: Instant = said("When.", "2026-11-20T09:00:00Z")
    seq: int = said("As of this entry.", 4711)
    agree: bool = said("Whether everything agrees.", True)
    items: list[Tied] = Field(description="Spending by month, balances by bucket, holds.")


class Verified(Document):
    """What the last verification of the ledger found."""

    at: Instant = said("When.", "2026-11-20T09:00:00Z")
    actor: str = said("Who asked, as the audit log says it.", "acc_5f0e6a1c2b3d by session:ses_5f0e6a1c2b3d")
    clean: bool = said("Whether it is whole.", True)
    findings: list[str] = Field(description="What is wrong, each in a sentence.")
    entries: int = said("Entries of the journal.", 4711)
    anchor: str = said("A line to be kept outside: a later verification is held against it.", "812 4711 1 9f2c")
    audit_lines: int = said("Lines of the audit log.", 42)


@CLOSING.get("/closes", "listCloses", "The months of the books", action="books.read", whose="house")
def list_closes(call: Called, after: After = "", limit: Limit = DEFAULT_LIMIT) -> Page[BooksMonth]:
    """The newest first, from the first month with anything in it."""
    with call.desk() as desk:
        found = closes.periods(desk)
    page, following = pages.before(found, after, limit, lambda one: one.period)
    items = [
        BooksMonth(
            month=one.period,
            over=one.over,
            closed=instant(one.close.closed) if one.close else None,
            next=one.next,
            corrections=amount_of(one.corrections),
        )
        for one in page
    ]
    return Page[BooksMonth](items=items, next=following)


@CLOSING.get("/closes/{month}", "getClose", "A month of the books", action="books.read", whose="house")
def get_close(call: Called, month: Month) -> MonthOfBooks:
    """Its closes, and whether what was frozen is still what it was."""
    with reading(call.desks.engine) as connection:
        every = closes.closes_of(connection, months.checked(month))
        now = next((one for one in every if one.in_force), None)
        intact = closes.frozen(connection, month).whole if now else None
        last = work.newest(connection, call.by.organisation, closes.kind_of(month))
    return MonthOfBooks(
        month=month,
        in_force=now.number if now else None,
        intact=intact,
        closes=[_close(one) for one in every],
        job=None if last is None else job_of(last),
    )


@CLOSING.get("/closes/{month}/usage", "listCloseUsage", "Frozen usage", action="books.read", whose="house")
def list_close_usage(
    call: Called, month: Month, number: Number = 0, after: After = "", limit: Limit = DEFAULT_LIMIT
) -> Page[BooksUsage]:
    """Every person and provider, corrections of earlier months among them."""
    with reading(call.desks.engine) as connection:
        found = closes.frozen(connection, month, number).usage
        handles = {one["id"]: one["handle"] for one in people.listed(connection)}
    page, following = pages.after(
        found,
        after,
        limit,
        lambda one: (one.concerns, one.person, one.provider, one.unit, one.purpose, one.plan_class, one.team),
    )
    return Page[BooksUsage](items=[_usage(one, handles) for one in page], next=following)


@CLOSING.get("/closes/{month}/movement", "listCloseMovement", "Frozen roll-forward", action="books.read", whose="house")
def list_close_movement(
    call: Called, month: Month, number: Number = 0, after: After = "", limit: Limit = DEFAULT_LIMIT
) -> Page[BooksMovement]:
    """Every plan, corrections of earlier months among them."""
    with reading(call.desks.engine) as connection:
        found = closes.frozen(connection, month, number).movement
    page, following = pages.after(found, after, limit, lambda one: (one.concerns, one.plan, one.unit))
    return Page[BooksMovement](items=[_movement(one) for one in page], next=following)


@CLOSING.post(
    "/closes/{month}", "closeMonth", "Close a month", action="books.close", whose="house", status=202, located=True
)
def close_month(call: Called, month: Month, body: CloseNote) -> JobDocument:
    """Count it three ways and freeze it with a digest. A job; of each month there is one at a time."""
    closes.checked_note(body.note)
    with call.desk() as desk:
        closes.refuse_early(desk, months.checked(month))
    asked = {"period": month, "note": body.note.strip()}
    return begin(call, closes.kind_of(month), f"Close of {months.title(month)}", asked, shared=True)


@CLOSING.post("/closes/{month}/reopen", "reopenMonth", "Open a month again", action="books.close", whose="house")
def reopen_month(call: Called, month: Month, body: ReopenReason) -> Close:
    """Only the last one that is closed; what was frozen stays to be looked at."""
    with call.desk() as desk:
        return _close(closes.reopen(desk, months.checked(month), body.reason.strip()))


@CLOSING.get("/reconciliation", "getReconciliation", "Does it tie out?", action="books.read", whose="house")
def get_reconciliation(call: Called) -> Reconciliation:
    """The last count that came to its end. Raises not found where nothing was counted yet."""
    found, told = _newest(call, reconciliation.KIND)
    return Reconciliation(
        at=instant(found.ended), seq=told["seq"], agree=told["agree"], items=[_tied(one) for one in _places(told)]
    )


@CLOSING.post(
    "/reconciliations",
    "reconcile",
    "Count three ways",
    action="books.read",
    whose="house",
    status=202,
    located=True,
)
def reconcile(call: Called) -> JobDocument:
    """Postings, charges and daily figures, lots and holds. A job; there is one at a time. It changes nothing."""
    return begin(call, reconciliation.KIND, "Reconciliation", {}, shared=True)


@CLOSING.get("/ledger/verification", "getVerification", "Is the ledger whole?", action="ledger.verify", whose="house")
def get_verification(call: Called) -> Verified:
    """The last verification that came to its end. Raises not found where there was none yet."""
    found, told = _newest(call, verification.KIND)
    names = ("clean", "findings", "entries", "anchor", "audit_lines")
    return Verified(at=instant(found.ended), actor=found.actor, **{name: told[name] for name in names})


def _newest(call: Call, kind: str) -> tuple[work.Work, dict[str, Any]]:
    with reading(call.desks.engine) as connection:
        found = work.newest(connection, call.by.organisation, kind, "done")
        if found is None:
            raise NotFound("nothing of this kind came to an end yet", "ask for it with a POST")
        return found, work.document(connection, found)


def _close(one: closes.Close) -> Close:
    names = ("number", "actor", "note", "seq", "head", "previous", "digest", "reopened_by", "reopen_reason")
    return Close(
        month=one.period,
        closed=instant(one.closed),
        reopened=instant_or_none(one.reopened),
        **{name: getattr(one, name) for name in names},
    )


def _usage(one: UsageLine, handles: dict[str, str]) -> BooksUsage:
    return BooksUsage(
        concerns=one.concerns,
        person=handles.get(one.person, one.person),
        provider=one.provider,
        unit=one.unit,
        purpose=one.purpose,
        plan_class=one.plan_class,
        team=one.team,
        requests=one.requests,
        amount=amount_of(one.amount, one.unit),
        list_price=amount_of(one.list_nanos),
        cost=amount_of(one.cost_nanos),
        overage=amount_of(one.overage, one.unit),
    )


def _movement(one: MovementLine) -> BooksMovement:
    names = ("opening", "released", "rolled_in", "rolled_out", "spent", "forfeited", "revoked", "closing")
    sums = {name: amount_of(getattr(one, name), one.unit) for name in names}
    return BooksMovement(concerns=one.concerns, plan=one.plan, unit=one.unit, **sums)


def _places(told: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        *({**one, "what": one["month"]} for one in told["months"]),
        *({**one, "what": one["bucket"]} for one in told["balances"]),
        *({**one, "what": "holds"} for one in told["holds"]),
    ]


def _tied(one: dict[str, Any]) -> Tied:
    names = {"journal": "journal", "charges": "charges", "daily": "rollup", "lots": "lots", "holds": "holds"}
    amounts = {name: f"{key}_nanos" for name, key in names.items()}
    return Tied(
        what=one["what"],
        unit=one["unit"],
        agree=one["agree"],
        **{name: amount_of(one[key], one["unit"]) if key in one else None for name, key in amounts.items()},
    )
