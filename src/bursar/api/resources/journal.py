"""The journal of a month as entries and as files, and its charges as FOCUS."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Literal, TypeVar

from fastapi import Query
from pydantic import Field
from starlette.responses import Response, StreamingResponse

from bursar.api.calls import Called
from bursar.api.resources.closing import Month
from bursar.api.routes import Resource
from bursar.api.shapes import Amount, Day, Document, amount_of, said
from bursar.exchange import journal as journal_files
from bursar.exchange.journal import Journal
from bursar.exchange.journal.entries import Entry, Line
from bursar.exchange.sheets import csv_text
from bursar.ledger.session import Session
from bursar.office import months
from bursar.office.books import focus_export, journals
from bursar.office.books.focus_export import Wanted
from bursar.office.database import reading

JOURNAL = Resource("Journal", "Balanced entries of a month for the general ledger, and its charges as FOCUS.")
CSV, BEANCOUNT = "text/csv", "text/plain"
T = TypeVar("T")


class JournalAccount(Document):
    """What an account takes of a month."""

    account: str = said("Its path, as beancount writes accounts.", "Expenses:AI-Compute")
    title: str = said("What people call it.", "AI compute expense")
    code: str = said("Its number in the general ledger; may be empty.", "6410")
    debit: Amount = Field(description="Debits.")
    credit: Amount = Field(description="Credits.")


class JournalLine(Document):
    """One side of an entry, and what it was made from."""

    account: str = said("Path of the account.", "Expenses:AI-Compute")
    cost_centre: str = said("Kept apart by; may be empty.", "platform")
    amount: Amount = Field(description="A debit above zero, a credit below.")
    concerns: str = said("Month of the usage behind it.", "2026-10")
    provider: str = said("The provider; may be empty.", "anthropic")
    purpose: str = said("The purpose; may be empty.", "work")
    classes: list[str] = Field(description="Classes of the lots that paid.", examples=[["provisioned_tool"]])
    people: int = said("How many people used it.", 12)
    requests: int = said("In how many requests.", 4711)
    list_price: Amount = Field(description="The same use at list price.")
    query: str = said("The command that lists the charges behind it.", "bursar export focus --month 2026-10")


class JournalEntry(Document):
    """An entry; its lines sum to zero."""

    entry: str = said("The same whenever the month is drawn up.", "2026-10/usage/2026-10/anthropic")
    day: Day = said("When it is booked.", "2026-10-31")
    kind: str = said("purchase, usage, correction, accrual or reversal.", "usage")
    narration: str = said("What it is.", "Use of anthropic")
    lines: list[JournalLine] = Field(description="Debits and credits.")


class MonthJournal(Document):
    """A month's journal; a closed month's never changes."""

    month: str = said("Month of UTC.", "2026-10")
    closed: bool = said("False: a preview, which moves.", True)
    accounts: list[JournalAccount] = Field(description="Sums by account.")
    entries: list[JournalEntry] = Field(description="Every entry.")
    work: Amount = Field(description="Use for work, at cost.")
    personal: Amount = Field(description="Personal use, at cost.")
    prepaid: Amount = Field(description="Credits bought beforehand that are left.")
    accrued: Amount = Field(description="Accrued for promises, at cost.")
    disclosed: Amount = Field(description="Promised, unused and not accrued, at list price.")


@JOURNAL.get("/journals/{month}", "getJournal", "A month's journal", action="books.read", whose="house")
def get_journal(call: Called, month: Month) -> MonthJournal:
    """Balanced entries, each line with what it was made from. An open month's is a preview."""
    with call.desk() as desk:
        found = journals.standing(desk, months.checked(month)).value
    memo = found.memo
    return MonthJournal(
        month=found.month,
        closed=found.closed,
        accounts=[
            JournalAccount(
                account=account.name,
                title=account.title,
                code=account.code,
                debit=amount_of(debit),
                credit=amount_of(credit),
            )
            for account, debit, credit in found.totals()
        ],
        entries=[_entry(one) for one in found.entries],
        work=amount_of(memo.work),
        personal=amount_of(memo.personal),
        prepaid=amount_of(memo.prepaid_closing),
        accrued=amount_of(memo.accrued),
        disclosed=amount_of(memo.disclosed),
    )


@JOURNAL.get(
    "/journals/{month}/file",
    "downloadJournal",
    "A month's journal as a file",
    action="books.read",
    whose="house",
    gives=BEANCOUNT,
    or_gives=(CSV,),
)
def download_journal(
    call: Called,
    month: Month,
    kind: Annotated[Literal["beancount", "csv"], Query(description="Which file.")] = "beancount",
) -> Response:
    """For beancount, or as CSV."""
    with call.desk() as desk:
        found = journals.standing(desk, months.checked(month)).value
    text, media = _text(found, kind)
    headers = {"Content-Disposition": f'attachment; filename="journal-{month}.{kind}"'}
    return Response(text, media_type=media, headers=headers)


@JOURNAL.get(
    "/focus/{month}",
    "downloadFocus",
    "A month's charges as FOCUS",
    action="books.read",
    whose="house",
    gives=CSV,
)
def download_focus(
    call: Called,
    month: Month,
    version: Annotated[Literal["1.0", "1.2"], Query(description="Version of the specification.")] = "1.0",
) -> Response:
    """A row for each charge, drawn while it travels."""

    def read(work: Callable[[Session], T]) -> T:
        with call.desk() as desk:
            return desk.store.read(work)

    wanted = Wanted(months.checked(month), month, version=version)
    with reading(call.desks.engine) as connection:
        periods = focus_export.periods(connection, read, wanted)
    pieces = focus_export.csv_pieces(periods, read, wanted)
    headers = {"Content-Disposition": f'attachment; filename="focus-{month}.csv"'}
    return StreamingResponse(pieces, media_type=CSV, headers=headers)


def _text(found: Journal, kind: str) -> tuple[str, str]:
    if kind == "csv":
        return csv_text(journal_files.COLUMNS, journal_files.csv_rows([found])), CSV
    return journal_files.beancount_text([found], f"Bursar {found.month}"), BEANCOUNT


def _entry(one: Entry) -> JournalEntry:
    return JournalEntry(
        entry=one.id,
        day=one.day.isoformat(),
        kind=one.kind,
        narration=one.narration,
        lines=[_line(line) for line in one.lines],
    )


def _line(one: Line) -> JournalLine:
    made = one.origin
    return JournalLine(
        account=one.account.name,
        cost_centre=one.cost_centre,
        amount=amount_of(one.nanos),
        concerns=made.month if made else "",
        provider=made.provider if made else "",
        purpose=made.purpose if made else "",
        classes=list(made.classes) if made else [],
        people=made.people if made else 0,
        requests=made.requests if made else 0,
        list_price=amount_of(made.list_nanos if made else 0),
        query=made.query if made else "",
    )
