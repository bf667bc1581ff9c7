"""`bursar organisation ...`: several organisations in one installation on PostgreSQL."""

from __future__ import annotations

import getpass
from typing import Annotated

import typer

from bursar.cli.options import Json
from bursar.cli.render import Column, console, show_json, show_table
from bursar.office import organisations
from bursar.office.settings import Settings

app = typer.Typer(no_args_is_help=True)


@app.command("add")
def add(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Its id: a-z, 0-9, - and _.")],
    title: Annotated[str, typer.Option(help="What it is called.")] = "",
    json: Json = False,
) -> None:
    """Add an organisation with books of its own. Example: bursar organisation add globex --title 'Globex Ltd'"""
    made = organisations.add(Settings(), name, title, actor=f"cli:{getpass.getuser()}")
    if json:
        show_json({"name": made.name, "title": made.title})
        return
    console.print(f"{made.name} has its own books now.", markup=False)
    console.print(
        f"Next: bursar --organisation {made.name} person add ada; or BURSAR_ORGANISATION={made.name}", markup=False
    )


@app.command("list")
def list_(json: Json = False) -> None:
    """List the organisations of this installation. Example: bursar organisation list"""
    found = organisations.listed(Settings())
    if json:
        show_json([{"name": one.name, "title": one.title} for one in found])
        return
    show_table((Column("name", kept=True), Column("title")), [(one.name, one.title) for one in found])
