"""`bursar calendar ...`: what falls due in everybody's grants and seats; a running gateway does it by itself."""

from __future__ import annotations

from typing import Annotated

import typer

from bursar.cli.options import Json, desk
from bursar.cli.render import Column, console, money, show_json, show_table
from bursar.office.granting import outlook, promises
from bursar.office.granting.seats import Charged

app = typer.Typer(no_args_is_help=True)

Until = Annotated[str, typer.Option("--until", metavar="DATE", help="Up to then; without it, now.")]
Whose = Annotated[str, typer.Option("--person", help="Only this person.")]


@app.command()
def due(until: Until = "", person: Whose = "", json: Json = False) -> None:
    """List what is due and not done yet. Example: bursar calendar due --until 2027-02-01"""
    with desk() as office:
        events = outlook.due_events(office, until, person)
    if json:
        show_json(events)
        return
    show_table(
        (
            Column("day"),
            Column("person", kept=True),
            Column("what"),
            Column("amount", number=True),
            Column("expires", kept=True),
            Column("why"),
            Column("grant or seat", quiet=True),
        ),
        [
            (
                one["at"],
                one["person"],
                one["event"],
                money(one["amount_nanos"], one["unit"]) if one["amount_nanos"] else "",
                one["expires"] or "",
                one["evidence"],
                one["grant"] or one["seat"],
            )
            for one in events
        ],
        empty="Nothing is due.",
    )


@app.command()
def run(
    until: Until = "",
    person: Whose = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print what would be done, do nothing.")] = False,
    json: Json = False,
) -> None:
    """Do what is due, once, in order. Example: bursar calendar run --until 2027-02-01 --dry-run"""
    if dry_run:
        due(until, person, json)
        return
    with desk() as office:
        moment = office.instant(until, "UTC", "until") if until else office.now()
        holder = office.person(person)["id"] if person else ""
        done = promises.run_calendar(office, moment, holder)
    if json:
        show_json(
            [
                {
                    "seat": one.seat.id,
                    "event": "seat",
                    "period": one.charge.key,
                    "at_micros": one.charge.at,
                    "charged_nanos": one.charge.nanos,
                    "overage_nanos": one.overage,
                }
                if isinstance(one, Charged)
                else {
                    "grant": one.event.grant,
                    "event": one.event.kind,
                    "period": one.event.key,
                    "at_micros": one.event.at,
                    "released_nanos": one.released,
                    "taken_nanos": one.taken_back,
                }
                for one in done
            ]
        )
        return
    console.print(f"{len(done)} events were done.", markup=False)
