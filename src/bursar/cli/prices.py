"""`bursar price ...`: what a model costs, what we pay, and since when."""

from __future__ import annotations

from typing import Annotated

import typer

from bursar.cli.options import At, Json, desk
from bursar.cli.render import Column, console, money, show_json, show_table
from bursar.errors import InvalidInput, NotFound
from bursar.money import parse_amount
from bursar.office.catalogue import pricing
from bursar.office.database import reading
from bursar.office.desk import system_clock
from bursar.plans.document import parts
from bursar.prices import PriceBook, gpu, list_prices
from bursar.prices import tasks as known_tasks
from bursar.prices import trend as trends

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
    hour: Annotated[str, typer.Option("--hour", help="Of provider gpu: what an hour of this kind costs, $2.50.")] = "",
    starts: Annotated[str, typer.Option("--from", metavar="DATE", help="In force from; without it, now.")] = "",
    ends: Annotated[str, typer.Option("--until", metavar="DATE", help="In force until (exclusive).")] = "",
    note: Annotated[str, typer.Option(help="Contract, source.")] = "",
    json: Json = False,
) -> None:
    """Set a contract rate or the price of an own model. Example: bursar price set anthropic 'claude-*' --discount 12.5%"""
    if hour:
        if provider != gpu.PROVIDER or input_rate or output_rate:
            raise InvalidInput("--hour", hour, f"provider {gpu.PROVIDER}, and no other rate")
        input_rate = output_rate = hour
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


@app.command()
def worth(
    amount: Annotated[str, typer.Argument(help="GPU hours: '40 GPU-h', '3 GPU hours (h100)'.")],
    model: Annotated[str, typer.Option(help="The kind of GPU, where the amount names none.")] = "",
    at: At = "",
    json: Json = False,
) -> None:
    """What GPU hours are worth in dollars, at the price of a day. Example: bursar price worth '40 GPU-h' --model h100"""
    asked = parse_amount(amount)
    with desk() as office, reading(office.engine) as connection:
        when = office.instant(at, "UTC", "at") if at else office.now()
        found = gpu.worth(pricing.current_book(connection), asked, when, model)
    if json:
        show_json({"amount": amount, "at_micros": when, "worth_nanos": found.nanos, "unit": str(found.unit)})
    else:
        console.print(money(found.nanos), markup=False)


@app.command()
def tasks(
    model: Annotated[str, typer.Argument(help="A model.")] = "claude-sonnet-4-5",
    provider: Annotated[str, typer.Option(help="At this provider.")] = "",
    json: Json = False,
) -> None:
    """What a task costs, from an e-mail to a swarm overnight; needs no installation. Example: bursar price tasks gpt-4o"""
    book = PriceBook(list_prices())
    name, found = _found(book, model, provider)
    tariff = book.tariff(name, found, system_clock())
    if tariff is None:
        raise NotFound(f"no price is known for {model!r}", "name another model")
    rows = known_tasks.priced(tariff)
    if json:
        show_json(
            {
                "provider": name,
                "model": found,
                "tasks": [
                    {
                        "task": one.task.name,
                        "title": one.task.title,
                        "requests": one.task.requests,
                        "tokens": one.task.usage.total_input + one.task.usage.total_output,
                        "list_nanos": one.list_nanos,
                    }
                    for one in rows
                ],
            }
        )
        return
    show_table(
        (
            Column("task", kept=True),
            Column("steps", number=True),
            Column("a step", number=True),
            Column(found, number=True),
        ),
        [
            (one.task.title, f"{one.task.requests:,}", money(one.per_request_nanos), money(one.list_nanos))
            for one in rows
        ],
    )
    console.print("Sizes of tasks are judgements; prices are list prices of today.", style="dim")


@app.command()
def trend(
    model: Annotated[str, typer.Argument(help="A model.")],
    provider: Annotated[str, typer.Option(help="At this provider.")] = "",
    commitment: Annotated[str, typer.Option(help="What a contract asks for by year: '$100,000'.")] = "",
    discount: Annotated[str, typer.Option(help="What it takes off list price: 15%.")] = "10%",
    each: Annotated[str, typer.Option(help="What a person uses by year: '$2,000'.")] = "$2,000",
    json: Json = False,
) -> None:
    """How a model's list price went, and from how many people a commitment pays. Example: bursar price trend o3 --commitment '$100,000'"""
    book = PriceBook(list_prices())
    name, found = _found(book, model, provider)
    points = trends.trend(book, name, found)
    people = (
        trends.breakeven(_dollars("commitment", commitment), parts(discount), _dollars("each", each))
        if commitment
        else None
    )
    if json:
        show_json(
            {
                "provider": name,
                "model": found,
                "source": f"price book {book.version}",
                "points": [
                    {
                        "since": None if one.since is None else one.since.isoformat(),
                        "input_nanos_per_million": one.input_nanos,
                        "output_nanos_per_million": one.output_nanos,
                        "change": None if one.change is None else round(one.change, 6),
                    }
                    for one in points
                ],
                "breakeven_people": people,
            }
        )
        return
    show_table(
        (
            Column("since", kept=True),
            Column("input per M", number=True),
            Column("output per M", number=True),
            Column("change", number=True),
        ),
        [
            (
                "the beginning" if one.since is None else one.since.isoformat(),
                money(one.input_nanos),
                money(one.output_nanos),
                "-" if one.change is None else f"{one.change:+.0%}",
            )
            for one in points
        ],
    )
    console.print(f"{found} at {name}, from the price book {book.version[:12]}.", style="dim", markup=False)
    if people is not None:
        console.print(f"From {people:,} people on the commitment costs less than list price.", markup=False)


def _found(book: PriceBook, model: str, provider: str) -> tuple[str, str]:
    """The provider and id that a name means."""
    found = book.search(model, provider)
    if not found:
        raise NotFound(
            f"no price is known for {model[:80]!r}", "`bursar price show` finds models by a part of their name"
        )
    return next((one for one in found if one[1] == model.lower()), found[0])


def _dollars(field: str, text: str) -> int:
    read = parse_amount(text, field=field)
    if str(read.unit) != "USD":
        raise InvalidInput(field, str(read.unit), "dollars: list prices are in them")
    return read.nanos
