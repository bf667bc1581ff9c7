"""From a form to an offer's document and back.

`I don't know` leaves a field out, which makes it a question. What a file says and no control can show (`OTHER`) stays as it
is. A choice that rules another control out (`inapplicable`) drops its fields, so a form never contradicts itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from copy import deepcopy
from decimal import Decimal
from typing import Any

from bursar.errors import InvalidInput
from bursar.money import CURRENCIES
from bursar.offers.controls import CONTROLS, Control
from bursar.offers.document import MAX_LINES, UNKNOWN
from bursar.offers.telling import said
from bursar.plans.document import Fault

Document = dict[str, Any]
Values = dict[str, str]
"""By control, a choice's word or a text; empty: I don't know."""

OTHER = "as in the file"
"""What only the file says."""
UNLIMITED = "unlimited"
MAX_VALUE_CHARS = 200
_BARE = re.compile(r"(\d[\d,_ ]*(?:\.\d+)?) ?([kKmM]?)", re.ASCII)
_TIMES = {"": 1, "k": 1_000, "m": 1_000_000}
_OF_A_LIMIT = frozenset(
    {"every", "expires", "rollover", "vesting", "limit", "approval", "own", "leaving", "unit_price"}
)


def blank() -> Document:
    """Where a form begins: the most debated promise, of which nothing else is said."""
    return {"bursar": "offer/1", "name": "offer", "tokens": {"amount": "$10,000", "every": "year"}}


def values_of(document: Mapping[str, Any], line: int = 0) -> Values:
    """What stands in each control for a document, and for one of its lines. Raises `InvalidInput` without that line."""
    found = _with_line(document, line)
    return {name: _value(control, found) for name, control in CONTROLS.items()}


def filled(document: Mapping[str, Any], values: Mapping[str, str], line: int = 0) -> Document:
    """The document with what a form says; controls that are not in `values` are left as they are.

    Raises `InvalidInput` for a word that no choice has.
    """
    found = _with_line(document, line)
    given = {name: _normal(CONTROLS[name], values[name], found) for name in values if name in CONTROLS}
    whole = {**{name: _value(control, found) for name, control in CONTROLS.items()}, **given}
    ruled_out = inapplicable(whole)
    for name, value in given.items():
        if value != OTHER:
            _clear(found, CONTROLS[name].paths)
    for name, value in given.items():
        if name not in ruled_out and value != OTHER:
            _set(found, CONTROLS[name], value)
    return _tidy(found, document, line)


def inapplicable(values: Mapping[str, str]) -> dict[str, str]:
    """Controls that the others rule out, each with why."""
    found: dict[str, str] = {}
    amount = values.get("amount", "")
    if amount in ("", UNLIMITED):
        found |= dict.fromkeys(_OF_A_LIMIT, "there is no limit" if amount else "the amount is not known")
    elif not _in_units(amount):
        found["unit_price"] = "the amount is in money"
    if values.get("vesting") not in ("", "no", OTHER, None):
        found.setdefault("rollover", "it comes as it vests")
    if values.get("every") == "once":
        found.setdefault("rollover", "it comes once")
    if values.get("expires") not in ("", "period", OTHER, None):
        found.setdefault("rollover", "it does not end with its period")
    if values.get("limit") in ("stop", "topped-up"):
        found.setdefault("approval", "nobody is asked")
    if values.get("limit") == "topped-up":
        found.setdefault("own", "more comes without a word")
    if values.get("use") == "work":
        found["would_buy"] = "what only work may use replaces nothing of yours"
    if values.get("taxed") == "not":
        found["grossed_up"] = "there is no tax on it"
    if values.get("currency", "").upper() in ("", "USD"):
        found["rate"] = "the offer is in dollars"
    return found


def presumed(control: Control, values: Mapping[str, str]) -> str:
    """What stands in for a control that is not known, beside the others."""
    if control.name == "every" and values.get("vesting") not in ("", "no", None):
        return "once, as it vests"
    if control.name == "expires" and values.get("every") == "once":
        return "never"
    return control.presumed


def lines_of(document: Mapping[str, Any]) -> list[str]:
    """The names of an offer's promises."""
    return [str(one.get("name") or "tokens") for one in _lines(document)]


def controls_of(faults: Iterable[Fault], line: int = 0) -> tuple[dict[str, Fault], list[Fault]]:
    """Faults by the control that they are about, and those that are about none."""
    found: dict[str, Fault] = {}
    others = []
    for fault in faults:
        path = re.sub(rf"^tokens\.{line}\.", "tokens.", fault.field)
        names = [
            n for n, control in CONTROLS.items() if any(path == p or path.startswith(f"{p}.") for p in control.paths)
        ]
        if not names:
            names = [n for n, control in CONTROLS.items() if any(p.startswith(f"{path}.") for p in control.paths[:1])][
                :1
            ]
        if names and names[0] not in found:
            found[names[0]] = fault
        else:
            others.append(fault)
    return found, others


def stops_of(control: Control, currency: str) -> list[str]:
    """What a slider writes at each of its stops."""
    if control.kind == "share":
        return [f"{stop:g}%" for stop in control.stops]
    return [said(stop, "USD" if control.kind == "dollars" else currency) for stop in control.stops]


def _value(control: Control, document: Document) -> str:
    present = {path: value for path in control.paths if (value := _at(document, path)) not in (None, UNKNOWN)}
    if control.name == "amount":
        return UNLIMITED if _at(document, "tokens.unlimited") else str(present.get("tokens.amount", ""))
    if not present:
        return ""
    if control.kind != "choice":
        only = next(iter(present.values()))
        return str(only) if isinstance(only, str | int | float) else OTHER
    for choice in control.choices:
        if all(_same(_at(document, path), value) for path, value in choice.fields.items()) and not (
            present.keys() - choice.fields.keys()
        ):
            return choice.word
    return OTHER


def _normal(control: Control, value: str, document: Document) -> str:
    """A value as documents have it: bare figures get their unit, words of choices are checked."""
    value = value.strip()
    if value in ("", OTHER):
        return value
    if control.kind == "choice":
        words = [one.word for one in control.choices]
        if value not in words:
            raise InvalidInput(control.label, repr(value[:60]), f"one of {', '.join(words)}")
        return value
    if len(value) > MAX_VALUE_CHARS:
        raise InvalidInput(control.label, f"{len(value)} characters", f"at most {MAX_VALUE_CHARS}")
    if control.name == "amount" and value.lower() == UNLIMITED:
        return UNLIMITED
    if control.name == "currency":
        return value.upper()
    bare = _BARE.fullmatch(value.removeprefix("$"))
    if bare is None:
        return value
    if control.kind == "share":
        return value if bare[2] else f"{value}%"
    if control.kind in ("money", "dollars"):
        if value.startswith("$") and not bare[2]:
            return value
        figure = Decimal(re.sub(r"[,_ ]", "", bare[1])) * _TIMES[bare[2].lower()]
        in_dollars = control.kind == "dollars" or value.startswith("$")
        currency = "USD" if in_dollars else str(document.get("currency") or "USD")
        whole = figure == figure.to_integral_value()
        written = f"{figure.to_integral_value():,f}" if whole else f"{figure:,f}"
        return f"${written}" if currency == "USD" else f"{written} {currency}"
    return value


def _in_units(amount: str) -> bool:
    """Is it counted in tokens or GPU hours?"""
    words = amount.replace("$", " ").split()
    return bool(words) and not amount.strip().startswith("$") and words[-1].upper() not in CURRENCIES


def _set(document: Document, control: Control, value: str) -> None:
    if control.name == "amount" and value in ("", UNLIMITED):
        _put(document, "tokens.unlimited", True)
    elif control.kind == "choice":
        chosen = next((one for one in control.choices if one.word == value), None)
        for path, field in (chosen.fields if chosen else {}).items():
            _put(document, path, deepcopy(field))
    elif value:
        _put(document, control.paths[0], value)


def _same(found: Any, wanted: Any) -> bool:
    """Is it the same, however it is written: yes or true, 3 or "3"?"""
    if isinstance(found, dict) and isinstance(wanted, dict):
        return found.keys() == wanted.keys() and all(_same(found[key], wanted[key]) for key in wanted)
    if isinstance(found, list | tuple) and isinstance(wanted, list | tuple):
        return len(found) == len(wanted) and all(_same(one, other) for one, other in zip(found, wanted, strict=True))
    if isinstance(found, bool):
        found = "yes" if found else "no"
    return str(found) == str(wanted)


def _lines(document: Mapping[str, Any]) -> list[Document]:
    given = document.get("tokens") or {}
    lines = given if isinstance(given, list | tuple) else [given]
    return [one for one in lines[:MAX_LINES] if isinstance(one, dict)] or [{}]


def _with_line(document: Mapping[str, Any], line: int) -> Document:
    """A copy in which `tokens` is the one line that the form shows."""
    lines = _lines(document)
    if not 0 <= line < len(lines):
        raise InvalidInput("line", str(line), f"0 to {len(lines) - 1}")
    found = deepcopy(dict(document))
    found["tokens"] = deepcopy(lines[line])
    return found


def _tidy(found: Document, before: Mapping[str, Any], line: int) -> Document:
    """The line back among the others; parts that nothing is left of are gone."""
    for name in ("pay", "me", "rates"):
        if found.get(name) == {}:
            del found[name]
    tokens = found["tokens"]
    if tokens.get("approval") == {}:
        del tokens["approval"]
    if isinstance(before.get("tokens"), list | tuple):
        lines = deepcopy(_lines(before))
        lines[line] = tokens
        found["tokens"] = lines
    return found


def _at(document: Document, path: str) -> Any:
    here: Any = document
    for name in path.split("."):
        if not isinstance(here, dict):
            return None
        here = here.get(name)
    return here


def _put(document: Document, path: str, value: Any) -> None:
    *rooms, name = path.split(".")
    here = document
    for room in rooms:
        if not isinstance(here.get(room), dict):
            here[room] = {}
        here = here[room]
    here[name] = value


def _clear(document: Document, paths: Iterable[str]) -> None:
    for path in paths:
        *rooms, name = path.split(".")
        here: Any = document
        for room in rooms:
            here = here.get(room) if isinstance(here, dict) else None
        if isinstance(here, dict):
            here.pop(name, None)
