"""`bursar price ...`: what a model costs, what we pay, and since when."""

from __future__ import annotations

from typing import Annotated

import typer

from bursar.cli.options import At, Json, desk
from bursar.cli.render import Column, console, show_json, show_table

app = typer.Typer(no_args_is_help=True)


@app.command()
def show(
    model: Annotated[str, typer.Argument(help="A model, or a part of its name.")],
    provider: Annotated[str, typer.Option(help="Only at this provider.")] = "",
    at: At = "",
    json: Json = False,
) -> None:
    """Show prices per million tokens. Example: bursar price show claude-sonnet-4-5"""
    with desk() as office:
        found = office.price_show(model, provider=provider, at=at)
    if json:
        show_json(found)
        return
    show_table(
        (
            Column("provider"),
            Column("model"),
            Column("what"),
            Column("list per M", number=True),
            Column("cost per M", number=True),
            Column("note", quiet=True),
        ),
        [(row["provider"], row["model"], row["what"], row["list"], row["cost"], row["note"]) for row in found["rows"]],
        empty=f"No price is known for {model!r}; set one with `bursar price set`.",
    )


@app.command("set")
def set_(
    provider: Annotated[str, typer.Argument(help="The price book's provider, or the name of your own.")],
    model: Annotated[str, typer.Argument(help="Model, shell pattern.")],
    discount: Annotated[str, typer.Option(help="What you pay less than list: 12.5%.")] = "",
    input_rate: Annotated[str, typer.Option("--input", help="Own list price per million input tokens: $0.40.")] = "",
    output_rate: Annotated[str, typer.Option("--output", help="Own list price per million output tokens: $1.60.")] = "",
    cost_input: Annotated[str, typer.Option("--cost-input", help="What a million input tokens cost you.")] = "",
    cost_output: Annotated[str, typer.Option("--cost-output", help="What a million output tokens cost you.")] = "",
    starts: Annotated[str, typer.Option("--from", metavar="DATE", help="In force from; without it, now.")] = "",
    ends: Annotated[str, typer.Option("--until", metavar="DATE", help="In force until (exclusive).")] = "",
    note: Annotated[str, typer.Option(help="Contract, source.")] = "",
    json: Json = False,
) -> None:
    """Set a contract rate or the price of an own model. Example: bursar price set anthropic 'claude-*' --discount 12.5%"""
    with desk() as office:
        outcome = office.price_set(
            provider,
            model,
            discount=discount,
            input_rate=input_rate,
            output_rate=output_rate,
            cost_input=cost_input,
            cost_output=cost_output,
            starts=starts,
            ends=ends,
            note=note,
        )
    if json:
        show_json(outcome)
    else:
        console.print(outcome["sentence"], markup=False)
