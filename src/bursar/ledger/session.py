"""One open transaction on the ledger: what an engine must be able to run, and how its rows are read.

The statements are the same for both engines but for placeholders and list parameters; an engine supplies those and the
ways of running a statement.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from typing import Any

from bursar.ledger import columns
from bursar.ledger.journal import Anchor, Seal
from bursar.ledger.rollup import MICROS_PER_DAY
from bursar.ledger.values import FUNDING, Entry, Hold, HoldTerms, Lot, LotTerms, Posting, Recorded

_WIDE = 31
_MASK = (1 << _WIDE) - 1


def wide_sum(column: str) -> str:
    """Two columns that `wide` makes a sum of: a plain SUM of amounts can exceed 64 bits and would fail."""
    return f"COALESCE(SUM({column} >> {_WIDE}), 0), COALESCE(SUM({column} & {_MASK}), 0)"


def wide_parts(column: str) -> tuple[str, str]:
    """One amount as the two columns that `wide_sum` would sum."""
    return f"({column} >> {_WIDE})", f"({column} & {_MASK})"


def wide(high: Any, low: Any) -> int:
    return (int(high) << _WIDE) + int(low)


class Session(ABC):
    """The statements of one open transaction."""

    IN = "IN (SELECT value FROM json_each(?))"
    NEWEST = (
        "SELECT a.person, e.seq, e.effective FROM account a LEFT JOIN entry e ON e.seq = "
        "(SELECT MAX(seq) FROM entry WHERE entry.person = a.person) WHERE a.person "
    )
    """Everyone's newest entry; people follow with `IN`."""

    @abstractmethod
    def rows(self, sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """Run a query; a list parameter goes with `IN`."""

    def many(self, *queries: tuple[Any, ...]) -> list[list[tuple[Any, ...]]]:
        """Run queries that do not hang on each other, each a statement and its parameters: one way there and back.

        One with an empty list among its parameters finds nothing, unasked.
        """
        return [[] if [] in query else self.rows(*query) for query in queries]

    @abstractmethod
    def run(self, sql: str, *parameters: Any) -> None:
        """Run a statement that returns nothing; a list parameter goes with `IN`."""

    @abstractmethod
    def insert(self, table: str, columns: str, rows: Sequence[tuple[Any, ...]], tail: str = "") -> None:
        """Insert rows of integers and texts; `tail` says what to do on a conflict."""

    @abstractmethod
    def update(self, table: str, columns: str, rows: Sequence[tuple[Any, ...]]) -> None:
        """Set columns of rows by their `id`, which comes last in each tuple."""

    def lock(self, people: list[str], now: int) -> None:  # noqa: B027 (SQLite's write lock covers everybody)
        """Keep every other transaction away from these people until the end; rows are locked in order.

        Whoever has no account yet is given one at `now`, if there has to be a row to lock.
        """

    def lock_head(self) -> tuple[Anchor, str]:
        """The newest seal, locked for this transaction; and the hash of the seal that its successor skips to, if known."""
        return self.head(), ""

    def head(self) -> Anchor:
        """The newest seal: keep it outside as an anchor, and `verify` will tell whether the journal still leads to it."""
        return Anchor(*self.rows("SELECT batch, seq, recorded, hash FROM head WHERE id = 1")[0])

    def entries(self, where: str, *parameters: Any, terms: bool = False) -> list[Recorded]:
        """Entries with their sequence number and recording time, with postings and usage, with terms if asked."""
        found = self.rows(f"SELECT {columns.ENTRY} FROM entry {where}", *parameters)
        if not found:
            return []
        numbers = [row[0] for row in found]
        postings: dict[int, list[Posting]] = {number: [] for number in numbers}
        for seq, _, lot, source, destination, amount in self.rows(
            f"SELECT {columns.POSTING} FROM posting WHERE seq {self.IN} ORDER BY seq, line", numbers
        ):
            postings[seq].append(Posting(lot, source, destination, amount))
        usages = {
            row[0]: columns.usage_of(row)
            for row in self.rows(f"SELECT {columns.CHARGE} FROM charge WHERE seq {self.IN}", numbers)
        }
        known = self._terms(found, postings) if terms else {}
        return [
            Recorded(
                row[0],
                row[7],
                row[11],
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
                    terms=known.get(row[0]),
                ),
            )
            for row in found
        ]

    def _terms(
        self, entries: list[tuple[Any, ...]], postings: dict[int, list[Posting]]
    ) -> dict[int, LotTerms | HoldTerms]:
        """Terms of the lots that these entries release and of the holds that they take, by sequence number."""
        holds = {row[8]: row[0] for row in entries if row[3] == "hold"}
        lots = {
            posting.lot: row[0]
            for row in entries
            if row[3] in ("release", "roll")
            for posting in postings[row[0]]
            if posting.source == FUNDING
        }
        found: dict[int, LotTerms | HoldTerms] = {}
        if holds:
            for row in self.rows(f"SELECT {columns.HOLD} FROM hold WHERE id {self.IN}", list(holds)):
                found[holds[row[1]]] = columns.hold_terms(row)
        if lots:
            for row in self.rows(f"SELECT {columns.LOT} FROM lot WHERE id {self.IN}", list(lots)):
                found[lots[row[1]]] = columns.lot_terms(row)
        return found

    def entries_of(self, person: str, after: int = 0, limit: int = 5_000) -> list[Recorded]:
        """A person's journal in order with all terms, at most `limit` entries after sequence number `after`."""
        return self.entries("WHERE person = ? AND seq > ? ORDER BY seq LIMIT ?", person, after, limit, terms=True)

    def entries_between(self, first: int, last: int) -> list[Recorded]:
        """Entries by sequence number, both included, with all terms."""
        return self.entries("WHERE seq BETWEEN ? AND ? ORDER BY seq", first, last, terms=True)

    def seals(self, after: int, limit: int) -> list[Seal]:
        """Seals in order after a batch number."""
        found = self.rows(f"SELECT {columns.SEAL} FROM seal WHERE batch > ? ORDER BY batch LIMIT ?", after, limit)
        return [Seal(*row) for row in found]

    def seals_named(self, batches: Iterable[int]) -> dict[int, Seal]:
        """Seals by their numbers."""
        found = self.rows(f"SELECT {columns.SEAL} FROM seal WHERE batch {self.IN}", sorted(set(batches)))
        return {row[0]: Seal(*row) for row in found}

    def seal_over(self, seq: int) -> Seal:
        """The seal of the batch that an entry was committed in."""
        found = self.rows(f"SELECT {columns.SEAL} FROM seal WHERE last_seq >= ? ORDER BY last_seq LIMIT 1", seq)
        return Seal(*found[0])

    def lots_of(self, person: str) -> list[Lot]:
        """Every lot that a person ever had."""
        found = self.rows(f"SELECT {columns.LOT} FROM lot WHERE person = ? ORDER BY effective, id", person)
        return [columns.lot_of(row) for row in found]

    def open_holds(self, person: str | None = None, node: str | None = None) -> list[tuple[str, Hold]]:
        """Open holds with their person, of everyone or one person, of every node or all generations and processes of one."""
        where, parameters = "state = 'open'", []
        if person is not None:
            where, parameters = where + " AND person = ?", [person]
        if node is not None:
            where += f" AND (node = ? OR substr(node, 1, {len(node) + 1}) IN (?, ?))"
            parameters = [*parameters, node, f"{node}/", f"{node}:"]
        found = self.rows(f"SELECT {columns.HOLD} FROM hold WHERE {where} ORDER BY taken, id", *parameters)
        return [(row[0], columns.hold_of(row)) for row in found]


__all__ = ["MICROS_PER_DAY", "Session", "wide", "wide_parts", "wide_sum"]
