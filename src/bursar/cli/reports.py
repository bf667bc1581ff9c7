"""`bursar balance | statement | ledger verify | doctor`: reading, never changing."""

from __future__ import annotations

from json import dumps
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from rich.text import Text

from bursar.cli.options import At, Json, Person, desk, office
from bursar.cli.render import (
    Column,
    bar,
    console,
    instant,
    money,
    show_json,
    show_pairs,
    show_table,
    sparkline,
)
from bursar.errors import InvalidInput
from bursar.ledger import NEVER
from bursar.office.figures import reports
from bursar.office.oversight import portable, verification

ledger_app = typer.Typer(no_args_is_help=True)

_KINDS = {
    "release": "allotment",
    "settle": "request",
    "charge": "charge",
    "unresolved": "unresolved",
    "expire": "expired",
    "revoke": "revoked",
    "correct": "correction",
    "hold": "held",
    "void": "not charged",
    "lapse": "hold lapsed",
}


def register(app: typer.Typer) -> None:
    """Put these commands at the top level."""
    for command in (balance, statement, exposure, doctor):
        app.command()(command)


def balance(person: Person, at: At = "", json: Json = False) -> None:
    """What a person has left, lot by lot. Example: bursar balance ada --at 2026-10-31"""
    with office() as asked:
        found = asked.balance(person, at)
    if json:
        show_json(found)
        return
    for one in _shown(found, found["amount_nanos"]):
        left, whole, unit = one["available_nanos"], one["amount_nanos"], one["unit"]
        used = bar(whole - left, whole, 30)
        console.print(Text.assemble((money(left, unit), "bold"), f" left of {money(whole, unit)}", "  ", used))
    pairs: list[tuple[str, str | Text]] = [("held by requests in flight", money(found["held_nanos"]))]
    if found["forecast"]:
        pairs.append(("forecast", found["forecast"]))
    elif found["days_left"] is not None:
        pairs.append(("at this week's rate", f"about {found['days_left']} days"))
    if found["next_expiry"]:
        pairs.append(("next expiry", found["next_expiry"]))
    pairs.append(("last 30 days", sparkline(found["spent_by_day_nanos"])))
    show_pairs(pairs)
    show_table(
        (
            Column("lot"),
            Column("left", number=True),
            Column("held", number=True),
            Column("spent", number=True),
            Column("of", number=True),
            Column("opens", kept=True),
            Column("expires", kept=True),
            Column("for"),
        ),
        [
            (
                lot["label"],
                money(lot["available_nanos"], lot["unit"]),
                money(lot["held_nanos"], lot["unit"]),
                money(lot["spent_nanos"], lot["unit"]),
                money(lot["amount_nanos"], lot["unit"]),
                instant(lot["effective_micros"]),
                "never" if lot["expires_micros"] >= NEVER else instant(lot["expires_micros"]),
                lot["scope"] or "everything",
            )
            for lot in found["lots"]
        ],
        empty="No allotment is open.",
    )


def statement(
    person: Person,
    start: Annotated[
        str, typer.Option("--from", metavar="DATE", help="First day; without it, the first of the month.")
    ] = "",
    end: Annotated[str, typer.Option("--until", metavar="DATE", help="End (exclusive); without it, now.")] = "",
    holds: Annotated[bool, typer.Option("--holds", help="Show holds that ended without a charge too.")] = False,
    json: Json = False,
) -> None:
    """Every movement of a person's account. Example: bursar statement ada --from 2026-11-01"""
    with office() as asked:
        found = asked.statement(person, start, end)
    if json:
        show_json(found)
        return
    console.print(f"{found['person']}  {found['from']} to {found['until']}", style="bold")
    for one in _shown(found, found["lines"] or found["opening_nanos"]):
        _show_account(one, holds)


def _shown(found: dict[str, Any], usual: object) -> list[dict[str, Any]]:
    """The figures in the usual unit, if there are any or there is no other unit, then those of every other unit."""
    others: list[dict[str, Any]] = found["other_units"]
    return [*([found] if usual or not others else []), *others]


def _show_account(found: dict[str, Any], holds: bool) -> None:
    """A person's account in one unit."""
    unit = found["unit"]
    lines = [line for line in found["lines"] if holds or line["kind"] not in ("hold", "void", "lapse")]
    show_pairs([("opening", money(found["opening_nanos"], unit))])
    show_table(
        (
            Column("when"),
            Column("kind"),
            Column("what"),
            Column("spent", number=True),
            Column("change", number=True),
            Column("balance", number=True),
            Column("note", quiet=True),
        ),
        [
            (
                instant(line["at_micros"]),
                _KINDS.get(line["kind"], line["kind"]),
                line["what"] + (" (estimated)" if line["status"] == "estimated" else ""),
                money(line["spent_nanos"], unit) if line["spent_nanos"] else "",
                money(line["change_nanos"], unit, sign=True) if line["change_nanos"] else "",
                money(line["balance_nanos"], unit),
                line["note"],
            )
            for line in lines
        ],
        empty="Nothing happened in this time.",
    )
    show_pairs([("closing", money(found["closing_nanos"], unit))])


def exposure(
    unit: Annotated[str, typer.Option(help="Which unit: USD, gpu-h:h100.")] = "USD", json: Json = False
) -> None:
    """What the house has promised, and where it is. Example: bursar exposure"""
    with office() as asked:
        found = asked.exposure(unit)
    if json:
        show_json(found)
        return
    names = ("promised", "available", "held", "spent", "expired", "revoked", "rolled", "overage")
    show_pairs([(name, money(found[f"{name}_nanos"], unit)) for name in names])


def doctor(json: Json = False) -> None:
    """Check the installation and say what to do. Example: bursar doctor"""
    with desk() as office:
        checks = reports.doctor(office)
    if json:
        show_json(checks)
    else:
        for check in checks:
            mark = Text("ok   ", style="green") if check["good"] else Text("fix  ", style="red")
            console.print(mark, f"{check['check']:16}", check["detail"], style=None, markup=False)
            if check["hint"]:
                console.print(f"      {check['hint']}", style="dim", markup=False)
    if not all(check["good"] for check in checks):
        raise typer.Exit(1)


@ledger_app.command("verify")
def verify_(json: Json = False) -> None:
    """Check the whole ledger against its seals. Example: bursar ledger verify"""
    with desk() as office:
        found = verification.verified(office).ledger
    if json:
        show_json({**msgspec.to_builtins(found), "clean": found.clean})
    else:
        counted = (
            f"{found.entries:,} entries, {found.postings:,} postings, {found.seals:,} seals, {found.holds:,} holds"
        )
        if found.clean:
            console.print(
                Text("clean", style="bold green"), f"{counted}, {found.charges:,} charges, {found.lots:,} lots"
            )
            console.print(f"head {found.head}", style="dim")
        for finding in found.findings:
            console.print(f"wrong: {finding}", style="red", markup=False)
    if not found.clean:
        raise typer.Exit(1)


@ledger_app.command()
def key(json: Json = False) -> None:
    """The public key that statements to take along are signed with. Example: bursar ledger key"""
    with desk() as office:
        found = portable.public_key(office.vault)
    if json:
        show_json({"key": found})
    else:
        console.print(found, markup=False, soft_wrap=True)


@ledger_app.command()
def sign(
    person: Person,
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FILE", help="Where to write it.")],
    start: Annotated[str, typer.Option("--from", metavar="DATE", help="First day; without it, the month's.")] = "",
    end: Annotated[str, typer.Option("--until", metavar="DATE", help="End (exclusive); without it, now.")] = "",
    json: Json = False,
) -> None:
    """Write a signed statement that somebody takes along. Example: bursar ledger sign ada --from 2026-01-01 --out ada.json"""
    with desk() as office:
        found = portable.portable(office, person, start, end)
    if out.exists():
        raise InvalidInput("--out", str(out), "a file that does not exist yet")
    try:
        out.write_text(dumps(found, indent=1, ensure_ascii=False), encoding="utf-8")
    except OSError as error:
        raise InvalidInput("--out", str(error), "a file that can be written") from None
    if json:
        show_json({"file": str(out), "key": found["key"]})
    else:
        console.print(f"Written to {out}, signed by {found['key']}", markup=False, soft_wrap=True)


@ledger_app.command()
def signed(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A signed statement.")],
    key: Annotated[str, typer.Option(help="The key that the house publishes, to be compared.")] = "",
    json: Json = False,
) -> None:
    """Check a signed statement; needs no installation. Example: bursar ledger signed ada.json"""
    try:
        raw = file.read_bytes()
        if len(raw) > portable.MAX_BYTES:
            raise InvalidInput(str(file), f"{len(raw):,} bytes", f"at most {portable.MAX_BYTES:,}")
        document = portable.check(raw.decode("utf-8"), key)
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(str(file), str(error), "a readable file in UTF-8") from None
    if json:
        show_json(document)
        return
    console.print(
        Text("unaltered", style="bold green"), f"{document['person']}, {document['from']} to {document['until']}"
    )
    for one in document["units"]:
        show_pairs(
            [("used", money(one["used_nanos"], one["unit"])), ("left", money(one["closing_nanos"], one["unit"]))]
        )
    if not key:
        console.print("Compare its key with what the house publishes: --key", style="dim")
