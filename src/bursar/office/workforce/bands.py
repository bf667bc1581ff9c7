"""Pay bands: one yearly figure for each level of the roster, which token spend is compared with.

Nobody's own salary is kept here: a band is what a level is paid in the middle. The audit log says which levels changed and
who changed them, never the amounts.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import Connection, delete, insert, select

from bursar.errors import InvalidInput
from bursar.money import MAX_NANOS, Unit, parse_amount
from bursar.office.database import transaction
from bursar.office.tables import ORGANISATION, pay_band

if TYPE_CHECKING:
    from bursar.office.desk import Desk

MAX_BANDS = 500
MAX_LEVEL_CHARS = 200
MAX_TEXT_CHARS = 100_000
MAX_REPORTED = 20
"""Faults that are told at once."""
EXPECTED = "a level and a yearly amount in USD, such as: senior, $180,000"


@dataclass(frozen=True, slots=True)
class Band:
    """What a level is paid in a year, nano-USD."""

    level: str
    yearly_nanos: int
    since: int
    actor: str


def listed(connection: Connection) -> list[Band]:
    """Every band, by level."""
    row = pay_band.c
    query = select(pay_band).where(row.organisation == ORGANISATION).order_by(row.level)
    return [Band(one.level, one.yearly_nanos, one.since, one.actor) for one in connection.execute(query)]


def replace(desk: Desk, text: str) -> int:
    """Set all bands at once: lines of a level and an amount; what is not named any more is forgotten. Nothing changes
    if anything is wrong. Raises InvalidInput for the first fault, with further ones as its hint."""
    found = read(text)
    with transaction(desk.engine) as connection:
        before = {one.level: one for one in listed(connection)}
        changed = sorted(
            level for level, nanos in found.items() if level not in before or before[level].yearly_nanos != nanos
        )
        gone = sorted(set(before) - set(found))
        if not changed and not gone:
            return 0
        desk.note(connection, "band.change", "pay bands", {"changed": changed, "removed": gone})
        touched = (pay_band.c.organisation == ORGANISATION) & pay_band.c.level.in_([*changed, *gone])
        connection.execute(delete(pay_band).where(touched))
        if changed:
            rows = [
                {
                    "level": level,
                    "yearly_nanos": found[level],
                    "since": desk.now(),
                    "actor": desk.actor,
                }
                for level in changed
            ]
            connection.execute(insert(pay_band), rows)
    return len(changed) + len(gone)


def read(text: str) -> dict[str, int]:
    """Bands as people write or export them: `level, amount` in each line, a head with those names left out. Pure."""
    if len(text) > MAX_TEXT_CHARS:
        raise InvalidInput("bands", f"{len(text)} characters", f"at most {MAX_TEXT_CHARS}")
    found: dict[str, int] = {}
    faults: list[InvalidInput] = []
    rows = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), skipinitialspace=True)
    try:
        for cells in rows:
            line = f"line {rows.line_num}"
            cells = [cell.strip() for cell in cells]
            if not any(cells) or (rows.line_num == 1 and cells[0].lower() == "level"):
                continue
            try:
                level, nanos = _band(cells, line)
                if level in found:
                    raise InvalidInput("bands", f"{line}: {level!r} a second time", "each level once")
                found[level] = nanos
            except InvalidInput as fault:
                faults.append(fault)
    except csv.Error as error:
        raise InvalidInput("bands", f"line {rows.line_num}: {error}", EXPECTED) from error
    if len(found) > MAX_BANDS:
        raise InvalidInput("bands", f"{len(found)} levels", f"at most {MAX_BANDS}")
    if faults:
        first, others = faults[0], faults[1:MAX_REPORTED]
        raise InvalidInput("bands", first.found, first.expected, "; ".join(one.found for one in others))
    return found


def _band(cells: list[str], line: str) -> tuple[str, int]:
    # An amount with thousands apart is two cells where nobody put it in quotes.
    level, amount = cells[0], ",".join(cells[1:])
    if not level or not amount:
        raise InvalidInput("bands", f"{line}: {','.join(cells)[:80]!r}", EXPECTED)
    if len(level) > MAX_LEVEL_CHARS or not level.isprintable():
        raise InvalidInput("bands", f"{line}: a level of {len(level)} characters", f"at most {MAX_LEVEL_CHARS}")
    try:
        found = parse_amount(amount, Unit("USD"), field="bands")
    except InvalidInput as fault:
        raise InvalidInput("bands", f"{line}: {fault.found}", EXPECTED) from None
    if str(found.unit) != "USD" or not 0 < found.nanos <= MAX_NANOS:
        raise InvalidInput("bands", f"{line}: {amount[:80]!r}", "a yearly amount in USD above nothing")
    return level, found.nanos
