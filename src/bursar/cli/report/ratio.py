"""`bursar report salary-ratio`: what tokens come to in a year beside what a level is paid."""

from __future__ import annotations

from typing import Annotated

import typer

from bursar.charts import Bar, Bars
from bursar.charts.terminal import printed
from bursar.cli.options import Json, desk
from bursar.cli.render import Column, console, money, show_json, show_table
from bursar.errors import InvalidInput

WIDTH = 100
MOST_BARS = 15
SHOWN = 30
GROUPS = ("person", "team", "level")


def salary_ratio(
    by: Annotated[str, typer.Option(help="person, team or level.")] = "person",
    json: Json = False,
) -> None:
    """Spend of a year beside the pay of the level. Example: bursar report salary-ratio --by team"""
    from bursar.office.figures import ratio

    if by not in GROUPS:
        raise InvalidInput("by", repr(by[:40]), f"one of {', '.join(GROUPS)}")
    with desk() as office:
        found = ratio.comparison(office).value
    groups = ratio.grouped(found, by)
    if json:
        items = [
            {
                "key": one.key,
                "people": one.people,
                "yearly_nanos": one.yearly,
                "pay_nanos": one.band,
                "percent": one.percent,
                "status": one.status,
            }
            for one in groups
        ]
        show_json({"by": by, "days": found.days, "items": items})
        return
    known = [one for one in groups if one.band]
    title = f"Tokens of a year in percent of pay, by {by}"
    chart = Bars("ratio", title, "", [Bar(one.key, (one.percent,)) for one in known[:MOST_BARS]], written=_percent)
    console.print(chart.title, style="bold", markup=False)
    console.print(printed(chart, min(WIDTH, console.width)), markup=False, highlight=False)
    show_table(
        (
            Column(by, kept=True),
            Column("people", number=True),
            Column("tokens a year", number=True),
            Column("pay", number=True),
            Column("%", number=True),
            Column("", kept=True),
        ),
        [
            (
                one.key,
                str(one.people),
                money(one.yearly),
                money(one.band) if one.band else "no band",
                str(one.percent) if one.band else "",
                one.status,
            )
            for one in groups[:SHOWN]
        ],
        empty="Nobody is on the roster.",
    )
    if len(groups) > SHOWN:
        console.print(f"{len(groups) - SHOWN} more with --json.", style="dim")
    console.print(f"Spending of {found.days} days taken for a year, over the middle pay of the level.", style="dim")


def _percent(value: int) -> str:
    return f"{value} %"
