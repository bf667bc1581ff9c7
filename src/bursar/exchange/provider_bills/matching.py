"""A provider's bill held against the charges of the same days: what agrees, and why the rest does not.

Tokens are compared and not money, field by field as providers bill them, for each day of UTC and model. What passed
through the gateway is on the gateway's keys of the provider; every other key is use that went past it. A difference is

- `estimated`, `reconciled`, `unresolved`: a charge whose figures were not known. The provider's figures, less what is known exactly,
  are what such charges of the cell really used. What a reconciliation has set may be set again: bills grow late.
- `midnight`: a request that one side counts on the day before or after.
- `outside`: use that went past the gateway, by a person's key, address or telemetry.
- `suspense`: the same, and nobody knows whose.
- `late`: the provider has not spoken of that day yet, or before it was over.
- `unexplained`: everything else. It is never made to vanish.

Nothing here asks for the time or a database; findings say what has to be done and do nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from hashlib import blake2b

from bursar.exchange.provider_bills.sharing import shared
from bursar.exchange.provider_bills.values import Line, billed, fits, is_nothing, minus, plus
from bursar.prices import Usage

GATEWAY = ""
"""The owner of a key that the gateway itself uses."""
KNOWN = frozenset({"exact", "corrected"})
NOTHING = Usage()
PART = "."
"""Parts a place from the person of a part of it."""
Cell = tuple[str, str]
"""A day of UTC and a model."""


@dataclass(frozen=True, slots=True)
class Charged:
    """A charge as it stands after its corrections."""

    id: str
    person: str
    day: str
    model: str
    usage: Usage
    status: str = "exact"
    amount_nanos: int = 0
    place: str = ""
    """For use that went past the gateway and was charged from a bill: the person's part of its place."""
    key: str = ""
    """For such use: the provider's name of the key, or of the member."""


@dataclass(frozen=True, slots=True)
class Observed:
    """Use that somebody's own client told of, and that did not pass the gateway."""

    person: str
    day: str
    model: str
    usage: Usage


@dataclass(frozen=True, slots=True)
class Finding:
    """One difference with its explanation. `usage` is what is to be charged, or what is open."""

    kind: str
    day: str
    model: str
    usage: Usage
    key: str = ""
    person: str = ""
    charge: str = ""
    """The charge that is to be corrected."""
    before: Usage = NOTHING
    """What that charge says now."""
    place: str = ""
    why: str = ""
    requests: int | None = None
    stated_nanos: int | None = None
    """What the provider charges for exactly this, nano-USD; None where it does not say."""


@dataclass(frozen=True, slots=True)
class Compared:
    """One day and model: what the provider bills and what is charged, in the fields of a bill."""

    day: str
    model: str
    told: Usage
    charged: Usage
    charges: int
    kinds: tuple[str, ...] = ()
    """Of its findings; empty where both agree."""


@dataclass(frozen=True, slots=True)
class Matched:
    """All of a reconciliation."""

    cells: tuple[Compared, ...]
    findings: tuple[Finding, ...]
    gateway_keys: frozenset[str]
    assumed: bool
    """Nobody said which keys are the gateway's: those that fit the charges were taken."""

    def of(self, kind: str) -> tuple[Finding, ...]:
        return tuple(one for one in self.findings if one.kind == kind)


@dataclass(frozen=True, slots=True)
class Known:
    """What else is known. People by the provider's key and by address; use that was said to need no charge, by place."""

    owners: Mapping[str, str] = field(default_factory=dict)
    addresses: Mapping[str, str] = field(default_factory=dict)
    dismissed: Mapping[str, Usage] = field(default_factory=dict)
    observed: Sequence[Observed] = ()
    days: frozenset[str] = frozenset()
    """Days of which the provider has spoken."""
    growing: frozenset[str] = frozenset()
    """Those of them that were not over for long enough when it did."""


def place_of(provider: str, day: str, model: str, key: str) -> str:
    """The name of a place in a bill, the same whenever it is read; `key` is a member where no key is told."""
    return blake2b(repr((provider, day, model, key)).encode(), digest_size=12).hexdigest()


def part_of(place: str, person: str) -> str:
    """Somebody's part of a place."""
    return f"{place}{PART}{person}"


def match(
    provider: str,
    lines: Iterable[Line],
    charges: Iterable[Charged],
    known: Known,
    named: Callable[[str], str] = lambda model: model,
) -> Matched:
    """Compare. `named` gives a model the one name that its aliases share."""
    told = [replace(one, model=named(one.model), usage=billed(one.usage)) for one in lines]
    made = [_placed(provider, replace(one, model=named(one.model), usage=billed(one.usage))) for one in charges]
    watched = [replace(one, model=named(one.model), usage=billed(one.usage)) for one in known.observed]
    declared = frozenset(key for key, owner in known.owners.items() if owner == GATEWAY)
    gateway = declared or _assumed(told, made, known)
    findings: list[Finding] = []
    seen = _Observations(watched)
    outside = [one for one in told if _whose(one) and one.key not in gateway]
    findings += _beside(provider, outside, made, known, seen)
    through = [one for one in told if not _whose(one) or one.key in gateway]
    pooled = [one for one in made if not one.key or one.key in gateway]
    cells, more = _through(provider, through, pooled, known, seen)
    findings += more
    by_cell: dict[Cell, set[str]] = {}
    for one in findings:
        by_cell.setdefault((one.day, one.model), set()).add(one.kind)
    every = _cells(told, made, cells)
    compared = tuple(replace(one, kinds=tuple(sorted(by_cell.get((one.day, one.model), ())))) for one in every)
    order = sorted(findings, key=lambda one: (one.day, one.model, one.kind, one.key, one.charge, one.place))
    return Matched(compared, tuple(order), gateway, not declared)


def _whose(line: Line) -> str:
    """By what the provider tells use apart: a key, else a member of a team that has none."""
    return line.key or (line.user if "@" in line.user else "")


def _placed(provider: str, one: Charged) -> Charged:
    """A charge from a bill at its place, found anew: what a model is called may change with the price book."""
    if not one.place:
        return one
    return replace(one, place=part_of(place_of(provider, one.day, one.model, one.key), one.person))


class _Observations:
    """What clients told of, taken from as it is found in the bill: each of it explains one thing."""

    def __init__(self, observed: Iterable[Observed]) -> None:
        self._left: dict[Cell, dict[str, Usage]] = {}
        for one in observed:
            people = self._left.setdefault((one.day, one.model), {})
            people[one.person] = plus(people.get(one.person, NOTHING), one.usage)

    def take(self, cell: Cell, most: Usage) -> list[tuple[str, Usage]]:
        """Whose use is within this, the largest first: only what fits as a whole."""
        people = self._left.get(cell, {})
        found = []
        for person in sorted(people, key=lambda one: (-_size(people[one]), one)):
            if not is_nothing(people[person]) and fits(minus(most, people[person])):
                usage = people.pop(person)
                most = minus(most, usage)
                found.append((person, usage))
        return found

    def drop(self, cell: Cell, person: str) -> None:
        """Their use of this day stands in the bill under their own name."""
        self._left.get(cell, {}).pop(person, None)


def _beside(
    provider: str, lines: Sequence[Line], made: Sequence[Charged], known: Known, seen: _Observations
) -> list[Finding]:
    """Use by keys that are not the gateway's."""
    places: dict[str, Line] = {}
    for one in lines:
        place = place_of(provider, one.day, one.model, _whose(one))
        before = places.get(place)
        places[place] = one if before is None else _added(before, one)
    parts = _by_place(made)
    found = []
    for place, line in places.items():
        owner = known.owners.get(line.key) or known.owners.get(line.user) or known.addresses.get(line.user.lower(), "")
        if owner:
            seen.drop((line.day, line.model), owner)
        rest = line.usage
        for part in parts.get(place, ()):
            rest = minus(rest, part.usage)
        found += _past(place, rest, line, owner, parts.get(place, []), known, seen)
    return found


def _past(
    place: str,
    rest: Usage,
    line: Line,
    owner: str,
    parts: Sequence[Charged],
    known: Known,
    seen: _Observations,
) -> list[Finding]:
    """What one place of the bill asks for, beyond what was charged for it (`parts`) or dismissed."""
    stated = line.cost_nanos if rest == line.usage else None
    blank = Finding(
        "outside",
        line.day,
        line.model,
        rest,
        key=_whose(line),
        place=place,
        requests=line.requests,
        stated_nanos=stated,
    )
    if is_nothing(rest):
        return []
    if not fits(rest):
        if len(parts) == 1 and fits(plus(parts[0].usage, rest)):
            return [_part(blank, parts[0].person, rest, parts, "the bill tells less of it than was charged")]
        return [replace(blank, kind="unexplained", why="the bill tells less of it than was charged")]
    settled = known.dismissed.get(place)
    if settled is not None and fits(minus(rest, settled)):
        rest = minus(rest, settled)
        if is_nothing(rest):
            return []
    if owner:
        return [_part(blank, owner, rest, parts, "by the owner of its key or address")]
    found = []
    for person, usage in seen.take((line.day, line.model), rest):
        rest = minus(rest, usage)
        found.append(_part(blank, person, usage, parts, "by telemetry"))
    if not is_nothing(rest):
        stated = blank.stated_nanos if rest == blank.usage else None
        found.append(
            replace(blank, kind="suspense", usage=rest, why="nobody is known to own this key", stated_nanos=stated)
        )
    return found


def _part(blank: Finding, person: str, more: Usage, parts: Sequence[Charged], why: str) -> Finding:
    """Somebody's part of a place: charged anew, or what was charged of it set to its new total."""
    place = part_of(blank.place, person)
    before = next((one for one in parts if one.place == place), None)
    if before is None:
        stated = blank.stated_nanos if more == blank.usage else None
        return replace(blank, person=person, usage=more, place=place, why=why, stated_nanos=stated)
    return replace(
        blank,
        person=person,
        usage=plus(before.usage, more),
        place=place,
        charge=before.id,
        before=before.usage,
        why=why,
        stated_nanos=None,
    )


def _by_place(made: Iterable[Charged]) -> dict[str, list[Charged]]:
    found: dict[str, list[Charged]] = {}
    for one in made:
        if one.place:
            found.setdefault(one.place.partition(PART)[0], []).append(one)
    return found


def _through(
    provider: str, lines: Sequence[Line], made: Sequence[Charged], known: Known, seen: _Observations
) -> tuple[dict[Cell, tuple[Usage, Usage]], list[Finding]]:
    """Use by the gateway's keys, cell by cell; first what went over midnight."""
    told: dict[Cell, Usage] = {}
    requests: dict[Cell, int | None] = {}
    charges: dict[Cell, list[Charged]] = {}
    for line in lines:
        cell = (line.day, line.model)
        told[cell] = plus(told.get(cell, NOTHING), line.usage)
        count = requests.get(cell, 0)
        requests[cell] = None if line.requests is None or count is None else count + line.requests
    for one in made:
        charges.setdefault((one.day, one.model), []).append(one)
    rest: dict[Cell, Usage] = {}
    for cell in sorted({*told, *charges}):
        sums = NOTHING
        for one in charges.get(cell, ()):
            sums = plus(sums, one.usage)
        rest[cell] = minus(told.get(cell, NOTHING), sums)
    findings = _midnight(rest, charges)
    for cell, difference in rest.items():
        # What nobody settled is open however well the day agrees.
        if not is_nothing(difference) or any(one.status == "unresolved" for one in charges.get(cell, ())):
            findings += _explained(provider, cell, difference, charges.get(cell, []), requests.get(cell), known, seen)
    return {cell: (told.get(cell, NOTHING), NOTHING) for cell in rest}, findings


def _midnight(rest: dict[Cell, Usage], charges: Mapping[Cell, list[Charged]]) -> list[Finding]:
    """Neighbouring days whose differences cancel; they count as explained, and are taken out of the rest."""
    found = []
    for day, model in sorted(rest):
        following = (date.fromisoformat(day) + timedelta(days=1)).isoformat()
        one, other = rest[(day, model)], rest.get((following, model))
        if other is None or is_nothing(one) or not is_nothing(plus(one, other)):
            continue
        unsure = [*charges.get((day, model), ()), *charges.get((following, model), ())]
        if any(charge.status not in KNOWN for charge in unsure):
            continue
        rest[(day, model)] = rest[(following, model)] = NOTHING
        usage = one if fits(one) else other
        found.append(Finding("midnight", day, model, usage, why="the provider counts it on the neighbouring day"))
    return found


def _explained(
    provider: str,
    cell: Cell,
    difference: Usage,
    charges: Sequence[Charged],
    requests: int | None,
    known: Known,
    seen: _Observations,
) -> list[Finding]:
    """Why a cell of the gateway's own keys differs."""
    day, model = cell
    if known.days and day not in known.days:
        return [Finding("late", day, model, difference, why="the provider has not told of this day yet")]
    if day in known.growing:
        why = "the day was hardly over when the provider told of it: read the bill again"
        return [] if is_nothing(difference) else [Finding("late", day, model, difference, why=why)]
    unsure = [one for one in charges if one.status not in KNOWN]
    # A day with more requests than charges has use in it that is no charge of ours: who knows how much of the rest it is?
    mixed = requests is not None and requests > sum(1 for one in charges if not one.place)
    if unsure and not mixed:
        sums = difference
        for one in unsure:
            sums = plus(sums, one.usage)
        if fits(sums):
            return [
                Finding(
                    one.status,
                    day,
                    model,
                    usage,
                    person=one.person,
                    charge=one.id,
                    before=one.usage,
                    why="the provider's figures, less what is known exactly",
                )
                for one, usage in zip(unsure, shared(sums, [one.usage for one in unsure]), strict=True)
                if usage != one.usage or one.status == "unresolved"
            ]
    if is_nothing(difference):
        return []
    place = place_of(provider, day, model, GATEWAY)
    parts = _by_place(charges).get(place, [])
    if fits(difference) or parts:
        found = _past(place, difference, Line(day, model, difference), "", parts, known, seen)
        why = "by the gateway's own key, and through no gateway that this ledger knows"
        return [replace(one, why=why) if one.kind == "suspense" else one for one in found]
    return [Finding("unexplained", day, model, difference, why="more is charged than the provider bills")]


def _assumed(lines: Sequence[Line], made: Sequence[Charged], known: Known) -> frozenset[str]:
    """Which keys are the gateway's where nobody has said: those of whose tokens at least half fit into the charges."""
    left: dict[Cell, int] = {}
    for one in made:
        if not one.place:
            left[(one.day, one.model)] = left.get((one.day, one.model), 0) + _size(one.usage)
    by_key: dict[str, dict[Cell, int]] = {}
    for line in lines:
        if line.key and not known.owners.get(line.key):
            cells = by_key.setdefault(line.key, {})
            cells[(line.day, line.model)] = cells.get((line.day, line.model), 0) + _size(line.usage)
    found = set()
    for key, cells in sorted(by_key.items(), key=lambda pair: (-sum(pair[1].values()), pair[0])):
        covered = sum(min(size, left.get(cell, 0)) for cell, size in cells.items())
        if covered and 2 * covered >= sum(cells.values()):
            found.add(key)
            for cell, size in cells.items():
                left[cell] = max(0, left.get(cell, 0) - size)
    return frozenset(found)


def _cells(told: Sequence[Line], made: Sequence[Charged], more: Iterable[Cell]) -> list[Compared]:
    """Every day and model with both figures, all keys together."""
    bills: dict[Cell, Usage] = {}
    sums: dict[Cell, tuple[Usage, int]] = {}
    for line in told:
        cell = (line.day, line.model)
        bills[cell] = plus(bills.get(cell, NOTHING), line.usage)
    for one in made:
        usage, number = sums.get((one.day, one.model), (NOTHING, 0))
        sums[(one.day, one.model)] = (plus(usage, one.usage), number + 1)
    return [
        Compared(cell[0], cell[1], bills.get(cell, NOTHING), *sums.get(cell, (NOTHING, 0)))
        for cell in sorted({*bills, *sums, *more})
    ]


def _added(one: Line, other: Line) -> Line:
    counted = None if one.requests is None or other.requests is None else one.requests + other.requests
    cost = None if one.cost_nanos is None or other.cost_nanos is None else one.cost_nanos + other.cost_nanos
    return replace(one, usage=plus(one.usage, other.usage), requests=counted, cost_nanos=cost)


def _size(usage: Usage) -> int:
    return usage.total_input + usage.total_output
