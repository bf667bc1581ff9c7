"""Reading the ledger: balances at any past instant, statements, usage, exposure.

Balances of the past are replayed from the journal. A question names two times: `at`, the business time, and optionally
a sequence number, what was recorded by then; what had fallen due by `at` is applied whether or not a sweep had recorded
it, so the answer to (at, seq) never changes.
"""

from __future__ import annotations

from dataclasses import dataclass

from bursar.ledger import rules
from bursar.ledger.book import Book
from bursar.ledger.session import Session
from bursar.ledger.values import BEYOND, Account, Entry, Hold, Lot, LotTerms, Usage

PAGE = 5_000
"""Entries read at a time."""

_NAMES = {
    Account.AVAILABLE: "available",
    Account.HELD: "held",
    Account.SPENT: "spent",
    Account.EXPIRED: "expired",
    Account.REVOKED: "revoked",
    Account.ROLLED: "rolled",
}


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

    seq: int
    at: int
    kind: str
    change: int
    """What the entry adds to what the person has (available and held), nano-units."""
    spent: int
    balance: int
    """What the person has afterwards, lots that are not open yet included."""
    usage: Usage | None
    note: str
    label: str


@dataclass(frozen=True, slots=True)
class Statement:
    """A person's account over a time, in one unit."""

    opening: int
    lines: list[Line]
    closing: int


def balance(session: Session, person: str, at: int, as_of: int | None = None) -> list[LotBalance]:
    """Every lot that the person had by `at`, as it stood then; `as_of` limits to entries recorded by that sequence."""
    terms = {lot.terms.id: lot for lot in session.lots_of(person)}
    holds = {hold.id: hold for hold in session.holds_of(person)}
    book = Book(person)
    for entry, seq in _entries(session, person):
        if as_of is not None and seq > as_of:
            break
        if entry.effective <= at:
            _replay(book, entry, terms, holds)
    rules.happen(book, at)
    return [
        LotBalance(
            lot.terms,
            lot.available,
            lot.held,
            lot.spent,
            lot.expired,
            lot.revoked,
            lot.rolled,
            lot.is_open(at),
        )
        for lot in sorted(book.lots.values(), key=lambda lot: lot.rank)
    ]


def _replay(book: Book, entry: Entry, terms: dict[str, Lot], holds: dict[str, Hold]) -> None:
    """Evolve a book by a recorded entry, without deciding anything again."""
    for posting in entry.postings:
        if posting.lot == BEYOND:
            continue
        lot = book.lots.get(posting.lot)
        if lot is None:
            lot = book.add_lot(terms[posting.lot].terms)
        for account, sign in ((posting.source, -1), (posting.destination, 1)):
            name = _NAMES.get(Account(account))
            if name:
                setattr(lot, name, getattr(lot, name) + sign * posting.amount)
    if entry.kind == "hold":
        known = holds[entry.hold]
        book.holds[entry.hold] = Hold(
            known.id,
            unit=known.unit,
            draws=known.draws,
            taken=known.taken,
            expires=known.expires,
            on_lapse=known.on_lapse,
            node=known.node,
            cap="",
            request=known.request,
        )
    elif entry.hold:
        book.holds.pop(entry.hold, None)
    if entry.kind == "revoke":
        for posting in entry.postings:
            book.lots[posting.lot].revoked_at = entry.effective


def statement(session: Session, person: str, start: int, end: int, unit: str = "USD") -> Statement:
    """Everything that changed what a person has from `start` (inclusive) to `end` (exclusive)."""
    labels = {lot.terms.id: lot.terms.label for lot in session.lots_of(person)}
    running = opening = 0
    lines: list[Line] = []
    for entry, seq in _entries(session, person):
        if entry.unit != unit or entry.effective >= end:
            continue
        change = spent = 0
        for posting in entry.postings:
            if posting.lot != BEYOND:
                change += posting.amount * (_owned(posting.destination) - _owned(posting.source))
            spent += posting.amount * ((posting.destination == Account.SPENT) - (posting.source == Account.SPENT))
        running += change
        if entry.effective < start:
            opening = running
        elif change or spent:
            label = next((labels.get(posting.lot, "") for posting in entry.postings if posting.lot), "")
            lines.append(Line(seq, entry.effective, entry.kind, change, spent, running, entry.usage, entry.note, label))
    return Statement(opening, lines, running)


def _owned(account: int) -> int:
    return int(account in (Account.AVAILABLE, Account.HELD))


def _entries(session: Session, person: str) -> list[tuple[Entry, int]]:
    """A person's whole journal in the order of effect: due things recorded late stand where they happened."""
    found: list[tuple[Entry, int]] = []
    after = 0
    while page := session.entries_of(person, after, PAGE):
        found += [(entry, seq) for entry, seq, _ in page]
        after = page[-1][1]
    found.sort(key=lambda one: (one[0].effective, one[1]))
    return found


GROUPS = ("person", "day", "provider", "model", "purpose", "project")


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
    """Usage by person, day, provider, model, purpose or project; days since 1970-01-01 UTC, end exclusive."""
    if group not in GROUPS:
        raise ValueError(f"group: found {group!r}, expected one of {', '.join(GROUPS)}")
    where, parameters = ("AND person = ?", [person]) if person else ("", [])
    rows = session.rows(
        f"SELECT {group}, SUM(requests), SUM(input_tokens), SUM(cached_tokens), SUM(output_tokens), SUM(amount), "
        f"SUM(list_nanos), SUM(cost_nanos), SUM(overage) FROM usage_day WHERE unit = ? AND day >= ? AND day < ? {where} "
        f"GROUP BY {group} ORDER BY 6 DESC, 1",
        unit,
        start_day,
        end_day,
        *parameters,
    )
    return [UsageSum(str(row[0]), *(int(value) for value in row[1:])) for row in rows]


@dataclass(frozen=True, slots=True)
class Exposure:
    """All lots of an organisation by bucket, nano-units."""

    promised: int
    available: int
    held: int
    spent: int
    expired: int
    revoked: int
    overage: int


def exposure(session: Session, unit: str = "USD") -> Exposure:
    row = session.rows(
        "SELECT COALESCE(SUM(amount), 0), COALESCE(SUM(available), 0), COALESCE(SUM(held), 0), COALESCE(SUM(spent), 0), "
        "COALESCE(SUM(expired), 0), COALESCE(SUM(revoked), 0) FROM lot WHERE unit = ?",
        unit,
    )[0]
    (over,) = session.rows("SELECT COALESCE(SUM(overage), 0) FROM charge WHERE unit = ?", unit)[0]
    promised, available, held, spent, expired, revoked = (int(value) for value in row)
    return Exposure(promised, available, held, spent, expired, revoked, int(over))
