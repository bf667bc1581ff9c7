"""`bursar report forecast`: what everybody will spend, who runs out when, and what will lapse, with how sure that is."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bursar.charts import Bands, Series
from bursar.charts.terminal import printed
from bursar.cli.options import Json, desk
from bursar.cli.render import Column, console, money, show_json, show_pairs, show_table
from bursar.errors import NotFound

if TYPE_CHECKING:
    from bursar.office.figures.ahead import Ahead, HouseAhead, Range

SHOWN = 25
WIDTH, HEIGHT = 100, 12


def forecast(
    person: Annotated[str, typer.Argument(metavar="[PERSON]", help="One person alone; without it, everybody.")] = "",
    days: Annotated[int, typer.Option(help="How far ahead, today included; 0: to the end of this month.")] = 0,
    json: Json = False,
) -> None:
    """Spending, run-out and forfeiture ahead, with intervals. Example: bursar report forecast --days 28"""
    from bursar.office.figures import ahead

    with desk() as office:
        holder = office.person(person)["id"] if person else ""
        found = ahead.house(office, days).value
    people = [one for one in found.people if not holder or one.person == holder]
    if not people:
        raise NotFound(f"there is no forecast of {person[:80] or 'anybody'}", "whoever has left is not looked at")
    if json:
        show_json(_document(found, people, whole=not holder))
        return
    if holder:
        _one(people[0], found)
        return
    end = found.total[-1]
    console.print(f"The next {found.days} days, today included; {found.courses} courses.", style="bold")
    show_pairs(
        [
            ("spent", f"{_between(end)} (middle {money(end.middle)})"),
            ("lapses unused", f"{_between(found.forfeited)} (middle {money(found.forfeited.middle)})"),
        ]
    )
    console.print("Spending from today on, added up", style="bold")
    console.print(printed(chart(found), min(WIDTH, console.width), HEIGHT), markup=False, highlight=False)
    show_table(
        (
            Column("person", kept=True),
            Column("left", number=True),
            Column("spends, 8 in 10", number=True),
            Column("runs out", number=True),
            Column("after days", kept=True),
            Column("lapses, middle", number=True),
        ),
        [
            (
                one.handle,
                money(one.left),
                _between(one.spent),
                f"{one.chance:.0%}",
                _days(one),
                money(one.forfeited.middle),
            )
            for one in people[:SHOWN]
        ],
        empty="Nobody is on the roster.",
    )
    if len(people) > SHOWN:
        console.print(f"{len(people) - SHOWN} more with --json, or by name.", style="dim")


def chart(found: HouseAhead) -> Bands:
    """The spending of all together, added up."""
    from bursar.office.months import EPOCH

    names = [f"{EPOCH + timedelta(days=found.first_day + day):%d %b}" for day in range(found.days)]
    series = Series(
        "expected",
        middle=[one.middle for one in found.total],
        low=[one.low for one in found.total],
        high=[one.high for one in found.total],
    )
    return Bands("ahead", "Spending from today on", "Eight in ten lie within the band.", names, [series], written=money)


def _one(one: Ahead, found: HouseAhead) -> None:
    console.print(f"{one.handle}, the next {found.days} days", style="bold")
    show_pairs(
        [
            ("left", money(one.left)),
            ("spends", f"{_between(one.spent)} (middle {money(one.spent.middle)})"),
            ("runs out", f"{one.chance:.0%}"),
            ("after days", _days(one)),
            ("lapses unused", f"{_between(one.forfeited)} (middle {money(one.forfeited.middle)})"),
        ]
    )


def _between(one: Range) -> str:
    return f"{money(one.low)} to {money(one.high)}"


def _days(one: Ahead) -> str:
    early, _, late = one.out_days
    if early is None:
        return ""
    last = "later" if late is None else f"{late:.0f}"
    return last if last == f"{early:.0f}" else f"{early:.0f} to {last}"


def _document(found: HouseAhead, people: list[Ahead], *, whole: bool) -> dict[str, Any]:
    document: dict[str, Any] = {"days": found.days, "first_day": found.first_day, "courses": found.courses}
    if whole:
        document |= {
            "today_nanos": found.today,
            "spent_nanos": _nanos(found.total[-1]),
            "forfeited_nanos": _nanos(found.forfeited),
            "by_day_nanos": [_nanos(one) for one in found.total],
        }
    document["people"] = [
        {
            "person": one.handle,
            "team": one.team,
            "left_nanos": one.left,
            "ends_micros": one.ends,
            "spent_nanos": _nanos(one.spent),
            "runs_out": round(one.chance, 4),
            "runs_out_after_days": list(one.out_days),
            "forfeited_nanos": _nanos(one.forfeited),
        }
        for one in people
    ]
    return document


def _nanos(one: Range) -> dict[str, int]:
    return {"p05": one.lowest, "p10": one.low, "p50": one.middle, "p90": one.high, "p95": one.highest}
