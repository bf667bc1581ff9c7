"""`bursar report ...`: the house in figures, each with its table, its plot in the terminal, and exactly with `--json`."""

import typer

from bursar.cli.report import close, exposure, fairness, forecast, prices, ratio

app = typer.Typer(no_args_is_help=True)
app.command("exposure")(exposure.exposure)
app.command("forecast")(forecast.forecast)
app.command("fairness")(fairness.fairness)
app.command("salary-ratio")(ratio.salary_ratio)
app.command("prices")(prices.prices)
app.command("close")(close.close)
