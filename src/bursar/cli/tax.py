"""`bursar tax ...`: what the rules of a place make of somebody's use, and the file that payroll takes over. Never advice."""

from __future__ import annotations

from datetime import UTC, date, datetime
from json import dumps
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.markup import escape

from bursar.cli.options import At, Json, desk
from bursar.cli.render import Column, console, money, show_json, show_pairs, show_table
from bursar.errors import InvalidInput
from bursar.money import Unit, parse_amount
from bursar.office.books import payroll_file, tax_policy, taxing
from bursar.office.books.payroll_columns import written_columns
from bursar.office.books.taxing import Options, Taxed
from bursar.office.database import reading
from bursar.tax import CONFIDENCES, Assessment, Rule, YearToDate, loaded
from bursar.tax.comparison import RESTRICTED, SITUATIONS, compared
from bursar.tax.page import page
from bursar.tax.reading import plain
from bursar.tax.values import PARTS

app = typer.Typer(no_args_is_help=True)

Month = Annotated[str, typer.Option(metavar="MONTH", help="2026-10; without it, the month of --at, or this one.")]
MAX_POLICY_BYTES = 256 * 1024
_ANY = Unit("USD")
"""Of a figure that is given without a unit: the country's own money, whichever it is."""


@app.command()
def preview(
    person: Annotated[str, typer.Argument(help="Handle, e-mail or id; without it, everybody.")] = "",
    month: Month = "",
    at: At = "",
    timing: Annotated[str, typer.Option(help="When it counts, where the plan says so: use, vest, grant.")] = "",
    wages: Annotated[str, typer.Option(help="Pay of the tax year before this, in the country's money: 150000.")] = "",
    supplemental: Annotated[str, typer.Option(help="Supplemental pay of the year before this.")] = "",
    marginal: Annotated[str, typer.Option(help="The person's own rate of income tax: 40%.")] = "",
    other_benefits: Annotated[str, typer.Option("--other", help="Other benefits of the same month: 30.")] = "",
    gross_up: Annotated[bool, typer.Option("--gross-up", help="Also what would have to be paid on top.")] = False,
    json: Json = False,
) -> None:
    """What a month's use counts for, with every rule behind it. Example: bursar tax preview ada --month 2026-10 --wages 150000"""
    given = {"wages": wages, "supplemental": supplemental, "marginal": marginal, "other": other_benefits}
    if not person:
        named = next((name for name, value in given.items() if value), "gross-up" if gross_up else "")
        if named:
            raise InvalidInput(named, "a figure of one person", "a person: bursar tax preview PERSON")
        _everybody(month, at, timing, json)
        return
    year = YearToDate(_nanos(wages, "wages"), _nanos(supplemental, "supplemental")) if wages or supplemental else None
    options = Options(timing, year, _share(marginal), _nanos(other_benefits, "other"))
    with desk() as office:
        found = taxing.of_person(office, person, month, at, options)
    more = taxing.grossed_up(found, options) if gross_up else None
    if json:
        grossed = {} if more is None else {"gross_up": {"gross_nanos": more.gross, "tax_nanos": more.tax}}
        show_json({**payroll_file.plain(found), **grossed})
        return
    _show(found)
    if more is not None:
        unit = found.answer.unit
        told = f"{money(more.gross, unit)}, of which {money(more.tax, unit)} is withheld and {money(more.net, unit)} is left"
        show_pairs([("grossed up", told)])


@app.command()
def rules(
    country: Annotated[str, typer.Argument(help="US, UK, DE, CA, IN; without it, all.")] = "",
    at: Annotated[str, typer.Option("--at", metavar="DAY", help="Only rules that hold on this day: 2026-10-31.")] = "",
    markdown: Annotated[bool, typer.Option("--markdown", help="As docs/explanation/tax.md has them.")] = False,
    json: Json = False,
) -> None:
    """The rules with their sources and how sure each is. Example: bursar tax rules UK --at 2026-10-31"""
    known = loaded()
    if markdown:
        typer.echo(page(known))
        return
    asked = [known.country(country)] if country else [one for _, one in sorted(known.countries.items())]
    on = _day(at) if at else None
    held = [(one, rule) for one in asked for rule in one.rules if on is None or rule.holds(on)]
    if json:
        show_json({"version": known.version, "rules": [plain(rule) for _, rule in held]})
        return
    show_table(
        (
            Column("rule", kept=True),
            Column("holds", kept=True),
            Column("what it says"),
            Column("citation"),
            Column("sure", quiet=True),
        ),
        [(rule.id, _held(rule), escape(rule.says), escape(rule.citation), rule.confidence) for _, rule in held],
    )
    show_pairs((name, words) for name, words in CONFIDENCES.items())
    console.print(f"Not tax advice; rules version {known.version}.", style="dim", markup=False)


@app.command()
def compare(
    at: Annotated[str, typer.Option("--at", metavar="DAY", help="The rules of this day; without it, today's.")] = "",
    timing: Annotated[str, typer.Option(help="When it counts, where the plan says so: use, vest, grant.")] = "",
    restricted: Annotated[
        bool, typer.Option("--restricted", help="Four degrees of restriction instead: from work alone to anything.")
    ] = False,
    json: Json = False,
) -> None:
    """Granted and unused, used personally, for work alone: country by country. Example: bursar tax compare --at 2026-10-31"""
    known = loaded()
    on = _day(at) if at else datetime.now(UTC).date()
    situations = RESTRICTED if restricted else SITUATIONS
    found = compared(known, on, timing=timing, situations=situations)
    if json:
        show_json(
            {
                "on": on.isoformat(),
                "rules_version": known.version,
                "countries": {
                    row.country.code: {
                        one.name: payroll_file.assessment(answer)
                        for one, answer in zip(situations, row.answers, strict=True)
                    }
                    for row in found
                },
            }
        )
        return
    show_table(
        (Column("country"), *(Column(one.title) for one in situations)),
        [(row.country.name, *(f"{_answer(one)}\n{_because(one)}" for one in row.answers)) for row in found],
        title="What counts as pay, in each country's money; the employer pays 60 % of list price",
    )
    console.print(found[0].answers[0].notice, style="dim", markup=False)


@app.command()
def export(
    month: Month = "",
    at: At = "",
    form: Annotated[Literal["csv", "json"], typer.Option("--format", help="csv or json.")] = "csv",
    columns: Annotated[
        str, typer.Option(help="Headers and figures: \"Employee ID=person,Wage type='4711',Taxable=taxable\".")
    ] = "",
    timing: Annotated[str, typer.Option(help="When it counts, where the plan says so: use, vest, grant.")] = "",
    everybody: Annotated[bool, typer.Option("--everybody", help="People without anything to take over too.")] = False,
    out: Annotated[Path | None, typer.Option(help="File to write; without it, printed.")] = None,
) -> None:
    """The month as a file for payroll. Example: bursar tax export --month 2026-10 --format csv --columns "Employee ID=person,Taxable=taxable" """
    with desk() as office:
        own = tax_policy.policy(office, loaded()).columns
        found = taxing.of_house(office, month, at, timing).value
    if form == "json":
        lines = [one for one in found.lines if everybody or payroll_file.matters(one)]
        document = {"month": found.month, "notice": found.notice, "people": [payroll_file.plain(one) for one in lines]}
        if out is None:
            show_json(document)
            return
        text = dumps(document, indent=2, ensure_ascii=False) + "\n"
    else:
        text = payroll_file.csv(found, written_columns(columns) if columns else own, everybody=everybody)
    if out is None:
        typer.echo(text.replace("\r\n", "\n"), nl=False)
        return
    try:
        out.write_bytes(text.encode())
    except OSError as error:
        raise InvalidInput("out", str(error)[:200], "a file that can be written") from None
    console.print(f"{out.name}: {found.month}. {found.notice}.", markup=False)


@app.command()
def policy(
    file: Annotated[
        Path | None, typer.Argument(help="A YAML file to put in force; without it, the document in force is printed.")
    ] = None,
) -> None:
    """Whose law holds where, facts of the plans, rates, columns; without any, one to start from. Example: bursar tax policy tax.yaml"""
    if file is None:
        with desk() as office, reading(office.engine) as connection:
            in_force = tax_policy.written(connection)
        typer.echo(in_force or tax_policy.EXAMPLE, nl=False)
        return
    try:
        raw = file.read_bytes()
        text = raw.decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput("file", str(error)[:200], "a YAML file in UTF-8") from None
    if len(raw) > MAX_POLICY_BYTES:
        raise InvalidInput("file", f"{len(raw)} bytes", f"at most {MAX_POLICY_BYTES}")
    with desk() as office:
        found = tax_policy.change(office, text, loaded(), file.name)
    console.print(f"In force: {len(found.places)} places, {len(found.exchange)} exchange rates.", markup=False)


def _everybody(month: str, at: str, timing: str, json: bool) -> None:
    with desk() as office:
        found = taxing.of_house(office, month, at, timing).value
    if json:
        show_json(
            {"month": found.month, "notice": found.notice, "people": [payroll_file.plain(one) for one in found.lines]}
        )
        return
    show_table(
        (
            Column("person", kept=True),
            Column("place"),
            Column("rules of"),
            Column("personal", number=True),
            Column("counts as pay", number=True),
            Column("look at"),
        ),
        [
            (
                one.handle,
                escape(one.location),
                one.answer.jurisdiction or "nobody said",
                money(one.used("personal").list_nanos),
                _answer(one.answer),
                " ".join(dict.fromkeys(flag.rule for flag in one.answer.flags)) or escape(one.answer.why),
            )
            for one in found.lines
        ],
        empty=f"Nothing was used in {found.month}.",
    )
    console.print(found.notice, style="dim", markup=False)


def _show(found: Taxed) -> None:
    answer = found.answer
    pairs = [
        ("person", f"{found.handle}, {found.location or 'no place'}"),
        ("month", f"{found.month}, to {found.until}"),
        ("rules of", answer.jurisdiction or "nobody said"),
        ("counts as pay", _answer(answer)),
    ]
    if answer.why:
        pairs.append(("why", answer.why))
    if answer.timing:
        pairs.append(("counts at", f"{answer.timing}, {answer.basis.replace('_', ' ')}"))
    if found.own_money:
        pairs.append(("own money", money(found.own_money)))
    show_pairs((name, escape(text)) for name, text in pairs)
    unit = answer.unit
    show_table(
        (Column("for"), Column("amount", number=True), Column("counts", number=True), Column("rule")),
        [
            *((line.purpose, money(line.used, unit), "ask" if line.taxable is None else money(line.taxable, unit), line.rule or "none") for line in answer.lines),
            *(("within a limit", "", money(one.amount, unit), one.rule) for one in answer.trace if one.effect == "cliff" and one.amount),
        ],
        empty="Nothing was used.",
    )  # fmt: skip
    if answer.charges:
        show_table(
            (Column("charge"), Column("payer"), Column("of", number=True), Column("rate", number=True), Column("amount", number=True), Column("rule")),
            [(one.topic, one.payer, money(one.base, unit), f"{one.rate_ppm / 10_000:g} %", money(one.amount, unit), one.rule) for one in answer.charges],
        )  # fmt: skip
    if answer.trace:
        show_table(
            (Column("rule", kept=True), Column("what it says"), Column("citation"), Column("sure", quiet=True)),
            [(one.rule, escape(one.words), escape(one.citation), one.confidence) for one in answer.trace],
            title="Rules behind it",
        )
    if answer.flags:
        show_table(
            (Column("look at", kept=True), Column("why"), Column("citation")),
            [(one.rule, escape(one.words), escape(one.citation)) for one in answer.flags],
        )
    if answer.assumptions:
        show_table(
            (Column("assumed"), Column("what")),
            [(one.name.replace("_", " "), escape(one.words)) for one in answer.assumptions],
        )
    console.print(answer.notice, style="bold", markup=False)


def _answer(answer: Assessment) -> str:
    if answer.taxable is not None:
        return money(answer.taxable, answer.unit)
    return f"ask (at least {money(answer.at_least, answer.unit)})" if answer.at_least else "ask an adviser"


def _because(answer: Assessment) -> str:
    """The rules that decided, or why nobody can say."""
    return " ".join(dict.fromkeys(line.rule for line in answer.lines if line.rule)) or answer.why


def _held(rule: Rule) -> str:
    return f"{rule.effective_from} to {rule.effective_to}" if rule.effective_to else f"from {rule.effective_from}"


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise InvalidInput("at", repr(text[:40]), "a day such as 2026-10-31") from None


def _nanos(text: str, field: str) -> int:
    """An amount in the country's own money, whatever its name."""
    return parse_amount(text, _ANY, field=field).nanos if text else 0


def _share(text: str) -> int | None:
    if not text:
        return None
    try:
        number = float(text.strip().removesuffix("%").strip())
    except ValueError:
        raise InvalidInput("marginal", repr(text[:40]), "a share such as 40%") from None
    return round((number / 100 if text.strip().endswith("%") else number) * PARTS)
