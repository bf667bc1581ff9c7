"""What it brought: outcomes that somebody declares, set beside what was spent; never tokens alone, and none built in.

An outcome is what a house says it is: a change that was accepted, a ticket that was closed. A source of them is a plug-in
(entry point group `bursar.outcomes`) or a file. Without any, the answer is that nobody knows, and no ratio is made up.
Groups of fewer people than `least` are told together with nobody: they are left out.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import entry_points
from typing import Protocol, runtime_checkable

from bursar.errors import InvalidInput, NotFound

GROUP = "bursar.outcomes"
MAX_ROWS = 1_000_000
MAX_NAME = 200
COLUMNS = ("person", "outcome", "accepted")


@dataclass(frozen=True, slots=True)
class Outcome:
    """So many accepted outcomes of a person under a name."""

    person: str
    """Handle."""
    outcome: str
    accepted: int


@runtime_checkable
class Source(Protocol):
    """A plug-in: where outcomes come from. It is asked for a month and answers with what was accepted in it."""

    name: str
    what: str
    """What an outcome is, in a sentence that is shown beside every figure."""

    def outcomes(self, month: str) -> Iterable[Outcome]: ...


@dataclass(frozen=True, slots=True)
class Cost:
    """What an accepted outcome cost, of one kind; nano-units."""

    outcome: str
    people: int
    accepted: int
    amount: int
    """What these people spent."""

    @property
    def each(self) -> float:
        return self.amount / self.accepted


@dataclass(frozen=True, slots=True)
class Judged:
    """What can be said."""

    known: bool
    """False: nobody declared any outcome."""
    costs: tuple[Cost, ...]
    withheld: int
    """Kinds of outcome with too few people to be told."""

    @property
    def sentence(self) -> str:
        if not self.known:
            return "unknown: nobody declared an outcome, and tokens are none"
        return f"{len(self.costs)} told, {self.withheld} withheld for want of people"


def judged(outcomes: Sequence[Outcome], spent: Mapping[str, int], least: int) -> Judged:
    """Cost by accepted outcome and kind; `spent` is by handle, nano-units."""
    kinds: dict[str, dict[str, int]] = {}
    for one in outcomes:
        people = kinds.setdefault(one.outcome, {})
        people[one.person] = people.get(one.person, 0) + one.accepted
    costs: list[Cost] = []
    withheld = 0
    for name, people in sorted(kinds.items()):
        accepted = sum(people.values())
        if len(people) < least or not accepted:
            withheld += 1
            continue
        costs.append(Cost(name, len(people), accepted, sum(spent.get(one, 0) for one in people)))
    return Judged(bool(outcomes), tuple(costs), withheld)


def read(text: str, file: str = "outcomes") -> list[Outcome]:
    """Outcomes from CSV with the head `person,outcome,accepted`. Raises InvalidInput with the line; whole or not at all."""
    found: list[Outcome] = []
    rows = csv.reader(io.StringIO(text))
    head = [one.strip().lower() for one in next(rows, [])]
    if tuple(head) != COLUMNS:
        raise InvalidInput(f"{file}: line 1", ",".join(head)[:80] or "nothing", ",".join(COLUMNS))
    for row in rows:
        place = f"{file}: line {rows.line_num}"
        if not row:
            continue
        if len(found) >= MAX_ROWS:
            raise InvalidInput(place, f"more than {MAX_ROWS:,} rows", f"at most {MAX_ROWS:,}")
        cells = [one.strip() for one in row]
        if len(cells) != len(COLUMNS) or not all(cells) or any(len(one) > MAX_NAME for one in cells):
            raise InvalidInput(place, f"{len(cells)} cells", "a person, an outcome and how many were accepted")
        if not (cells[2].isascii() and cells[2].isdigit()) or len(cells[2]) > 9:
            raise InvalidInput(f"{place}: accepted", repr(cells[2][:20]), "a whole number, 0 or more")
        found.append(Outcome(cells[0], cells[1], int(cells[2])))
    return found


def sources() -> dict[str, Source]:
    """Every plug-in that is installed, by name; none is part of Bursar. Raises InvalidInput for one that is no source."""
    found = {}
    for entry in entry_points(group=GROUP):
        made = entry.load()()
        found[entry.name] = checked(entry.name, made)
    return found


def checked(name: str, made: object) -> Source:
    """A plug-in that keeps its contract. Raises InvalidInput."""
    if not isinstance(made, Source) or not isinstance(made.what, str) or not made.what.strip():
        raise InvalidInput(f"plug-in {name}", type(made).__name__, "a name, a sentence `what`, and outcomes(month)")
    return made


def source(name: str) -> Source:
    """A plug-in by its name. Raises NotFound."""
    known = sources()
    if name not in known:
        raise NotFound(f"no plug-in {name[:80]!r} gives outcomes", f"installed are: {', '.join(known) or 'none'}")
    return known[name]
