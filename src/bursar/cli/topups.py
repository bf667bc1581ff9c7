"""`bursar topup ...`, `bursar pool ...`, `bursar consent ...`: what happens beyond the limit."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

import typer

from bursar.cli.options import Json, Person, desk, office
from bursar.cli.render import Column, bar, console, instant, money, show_json, show_pairs, show_table
from bursar.office.granting import pools, topup_figures

app = typer.Typer(no_args_is_help=True)
pool_app = typer.Typer(no_args_is_help=True)
consent_app = typer.Typer(no_args_is_help=True)

Request = Annotated[str, typer.Argument(help="Id of the request (bursar topup list).")]
By = Annotated[
    str,
    typer.Option(
        "--by", metavar="PERSON", help="Who decides: one of the plan's approvers; from afar, whose token it is."
    ),
]
Note = Annotated[str, typer.Option(help="A word to the person.")]


@app.command()
def stats(
    days: Annotated[int, typer.Option(min=1, max=3650, help="How many days back.")] = 365, json: Json = False
) -> None:
    """How asking for more goes here, in sums, and what that says. Example: bursar topup stats"""
    with desk() as office:
        found = topup_figures.figures(office, days)
    rates = {"approval_rate": found.approval_rate, "automatic_share": found.automatic_share}
    if json:
        show_json({**asdict(found), **rates, "verdict": found.verdict})
        return
    show_pairs(
        [
            ("people who asked", str(found.people)),
            (
                "decided",
                "too few to tell" if found.requests is None else f"{found.requests}, {found.approved} approved",
            ),
            ("median wait", "-" if found.median_minutes is None else f"{found.median_minutes:.0f} minutes"),
            ("by themselves", str(found.automatic)),
            ("that says", found.verdict),
        ]
    )


@app.command()
def request(
    person: Person,
    amount: Annotated[str, typer.Argument(help="How much more: '$100'.")],
    reason: Annotated[str, typer.Option(help="Why; some plans ask for it.")] = "",
    grant: Annotated[str, typer.Option(help="Under which grant, if there are several.")] = "",
    json: Json = False,
) -> None:
    """Ask for more. Example: bursar topup request ada '$100' --reason "migration of the billing service" """
    with office() as asked:
        made = asked.ask(person, amount, reason, grant)
    if json:
        show_json(made)
    else:
        console.print(
            f"{made['person']} asks for {made['amount']} ({made['id']}); {made['waits_for']} decides.", markup=False
        )


@app.command()
def approve(request: Request, by: By = "", note: Note = "", json: Json = False) -> None:
    """Approve a request; the last approval releases the amount. Example: bursar topup approve ask_x --by grace"""
    _decide(request, by, True, note, json)


@app.command()
def deny(request: Request, by: By = "", note: Note = "", json: Json = False) -> None:
    """Deny a request. Example: bursar topup deny ask_x --by grace --note "next month" """
    _decide(request, by, False, note, json)


def _decide(request: str, by: str, approve: bool, note: str, json: bool) -> None:
    with office() as asked:
        decided = asked.decide(request, by, approve, note)
    if json:
        show_json(decided)
        return
    then = f"; {decided['waits_for']} decides next" if decided["waits_for"] else ""
    console.print(f"{decided['amount']} for {decided['person']}: {decided['state']}{then}.", markup=False)


@app.command()
def withdraw(request: Request) -> None:
    """Take a request back. Example: bursar topup withdraw ask_x"""
    with office() as asked:
        asked.withdraw(request)
    console.print("Withdrawn.", markup=False)


@app.command("list")
def list_(
    person: Annotated[str, typer.Option(help="Only this person's.")] = "",
    waiting_for: Annotated[str, typer.Option("--waiting-for", help="Those that this approver has to decide.")] = "",
    json: Json = False,
) -> None:
    """List requests, newest first. Example: bursar topup list --waiting-for grace"""
    with office() as asked:
        found = asked.topups(person, waiting_for)
    if json:
        show_json(found)
        return
    show_table(
        (
            Column("asked", kept=True),
            Column("person", kept=True),
            Column("amount", number=True),
            Column("state"),
            Column("waits for"),
            Column("reason"),
            Column("id", quiet=True),
        ),
        [
            (
                instant(one["created_micros"]),
                one["person"],
                one["amount"],
                one["state"],
                one["waits_for"],
                one["reason"],
                one["id"],
            )
            for one in found
        ],
        empty="Nobody asked for more.",
    )


@pool_app.command()
def give(
    name: Annotated[str, typer.Argument(help="Name of the pool: a team's name, or what the plan says.")],
    amount: Annotated[str, typer.Argument(help="As people write it: '$5,000'.")],
    expires: Annotated[str, typer.Option(metavar="DATE", help="Last moment (exclusive); without it, never.")] = "",
    note: Annotated[str, typer.Option(help="Why; goes to the audit log.")] = "",
    json: Json = False,
) -> None:
    """Put money into a pool. Example: bursar pool give platform '$5,000' --expires 2027-01-01"""
    with desk() as office:
        made = pools.fund(office, name, amount, expires=expires, note=note)
    show_json(made) if json else console.print(f"{money(made['amount_nanos'])} is in {made['pool']}.", markup=False)


@pool_app.command("list")
def pool_list(json: Json = False) -> None:
    """List pools with what is left. Example: bursar pool list"""
    with desk() as office:
        found = pools.listed(office)
    if json:
        show_json(found)
        return
    show_table(
        (
            Column("pool", kept=True),
            Column("left", number=True),
            Column("held", number=True),
            Column("spent", number=True),
            Column("used", kept=True),
        ),
        [
            (
                one["pool"],
                money(one["available_nanos"]),
                money(one["held_nanos"]),
                money(one["spent_nanos"]),
                bar(one["spent_nanos"], one["spent_nanos"] + one["available_nanos"], 12),
            )
            for one in found
        ],
        empty="No pools yet. Fund one with `bursar pool give platform '$5,000'`.",
    )


@consent_app.command("give")
def consent_give(
    person: Person, yes: Annotated[bool, typer.Option("--yes", "-y", help="The person has read and agreed.")] = False
) -> None:
    """Record that a person agrees to pay beyond the limit from their pay. Example: bursar consent give ada"""
    console.print(pools.OWN_MONEY_WORDS, markup=False)
    if not yes:
        typer.confirm("Does the person agree?", abort=True)
    with desk() as office:
        pools.agree_to_own_money(office, person)
    console.print("Recorded.", markup=False)


@consent_app.command("withdraw")
def consent_withdraw(person: Person) -> None:
    """Take the consent back. Example: bursar consent withdraw ada"""
    with desk() as office:
        pools.withdraw_own_money(office, person)
    console.print("Withdrawn.", markup=False)


@consent_app.command("list")
def consent_list(person: Person, json: Json = False) -> None:
    """Show what a person agreed to. Example: bursar consent list ada"""
    with desk() as office:
        found: list[dict[str, Any]] = pools.consents(office, person)
    if json:
        show_json(found)
        return
    show_table(
        (Column("given", kept=True), Column("withdrawn"), Column("what")),
        [(instant(one["given"]), instant(one["withdrawn"]) if one["withdrawn"] else "-", one["kind"]) for one in found],
        empty="Nothing was agreed to.",
    )
