"""What two plans say differently: term by term in words, and line by line as they were written."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from bursar.money import Amount, Unit, format_amount
from bursar.plans.terms import Plan, plain

Kind = Literal["same", "gone", "new", "place"]
_KINDS: dict[str, Kind] = {" ": "same", "-": "gone", "+": "new", "@": "place"}


@dataclass(frozen=True, slots=True)
class Difference:
    """One term; empty where a plan does not have it."""

    term: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a comparison of texts; `place` says where the next ones stand."""

    kind: Kind
    text: str


def differences(before: Plan, after: Plan) -> list[Difference]:
    """The terms that differ, in alphabetical order; none if both say the same."""
    old, new = terms(before), terms(after)
    return [
        Difference(name, old.get(name, ""), new.get(name, ""))
        for name in sorted({*old, *new})
        if old.get(name) != new.get(name)
    ]


def terms(plan: Plan) -> dict[str, str]:
    """Every term of a plan by its path, as one reads it: `tiers.senior.amount: $1,500.00`."""
    return dict(_terms("", {key: value for key, value in plain(plan).items() if key != "digest"}))


def lines(before: str, after: str, around: int = 2) -> list[Line]:
    """Two texts as one, with `around` lines around each difference; none if they are the same."""
    found = difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=around)
    # The first two lines name the files.
    return [Line(_KINDS[one[0]], one if one[0] == "@" else one[1:]) for one in list(found)[2:]]


def _terms(path: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict) and set(value) == {"nanos", "unit"}:
        yield path, format_amount(Amount(value["nanos"], Unit(value["unit"])))
    elif isinstance(value, dict):
        for key, one in value.items():
            yield from _terms(f"{path}.{key}" if path else key, one)
    elif isinstance(value, list) and any(isinstance(one, dict | list) for one in value):
        for index, one in enumerate(value):
            name = one.get("name") or index if isinstance(one, dict) else index
            yield from _terms(f"{path}.{name}", one)
    elif value not in (None, [], ""):
        yield path, ", ".join(map(str, value)) if isinstance(value, list) else str(value)
