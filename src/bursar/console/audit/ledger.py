"""The ledger: what moved? A person's account with its running balance, as it stood at any instant, with its proof."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlencode

from fastapi import Path, Query
from starlette.responses import Response

from bursar.calendar import from_micros
from bursar.console.audit.area import AREA
from bursar.console.audit.moments import instant, local
from bursar.console.sheet import download
from bursar.console.visit import Visit, Visitor
from bursar.errors import InvalidInput
from bursar.exchange.sheets import number
from bursar.office import months, naming
from bursar.office.access import Action, Subject, action, missing, reach
from bursar.office.database import reading
from bursar.office.oversight import journal_pages
from bursar.office.oversight.subjects import everybody, required
from bursar.office.workforce import people

BOOKS = action("books.read")
STATEMENT = action("statement.read")
WALLET = action("wallet.read")
PATH = "/audit/ledger"
KINDS = {
    "release": "released",
    "hold": "held",
    "settle": "charged",
    "charge": "charged",
    "void": "given back",
    "lapse": "hold lapsed",
    "unresolved": "unresolved",
    "expire": "forfeited",
    "trim": "forfeited over the cap",
    "roll": "rolled over",
    "revoke": "taken back",
    "reduce": "reduced",
    "correct": "corrected",
}

Handle = Annotated[str, Path(max_length=200)]
Moment = Annotated[str, Query(max_length=40)]
UnitOf = Annotated[str, Query(alias="unit", max_length=100)]


@AREA.page(PATH, name="Ledger", question="What moved?", action="books.read", whose="house")
def page(
    visit: Visit,
    person: Annotated[str, Query(max_length=200)] = "",
    until: Moment = "",
    before: Annotated[int, Query(ge=0, le=2**62)] = 0,
) -> Response:
    """The journal, newest first; with somebody's name, on to their account."""
    visit.look(BOOKS, [everybody(visit.actor)], "journal")
    if person.strip():
        with reading(visit.caller.desks.engine) as connection:
            subject, _ = required(connection, visit.actor, STATEMENT, person.strip().lower())
            handle = people.named(connection, subject.person)["handle"]
        return visit.done(f"{PATH}/{handle}")
    moment = instant(until, visit.zone, "until") if until else 0
    with visit.desk() as desk:
        found = journal_pages.page(desk, until=moment, before=before)
    with reading(visit.caller.desks.engine) as connection:
        names = naming.subjects(connection, {one.person for one in found.lines})
    return visit.show(
        "audit/ledger.html",
        lines=found.lines,
        next=found.next,
        first=not before,
        names=names,
        kinds=KINDS,
        until=until,
        base=PATH + (f"?{urlencode({'until': until})}" if until else ""),
        path=PATH,
    )


@AREA.page(
    PATH + "/{handle}",
    name="Account",
    question="What moved this account?",
    action="statement.read",
    whose="house",
    in_menu=False,
)
def account(
    visit: Visit,
    handle: Handle,
    start: Annotated[str, Query(alias="from", max_length=40)] = "",
    until: Moment = "",
    unit: UnitOf = "USD",
    holds: Annotated[str, Query(max_length=5)] = "",
) -> Response:
    """A person's account in one unit, the newest line first, with the balance after each."""
    holder = _looked_at(visit, STATEMENT, handle, "account")
    begins, ends = _span(visit, start, until)
    with visit.desk() as desk:
        units = _checked_unit(journal_pages.units(desk, holder["id"]), unit)
        found = journal_pages.statement(desk, holder["id"], begins, ends, unit)
    wanted = [one for one in found.lines if holds or one.kind not in ("hold", "void", "lapse")]
    query = {"from": start, "until": until, "unit": unit}
    kept = {name: value for name, value in query.items() if value and value != "USD"}
    return visit.show(
        "audit/account.html",
        holder=holder,
        statement=found,
        lines=wanted[::-1][: journal_pages.MOST_LINES],
        more=max(0, len(wanted) - journal_pages.MOST_LINES),
        units=[(f"{PATH}/{holder['handle']}?{urlencode({**kept, 'unit': one})}", one, one) for one in units],
        unit=unit,
        begins=local(begins, visit.zone),
        ends=local(ends, visit.zone),
        holds=holds,
        kinds=KINDS,
        query=urlencode(kept),
        at_any_time="organisation" in reach(visit.actor, WALLET),
        path=f"{PATH}/{holder['handle']}",
        top=PATH,
    )


@AREA.page(
    PATH + "/{handle}/statement.csv", name="", question="", action="statement.read", whose="house", in_menu=False
)
def sheet(
    visit: Visit,
    handle: Handle,
    start: Annotated[str, Query(alias="from", max_length=40)] = "",
    until: Moment = "",
    unit: UnitOf = "USD",
) -> Response:
    """The same as CSV, every line."""
    holder = _looked_at(visit, STATEMENT, handle, "account, as a file")
    begins, ends = _span(visit, start, until)
    with visit.desk() as desk:
        _checked_unit(journal_pages.units(desk, holder["id"]), unit)
        found = journal_pages.statement(desk, holder["id"], begins, ends, unit)
    columns = ("entry", "instant", "kind", "what", "change", "spent", "balance", "unit", "note", "command")
    rows = [
        (
            one.seq,
            from_micros(one.at).isoformat(),
            one.kind,
            one.usage.model if one.usage else one.label,
            number(one.change),
            number(one.spent),
            number(one.balance),
            unit,
            one.note,
            one.command,
        )
        for one in found.lines
    ]
    return download(f"statement-{holder['handle']}", columns, rows)


@AREA.page(PATH + "/{handle}/proof.json", name="", question="", action="statement.read", whose="house", in_menu=False)
def proof(
    visit: Visit,
    handle: Handle,
    start: Annotated[str, Query(alias="from", max_length=40)] = "",
    until: Moment = "",
    unit: UnitOf = "USD",
) -> Response:
    """The statement with everything that is needed to check it years later, without this installation."""
    holder = _looked_at(visit, STATEMENT, handle, "account, with its proof")
    begins, ends = _span(visit, start, until)
    with visit.desk() as desk:
        _checked_unit(journal_pages.units(desk, holder["id"]), unit)
        text = journal_pages.proof_of(desk, holder["id"], begins, ends, unit)
    headers = {"Content-Disposition": f'attachment; filename="proof-{holder["handle"]}.json"'}
    return Response(text, media_type="application/json", headers=headers)


@AREA.page(
    PATH + "/{handle}/balance",
    name="Balance",
    question="What was there at that instant?",
    action="wallet.read",
    whose="house",
    in_menu=False,
)
def balance(
    visit: Visit,
    handle: Handle,
    at: Moment = "",
    seq: Annotated[str, Query(max_length=20)] = "",
) -> Response:
    """Every lot as it stood; with an entry's number, as it was known by then."""
    holder = _looked_at(visit, WALLET, handle, "balance at an instant")
    moment = instant(at, visit.zone, "at") if at else visit.now
    if moment > visit.now:
        raise InvalidInput("at", at, "an instant of the past: the future is not recorded yet")
    if seq and not (seq.isascii() and seq.isdecimal()):
        raise InvalidInput("seq", repr(seq), "the number of an entry")
    with visit.desk() as desk:
        lots = journal_pages.balance_at(desk, holder["id"], moment, int(seq or 0))
    sums: dict[str, int] = {}
    for lot in lots:
        if lot.open:
            sums[lot.terms.unit] = sums.get(lot.terms.unit, 0) + lot.available
    return visit.show(
        "audit/balance.html",
        holder=holder,
        lots=[one for one in lots if one.terms.effective <= moment],
        sums=sorted(sums.items(), key=lambda one: (one[0] != "USD", one[0])),
        at=local(moment, visit.zone),
        moment=moment,
        seq=seq,
        path=f"{PATH}/{holder['handle']}",
        top=PATH,
    )


def _looked_at(visit: Visitor, act: Action, handle: str, what: str) -> dict[str, str]:
    """The person of this handle, or a pool, if the visitor may; the line in who-looked is written before anything is read."""
    if handle.startswith("pool:"):
        visit.look(act, [Subject(visit.actor.organisation)], f"{what} of {handle}"[:100])
        return {"id": handle, "handle": handle, "name": handle, "zone": "UTC"}
    with reading(visit.caller.desks.engine) as connection:
        subject, _ = required(connection, visit.actor, act, handle)
        holder = people.named(connection, subject.person)
    if holder["handle"] != handle:
        raise missing(handle)
    visit.look(act, [subject], what)
    return holder


def _checked_unit(units: list[str], unit: str) -> list[str]:
    if unit not in units:
        raise InvalidInput("unit", repr(unit), f"one of {', '.join(units)}")
    return units


def _span(visit: Visitor, start: str, until: str) -> tuple[int, int]:
    """From the first of the month on, until now, where nothing else is said."""
    begins = instant(start, visit.zone, "from") if start else months.micros_of(months.month_of(visit.now))[0]
    ends = instant(until, visit.zone, "until") if until else visit.now + 1
    if ends <= begins:
        raise InvalidInput("until", until or "now", f"an instant after {start or 'the first of the month'}")
    return begins, ends
