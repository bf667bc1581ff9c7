"""`bursar total-pay`: a person's statement of total pay, in the terminal and on paper."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bursar.cli.options import Json, Person, desk
from bursar.cli.render import Column, console, show_json, show_table
from bursar.errors import InvalidInput

BY_YEAR = "by year, such as $180,000; it is kept nowhere."


def total_pay(
    person: Person,
    salary: Annotated[str, typer.Option(help=f"Base salary {BY_YEAR}")] = "",
    bonus: Annotated[str, typer.Option(help=f"Bonus at target {BY_YEAR}")] = "",
    equity: Annotated[str, typer.Option(help=f"Equity at today's value {BY_YEAR}")] = "",
    benefits: Annotated[str, typer.Option(help=f"Benefits {BY_YEAR}")] = "",
    pdf: Annotated[
        Path | None, typer.Option("--pdf", metavar="FILE", help="Print it: tagged PDF, fonts embedded.")
    ] = None,
    json: Json = False,
) -> None:
    """Pay, and the tokens beside it. Example: bursar total-pay ada --salary $180,000 --pdf ada.pdf"""
    from bursar.office.figures import total_pay as figures
    from bursar.office.figures import total_pay_paper

    typed = {"salary": salary, "bonus": bonus, "equity": equity, "benefits": benefits}
    with desk() as office:
        now = office.now()
        found = figures.statement(office, person, typed)
    told = total_pay_paper.document(found, total_pay_paper.day_of(found, now))
    if pdf is not None:
        content = total_pay_paper.pdf(found, now)
        try:
            pdf.write_bytes(content)
        except OSError as error:
            raise InvalidInput("pdf", str(error), "a file that can be written") from error
    if json:
        show_json(told)
        return
    console.print(f"{told['title']}: {told['person']['name']}, {told['as_of']}", style="bold", markup=False)
    for part, absent in (("pay", "no_pay"), ("tokens", "no_tokens")):
        if told[part] is None:
            console.print(told[absent], markup=False)
            continue
        columns = (Column(part, kept=True), Column("a year", number=True), Column("what it is"))
        rows = [*told[part]["rows"], told[part]["sum"]]
        show_table(columns, [(one["what"], one["amount"], one["says"]) for one in rows])
    if told["tokens"] is not None:
        console.print(told["tokens"]["verdict"], markup=False)
    for one in told["besides"]:
        console.print(one, markup=False)
    if pdf is not None:
        console.print(f"Printed to {pdf}.", markup=False)
