"""The projections of the journal - lots, open holds, days, caps - held against what the journal says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bursar.ledger import columns, rollup
from bursar.ledger.findings import Verification
from bursar.ledger.replayed import Replayed
from bursar.ledger.session import Session
from bursar.ledger.values import AVAILABLE, FUNDING, ROLLED, Usage

PAGE = 2_000
BUCKETS = ("available", "held", "spent", "expired", "revoked", "rolled")


def check_lots(session: Session, replayed: Replayed) -> None:
    """Every lot has the buckets that the journal moved, and they add up to its amount."""
    found, missing = replayed.found, set(replayed.lots)
    for row in _paged(session, f"SELECT id, amount, revoked_at, {', '.join(BUCKETS)} FROM lot WHERE id > ?"):
        name, amount, revoked_at, *buckets = row
        found.lots += 1
        lot = replayed.lots.get(name)
        if lot is None:
            found.wrong(f"lot {name}: is not in the journal")
            continue
        missing.discard(name)
        if sum(buckets) != amount or -lot.buckets[FUNDING] != amount:
            found.wrong(f"lot {name}: its buckets do not add up to {amount}")
        for bucket, value, said in zip(BUCKETS, buckets, lot.buckets[AVAILABLE : ROLLED + 1], strict=True):
            if value != said:
                found.wrong(f"lot {name}: {bucket} is {value}, the journal says {said}")
        if revoked_at != lot.revoked_at:
            found.wrong(f"lot {name}: revoked at {revoked_at}, the journal says {lot.revoked_at}")
    for name in sorted(missing):
        found.wrong(f"lot {name}: is in the journal but not among the lots")


def check_holds(session: Session, replayed: Replayed) -> None:
    """The open holds are those that the journal took and did not end."""
    missing = set(replayed.open)
    for (name,) in _paged(session, "SELECT id FROM hold WHERE state = 'open' AND id > ?"):
        if name not in missing:
            replayed.found.wrong(f"hold {name}: is open, the journal says that it is not")
        missing.discard(name)
    for name in sorted(missing):
        replayed.found.wrong(f"hold {name}: is open in the journal but not among the holds")


def check_charges(session: Session, found: Verification) -> None:
    """Person by person: the daily rollup and the limits of access keys are the sums of the charges."""
    for (person,) in _paged(session, "SELECT person FROM account WHERE person > ?"):
        days, keys = _summed(session, person, found)
        for row in session.rows(
            f"SELECT {', '.join((*rollup.KEYS, *rollup.SUMS))} FROM usage_day WHERE person = ?", person
        ):
            place = len(rollup.KEYS)
            key, sums = row[:place], [int(value) for value in row[place:]]
            said = days.pop(key, None)
            if said != sums:
                found.wrong(f"day {key[1]} of {person}, {key[4]}: says {sums}, the charges say {said}")
        for key in days:
            found.wrong(f"day {key[1]} of {person}, {key[4]}: is missing")
        _check_caps(session, found, person, keys)


def _summed(
    session: Session, person: str, found: Verification
) -> tuple[dict[rollup.Key, rollup.Sums], dict[tuple[str, str], int]]:
    """A person's charges by day and by access key."""
    days: dict[rollup.Key, rollup.Sums] = {}
    keys: dict[tuple[str, str], int] = {}
    corrected: dict[str, tuple[Usage, int, int] | None] = {
        row[0]: None for row in session.rows("SELECT corrects FROM entry WHERE person = ? AND kind = 'correct'", person)
    }
    for row in _charges_of(session, person):
        command, corrects, charge = row[0], row[1], row[2:]
        unit, amount, overage, usage = charge[2], charge[3], charge[4], columns.usage_of(charge)
        keys[(usage.key, unit)] = keys.get((usage.key, unit), 0) + amount
        if corrects:
            before = corrected.get(corrects)
            if before is None:
                found.wrong(f"charge {charge[0]}: corrects {corrects}, which {person} was never charged")
                continue
            rollup.add(days, rollup.key_of(person, unit, before[0]), *before, sign=-1)
            amount, overage = before[1] + amount, before[2] + overage
        rollup.add(days, rollup.key_of(person, unit, usage), usage, amount, overage)
        if (corrects or command) in corrected:
            corrected[corrects or command] = (usage, amount, overage)
    return days, keys


def _charges_of(session: Session, person: str) -> Iterator[tuple[Any, ...]]:
    wanted = ", ".join(f"c.{name.strip()}" for name in columns.CHARGE.split(","))
    after = 0
    while page := session.rows(
        f"SELECT e.command, e.corrects, {wanted} FROM entry e JOIN charge c ON c.seq = e.seq "
        "WHERE e.person = ? AND e.seq > ? ORDER BY e.seq LIMIT ?",
        person,
        after,
        PAGE,
    ):
        yield from page
        after = page[-1][2]


def _check_caps(session: Session, found: Verification, person: str, keys: dict[tuple[str, str], int]) -> None:
    held: dict[tuple[str, str], int] = {}
    for _, hold in session.open_holds(person):
        if hold.terms.cap:
            held[(hold.terms.cap, hold.unit)] = held.get((hold.terms.cap, hold.unit), 0) + hold.amount
    for name, unit, spent, holding in session.rows("SELECT id, unit, spent, held FROM cap WHERE person = ?", person):
        said = (keys.get((name, unit), 0), held.pop((name, unit), 0))
        if (spent, holding) != said:
            found.wrong(f"cap {name} of {person}: spent and held are {spent} and {holding}, the journal says {said}")
    for name, unit in held:
        found.wrong(f"cap {name} of {person}: is missing in {unit}")


def check_counts(session: Session, found: Verification) -> None:
    """Nothing lies in a table that the journal does not know."""
    for table, expected in (
        ("entry", found.entries),
        ("posting", found.postings),
        ("charge", found.charges),
        ("hold", found.holds),
        ("seal", found.seals),
    ):
        (count,) = session.rows(f"SELECT COUNT(*) FROM {table}")[0]
        if count != expected:
            found.wrong(f"{table}: {count} rows, the journal has {expected}")
    for table in ("entry", "hold", "usage_day", "cap"):
        for (person,) in session.rows(
            f"SELECT DISTINCT person FROM {table} WHERE NOT EXISTS "
            f"(SELECT 1 FROM account WHERE account.person = {table}.person) LIMIT 10"
        ):
            found.wrong(f"{table}: has rows of {person}, who has no account")


def _paged(session: Session, select: str) -> Iterator[tuple[Any, ...]]:
    """Rows of a query whose first column is its key, page by page."""
    key = select.split()[1].strip(",")
    after = ""
    while page := session.rows(f"{select} ORDER BY {key} LIMIT {PAGE}", after):
        yield from page
        after = page[-1][0]
