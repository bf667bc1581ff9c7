"""`bursar setting ...`: what the organisation has opened to its people and to visitors."""

from __future__ import annotations

from typing import Annotated

import typer

from bursar.cli.options import Json, desk
from bursar.cli.render import Column, console, show_json, show_table
from bursar.office import openings
from bursar.office.database import reading, transaction

app = typer.Typer(no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="NAME", help="As `bursar setting list` prints it.")]


@app.command("list")
def list_(json: Json = False) -> None:
    """List what may be opened, and what is. Example: bursar setting list"""
    with desk() as office, reading(office.engine) as connection:
        found = openings.listed(connection)
    if json:
        show_json([{"name": one.opening.name, "open": one.open, "what": one.opening.what} for one in found])
        return
    show_table(
        (Column("name"), Column("state"), Column("what it opens"), Column("why it is closed by default", quiet=True)),
        [(one.opening.name, "open" if one.open else "closed", one.opening.what, one.opening.why) for one in found],
    )


@app.command("open")
def open_(name: Name, json: Json = False) -> None:
    """Open something. Example: bursar setting open offers-for-visitors"""
    _change(name, to=True, json=json)


@app.command("close")
def close(name: Name, json: Json = False) -> None:
    """Close it again; a leaderboard loses everybody who stood on it. Example: bursar setting close leaderboard"""
    _change(name, to=False, json=json)


def _change(name: str, *, to: bool, json: bool) -> None:
    with desk() as office, transaction(office.engine) as connection:
        found = openings.change(connection, name, to=to, by=office.actor, now=office.now())
    if json:
        show_json({"name": found.name, "open": to})
    else:
        console.print(f"{found.title}: {'open' if to else 'closed'}.", markup=False)
