"""Exposure at any instant of the past, lot by lot, and what it was spent on: every total down to its entries.

The past is the journal as it stood then: its entries up to that instant and no later ones, so a figure of a past day stays
what it was, to the nano-unit, whatever is recorded afterwards. It is read from whichever side is nearer: the lots of today
less what was posted since, or what was posted until then. Team and plan are those that the roster and the grants name today.
What it was spent on comes from the daily rollup, at list price and at cost: whole days of use before that instant.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

from bursar.errors import InvalidInput, NotFound
from bursar.ledger import stretch
from bursar.ledger.session import MICROS_PER_DAY, Session, wide, wide_sum
from bursar.ledger.values import AVAILABLE, EXPIRED, FUNDING, HELD, REVOKED, ROLLED, SPENT, Account
from bursar.office.figures import kept_usage
from bursar.office.figures.day_sums import LAST_DAY
from bursar.office.figures.exposure import BY_HAND, EVERYWHERE, NOBODY, POOL, Held
from bursar.office.standing import Taken, taken

if TYPE_CHECKING:
    from bursar.office.desk import Desk

By = Literal["plan", "tier", "team", "scope", "person"]
GROUPS: tuple[By, ...] = get_args(By)
Use = Literal["provider", "project", "model", "purpose"]
USES: tuple[Use, ...] = get_args(Use)
LATELY_MICROS = 60_000_000
"""What is older than this is kept for whoever asks for the same instant again."""
MAX_ENTRIES = 10_000
"""Of one lot."""
_BUCKETS = (AVAILABLE, HELD, SPENT, EXPIRED, REVOKED, ROLLED)


@dataclass(frozen=True, slots=True)
class Lot:
    """A lot as it stood; nano-units of its unit."""

    id: str
    person: str
    """Id; `pool:` and its name for a team's pool."""
    unit: str
    plan: str
    tier: str
    team: str
    scope: str
    label: str
    sums: Held


@dataclass(frozen=True, slots=True)
class Group:
    """A line of a table."""

    key: str
    people: int
    lots: int
    sums: Held


@dataclass(frozen=True, slots=True)
class Spent:
    """Usage by a group; nano-units, values in nano-USD."""

    key: str
    requests: int
    amount: int
    list_nanos: int
    cost_nanos: int
    overage: int


@dataclass(frozen=True, slots=True)
class EntryLine:
    """An entry of the journal that moved a lot, with what it moved; `moved` by bucket, nano-units."""

    seq: int
    at: int
    recorded: int
    kind: str
    command: str
    note: str
    source: str
    destination: str
    amount: int


@dataclass(frozen=True, slots=True)
class Past:
    """Every lot at an instant."""

    at: int
    seq: int
    """The last entry that counts."""
    lots: tuple[Lot, ...]

    def units(self) -> list[str]:
        found = {one.unit for one in self.lots}
        return [*(["USD"] if "USD" in found or not found else []), *sorted(found - {"USD"})]

    def whole(self, unit: str) -> Held:
        return _added(one.sums for one in self.lots if one.unit == unit)

    def by(self, group: By, unit: str) -> list[Group]:
        """Totals by a group, the largest first; together they are `whole`."""
        found: dict[str, list[Lot]] = {}
        for one in self.lots:
            if one.unit == unit:
                found.setdefault(getattr(one, group), []).append(one)
        rows = [
            Group(key, len({one.person for one in some}), len(some), _added(one.sums for one in some))
            for key, some in found.items()
        ]
        return sorted(rows, key=lambda one: (-one.sums.released, one.key))

    def of(self, group: By, key: str, unit: str) -> list[Lot]:
        """The lots of one line, the largest first. Raises NotFound for a line that there is not."""
        found = [one for one in self.lots if one.unit == unit and getattr(one, group) == key]
        if not found:
            raise NotFound(f"there is no {group} {key[:80]!r} with anything in {unit}")
        return sorted(found, key=lambda one: (-one.sums.released, one.person, one.id))


def past(desk: Desk, at: int) -> Taken[Past]:
    """Every lot as the journal stood at an instant (microseconds UTC), now at the latest. Raises InvalidInput."""
    if at > desk.now():
        raise InvalidInput("at", "an instant ahead", "now or the past; `bursar report forecast` looks ahead")
    if at < desk.now() - LATELY_MICROS:
        return taken(desk, f"exposure-at:{at}", lambda own: own.store.read(lambda session: lots_at(session, at)))
    return Taken(desk.store.read(lambda session: lots_at(session, at)), at)


def lots_at(session: Session, at: int) -> Past:
    """Every lot as the entries recorded up to `at` left it."""
    head = session.head().seq
    seq = stretch.seq_at(session, at + 1) - 1
    rows = session.rows(_LOTS)
    if seq >= head:
        states = {str(row[0]): [int(one) for one in row[9:15]] for row in rows}
    elif seq < head // 2:
        moved = _moved(session, "seq <= ?", seq)
        states = {lot: [buckets[place] for place in _BUCKETS] for lot, buckets in moved.items()}
    else:
        moved = _moved(session, "seq > ?", seq)
        states = {}
        for row in rows:
            buckets = moved.get(str(row[0]), [0] * len(Account))
            if not buckets[FUNDING]:  # what was funded since was not there yet
                since = [buckets[place] for place in _BUCKETS]
                states[str(row[0])] = [int(one) - more for one, more in zip(row[9:15], since, strict=True)]
    return Past(at, seq, tuple(_lot(row, states[str(row[0])], at) for row in rows if str(row[0]) in states))


def used(desk: Desk, group: Use, at: int, unit: str = "USD") -> list[Spent]:
    """What was used by the whole days before `at`, the most first; today counts where `at` is now."""
    end = LAST_DAY if at >= desk.now() else at // MICROS_PER_DAY

    def read(session: Session) -> list[tuple[Any, ...]]:
        days = kept_usage.house_days(session, 0, end)
        sums = ", ".join(kept_usage.wide_total(name) for name in kept_usage.AMOUNTS)
        query = f"SELECT {group}, SUM(requests), {sums} FROM {days.sql} AS u WHERE unit = ? GROUP BY {group}"
        return session.rows(query, *days.parameters, unit)

    rows = desk.store.read(read)
    found = [
        Spent(
            str(row[0]) or f"no {group}", int(row[1]), *(wide(row[place], row[place + 1]) for place in range(2, 10, 2))
        )
        for row in rows
    ]
    return sorted(found, key=lambda one: (-one.amount, one.key))


def entries(desk: Desk, lot: str, at: int) -> list[EntryLine]:
    """The entries recorded up to `at` that moved a lot, in order, at most `MAX_ENTRIES`. Raises NotFound."""

    def read(session: Session) -> list[EntryLine]:
        owner = session.rows("SELECT person FROM lot WHERE id = ?", lot)
        if not owner:
            raise NotFound(f"there is no lot {lot[:80]!r}", "`bursar report exposure --by plan --of KEY` names them")
        rows = session.rows(
            "SELECT e.seq, e.effective, e.recorded, e.kind, e.command, e.note, p.source, p.destination, p.amount "
            "FROM entry e JOIN posting p ON p.seq = e.seq WHERE e.person = ? AND p.lot = ? AND e.seq < ? "
            "ORDER BY e.seq, p.line LIMIT ?",
            owner[0][0],
            lot,
            stretch.seq_at(session, at + 1),
            MAX_ENTRIES,
        )
        names = {int(one): one.name.lower() for one in Account}
        return [
            EntryLine(
                int(row[0]), int(row[1]), int(row[2]), row[3], row[4], row[5], names[row[6]], names[row[7]], int(row[8])
            )
            for row in rows
        ]

    return desk.store.read(read)


# The tier is that of the terms which the lot was released under, not of those in force today.
_LOTS = (
    "SELECT l.id, l.person, l.unit, COALESCE(g.plan, ''), COALESCE(t.tier, ''), COALESCE(p.team, ''), l.scope, l.label, "
    "l.revoked_at, l.available, l.held, l.spent, l.expired, l.revoked, l.rolled, l.effective, l.expires "
    "FROM lot l LEFT JOIN person p ON p.id = l.person LEFT JOIN plan_grant g ON g.id = l.grant_id "
    "LEFT JOIN grant_terms t ON t.grant_id = l.grant_id AND t.number = (SELECT MAX(o.number) FROM grant_terms o "
    "WHERE o.grant_id = l.grant_id AND (o.start <= l.effective OR o.number = 0)) ORDER BY l.id"
)


def _moved(session: Session, which: str, seq: int) -> dict[str, list[int]]:
    """What these postings moved, by lot and account."""
    rows = session.rows(
        f"SELECT lot, source, destination, {wide_sum('amount')} FROM posting WHERE {which} AND lot <> '' "
        "GROUP BY lot, source, destination",
        seq,
    )
    found: dict[str, list[int]] = {}
    for lot, source, destination, high, low in rows:
        buckets = found.setdefault(str(lot), [0] * len(Account))
        buckets[int(source)] -= wide(high, low)
        buckets[int(destination)] += wide(high, low)
    return found


def _lot(row: tuple[object, ...], buckets: list[int], at: int) -> Lot:
    available, held, spent, expired, revoked, rolled = buckets
    person, plan, revoked_at = str(row[1]), str(row[3]), int(str(row[8]))
    pool = person if person.startswith(POOL) else ""
    is_open = int(str(row[15])) <= at < int(str(row[16])) and not 0 < revoked_at <= at
    return Lot(
        str(row[0]),
        person,
        str(row[2]),
        plan or pool or BY_HAND,
        str(row[4]) or pool or BY_HAND,
        pool or str(row[5]) or NOBODY,
        ", ".join(json.loads(str(row[6])).get("providers", ())) or EVERYWHERE,
        str(row[7]),
        Held(
            available + held + spent + expired + revoked,
            available,
            available if is_open else 0,
            held,
            spent,
            expired,
            revoked,
            rolled,
        ),
    )


def _added(sums: Iterable[Held]) -> Held:
    found = [0] * len(Held.__slots__)
    for one in sums:
        for place, name in enumerate(Held.__slots__):
            found[place] += getattr(one, name)
    return Held(*found)
