"""`bursar import roster`: people, from a file of any HR system."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from bursar.cli.options import Json, desk
from bursar.cli.render import Column, console, show_json, show_table
from bursar.errors import InvalidInput
from bursar.office.workforce import importing, people
from bursar.office.workforce.roster import MAX_TEXT_CHARS, Refused

SHOWN = 30
"""Rows of a table; `--json` has them all."""


def roster(
    file: Annotated[Path, typer.Argument(help="CSV with a header, of any HR system.")],
    map_: Annotated[
        list[str] | None,
        typer.Option("--map", metavar="THEIRS=OURS", help="Which field a column is: 'Work email=email'; 'SSN=' none."),
    ] = None,
    guess: Annotated[
        bool, typer.Option("--guess", help="Tell columns by their usual names; leave others aside.")
    ] = False,
    preview: Annotated[
        bool,
        typer.Option("--preview", "--dry-run", help="Show who is new, what changes and what is wrong; change nothing."),
    ] = False,
    leave_out_bad: Annotated[
        bool,
        typer.Option(
            "--leave-out-bad",
            "--leave-out",
            help="Import the good rows; without it one bad row refuses the whole file.",
        ),
    ] = False,
    json: Json = False,
) -> None:
    """Bring the roster to what a file says, whole or not at all. Example: bursar import roster hr.csv --guess --preview"""
    text = people.roster_text(file)
    columns = importing.told_apart(text, _pairs(map_ or []), guess=guess)
    with desk() as office:
        found = importing.preview(office, text, columns, leave_out=leave_out_bad)
        if not preview and (leave_out_bad or not found["refused"]):
            try:
                done = office.import_people(text, name=file.name, columns=columns, leave_out=leave_out_bad)
                found |= {"imported": True, "granted": done["granted"]}
            except Refused as error:  # somebody was faster than the preview
                found |= {"added": [], "updated": [], "refused": [importing.fault_of(one) for one in error.faults]}
    imported = found.setdefault("imported", False)
    show_json(found) if json else _show(found, preview)
    if not imported and not preview:
        raise typer.Exit(InvalidInput.exit_code)


def _show(found: dict[str, Any], preview: bool) -> None:
    verb = "were" if found["imported"] else "would be"
    if found["imported"] or preview:
        show_table(
            (Column("person", kept=True), Column("field"), Column("was"), Column("is")),
            [
                *((one["handle"], "new", "", ", ".join(filter(None, (one["name"], one["team"], one["level"]))))
                  for one in found["added"][:SHOWN]),
                *((one["handle"], field, was, will)
                  for one in found["updated"][:SHOWN] for field, (was, will) in one["changes"].items()),
            ],
            empty="Nothing changes.",
        )  # fmt: skip
        console.print(
            f"{len(found['added'])} people {verb} added, {len(found['updated'])} updated, "
            f"{found['unchanged']} left as they are."
            + (f" {found['granted']} grants were given." if found.get("granted") else "")
        )
    if found["refused"]:
        show_table(
            (Column("line", number=True), Column("field"), Column("found"), Column("expected")),
            [(str(one["line"]), one["field"], one["found"], one["expected"]) for one in found["refused"][:SHOWN]],
            title=f"{len(found['refused'])} rows are wrong",
        )
        rest = len(found["refused"]) - SHOWN
        if rest > 0:
            console.print(f"... and {rest} more: --json has them all")
        if not found["imported"] and not preview:
            console.print("Nothing was changed. --leave-out-bad imports the others.")


def _pairs(given: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for one in given:
        theirs, equals, ours = one.rpartition("=")
        if not equals or not theirs.strip():
            raise InvalidInput("map", repr(one[:MAX_TEXT_CHARS]), "THEIRS=OURS, such as 'Work email=email'")
        found[theirs.strip()] = ours.strip()
    return found
