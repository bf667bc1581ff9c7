"""`bursar report ...`: the house in figures, each with its table, its plot in the terminal, and exactly with `--json`."""

import typer

from bursar.cli.report import exposure, forecast, prices, ratio

app = typer.Typer(no_args_is_help=True)
app.command("exposure")(exposure.exposure)
app.command("forecast")(forecast.forecast)
app.command("prices")(prices.prices)
app.command("salary-ratio")(ratio.salary_ratio)
