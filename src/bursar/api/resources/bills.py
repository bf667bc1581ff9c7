"""Providers' bills: imported, held against the charges, set right; what nobody owns; seats that vendors bill."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Path, Query
from pydantic import Field

from bursar.api.calls import Called
from bursar.api.routes import Resource
from bursar.api.shapes import (
    Amount,
    Day,
    Document,
    Instant,
    Line,
    Page,
    Sent,
    amount_of,
    instant,
    instant_or_none,
    said,
)
from bursar.exchange.provider_bills.csv_file import MAX_FILE_BYTES
from bursar.office import months
from bursar.office.books import bill_files, billed_seats, reconciling, suspense
from bursar.office.database import reading

BILLS = Resource("Bills", "Providers' bills beside the charges, what nobody owns, and billed seats.")
MAX_BILL_BYTES = min(MAX_FILE_BYTES, 8 * 1024 * 1024)
EXAMPLE_BILL = "date,model,api_key_id,num_model_requests,input_tokens,output_tokens\n2026-11-05,gpt-5,key_1,3,900,80\n"

OfProvider = Annotated[str, Path(description="Name of the provider.", max_length=100)]
OfMonth = Annotated[str, Path(description="Month of UTC, such as 2026-11.", max_length=10)]
OfEntry = Annotated[str, Path(description="The entry.", max_length=80)]


class BillFinding(Document):
    """One difference between a bill and the charges, with its explanation."""

    kind: str = said("estimated, reconciled, unresolved, outside, suspense, midnight, late, unexplained.", "estimated")
    day: Day = said("Day of UTC.", "2026-11-05")
    model: str = said("The model.", "gpt-5")
    key: str = said("What the provider calls the key; empty for the gateway's own.", "")
    person: str = said("Handle of whose it is; empty where nobody is known.", "ada")
    charge: str = said("The charge that is to be corrected; empty where there is none.", "")
    told: dict[str, int] = said("Tokens that it should be, or that are open.", {"input": 1200})
    charged: dict[str, int] = said("Tokens that the charge says now.", {"input": 1100})
    list_price: Amount | None = Field(description="Of the tokens told, at list price; null where there is no price.")
    why: str = said("How it is known.", "the provider's figures, less what is known exactly")


class ProviderBill(Document):
    """A month of a provider held against its bill. Without findings, everything agrees to the token."""

    provider: str = said("The provider.", "openai")
    month: str = said("Month of UTC.", "2026-11")
    compared: int = said("Days and models that were compared.", 93)
    matched: int = said("Of them, those that agree as they are.", 90)
    unexplained: int = said("Findings that nobody can explain.", 0)
    gateway_keys: list[str] = said("What the provider calls the gateway's keys.", ["key_1"])
    assumed: bool = said("Nobody said which keys are the gateway's: those that fit the charges were taken.", True)
    bill: Amount = Field(description="The bill's tokens at list price.")
    charged: Amount = Field(description="What is charged, at list price.")
    invoiced: Amount | None = Field(description="What the provider itself says that it charges; null if it has not.")
    dismissed: Amount = Field(description="On the bill, and said to be nobody's to pay.")
    findings: list[BillFinding] = Field(description="By day and model.")


class BillApplied(Document):
    """What was set right."""

    corrected: int = said("Charges that were corrected.", 12)
    charged: int = said("Charges for use that went past the gateway.", 3)
    suspense: int = said("Entries in suspense that were opened or changed.", 2)
    entries: int = said("Entries of the journal that this made; 0 where it had been done before.", 15)


class BillRead(Document):
    """What became of a bill that was imported."""

    provider: str = said("The provider.", "google")
    first: str = said("First day that it tells of; empty if none.", "2026-11-01")
    last: str = said("Last day that it tells of.", "2026-11-30")
    lines: int = said("Days, models and keys.", 93)
    changed: int = said("Of them, new or with other figures than before.", 2)
    dry_run: bool = said("Nothing was kept.", False)
    skipped: list[str] = said("Rows that were left out, with the reason.", [])


class SuspenseEntry(Document):
    """Use on a bill that nobody is known to have made."""

    id: str = said("The entry.", "3f0cb41d77a2c95b10e6d8f4")
    provider: str = said("The provider.", "openai")
    day: Day = said("Day of UTC.", "2026-11-05")
    model: str = said("The model.", "gpt-5")
    key: str = said("What the provider calls the key; empty for the gateway's own.", "key_who")
    tokens: dict[str, int] = said("What is open.", {"input": 1200})
    list_price: Amount = Field(description="Of what is open.")
    state: str = said("open, attributed or dismissed.", "open")
    person: str = said("Handle of whom it was attributed to.", "")
    note: str = said("What was said when it was resolved.", "")
    why: str = said("Why it is here.", "nobody is known to own this key")
    opened: Instant = said("Since when.", "2026-12-01T09:00:00Z")
    resolved: Instant | None = said("When it was resolved; null while it is open.", None)


class AttributionSent(Sent):
    """Whose use it was."""

    person: Line = said("Handle, e-mail or id.", "ada", min_length=1)
    note: Line = said("How it is known.", "her notebook", "")
    own_key: bool = said("The key is theirs, from now on.", True, False)


class DismissalSent(Sent):
    """That it is nobody's to pay."""

    note: Line = said("Why.", "a vendor's trial", min_length=1)


class BilledSeat(Document):
    """A seat as its vendor bills it and as allotments pay it."""

    product: str = said("The product.", "copilot")
    login: str = said("As the vendor names whoever has it; empty where it is not billed.", "ada-acme")
    person: str = said("Handle; empty where nobody of the roster is known by it.", "ada")
    state: str = said("paid, unpaid (billed alone), unbilled (paid alone) or unknown.", "paid")
    idle: bool = said("Nobody has used it for 30 days.", False)
    last_used: str = said("The day; empty where the vendor does not say.", "2026-11-19")
    paid: Amount | None = Field(description="What an allotment pays for it; null where none does.")


@BILLS.get(
    "/bills/{provider}/{month}", "getBill", "A provider's bill beside the charges", action="books.read", whose="house"
)
def get_bill(call: Called, provider: OfProvider, month: OfMonth) -> ProviderBill:
    """As the bill was read last. It changes nothing. Raises not found where the provider has told nothing of the month."""
    with call.desk() as desk:
        found = reconciling.document(desk, reconciling.compare(desk, provider, months.checked(month)))
    cost = found["bill_cost_nanos"]
    return ProviderBill(
        provider=found["provider"],
        month=found["month"],
        compared=found["cells"],
        matched=found["matched"],
        unexplained=found["unexplained"],
        gateway_keys=found["gateway_keys"],
        assumed=found["assumed_keys"],
        bill=amount_of(found["bill_list_nanos"]),
        charged=amount_of(found["charged_list_nanos"]),
        invoiced=None if cost is None else amount_of(cost),
        dismissed=amount_of(found["dismissed_list_nanos"]),
        findings=[_finding(one) for one in found["findings"]],
    )


@BILLS.post(
    "/bills/{provider}/{month}/applied",
    "applyBill",
    "Set right what a bill shows",
    action="books.close",
    whose="house",
)
def apply_bill(call: Called, provider: OfProvider, month: OfMonth) -> BillApplied:
    """Corrections of charges whose figures were not known, charges for use that went past the gateway, entries in suspense
    for the rest. Done again, it does nothing."""
    with call.desk() as desk:
        done = reconciling.apply(desk, reconciling.compare(desk, provider, months.checked(month)))
    return BillApplied(**done)


@BILLS.post(
    "/bills/{provider}",
    "importBill",
    "Import a provider's bill",
    action="books.close",
    whose="house",
    takes=("text/csv",),
    max_bytes=MAX_BILL_BYTES,
    body="bill",
    example={"text/csv": EXAMPLE_BILL},
)
def import_bill(
    call: Called,
    provider: OfProvider,
    leave_out: Annotated[bool, Query(description="Without the rows that are wrong.")] = False,
    dry_run: Annotated[bool, Query(description="Only check.")] = False,
) -> BillRead:
    """CSV as the provider's console exports it, or with columns of usual names. It replaces what was told of its days, whole
    or not at all; the same again changes nothing."""
    with call.desk() as desk:
        found = bill_files.import_bill_text(desk, call.body, "bill.csv", provider, leave_out=leave_out, dry_run=dry_run)
    names = ("provider", "first", "last", "lines", "changed", "dry_run")
    skipped = [f"{one['place']}: {one['reason']}" for one in found["skipped"]]
    return BillRead(**{name: found[name] for name in names}, skipped=skipped)


@BILLS.get("/suspense", "listSuspense", "Use that nobody is known to own", action="books.read", whose="house")
def list_suspense(
    call: Called, state: Annotated[str, Query(description="Only of this state.", max_length=20)] = ""
) -> Page[SuspenseEntry]:
    """Open entries first, the largest first."""
    with reading(call.desks.engine) as connection:
        return Page[SuspenseEntry](items=[_entry(one) for one in suspense.listed(connection, state=state)])


@BILLS.post(
    "/suspense/{entry}/attribution",
    "attributeSuspense",
    "Say whose use it was",
    action="books.close",
    whose="house",
)
def attribute_suspense(call: Called, entry: OfEntry, body: AttributionSent) -> SuspenseEntry:
    """It is charged to their lots of that day, or of today where those are closed."""
    with call.desk() as desk:
        return _entry(suspense.attribute(desk, entry, body.person, body.note, own_key=body.own_key))


@BILLS.post(
    "/suspense/{entry}/dismissal",
    "dismissSuspense",
    "Say that it is nobody's to pay",
    action="books.close",
    whose="house",
)
def dismiss_suspense(call: Called, entry: OfEntry, body: DismissalSent) -> SuspenseEntry:
    """Should the bill tell more of it, the rest is open again."""
    with call.desk() as desk:
        return _entry(suspense.dismiss(desk, entry, body.note))


@BILLS.get("/billed-seats", "listBilledSeats", "Seats that vendors bill", action="books.read", whose="house")
def list_billed_seats(call: Called) -> Page[BilledSeat]:
    """By product, beside the seats that allotments pay."""
    with call.desk() as desk:
        found = billed_seats.lines(desk)
    names = ("product", "login", "person", "state", "idle", "last_used")
    return Page[BilledSeat](
        items=[
            BilledSeat(
                **{name: getattr(one, name) for name in names},
                paid=amount_of(one.amount_nanos, one.unit) if one.seat else None,
            )
            for one in found
        ]
    )


def _finding(one: dict[str, Any]) -> BillFinding:
    names = ("kind", "day", "model", "key", "person", "charge", "why")
    return BillFinding(
        **{name: one[name] for name in names},
        told=one["tokens"],
        charged=one["before"],
        list_price=None if one["list_nanos"] is None else amount_of(one["list_nanos"]),
    )


def _entry(one: dict[str, Any]) -> SuspenseEntry:
    names = ("provider", "day", "model", "key", "tokens", "state", "person", "note", "why")
    return SuspenseEntry(
        id=one["place"],
        list_price=amount_of(one["list_nanos"]),
        opened=instant(one["opened"]),
        resolved=instant_or_none(one["resolved"]),
        **{name: one[name] for name in names},
    )
