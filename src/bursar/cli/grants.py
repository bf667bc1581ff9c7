"""`bursar grant ...`: promises of compute to people."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from bursar.cli.options import At, Json, Person, Yes, desk
from bursar.cli.render import Column, bar, console, instant, money, show_json, show_table
from bursar.errors import InvalidInput
from bursar.ledger import NEVER
from bursar.money import format_amount
from bursar.office.granting import promises

app = typer.Typer(no_args_is_help=True)

SHOWN_EVENTS = 6
"""Rows of a calendar that a change shows; `--json` has them all."""

Grant = Annotated[str, typer.Argument(help="Id of the grant (bursar grant list).")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Print what would change, change nothing.")]


@app.command()
def give(
    person: Person,
    amount: Annotated[
        str, typer.Argument(help="As people write it: $500, '2_000 USD', '40 GPU-h'; with --plan, an exception.")
    ] = "",
    plan: Annotated[str, typer.Option(help="Under the terms of this plan, from then on.")] = "",
    tier: Annotated[str, typer.Option(help="Another tier of the plan than the person's; needs a note.")] = "",
    starts: Annotated[str, typer.Option(metavar="DATE", help="First day under the plan; without it, now.")] = "",
    dry_run: DryRun = False,
    expires: Annotated[str, typer.Option(metavar="DATE", help="Last moment (exclusive); without it, never.")] = "",
    opens: Annotated[str, typer.Option(metavar="DATE", help="First moment; without it, now.")] = "",
    priority: Annotated[int, typer.Option(min=0, max=100, help="Low numbers burn first.")] = 50,
    provider: Annotated[list[str] | None, typer.Option(help="Only at this provider (repeatable).")] = None,
    model: Annotated[list[str] | None, typer.Option(help="Only these models, shell patterns (repeatable).")] = None,
    purpose: Annotated[
        list[str] | None, typer.Option(help="Only for work, learning or personal use (repeatable).")
    ] = None,
    project: Annotated[list[str] | None, typer.Option(help="Only for this project (repeatable).")] = None,
    label: Annotated[str, typer.Option(help="What the person reads on the statement.")] = "",
    note: Annotated[str, typer.Option(help="Why; goes to the audit log.")] = "",
    json: Json = False,
) -> None:
    """Give a person an allotment. Example: bursar grant give ada '$500' --expires 2026-12-31, or --plan engineering"""
    if plan:
        with desk() as office:
            given = promises.give(
                office, person, plan, starts=starts, tier=tier, amount=amount, note=note, dry_run=dry_run
            )
        _show_given(given, json)
        return
    if not amount:
        raise InvalidInput("amount", "nothing", "an amount, or --plan")
    with desk() as office:
        grant = office.give(
            person,
            amount,
            expires=expires,
            opens=opens,
            priority=priority,
            providers=tuple(provider or ()),
            models=tuple(model or ()),
            purposes=tuple(purpose or ()),
            projects=tuple(project or ()),
            label=label,
            note=note,
        )
    if json:
        show_json(grant)
    else:
        until = "and does not expire" if grant["expires"] is None else f"until {grant['expires']}"
        console.print(
            f"{grant['person']} has {money(grant['amount_nanos'], grant['unit'])} more, {until} ({grant['grant']}).",
            markup=False,
        )
        if grant["note"]:
            console.print(grant["note"], markup=False, style="dim")


@app.command("list")
def list_(
    person: Annotated[str, typer.Argument(help="Only of this person.")] = "", at: At = "", json: Json = False
) -> None:
    """List grants with what is left of them. Example: bursar grant list ada"""
    with desk() as office:
        grants = office.grants(person, at=at)
    if json:
        show_json(grants)
        return
    show_table(
        (
            Column("person", kept=True),
            Column("grant", quiet=True),
            Column("what"),
            Column("amount", number=True),
            Column("left", number=True),
            Column("used", kept=True),
            Column("opens", kept=True),
            Column("expires", kept=True),
            Column("for"),
        ),
        [
            (
                g["person"],
                g["grant"],
                g["label"],
                money(g["amount_nanos"], g["unit"]),
                money(g["available_nanos"] + g["held_nanos"], g["unit"]),
                bar(g["spent_nanos"], g["amount_nanos"], 12),
                instant(g["effective_micros"]),
                "never" if g["expires_micros"] >= NEVER else instant(g["expires_micros"]),
                g["scope"] or "everything",
            )
            for g in grants
        ],
        empty="No grants yet. Give one with `bursar grant give ada '$500'`.",
    )


def _show_given(given: dict[str, Any], json: bool) -> None:
    if json:
        show_json(given)
        return
    verb = "would get" if given["dry_run"] else "gets"
    what = f"{given['terms']} under plan {given['plan']} version {given['version']} (tier {given['tier']})"
    console.print(f"{given['person']} {verb} {what} from {given['starts']} on ({given['grant']}).", markup=False)
    _show_events("", given["planned"])


def _show_events(title: str, events: list[dict[str, Any]]) -> None:
    if events:
        show_table(
            (Column("day", kept=True), Column("what"), Column("why")),
            [(one["at"], one["sentence"], one["evidence"]) for one in events[:SHOWN_EVENTS]],
            title=title,
        )
    if len(events) > SHOWN_EVENTS:
        console.print(f"... and {len(events) - SHOWN_EVENTS} more, the last on {events[-1]['at']}.", markup=False)


def _show_change(outcome: dict[str, Any], json: bool) -> None:
    if json:
        show_json(outcome)
        return
    if outcome["dry_run"]:
        console.print("Nothing was changed. This is what would be:", markup=False)
    if "before" in outcome:
        console.print(f"{outcome['before']} until {outcome['from']}, {outcome['after']} from then on.", markup=False)
    _show_events("No longer in the calendar of the next year", outcome["gone"])
    _show_events("New in the calendar of the next year", outcome["coming"])


@app.command()
def amend(
    grant: Grant,
    effective: Annotated[str, typer.Option(metavar="DATE", help="From then on; without it, as soon as allowed.")] = "",
    plan: Annotated[str, typer.Option(help="Another plan.")] = "",
    tier: Annotated[str, typer.Option(help="Another tier.")] = "",
    amount: Annotated[str, typer.Option(help="Another amount.")] = "",
    reason: Annotated[str, typer.Option(help="Why; the person reads it.")] = "",
    agreed: Annotated[bool, typer.Option("--agreed", help="The person agreed: no notice is needed.")] = False,
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Change a grant's terms after its notice. Example: bursar grant amend grt_x --amount '$300' --reason "new budget" """
    with desk() as office:
        outcome = promises.amend(
            office,
            grant,
            effective=effective,
            plan_name=plan,
            tier=tier,
            amount=amount,
            reason=reason,
            agreed=agreed,
            dry_run=dry_run,
        )
    _show_change(outcome, json)


@app.command()
def suspend(
    grant: Grant,
    start: Annotated[str, typer.Option("--from", metavar="DATE", help="From then on; without it, now.")] = "",
    until: Annotated[str, typer.Option(metavar="DATE", help="Until then; without it, until it is resumed.")] = "",
    reason: Annotated[str, typer.Option(help="Why.")] = "",
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Pause releases, for parental leave say. Example: bursar grant suspend grt_x --from 2027-03-01 --until 2027-09-01"""
    with desk() as office:
        _show_change(promises.suspend(office, grant, start=start, until=until, reason=reason, dry_run=dry_run), json)


@app.command()
def resume(
    grant: Grant,
    at: Annotated[str, typer.Option(metavar="DATE", help="From then on; without it, now.")] = "",
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """End a pause; the rest of the period comes by its share. Example: bursar grant resume grt_x"""
    with desk() as office:
        _show_change(promises.resume(office, grant, at=at, dry_run=dry_run), json)


@app.command()
def end(
    grant: Grant,
    at: Annotated[str, typer.Option(metavar="DATE", help="From then on; without it, now.")] = "",
    reason: Annotated[str, typer.Option(help="Why.")] = "",
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Stop a grant; what is released runs out by its own terms. Example: bursar grant end grt_x --at 2027-01-01"""
    with desk() as office:
        _show_change(promises.end_grant(office, grant, kind="ended", at=at, reason=reason, dry_run=dry_run), json)


@app.command()
def event(
    grant: Grant,
    name: Annotated[str, typer.Argument(help="The event that the plan vests on.")],
    reason: Annotated[str, typer.Option(help="What happened; the person reads it.")] = "",
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Record that the event a grant vests on has happened. Example: bursar grant event grt_x launch --reason "shipped" """
    with desk() as office:
        _show_change(promises.record_vesting(office, grant, event=name, reason=reason, dry_run=dry_run), json)


@app.command()
def accelerate(
    grant: Grant,
    share: Annotated[str, typer.Option(help="Of what has not vested yet: 50%; without it, all.")] = "",
    reason: Annotated[str, typer.Option(help="Why; the person reads it.")] = "",
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Let a grant vest ahead of its schedule. Example: bursar grant accelerate grt_x --share 50% --reason "change of control" """
    with desk() as office:
        _show_change(promises.record_vesting(office, grant, share=share, reason=reason, dry_run=dry_run), json)


@app.command()
def revoke(
    grant: Grant,
    note: Annotated[str, typer.Option(help="Why; the person sees it on the statement.")] = "",
    at: Annotated[
        str, typer.Option(metavar="DATE", help="From then on; without it, as soon as the notice allows.")
    ] = "",
    dry_run: DryRun = False,
    yes: Yes = False,
    json: Json = False,
) -> None:
    """Take back what is unspent of a grant, after the notice of its plan. Example: bursar grant revoke grt_x --note "left" """
    with desk() as office:
        if office.is_planned(grant):
            outcome = promises.end_grant(
                office, grant, kind="revoked", at=at, reason=note, dry_run=dry_run or not (yes or json)
            )
            if not (dry_run or yes or json):
                _show_change(outcome, json)
                typer.confirm("Revoke it?", abort=True)
                outcome = promises.end_grant(office, grant, kind="revoked", at=at, reason=note)
            _show_change(outcome, json)
            return
        if not yes and not json:
            preview = office.grant_remainder(grant)
            typer.confirm(f"Revoke {format_amount(preview)} that is unspent of {grant}?", abort=True)
        taken = office.revoke_grant(grant, note=note)
    if json:
        show_json(taken)
    else:
        console.print(f"{money(taken['revoked_nanos'], taken['unit'])} of {grant} was revoked.", markup=False)
