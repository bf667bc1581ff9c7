"""`bursar person ...`: who is on the roster."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bursar.cli.options import Json, Person, desk
from bursar.cli.render import Column, console, show_json, show_table
from bursar.errors import InvalidInput
from bursar.office.granting import promises
from bursar.office.workforce import people
from bursar.office.workforce.roster import MAX_TEXT_CHARS, header_of, suggested

app = typer.Typer(no_args_is_help=True)


@app.command()
def add(
    handle: Annotated[str, typer.Argument(help="Short name, unique in the organisation: ada.")],
    name: Annotated[str, typer.Option(help="Full name.")] = "",
    email: Annotated[str, typer.Option(help="E-mail address.")] = "",
    team: Annotated[str, typer.Option(help="Team.")] = "",
    level: Annotated[str, typer.Option(help="Level, as your plans name it.")] = "",
    job_family: Annotated[str, typer.Option("--job-family", help="Job family.")] = "",
    location: Annotated[str, typer.Option(help="Place of work.")] = "",
    zone: Annotated[str, typer.Option(help="Time zone: Europe/Lisbon.")] = "UTC",
    json: Json = False,
) -> None:
    """Add a person. Example: bursar person add ada --name "Ada Abara" --team platform"""
    with desk() as office:
        person = office.add_person(
            handle, name=name, email=email, team=team, level=level, job_family=job_family, location=location, zone=zone
        )
        if json:
            show_json(person)
        else:
            console.print(f"Added {person['handle']} ({person['id']}).", markup=False)


@app.command("list")
def list_(json: Json = False) -> None:
    """List the people. Example: bursar person list"""
    with desk() as office:
        people = office.people()
    if json:
        show_json(people)
        return
    show_table(
        (
            Column("handle", kept=True),
            Column("name"),
            Column("team"),
            Column("level"),
            Column("location"),
            Column("status"),
            Column("id", quiet=True),
        ),
        [(p["handle"], p["name"], p["team"], p["level"], p["location"], p["status"], p["id"]) for p in people],
        empty="Nobody yet. Add somebody with `bursar person add ada`, or import a roster with `bursar person import`.",
    )


@app.command("import")
def import_(
    file: Annotated[
        Path, typer.Argument(help="CSV with a header: name,email,handle,level,job_family,team,location,...")
    ],
    column: Annotated[
        list[str] | None,
        typer.Option(
            "--column", metavar="NAME=FIELD", help="Which field a column is: 'Work email=email'; 'SSN=' none."
        ),
    ] = None,
    guess: Annotated[
        bool, typer.Option("--guess", help="Tell columns by their usual names; leave others aside.")
    ] = False,
    leave_out: Annotated[
        bool, typer.Option("--leave-out", help="Import the good rows, and say what is wrong with the others.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check and say what would change, change nothing.")
    ] = False,
    json: Json = False,
) -> None:
    """Import a roster from CSV; people are matched by e-mail. Example: bursar person import roster.csv --dry-run"""
    text = people.roster_text(file)
    with desk() as office:
        outcome = office.import_people(
            text, name=file.name, columns=_columns(text, column or [], guess), leave_out=leave_out, dry_run=dry_run
        )
    if json:
        show_json(outcome)
        return
    verb = "would be" if dry_run else "were"
    console.print(
        f"{outcome['added']} people {verb} added, {outcome['updated']} updated, {outcome['unchanged']} left as they are."
    )
    for one in outcome["refused"]:
        console.print(f"Left out: {one}", markup=False)


def _columns(text: str, given: list[str], guess: bool) -> dict[str, str] | None:
    """What the options say of the file's columns; None if they say nothing."""
    found = suggested(header_of(text)) if guess else {}
    for one in given:
        name, equals, field = one.rpartition("=")
        if not equals or not name.strip():
            raise InvalidInput("column", repr(one[:MAX_TEXT_CHARS]), "NAME=FIELD, such as 'Work email=email'")
        found[name.strip()] = field.strip()
    return found or None


@app.command()
def change(
    person: Person,
    level: Annotated[str | None, typer.Option(help="Level, as your plans name it.")] = None,
    team: Annotated[str | None, typer.Option(help="Team.")] = None,
    role: Annotated[str | None, typer.Option(help="Role.")] = None,
    job_family: Annotated[str | None, typer.Option("--job-family", help="Job family.")] = None,
    location: Annotated[str | None, typer.Option(help="Place of work.")] = None,
    manager: Annotated[str | None, typer.Option(help="Handle or e-mail of the manager.")] = None,
    hire_date: Annotated[str | None, typer.Option("--hire-date", metavar="DATE", help="First day.")] = None,
    json: Json = False,
) -> None:
    """Change a person; their grants follow to the tier that is theirs. Example: bursar person change ada --level L6"""
    given = {
        "level": level,
        "team": team,
        "role": role,
        "job_family": job_family,
        "location": location,
        "manager": manager,
        "hire_date": hire_date,
    }
    with desk() as office:
        row = office.change_person(person, **{name: value for name, value in given.items() if value is not None})
    if json:
        show_json(row)
    else:
        console.print(f"Changed {row['handle']}.", markup=False)


@app.command()
def leave(
    person: Person,
    last_day: Annotated[str, typer.Argument(metavar="DATE", help="The last day, included.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print what would happen, change nothing.")] = False,
    json: Json = False,
) -> None:
    """Record a person's last day; grants end by their terms. Example: bursar person leave ada 2027-03-31 --dry-run"""
    with desk() as office:
        outcome = promises.leave(office, person, last_day, dry_run=dry_run)
    if json:
        show_json(outcome)
        return
    verb = "would end" if dry_run else "end"
    console.print(
        f"{len(outcome['grants'])} grants and {len(outcome['seats'])} seats of {outcome['person']} {verb} with {last_day}.",
        markup=False,
    )


@app.command()
def suspend(person: Person, json: Json = False) -> None:
    """Stop every key of a person for a while. Example: bursar person suspend ada"""
    with desk() as office:
        row = office.set_person_state(person, "suspended")
    show_json(row) if json else console.print(f"The keys of {row['handle']} are stopped.", markup=False)


@app.command()
def reinstate(person: Person, json: Json = False) -> None:
    """Let a person's keys work again. Example: bursar person reinstate ada"""
    with desk() as office:
        row = office.set_person_state(person, "active")
    show_json(row) if json else console.print(f"The keys of {row['handle']} work again.", markup=False)
