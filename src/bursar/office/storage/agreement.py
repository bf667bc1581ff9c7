"""Whether a copy is what it was copied from: rows counted, balances and rollups held against each other, the chain recomputed.

The journal needs no comparison line by line: its seals are recomputed in the target from what lies there, up to the head that
the source has, and every balance is held against that journal once more. Everything else is compared row by row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain

from sqlalchemy import Connection

from bursar.ledger import Anchor, Store
from bursar.ledger.verify import verify
from bursar.office import audit
from bursar.office.storage import streams
from bursar.office.storage.streams import Carried, Row
from bursar.office.vault import Vault, check_master, check_sealed

JOURNAL = frozenset({"entry", "posting", "charge", "seal"})
"""What the seals are over."""
BALANCES = ("lot", "hold", "cap")
ROLLUPS = ("usage_day", "usage_person_day", "usage_person_month", "usage_house_day")
MAX_FINDINGS = 5
"""Of the chain's, in the sentence of a fault."""

Told = Callable[[str, int, int], None]
"""What is being done, how many rows of how many are done."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was held against the source: how many of what agreed, and what did not (empty: everything did)."""

    name: str
    number: int
    detail: str
    wrong: str = ""

    @property
    def good(self) -> bool:
        return not self.wrong


def agreement(
    source: Connection,
    target: Connection,
    store: Store,
    vault: Vault,
    tables: list[Carried],
    copied: dict[str, int],
    told: Told,
    *,
    chained: bool = True,
) -> Iterator[Check]:
    """Every check in turn; `store` is the target's ledger. Without `chained` the journal is compared row by row instead."""
    by_name = {one.name: one for one in tables}
    yield _counted(target, tables, copied)
    apart = [*BALANCES, *ROLLUPS, *(JOURNAL if chained else ())]
    yield _same(source, target, [by_name[one] for one in BALANCES], "every balance, lot by lot", copied, told)
    rollups = [by_name[one] for one in ROLLUPS if one in by_name]
    yield _same(source, target, rollups, "daily rollups", copied, told)
    rest = [one for one in tables if one.name not in apart]
    yield _same(source, target, rest, "every other table, row by row", copied, told)
    if chained:
        yield _chained(source, store, told)
    yield _audited(source, target)
    yield _opened(target, vault)


def head_of(connection: Connection) -> Anchor:
    """The newest seal of a database."""
    row = connection.exec_driver_sql("SELECT batch, seq, recorded, hash FROM head WHERE id = 1").one()
    return Anchor(*row)


def _counted(target: Connection, tables: list[Carried], copied: dict[str, int]) -> Check:
    for one in tables:
        found = streams.count(target, one.name)
        if found != copied[one.name]:
            wrong = f"{one.name} has {found:,} rows, {copied[one.name]:,} were copied"
            return Check("rows", 0, "", wrong)
    return Check("rows", sum(copied.values()), f"in {len(tables)} tables")


def _same(
    source: Connection, target: Connection, tables: list[Carried], name: str, copied: dict[str, int], told: Told
) -> Check:
    """Both sides in the order of the key, batch by batch."""
    whole, done = sum(copied[one.name] for one in tables), 0
    for table in tables:
        ours = streams.batches(source, table, in_order=True)
        theirs = streams.batches(target, table, in_order=True)
        for left, right in _pairs(ours, theirs):
            if left != right:
                return Check(name, done, "", _difference(table, left, right))
            done += len(left)
            told(name, done, whole)
    return Check(name, done, ", ".join(one.name for one in tables) if len(tables) < 5 else f"{len(tables)} tables")


def _pairs(ours: Iterator[list[Row]], theirs: Iterator[list[Row]]) -> Iterator[tuple[list[Row], list[Row]]]:
    """Batches side by side; both engines give them in equal sizes, an end that comes early is an empty one."""
    while True:
        left, right = next(ours, []), next(theirs, [])
        if not left and not right:
            return
        yield left, right


def _difference(table: Carried, left: list[Row], right: list[Row]) -> str:
    """The first row that differs, by its key; never what is in it."""
    places = [table.columns.index(one) for one in table.key]
    first = next((pair for pair in zip(left, right, strict=False) if pair[0] != pair[1]), None)
    row = first[0] if first else next(chain(left[len(right) :], right[len(left) :]))
    return f"{table.name} differs at {', '.join(str(row[place])[:80] for place in places)}"


def _chained(source: Connection, store: Store, told: Told) -> Check:
    name, head = "hash chain, recomputed in the target", head_of(source)
    found = store.read(lambda session: verify(session, head, lambda done, whole: told(name, done, whole)))
    if not found.clean:
        return Check(name, 0, "", "; ".join(found.findings[:MAX_FINDINGS]))
    if found.anchor != head:
        return Check(name, 0, "", f"it ends at {found.head[:16]}, the source's at {head.hash[:16]}")
    return Check(name, found.seals, f"seals over {found.entries:,} entries, head {found.head[:16]}")


def _audited(source: Connection, target: Connection) -> Check:
    ours, theirs = audit.verify(source), audit.verify(target)
    if theirs.broken is not None:
        return Check("audit log's chain", 0, "", f"line {theirs.broken} does not fit")
    wrong = "" if ours == theirs else "its head is another one"
    return Check("audit log's chain", theirs.lines, "lines", wrong)


def _opened(target: Connection, vault: Vault) -> Check:
    check_master(target, vault)
    return Check("vault", check_sealed(target, vault), "secrets open with this master key")
