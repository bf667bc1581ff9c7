"""`bursar offer`: what a token package is really worth, with no server and no account."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated

import typer

from bursar.cli import offer_new, offer_page, offer_serve
from bursar.cli.console import check_installed
from bursar.cli.offer_beside import comparators, market, necessary, story
from bursar.cli.options import Json
from bursar.cli.render import console, errors, show_json
from bursar.errors import InvalidInput, NotFound
from bursar.exchange import local_usage
from bursar.insight.simulation.usage import Persona
from bursar.money import NANO
from bursar.offers import answers
from bursar.offers.document import json_schema
from bursar.offers.evaluation import Compared, Evaluation, compared, evaluated
from bursar.offers.outcome import DEFAULT_PATHS, DEFAULT_SEED, Setup
from bursar.offers.presets import PRESETS, preset
from bursar.offers.reading import Draft, read
from bursar.offers.report import html
from bursar.offers.terms import Person
from bursar.plans.document import MAX_BYTES
from bursar.prices import PriceBook, list_prices

MAX_OFFERS = 8
"""Side by side."""

app = typer.Typer(no_args_is_help=True)
app.command()(story)
app.command("necessity")(necessary)
app.command()(comparators)
app.command()(market)

Files = Annotated[list[Path], typer.Argument(metavar="FILE...", help="Offers: documents `bursar: offer/1`.")]
File = Annotated[Path, typer.Argument(metavar="FILE", help="An offer: a document `bursar: offer/1`.")]
Seed = Annotated[int, typer.Option("--seed", help="Of the random numbers: the same seed, the same answer.")]
Paths = Annotated[int, typer.Option("--worlds", help="How many worlds are lived through, up to 1000000.")]
Me = Annotated[Path | None, typer.Option("--me", metavar="FILE", help="An offer file whose `me` is taken for all.")]
MyUsage = Annotated[
    bool,
    typer.Option("--my-usage", help="Take how much you use from your own logs, as `bursar usage local` reads them."),
]
As = Annotated[
    str,
    typer.Option("--as", metavar="WHO", help=f"Weigh it as somebody else: {', '.join(PRESETS)}.", show_default=False),
]
Html = Annotated[Path | None, typer.Option("--html", metavar="FILE", help="Write a report to this file.")]


@app.command()
def new(
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FILE", help="Where to write the offer.")] = Path(
        "offer.yaml"
    ),
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file.")] = False,
) -> None:
    """Ask for an offer's terms and write them down; Enter is `I don't know`. Example: bursar offer new --out acme.yaml"""
    if out.exists() and not force:
        raise InvalidInput("--out", str(out), "a file that does not exist yet", "Say --force to overwrite it.")
    text = offer_new.asked()
    read(text, str(out))
    out.write_text(text, encoding="utf-8")
    console.print(
        f"\nWritten to {out}. Now: [bold]bursar offer evaluate {out} --html report.html[/bold]", highlight=False
    )


@app.command()
def evaluate(
    files: Files,
    html_file: Html = None,
    seed: Seed = DEFAULT_SEED,
    paths: Paths = DEFAULT_PATHS,
    me: Me = None,
    my_usage: MyUsage = False,
    who: As = "",
    json: Json = False,
) -> None:
    """What an offer is worth to you. Example: bursar offer evaluate acme.yaml --html report.html"""
    found = _compared(files, seed, paths, me, my_usage=my_usage, who=who)
    if html_file is not None:
        _write(html_file, html(found))
    if json:
        one = len(found.evaluations) == 1
        show_json(answers.answers(found.evaluations[0]) if one else answers.comparison(found))
        return
    for number, evaluation in enumerate(found.evaluations):
        if number:
            console.print()
        offer_page.show(evaluation)
    if len(found.evaluations) > 1:
        console.print()
        offer_page.show_comparison(found)
    if html_file is not None:
        console.print(f"Report: {html_file}", style="dim")


@app.command()
def compare(
    files: Files,
    html_file: Html = None,
    seed: Seed = DEFAULT_SEED,
    paths: Paths = DEFAULT_PATHS,
    me: Me = None,
    my_usage: MyUsage = False,
    who: As = "",
    json: Json = False,
) -> None:
    """Offers side by side, cash first. Example: bursar offer compare acme.yaml globex.yaml"""
    if len(files) < 2:
        raise InvalidInput("FILE", "one offer", "two or more, to be set side by side")
    found = _compared(files, seed, paths, me, my_usage=my_usage, who=who)
    if html_file is not None:
        _write(html_file, html(found))
    if json:
        show_json(answers.comparison(found))
        return
    offer_page.show_comparison(found)
    if html_file is not None:
        console.print(f"Report: {html_file}", style="dim")


@app.command()
def questions(
    file: File, seed: Seed = DEFAULT_SEED, paths: Paths = DEFAULT_PATHS, my_usage: MyUsage = False, json: Json = False
) -> None:
    """What to ask before you sign, and what each answer is worth. Example: bursar offer questions acme.yaml"""
    draft = _read(file)
    person = _measured(draft) if my_usage else draft.person
    found = evaluated(draft, person, Setup(paths=paths, seed=seed))
    if json:
        show_json({"offer": found.offer.name, "questions": answers.questions(found)})
        return
    offer_page.show_questions(found)


@app.command()
def schema() -> None:
    """Print the JSON Schema of an offer, for editors. Example: bursar offer schema > offer-1.json"""
    show_json(json_schema())


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65_535, help="Port; 0 takes a free one.")] = 8788,
) -> None:
    """Weigh offers in a browser, until Ctrl-C; nothing is kept. Example: bursar offer serve --port 8788"""
    check_installed()
    offer_serve.serve(host, port)


def _compared(
    files: list[Path], seed: int, paths: int, me: Path | None, *, my_usage: bool, who: str
) -> Compared[Evaluation]:
    if who and (me is not None or my_usage):
        raise InvalidInput("--as", who, "it alone: --me and --my-usage say who you are")
    if len(files) > MAX_OFFERS:
        raise InvalidInput("FILE", f"{len(files)} offers", f"at most {MAX_OFFERS}")
    drafts = [_read(file) for file in files]
    names = [one.document.name for one in drafts]
    for file, name in zip(files, names, strict=True):
        if names.count(name) > 1:
            raise InvalidInput(f"{file}: name", repr(name), "a name that no other offer has")
    with_me = [one for one in drafts if one.document.me is not None]
    chosen = _read(me) if me is not None else with_me[0] if with_me else drafts[0]
    if me is None and any(one.person != chosen.person for one in with_me):
        errors.print(
            f"bursar: the offers describe you differently; {chosen.source.file} is taken for all", style="yellow"
        )
    person = chosen.who(preset(who)) if who else _measured(chosen) if my_usage else chosen.person
    return compared(drafts, person, Setup(paths=paths, seed=seed))


def _measured(draft: Draft) -> Person:
    """The person with the use that their own logs show."""
    places = [one for one in local_usage.places(os.environ, Path.home()) if one.exists()]
    found = local_usage.read(places, PriceBook(list_prices()))
    nanos = local_usage.rate_per_month(found)
    if nanos <= 0:
        raise InvalidInput("--my-usage", "no logs of Claude Code or Codex with use", "use on this machine, or me.usage")
    currency, rates = draft.document.currency, draft.document.rates
    if currency != "USD" and "USD" not in rates:
        raise InvalidInput("--my-usage", "use in USD", f"an offer that says rates: {{USD: ...}} in {currency}")
    rate = 1.0 if currency == "USD" else float(rates["USD"])
    source = f"own logs, use on {local_usage.active_days(found):,} days of {local_usage.days_covered(found):,}"
    return replace(draft.person, usage=Persona("measured", nanos / NANO * rate, 0.0, source))


def _read(file: Path) -> Draft:
    def plan(name: str) -> str:
        return _text(file.parent / name)

    return read(_text(file), str(file), _next_month(), plan)


def _text(file: Path) -> str:
    try:
        with file.open("rb") as opened:
            raw = opened.read(MAX_BYTES + 1)
        return raw.decode("utf-8-sig")
    except FileNotFoundError:
        raise NotFound(f"there is no file {file}", "`bursar offer new` asks for an offer and writes one") from None
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(str(file), str(error), "a text file in UTF-8") from None


def _next_month() -> date:
    today = datetime.now(UTC).date()
    return date(today.year + today.month // 12, today.month % 12 + 1, 1)


def _write(file: Path, text: str) -> None:
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InvalidInput("--html", str(error), "a file that can be written") from None
