"""Where the money of the house goes, without saying who: groups of fewer than five people are left out."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

from bursar.calendar import from_micros
from bursar.errors import InvalidInput
from bursar.ledger import reading as ledger
from bursar.ledger.session import MICROS_PER_DAY, Session

if TYPE_CHECKING:
    from bursar.office.desk import Desk

GROUPS = ("provider", "model", "project", "purpose", "team", "day")
LEAST_PEOPLE = 5
"""A group of fewer is not told."""
DAYS = 30
MAX_DAYS = 3_700
_SUMS = tuple(one.name for one in fields(ledger.UsageSum) if one.name != "key")


def house_spend(desk: Desk, by: str, *, start: str = "", end: str = "", unit: str = "USD") -> dict[str, Any]:
    """Sums by group with its number of people, most first; `left_out` is how many groups were too small to be told."""
    if by not in GROUPS:
        raise InvalidInput("by", repr(by[:40]), f"one of {', '.join(GROUPS)}")
    today = desk.now() // MICROS_PER_DAY
    first = desk.instant(start, "UTC", "from") // MICROS_PER_DAY if start else today - DAYS + 1
    last = desk.instant(end, "UTC", "until") // MICROS_PER_DAY if end else today + 1
    if not first < last <= first + MAX_DAYS:
        raise InvalidInput(
            "until", end or "now", f"a day after {start or 'the first one'}, at most {MAX_DAYS} days later"
        )

    def read(session: Session) -> tuple[list[ledger.UsageSum], dict[str, int]]:
        if by == "team":
            return ledger.usage_by(session, "person", first, last, unit=unit), {}
        return ledger.usage_by(session, by, first, last, unit=unit), ledger.people_by(session, by, first, last, unit)

    sums, people = desk.store.read(read)
    if by == "team":
        sums, people = _by_team(desk, sums)
    rows = [
        {"key": _named(by, one.key), "people": people[one.key], **{name: getattr(one, name) for name in _SUMS}}
        for one in sorted(sums, key=lambda one: (-one.amount, one.key))
        if people[one.key] >= LEAST_PEOPLE
    ]
    days = {"from": _day(first), "until": _day(last)}
    return {"by": by, **days, "unit": unit, "rows": rows, "left_out": len(sums) - len(rows)}


def _by_team(desk: Desk, sums: list[ledger.UsageSum]) -> tuple[list[ledger.UsageSum], dict[str, int]]:
    teams = {one["id"]: one["team"] for one in desk.people()}
    found: dict[str, list[int]] = {}
    people: dict[str, int] = {}
    for one in sums:
        team = teams.get(one.key, "")
        total = found.setdefault(team, [0] * len(_SUMS))
        for place, name in enumerate(_SUMS):
            total[place] += getattr(one, name)
        people[team] = people.get(team, 0) + 1
    return [ledger.UsageSum(team, *total) for team, total in found.items()], people


def _named(by: str, key: str) -> str:
    return _day(int(key)) if by == "day" else key


def _day(day: int) -> str:
    return from_micros(day * MICROS_PER_DAY).date().isoformat()
