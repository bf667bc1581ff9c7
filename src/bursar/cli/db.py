"""`bursar db ...`: where the database stands, bringing it up to date, and moving it to the other engine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.text import Text
from sqlalchemy import Engine

from bursar.cli.options import Json
from bursar.cli.render import Column, ago, console, errors, instant, iso, show_json, show_pairs, show_table
from bursar.errors import Conflict
from bursar.office.database import as_owner, migrate, open_engine, schema_state
from bursar.office.desk import check_there, system_clock
from bursar.office.settings import Settings
from bursar.office.storage import copying
from bursar.office.storage.agreement import Told
from bursar.office.storage.status import Pending, Status, pending, status
from bursar.office.vault import open_vault

app = typer.Typer(no_args_is_help=True)

LATELY_MICROS = 7 * 86_400_000_000
"""A ledger that was verified within a week was verified lately."""
Url = Annotated[str, typer.Argument(help="sqlite:///path, a path, or postgresql://user@host/database.")]


@app.command("status")
def status_(json: Json = False) -> None:
    """Where the database stands, and how large it is. Example: bursar db status"""
    with _engine() as engine:
        found = status(engine)
    if json:
        show_json({**asdict(found), "sealed": _iso(found.sealed), "verified_at": _iso(found.verified_at)})
    else:
        _show(found)


@app.command("migrate")
def migrate_(
    preview: Annotated[bool, typer.Option("--preview", help="Only say what would run.")] = False, json: Json = False
) -> None:
    """Bring the database's schema to this Bursar's. Example: bursar db migrate --preview"""
    with _engine() as engine:
        state = schema_state(engine)
        if state.relation == "empty":
            raise Conflict("this database has not been set up", "run `bursar init`")
        runs = pending(state)
        if not preview:
            migrate(engine)
        after = schema_state(engine)
    if json:
        show_json({"from": state.current, "to": after.head, "preview": preview, "runs": [asdict(one) for one in runs]})
        return
    if not runs and state.relation == "current":
        console.print(f"The database is at revision {state.current}, which is this Bursar's: nothing to do.")
    elif preview:
        _show_pending(runs, f"From {state.current} to {state.head} there would run:")
    else:
        _show_pending(runs, f"From {state.current} to {after.current} there ran:")


@app.command("copy")
def copy(source: Url, target: Url, json: Json = False) -> None:
    """Copy a database into an empty one, and verify it. Example: bursar db copy ./bursar.db postgresql://bursar@db/bursar"""
    settings = Settings()
    vault = open_vault(settings.master_key_file or settings.home / "master.key", settings.master_key)
    with _bar(quiet=json) as told:
        found = copying.copy(source, target, vault, told)
    if json:
        show_json(asdict(found))
        return
    show_table(
        (Column("held against the source"), Column("agree", number=True), Column("")),
        [(one.name, f"{one.number:,}", one.detail) for one in found.checks],
        title=f"{found.source} to {found.target}",
    )
    if found.later:
        console.print(
            f"{found.later:,} entries were written to the source since the copy began: they are not in it. "
            "Stop what writes, and copy again into an empty database.",
            style="yellow",
        )
        return
    console.print("Everything agrees. Set BURSAR_DATABASE_URL to the target, and start the nodes again.")


@contextmanager
def _engine() -> Iterator[Engine]:
    """The database as its owner sees it: the application's role may not be there yet."""
    settings = Settings()
    check_there(settings)
    engine = open_engine(settings.url, settings.organisation)
    try:
        with as_owner(engine, settings.organisation) as owner:
            yield owner
    finally:
        engine.dispose()


@contextmanager
def _bar(*, quiet: bool) -> Iterator[Told]:
    """A bar on the screen; nothing where nobody looks."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=errors, transient=True, disable=quiet or not errors.is_terminal) as progress:
        task = progress.add_task("", total=None)
        yield lambda what, done, whole: progress.update(task, description=what, completed=done, total=whole)


def _show(found: Status) -> None:
    now, state = system_clock(), found.schema
    words = {
        "empty": Text("not set up: run `bursar init`", style="yellow"),
        "current": Text(f"{state.current}, this Bursar's", style="green"),
        "older": Text(f"{state.current}, this Bursar needs {state.head}: run `bursar db migrate`", style="yellow"),
        "newer": Text(f"{state.current}, of a newer Bursar than this one ({state.head})", style="red"),
        "half-copied": Text("half copied: drop it, and copy again into an empty database", style="red"),
    }
    show_pairs(
        [
            ("engine", f"{found.engine} {found.server}"),
            ("revision", words[state.relation]),
            ("on disk", f"{found.size_bytes / 1_000_000:,.1f} MB"),
            ("newest seal", _seal(found, now)),
            ("verified", _verified(found, now)),
        ]
    )
    show_table(
        (Column("table"), Column("rows", number=True)), [(name, f"{number:,}") for name, number in found.rows.items()]
    )
    if found.pending and state.relation == "older":
        _show_pending(found.pending, "Not migrated yet:")


def _show_pending(runs: tuple[Pending, ...], title: str) -> None:
    console.print(title, markup=False)
    for one in runs:
        console.print(f"  {one.revision}  {one.purpose}", markup=False)


def _seal(found: Status, now: int) -> str:
    if not found.seals:
        return "none: nothing was recorded yet"
    return f"{found.seals:,} over {found.entries:,} entries, {instant(found.sealed)} UTC ({ago(found.sealed, now)} ago)"


def _verified(found: Status, now: int) -> Text:
    if not found.verified_at:
        return Text("never: run `bursar ledger verify`", style="yellow" if found.entries else "")
    lately = now - found.verified_at <= LATELY_MICROS
    behind = found.entries - found.verified_entries
    words = f"{instant(found.verified_at)} UTC ({ago(found.verified_at, now)} ago), {behind:,} entries came since"
    return Text(words if lately else f"{words}: run `bursar ledger verify`", style="green" if lately else "yellow")


def _iso(micros: int) -> str | None:
    return iso(micros) if micros else None
