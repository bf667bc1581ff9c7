"""`bursar offer story | necessity | comparators | market`: what stands beside an offer while one weighs it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from bursar.cli.options import Json
from bursar.cli.render import Column, console, show_json, show_table
from bursar.errors import InvalidInput, NotFound
from bursar.money import NANO, parse_amount
from bursar.offers import benchmarks, necessity
from bursar.offers import story as stories
from bursar.offers.comparators import COMPARATORS
from bursar.offers.laptop import laptop_test
from bursar.offers.reading import read
from bursar.offers.telling import percent, said
from bursar.plans.document import MAX_BYTES

_Answer = Annotated[str, typer.Option(help="yes, no or unknown.")]


def story(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV: year, base, equity, tokens, inflation, market.")],
    json: Json = False,
) -> None:
    """Pay year over year in real terms, and what that comes to. Example: bursar offer story pay.csv"""
    steps = stories.story(stories.read(_text(file), str(file)))
    if json:
        names = ("base", "base_real", "equity", "tokens", "compute")
        show_json(
            [
                {
                    "year": one.paid.year,
                    "total": round(one.paid.total, 2),
                    **{f"{name}_growth": _rounded(getattr(one, name)) for name in names[:-1]},
                    "compute_of_growth": _rounded(one.compute),
                    "flags": list(one.flags),
                }
                for one in steps
            ]
        )
        return
    show_table(
        (
            Column("year", kept=True),
            Column("base", number=True),
            Column("equity", number=True),
            Column("tokens", number=True),
            Column("base grew", number=True),
            Column("beyond prices", number=True),
            Column("compute of growth", number=True),
        ),
        [
            (
                str(one.paid.year),
                *(said(amount) for amount in (one.paid.base, one.paid.equity, one.paid.tokens)),
                *("-" if share is None else f"{share:+.1%}" for share in (one.base, one.base_real)),
                "-" if one.compute is None else f"{one.compute:.0%}",
            )
            for one in steps
        ],
    )
    for one in steps:
        for flag in one.flags:
            console.print(f"{one.paid.year}: {flag}", style="yellow", markup=False)


def necessary(
    tasks: _Answer = "unknown",
    colleagues: _Answer = "unknown",
    pace: _Answer = "unknown",
    current: _Answer = "unknown",
    without: _Answer = "unknown",
    json: Json = False,
) -> None:
    """Does the job need it? Five questions, and how likely that makes it. Example: bursar offer necessity --tasks yes --pace yes"""
    answers = {"tasks": tasks, "colleagues": colleagues, "pace": pace, "current": current, "without": without}
    found = necessity.necessity(answers)
    if json:
        show_json({"probability": found.probability, "needed": found.needed, "answers": answers})
        return
    for one in necessity.QUESTIONS:
        console.print(f"{answers[one.id]:8} {one.text} (--{one.id})", markup=False)
    words = {
        "yes": "The job needs it",
        "no": "The job does not need it",
        "unknown": "Nobody can say whether the job needs it",
    }
    console.print(
        f"\n{words[found.needed]}: {found.probability:.0%}. In an offer: needed: {found.needed}", markup=False
    )


def comparators(
    file: Annotated[Path | None, typer.Argument(metavar="FILE", help="An offer, to be set beside them.")] = None,
    json: Json = False,
) -> None:
    """Things that employers provide anyway, scored as an offer is. Example: bursar offer comparators acme.yaml"""
    rows = [(one.title, one.score, one.tool_because, one.source) for one in COMPARATORS]
    if file is not None:
        draft = read(_text(file), str(file), plan=lambda name: _text(file.parent / name))
        tests = [laptop_test(line, draft.person) for line in draft.offer.lines]
        rows += [(f"{draft.offer.title}: {one.line}", one.score, one.strongest[0].evidence, "") for one in tests]
    rows.sort(key=lambda one: -one[1])
    if json:
        names = ("title", "score", "because", "source")
        show_json([dict(zip(names, (row[0], round(row[1], 1), *row[2:]), strict=True)) for row in rows])
        return
    show_table(
        (Column(""), Column("like a tool", number=True), Column("because"), Column("source", quiet=True)),
        [(row[0], f"{row[1]:.1f}", row[2], row[3]) for row in rows],
    )
    console.print("0 is a perk, 100 an operating cost. No advice on tax or law.", style="dim")


def market(
    amount: Annotated[str, typer.Argument(help="An allowance of a year: '$10,000'.")],
    table: Annotated[
        Path | None, typer.Option("--table", metavar="FILE", help="Figures of your own, as benchmarks.yaml has them.")
    ] = None,
    json: Json = False,
) -> None:
    """Where an allowance stands among reported ones, or in figures of your own. Example: bursar offer market '$10,000'"""
    asked = parse_amount(amount)
    if str(asked.unit) != "USD":
        raise InvalidInput("amount", str(asked.unit), "dollars a year, as the table has them")
    known = benchmarks.table()
    if table is not None:
        known = benchmarks.read(_text(table), str(table))
        if not known.licence:
            raise InvalidInput(f"{table}: licence", "nothing", "under which terms these figures may be used here")
    found = benchmarks.placed(asked.nanos / NANO, known, distributions=table is None)
    old = benchmarks.stale(datetime.now(UTC).date(), known)
    around = (
        ("the next below", found.below),
        *(("about the same", one) for one in found.around),
        ("the next above", found.above),
    )
    if json:
        show_json(
            {
                "amount_a_year": found.amount,
                "looked_up": known.looked_up.isoformat(),
                "licence": known.licence,
                "stale": old,
                "reported": [
                    {"where": where, "id": row.id, "what": row.what, "date": row.date, "source": row.source}
                    for where, row in around
                    if row is not None
                ],
                "more_than": [
                    {"of": one.population, "low": round(one.low, 6), "high": round(one.high, 6), "method": one.method}
                    for one in found.standings
                ],
            }
        )
        return
    show_table(
        (Column(""), Column("what"), Column("date"), Column("source", quiet=True)),
        [(where, row.what, row.date, row.source) for where, row in around if row is not None],
    )
    for one in found.standings:
        shares = percent(one.high) if one.known else f"{percent(one.low)} to {percent(one.high)}"
        console.print(f"More than {shares} of {one.population}.", markup=False)
    if old:
        console.print(f"These figures were looked up on {known.looked_up}: they are old.", style="yellow")


def _rounded(share: float | None) -> float | None:
    return None if share is None else round(share, 6)


def _text(file: Path) -> str:
    try:
        with file.open("rb") as opened:
            return opened.read(MAX_BYTES + 1).decode("utf-8-sig")
    except FileNotFoundError:
        raise NotFound(f"there is no file {file}", "see `--help` for what it has to hold") from None
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(str(file), str(error), "a text file in UTF-8") from None
