"""Reading the ledger: balances at any past instant, statements, usage, exposure.

Balances of the past are replayed from the journal. A question names two times: `at`, the business time, and optionally
a sequence number, what was recorded by then; what had fallen due by `at` is applied whether or not a sweep had recorded
it, so the answer to (at, seq) never changes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bursar.ledger import columns
from bursar.ledger.book import Book
from bursar.ledger.replay import journal_of, replay
from bursar.ledger.rollup import KEYS
from bursar.ledger.rules import happen
from bursar.ledger.session import Session, wide, wide_sum
from bursar.ledger.values import (
    AVAILABLE,
    BEYOND,
    HELD,
    MAX_AMOUNT,
    SPENT,
    Entry,
    Hold,
    Lot,
    LotTerms,
    Recorded,
    Usage,
)

GROUPS = tuple(name for name in KEYS if name != "unit")
_PAGE = 256
"""Entries looked at in one query, newest first."""
_PEOPLE_AT_ONCE = 500
"""People named in one query."""


@dataclass(frozen=True, slots=True)
class LotBalance:
    """One lot at an instant; nano-units of its unit. The buckets add up to `terms.amount`."""

    terms: LotTerms
    available: int
    held: int
    spent: int
    expired: int
    revoked: int
    rolled: int
    open: bool
    """It can be drawn on at this instant."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a statement: an entry that changed what a person has."""

    seq: int | None
    """Place in the journal; None for what has fallen due and is not recorded yet."""
    at: int
    kind: str
    change: int
    """What the entry adds to what the person has (available and held), nano-units."""
    spent: int
    """What it adds to the spending; more than `-change` where no lot covered it."""
    balance: int
    """What the person has afterwards, lots that are not open yet included."""
    usage: Usage | None
    note: str
    label: str
    """Of the lot that it is about."""
    command: str


@dataclass(frozen=True, slots=True)
class Statement:
    """A person's account over a time, in one unit: `opening` plus the changes of all lines is `closing`."""

    opening: int
    lines: list[Line]
    closing: int


def balance(session: Session, person: str, at: int, as_of_seq: int | None = None) -> list[LotBalance]:
    """Every lot that the person had by `at`, as it stood then, in burn order.

    `as_of_seq` limits to what was recorded by that sequence number. The present is read from the projections, which
    are the same by construction (`verify` compares them); everything else is replayed.
    """
    return _balances(_present(session, person, at, as_of_seq) or _past(session, person, at, as_of_seq), at)


def balances(session: Session, people: Sequence[str], now: int) -> dict[str, list[LotBalance]]:
    """What some people have now, by person, in two queries however many they are: lots that are not over.

    For the present only: it is read from the projections as they are, without asking whether something lies after `now`.
    """
    wanted = sorted(set(people))
    if not wanted:
        return {}
    lots: dict[str, list[Lot]] = {}
    query = (
        f"SELECT {columns.LOT} FROM lot WHERE person {session.IN} AND (live = 1 OR expires > ?) ORDER BY effective, id"
    )
    for row in session.rows(query, wanted, now):
        lots.setdefault(row[0], []).append(columns.lot_of(row))
    holds: dict[str, list[Hold]] = {}
    for row in session.rows(f"SELECT {columns.HOLD} FROM hold WHERE state = 'open' AND person {session.IN}", wanted):
        holds.setdefault(row[0], []).append(columns.hold_of(row))
    return {one: _balances(Book(one, lots[one], holds.get(one, [])), now) for one in lots}


def _balances(book: Book, at: int) -> list[LotBalance]:
    """The lots of a book once everything has happened that is due by an instant, in burn order."""
    happen(book, at)
    return [
        LotBalance(lot.terms, lot.available, lot.held, lot.spent, lot.expired, lot.revoked, lot.rolled, lot.is_open(at))
        for lot in sorted(book.lots.values(), key=lambda lot: lot.rank)
    ]


def _present(session: Session, person: str, at: int, as_of_seq: int | None) -> Book | None:
    """The projections, if nothing that is recorded of this person lies after the question's two times."""
    if _goes_beyond(session, person, at, as_of_seq):
        return None
    return Book(person, session.lots_of(person), [hold for _, hold in session.open_holds(person)])


def _goes_beyond(session: Session, person: str, at: int, as_of_seq: int | None) -> bool:
    """Is anything recorded that happened after `at` or was recorded after `as_of_seq`?

    What happened late in the past may be recorded after what happened since, so the newest entry alone does not tell;
    but nothing is recorded before it happens, so the search ends at the first entry that was recorded by `at`.
    """
    before = MAX_AMOUNT
    while page := session.rows(
        "SELECT seq, effective, recorded FROM entry WHERE person = ? AND seq < ? ORDER BY seq DESC LIMIT ?",
        person,
        before,
        _PAGE,
    ):
        for seq, effective, recorded in page:
            if effective > at or (as_of_seq is not None and seq > as_of_seq):
                return True
            if recorded <= at:
                return False
        before = page[-1][0]
    return False


def _past(session: Session, person: str, at: int, as_of_seq: int | None) -> Book:
    book = Book(person)
    for line in journal_of(session, person, as_of_seq):
        if line.entry.effective <= at:
            replay(book, line.entry)
    return book


def units_of(session: Session, person: str) -> list[str]:
    """Every unit that something of this person was ever moved in."""
    lots = "SELECT unit FROM lot WHERE person = ? UNION SELECT unit FROM usage_day WHERE person = ?"
    return sorted(str(row[0]) for row in session.rows(lots, person, person))


def units_used(session: Session, start_day: int, end_day: int, person: str = "") -> list[str]:
    """Every unit of the charges of some days, the end exclusive."""
    where, parameters = ("AND person = ?", [person]) if person else ("", [])
    query = f"SELECT DISTINCT unit FROM usage_day WHERE day >= ? AND day < ? {where} ORDER BY unit"
    return [str(row[0]) for row in session.rows(query, start_day, end_day, *parameters)]


def statement(
    session: Session, person: str, start: int, end: int, unit: str = "USD", as_of_seq: int | None = None
) -> Statement:
    """Everything that changed what a person has from `start` (inclusive) to `end` (exclusive)."""
    return statement_of(person, journal_of(session, person, as_of_seq), start, end, unit)


def statement_of(person: str, journal: Iterable[Recorded], start: int, end: int, unit: str) -> Statement:
    """A statement from a person's whole journal, which needs no database."""
    book = Book(person)
    running = opening = 0
    lines: list[Line] = []

    def put(entry: Entry, seq: int | None) -> None:
        nonlocal running, opening
        change, spent = effect_of(entry)
        running += change
        if entry.effective < start:
            opening = running
        elif change or spent:
            label = next((book.lots[one.lot].terms.label for one in entry.postings if one.lot in book.lots), "")
            lines.append(
                Line(
                    seq,
                    entry.effective,
                    entry.kind,
                    change,
                    spent,
                    running,
                    entry.usage,
                    entry.note,
                    label,
                    entry.command,
                )
            )

    found: list[tuple[Entry, int | None]] = []
    for recorded in journal:
        if recorded.entry.effective < end:
            replay(book, recorded.entry)
            found.append((recorded.entry, recorded.seq))
    happen(book, end - 1)
    found += [(entry, None) for entry in book.entries]
    # By the time when it happened: what was recorded late stands where it belongs.
    for entry, seq in sorted(found, key=lambda one: one[0].effective):
        if entry.unit == unit:
            put(entry, seq)
    return Statement(opening, lines, running)


def effect_of(entry: Entry) -> tuple[int, int]:
    """What an entry adds to what a person has, and to what is spent."""
    change = spent = 0
    for posting in entry.postings:
        if posting.lot != BEYOND:
            change += posting.amount * (_owned(posting.destination) - _owned(posting.source))
        spent += posting.amount * ((posting.destination == SPENT) - (posting.source == SPENT))
    return change, spent


def _owned(account: int) -> int:
    return int(account in (AVAILABLE, HELD))


@dataclass(frozen=True, slots=True)
class UsageSum:
    """Totals of a group of charges from the daily rollup; amounts in nano-units, values in nano-USD."""

    key: str
    requests: int
    input_tokens: int
    cached_tokens: int
    output_tokens: int
    amount: int
    list_nanos: int
    cost_nanos: int
    overage: int


def usage_by(
    session: Session, group: str, start_day: int, end_day: int, person: str = "", unit: str = "USD"
) -> list[UsageSum]:
    """Usage by person, day, provider, model, purpose or project, most first; days since 1970-01-01 UTC, end exclusive."""
    if group not in GROUPS:
        raise ValueError(f"group: found {group!r}, expected one of {', '.join(GROUPS)}")
    where, parameters = ("AND person = ?", [person]) if person else ("", [])
    counts = ", ".join(f"SUM({name})" for name in ("requests", "input_tokens", "cached_tokens", "output_tokens"))
    sums = ", ".join(wide_sum(name) for name in ("amount", "list_nanos", "cost_nanos", "overage"))
    found = [
        UsageSum(str(row[0]), *(int(count) for count in row[1:5]), *(wide(row[n], row[n + 1]) for n in range(5, 13, 2)))
        for row in session.rows(
            f"SELECT {group}, {counts}, {sums} FROM usage_day WHERE unit = ? AND day >= ? AND day < ? {where} "
            f"GROUP BY {group} ORDER BY {group}",
            unit,
            start_day,
            end_day,
            *parameters,
        )
    ]
    return sorted(found, key=lambda one: -one.amount)


@dataclass(frozen=True, slots=True)
class ChargeLine:
    """One charge or correction as it was recorded; nano-units, microseconds UTC."""

    seq: int
    person: str
    unit: str
    amount: int
    overage: int
    usage: Usage


def recent_charges(
    session: Session,
    limit: int,
    person: str = "",
    before_seq: int | None = None,
    *,
    start: int = 0,
    end: int = MAX_AMOUNT,
) -> list[ChargeLine]:
    """The newest charges and corrections, newest first, of everyone or of one person; `before_seq` pages on.

    `start` (inclusive) and `end` (exclusive) narrow one person's to those that took effect in a time.
    """
    wanted = ", ".join(f"charge.{name.strip()}" for name in columns.CHARGE.split(","))
    before = MAX_AMOUNT if before_seq is None else before_seq
    if person:
        rows = session.rows(
            f"SELECT {wanted} FROM entry e JOIN charge ON charge.seq = e.seq WHERE e.person = ? AND e.seq < ? "
            "AND e.effective >= ? AND e.effective < ? ORDER BY e.seq DESC LIMIT ?",
            person,
            before,
            start,
            end,
            limit,
        )
    else:
        rows = session.rows(
            f"SELECT {wanted} FROM charge WHERE charge.seq < ? ORDER BY charge.seq DESC LIMIT ?", before, limit
        )
    return [ChargeLine(row[0], row[1], row[2], row[3], row[4], columns.usage_of(row)) for row in rows]


@dataclass(frozen=True, slots=True)
class ChargeSum:
    """Totals of a group of one person's charges; nano-units, microseconds UTC."""

    key: str
    requests: int
    amount: int
    first: int
    last: int


def charges_by(session: Session, column: str, person: str, since: int, most: int, unit: str = "USD") -> list[ChargeSum]:
    """A person's newest charges (at most `most` of them, none from before `since`) by a column of the charge, most first."""
    if column not in ("access_key", "session", "agent"):
        raise ValueError(f"column: found {column!r}, expected access_key, session or agent")
    newest = (
        f"SELECT charge.{column} AS name, charge.amount, charge.at FROM entry e JOIN charge ON charge.seq = e.seq "
        "WHERE e.person = ? AND charge.unit = ? AND charge.at >= ? ORDER BY e.seq DESC LIMIT ?"
    )
    rows = session.rows(
        f"SELECT name, COUNT(*), {wide_sum('amount')}, MIN(at), MAX(at) FROM ({newest}) AS newest GROUP BY name ORDER BY name",
        person,
        unit,
        since,
        most,
    )
    found = [ChargeSum(str(row[0]), int(row[1]), wide(row[2], row[3]), int(row[4]), int(row[5])) for row in rows]
    return sorted(found, key=lambda one: -one.amount)


@dataclass(frozen=True, slots=True)
class PersonSum:
    """What was metered of one person on some days; nano-units of one unit."""

    requests: int
    input_tokens: int
    cached_tokens: int
    output_tokens: int
    amount: int
    days: int
    """On which anything was charged."""


def usage_of(
    session: Session, people: Sequence[str], start_day: int, end_day: int, but: Sequence[str] = (), unit: str = "USD"
) -> dict[str, PersonSum]:
    """Sums of these people and of nobody else, by person; without what providers in `but` charged. Days as in `usage_by`."""
    found: dict[str, PersonSum] = {}
    without = f"AND provider NOT IN ({', '.join('?' * len(but))})" if but else ""
    for start in range(0, len(people), _PEOPLE_AT_ONCE):
        some = people[start : start + _PEOPLE_AT_ONCE]
        rows = session.rows(
            "SELECT person, SUM(requests), SUM(input_tokens), SUM(cached_tokens), SUM(output_tokens), "
            f"{wide_sum('amount')}, COUNT(DISTINCT day) FROM usage_day WHERE unit = ? AND day >= ? AND day < ? {without} "
            f"AND person IN ({', '.join('?' * len(some))}) GROUP BY person",
            unit,
            start_day,
            end_day,
            *but,
            *some,
        )
        for row in rows:
            requests, new, cached, output = (int(one) for one in row[1:5])
            found[str(row[0])] = PersonSum(requests, new, cached, output, wide(row[5], row[6]), int(row[7]))
    return found


@dataclass(frozen=True, slots=True)
class Exposure:
    """All lots of an organisation by bucket, nano-units of one unit; `overage` is what no lot covered.

    What rolled over is promised once: `promised` is available + held + spent + expired + revoked.
    """

    promised: int
    available: int
    held: int
    spent: int
    expired: int
    revoked: int
    rolled: int
    overage: int


def exposure(session: Session, unit: str = "USD", overage: int | None = None) -> Exposure:
    """Where everything is that was ever promised in a unit, as recorded: what is due and not swept is still available.

    Whoever knows what no lot covered says so: summing the whole daily rollup takes seconds in a large house.
    """
    buckets = ("amount", "available", "held", "spent", "expired", "revoked", "rolled")
    row = session.rows(f"SELECT {', '.join(wide_sum(name) for name in buckets)} FROM lot WHERE unit = ?", unit)[0]
    promised, available, held, spent, expired, revoked, rolled = (wide(row[n], row[n + 1]) for n in range(0, 14, 2))
    if overage is None:
        overage = wide(*session.rows(f"SELECT {wide_sum('overage')} FROM usage_day WHERE unit = ?", unit)[0])
    return Exposure(promised - rolled, available, held, spent, expired, revoked, rolled, overage)
