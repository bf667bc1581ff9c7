"""`bursar notify ...`: what people were told, and whether it reached them."""

from __future__ import annotations

from typing import Annotated

import typer

from bursar.cli.options import Json, Person, desk
from bursar.cli.render import Column, console, instant, show_json, show_table
from bursar.office.telling import notices, unusual
from bursar.office.telling.watch import watch

app = typer.Typer(no_args_is_help=True)


@app.command("list")
def list_(
    person: Annotated[str, typer.Option("--person", help="Only this person's.")] = "",
    limit: Annotated[int, typer.Option(help="How many, the newest first.", min=1, max=10_000)] = 50,
    json: Json = False,
) -> None:
    """List notices and what became of them. Example: bursar notify list --person ada"""
    with desk() as office:
        found = notices.listed(office, person, limit)
    if json:
        show_json(found)
        return
    show_table(
        (Column("when"), Column("person", kept=True), Column("notice"), Column("delivered"), Column("id", quiet=True)),
        [
            (
                instant(one["created_micros"]),
                one["person"],
                one["subject"],
                "; ".join(_state(each) for each in one["deliveries"]) or "kept here only",
                one["id"],
            )
            for one in found
        ],
        empty="No notices yet. A running gateway posts them; `bursar notify run` does it once.",
    )


@app.command("test")
def try_(person: Person, json: Json = False) -> None:
    """Send a person a test over every channel. Example: bursar notify test ada"""
    with desk() as office:
        found = notices.test(office, person)
    if json:
        show_json(found)
    else:
        show_table(
            (Column("channel"), Column("what happened")),
            [(one["channel"], one["happened"]) for one in found],
            empty="No channel is set: [notify] in bursar.toml says where notices go.",
        )
    if any(not one["delivered"] for one in found):
        raise typer.Exit(6)


@app.command()
def run(json: Json = False) -> None:
    """Look once and send what is due; a running gateway does it by itself. Example: bursar notify run"""
    with desk() as office:
        now = office.now()
        burning = unusual.look(office, now)
        posted = watch(office, now)
        delivered = notices.deliver(office, office.now())
    if json:
        show_json({"posted": posted, "unusual_keys": [one.key for one in burning], "delivered": delivered})
        return
    for one in burning:
        console.print(f"{one.key} burns {one.minute.times} times its usual rate.", markup=False)
    console.print(f"{posted} notices were posted, {delivered} deliveries arrived.", markup=False)


def _state(delivery: dict[str, object]) -> str:
    reason = f" ({delivery['reason']})" if delivery["reason"] else ""
    return f"{delivery['channel']} {delivery['state']}{reason}"
