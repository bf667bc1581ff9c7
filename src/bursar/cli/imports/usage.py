"""`bursar import usage`: a provider's bill, or a client's log."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bursar.cli.options import Json, desk
from bursar.cli.render import console, show_json
from bursar.errors import InvalidInput
from bursar.office.books import bill_files


def usage(
    file: Annotated[Path, typer.Argument(help="A provider's bill (.csv), or a client's log or a folder of them.")],
    provider: Annotated[str, typer.Option("--provider", help="Whose bill it is: openai, google, groq.")] = "",
    person: Annotated[str, typer.Option("--person", help="Whose log it is.")] = "",
    columns: Annotated[
        list[str] | None,
        typer.Option("--map", metavar="COLUMN=MEANING", help="What a column of the bill means: 'Datum=date'."),
    ] = None,
    leave_out: Annotated[
        bool,
        typer.Option(
            "--leave-out", "--leave-out-bad", help="Import the good rows, and say what is wrong with the others."
        ),
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", "--preview", help="Check and say what would change, change nothing.")
    ] = False,
    json: Json = False,
) -> None:
    """Import a bill to reconcile with, or a log as evidence. Example: bursar import usage bill.csv --provider google"""
    if bool(provider) == bool(person):
        raise InvalidInput(
            "--provider", "both" if provider else "neither", "--provider of a bill, or --person of a log"
        )
    with desk() as office:
        if provider:
            found = bill_files.import_bill(
                office, file, provider, columns=_columns(columns or []), leave_out=leave_out, dry_run=dry_run
            )
        else:
            found = bill_files.import_logs(office, [file], person, dry_run=dry_run)
    if json:
        show_json(found)
        return
    verb = "would be" if dry_run else "were"
    what = f"{found['first']} to {found['last']}" if found["lines"] else "nothing"
    console.print(f"{found['lines']:,} lines ({what}), of which {found['changed']:,} {verb} changed.", markup=False)
    for one in found["skipped"]:
        console.print(f"  {one['place']}: {one['reason']}", style="yellow", markup=False, soft_wrap=True)


def _columns(given: list[str]) -> dict[str, str]:
    found = {}
    for one in given:
        column, equals, meaning = one.partition("=")
        if not equals or not column.strip() or not meaning.strip():
            raise InvalidInput("--map", repr(one[:80]), "COLUMN=MEANING, such as Datum=date")
        found[column.strip()] = meaning.strip()
    return found
