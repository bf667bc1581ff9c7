"""`bursar seat ...`: subscriptions that are paid from people's allotments."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from bursar.cli.options import Json, Person, desk
from bursar.cli.render import Column, console, money, show_json, show_table
from bursar.office.granting import seats

app = typer.Typer(no_args_is_help=True)


@app.command()
def add(
    person: Person,
    product: Annotated[str, typer.Argument(help="Name of the product: copilot, cursor.")],
    amount: Annotated[str, typer.Argument(help="What a whole period costs: $19, '20 GPU-h'.")],
    every: Annotated[str, typer.Option(help="month, quarter, year, '2 months'.")] = "month",
    starts: Annotated[str, typer.Option(metavar="DATE", help="First day; without it, today.")] = "",
    ends: Annotated[str, typer.Option(metavar="DATE", help="Last day, included; without it, until it is ended.")] = "",
    anchor: Annotated[
        str, typer.Option(metavar="DATE", help="Day that periods are counted from; without it, the first day.")
    ] = "",
    proration: Annotated[
        str, typer.Option(help="What a part of a period costs: none (the whole amount) or daily (its share).")
    ] = "none",
    json: Json = False,
) -> None:
    """Pay a seat from a person's lots. Example: bursar seat add ada copilot '$19' --starts 2026-11-01 --proration daily"""
    with desk() as office:
        added = seats.add(
            office, person, product, amount, every=every, starts=starts, ends=ends, anchor=anchor, proration=proration
        )
    if json:
        show_json(added)
        return
    following = f"next on {added['next_charge']}" if added["next_charge"] else "no charge follows"
    what = f"{money(added['amount_nanos'], added['unit'])} every {added['every']}"
    console.print(
        f"{added['person']} has a seat of {added['product']}: {what} from {added['starts']} on, {following} "
        f"({added['id']}).",
        markup=False,
    )


@app.command("list")
def list_(person: Annotated[str, typer.Argument(help="Only of this person.")] = "", json: Json = False) -> None:
    """List seats with what they cost and when. Example: bursar seat list ada"""
    with desk() as office:
        found = seats.listed(office, person)
    if json:
        show_json(found)
        return
    show_table(
        (
            Column("person", kept=True),
            Column("product"),
            Column("amount", number=True),
            Column("every"),
            Column("starts"),
            Column("ends"),
            Column("proration"),
            Column("next charge"),
            Column("seat", quiet=True),
        ),
        [
            (
                one["person"],
                one["product"],
                money(one["amount_nanos"], one["unit"]),
                one["every"],
                one["starts"],
                one["ends"] or "",
                one["proration"],
                one["next_charge"] or "none",
                one["id"],
            )
            for one in found
        ],
        empty="No seats yet. Add one with `bursar seat add ada copilot '$19'`.",
    )


@app.command()
def end(
    seat: Annotated[str, typer.Argument(help="Id of the seat (bursar seat list).")],
    on: Annotated[str, typer.Argument(metavar="DATE", help="The last day, included.")],
    json: Json = False,
) -> None:
    """End a seat with its last day; what was paid beyond it comes back. Example: bursar seat end seat_x 2026-12-15"""
    with desk() as office:
        ended = seats.end(office, seat, on)
    if json:
        show_json(ended)
        return
    console.print(f"The seat of {ended['person']} at {ended['product']} ends on {ended['ends']}.", markup=False)
    _show_corrected(ended)


def _show_corrected(ended: dict[str, Any]) -> None:
    for one in ended["corrected"]:
        before, after = (money(one[name], ended["unit"]) for name in ("before_nanos", "after_nanos"))
        console.print(f"The charge of {one['day']} is {after} instead of {before}.", markup=False)


@app.command()
def billed(
    product: Annotated[
        str, typer.Argument(help="copilot or cursor: its list is read first; without it, as known.")
    ] = "",
    json: Json = False,
) -> None:
    """Seats that a vendor bills beside those that lots pay. Example: bursar seat billed copilot"""
    from bursar.office import months
    from bursar.office.books import billed_seats, bills

    with desk() as office:
        if product:
            month = months.month_of(office.now())
            bills.keep(office, product, bills.read_bill(office, product, month), "administration")
        found = [one for one in billed_seats.lines(office) if not product or one.product == product]
    if json:
        show_json([{name: getattr(one, name) for name in one.__slots__} for one in found])
        return
    words = {
        "paid": "billed and paid",
        "unpaid": "billed, from no allotment",
        "unbilled": "paid, and not billed",
        "unknown": "billed, nobody of the roster",
    }
    show_table(
        (
            Column("who"),
            Column("product"),
            Column("state"),
            Column("used last"),
            Column("of the allotment", number=True),
        ),
        [
            (
                one.person or one.login,
                one.product,
                words[one.state] + (", idle" if one.idle else ""),
                one.last_used,
                money(one.amount_nanos, one.unit) if one.seat else "",
            )
            for one in found
        ],
        empty="No vendor has told of any seat yet.",
    )
