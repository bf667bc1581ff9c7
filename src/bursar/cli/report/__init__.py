"""`bursar report ...`: the house in figures, each with its table, its plot in the terminal, and exactly with `--json`."""

import typer

from bursar.cli.report import fairness

app = typer.Typer(no_args_is_help=True)


@app.callback()
def group() -> None:
    """The house in figures."""


app.command("fairness")(fairness.fairness)
