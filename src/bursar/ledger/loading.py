"""Loading: the books of everyone whom a batch touches, as far as its commands can see.

Everything is read in a handful of set-based statements under the lock of these people; nothing is kept from one batch
to the next.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from bursar.ledger import columns
from bursar.ledger.book import Book
from bursar.ledger.commands import Abandon, Applied, Command, Correct, Release, Revoke, Roll, Settle, TakeHold, Void
from bursar.ledger.corrections import CHARGE_KINDS
from bursar.ledger.session import Session, wide, wide_sum
from bursar.ledger.values import BEYOND, Cap, Lot, rolled_id

CLOCK_TOLERANCE_MICROS = 10_000_000
"""How far a clock may lag behind a person's newest entry and be taken along, so that time does not go back for them."""


_NAMES_LOT = (Release, Revoke, Roll)
_NAMES_HOLD = (Settle, Void, Abandon)


def load(session: Session, commands: Sequence[Command], now: int) -> tuple[dict[str, Book], int]:
    """Lock everyone whom these commands name; returns their books and the instant at which the batch happens."""
    people = sorted({command.person for command in commands})
    named = [one.lot.id if isinstance(one, Release) else one.lot for one in commands if isinstance(one, _NAMES_LOT)]
    named += [rolled_id(one.lot) for one in commands if isinstance(one, Roll)]
    ending = [command.hold for command in commands if isinstance(command, _NAMES_HOLD)]
    session.lock(people, now)
    newest, known, live, due, caps, lots, holds = session.many(
        (session.NEWEST + session.IN, people),
        (f"SELECT command FROM entry WHERE command {session.IN}", [command.id for command in commands]),
        (f"SELECT {columns.LOT} FROM lot WHERE person {session.IN} AND live = 1", people),
        (
            f"SELECT {columns.HOLD} FROM hold WHERE person {session.IN} AND state = 'open' AND expires <= ?",
            people,
            now + CLOCK_TOLERANCE_MICROS,
        ),
        (f"SELECT {columns.CAP} FROM cap WHERE person {session.IN}", people),
        (f"SELECT {columns.LOT} FROM lot WHERE id {session.IN}", named),
        (f"SELECT {columns.HOLD} FROM hold WHERE id {session.IN}", ending),
    )
    applied: dict[str, tuple[str, Applied]] = {}
    taken: set[str] = set()
    books = {person: Book(person, applied=applied, taken=taken) for person in people}
    now = _present(books, newest, now)
    if len(newest) < len(people):
        have = {row[0] for row in newest}
        session.insert(
            "account", "person, opened", [(one, now) for one in people if one not in have], "ON CONFLICT DO NOTHING"
        )
    if known:
        for line in session.entries(f"WHERE command {session.IN}", [row[0] for row in known]):
            applied[line.entry.command] = (line.entry.content, columns.answer_of(line.entry))
    _keep_lots(books, taken, live)
    _keep_lots(books, taken, lots)
    _keep_holds(books, [*holds, *(row for row in due if row[5] <= now)])
    _keep_charges(session, books, taken, commands)
    _keep_caps(session, books, caps, commands)
    return books, now


def spent_lots(session: Session, books: Iterable[Book], now: int) -> dict[str, list[Lot]]:
    """Lots that are still open and of which nothing was left before this batch, for the figures of a refusal."""
    known = {book.person: book for book in books}
    found: dict[str, list[Lot]] = {person: [] for person in known}
    for row in session.rows(
        f"SELECT {columns.LOT} FROM lot WHERE person {session.IN} AND live = 0 AND revoked_at = 0 AND expires > ?",
        sorted(known),
        now,
    ):
        if row[1] not in known[row[0]].lots:
            found[row[0]].append(columns.lot_of(row))
    return found


def _present(books: dict[str, Book], newest: list[tuple[Any, ...]], now: int) -> int:
    """Note everyone's newest entry, and find the instant of this batch.

    A clock that lags a little behind another node's must not reorder anyone's journal.
    """
    for person, seq, effective in newest:
        if seq is not None:
            books[person].newest = seq
            if now < effective <= now + CLOCK_TOLERANCE_MICROS:
                now = effective
    return now


def _lots(session: Session, names: list[str]) -> list[tuple[Any, ...]]:
    return session.rows(f"SELECT {columns.LOT} FROM lot WHERE id {session.IN}", names) if names else []


def _keep_lots(books: dict[str, Book], taken: set[str], found: list[tuple[Any, ...]]) -> None:
    for row in found:
        taken.add(row[1])
        book = books.get(row[0])
        if book is not None and row[1] not in book.lots:
            book.lots[row[1]] = columns.lot_of(row)


def _keep_holds(books: dict[str, Book], found: Iterable[tuple[Any, ...]]) -> None:
    for row in found:
        book = books.get(row[0])
        if book is not None and row[1] not in book.holds:
            book.holds[row[1]] = columns.hold_of(row)


def _keep_charges(session: Session, books: dict[str, Book], taken: set[str], commands: Sequence[Command]) -> None:
    """What corrections name: the charge with its earlier corrections, its lots, and the hold that it ended."""
    lots = _load_charges(session, books, commands)
    if not lots and not any(book.charges for book in books.values()):
        return
    _keep_lots(books, taken, _lots(session, lots))
    named = [history[0].hold for book in books.values() for history in book.charges.values() if history]
    _keep_holds(books, session.rows(f"SELECT {columns.HOLD} FROM hold WHERE id {session.IN}", named))


def _keep_caps(
    session: Session, books: dict[str, Book], found: list[tuple[Any, ...]], commands: Sequence[Command]
) -> None:
    """The limits of access keys; one that is new counts what came through its key before."""
    for person, name, unit, ceiling, held, spent in found:
        books[person].caps[(name, unit)] = Cap(name, unit, ceiling, held=held, spent=spent)
    for command in commands:
        if not isinstance(command, TakeHold) or not command.cap:
            continue
        caps, key = books[command.person].caps, (command.cap, command.unit)
        if key not in caps:
            earlier = session.rows(
                f"SELECT {wide_sum('c.amount')} FROM entry e JOIN charge c ON c.seq = e.seq "
                "WHERE e.person = ? AND c.access_key = ? AND c.unit = ?",
                command.person,
                *key,
            )
            caps[key] = Cap(*key, command.cap_limit, spent=wide(*earlier[0]))


def _load_charges(session: Session, books: dict[str, Book], commands: Sequence[Command]) -> list[str]:
    """The charges that corrections name, each with its earlier corrections; returns the lots that they touched."""
    names = set()
    for command in commands:
        if isinstance(command, Correct):
            books[command.person].charges.setdefault(command.of, [])
            names.add(command.of)
    if not names:
        return []
    lots: set[str] = set()
    for line in session.entries(
        f"WHERE command {session.IN} OR corrects {session.IN} ORDER BY seq", sorted(names), sorted(names)
    ):
        entry = line.entry
        book = books.get(entry.person)
        history = None if book is None else book.charges.get(entry.corrects or entry.command)
        if history is not None and (entry.kind in CHARGE_KINDS or entry.kind == "correct"):
            history.append(entry)
            lots.update(posting.lot for posting in entry.postings)
    return sorted(lots - {BEYOND})
