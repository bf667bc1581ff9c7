"""`bursar account ...`: who signs in, and what they may."""

from __future__ import annotations

from typing import Annotated

import typer

from bursar.cli.options import Json
from bursar.cli.render import Column, show_json, show_table
from bursar.office.access import ROLES, TABLE, page

app = typer.Typer(no_args_is_help=True)


@app.command()
def roles(
    markdown: Annotated[bool, typer.Option("--markdown", help="The whole reference, with the reasons.")] = False,
    json: Json = False,
) -> None:
    """Print who may see and do what. Example: bursar account roles"""
    if markdown:
        typer.echo(page(), nl=False)
    elif json:
        show_json(
            [{"action": one.name, "about": one.about, "kind": one.kind, "scopes": dict(one.scopes)} for one in TABLE]
        )
    else:
        columns = (Column("action", kept=True), *(Column(role) for role in ROLES))
        show_table(columns, [(one.name, *(one.scopes.get(role, "") for role in ROLES)) for one in TABLE])
