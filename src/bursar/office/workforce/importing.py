"""Importing a roster as long work: it goes on when its page is left, says how far it is, and changes all or nothing."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from bursar.office.workforce.roster import narrowed
from bursar.office.works.work import Outcome

if TYPE_CHECKING:
    from bursar.office.desk import Desk

KIND = "roster"


def question(text: str, name: str, columns: Mapping[str, str], *, leave_out: bool) -> dict[str, Any]:
    """What the work is asked. Columns that are left aside are not in it: they are nobody's business here."""
    return {"text": narrowed(text, columns), "name": name, "leave_out": leave_out}


def work(desk: Desk, asked: dict[str, Any], beat: Callable[[int, int], None]) -> Outcome:
    """Do what `question` asked."""
    found = desk.import_people(asked["text"], name=asked["name"], leave_out=asked["leave_out"], beat=beat)
    return Outcome(json.dumps(found).encode(), name="roster.json")
