"""Usage events as people and machines write them, read and checked before anything is charged.

Pure: text and known people in, events or InvalidInput out. CloudEvents 1.0 in structured mode (one JSON object, an array,
or one object after the other) and CSV say the same things; every fault is told with its line.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from bursar.calendar import micros, parse_instant, parse_zone
from bursar.errors import InvalidInput
from bursar.money import Amount, parse_amount

EVENT_TYPE = "dev.bursar.usage.v1"
SPEC_VERSION = "1.0"
MAX_EVENTS = 10_000
"""Events in one file: they are charged in one transaction."""
MAX_ID_CHARS = 200
MAX_TEXT_CHARS = 200
"""Of a source, a model, a project."""
MAX_REPORTED = 20
"""Faults of a file that are told at once."""
COLUMNS = ("id", "person", "amount", "time", "model", "purpose", "project")
NEEDED = ("id", "person", "amount", "time")
PURPOSES = ("work", "learning", "personal", "production")
_DATA = ("amount", "product", "model", "purpose", "project")

Known = dict[str, Any]
"""A person of the roster, of whom `id`, `handle`, `email` and `zone` are asked."""


@dataclass(frozen=True, slots=True)
class UsageEvent:
    """Something that was used, said by `source` under an `id` that never means anything else."""

    line: int
    source: str
    id: str
    person: str
    """Id of the person."""
    amount: Amount
    at: int
    """Microseconds UTC."""
    model: str = ""
    purpose: str = "work"
    project: str = ""

    @property
    def name(self) -> str:
        return f"event {self.id!r} of {self.source!r}"


@dataclass(frozen=True, slots=True)
class _Written:
    """An event as it stands in the file: every field a text."""

    line: int
    source: str
    fields: dict[str, str]


def read_events(text: str, known: Iterable[Known], *, csv_source: str) -> list[UsageEvent]:
    """Every event of a file, each once. Raises InvalidInput for the first fault, with further ones as its hint.

    What begins with `{` or `[` is JSON, everything else CSV, whose lines are of `csv_source`.
    """
    start = text.lstrip("\ufeff \t\r\n")[:1]
    if not start:
        raise InvalidInput("events", "nothing", "CloudEvents as JSON, or CSV with a header")
    faults: list[InvalidInput] = []
    written = list(_from_json(text, faults) if start in "{[" else _from_csv(text, csv_source))
    people = _by_name(known)
    events: dict[tuple[str, str], UsageEvent] = {}
    for one in written:
        try:
            event = _checked(one, people)
            before = events.setdefault((event.source, event.id), event)
            if _content(before) != _content(event):
                raise InvalidInput(
                    f"{_where(one.line)}id", f"{event.id!r}, as in line {before.line}", "other content once"
                )
        except InvalidInput as fault:
            faults.append(fault)
    if faults:
        raise _together(faults)
    return list(events.values())


def checked_event(fields: dict[str, str], source: str, known: Iterable[Known]) -> UsageEvent:
    """One event from its texts, by the same rules."""
    return _checked(_Written(0, source, fields), _by_name(known))


def _where(line: int) -> str:
    return f"line {line}: " if line else ""


def _content(event: UsageEvent) -> tuple[object, ...]:
    return (event.person, event.amount, event.at, event.model, event.purpose, event.project)


def _by_name(known: Iterable[Known]) -> dict[str, Known]:
    return {name: one for one in known for name in (one["id"], one["handle"], one["email"]) if name}


# What an event says.


def _checked(one: _Written, people: dict[str, Known]) -> UsageEvent:
    where, fields = _where(one.line), {name: value.strip() for name, value in one.fields.items()}
    for name in (name for name in NEEDED if not fields.get(name)):
        raise InvalidInput(f"{where}{name}", "nothing", _EXPECTED[name])
    _short(f"{where}id", fields["id"], MAX_ID_CHARS)
    _short(f"{where}source", one.source, MAX_TEXT_CHARS)
    for name in ("model", "project"):
        _short(f"{where}{name}", fields.get(name, ""), MAX_TEXT_CHARS)
    holder = people.get(fields["person"]) or people.get(fields["person"].lower())
    if holder is None:
        raise InvalidInput(f"{where}person", repr(fields["person"][:MAX_TEXT_CHARS]), _EXPECTED["person"])
    amount = parse_amount(fields["amount"], field=f"{where}amount")
    if not amount:
        raise InvalidInput(f"{where}amount", repr(fields["amount"]), "more than nothing")
    purpose = fields.get("purpose") or PURPOSES[0]
    if purpose not in PURPOSES:
        raise InvalidInput(f"{where}purpose", repr(purpose[:MAX_TEXT_CHARS]), f"one of {', '.join(PURPOSES)}")
    at = micros(parse_instant(fields["time"], parse_zone(holder["zone"]), field=f"{where}time"))
    model, project = fields.get("model", ""), fields.get("project", "")
    return UsageEvent(one.line, one.source, fields["id"], holder["id"], amount, at, model, purpose, project)


_EXPECTED = {
    "id": "an id that the source never gives to anything else",
    "person": "handle, e-mail or id of somebody on the roster",
    "amount": "what was used: 1.5 GPU-h, $3.20, 2M tokens of claude-sonnet",
    "time": "when it was used, such as 2026-11-20T15:00:00Z",
}


def _short(field: str, text: str, most: int) -> None:
    if len(text) > most or not text.isprintable():
        raise InvalidInput(field, f"{len(text)} characters", f"printable text of at most {most}")


# CloudEvents.


def _from_json(text: str, faults: list[InvalidInput]) -> Iterator[_Written]:
    for count, (line, found) in enumerate(_documents(text)):
        if count == MAX_EVENTS:
            raise InvalidInput("events", f"more than {MAX_EVENTS}", f"at most {MAX_EVENTS} in one file")
        try:
            yield _cloud_event(line, found)
        except InvalidInput as fault:
            faults.append(fault)


def _documents(text: str) -> Iterator[tuple[int, Any]]:
    """Line and content of every object: in an array, or one after the other."""
    decoder = json.JSONDecoder(parse_constant=_no_constant)
    place, line, counted = _after_space(text, 1 if text.startswith("\ufeff") else 0), 1, 0
    array = text[place] == "["
    if array:
        place = _after_space(text, place + 1)
    while place < len(text) and not (array and text[place] == "]"):
        line, counted = line + text.count("\n", counted, place), place
        try:
            found, place = decoder.raw_decode(text, place)
        except (ValueError, RecursionError) as error:
            at = line + text.count("\n", counted, getattr(error, "pos", counted))
            raise InvalidInput(f"line {at}", getattr(error, "msg", "JSON nested too deep"), "a JSON object") from error
        yield line, found
        place = _after_space(text, place)
        if array and text[place : place + 1] == ",":
            place = _after_space(text, place + 1)
        elif array and text[place : place + 1] != "]":
            raise InvalidInput(f"line {line}", "an array that does not go on", "a comma or the end of the array")
    if array and (place >= len(text) or text[place + 1 :].strip()):
        raise InvalidInput(f"line {text.count(chr(10)) + 1}", "no end of the array, or more after it", "one JSON array")


def _after_space(text: str, place: int) -> int:
    while place < len(text) and text[place] in " \t\r\n":
        place += 1
    return place


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _cloud_event(line: int, found: Any) -> _Written:
    where = _where(line)
    if not isinstance(found, dict):
        raise InvalidInput(f"{where}event", type(found).__name__, "a JSON object")
    for name, wanted in (("specversion", SPEC_VERSION), ("type", EVENT_TYPE)):
        if found.get(name) != wanted:
            raise InvalidInput(f"{where}{name}", repr(found.get(name))[:MAX_TEXT_CHARS], repr(wanted))
    for name in ("id", "source", "subject", "time"):
        if not isinstance(found.get(name), str) or not found[name].strip():
            raise InvalidInput(f"{where}{name}", repr(found.get(name))[:MAX_TEXT_CHARS], "a text, as CloudEvents says")
    if found["time"][-1:] not in "Zz" and "+" not in found["time"][10:] and "-" not in found["time"][10:]:
        raise InvalidInput(f"{where}time", repr(found["time"][:40]), "a time with its offset (RFC 3339)")
    media = found.get("datacontenttype", "application/json")
    if media != "application/json" or "data_base64" in found:
        raise InvalidInput(f"{where}datacontenttype", repr(media)[:MAX_TEXT_CHARS], "data in application/json")
    data = found.get("data")
    if not isinstance(data, dict):
        raise InvalidInput(f"{where}data", type(data).__name__, "a JSON object")
    for name, value in data.items():
        if name not in _DATA:
            raise InvalidInput(f"{where}data", f"the field {name[:40]!r}", f"only {', '.join(_DATA)}")
        if not isinstance(value, str):
            raise InvalidInput(f"{where}data.{name}", type(value).__name__, "a text (amounts too: '1.5 GPU-h')")
    if data.get("product") and data.get("model") and data["product"] != data["model"]:
        raise InvalidInput(f"{where}data.product", "a product and another model", "one of them")
    fields = {name: data.get(name, "") for name in ("amount", "purpose", "project")}
    fields |= {"id": found["id"], "person": found["subject"], "time": found["time"]}
    return _Written(line, found["source"].strip(), fields | {"model": data.get("model") or data.get("product", "")})


# CSV.


def _from_csv(text: str, source: str) -> list[_Written]:
    rows = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True)
    found: list[_Written] = []
    try:
        header = [name.strip() for name in next(rows, [])]
        wrong = sorted({name for name in header if name not in COLUMNS or header.count(name) > 1})
        if not header or wrong:
            raise InvalidInput("header", ", ".join(map(repr, wrong)) or "nothing", f"each once of {', '.join(COLUMNS)}")
        missing = [name for name in NEEDED if name not in header]
        if missing:
            raise InvalidInput("header", ", ".join(header)[:MAX_TEXT_CHARS], f"the columns {', '.join(missing)} too")
        for cells in rows:
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) != len(header):
                raise InvalidInput(f"line {rows.line_num}", f"{len(cells)} cells", f"{len(header)}, as in the header")
            if len(found) == MAX_EVENTS:
                raise InvalidInput("events", f"more than {MAX_EVENTS}", f"at most {MAX_EVENTS} in one file")
            found.append(_Written(rows.line_num, source, dict(zip(header, cells, strict=True))))
    except csv.Error as error:
        raise InvalidInput(f"line {rows.line_num}", str(error), "CSV as RFC 4180 describes it") from error
    return found


def _together(faults: list[InvalidInput]) -> InvalidInput:
    first, others = faults[0], faults[1:MAX_REPORTED]
    rest = len(faults) - 1 - len(others)
    more = [*(fault.sentence for fault in others), *([f"and {rest} more"] if rest else [])]
    return InvalidInput(first.field, first.found, first.expected, "; ".join(more))
