"""`bursar report prices`: the last weeks of use at other prices, and what a promise will buy."""

from __future__ import annotations

from typing import Annotated

import typer

from bursar.charts import Bar, Bars
from bursar.charts.terminal import printed
from bursar.cli.options import Json, desk
from bursar.cli.render import Column, console, money, show_json, show_pairs, show_table

WIDTH = 100
SHOWN = 15


def prices(
    family: Annotated[str, typer.Option(help="A provider, a model or what its name begins with: claude.")] = "",
    change: Annotated[str, typer.Option(help="By how much its price changes: -30%.")] = "",
    contract: Annotated[
        list[str] | None, typer.Option(metavar="WHO=SHARE", help="What costs so much less than list: anthropic=25%.")
    ] = None,
    move: Annotated[
        list[str] | None, typer.Option(metavar="A=B", help="All that A does is done by model B. May be repeated.")
    ] = None,
    amount: Annotated[str, typer.Option(help="A promise, for what it will be worth.")] = "$10,000",
    months: Annotated[int, typer.Option(help="In how many months.")] = 6,
    json: Json = False,
) -> None:
    """What if prices change. Example: bursar report prices --family claude --change -30%"""
    from bursar.money import parse_amount
    from bursar.office.figures import price_scenarios

    changes = price_scenarios.changes_of(family, change, contract or (), move or ())
    with desk() as office:
        found = price_scenarios.scenario(office, changes, parse_amount(amount, field="amount").nanos, months)
    if json:
        show_json(price_scenarios.document(found))
        return
    for one in found.unpriced:
        console.print(f"No price is known for {one}: nobody was moved to it.", style="yellow", markup=False)
    sums, purses = found.sums, found.purses
    pairs = [
        (f"{found.days} days at list", f"{money(sums.list_before)} -> {money(sums.list_after)}"),
        ("at cost", f"{money(sums.cost_before)} -> {money(sums.cost_after)}"),
        ("the same work costs", f"{float(sums.factor):.3f} of now"),
    ]
    if purses.days_before is not None and purses.days_after is not None:
        pairs.append(("purses last, middle", f"{purses.days_before:.1f} -> {purses.days_after:.1f} days"))
        pairs.append(("run out this month", f"{purses.out_before} -> {purses.out_after} of {purses.people} people"))
    show_pairs(pairs)
    title = f"What {money(found.amount)} promised now is worth in {found.months} months"
    bars = [Bar(name, (worth.buys, worth.tokens_worth)) for name, worth in found.worths]
    parts = ("in dollars: buys of today's work", "in tokens: is worth")
    chart = Bars("worth", title, "", bars, parts, layout="grouped", written=money)
    console.print(chart.title, style="bold", markup=False)
    console.print(printed(chart, min(WIDTH, console.width)), markup=False, highlight=False)
    show_table(
        (
            Column("model"),
            Column("list", number=True),
            Column("then", number=True),
            Column("cost", number=True),
            Column("then", number=True),
        ),
        [
            (
                one.model,
                money(one.sums.list_before),
                money(one.sums.list_after),
                money(one.sums.cost_before),
                money(one.sums.cost_after),
            )
            for one in found.models[:SHOWN]
        ],
        empty="Nothing was used in the last weeks.",
    )
    show_table(
        (
            Column("family"),
            Column("a million tokens, first month", number=True),
            Column("last month", number=True),
            Column("a year", number=True),
        ),
        [
            (
                one.family,
                money(one.months[0][1]),
                money(one.months[-1][1]),
                "too few months" if one.yearly is None else f"{one.yearly - 1:+.0%}",
            )
            for one in found.trends[:SHOWN]
            if one.months
        ],
        empty="No month of use yet.",
    )
