"""`bursar reconcile` and `bursar suspense ...`: a provider's bill held against the ledger, and what nobody owns."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from bursar.cli.options import Json, desk
from bursar.cli.render import Column, console, money, show_json, show_table, tokens
from bursar.office import months
from bursar.office.books import bills, reconciling, suspense
from bursar.office.database import reading

app = typer.Typer(no_args_is_help=True)

SHOWN = 30
SHORT_CHARS = 8
WORDS = {
    "estimated": "estimated, and now known",
    "reconciled": "reconciled before, and grown since",
    "unresolved": "held and never settled",
    "outside": "past the gateway, attributed",
    "suspense": "past the gateway, nobody's",
    "midnight": "counted on the other side of midnight",
    "late": "not told by the provider yet",
    "unexplained": "unexplained",
}


def reconcile(
    provider: Annotated[str, typer.Argument(help="Name of the provider: openai, anthropic.")],
    month: Annotated[str, typer.Option("--month", metavar="MONTH", help="Month of UTC: 2026-11.")],
    apply: Annotated[bool, typer.Option("--apply", help="Do it: without, it is only said what would be done.")] = False,
    offline: Annotated[
        bool, typer.Option("--offline", help="Take the bill as it was read or imported before; ask nobody.")
    ] = False,
    json: Json = False,
) -> None:
    """Hold a provider's bill against the charges. Example: bursar reconcile anthropic --month 2026-11"""
    months.checked(month)
    with desk() as office:
        asked = {one.provider for one in bills.admins(office)}
        bill = bills.read_bill(office, provider, month) if provider in asked and not offline else None
        found = reconciling.reconcile(office, provider, month, apply_it=apply, bill=bill)
    if json:
        show_json(found)
        return
    _show(found)


def _show(found: dict[str, Any]) -> None:
    agree = f"{found['matched']:,} of {found['cells']:,} days and models agree to the token"
    console.print(f"{found['provider']}, {months.title(found['month'])}: {agree}.", style="bold", markup=False)
    pairs = [
        ("the bill, at list price", found["bill_list_nanos"]),
        ("charged, at list price", found["charged_list_nanos"]),
    ]
    if found["bill_cost_nanos"] is not None:
        pairs.append(("the provider charges", found["bill_cost_nanos"]))
        pairs.append(("charged, at your cost", found["charged_cost_nanos"]))
    if found["dismissed_list_nanos"]:
        pairs.append(("of the bill, dismissed", found["dismissed_list_nanos"]))
    show_table((Column("figure"), Column("amount", number=True)), [(name, money(amount)) for name, amount in pairs])
    if found["assumed_keys"] and found["gateway_keys"]:
        keys = ", ".join(found["gateway_keys"])
        console.print(
            f"The gateway's keys are taken to be {keys}; `bursar provider key` says so for good.",
            style="dim",
            markup=False,
        )
    for one in found["oddities"][:SHOWN]:
        console.print(f"page {one['page']}: {one['kind']}, {one['what']}", style="yellow", markup=False)
    if found["kinds"]:
        show_table(
            (Column("difference"), Column("findings", number=True), Column("at list", number=True)),
            [(WORDS[kind], f"{one['findings']:,}", money(one["list_nanos"])) for kind, one in found["kinds"].items()],
        )
    show_table(
        (
            Column("day", kept=True),
            Column("what", kept=True),
            Column("model"),
            Column("person or key"),
            Column("tokens", number=True),
            Column("at list", number=True),
        ),
        [
            (
                one["day"],
                one["kind"],
                one["model"],
                one["person"] or _short(one["key"]),
                tokens(sum(one["tokens"].values())),
                "no price" if one["list_nanos"] is None else money(one["list_nanos"]),
            )
            for one in found["findings"][:SHOWN]
        ],
        empty="Nothing differs.",
    )
    if len(found["findings"]) > SHOWN:
        console.print(f"and {len(found['findings']) - SHOWN:,} more; --json names them all", style="dim")
    if found["applied"]:
        console.print(
            f"Corrected {found['corrected']:,}, charged {found['charged']:,}, {found['suspense']:,} put in suspense.",
            markup=False,
        )
    elif found["findings"]:
        console.print("Nothing was changed. With --apply, it is set right.", markup=False)
    if found["unexplained"]:
        console.print(f"{found['unexplained']:,} differences are unexplained.", style="red", markup=False)


@app.command("list")
def list_(
    provider: Annotated[str, typer.Option("--provider", help="Only of this provider.")] = "",
    month: Annotated[str, typer.Option("--month", metavar="MONTH", help="Only of this month.")] = "",
    every: Annotated[bool, typer.Option("--all", help="With what was resolved.")] = False,
    json: Json = False,
) -> None:
    """List use that nobody is known to have made. Example: bursar suspense list --month 2026-11"""
    with desk() as office, reading(office.engine) as connection:
        found = suspense.listed(connection, provider, months.checked(month) if month else "", "" if every else "open")
    if json:
        show_json(found)
        return
    show_table(
        (
            Column("entry", kept=True),
            Column("day", kept=True),
            Column("model"),
            Column("key", kept=True),
            Column("at list", number=True),
            Column("state"),
        ),
        [
            (
                one["place"],
                one["day"],
                f"{one['provider']} {one['model']}",
                _short(one["key"]) or "the gateway's",
                money(one["list_nanos"]),
                f"{one['state']} {one['person']}".strip(),
            )
            for one in found
        ],
        empty="Nothing is in suspense.",
    )


def _short(key: str) -> str:
    """Enough of a key's name to know it by."""
    return key if len(key) <= SHORT_CHARS else f"..{key[-SHORT_CHARS:]}"


@app.command()
def attribute(
    entry: Annotated[str, typer.Argument(help="The entry, as `bursar suspense list` shows it.")],
    person: Annotated[str, typer.Argument(help="Handle, e-mail or id of a person.")],
    note: Annotated[str, typer.Option(help="How it is known.")] = "",
    own_key: Annotated[bool, typer.Option("--own-key", help="The key is theirs, from now on.")] = False,
    json: Json = False,
) -> None:
    """Say whose use it was; it is charged to them. Example: bursar suspense attribute 3f0c ada --note "her notebook" """
    with desk() as office:
        found = suspense.attribute(office, entry, person, note, own_key=own_key)
    _resolved(found, f"{found['person']} is charged with it.", json)


@app.command()
def dismiss(
    entry: Annotated[str, typer.Argument(help="The entry, as `bursar suspense list` shows it.")],
    note: Annotated[str, typer.Option(help="Why nobody is to be charged.")],
    json: Json = False,
) -> None:
    """Say that nobody is to be charged, and why. Example: bursar suspense dismiss 3f0c --note "a vendor's trial" """
    with desk() as office:
        found = suspense.dismiss(office, entry, note)
    _resolved(found, "It is nobody's to pay.", json)


def _resolved(found: dict[str, Any], sentence: str, json: bool) -> None:
    if json:
        show_json(found)
    else:
        console.print(f"{found['day']} {found['model']}: {sentence}", markup=False)
