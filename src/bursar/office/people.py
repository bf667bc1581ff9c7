"""People: the roster, one row each, added by hand or imported from CSV, all or nothing."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import Connection, insert, or_, select, update

from bursar.errors import Conflict, InvalidInput, NotFound
from bursar.office.tables import person

MAX_ROSTER_ROWS = 200_000
MAX_TEXT_CHARS = 200
FIELDS = ("handle", "name", "email", "team", "level", "job_family", "role", "location", "zone", "hire_date", "manager")
_HANDLE = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


def checked(row: dict[str, str], where: str = "") -> dict[str, str]:
    """A roster row with every field valid; raises InvalidInput naming the field (and the line, if given)."""
    found = {name: (row.get(name) or "").strip() for name in FIELDS}
    if not found["handle"] and found["email"]:
        found["handle"] = re.sub(r"[^a-z0-9._-]", "-", found["email"].partition("@")[0].lower())
    if not _HANDLE.fullmatch(found["handle"]):
        raise InvalidInput(f"{where}handle", repr(found["handle"]), "lower-case letters, digits, . _ -, at most 63")
    if found["email"] and not _EMAIL.fullmatch(found["email"]):
        raise InvalidInput(f"{where}email", repr(found["email"]), "an address such as ada@example.com")
    if found["hire_date"] and not _DATE.fullmatch(found["hire_date"]):
        raise InvalidInput(f"{where}hire_date", repr(found["hire_date"]), "a date such as 2024-02-29")
    found["zone"] = found["zone"] or "UTC"
    try:
        ZoneInfo(found["zone"])
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise InvalidInput(f"{where}zone", repr(found["zone"]), "a zone such as Europe/Lisbon") from error
    for name, value in found.items():
        if len(value) > MAX_TEXT_CHARS or not value.isprintable():
            raise InvalidInput(
                f"{where}{name}", f"{len(value)} characters", f"printable text of at most {MAX_TEXT_CHARS}"
            )
    return found


def add(connection: Connection, row: dict[str, str], new_id: str, now: int) -> dict[str, Any]:
    found = checked(row)
    if connection.execute(select(person.c.id).where(person.c.handle == found["handle"])).first():
        raise Conflict(f"there is a person {found['handle']} already")
    connection.execute(insert(person).values(id=new_id, created=now, **found))
    return {"id": new_id, "status": "active", **found}


def listed(connection: Connection) -> list[dict[str, Any]]:
    return [dict(row._mapping) for row in connection.execute(select(person).order_by(person.c.handle))]


def named(connection: Connection, name: str) -> dict[str, Any]:
    """The person with this handle, e-mail or id."""
    row = connection.execute(
        select(person).where(or_(person.c.handle == name.lower(), person.c.email == name, person.c.id == name))
    ).first()
    if row is None:
        raise NotFound(f"there is no person {name!r}", "`bursar person list` shows who there is")
    return dict(row._mapping)


@dataclass(frozen=True, slots=True)
class Import:
    """What an import changes: rows to add, rows to update (by id), how many stay."""

    added: list[dict[str, str]]
    updated: list[tuple[str, dict[str, str]]]
    unchanged: int


def read_roster(connection: Connection, file: Path) -> Import:
    """Read and check a whole roster before anything is changed; people are matched by e-mail, else by handle."""
    try:
        with file.open(newline="", encoding="utf-8-sig") as lines:
            rows = csv.DictReader(lines, strict=True)
            unknown = sorted(set(rows.fieldnames or ()) - set(FIELDS))
            if not rows.fieldnames or unknown:
                raise InvalidInput("header", ", ".join(unknown) or "nothing", f"columns out of {', '.join(FIELDS)}")
            found = [checked(row, f"line {rows.line_num}: ") for row in rows]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InvalidInput("roster", str(error), "a CSV file in UTF-8 with a header line") from error
    if len(found) > MAX_ROSTER_ROWS:
        raise InvalidInput("roster", f"{len(found)} rows", f"at most {MAX_ROSTER_ROWS}")
    for name in ("handle", "email"):
        values = [row[name] for row in found if row[name]]
        twice = (
            next((value for value in values if values.count(value) > 1), None)
            if len(values) != len(set(values))
            else None
        )
        if twice:
            raise InvalidInput(name, f"{twice!r} in two rows", "each once")
    known = listed(connection)
    by_email = {one["email"]: one for one in known if one["email"]}
    by_handle = {one["handle"]: one for one in known}
    added, updated, unchanged = [], [], 0
    for row in found:
        match = by_email.get(row["email"]) or by_handle.get(row["handle"])
        if match is None:
            added.append(row)
        elif any(match[name] != row[name] for name in FIELDS):
            updated.append((match["id"], row))
        else:
            unchanged += 1
    return Import(added, updated, unchanged)


def change(connection: Connection, person_id: str, values: dict[str, str]) -> None:
    connection.execute(update(person).where(person.c.id == person_id).values(**values))
