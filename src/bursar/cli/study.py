"""`bursar study ...`: questions that a house asks about itself, in aggregates wherever people could be told apart."""

from __future__ import annotations

import csv as sheets
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from bursar.cli.options import Json, Person, desk
from bursar.cli.render import Column, console, money, show_json, show_pairs, show_table
from bursar.errors import InvalidInput
from bursar.exchange.sheets import Cell, csv_text, number
from bursar.insight import outcomes as declared
from bursar.insight import trends
from bursar.insight.working_time import parse_hours
from bursar.money import parse_amount
from bursar.office.figures import studies
from bursar.office.months import following, month_of

app = typer.Typer(no_args_is_help=True)

Days = Annotated[int, typer.Option(min=1, max=365, help="How many days back.")]
Csv = Annotated[bool, typer.Option("--csv", help="Print a sheet instead of a table.")]
MAX_FILE_BYTES = 16 * 1024 * 1024


@app.command()
def rationing(person: Person, days: Days = 60, json: Json = False) -> None:
    """Does somebody hold back when little is left? Example: bursar study rationing ada"""
    with desk() as office:
        found = studies.rationed(office, person, days)
    if json:
        show_json({**asdict(found), "flagged": found.flagged, "held_back": round(found.held_back)})
        return
    show_pairs(
        [
            ("active days with enough left", f"{found.early_days}, {money(round(found.early))} each"),
            ("active days with less than a fifth", f"{found.late_days}, {money(round(found.late))} each"),
        ]
    )
    if found.ratio is None:
        console.print("Too few days of either kind to say anything.")
    elif found.flagged:
        console.print(
            f"Rationing: about {money(round(found.held_back))} of work was held back. More may be asked for: "
            f"bursar topup request {person} AMOUNT",
            style="yellow",
            markup=False,
        )
    else:
        console.print("No rationing: use goes on as it was.")


@app.command()
def unattended(
    person: Person,
    hours: Annotated[str, typer.Option(help="Working hours where the person is.")] = "9:00-18:00",
    weekdays: Annotated[str, typer.Option(help="Working days.")] = "mon-fri",
    holiday: Annotated[list[str] | None, typer.Option(metavar="DATE", help="A free day; may be repeated.")] = None,
    days: Days = 60,
    json: Json = False,
) -> None:
    """Which share ran outside of working hours, in the person's zone. Example: bursar study unattended ada --hours 8-17"""
    with desk() as office:
        zone = office.person(person)["zone"]
        found = studies.unattended(office, person, parse_hours(hours, zone, weekdays, holiday or ()), days)
    if json:
        show_json({**asdict(found), "share": round(found.share, 6), "zone": zone})
        return
    show_pairs(
        [
            ("used", money(found.whole)),
            ("unattended", f"{money(found.unattended)}, {found.share:.0%}"),
            ("longest stretch", f"{found.longest_seconds / 3600:.1f} h"),
            ("hours are those of", zone),
        ]
    )


@app.command()
def leverage(
    person: Annotated[str, typer.Argument(help="Only of this person.")] = "", days: Days = 90, json: Json = False
) -> None:
    """Which share of use is work, learning and personal. Example: bursar study leverage"""
    with desk() as office:
        found = studies.leverage(office, person, days)
    if json:
        show_json(
            {one: {"list_nanos": amount, "share": round(found.share(one), 6)} for one, amount in found.amounts.items()}
        )
        return
    show_table(
        (Column("for"), Column("at list", number=True), Column("share", number=True)),
        [(one, money(amount), f"{found.share(one):.1%}") for one, amount in found.amounts.items()],
    )


@app.command()
def trend(
    since: Annotated[str, typer.Option(metavar="MONTH", help="First month; without it, a year ago.")] = "",
    csv: Csv = False,
    json: Json = False,
) -> None:
    """How many use it, what they and every head cost, what a level's middle uses; no single people. Example: bursar study trend --since 2026-05"""
    with desk() as office:
        months = studies.trend(office, since or following(month_of(office.now()), -11))
    moved = trends.drifts(months)
    names = ("month", "people", "active", "amount", "per_active", "per_head")
    if csv:
        rows = [
            [one.month, one.people, one.active, *(None if x is None else number(round(x)) for x in _sums(one))]
            for one in months
        ]
        sys.stdout.write(csv_text(names, rows))
        return
    if json:
        show_json(
            {
                "months": [asdict(one) for one in months],
                "levels": [{**asdict(one), "times": one.times} for one in moved],
            }
        )
        return
    show_table(
        tuple(Column(one.replace("_", " "), number=one != "month", kept=one == "month") for one in names),
        [
            (
                one.month,
                str(one.people),
                "few" if one.active is None else str(one.active),
                *("-" if x is None else money(round(x)) for x in _sums(one)),
            )
            for one in months
        ],
    )
    for level in moved:
        times = "from nothing" if level.times is None else f"{level.times:.1f} times"
        console.print(f"{level.level}: the middle person uses {times} what it was.", markup=False)
    console.print("What is usual one year is expected the next; months with too few people are not told.", style="dim")


def _sums(one: trends.Month) -> tuple[float | None, float | None, float | None]:
    return one.amount, one.per_active, one.per_head


@app.command()
def transfer(
    before: Annotated[str, typer.Option(help="Central spending of the year before: '$50,000'.")],
    after: Annotated[str, typer.Option(help="Central spending of a year since: '$40,000'.")],
    json: Json = False,
) -> None:
    """Was cost shifted from the house into people's packages? Example: bursar study transfer --before '$50,000' --after '$40,000'"""
    amounts = [_dollars(name, text) for name, text in (("before", before), ("after", after))]
    with desk() as office:
        found = studies.transferred(office, *amounts)
    if json:
        show_json(asdict(found))
        return
    share = "nothing is carried" if found.share is None else f"{found.share:.0%} of it was saved elsewhere"
    show_pairs(
        [
            ("saved centrally", money(found.saved)),
            ("carried by people", f"{money(found.carried)}, of it their own money {money(found.own)}"),
            ("transfer", share),
        ]
    )


@app.command("double-count")
def double_count(
    budget: Annotated[Path, typer.Argument(metavar="FILE", help="CSV of a budget: grant, amount.")], json: Json = False
) -> None:
    """Find grants that stand in packages as pay and in a budget too. Example: bursar study double-count budget.csv"""
    rows = list(sheets.DictReader(_text(budget).splitlines()))
    with desk() as office:
        found = studies.double_counted(office, studies.budget_of(rows))
    if json:
        show_json([{**asdict(one), "amount": one.amount} for one in found])
        return
    show_table(
        (Column("grant"), Column("as pay", number=True), Column("budgeted", number=True), Column("twice", number=True)),
        [(one.grant, money(one.offered), money(one.budgeted), money(one.amount)) for one in found],
        empty="Nothing is counted twice.",
    )


@app.command()
def outcomes(
    month: Annotated[str, typer.Option(metavar="MONTH", help="2026-10; without it, this month.")] = "",
    file: Annotated[Path | None, typer.Option(metavar="FILE", help="CSV: person, outcome, accepted.")] = None,
    plug_in: Annotated[str, typer.Option("--plug-in", help="An installed source of outcomes.")] = "",
    json: Json = False,
) -> None:
    """What an accepted outcome cost; unknown where nobody declared one. Example: bursar study outcomes --file merged.csv"""
    if file is not None and plug_in:
        raise InvalidInput("--plug-in", plug_in[:40], "a file or a plug-in, not both")
    with desk() as office:
        name = month or month_of(office.now())
        given = declared.read(_text(file), str(file)) if file is not None else []
        if plug_in:
            given = list(declared.source(plug_in).outcomes(name))
        found = studies.brought(office, name, given)
    if json:
        show_json(
            {
                "month": name,
                "sentence": found.sentence,
                "costs": [{**asdict(one), "each": one.each} for one in found.costs],
            }
        )
        return
    if not found.known:
        console.print(found.sentence.capitalize() + ".")
        return
    show_table(
        (
            Column("outcome"),
            Column("people", number=True),
            Column("accepted", number=True),
            Column("each", number=True),
        ),
        [(one.outcome, str(one.people), f"{one.accepted:,}", money(round(one.each))) for one in found.costs],
        empty="Too few people behind every outcome to tell it.",
    )


@app.command()
def exceptions(
    by: Annotated[str, typer.Option(help="actor, level, job_family, role, team or location.")] = studies.BY_ACTOR,
    json: Json = False,
) -> None:
    """How far exceptions go, by who made them or for whom. Example: bursar study exceptions --by level"""
    with desk() as office:
        found = studies.exceptions(office, by)
    if json:
        show_json(asdict(found))
        return
    show_table(
        (Column(by), Column("exceptions", number=True), Column("mean", number=True), Column("deviation", number=True)),
        [(one.name, str(one.count), f"${one.mean:,.2f}", f"${one.deviation:,.2f}") for one in found.groups],
        empty="No group of exceptions is large enough to be told.",
    )
    console.print(f"{found.count} exceptions, {found.withheld} in groups too small to be told.")
    if found.between is not None:
        console.print(f"{found.between:.0%} of their variance lies between the groups.")


@app.command()
def budget(csv: Csv = False, json: Json = False) -> None:
    """A budget sheet by department; its sums are the exposure. Example: bursar study budget --csv"""
    with desk() as office:
        lines = studies.budget(office)
    if json:
        show_json([asdict(one) for one in lines])
        return
    names = ("released", "spent", "open", "coming")
    if csv:
        rows: list[list[Cell]] = [
            [one.department, one.people, *(number(getattr(one, name)) for name in names)] for one in lines
        ]
        sys.stdout.write(csv_text(("department", "people", *names), rows))
        return
    show_table(
        (Column("department"), Column("people", number=True), *(Column(name, number=True) for name in names)),
        [(one.department, str(one.people), *(money(getattr(one, name)) for name in names)) for one in lines],
    )


@app.command()
def loaded(
    pay: Annotated[str, typer.Option(help="Pay, bonus, equity and benefits of a head by year: '$370,000'.")],
    team: Annotated[str, typer.Option(help="Only of this team.")] = "",
    json: Json = False,
) -> None:
    """What a head costs by year, compute included. Example: bursar study loaded --pay '$370,000'"""
    amount = _dollars("pay", pay)
    with desk() as office:
        found = studies.loaded(office, amount, team)
    if json:
        show_json({**asdict(found), "whole": found.whole, "share": round(found.share, 6)})
        return
    show_pairs(
        [
            ("pay", money(found.pay)),
            ("compute at cost", f"{money(found.compute)}, over {found.people} people"),
            ("fully loaded", f"{money(found.whole)}, {found.share:.2%} of it compute"),
        ]
    )


def _dollars(field: str, text: str) -> int:
    read = parse_amount(text, field=field)
    if str(read.unit) != "USD" or read.nanos < 0:
        raise InvalidInput(field, repr(text[:40]), "dollars, no less than nothing")
    return read.nanos


def _text(file: Path) -> str:
    try:
        raw = file.read_bytes()
        if len(raw) > MAX_FILE_BYTES:
            raise InvalidInput(str(file), f"{len(raw):,} bytes", f"at most {MAX_FILE_BYTES:,}")
        return raw.decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(str(file), str(error), "a readable file in UTF-8") from None
