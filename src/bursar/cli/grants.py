"""`bursar grant ...`: promises of compute to people."""

from __future__ import annotations

from typing import Annotated

import typer

from bursar.cli.options import At, Json, Person, Yes, desk
from bursar.cli.render import Column, bar, console, instant, money, show_json, show_table
from bursar.ledger import NEVER

app = typer.Typer(no_args_is_help=True)


@app.command()
def give(
    person: Person,
    amount: Annotated[str, typer.Argument(help="As people write it: $500, '2_000 USD'.")],
    expires: Annotated[str, typer.Option(metavar="DATE", help="Last moment (exclusive); without it, never.")] = "",
    opens: Annotated[str, typer.Option(metavar="DATE", help="First moment; without it, now.")] = "",
    priority: Annotated[int, typer.Option(min=0, max=100, help="Low numbers burn first.")] = 50,
    provider: Annotated[list[str] | None, typer.Option(help="Only at this provider (repeatable).")] = None,
    model: Annotated[list[str] | None, typer.Option(help="Only these models, shell patterns (repeatable).")] = None,
    purpose: Annotated[list[str] | None, typer.Option(help="Only for work or personal use (repeatable).")] = None,
    label: Annotated[str, typer.Option(help="What the person reads on the statement.")] = "",
    note: Annotated[str, typer.Option(help="Why; goes to the audit log.")] = "",
    json: Json = False,
) -> None:
    """Give a person an allotment. Example: bursar grant give ada '$500' --expires 2026-12-31 --label "December stipend" """
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
            label=label,
            note=note,
        )
    if json:
        show_json(grant)
    else:
        until = "and does not expire" if grant["expires"] is None else f"until {grant['expires']}"
        console.print(
            f"{grant['person']} has {money(grant['amount_nanos'])} more, {until} ({grant['grant']}).", markup=False
        )


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
            Column("person"),
            Column("grant", quiet=True),
            Column("what"),
            Column("amount", number=True),
            Column("left", number=True),
            Column("used"),
            Column("opens"),
            Column("expires"),
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


@app.command()
def revoke(
    grant: Annotated[str, typer.Argument(help="Id of the grant (bursar grant list).")],
    note: Annotated[str, typer.Option(help="Why; the person sees it on the statement.")] = "",
    yes: Yes = False,
    json: Json = False,
) -> None:
    """Take back what is unspent of a grant; what was spent stays. Example: bursar grant revoke grt_x --note "left" """
    with desk() as office:
        if not yes and not json:
            preview = office.grant_remainder(grant)
            typer.confirm(f"Revoke {money(preview)} that is unspent of {grant}?", abort=True)
        outcome = office.revoke_grant(grant, note=note)
    if json:
        show_json(outcome)
    else:
        console.print(f"{money(outcome['revoked_nanos'])} of {grant} was revoked.", markup=False)
