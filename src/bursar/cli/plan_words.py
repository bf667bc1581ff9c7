"""`bursar plan letter | posting | framing`: what a plan says to those who are not under it yet."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from bursar.cli.options import Json, desk
from bursar.cli.render import Column, console, show_json, show_table
from bursar.errors import InvalidInput
from bursar.office.database import reading
from bursar.office.terms import plans
from bursar.plans import wording
from bursar.plans.check import load
from bursar.plans.document import MAX_BYTES
from bursar.plans.terms import Plan

Name = Annotated[str, typer.Argument(help="Name of a plan in force, or a file.")]
Tier = Annotated[str, typer.Option(help="One of its tiers.")]


def letter(
    name: Name,
    to: Annotated[str, typer.Option(help="Whom it is promised to.")],
    employer: Annotated[str, typer.Option(help="Who promises it.")],
    tier: Tier = "",
    pdf: Annotated[
        Path | None, typer.Option("--pdf", metavar="FILE", help="Print it: tagged PDF, fonts embedded.")
    ] = None,
    json: Json = False,
) -> None:
    """Write an offer letter's clause; refused while an answer is missing. Example: bursar plan letter stipend --to "Ada Abara" --employer "Acme Ltd" """
    plan = _plan(name)
    text = wording.letter(plan, to=to, employer=employer, tier=tier or None)
    if pdf is not None:
        _print(wording.clause(plan, to=to, employer=employer, tier=tier or None), pdf)
    if json:
        show_json({"markdown": text})
    else:
        console.print(text.rstrip(), markup=False)


def posting(name: Name, tier: Tier = "", json: Json = False) -> None:
    """What a job advertisement may say of it, with its restrictions. Example: bursar plan posting stipend --json"""
    found = wording.posting(_plan(name), tier or None)
    if json:
        show_json(found)
    else:
        console.print(found["jobBenefits"], markup=False)


def framing(name: Name, tier: Tier = "", json: Json = False) -> None:
    """The same terms told as tools and as pay, and what follows from each. Example: bursar plan framing stipend"""
    found = [wording.as_document(one) for one in wording.framings(_plan(name), tier or None)]
    if json:
        show_json(found)
        return
    show_table(
        (Column(""), *(Column(one["class"].replace("_", " ")) for one in found)),
        [
            ("said", *(one["sentence"] for one in found)),
            ("in total pay", *(one["in_headline"] or "nothing" for one in found)),
            ("payroll looks at", *(one["taxed"] for one in found)),
            ("worth a second thought", *("; ".join(each["code"] for each in one["advice"]) or "-" for one in found)),
        ],
    )


def _print(clause: wording.Clause, file: Path) -> None:
    from bursar.exchange.paper import printed

    day = datetime.now(UTC).date()
    document = {
        "title": clause.title,
        "as_of": f"{day.day} {day:%B %Y}",
        "promise": clause.promise,
        "standing": clause.standing,
        "answers": [{"question": question, "answer": answer} for question, answer in clause.answers],
        "terms": clause.terms,
    }
    content = printed("letter", document, day)
    try:
        file.write_bytes(content)
    except OSError as error:
        raise InvalidInput("pdf", str(error), "a file that can be written") from error


def _plan(name: str) -> Plan:
    if name.endswith((".yaml", ".yml")) or "/" in name:
        try:
            raw = Path(name).read_bytes()[: MAX_BYTES + 1]
            return load(raw.decode("utf-8"), name).plan
        except (OSError, UnicodeDecodeError) as error:
            raise InvalidInput(name, str(error), "a readable YAML file in UTF-8") from None
    with desk() as office, reading(office.engine) as connection:
        return plans.in_force(connection, name, 2**61).plan
