"""`bursar usage ...`: where it went, and recording what no gateway sees."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.text import Text

from bursar.cli import local_usage
from bursar.cli.files import Force, draft, pour, write
from bursar.cli.options import Json, desk, office
from bursar.cli.render import Column, console, instant, money, show_json, show_table, sparkline, tokens
from bursar.errors import InvalidInput
from bursar.office.figures import usage_export
from bursar.office.metering import usage_events

app = typer.Typer(invoke_without_command=True)
app.command()(local_usage.local)


@app.callback()
def usage(
    context: typer.Context,
    by: Annotated[str, typer.Option(help="person, model, provider, project, purpose or day.")] = "model",
    person: Annotated[str, typer.Option(help="Only of this person.")] = "",
    start: Annotated[str, typer.Option("--from", metavar="DATE", help="First day; without it, 30 days ago.")] = "",
    end: Annotated[str, typer.Option("--until", metavar="DATE", help="End (exclusive).")] = "",
    json: Json = False,
) -> None:
    """Where it went. Example: bursar usage --by person --from 2026-11-01"""
    if context.invoked_subcommand is not None:
        return
    with office() as asked:
        found = asked.usage(by, person, start, end)
    if json:
        show_json(found)
        return
    others = found["other_units"]
    for one in ([found] if found["rows"] or not others else []) + others:
        _show_unit(by, one)


def _show_unit(by: str, found: dict[str, Any]) -> None:
    """Usage in one unit; units are never added to each other."""
    unit, rows = found["unit"], found["rows"]
    most = max((row["amount_nanos"] for row in rows), default=0)
    spent = sum(row["amount_nanos"] for row in rows)
    console.print(f"{money(spent, unit)} spent  {sparkline(found['spent_by_day_nanos'])}", markup=False)
    show_table(
        (
            Column(by, kept=True),
            Column("requests", number=True),
            Column("input", number=True),
            Column("cached", number=True),
            Column("output", number=True),
            Column("spent", number=True),
            Column("", kept=True),
            Column("cost", number=True, quiet=True),
        ),
        [
            (
                row["key"] or "(none)",
                f"{row['requests']:,}",
                tokens(row["input_tokens"]),
                tokens(row["cached_tokens"]),
                tokens(row["output_tokens"]),
                money(row["amount_nanos"], unit),
                Text("█" * max(1, row["amount_nanos"] * 16 // most) if row["amount_nanos"] > 0 else "", style="cyan"),
                "" if row["cost_nanos"] is None else money(row["cost_nanos"]),
            )
            for row in rows
        ],
        empty="Nothing was used in this time.",
    )


@app.command()
def record(
    person: Annotated[str, typer.Argument(help="Handle, e-mail or id of a person; not with --file.")] = "",
    amount: Annotated[str, typer.Argument(help="What was used: '1.5 GPU-h', '$3.20', '2M tokens of x'.")] = "",
    file: Annotated[
        Path | None, typer.Option(help="CloudEvents as JSON, or CSV (id,person,amount,time,...); - is the input.")
    ] = None,
    model: Annotated[str, typer.Option(help="Model, product or accelerator.")] = "",
    purpose: Annotated[str, typer.Option(help="work or personal.")] = "",
    project: Annotated[str, typer.Option(help="Project tag.")] = "",
    time: Annotated[str, typer.Option(metavar="TIME", help="When it was used; without it, now.")] = "",
    event_id: Annotated[str, typer.Option("--id", help="Id of the event, recorded once; needs --time.")] = "",
    source: Annotated[
        str, typer.Option(help="Who says so; an id is unique within its source. CSV and options only.")
    ] = usage_events.LINE_SOURCE,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check and say what would be recorded.")] = False,
    json: Json = False,
) -> None:
    """Record usage that no gateway sees, each event once. Example: bursar usage record ada '1.5 GPU-h' --model h100"""
    if file is not None:
        if person or amount or model or purpose or project or time or event_id:
            raise InvalidInput("file", "a file and an event", "one of them")
    elif not person or not amount:
        raise InvalidInput("event", "no person and amount, and no file", "a person and an amount, or --file")
    with desk() as office:
        if file is None:
            outcome = usage_events.record_one(
                office,
                person,
                amount,
                time=time,
                model=model,
                purpose=purpose,
                project=project,
                event_id=event_id,
                source=source,
                dry_run=dry_run,
            )
        elif str(file) == "-":
            raw = sys.stdin.buffer.read(usage_events.MAX_FILE_BYTES + 1)
            outcome = usage_events.record_text(office, raw, source=source, dry_run=dry_run)
        else:
            outcome = usage_events.record_file(office, file, source=source, dry_run=dry_run)
    if json:
        show_json(outcome)
        return
    verb = "would be" if dry_run else "were"
    console.print(f"{outcome['recorded']} events {verb} recorded, {outcome['repeated']} were recorded before.")
    show_table(
        (
            Column("used", kept=True),
            Column("person", kept=True),
            Column("amount", number=True),
            Column("model"),
            Column("no lot covers", number=True),
            Column("note"),
            Column("id", quiet=True),
        ),
        [
            (
                instant(one["at_micros"]),
                one["person"],
                money(one["amount_nanos"], one["unit"]),
                one["model"],
                money(one["overage_nanos"], one["unit"]) if one["overage_nanos"] else "",
                _note(one),
                one["id"],
            )
            for one in outcome["events"][:SHOWN_EVENTS]
        ],
    )
    if len(outcome["events"]) > SHOWN_EVENTS:
        console.print(f"and {len(outcome['events']) - SHOWN_EVENTS} more; --json prints all", style="dim")


@app.command()
def export(
    parquet: Annotated[Path | None, typer.Option("--parquet", metavar="FILE", help="Write Parquet.")] = None,
    csv: Annotated[Path | None, typer.Option("--csv", metavar="FILE", help="Write CSV; - is the output.")] = None,
    jsonl: Annotated[
        Path | None, typer.Option("--jsonl", metavar="FILE", help="Write JSON lines; - is the output.")
    ] = None,
    start: Annotated[str, typer.Option("--from", metavar="DATE", help="First day; without it, the beginning.")] = "",
    end: Annotated[str, typer.Option("--until", metavar="DATE", help="End (exclusive); without it, now.")] = "",
    person: Annotated[list[str] | None, typer.Option(help="Only of this person; may be repeated.")] = None,
    team: Annotated[str, typer.Option(help="Only of the people of this team.")] = "",
    provider: Annotated[str, typer.Option(help="Only what this provider charged.")] = "",
    purpose: Annotated[str, typer.Option(help="Only this purpose: work, learning, personal, production.")] = "",
    columns: Annotated[
        str, typer.Option(metavar="A,B,...", help="Only these columns, in this order; without it, all.")
    ] = "",
    force: Force = False,
    json: Json = False,
) -> None:
    """Every charge as a row, CSV unless said. Example: bursar usage export --parquet usage.parquet --from 2026-10-01"""
    forms = {name: one for name, one in (("parquet", parquet), ("csv", csv), ("jsonl", jsonl)) if one is not None}
    if len(forms) > 1:
        raise InvalidInput("format", " and ".join(f"--{one}" for one in forms), "one of them")
    form, out = next(iter(forms.items())) if forms else ("csv", Path("-"))
    poured = str(out) == "-"
    if poured and (json or form == "parquet"):
        raise InvalidInput(form, "no file", "a file to write it to")
    with desk() as office:
        asked = usage_export.wanted(
            office,
            start=start,
            end=end,
            people=tuple(person or ()),
            team=team,
            provider=provider,
            purpose=purpose,
            columns=columns,
        )
        told: dict[str, Any] = {"file": str(out), "format": form, "columns": list(asked.columns)}
        if poured:
            pour(usage_export.pieces(office, asked, form))
            return
        if form == "parquet":
            with draft(out, force=force) as made:
                told["rows"] = usage_export.write_parquet(office, asked, made)
        else:
            told["bytes"] = write(out, usage_export.pieces(office, asked, form), force=force)
    if json:
        show_json(told)
    else:
        console.print(f"Wrote {out}.", markup=False)


SHOWN_EVENTS = 50


def _note(one: dict[str, Any]) -> str:
    late = "late: charged to the present" if one["late"] else ""
    return ", ".join(part for part in ("recorded before" if one["repeated"] else "", late) if part)
