"""`bursar import ...`: what other systems know, brought in from a file."""

import typer

from bursar.cli.imports import roster, usage

app = typer.Typer(no_args_is_help=True)
app.command("roster")(roster.roster)
app.command("usage")(usage.usage)
