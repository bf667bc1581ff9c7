"""The audit log: who changed what? And looks: who looked at whom?"""

from __future__ import annotations

import json
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import Query
from starlette.responses import Response

from bursar.console import words
from bursar.console.audit.area import AREA
from bursar.console.audit.moments import instant
from bursar.console.visit import Visit, Visitor
from bursar.errors import InvalidInput
from bursar.office import naming
from bursar.office.access import action
from bursar.office.database import reading
from bursar.office.oversight import audit_pages
from bursar.office.oversight.subjects import everybody
from bursar.web import paging

AUDIT = action("audit.read")
READS = action("reads.read")
LOG, LOOKS = "/audit/log", "/audit/looks"
MAX_VALUE_CHARS = 200
"""Of one value of a line's detail."""
INSTANTS = (1_000_000_000_000_000, 10_000_000_000_000_000)
"""Whole numbers in between are microseconds of the years 2001 to 2286: nothing else that is recorded is as large."""
_SEPARATOR = "\n"
"""In no name that a look is written down with: all of them are printable."""

Text = Annotated[str, Query(max_length=200)]
Moment = Annotated[str, Query(max_length=40)]


@AREA.page(LOG, name="Audit log", question="Who changed what?", action="audit.read", whose="house")
def log(
    visit: Visit,
    what: Annotated[str, Query(alias="action", max_length=100)] = "",
    who: Text = "",
    find: Text = "",
    start: Annotated[str, Query(alias="from", max_length=40)] = "",
    until: Moment = "",
    before: Annotated[int, Query(ge=0, le=2**62)] = 0,
) -> Response:
    visit.look(AUDIT, [everybody(visit.actor)], "audit log")
    begins = instant(start, visit.zone, "from") if start else 0
    ends = instant(until, visit.zone, "until") if until else 0
    with reading(visit.caller.desks.engine) as connection:
        actors = audit_pages.actors_named(connection, who.strip()) if who.strip() else None
        found = audit_pages.page(
            connection, action=what, actors=actors, text=find.strip(), start=begins, end=ends, before=before
        )
        names = naming.actors(connection, {one.actor for one in found.lines})
        mentioned = {one.subject for one in found.lines}
        mentioned |= {value for one in found.lines for value in one.detail.values() if isinstance(value, str)}
        subjects = naming.subjects(connection, mentioned)
    with visit.desk() as desk:
        known = audit_pages.actions(desk)
    query = {"action": what, "who": who, "find": find, "from": start, "until": until}
    kept = urlencode({name: value for name, value in query.items() if value})
    return visit.show(
        "audit/log.html",
        lines=[(one, [told(visit, one.detail, name, subjects) for name in one.detail]) for one in found.lines],
        next=found.next,
        first=not before,
        names=names,
        subjects=subjects,
        actions=known,
        query=query,
        filtered=bool(kept),
        base=LOG + (f"?{kept}" if kept else ""),
        path=LOG,
    )


@AREA.page(LOOKS, name="Who looked", question="Who looked at whose figures?", action="reads.read", whose="house")
def looks(
    visit: Visit, who: Text = "", whom: Text = "", after: Annotated[str, Query(max_length=1_000)] = ""
) -> Response:
    visit.look(READS, [everybody(visit.actor)], "who looked at whom")
    place = _place(after)
    with reading(visit.caller.desks.engine) as connection:
        found = audit_pages.looks(connection, visit.actor.organisation, who=who.strip(), whom=whom.strip(), after=place)
    kept = urlencode({name: value for name, value in (("who", who), ("whom", whom)) if value})
    return visit.show(
        "audit/looks.html",
        looks=found.looks,
        next="" if found.next is None else paging.written(_SEPARATOR.join(map(str, found.next))),
        first=not after,
        who=who,
        whom=whom,
        base=LOOKS + (f"?{kept}" if kept else ""),
        path=LOOKS,
    )


def told(visit: Visitor, detail: dict[str, Any], name: str, subjects: dict[str, str]) -> tuple[str, Any]:
    """One value of a line's detail as a person reads it: amounts and instants as such, ids by what they name."""
    value = detail[name]
    if isinstance(value, int) and not isinstance(value, bool):
        if name.endswith("_nanos"):
            return _said(name.removesuffix("_nanos")), words.money(value, str(detail.get("unit", "USD")))
        if INSTANTS[0] < value < INSTANTS[1]:
            return _said(name), words.instant(value, visit.zone, now=visit.now)
        return _said(name), words.count(value)
    if isinstance(value, list):
        text = ", ".join(subjects.get(str(one), str(one)) for one in value)
    elif isinstance(value, dict):
        text = json.dumps(value, ensure_ascii=False)
    else:
        text = "" if value is None or value is False else "yes" if value is True else subjects.get(value, str(value))
    return _said(name), text if len(text) <= MAX_VALUE_CHARS else f"{text[:MAX_VALUE_CHARS]}..."


def _said(name: str) -> str:
    return name.replace("_", " ")


def _place(after: str) -> tuple[int, str, str, str, str] | None:
    found = paging.read(after, str)
    if found is None:
        return None
    at, *rest = found.split(_SEPARATOR)
    if len(rest) != 4 or not at.isascii() or not at.isdecimal() or len(at) > 19:
        raise InvalidInput("after", "a cursor that is none", "the one that the page before gave")
    return (int(at), rest[0], rest[1], rest[2], rest[3])
