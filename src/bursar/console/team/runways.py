"""Team: who will run out before the period ends?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from fastapi import Query
from starlette.responses import Response

from bursar.charts import Bar, Bars
from bursar.console import words
from bursar.console.team.area import AREA, Team, team
from bursar.console.visit import Visit, Visitor
from bursar.office.access import action
from bursar.office.figures import runways
from bursar.office.figures.runways import Runway

BURN = action("burn.read")
MICROS_PER_DAY = 86_400_000_000
WITHIN = ((3, "under 3 days"), (7, "3 to 7 days"), (14, "1 to 2 weeks"), (28, "2 to 4 weeks"))
"""Days, and what is said of whoever lasts less than that."""
SURE, UNLIKELY = 0.995, 0.005
MAX_BARS = 12
FEW = 12
"""People who are shown before somebody asks for all: at least these, and whoever is at risk."""
SAID = {
    "out": "used up",
    "dry": "runs out early",
    "tight": "may run out",
    "saving": "may be saving up",
    "fine": "lasts",
    "idle": "not used lately",
    "nothing": "nothing open",
}

Of = Annotated[str, Query(max_length=200)]
Whom = Annotated[str, Query(max_length=10)]
Rows = Annotated[str, Query(max_length=10)]


@AREA.page(
    "/team", name="Runway", question="Who will run out before the period ends?", action="burn.read", whose="team"
)
def page(visit: Visit, of: Of = "", whom: Whom = "", rows: Rows = "") -> Response:
    return _drawn(visit, "team/team.html", of, whom, rows)


@AREA.part("/team/now", action="burn.read", whose="team")
def now(visit: Visit, of: Of = "", whom: Whom = "", rows: Rows = "") -> Response:
    """The figures, asked for again whenever something moves."""
    return _drawn(visit, "team/team_now.html", of, whom, rows)


def _drawn(visit: Visitor, template: str, of: str, whom: str, rows: str) -> Response:
    about = team(visit, BURN, of, whom)
    visit.look(BURN, about.subjects, "team's runways")
    with visit.desk() as desk:
        found = runways.runways(desk, about.members, visit.now) if about.members else []
    counts = {state: sum(one.state == state for one in found) for state in runways.STATES}
    first = max(FEW, sum(one.state in runways.AT_RISK for one in found))
    return visit.show(
        template,
        team=about,
        rows=found if rows == "all" else found[:first],
        everybody=len(found),
        all_rows=rows == "all",
        few=first,
        counts=counts,
        said=SAID,
        lead=words.sentence(sentence(found, visit.now)),
        chart=_counts(found),
        gaps=_gaps(found),
        sure=sure,
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
        when = f"in {words.until(first.runs_out_at, now)}"
        parts.append(
            f"{name} will run out before it resets, {when} at this rate"
            if len(dry) == 1
            else f"{_some(len(dry))} will run out before it resets, {name} first, {when} at this rate"
        )
    tight = sum(one.state == "tight" for one in found)
    if tight:
        parts.append(f"{_some(tight)} {'more ' if parts else ''}may run out")
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


def sure(one: Runway) -> str:
    """How likely it runs out before it resets, in words; empty where that is not worth a thought or not known."""
    if one.state in ("out", "nothing") or not one.resets:
        return ""
    if one.chance is None:
        return "not known yet" if one.state == "dry" else ""
    if one.chance >= SURE:
        return "almost certain"
    return f"{round(100 * one.chance)} in 100" if one.chance >= UNLIKELY else ""


def _some(number: int) -> str:
    return "one person" if number == 1 else f"{number} people"


def _counts(found: Sequence[Runway]) -> Bars | None:
    """How many last how long."""
    if not found:
        return None
    names = ["used up", *(said for _, said in WITHIN), "longer", "used nothing lately", "nothing open"]
    counts = dict.fromkeys(names, 0)
    for one in found:
        counts[_range(one)] += 1
    return Bars(
        "runways",
        "How long what people have would last",
        "At the rate of the last two weeks, whether or not it resets before.",
        [Bar(name, [counts[name]]) for name in names if counts[name] or name not in ("used up", "nothing open")],
        ("people",),
        axis="lasts",
        written=lambda people: f"{people:,.0f}",
        unit="people",
    )


def _range(one: Runway) -> str:
    if one.state == "nothing":
        return "nothing open"
    if one.state == "out":
        return "used up"
    days = one.days
    if days is None:
        return "used nothing lately"
    return next((said for most, said in WITHIN if days < most), "longer")


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
