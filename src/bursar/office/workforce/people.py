"""People: one row each, added by hand or imported from a roster, all or nothing.

A person is found by handle, e-mail address or id. Who leaves keeps their row; their keys end with their last day, in
their own time zone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, func, insert, or_, select, update

from bursar.calendar import from_micros, micros, parse_zone, to_local, to_utc
from bursar.errors import Conflict, InvalidInput, NotFound
from bursar.office.tables import person
from bursar.office.workforce.roster import FIELDS, MAX_TEXT_CHARS, Import, Row, check_date, checked, compare, ring

MAX_ROSTER_BYTES = 64 * 1024 * 1024


def add(connection: Connection, row: Row, new_id: str, now: int) -> dict[str, Any]:
    """Store a person. The caller writes the audit line."""
    found = checked(row)
    _refuse_taken(connection, found, "")
    found["manager"] = _manager(connection, found, "")
    connection.execute(insert(person).values(id=new_id, created=now, **found))
    return {"id": new_id, "status": "active", "leave_date": "", **found}


def change(connection: Connection, person_id: str, values: Row) -> dict[str, Any]:
    """Change some fields of a person; returns the row as it is then."""
    unknown = sorted(set(values) - set(FIELDS))
    if unknown:
        raise InvalidInput(unknown[0], "a field that people do not have", f"one of {', '.join(FIELDS)}")
    before = _by_id(connection, person_id)
    found = checked({name: values.get(name, before[name]) for name in FIELDS})
    _refuse_taken(connection, found, person_id)
    if found["manager"] != before["manager"]:
        found["manager"] = _manager(connection, found, before["handle"])
    connection.execute(update(person).where(person.c.id == person_id).values(**found))
    if found["handle"] != before["handle"]:
        connection.execute(update(person).where(person.c.manager == before["handle"]).values(manager=found["handle"]))
    return {**before, **found}


def suspend(connection: Connection, person_id: str) -> None:
    """Stop every key of a person until `reinstate`; nothing is revoked, nothing of the balance is lost."""
    _by_id(connection, person_id)
    connection.execute(update(person).where(person.c.id == person_id).values(status="suspended"))


def reinstate(connection: Connection, person_id: str) -> None:
    """Undo `suspend` or `leave`: keys that were not revoked work again."""
    _by_id(connection, person_id)
    connection.execute(update(person).where(person.c.id == person_id).values(status="active", leave_date=""))


def leave(connection: Connection, person_id: str, leave_date: str, now: int) -> None:
    """Record a person's last day; keys end with it, whenever that is, and the status is `left` if it is over."""
    check_date(leave_date, "leave_date")
    over = last_instant(leave_date, _by_id(connection, person_id)["zone"]) <= now
    values = {"leave_date": leave_date, **({"status": "left"} if over else {})}
    connection.execute(update(person).where(person.c.id == person_id).values(**values))


@lru_cache(maxsize=4096)
def last_instant(leave_date: str, zone: str) -> int:
    """When somebody's last day ends in their time zone; microseconds UTC, 0 without a date."""
    if not leave_date:
        return 0
    next_day = date.fromisoformat(leave_date) + timedelta(days=1)
    return micros(to_utc(datetime.combine(next_day, time()), parse_zone(zone)))


def day_of(now: int, zone: str) -> str:
    """Which day it is in somebody's time zone, as ISO 8601 writes it."""
    return to_local(from_micros(now), parse_zone(zone)).date().isoformat()


def listed(connection: Connection) -> list[dict[str, Any]]:
    return [dict(row._mapping) for row in connection.execute(select(person).order_by(person.c.handle))]


def found(
    connection: Connection, part: str = "", *, after: str = "", limit: int = 50, left: bool = False
) -> list[dict[str, Any]]:
    """People by handle, with `left` also who is gone; `part` of a handle, name, e-mail address or team, `after` the last
    handle of the page before."""
    query = select(person).where(person.c.handle > after)
    if not left:
        query = query.where(person.c.status != "left")
    wanted = part.strip().lower()
    if wanted:
        there = [func.lower(column).contains(wanted, autoescape=True) for column in (person.c.name, person.c.team)]
        there += [column.contains(wanted, autoescape=True) for column in (person.c.handle, person.c.email)]
        query = query.where(or_(*there))
    return [dict(row._mapping) for row in connection.execute(query.order_by(person.c.handle).limit(limit))]


def counts(connection: Connection) -> dict[str, int]:
    """How many people there are by status."""
    query = select(person.c.status, func.count()).group_by(person.c.status)
    return {row[0]: row[1] for row in connection.execute(query)}


def names(connection: Connection, ids: Iterable[str]) -> dict[str, dict[str, str]]:
    """Handle and name by id, of those who are on the roster."""
    wanted = sorted(set(ids))
    query = select(person.c.id, person.c.handle, person.c.name).where(person.c.id.in_(wanted))
    return {row.id: {"handle": row.handle, "name": row.name} for row in connection.execute(query)} if wanted else {}


def named(connection: Connection, name: str) -> dict[str, Any]:
    """The person with this handle, e-mail or id. Raises NotFound."""
    lower = name.lower()
    row = connection.execute(
        select(person).where(or_(person.c.handle == lower, person.c.email == lower, person.c.id == name))
    ).first()
    if not name or row is None:
        raise NotFound(f"there is no person {name[:MAX_TEXT_CHARS]!r}", "`bursar person list` shows who there is")
    return dict(row._mapping)


def roster_text(file: Path) -> str:
    """A roster as it lies in a file. Raises InvalidInput."""
    expected = f"a CSV file in UTF-8 of at most {MAX_ROSTER_BYTES // 1024 // 1024} MiB"
    try:
        with file.open("rb") as opened:
            raw = opened.read(MAX_ROSTER_BYTES + 1)
        text = raw.decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput("roster", str(error), expected) from error
    if len(raw) > MAX_ROSTER_BYTES:
        raise InvalidInput("roster", "a larger file", expected)
    return text


def read_roster(connection: Connection, file: Path) -> Import:
    """Read and check a whole roster before anything is changed. Raises InvalidInput with the line of each fault."""
    return compare(roster_text(file), listed(connection))


def apply_roster(connection: Connection, found: Import, new_id: Callable[[], str], now: int) -> None:
    """Write what `read_roster` found, in the same transaction. The caller writes the audit line."""
    # Names move out of the way first, so that two people may exchange handles or addresses.
    for person_id, _ in found.updated:
        connection.execute(update(person).where(person.c.id == person_id).values(handle=f"~{person_id}", email=""))
    for person_id, row in found.updated:
        connection.execute(update(person).where(person.c.id == person_id).values(**row))
    if found.added:
        connection.execute(insert(person), [{"id": new_id(), "created": now, **row} for row in found.added])


def _by_id(connection: Connection, person_id: str) -> dict[str, Any]:
    row = connection.execute(select(person).where(person.c.id == person_id)).first()
    if row is None:
        raise NotFound(f"there is no person {person_id[:MAX_TEXT_CHARS]!r}", "`bursar person list` shows who there is")
    return dict(row._mapping)


def _refuse_taken(connection: Connection, found: Row, person_id: str) -> None:
    others = select(person.c.id).where(person.c.id != person_id)
    if connection.execute(others.where(person.c.handle == found["handle"])).first():
        raise Conflict(f"there is a person {found['handle']} already")
    if found["email"] and connection.execute(others.where(person.c.email == found["email"])).first():
        raise Conflict(f"somebody else has the e-mail address {found['email']}")


def _manager(connection: Connection, found: Row, handle_before: str) -> str:
    """The handle of the manager that is meant; `handle_before` is what the person was called until now."""
    given = found["manager"]
    if not given:
        return ""
    known = connection.execute(select(person.c.handle, person.c.email, person.c.manager)).all()
    handle = next((row.handle for row in known if given in (row.handle, row.email)), "")
    if not handle:
        raise InvalidInput("manager", repr(given), "handle or e-mail of somebody on the roster")
    me = handle_before or found["handle"]
    circle = ring({**{row.handle: row.manager for row in known}, me: handle})
    if me in circle:
        raise InvalidInput("manager", " -> ".join((*circle, circle[0])), "no ring of managers")
    return str(handle)
