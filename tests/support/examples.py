"""The example plans with the calendars at their ends, which were worked out by hand."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from bursar.calendar import from_micros, to_local
from bursar.grants.specs import Situation, situation
from bursar.ledger.values import AVAILABLE, BEYOND, EXPIRED, FUNDING, REVOKED, SPENT, Entry, LotTerms
from bursar.money import Unit, parse_amount
from bursar.plans.check import load
from bursar.plans.terms import Plan

ROOT = Path(__file__).resolve().parents[2]
SPECS = sorted((ROOT / "examples" / "plans").glob("*.test.yaml"))
PLANS = sorted(set((ROOT / "examples" / "plans").glob("*.yaml")) - set(SPECS))
MARK = "\n# ---- calendar"
FLOWS = ("released", "used", "lapsed", "carried", "taken back", "unmet")
_SPAN = re.compile(r"^# calendar: (\S+) to (\S+)$", re.MULTILINE)
_GIVEN = re.compile(r"^# given: (.*(?:\n#   .*)*)", re.MULTILINE)

Day = dict[str, int]
"""Nano-units by column; what is nothing is left out."""


@dataclass
class Golden:
    """One example: its plan, what is given, and what has to come of it day by day."""

    path: Path
    plan: Plan
    given: Situation
    first: date
    last: date
    days: dict[date, Day] = field(default_factory=dict)
    available: dict[date, int] = field(default_factory=dict)


def terms_of(path: Path) -> str:
    """An example's terms without its calendar."""
    return path.read_text().split(MARK)[0].rstrip("\n") + "\n"


def golden(path: Path) -> Golden:
    """Read an example with its calendar."""
    text = path.read_text()
    plan = load(text, path.name).plan
    comment = text.split(MARK)[1]
    span, given = _SPAN.search(comment), _GIVEN.search(comment)
    assert span is not None, path.name
    assert given is not None, path.name
    found = Golden(
        path,
        plan,
        situation(given[1].replace("\n#", "\n"), plan, f"{path.name}: given"),
        date.fromisoformat(span[1]),
        date.fromisoformat(span[2]),
    )
    table = [
        [cell.strip() for cell in line[2:].strip().strip("|").split("|")]
        for line in comment.splitlines()
        if line.startswith("# |")
    ]
    header = table[0]
    assert (header[0], header[-1]) == ("date", "available")
    assert set(header[1:-1]) <= set(FLOWS), header
    for row in table[1:]:
        assert len(row) == len(header), row
        amounts = {name: _nanos(cell, plan) for name, cell in zip(header[1:], row[1:], strict=True) if cell}
        day = date.fromisoformat(row[0])
        assert day not in found.days, row
        found.available[day] = amounts.pop("available")
        found.days[day] = amounts
    assert list(found.days) == sorted(found.days)
    assert found.first <= min(found.days)
    assert max(found.days) <= found.last
    return found


def _nanos(cell: str, plan: Plan) -> int:
    return parse_amount(cell, Unit(plan.unit)).nanos


def days_of(entries: Iterable[Entry], plan: Plan, last: date) -> dict[date, Day]:
    """What a journal says of each local day, in the columns of a calendar."""
    found: dict[date, Day] = {}
    for entry in entries:
        day = to_local(from_micros(entry.effective), plan.zone).date()
        if day > last:
            continue
        second_life = isinstance(entry.terms, LotTerms) and bool(entry.terms.parent)
        for posting in entry.postings:
            column = {AVAILABLE: "released", SPENT: "used", EXPIRED: "lapsed", REVOKED: "taken back"}.get(
                posting.destination
            )
            if posting.source == FUNDING and second_life:
                column = "carried"
            elif posting.lot == BEYOND:
                column = "unmet" if posting.destination == SPENT else None
            if column is not None and posting.amount:
                sums = found.setdefault(day, {})
                sums[column] = sums.get(column, 0) + posting.amount
    return found
