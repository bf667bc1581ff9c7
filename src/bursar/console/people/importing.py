"""A roster from another system: its columns told apart, every change shown, and only then done."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import islice
from typing import Annotated, Any

from fastapi import Depends
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response

from bursar.console import working
from bursar.console.people.area import AREA
from bursar.console.people.record import LABELS
from bursar.console.people.roster import CHANGE
from bursar.console.visit import Visit, Visitor
from bursar.errors import BursarError, Conflict, InvalidInput
from bursar.office.database import reading
from bursar.office.workforce import importing, people
from bursar.office.workforce.roster import FIELDS, MAX_TEXT_CHARS, compare, header_of, suggested

DOING = "Importing the roster"
NAME, QUESTION = "Import a roster", "What would it change?"
MAX_BYTES = 3 * 1024 * 1024
"""Of a file: the page carries it along until it is imported. Larger ones are for `bursar person import`."""
MAX_COLUMNS = 60
SHOWN = 100
NONE = "-"
"""In a form: a column that is left aside."""


@dataclass(frozen=True, slots=True)
class Sent:
    """The file, and what was chosen about it so far."""

    text: str
    name: str = "roster.csv"
    columns: dict[str, str] = field(default_factory=dict)
    leave_out: bool = False


async def _sent(request: Request) -> Sent:
    """Raises InvalidInput for a file that is none."""
    async with request.form(max_files=1, max_fields=MAX_COLUMNS + 20, max_part_size=2 * MAX_BYTES) as form:
        given, name = form.get("file"), str(form.get("name") or "roster.csv")
        text = str(form.get("roster") or "")
        if isinstance(given, UploadFile) and given.filename:
            raw, name = await given.read(MAX_BYTES + 1), given.filename
            if len(raw) > MAX_BYTES:
                raise InvalidInput("file", f"more than {MAX_BYTES:,} bytes", "a smaller one, or `bursar person import`")
            try:
                text = raw.decode("utf-8-sig")
            except UnicodeDecodeError:
                raise InvalidInput("file", "bytes that are no text", "a CSV file in UTF-8") from None
        chosen = [(str(one), str(form.get(f"column-{place}", ""))) for place, one in enumerate(form.getlist("header"))]
        columns = {one: "" if what == NONE else what for one, what in chosen if what}
        return Sent(text, name[:MAX_TEXT_CHARS], columns, bool(form.get("leave_out")))


File = Annotated[Sent, Depends(_sent)]


@AREA.page("/people/-/import", name=NAME, question=QUESTION, action="person.change", whose="house", in_menu=False)
def asking(visit: Visit) -> Response:
    visit.require(CHANGE)
    return visit.show("people/import.html", fields=FIELDS, most=MAX_BYTES)


@AREA.ask("/people/-/import/look", name=NAME, question=QUESTION, action="person.change", whose="house")
def look(visit: Visit, sent: File) -> Response:
    """What the file would change, by the columns as they are told apart now."""
    visit.require(CHANGE)
    if not sent.text.strip():
        raise InvalidInput("file", "nothing", "a CSV file with a header")
    return _looked(visit, sent)


@AREA.form("/people/-/import", name=NAME, question=QUESTION, action="person.change", whose="house")
def done(visit: Visit, sent: File) -> Response:
    """Import it: everything that was shown, or nothing."""
    visit.require(CHANGE)
    try:
        asked = importing.question(sent.text, sent.name, sent.columns, leave_out=sent.leave_out)
        found = working.begin(visit, importing.KIND, f"Import of {sent.name}", asked)
        if found.state == "failed":
            raise Conflict(found.problem, found.hint)
    except BursarError as error:
        return _looked(visit, sent, error)
    return visit.done("/people", "imported" if found.state == "done" else "")


@AREA.part("/people/-/import/progress", action="person.change", whose="house")
def progress(visit: Visit) -> Response:
    visit.require(CHANGE)
    return working.followed(visit, importing.KIND, "/people/-/import/progress", "/people/-/import/cancel", DOING)


@AREA.form("/people/-/import/cancel", action="person.change", whose="house")
def cancel(visit: Visit) -> Response:
    """Nothing is changed by what was begun."""
    visit.require(CHANGE)
    return working.cancelled(visit, importing.KIND, "/people")


def _looked(visit: Visitor, sent: Sent, error: BursarError | None = None) -> Response:
    header = header_of(sent.text)
    if len(header) > MAX_COLUMNS:
        raise InvalidInput("header", f"{len(header)} columns", f"at most {MAX_COLUMNS}")
    columns = {one: sent.columns.get(one, guess) for one, guess in suggested(header).items()}
    with reading(visit.caller.desks.engine) as connection:
        known = people.listed(connection)
    values: dict[str, Any] = {
        "sent": sent,
        "columns": columns,
        "options": [(NONE, "leave it aside"), *((name, LABELS[name]) for name in FIELDS)],
        "labels": LABELS,
        "shown": SHOWN,
        "found": None,
        "none": NONE,
    }
    try:
        found = compare(sent.text, known, columns=columns, leave_out=sent.leave_out)
    except BursarError as refused:
        return visit.show_faults("people/looked.html", error or refused, **values)
    values |= {"found": found, "changes": list(islice(found.changes(known), SHOWN))}
    if error is not None:
        return visit.show_faults("people/looked.html", error, **values)
    return visit.show("people/looked.html", **values)
