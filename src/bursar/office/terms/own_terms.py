"""The terms that hold for a person, in plain words, and every change of them: what, when, why, announced by whom."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bursar.calendar import from_micros, to_local
from bursar.office.database import reading
from bursar.office.granting import grants, topups
from bursar.office.granting.grants import Grant
from bursar.office.workforce import people
from bursar.plans.factsheet import fact_sheet

if TYPE_CHECKING:
    from bursar.office.desk import Desk


def terms(desk: Desk, person: str) -> list[dict[str, Any]]:
    """Every grant of a person that runs or will: its fact sheet as it is now, and its history, the newest change first."""
    now, found = desk.now(), []
    with reading(desk.engine) as connection:
        holder = people.named(connection, person)
        for grant in grants.listed(connection, person=holder["id"]):
            if grant.history.ends is not None and grant.history.ends <= now:
                continue
            segment = grant.history.segment_at(now)
            sheet = fact_sheet(topups.measured(connection, segment.plan), segment.tier)
            found.append(
                {
                    **sheet.as_json(),
                    "grant": grant.id,
                    "plan": segment.plan.name,
                    "title": segment.plan.title,
                    "tier": segment.tier,
                    "amount": grants.in_words(segment.amount, segment.plan),
                    "version": version_at(grant, now),
                    "since": _day(grant, segment.start),
                    "starts_micros": grant.history.starts,
                    "ends_micros": grant.history.ends or 0,
                    "note": grant.note,
                    "history": history(grant, now),
                }
            )
    return found


def version_at(grant: Grant, now: int) -> int:
    number = sum(1 for one in grant.history.segments if one.start <= now)
    return int(grant.changes[max(0, number - 1)]["version"])


def history(grant: Grant, now: int) -> list[dict[str, Any]]:
    """Segments, pauses and facts of vesting as lines, the newest first."""
    lines: list[dict[str, Any]] = []
    before = ""
    for number, (segment, change) in enumerate(zip(grant.history.segments, grant.changes, strict=True)):
        amount = grants.in_words(segment.amount, segment.plan)
        what = f"{amount}, tier {segment.tier}" if number == 0 else f"{amount} instead of {before}"
        lines.append(
            {
                "at_micros": segment.start,
                "announced_micros": change["announced"],
                "what": f"{segment.plan.title}, version {change['version']}: {what}",
                "why": change["reason"] or ("the grant was made" if number == 0 else ""),
                "ahead": segment.start > now,
            }
        )
        before = amount
    for pause in grant.history.pauses:
        until = "until it is resumed" if pause.until is None else f"until {_day(grant, pause.until)}"
        lines.append(_line(pause.start, f"Paused {until}: nothing is released", now))
    facts = {"Happened": "The event happened that it vests on", "Accelerated": "Vesting was accelerated"}
    lines += [_line(one.known, facts[type(one.fact).__name__], now) for one in grant.history.facts]
    if grant.history.ends is not None:
        lines.append(_line(grant.history.ends, "The grant ends", now))
    return sorted(lines, key=lambda one: -one["at_micros"])


def _line(at: int, what: str, now: int) -> dict[str, Any]:
    return {"at_micros": at, "announced_micros": at, "what": what, "why": "", "ahead": at > now}


def _day(grant: Grant, at: int) -> str:
    return to_local(from_micros(at), grant.current.plan.zone).date().isoformat()
