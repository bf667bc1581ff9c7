"""`bursar books ...`: closing months, opening the last one again, and the chart of accounts."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bursar.cli.options import Json, desk
from bursar.cli.render import console, show_json
from bursar.errors import InvalidInput
from bursar.exchange.journal.chart import MAX_CHART_BYTES, TEMPLATE
from bursar.office import months
from bursar.office.books import chart as charts
from bursar.office.books import closes
from bursar.office.database import reading

app = typer.Typer(no_args_is_help=True)

Month = Annotated[str, typer.Argument(metavar="MONTH", help="Such as 2026-10.")]


@app.command("close")
def close(
    month: Month, note: Annotated[str, typer.Option(help="Stands beside the close.")] = "", json: Json = False
) -> None:
    """Freeze a month's figures, once they tie out. Example: bursar books close 2026-10 --note "invoices are in" """
    with desk() as office:
        found = closes.close(office, month, note, lambda done, whole: None)
    if json:
        show_json(found)
    else:
        console.print(f"{months.title(month)} is closed, digest {found['digest']}.", markup=False)


@app.command("reopen")
def reopen(
    month: Month, reason: Annotated[str, typer.Option(help="For whoever asks later.")] = "", json: Json = False
) -> None:
    """Open the last closed month again. Example: bursar books reopen 2026-10 --reason "an invoice was missing" """
    with desk() as office:
        found = closes.reopen(office, month, reason)
    if json:
        show_json({"month": month, "number": found.number, "reopened_micros": found.reopened})
    else:
        console.print(f"{months.title(month)} is open again; what was frozen stays to be looked at.", markup=False)


@app.command("chart")
def chart(
    file: Annotated[Path | None, typer.Argument(metavar="[FILE]", help="A chart to put into force.")] = None,
) -> None:
    """Print the chart of accounts, or put one into force. Example: bursar books chart > chart.yaml"""
    if file is None:
        with desk() as office, reading(office.engine) as connection:
            text = charts.text_of(connection)
        typer.echo(text or TEMPLATE, nl=False)
        return
    try:
        with file.open("rb") as opened:
            found = opened.read(MAX_CHART_BYTES + 1).decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput("file", f"{file}: {error}"[:300], "a chart of accounts in UTF-8 that can be read") from None
    with desk() as office:
        changed = charts.replace(office, found)
    told = "is in force for every month that is not closed" if changed else "was in force already"
    console.print(f"The chart of accounts {told}.", markup=False)
