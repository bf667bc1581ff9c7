"""`bursar report ...`: the house in figures, each with its table, its plot in the terminal, and exactly with `--json`."""

import typer

from bursar.cli.report import close, fairness

app = typer.Typer(no_args_is_help=True)
app.callback()(lambda: None)  # one command alone is still named
app.command("close")(close.close)
app.command("fairness")(fairness.fairness)
