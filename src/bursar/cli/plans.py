"""`bursar plan ...`: the terms of a promise, checked, compared, put into force and explained."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
import yaml

from bursar.cli.options import Json, desk, office
from bursar.cli.plan_words import framing, letter, posting
from bursar.cli.render import Column, console, money, show_json, show_table
from bursar.cli.simulate import simulate
from bursar.errors import InvalidInput
from bursar.office.database import reading
from bursar.office.desk import system_clock
from bursar.office.terms import explanations, placing, plans, rollout
from bursar.plans import differences, wording
from bursar.plans.check import Checked, load
from bursar.plans.document import MAX_BYTES, json_schema
from bursar.plans.factsheet import FactAnswer, FactSheet, fact_sheet
from bursar.plans.terms import plain

MAX_NAMED = 10
"""People whom an error names."""
app = typer.Typer(no_args_is_help=True)
app.command()(simulate)
app.command()(letter)
app.command()(posting)
app.command()(framing)

File = Annotated[Path, typer.Argument(metavar="FILE", help="A plan document in YAML.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Print what would change, change nothing.")]


def read(file: Path) -> Checked:
    """A plan document from disk. Raises InvalidInput with the line of each fault."""
    try:
        if file.stat().st_size > MAX_BYTES:
            raise InvalidInput(str(file), f"{file.stat().st_size} bytes", f"at most {MAX_BYTES}")
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(str(file), str(error), "a readable YAML file in UTF-8") from None
    return load(text, str(file))


@app.command()
def check(
    file: File,
    roster: Annotated[
        bool, typer.Option("--roster", help="Refuse it if somebody on the roster, for whom it is, would get nothing.")
    ] = False,
    json: Json = False,
) -> None:
    """Check a plan; faults name line and column. Example: bursar plan check engineering.yaml"""
    checked = read(file)
    if roster:
        with desk() as asked:
            left_out = placing.placed(asked, checked.plan).left_out
        if left_out:
            names = ", ".join(one.handle for one in left_out[:MAX_NAMED])
            more = f" and {len(left_out) - MAX_NAMED} more" if len(left_out) > MAX_NAMED else ""
            raise InvalidInput(
                f"{file}: tiers",
                f"nobody's tier for {names}{more}",
                "something for everybody whom the plan is for",
                "add `otherwise: {amount: ...}`, or say in `for` whom it is for",
            )
    advice = [{"code": one.code, "line": one.line, "sentence": one.sentence} for one in checked.advice]
    if json:
        show_json({"plan": checked.plan.name, "digest": checked.plan.digest, "faults": [], "advice": advice})
        return
    console.print(f"{checked.plan.name} has no faults.", markup=False)
    for one in checked.advice:
        console.print(f"  line {one.line}: {one.sentence} ({one.code})", markup=False, style="yellow")


@app.command()
def schema() -> None:
    """Print the JSON Schema of plan documents, for editors. Example: bursar plan schema > plan-1.json"""
    show_json(json_schema())


@app.command("list")
def list_(json: Json = False) -> None:
    """List the plans with their versions. Example: bursar plan list"""
    with office() as asked:
        found = asked.plans()
    if json:
        hidden = ("effective_day", "title", "class")
        show_json([{name: value for name, value in one.items() if name not in hidden} for one in found])
        return
    show_table(
        (
            Column("plan"),
            Column("version", number=True),
            Column("in force from"),
            Column("title"),
            Column("class"),
            Column("by"),
            Column("note"),
        ),
        [
            (
                one["plan"],
                str(one["version"]),
                one["effective_day"],
                one["title"],
                one["class"],
                one["actor"],
                one["note"],
            )
            for one in found
        ],
        empty="No plans yet. Write one with `bursar plan new`, and put it into force with `bursar plan apply FILE`.",
    )


@app.command()
def show(
    name: Annotated[str, typer.Argument(help="Name of a plan in force, or a file.")],
    version: Annotated[int, typer.Option(help="Another version than the newest.")] = 0,
    facts: Annotated[
        bool, typer.Option("--facts", help="The twelve answers for people instead of the document.")
    ] = False,
    linked: Annotated[bool, typer.Option("--linked", help="The fact sheet as JSON-LD, for machines.")] = False,
    json: Json = False,
) -> None:
    """Show a plan's document, or its fact sheet. Example: bursar plan show engineering --facts"""
    if _is_file(name):
        checked = read(Path(name))
        found = {"terms": plain(checked.plan), "facts": fact_sheet(checked.plan).as_json(), "document": checked.text}
    else:
        with office() as asked:
            found = asked.plan(name, version)
    told = {key: value for key, value in found["facts"].items() if key not in ("answers", "missing")}
    sheet = FactSheet(**told, answers=tuple(FactAnswer(**one) for one in found["facts"]["answers"]))
    if linked:
        show_json(wording.linked(sheet))
    elif json:
        show_json(found)
    elif facts:
        console.print(sheet.as_markdown(), markup=False)
    else:
        console.print(found["document"].rstrip(), markup=False)


def _is_file(name: str) -> bool:
    return name.endswith((".yaml", ".yml")) or "/" in name


def _named(name: str, version: int = 0) -> Checked:
    if _is_file(name):
        return read(Path(name))
    with desk() as office, reading(office.engine) as connection:
        found = plans.numbered(connection, name, version) if version else plans.in_force(connection, name, 2**61)
    return load(found.document, f"{name}@{found.number}")


@app.command()
def diff(
    old: Annotated[str, typer.Argument(help="A plan in force (name, or name@version), or a file.")],
    new: Annotated[str, typer.Argument(help="The same, to compare with.")],
    json: Json = False,
) -> None:
    """Compare the terms of two plans or versions. Example: bursar plan diff engineering engineering.yaml"""
    before, after = (_named(*_versioned(one)) for one in (old, new))
    changed = differences.differences(before.plan, after.plan)
    if json:
        show_json({one.term: {"before": one.before or None, "after": one.after or None} for one in changed})
        return
    show_table(
        (Column("term"), Column("before"), Column("after")),
        [(one.term, one.before or "-", one.after or "-") for one in changed],
        empty="The two say the same.",
    )
    styles = {"new": ("+", "green"), "gone": ("-", "red"), "same": (" ", "dim"), "place": ("", "dim")}
    for line in differences.lines(before.text, after.text, 1):
        mark, style = styles[line.kind]
        console.print(f"{mark}{line.text}", markup=False, style=style)


def _versioned(text: str) -> tuple[str, int]:
    name, at, number = text.partition("@")
    return (name, int(number)) if at and number.isdigit() else (text, 0)


@app.command()
def apply(
    file: File,
    effective: Annotated[
        str, typer.Option(metavar="DATE", help="In force from then on; without it, as soon as allowed.")
    ] = "",
    note: Annotated[str, typer.Option(help="Why; goes to the audit log.")] = "",
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Put a plan into force; grants under it follow after their notice. Example: bursar plan apply eng.yaml --effective 2027-01-01"""
    checked = read(file)
    with desk() as office:
        outcome = rollout.apply_plan(office, checked, effective=effective, note=note, dry_run=dry_run)
    if json:
        show_json(outcome)
        return
    if not outcome["changed"]:
        console.print(f"{outcome['plan']} says what version {outcome['version']} says: nothing changes.", markup=False)
        return
    verb = "would be" if dry_run else "is"
    console.print(
        f"{outcome['plan']} version {outcome['version']} {verb} in force from {outcome['effective']}.", markup=False
    )
    show_table(
        (
            Column("person", kept=True),
            Column("from"),
            Column("before", number=True),
            Column("after", number=True),
            Column("tier"),
            Column("grant", quiet=True),
        ),
        [
            (one["person"], one["from"], one["before"], one["after"], one["tier"], one["grant"])
            for one in outcome["grants"]
        ],
        empty="No grant is under it yet. Give one with `bursar grant give ada --plan NAME`.",
    )


@app.command()
def explain(
    plan: Annotated[str, typer.Argument(help="A plan or a file; leave it out to explain a person's own grants.")] = "",
    person: Annotated[str, typer.Option(help="Whose grants, or for whom the plan.")] = "",
    months: Annotated[int, typer.Option(min=1, max=explanations.MAX_MONTHS, help="How far ahead.")] = 12,
    use: Annotated[str, typer.Option(metavar="AMOUNT", help="Spent every month, evenly.")] = "",
    starts: Annotated[str, typer.Option(metavar="DATE", help="First day under the plan.")] = "",
    hired: Annotated[str, typer.Option(metavar="DATE", help="Hire date.")] = "",
    level: Annotated[str, typer.Option(help="Level of the person.")] = "",
    role: Annotated[str, typer.Option(help="Role of the person.")] = "",
    team: Annotated[str, typer.Option(help="Team of the person.")] = "",
    job_family: Annotated[str, typer.Option("--job-family", help="Job family of the person.")] = "",
    location: Annotated[str, typer.Option(help="Place of work.")] = "",
    json: Json = False,
) -> None:
    """Say what will be released, roll, expire and vest. Example: bursar plan explain --person ada --months 12"""
    if not plan:
        if not person:
            raise InvalidInput("person", "nothing", "--person, or a plan to explain")
        with desk() as office:
            told = explanations.explain_person(office, person, months, use)
    else:
        given = {"level": level, "role": role, "team": team, "job_family": job_family, "location": location}
        if person:
            with desk() as office:
                holder = office.person(person)
            given = {**holder, **{key: value for key, value in given.items() if value}}
            hired = hired or holder["hire_date"]
        told = explanations.explain_plan(
            _named(*_versioned(plan)), given, months, starts=starts, hired=hired, use=use, now=system_clock()
        )
    if json:
        show_json(told)
        return
    for sentence in told["sentences"]:
        console.print(sentence, markup=False)
    if not told["sentences"]:
        console.print("Nothing will happen: there is no grant.", markup=False)
    if told.get("unmet_nanos"):
        console.print(
            f"{money(told['unmet_nanos'])} of that use would be covered by no lot.", markup=False, style="yellow"
        )


@app.command()
def replay(
    file: Annotated[
        str, typer.Argument(metavar="[FILE]", help="The changed plan; without it, only prices change.")
    ] = "",
    start: Annotated[str, typer.Option("--from", metavar="DATE", help="First day of the past to run again.")] = "",
    end: Annotated[str, typer.Option("--to", metavar="DATE", help="Up to then (exclusive); without it, now.")] = "",
    prices: Annotated[
        str, typer.Option(metavar="FILE", help="Price overlays (a YAML list) on top of those in force.")
    ] = "",
    person: Annotated[str, typer.Option(help="Only this person.")] = "",
    json: Json = False,
) -> None:
    """Run past usage again under changed terms or prices. Example: bursar plan replay eng.yaml --from 2026-07-01 --to 2026-10-01"""
    from bursar.office.terms import replays

    if not start:
        raise InvalidInput("from", "nothing", "the first day of the past to run again")
    checked = read(Path(file)) if file else None
    overlays = _overlays(Path(prices)) if prices else []
    with desk() as office:
        told = replays.replay(office, start=start, end=end, plan=checked, overlays=overlays, person=person)
    if json:
        show_json(told)
        return
    names = ("released_nanos", "spent_nanos", "unmet_nanos", "expired_nanos", "left_nanos")
    rows = [*told["people"], {"person": "everybody", "before": told["before"], "after": told["after"]}]
    show_table(
        (Column("person", kept=True), *(Column(f"{name.removesuffix('_nanos')}", number=True) for name in names)),
        [
            (row["person"], *(_change(row["before"].get(name, 0), row["after"].get(name, 0)) for name in names))
            for row in rows
        ],
        empty="Nobody used anything then.",
    )


def _change(before: int, after: int) -> str:
    return money(after) if before == after else f"{money(after)} ({money(after - before, sign=True)})"


def _overlays(file: Path) -> list[dict[str, Any]]:
    try:
        found = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise InvalidInput(str(file), str(error).partition("\n")[0], "a YAML list of price overlays") from None
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise InvalidInput(str(file), type(found).__name__, "a YAML list of price overlays")
    return found


@app.command("test")
def prove(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The plan.")],
    specs: Annotated[
        Path | None, typer.Argument(metavar="[SPECS]", help="Without it, the plan's NAME.test.yaml.")
    ] = None,
    json: Json = False,
) -> None:
    """Hold a plan against its specs: given this, expect that. Example: bursar plan test engineering.yaml"""
    from bursar.grants.specs import run_specs

    beside = specs or file.with_suffix(".test.yaml")
    try:
        text = beside.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(str(beside), str(error), "a file of specs: name, given, expect") from None
    results = run_specs(text, read(file).plan, str(beside))
    if json:
        show_json(
            [
                {
                    "name": one.name,
                    "passed": one.passed,
                    "line": one.line,
                    "differences": [str(each) for each in one.differences],
                }
                for one in results
            ]
        )
    else:
        for one in results:
            console.print(
                f"{'passed' if one.passed else 'FAILED'}  {one.name}", markup=False, style="" if one.passed else "red"
            )
            for each in one.differences:
                console.print(f"        {beside}:{each.line}: {each}", markup=False)
        console.print(f"{sum(one.passed for one in results)} of {len(results)} passed.", markup=False)
    if not all(one.passed for one in results):
        raise typer.Exit(1)


@app.command()
def new(
    template: Annotated[str, typer.Argument(help="Name of a template; without it, a list of them.")] = "",
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="FILE", help="Write there; never over a file.")
    ] = None,
) -> None:
    """Start a plan from a template. Example: bursar plan new quarterly-rollover -o engineering.yaml"""
    from bursar.plans import templates

    if not template:
        show_table(
            (Column("template"), Column("what it is")),
            [(name, load(templates.text(name), name).plan.title) for name in templates.names()],
        )
        return
    text = templates.text(template)
    if out is None:
        typer.echo(text, nl=False)  # as it is: a console would break long lines, and with them the YAML
        return
    try:
        with out.open("x", encoding="utf-8") as opened:
            opened.write(text)
    except OSError as error:
        raise InvalidInput("out", str(error), "a file that does not exist yet") from None
    console.print(f"Wrote {out}. Then: bursar plan check {out}", markup=False)


@app.command()
def ocf(
    plan: Annotated[str, typer.Argument(help="A plan in force, or a file, that vests.")],
    transactions: Annotated[
        bool,
        typer.Option("--transactions", help="The starts, events and accelerations of its grants instead of its terms."),
    ] = False,
) -> None:
    """Print a plan's vesting as an Open Cap Format file. Example: bursar plan ocf vesting-grant > VestingTerms.ocf.json"""
    from bursar.exchange import ocf as format_
    from bursar.office.terms import vesting_export

    checked = _named(*_versioned(plan))
    if transactions:
        with desk() as office:
            console.out(vesting_export.transactions_file(office, checked.plan.name), highlight=False)
    else:
        console.out(format_.write_terms_file([vesting_export.terms_of(checked.plan)]), highlight=False)
