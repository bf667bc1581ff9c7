"""Team: who will run out before the period ends?"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Annotated

from fastapi import Query
from starlette.responses import Response

from bursar.charts import Bar, Bars, Histogram
from bursar.console import words
from bursar.console.team.area import AREA, Team, team
from bursar.console.visit import Visit, Visitor
from bursar.office import runways
from bursar.office.access import action
from bursar.office.runways import Runway

BURN = action("burn.read")
MICROS_PER_DAY = 86_400_000_000
EDGES = (0, 1, 2, 3, 5, 7, 10, 14, 21, 28, 35)
"""Days; whoever lasts longer, or uses nothing, stands beside the picture."""
SOON_DAYS = 7
MAX_BARS = 12
SAID = {
    "out": "used up",
    "dry": "runs out early",
    "saving": "may be saving up",
    "fine": "lasts",
    "idle": "not used lately",
    "nothing": "nothing open",
}

Of = Annotated[str, Query(max_length=200)]
Whom = Annotated[str, Query(max_length=10)]


@AREA.page(
    "/team", name="Runway", question="Who will run out before the period ends?", action="burn.read", whose="team"
)
def page(visit: Visit, of: Of = "", whom: Whom = "") -> Response:
    return _drawn(visit, "team/team.html", of, whom)


@AREA.part("/team/now", action="burn.read", whose="team")
def now(visit: Visit, of: Of = "", whom: Whom = "") -> Response:
    """The figures, asked for again whenever something moves."""
    return _drawn(visit, "team/team_now.html", of, whom)


def _drawn(visit: Visitor, template: str, of: str, whom: str) -> Response:
    about = team(visit, BURN, of, whom)
    visit.look(BURN, about.subjects, "team's runways")
    with visit.desk() as desk:
        found = runways.runways(desk, about.members, visit.now) if about.members else []
    counts = {state: sum(one.state == state for one in found) for state in runways.STATES}
    return visit.show(
        template,
        team=about,
        rows=found,
        counts=counts,
        said=SAID,
        lead=sentence(found, visit.now),
        chart=_histogram(found),
        gaps=_gaps(found),
        when=lambda one: _when(one, visit),
        lasts=lambda one: lasts(one, visit.now),
    )


def sentence(found: Sequence[Runway], now: int) -> str:
    """The page's answer."""
    if not found:
        return ""
    out = [one for one in found if one.state == "out"]
    dry = [one for one in found if one.state == "dry"]
    parts = []
    if out:
        parts.append(f"{_some(len(out))} used up what they have")
    if dry:
        first = dry[0]
        assert first.runs_out_at is not None
        name = first.member.name or first.member.handle
        parts.append(
            f"{_some(len(dry))} will run out before it resets, {name} first, in {words.until(first.runs_out_at, now)}"
        )
    if not parts:
        return "At the rate of the last two weeks, nobody runs out before it resets."
    return "; ".join(parts) + "."


def lasts(one: Runway, now: int) -> str:
    """How long somebody's rest lasts, in words."""
    if one.state == "nothing":
        return "nothing is open"
    if one.state == "out":
        return "used up"
    if one.runs_out_at is not None:
        return f"about {words.until(one.runs_out_at, now)}"
    if one.days is None:
        return "not used"
    return f"about {words.span(one.days * 86_400)}"


def _when(one: Runway, visit: Visitor) -> str:
    """The day on which it runs out, where that is before it resets."""
    if one.runs_out_at is None or one.state == "out":
        return ""
    return str(words.day(one.runs_out_at, visit.zone, now=visit.now))


def _some(number: int) -> str:
    return "one person" if number == 1 else f"{number} people"


def _histogram(found: Sequence[Runway]) -> Histogram | None:
    """How many last how long, of those whose use says so."""
    days = [one.days for one in found if one.days is not None]
    within = [one for one in days if one < EDGES[-1]]
    if not found:
        return None
    counts = [sum(low <= one < high for one in within) for low, high in pairwise(EDGES)]
    longer, unused = len(days) - len(within), len(found) - len(days)
    beside = [
        said
        for said in (
            f"{_some(longer)} would last longer than {EDGES[-1]} days" if longer else "",
            f"{_some(unused)} used nothing in two weeks" if unused else "",
        )
        if said
    ]
    sentence_ = "Days until what is left is used up at the present rate, whether or not it resets before."
    if beside:
        sentence_ += f" Not in the picture: {', '.join(beside)}."
    return Histogram(
        "runways",
        "How long what people have would last",
        sentence_,
        EDGES,
        counts,
        written=lambda day: f"{day:g}",
        unit="days",
        axis="days",
        counted="people",
        empty=f"Nobody would run out within {EDGES[-1]} days",
    )


def _gaps(found: Sequence[Runway]) -> Bars | None:
    """Who would be without, and for how long."""
    dry = [one for one in found if one.dry_days > 0][:MAX_BARS]
    if not dry:
        return None
    return Bars(
        "gaps",
        "Days without, until it resets",
        "At the rate of the last two weeks.",
        [Bar(one.member.name or one.member.handle, [round(one.dry_days, 1)]) for one in dry],
        ("days without",),
        axis="person",
        written=lambda days: f"{days:.1f}" if days else "0",
        unit="days",
    )


__all__ = ["Team", "now", "page", "sentence"]
