"""Traffic: what passes right now? And refusals: what is turned away, and why?"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Query
from starlette.responses import Response

from bursar.charts import Columns, Part
from bursar.console import words
from bursar.console.brief import brief
from bursar.console.platform.area import AREA
from bursar.console.visit import Visit
from bursar.errors import InvalidInput
from bursar.office import naming
from bursar.office.access import action
from bursar.office.database import reading
from bursar.office.metering import nodes, traffic
from bursar.office.metering.nodes import MICROS_PER_HOUR
from bursar.office.metering.traffic import Traffic
from bursar.office.oversight.subjects import everybody

TRAFFIC = action("traffic.read")
HOURS = {"24": "A day", "168": "A week", "720": "A month"}
MEANS = {
    "exhausted": "The allotment is used up, and no step of the plan helped.",
    "contention": "Enough is there, but held by the person's other requests just then.",
    "rate": "Requests or tokens per minute of a key, a person or a provider; or more than the ledger could write down.",
    "unauthorized": "No access key, or one that is unknown, revoked or over.",
    "forbidden": "The key may not use this model.",
    "bad_request": "Not understood: the body or the path is not of its dialect.",
    "not_found": "No provider serves it, it has no price, or the path is not metered.",
    "method": "The path takes another method.",
    "timeout": "The request did not arrive in time.",
    "too_large": "The request is larger than is taken.",
    "unavailable": "The provider, the ledger or this gateway was not available.",
    "other": "Too many kinds at once to tell apart.",
}


@AREA.page("/platform/traffic", name="Traffic", question="What passes right now?", action="traffic.read", whose="house")
def page(visit: Visit) -> Response:
    visit.look(TRAFFIC, [everybody(visit.actor)], "live traffic")
    return visit.show("platform/traffic.html", **_found(visit))


@AREA.part("/platform/traffic/now", action="traffic.read", whose="house")
def now(visit: Visit) -> Response:
    """The figures alone, asked for again while the page is open."""
    visit.look(TRAFFIC, [everybody(visit.actor)], "live traffic")
    return visit.show("platform/traffic_now.html", **_found(visit))


@AREA.page(
    "/platform/refusals",
    name="Refusals",
    question="What is turned away, and why?",
    action="traffic.read",
    whose="house",
)
def refusals(visit: Visit, hours: Annotated[str, Query(max_length=5)] = "24") -> Response:
    visit.look(TRAFFIC, [everybody(visit.actor)], "refusals")
    if hours not in HOURS:
        raise InvalidInput("hours", repr(hours), f"one of {', '.join(HOURS)}")
    since = visit.now - int(hours) * MICROS_PER_HOUR
    with reading(visit.caller.desks.engine) as connection:
        found = nodes.counted(connection, since)
        series = nodes.by_hour(connection, since, visit.now)
    return visit.show(
        "platform/refusals.html",
        refusals=[one for one in found if one.kind == "refusal"],
        errors=[one for one in found if one.kind == "error"],
        chart=_by_time(visit, series, since),
        means={one.reason: MEANS.get(one.reason.partition(":")[0], "") for one in found},
        said={one.reason: _said(one.reason) for one in found},
        hours=hours,
        choices=[(f"/platform/refusals?hours={value}", name, value) for value, name in HOURS.items()],
        hour_micros=MICROS_PER_HOUR,
    )


def _said(reason: str) -> str:
    """A reason and what it was in detail, once where both are the same word."""
    kind, _, detail = reason.replace("_", " ").partition(":")
    return kind if detail.strip() in ("", kind) else f"{kind}: {detail.strip()}"


def _found(visit: Visit) -> dict[str, Any]:
    with visit.desk() as desk:
        found = traffic.last_hour(desk).value
    people = {one.key for one in found.people} | {one.person for one in found.flying}
    with reading(visit.caller.desks.engine) as connection:
        names = naming.subjects(connection, people)
    return {"traffic": found, "names": names, "spend": _spend(visit, found), "requests": _requests(visit, found)}


def _spend(visit: Visit, found: Traffic) -> Columns:
    return Columns(
        "spend",
        "Spend by minute",
        "At list price, the last hour; the minute that runs is the last.",
        _minutes(visit, found),
        [Part("spend", [one.nanos for one in found.minutes])],
        axis="minute",
        written=brief(),
        empty="Nothing was spent in the last hour",
    )


def _requests(visit: Visit, found: Traffic) -> Columns:
    return Columns(
        "requests",
        "Requests by minute",
        "Charged requests, the last hour.",
        _minutes(visit, found),
        [Part("requests", [one.requests for one in found.minutes])],
        axis="minute",
        empty="Nothing was asked in the last hour",
    )


def _minutes(visit: Visit, found: Traffic) -> list[str]:
    return [words.wall_clock(one.at, visit.zone) for one in found.minutes]


def _by_time(visit: Visit, series: dict[str, list[int]], since: int) -> Columns:
    """By hour for a day, by day for more."""
    size = 1 if len(series["refusal"]) <= 25 else 24
    starts = range(0, len(series["refusal"]), size)
    first = since // MICROS_PER_HOUR
    names = [
        words.wall_clock((first + at) * MICROS_PER_HOUR, visit.zone)
        if size == 1
        else words.wall_day((first + at) * MICROS_PER_HOUR, visit.zone)
        for at in starts
    ]
    parts = [
        Part(name, [sum(series[kind][at : at + size]) for at in starts])
        for kind, name in (("refusal", "refused"), ("error", "upstream errors"))
    ]
    return Columns(
        "refused",
        "Refusals and errors",
        "Requests that were not relayed, and those that a provider failed.",
        names,
        parts,
        axis="time",
        empty="Nothing was refused and nothing failed",
    )
