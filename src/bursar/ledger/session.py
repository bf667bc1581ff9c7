"""One transaction of the ledger: load the touched people's books, write back what the rules changed.

The statements are the same for both engines but for placeholders and list parameters; an engine supplies those and the
two ways of running a statement. Everything that a batch needs is read in a handful of set-based statements, and
everything that it changed is written in one statement per table.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from bursar.ledger.book import Book
from bursar.ledger.journal import digest, seal
from bursar.ledger.rules import CHARGE_KINDS, SPENT
from bursar.ledger.values import (
    BEYOND,
    OPEN_SCOPE,
    Abandon,
    Account,
    Applied,
    Cap,
    Command,
    Correct,
    Draw,
    Entry,
    Hold,
    Lot,
    LotTerms,
    Posting,
    Release,
    Request,
    Revoke,
    Scope,
    Settle,
    Usage,
    Void,
)

MICROS_PER_DAY = 86_400_000_000

_LOT = (
    "person, id, unit, amount, effective, expires, priority, promotional, scope, grant_id, parent, label, revoked_at, "
    "available, held, spent, expired, revoked, rolled"
)
_HOLD = "person, id, unit, draws, taken, expires, on_lapse, node, cap, request, note, state"
_ENTRY = "seq, command, content, kind, person, unit, effective, recorded, hold, corrects, note"
_CHARGE = (
    "seq, person, unit, amount, overage, at, request_id, access_key, provider, model, dialect, purpose, project, session, "
    "agent, service_tier, price_version, status, tokens, list_nanos, cost_nanos"
)
_ROLLUP = (
    "person, day, unit, provider, model, purpose, project, requests, input_tokens, cached_tokens, output_tokens, amount, "
    "list_nanos, cost_nanos, overage"
)

_to_json = msgspec.json.Encoder().encode
_draws = msgspec.json.Decoder(tuple[Draw, ...]).decode
_request = msgspec.json.Decoder(Request).decode
_scope = msgspec.json.Decoder(Scope).decode
_tokens = msgspec.json.Decoder(dict[str, int]).decode
_SCOPE_OPEN_TEXT = _to_json(OPEN_SCOPE).decode()


def _values(columns: str) -> str:
    return ", ".join("?" * (columns.count(",") + 1))


class Session(ABC):
    """The statements of one open transaction."""

    IN = "IN (SELECT value FROM json_each(?))"

    @abstractmethod
    def rows(self, sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """Run a query; a list parameter goes with `IN`."""

    @abstractmethod
    def run(self, sql: str, *parameters: Any) -> None:
        """Run a statement that returns nothing; a list parameter goes with `IN`."""

    @abstractmethod
    def many(self, sql: str, rows: Sequence[tuple[Any, ...]]) -> None:
        """Run a statement once for each row."""

    def lock(self, people: list[str]) -> None:  # noqa: B027 (SQLite's write lock covers everybody)
        """Keep every other transaction away from these people until the end; rows are locked in order."""

    def lock_head(self) -> tuple[int, int, int, str]:
        """Batch, sequence, recording time and hash of the newest seal, locked for this transaction."""
        return self.rows("SELECT batch, seq, recorded, hash FROM head WHERE id = 1")[0]

    # Reading.

    def load(self, commands: Sequence[Command], now: int) -> dict[str, Book]:
        """The books of everyone whom these commands touch, as far as these commands can see."""
        people = sorted({command.person for command in commands})
        self.many(
            "INSERT INTO account (person, opened) VALUES (?, ?) ON CONFLICT DO NOTHING", [(p, now) for p in people]
        )
        self.lock(people)
        books = {person: Book(person) for person in people}
        self._load_applied(books, [command.id for command in commands])
        for row in self.rows(f"SELECT {_LOT} FROM lot WHERE person {self.IN} AND (available > 0 OR held > 0)", people):
            self._keep_lot(books, row)
        named = [c.lot.id if isinstance(c, Release) else c.lot for c in commands if isinstance(c, Release | Revoke)]
        if named:
            self._load_lots(books, named)
        holds = [command.hold for command in commands if isinstance(command, Settle | Void | Abandon)]
        if holds:
            for row in self.rows(f"SELECT {_HOLD} FROM hold WHERE id {self.IN}", holds):
                self._keep_hold(books, row)
        for row in self.rows(
            f"SELECT {_HOLD} FROM hold WHERE person {self.IN} AND state = 'open' AND expires <= ?", people, now
        ):
            self._keep_hold(books, row)
        for person, name, ceiling, held, spent in self.rows(
            f"SELECT person, id, ceiling, held, spent FROM cap WHERE person {self.IN}", people
        ):
            books[person].caps[name] = Cap(name, ceiling, held, spent)
        corrected = [command.of for command in commands if isinstance(command, Correct)]
        if corrected:
            self._load_charges(books, corrected)
        return books

    def _keep_lot(self, books: dict[str, Book], row: tuple[Any, ...]) -> None:
        book = books.get(row[0])
        if book is not None and row[1] not in book.lots:
            book.lots[row[1]] = _lot(row)

    def _keep_hold(self, books: dict[str, Book], row: tuple[Any, ...]) -> None:
        book = books.get(row[0])
        if book is not None and row[1] not in book.holds:
            book.holds[row[1]] = _hold(row)

    def _load_lots(self, books: dict[str, Book], names: list[str]) -> None:
        for row in self.rows(f"SELECT {_LOT} FROM lot WHERE id {self.IN}", names):
            self._keep_lot(books, row)
            if row[0] not in books:  # a lot id taken by somebody else must still be seen as taken
                for book in books.values():
                    book.taken.add(row[1])

    def _load_applied(self, books: dict[str, Book], ids: list[str]) -> None:
        for entry, _, _ in self._entries(f"WHERE command {self.IN}", ids):
            answer = answer_of(entry)
            for book in books.values():
                book.applied[entry.command] = (entry.content, answer)

    def _load_charges(self, books: dict[str, Book], names: list[str]) -> None:
        lots: set[str] = set()
        for entry, _, _ in self._entries(f"WHERE command {self.IN} OR corrects {self.IN} ORDER BY seq", names, names):
            book = books.get(entry.person)
            name = entry.corrects or entry.command
            if book is not None and (entry.kind in CHARGE_KINDS or name in book.charges):
                book.charges.setdefault(name, []).append(entry)
                lots.update(posting.lot for posting in entry.postings)
        self._load_lots(books, sorted(lots - {BEYOND}))

    def _entries(self, where: str, *parameters: Any) -> list[tuple[Entry, int, int]]:
        """Entries with their sequence number and recording time, complete with postings and usage."""
        rows = self.rows(f"SELECT {_ENTRY} FROM entry {where}", *parameters)
        if not rows:
            return []
        numbers = [row[0] for row in rows]
        postings: dict[int, list[Posting]] = {number: [] for number in numbers}
        for seq, lot, source, destination, amount in self.rows(
            f"SELECT seq, lot, source, destination, amount FROM posting WHERE seq {self.IN} ORDER BY seq, line", numbers
        ):
            postings[seq].append(Posting(lot, source, destination, amount))
        usages = {
            row[0]: _usage(row) for row in self.rows(f"SELECT {_CHARGE} FROM charge WHERE seq {self.IN}", numbers)
        }
        return [
            (
                Entry(
                    command=row[1],
                    content=row[2],
                    kind=row[3],
                    person=row[4],
                    unit=row[5],
                    effective=row[6],
                    postings=tuple(postings[row[0]]),
                    hold=row[8],
                    corrects=row[9],
                    usage=usages.get(row[0]),
                    note=row[10],
                ),
                row[0],
                row[7],
            )
            for row in rows
        ]

    def entries_of(self, person: str, after: int = 0, limit: int = 10_000) -> list[tuple[Entry, int, int]]:
        """A person's journal in order, at most `limit` entries after sequence number `after`."""
        return self._entries("WHERE person = ? AND seq > ? ORDER BY seq LIMIT ?", person, after, limit)

    def entries_between(self, first: int, last: int) -> list[tuple[Entry, int, int]]:
        return self._entries("WHERE seq BETWEEN ? AND ? ORDER BY seq", first, last)

    def lots_of(self, person: str) -> list[Lot]:
        """Every lot that a person ever had."""
        return [
            _lot(row) for row in self.rows(f"SELECT {_LOT} FROM lot WHERE person = ? ORDER BY effective, id", person)
        ]

    def open_holds(self, person: str | None = None, node: str | None = None) -> list[tuple[str, Hold]]:
        """Open holds with their person, of everyone or one person, of every node or all generations of one."""
        where, parameters = "state = 'open'", []
        if person is not None:
            where, parameters = where + " AND person = ?", [person]
        if node is not None:
            where, parameters = where + " AND (node = ? OR node LIKE ?)", [*parameters, node, f"{node}/%"]
        rows = self.rows(f"SELECT {_HOLD} FROM hold WHERE {where} ORDER BY taken", *parameters)
        return [(row[0], _hold(row)) for row in rows]

    def holds_of(self, person: str) -> list[Hold]:
        """Every hold that a person ever had."""
        return [_hold(row) for row in self.rows(f"SELECT {_HOLD} FROM hold WHERE person = ? ORDER BY taken", person)]

    # Writing.

    def save(self, books: Iterable[Book], now: int) -> None:
        """Write everything that the rules changed and seal it; nothing if nothing changed."""
        changed = [book for book in books if book.entries]
        if not changed:
            return
        self._save_projections(changed)
        batch, seq, recorded, chain = self.lock_head()
        recorded = max(recorded, now)
        first = seq + 1
        entries: list[tuple[Any, ...]] = []
        postings: list[tuple[Any, ...]] = []
        charges: list[tuple[Any, ...]] = []
        rollup: dict[tuple[Any, ...], list[int]] = {}
        digests: list[bytes] = []
        for book in changed:
            for entry in book.entries:
                seq += 1
                entries.append(
                    (
                        seq,
                        entry.command,
                        entry.content,
                        entry.kind,
                        entry.person,
                        entry.unit,
                        entry.effective,
                        recorded,
                        entry.hold,
                        entry.corrects,
                        entry.note,
                    )
                )
                for line, posting in enumerate(entry.postings):
                    postings.append((seq, line, posting.lot, posting.source, posting.destination, posting.amount))
                digests.append(digest(entry, seq, recorded))
                if entry.usage is not None:
                    charges.append(_charge_row(entry, seq))
                    _roll_up(rollup, book, entry)
            book.entries = []
        self.many(f"INSERT INTO entry ({_ENTRY}) VALUES ({_values(_ENTRY)})", entries)
        self.many(
            "INSERT INTO posting (seq, line, lot, source, destination, amount) VALUES (?, ?, ?, ?, ?, ?)", postings
        )
        if charges:
            self.many(f"INSERT INTO charge ({_CHARGE}) VALUES ({_values(_CHARGE)})", charges)
            self.many(_ADD_TO_ROLLUP, [(*key, *sums) for key, sums in sorted(rollup.items())])
        sealed = seal(chain, digests)
        self.many(
            "INSERT INTO seal (batch, first_seq, last_seq, recorded, hash) VALUES (?, ?, ?, ?, ?)",
            [(batch + 1, first, seq, recorded, sealed)],
        )
        self.many(
            "UPDATE head SET batch = ?, seq = ?, recorded = ?, hash = ? WHERE id = 1",
            [(batch + 1, seq, recorded, sealed)],
        )

    def _save_projections(self, books: Sequence[Book]) -> None:
        new_lots, lots, new_holds, caps = [], [], [], []
        ended: dict[str, list[str]] = {}
        for book in books:
            for lot in book.lots.values():
                if lot.is_new:
                    new_lots.append(_lot_row(book.person, lot))
                elif lot.buckets_changed:
                    lots.append(
                        (
                            lot.available,
                            lot.held,
                            lot.spent,
                            lot.expired,
                            lot.revoked,
                            lot.rolled,
                            lot.revoked_at,
                            lot.terms.id,
                        )
                    )
            for hold in book.holds.values():
                if hold.is_new:
                    new_holds.append(_hold_row(book.person, hold))
                elif hold.just_ended:
                    ended.setdefault(hold.state, []).append(hold.id)
            caps += [(cap.id, book.person, cap.limit, cap.held, cap.spent) for cap in book.caps.values()]
        if new_lots:
            self.many(f"INSERT INTO lot ({_LOT}) VALUES ({_values(_LOT)})", new_lots)
        if lots:
            self.many(
                "UPDATE lot SET available = ?, held = ?, spent = ?, expired = ?, revoked = ?, rolled = ?, revoked_at = ? "
                "WHERE id = ?",
                sorted(lots, key=lambda row: row[-1]),
            )
        if new_holds:
            self.many(f"INSERT INTO hold ({_HOLD}) VALUES ({_values(_HOLD)})", new_holds)
        for state, names in ended.items():
            self.run(f"UPDATE hold SET state = ? WHERE id {self.IN}", state, names)
        if caps:
            self.many(
                "INSERT INTO cap (id, person, ceiling, held, spent) VALUES (?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET "
                "ceiling = excluded.ceiling, held = excluded.held, spent = excluded.spent",
                caps,
            )


_KEY_COLUMNS = ("person", "day", "unit", "provider", "model", "purpose", "project")
_SUM_COLUMNS = tuple(name.strip() for name in _ROLLUP.split(",") if name.strip() not in _KEY_COLUMNS)
_ADD_TO_ROLLUP = (
    f"INSERT INTO usage_day ({_ROLLUP}) VALUES ({_values(_ROLLUP)}) ON CONFLICT ({', '.join(_KEY_COLUMNS)}) DO UPDATE SET "
    + ", ".join(f"{name} = usage_day.{name} + excluded.{name}" for name in _SUM_COLUMNS)
)


def answer_of(entry: Entry) -> Applied:
    """The first answer to a command, read back from what it moved."""
    held = int(Account.HELD)
    if entry.kind == "hold":
        draws = tuple(Draw(posting.lot, posting.amount) for posting in entry.postings)
        return Applied(entry.command, "hold", sum(draw.amount for draw in draws), draws)
    if entry.kind in CHARGE_KINDS:
        spent = [posting for posting in entry.postings if posting.destination == SPENT]
        draws = tuple(Draw(posting.lot, posting.amount) for posting in spent if posting.lot)
        overage = sum(posting.amount for posting in spent if not posting.lot)
        return Applied(entry.command, entry.kind, sum(posting.amount for posting in spent), draws, overage)
    if entry.kind == "correct":
        back = sum(posting.amount for posting in entry.postings if posting.source == SPENT)
        more = sum(posting.amount for posting in entry.postings if posting.destination == SPENT)
        overage = sum(p.amount for p in entry.postings if not p.lot and p.destination == SPENT)
        draws = tuple(Draw(posting.lot, posting.amount) for posting in entry.postings)
        return Applied(entry.command, "correct", more - back, draws, overage)
    draws = tuple(
        Draw(posting.lot, posting.amount)
        for posting in entry.postings
        if entry.kind != "void" or posting.source == held
    )
    return Applied(entry.command, entry.kind, sum(draw.amount for draw in draws), draws)


def _lot(row: tuple[Any, ...]) -> Lot:
    scope = OPEN_SCOPE if row[8] == _SCOPE_OPEN_TEXT else _scope(row[8])
    terms = LotTerms(row[1], row[2], row[3], row[4], row[5], row[6], bool(row[7]), scope, row[9], row[10], row[11])
    return Lot(
        terms,
        revoked_at=row[12],
        available=row[13],
        held=row[14],
        spent=row[15],
        expired=row[16],
        revoked=row[17],
        rolled=row[18],
    )


def _lot_row(person: str, lot: Lot) -> tuple[Any, ...]:
    terms = lot.terms
    scope = _SCOPE_OPEN_TEXT if terms.scope is OPEN_SCOPE else _to_json(terms.scope).decode()
    return (
        person,
        terms.id,
        terms.unit,
        terms.amount,
        terms.effective,
        terms.expires,
        terms.priority,
        int(terms.promotional),
        scope,
        terms.grant,
        terms.parent,
        terms.label,
        lot.revoked_at,
        lot.available,
        lot.held,
        lot.spent,
        lot.expired,
        lot.revoked,
        lot.rolled,
    )


def _hold(row: tuple[Any, ...]) -> Hold:
    return Hold(
        row[1],
        unit=row[2],
        draws=_draws(row[3]),
        taken=row[4],
        expires=row[5],
        on_lapse=row[6],
        node=row[7],
        cap=row[8],
        request=_request(row[9]),
        note=json.loads(row[10]) if row[10] else None,
        state=row[11],
    )


def _hold_row(person: str, hold: Hold) -> tuple[Any, ...]:
    return (
        person,
        hold.id,
        hold.unit,
        _to_json(hold.draws).decode(),
        hold.taken,
        hold.expires,
        hold.on_lapse,
        hold.node,
        hold.cap,
        _to_json(hold.request).decode(),
        _to_json(hold.note).decode() if hold.note else "",
        hold.state,
    )


def _charge_row(entry: Entry, seq: int) -> tuple[Any, ...]:
    usage = entry.usage or Usage()
    spent, overage = _net(entry)
    return (
        seq,
        entry.person,
        entry.unit,
        spent,
        overage,
        usage.at,
        usage.request_id,
        usage.key,
        usage.provider,
        usage.model,
        usage.dialect,
        usage.purpose,
        usage.project,
        usage.session,
        usage.agent,
        usage.service_tier,
        usage.price_version,
        usage.status,
        _to_json(usage.tokens).decode(),
        usage.list_nanos,
        usage.cost_nanos,
    )


def _net(entry: Entry) -> tuple[int, int]:
    """What an entry adds to the spending, and how much of that lies beyond every lot; corrections may subtract."""
    spent = overage = 0
    for posting in entry.postings:
        sign = (posting.destination == SPENT) - (posting.source == SPENT)
        spent += sign * posting.amount
        if not posting.lot:
            overage += sign * posting.amount
    return spent, overage


def _usage(row: tuple[Any, ...]) -> Usage:
    return Usage(
        request_id=row[6],
        key=row[7],
        provider=row[8],
        model=row[9],
        dialect=row[10],
        purpose=row[11],
        project=row[12],
        session=row[13],
        agent=row[14],
        service_tier=row[15],
        price_version=row[16],
        status=row[17],
        tokens=_tokens(row[18]),
        list_nanos=row[19],
        cost_nanos=row[20],
        at=row[5],
    )


def _roll_up(rollup: dict[tuple[Any, ...], list[int]], book: Book, entry: Entry) -> None:
    """Add one charge to its day, or the difference that a correction makes."""
    spent, overage = _net(entry)
    if entry.usage is not None:
        _add(rollup, entry, entry.usage, 1, spent, overage)
    if entry.corrects:
        history = book.charges.get(entry.corrects, [])
        place = next((index for index, one in enumerate(history) if one is entry), len(history))
        before = next((one.usage for one in reversed(history[:place]) if one.usage is not None), None)
        if before is not None:
            _add(rollup, entry, before, -1, 0, 0)


def _add(
    rollup: dict[tuple[Any, ...], list[int]], entry: Entry, usage: Usage, sign: int, spent: int, overage: int
) -> None:
    fresh = cached = output = 0
    for name, count in usage.tokens.items():
        if name.startswith("cache_read"):
            cached += count
        elif name.startswith(("input", "cache_write")):
            fresh += count
        elif name.startswith(("output", "reasoning")):
            output += count
    key = (
        entry.person,
        usage.at // MICROS_PER_DAY,
        entry.unit,
        usage.provider,
        usage.model,
        usage.purpose,
        usage.project,
    )
    sums = rollup.get(key)
    if sums is None:
        sums = rollup[key] = [0] * len(_SUM_COLUMNS)
    for index, amount in enumerate(
        (
            sign,
            sign * fresh,
            sign * cached,
            sign * output,
            spent,
            sign * usage.list_nanos,
            sign * usage.cost_nanos,
            overage,
        )
    ):
        sums[index] += amount
