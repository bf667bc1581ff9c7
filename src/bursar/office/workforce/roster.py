"""A roster: what a CSV file of people says, compared with who is known, before anything is changed.

Pure: text and known rows in, an `Import` or InvalidInput out. People are matched by e-mail, else by handle; columns that
the file does not have stay as they are. Managers are given by handle or e-mail and have to be somebody of the roster.
A file of another system has its own names for columns: `columns` says which field each of them is, or that it is none.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from bursar.calendar import FIRST_YEAR, LAST_YEAR, parse_zone
from bursar.errors import InvalidInput

MAX_ROSTER_ROWS = 200_000
MAX_TEXT_CHARS = 200
MAX_REPORTED = 20
"""Faults of a roster that are told at once."""
MAX_ROUNDS = 50
"""How often rows are left out because of rows that were left out before."""
FIELDS = ("handle", "name", "email", "team", "level", "job_family", "role", "location", "zone", "hire_date", "manager")
_HANDLE = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)

_ALIASES = {
    "handle": ("user", "username", "user name", "login", "short name"),
    "name": ("full name", "display name", "employee", "employee name", "legal name"),
    "email": ("e mail", "mail", "email address", "e mail address", "work email", "work e mail", "business email"),
    "team": ("department", "dept", "group", "squad", "organization unit", "org unit", "cost center"),
    "level": ("grade", "job level", "band", "job grade", "career level"),
    "job_family": ("family", "job function", "function", "discipline", "profession"),
    "role": ("title", "job title", "position", "job"),
    "location": ("office", "site", "work location", "country", "place", "city"),
    "zone": ("time zone", "timezone", "tz"),
    "hire_date": ("start date", "date of hire", "hired", "joined", "joining date", "employment start"),
    "manager": ("reports to", "supervisor", "line manager", "manager email", "manager e mail", "manager handle"),
}
"""What other systems call a field, as letters and single spaces."""

Row = dict[str, str]
Known = dict[str, Any]
Columns = Mapping[str, str]
"""By a column's name in the file: the field that it is, empty for one that is left aside."""


@dataclass(frozen=True, slots=True)
class Import:
    """What an import changes: complete rows to add, complete rows to update (by id), how many stay."""

    added: list[Row]
    """Managers before those who report to them."""
    updated: list[tuple[str, Row]]
    unchanged: int
    refused: tuple[InvalidInput, ...] = ()
    """What is wrong with the rows that were left out, if that was wished; each begins with its line."""

    def changes(self, known: Iterable[Known]) -> list[tuple[Known, dict[str, tuple[str, str]]]]:
        """Of everybody who is updated: the row as it is, and by field what it was and will be."""
        by_id = {one["id"]: one for one in known}
        return [
            (
                by_id[name],
                {field: (by_id[name][field], row[field]) for field in FIELDS if by_id[name][field] != row[field]},
            )
            for name, row in self.updated
        ]


class Refused(InvalidInput):
    """A roster of which some rows are wrong; `faults` has every one of them, each beginning with its line."""

    def __init__(self, faults: Sequence[InvalidInput]) -> None:
        told = _together(list(faults))
        super().__init__(told.field, told.found, told.expected, told.hint)
        self.faults = tuple(faults)


_Fault = tuple[int, InvalidInput]
"""With the line of the row that is wrong."""


@dataclass(slots=True)
class _Planned:
    line: int
    known: Known | None
    row: Row
    names_manager: bool


def checked(row: Row, where: str = "") -> Row:
    """A roster row with every field valid; raises InvalidInput naming the field (and the line, if given)."""
    found = {name: (row.get(name) or "").strip() for name in FIELDS}
    for name, value in found.items():
        if len(value) > MAX_TEXT_CHARS or not value.isprintable():
            raise InvalidInput(
                f"{where}{name}", f"{len(value)} characters", f"printable text of at most {MAX_TEXT_CHARS}"
            )
    found["email"] = found["email"].lower()
    found["manager"] = found["manager"].lower()
    found["handle"] = found["handle"] or _handle_of(found["email"])
    if not _HANDLE.fullmatch(found["handle"]):
        raise InvalidInput(f"{where}handle", repr(found["handle"]), "lower-case letters, digits, . _ -, at most 63")
    if found["email"] and not _EMAIL.fullmatch(found["email"]):
        raise InvalidInput(f"{where}email", repr(found["email"]), "an address such as ada@example.com")
    if found["hire_date"]:
        check_date(found["hire_date"], f"{where}hire_date")
    found["zone"] = found["zone"] or "UTC"
    parse_zone(found["zone"], field=f"{where}zone")
    return found


def check_date(text: str, field: str) -> None:
    """Raise InvalidInput unless this is a day that exists, written as ISO 8601 does."""
    try:
        fits = bool(_DATE.fullmatch(text)) and FIRST_YEAR <= date.fromisoformat(text).year < LAST_YEAR
    except ValueError:
        fits = False
    if not fits:
        raise InvalidInput(field, repr(text[:MAX_TEXT_CHARS]), "a date such as 2024-02-29")


def header_of(text: str) -> list[str]:
    """The names of a file's columns. Raises InvalidInput where there are none."""
    try:
        found = [name.strip() for name in next(csv.reader(io.StringIO(text, newline=""), strict=True), [])]
    except csv.Error as error:
        raise InvalidInput("line 1", str(error), "CSV as RFC 4180 describes it") from error
    if not any(found):
        raise InvalidInput("header", "nothing", f"some of {', '.join(FIELDS)}")
    return found


def suggested(header: Iterable[str]) -> dict[str, str]:
    """Which field each column probably is, by its name; empty for those that nobody would know, or that come second."""
    found: dict[str, str] = {}
    for name in header:
        plain = " ".join(re.sub(r"[^a-z0-9]+", " ", name.lower()).split())
        field = next((one for one in FIELDS if plain == one.replace("_", " ") or plain in _ALIASES[one]), "")
        found[name] = "" if field in found.values() else field
    return found


def narrowed(text: str, columns: Columns) -> str:
    """The same file with the columns that are read, under their fields' names: what is left aside goes no further."""
    rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    names = _fields_of([name.strip() for name in next(rows, [])], columns)
    kept = [place for place, name in enumerate(names) if name]
    found = io.StringIO()
    out = csv.writer(found, lineterminator="\n")
    out.writerow([names[place] for place in kept])
    for cells in rows:
        # A row that is wrong stays as long as it is, to be refused where it stands.
        out.writerow([cells[place] for place in kept] if len(cells) == len(names) else cells)
    return found.getvalue()


def compare(text: str, known: list[Known], *, columns: Columns | None = None, leave_out: bool = False) -> Import:
    """What a roster would change. Raises InvalidInput for the first fault, with further ones as its hint.

    With `leave_out`, rows that are wrong are left out and told in the answer, and so is who would report to them.
    """
    lines, misfits = _lines(text, columns)
    refused: list[_Fault] = []
    for attempt in range(MAX_ROUNDS):
        planned, faults = _planned(lines, known)
        if attempt == 0:
            faults = sorted(faults + misfits, key=lambda one: one[0])
        if not faults:
            faults = _taken_twice(planned, known)
        if not faults:
            faults = _resolve_managers(planned, known)
        if not faults:
            break
        if not leave_out or attempt == MAX_ROUNDS - 1:
            raise Refused([fault for _, fault in faults])
        refused += faults
        wrong = {line for line, _ in faults}
        lines = [one for one in lines if one[0] not in wrong]
    changed = [
        (one.known["id"], one.row)
        for one in planned
        if one.known and any(one.known[name] != one.row[name] for name in FIELDS)
    ]
    added = [one.row for one in planned if one.known is None]
    followers = _followers(planned, known)
    told = tuple(fault for _, fault in sorted(refused, key=lambda one: one[0]))
    return Import(_managers_first(added), changed + followers, len(planned) - len(added) - len(changed), told)


def ring(managers: dict[str, str]) -> tuple[str, ...]:
    """Handles that report to each other in a ring, empty if there is none. `managers` gives each handle's manager."""
    safe: set[str] = set()
    for start in managers:
        path: dict[str, None] = {}
        at = start
        while at and at not in safe and at not in path:
            path[at] = None
            at = managers.get(at, "")
        if at in path:
            walked = list(path)
            return tuple(walked[walked.index(at) :])
        safe.update(path)
    return ()


def _lines(text: str, columns: Columns | None) -> tuple[list[tuple[int, Row]], list[_Fault]]:
    """Line number and fields of every row, and rows that are longer or shorter than the header; empty lines are skipped."""
    rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    found: list[tuple[int, Row]] = []
    misfits: list[_Fault] = []
    try:
        names = _fields_of([name.strip() for name in next(rows, [])], columns)
        for cells in rows:
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) != len(names):
                told = InvalidInput(f"line {rows.line_num}", f"{len(cells)} cells", f"{len(names)}, as in the header")
                misfits.append((rows.line_num, told))
                continue
            if len(found) + len(misfits) >= MAX_ROSTER_ROWS:
                raise InvalidInput("roster", "more rows", f"at most {MAX_ROSTER_ROWS}")
            row = {name: cell.strip() for name, cell in zip(names, cells, strict=True) if name}
            found.append((rows.line_num, row))
    except csv.Error as error:
        raise InvalidInput(f"line {rows.line_num}", str(error), "CSV as RFC 4180 describes it") from error
    return found, misfits


def _fields_of(header: list[str], columns: Columns | None) -> list[str]:
    """Which field each column is, empty for none."""
    if columns is not None:
        strange = sorted({*columns} - {*header})
        if strange:
            raise InvalidInput("columns", ", ".join(map(repr, strange[:MAX_REPORTED])), "columns that the file has")
    given = columns or {}
    names = [given.get(name, name) for name in header]
    wrong = sorted({name for name in names if name and (name not in FIELDS or names.count(name) > 1)})
    if not any(names) or wrong:
        raise InvalidInput("header", ", ".join(map(repr, wrong)) or "nothing", f"each once of {', '.join(FIELDS)}")
    if "handle" not in names and "email" not in names:
        raise InvalidInput("header", ", ".join(header), "a column handle or email, to tell people apart")
    return names


def _planned(lines: Iterable[tuple[int, Row]], known: list[Known]) -> tuple[list[_Planned], list[_Fault]]:
    by_email = {one["email"]: one for one in known if one["email"]}
    by_handle = {one["handle"]: one for one in known}
    planned: list[_Planned] = []
    faults: list[_Fault] = []
    for line, given in lines:
        email = given.get("email", "").lower()
        match = by_email.get(email) or by_handle.get(given.get("handle") or _handle_of(email))
        kept = {name: match[name] for name in FIELDS} if match else {}
        # An empty handle is no wish to lose it.
        wanted = {name: value for name, value in given.items() if value or name != "handle"}
        try:
            planned.append(_Planned(line, match, checked({**kept, **wanted}, f"line {line}: "), "manager" in given))
        except InvalidInput as fault:
            faults.append((line, fault))
    return planned, faults


def _taken_twice(planned: list[_Planned], known: list[Known]) -> list[_Fault]:
    """Handles and addresses that two people would have, and people who are in the file twice."""
    in_file = {one.known["id"] for one in planned if one.known}
    staying = [one for one in known if one["id"] not in in_file]
    handles = {one["handle"]: "somebody who is not in this file" for one in staying}
    emails = {one["email"]: one["handle"] for one in staying if one["email"]}
    lines: dict[str, int] = {}
    faults: list[_Fault] = []
    for one in planned:
        handle, email = one.row["handle"], one.row["email"]
        if one.known and one.known["id"] in lines:
            earlier = lines[one.known["id"]]
            faults.append(
                (one.line, InvalidInput(f"line {one.line}", f"{handle!r}, as in line {earlier}", "each person once"))
            )
        elif handle in handles:
            faults.append(
                (one.line, InvalidInput(f"line {one.line}: handle", f"{handle!r} of {handles[handle]}", "another one"))
            )
        elif email and email in emails:
            faults.append(
                (one.line, InvalidInput(f"line {one.line}: email", f"{email!r} of {emails[email]}", "another one"))
            )
        if one.known:
            lines[one.known["id"]] = one.line
        handles[handle] = f"line {one.line}"
        if email:
            emails[email] = handle
    return faults


def _resolve_managers(planned: list[_Planned], known: list[Known]) -> list[_Fault]:
    """Turn each manager into the handle of somebody on the roster as it will be."""
    renamed = _renamed(planned)
    managers: Row = {_renamed_to(renamed, one["handle"]): _renamed_to(renamed, one["manager"]) for one in known}
    managers |= {one.row["handle"]: "" for one in planned if one.known is None}
    addresses: Row = {one["email"]: _renamed_to(renamed, one["handle"]) for one in known if one["email"]}
    addresses |= {one.row["email"]: one.row["handle"] for one in planned if one.row["email"]}
    faults: list[_Fault] = []
    for one in planned:
        given = one.row["manager"]
        found = addresses.get(given, given) if one.names_manager else _renamed_to(renamed, given)
        if found and found not in managers and one.names_manager:
            faults.append((one.line, InvalidInput(f"line {one.line}: manager", repr(given), "somebody on the roster")))
        one.row["manager"] = managers[one.row["handle"]] = found
    circle = ring(managers) if not faults else ()
    line = next((one.line for one in planned if one.row["handle"] in circle), None)
    if line is not None:
        faults.append(
            (line, InvalidInput(f"line {line}: manager", " -> ".join((*circle, circle[0])), "no ring of managers"))
        )
    return faults


def _followers(planned: list[_Planned], known: list[Known]) -> list[tuple[str, Row]]:
    """People who are not in the file, but whose manager gets another handle."""
    renamed = _renamed(planned)
    in_file = {one.known["id"] for one in planned if one.known}
    return [
        (one["id"], {**{name: one[name] for name in FIELDS}, "manager": renamed[one["manager"]]})
        for one in known
        if one["id"] not in in_file and one["manager"] in renamed
    ]


def _renamed(planned: list[_Planned]) -> Row:
    return {
        one.known["handle"]: one.row["handle"]
        for one in planned
        if one.known and one.known["handle"] != one.row["handle"]
    }


def _renamed_to(renamed: Row, handle: str) -> str:
    return renamed.get(handle, handle)


def _managers_first(rows: list[Row]) -> list[Row]:
    managers = {row["handle"]: row["manager"] for row in rows}
    depths: dict[str, int] = {}
    for handle in managers:
        path = []
        at = handle
        while at in managers and at not in depths:
            path.append(at)
            at = managers[at]
        depths |= {one: above for above, one in enumerate(reversed(path), depths.get(at, 0) + 1)}
    return sorted(rows, key=lambda row: depths[row["handle"]])


def _handle_of(email: str) -> str:
    return re.sub(r"[^a-z0-9._-]", "-", email.partition("@")[0].lower())


def _together(faults: list[InvalidInput]) -> InvalidInput:
    first, others = faults[0], faults[1:MAX_REPORTED]
    rest = len(faults) - 1 - len(others)
    more = [*(fault.sentence for fault in others), *([f"and {rest} more"] if rest else [])]
    return InvalidInput(
        first.field, first.found, first.expected, "; ".join([*([first.hint] if first.hint else []), *more])
    )
