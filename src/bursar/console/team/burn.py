"""Burn: what does the team use, day by day, and on which models and projects? In sum, never by person."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from starlette.responses import Response

from bursar.charts import Bar, Bars, Columns, Part
from bursar.console import words
from bursar.console.team.area import AREA, team
from bursar.console.team.runways import Of, Whom
from bursar.console.visit import Visit
from bursar.office.access import action
from bursar.office.figures import team_use
from bursar.office.figures.team_use import Share

BURN, MIX = action("burn.read"), action("mix.read")
MICROS_PER_DAY = 86_400_000_000
MAX_BARS = 12


@AREA.page("/team/burn", name="Burn", question="What does my team use, and on what?", action="mix.read", whose="team")
def page(visit: Visit, of: Of = "", whom: Whom = "") -> Response:
    about = team(visit, MIX, of, whom)
    for one in about.subjects:
        visit.require(MIX, one)
    visit.look(BURN, about.subjects, "team's burn")
    with visit.desk() as desk:
        days = team_use.by_day(desk, about.ids, visit.now)
        models = team_use.mix(desk, about.ids, "model", visit.now) if about.whole else []
        projects = team_use.mix(desk, about.ids, "project", visit.now) if about.whole else []
    week, before = sum(days[-7:]), sum(days[-14:-7])
    return visit.show(
        "team/burn.html",
        team=about,
        total=sum(days),
        week=week,
        before=before,
        days=team_use.DAYS,
        least=team_use.LEAST,
        small=len(about.members) < team_use.LEAST,
        chart=_columns(days, visit.now),
        models=_bars("models", "By model", models),
        projects=_bars("projects", "By project", projects),
    )


def _columns(days: Sequence[int], now: int) -> Columns:
    """Spend by day."""
    last = date(1970, 1, 1) + timedelta(days=now // MICROS_PER_DAY)
    names = [
        f"{day.day} {day:%b}" for day in (last - timedelta(days=len(days) - 1 - place) for place in range(len(days)))
    ]
    return Columns(
        "burn",
        "Day by day",
        "What the team spent on each day (UTC), all of its people together; today's is not over.",
        names,
        [Part("spent", list(days))],
        axis="day",
        written=words.written_round,
        empty="Nothing was used in this time",
    )


def _bars(key: str, title: str, shares: Sequence[Share]) -> Bars | None:
    """What each took; those that few used stand together at the end."""
    if not shares:
        return None
    bars = [Bar(one.key or "others", [one.amount], f"{one.people} people") for one in shares[:MAX_BARS]]
    rest = shares[MAX_BARS:]
    if rest:
        bars.append(Bar("further ones", [sum(one.amount for one in rest)]))
    sentence = (
        f"Of the last {team_use.DAYS} days. What fewer than {team_use.LEAST} people used stands together as others."
    )
    return Bars(key, title, sentence, bars, ("spent",), axis=key, written=words.written_round)
