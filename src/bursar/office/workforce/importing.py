"""Importing a roster as long work: it goes on when its page is left, says how far it is, and changes all or nothing."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from bursar.errors import InvalidInput
from bursar.office.database import reading
from bursar.office.workforce import people
from bursar.office.workforce.roster import Refused, compare, header_of, narrowed, suggested
from bursar.office.works.work import Outcome

if TYPE_CHECKING:
    from bursar.office.desk import Desk

KIND = "roster"


def question(text: str, name: str, columns: Mapping[str, str], *, leave_out: bool) -> dict[str, Any]:
    """What the work is asked. Columns that are left aside are not in it: they are nobody's business here."""
    return {"text": narrowed(text, columns), "name": name, "leave_out": leave_out}


def told_apart(text: str, given: Mapping[str, str], *, guess: bool) -> dict[str, str] | None:
    """What each column of a file is: by its usual name if that is wished, and by what was said; None: as it is called."""
    return {**(suggested(header_of(text)) if guess else {}), **given} or None


def preview(desk: Desk, text: str, columns: Mapping[str, str] | None, *, leave_out: bool) -> dict[str, Any]:
    """What an import would change, person by person, and what is wrong with which row; changes nothing.

    With rows that are wrong and not to be left out, nothing would change: `refused` has them all. Raises InvalidInput
    for a file that is no roster at all.
    """
    with reading(desk.engine) as connection:
        known = people.listed(connection)
    try:
        found = compare(text, known, columns=columns, leave_out=leave_out)
    except Refused as error:
        return {"added": [], "updated": [], "unchanged": 0, "refused": [fault_of(one) for one in error.faults]}
    return {
        "added": found.added,
        "updated": [
            {"handle": before["handle"], "changes": {name: list(pair) for name, pair in changes.items()}}
            for before, changes in found.changes(known)
        ],
        "unchanged": found.unchanged,
        "refused": [fault_of(one) for one in found.refused],
    }


def fault_of(fault: InvalidInput) -> dict[str, Any]:
    """One row that is wrong, in parts."""
    line, _, field = fault.field.partition(": ")
    number = line.removeprefix("line ")
    return {
        "line": int(number) if number.isdecimal() else 0,
        "field": field or ("" if number.isdecimal() else fault.field),
        "found": fault.found,
        "expected": fault.expected,
        "sentence": fault.sentence,
    }


def work(desk: Desk, asked: dict[str, Any], beat: Callable[[int, int], None]) -> Outcome:
    """Do what `question` asked."""
    found = desk.import_people(asked["text"], name=asked["name"], leave_out=asked["leave_out"], beat=beat)
    return Outcome(json.dumps(found).encode(), name="roster.json")
