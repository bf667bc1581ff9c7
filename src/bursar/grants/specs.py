"""Specs: what a plan does to a person, written down beside the plan and run in a rehearsal.

A spec file is a YAML list. Each spec names a person's dates (`given`) and what they have on some days (`expect`). Days are
the plan's own, in its time zone: a thing that is given happens at the beginning of its day, spending at noon, and what is
expected of a day is how things stand at its end. Nothing is expected that is not written.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter, ValidationError

from bursar.calendar import micros, to_local, to_utc
from bursar.calendar.instants import from_micros
from bursar.grants.rehearsal import Rehearsal, Spending
from bursar.ledger.values import Request
from bursar.money import Amount, Unit, format_amount, parse_amount
from bursar.plans.document import MAX_FAULTS, AmountText, Fault, Part, PlanFaults, Source, faults_of, shown
from bursar.plans.schedule import History, Pause, Segment, next_due
from bursar.plans.terms import ATTRIBUTES, Plan, Tier

MAX_SPECS = 200
"""In one file."""
MAX_EVENTS = 1_000
"""In one spec."""
MAX_EXPECTED = 1_000
"""Days of one spec."""
MAX_YEARS = 20
"""From the first day to the last that a spec looks at."""

Path = tuple[str | int, ...]
_RELEASING = ("release", "vest", "adjust")
_NOON = time(12)


class PersonPart(Part):
    """What a tier may ask of a person, or the tier itself."""

    tier: str | None = None
    level: str | None = None
    job_family: str | None = None
    role: str | None = None
    team: str | None = None
    location: str | None = None

    @property
    def attributes(self) -> dict[str, str]:
        return {name: getattr(self, name) for name in ATTRIBUTES if getattr(self, name) is not None}


class EventPart(PersonPart):
    """One thing that happens on a day: exactly one of used, paused, resumed, leaves, or a change of the person."""

    on: date
    used: AmountText | None = None
    provider: str | None = None
    model: str | None = None
    purpose: Literal["work", "learning", "personal"] | None = None
    paused: Literal[True] | None = None
    resumed: Literal[True] | None = None
    leaves: Literal[True] | None = Field(default=None, description="It is the last day.")


class GivenPart(PersonPart):
    """A person and their dates; the grant starts on the hire date unless `starts` says otherwise."""

    hired: date | None = None
    starts: date | None = None
    events: Annotated[tuple[EventPart, ...], Field(max_length=MAX_EVENTS)] = ()


class ExpectPart(Part):
    """How things stand at the end of a day."""

    on: date
    available: AmountText | None = None
    lots: Annotated[int, Field(ge=0)] | None = Field(default=None, description="Open, with something left in them.")
    released_so_far: AmountText | None = None
    used_so_far: AmountText | None = Field(default=None, description="Of lots; what no lot covered is unmet.")
    expired_so_far: AmountText | None = None
    rolled_so_far: AmountText | None = None
    taken_back_so_far: AmountText | None = None
    paid_out_so_far: AmountText | None = None
    unmet_so_far: AmountText | None = None
    next_release: Literal["none"] | date | None = None


class SpecPart(Part):
    """One spec."""

    name: Annotated[str, Field(min_length=1, max_length=200)]
    given: GivenPart
    expect: Annotated[tuple[ExpectPart, ...], Field(min_length=1, max_length=MAX_EXPECTED)]


_PARTS: tuple[type[Part], ...] = (SpecPart, GivenPart, EventPart, ExpectPart)
_FIELDS = frozenset(name for part in _PARTS for name in part.model_fields)
_ONE_OF = ("used", "paused", "resumed", "leaves")


@dataclass(frozen=True, slots=True)
class Situation:
    """What is given, as the calendar and the ledger take it."""

    history: History
    spending: tuple[Spending, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """A day on which something is not as expected; both in people's words."""

    on: date
    what: str
    expected: str
    found: str
    line: int

    def __str__(self) -> str:
        return f"{self.on}: {self.what.replace('_', ' ')}: found {self.found}, expected {self.expected}"


@dataclass(frozen=True, slots=True)
class SpecResult:
    """What came of one spec."""

    name: str
    passed: bool
    differences: tuple[Difference, ...]
    line: int


def run_specs(text: str, plan: Plan, file: str = "specs") -> list[SpecResult]:
    """Run every spec of a file against a plan, in order. Raises `PlanFaults` for a file that is no list of specs."""
    wanted = "a list of specs with name, given and expect"
    source = Source(text, file, wanted)
    if not isinstance(source.value, list) or not source.value:
        found_here = "a list without specs" if source.value == [] else shown(source.value)
        raise PlanFaults([source.fault((), found_here, wanted)])
    specs = _shaped(Annotated[tuple[SpecPart, ...], Field(max_length=MAX_SPECS)], source)
    reader = _Reader(plan, source)
    known: set[str] = set()
    situations = []
    for index, spec in enumerate(specs):
        if spec.name in known:
            reader.wrong((index, "name"), repr(spec.name), "a name that no other spec of the file has")
        known.add(spec.name)
        situations.append(reader.situation(spec.given, (index, "given")))
        reader.check_days(spec, (index,))
    reader.refuse()
    found = []
    for index, (spec, situation) in enumerate(zip(specs, situations, strict=True)):
        assert situation is not None
        differences = tuple(_differences(spec, situation, plan, source, index))
        found.append(SpecResult(spec.name, not differences, differences, source.fault((index,), "", "").line))
    return found


def situation(text: str, plan: Plan, file: str = "given") -> Situation:
    """Read the `given` part of a spec alone. Raises `PlanFaults`."""
    source = Source(text, file, "what is given: hired, starts, tier, events")
    reader = _Reader(plan, source)
    found = reader.situation(_shaped(GivenPart, source), ())
    reader.refuse()
    assert found is not None
    return found


def end_of_day(day: date, plan: Plan) -> int:
    """The last microsecond of a day in a plan's time zone."""
    return _instant(day + timedelta(days=1), plan) - 1


def _shaped(shape: Any, source: Source) -> Any:
    try:
        return TypeAdapter(shape).validate_python(source.value)
    except ValidationError as error:
        raise PlanFaults(list(faults_of(error, source, _FIELDS))[:MAX_FAULTS]) from None


class _Reader:
    """Turns what is given into a history, and gathers what is wrong on the way."""

    def __init__(self, plan: Plan, source: Source) -> None:
        self.plan, self.source = plan, source
        self.faults: list[Fault] = []

    def wrong(self, path: Path, found: str, expected: str) -> None:
        self.faults.append(self.source.fault(path, found, expected))

    def refuse(self) -> None:
        if self.faults:
            raise PlanFaults(sorted(self.faults, key=lambda one: (one.line, one.column))[:MAX_FAULTS])

    def situation(self, given: GivenPart, path: Path) -> Situation | None:
        first = given.starts or given.hired
        if first is None:
            self.wrong(path, "neither hired nor starts", "the day on which the grant starts")
            return None
        person = given.attributes
        tier = self.tier(given, person, path)
        if tier is None:
            return None
        segments = [Segment(_instant(first, self.plan), self.plan, tier.name, tier.amount)]
        pauses: list[Pause] = []
        spending: list[Spending] = []
        last: date | None = None
        for at, event in sorted(enumerate(given.events), key=lambda one: one[1].on):
            here = (*path, "events", at)
            start = _instant(event.on, self.plan)
            if event.on < first:
                self.wrong((*here, "on"), str(event.on), f"{first}, when the grant starts, or a later day")
            kind = self.kind(event, here)
            if kind == "used":
                spending.append(self.spent(event, here))
            elif kind == "leaves":
                if last is not None:
                    self.wrong((*here, "leaves"), "another last day", f"one; it was {last}")
                last = event.on
            elif kind == "paused":
                if pauses and pauses[-1].until is None:
                    self.wrong((*here, "paused"), "a pause within a pause", "resumed before it")
                pauses.append(Pause(start, None))
            elif kind == "resumed":
                if not pauses or pauses[-1].until is not None:
                    self.wrong((*here, "resumed"), "the end of no pause", "paused before it")
                else:
                    pauses[-1] = Pause(pauses[-1].start, start)
            elif kind == "person":
                person |= event.attributes
                changed = self.tier(event, person, here)
                if changed is not None and changed.name != segments[-1].tier:
                    segments.append(Segment(start, self.plan, changed.name, changed.amount))
        ends = None if last is None else _instant(last + timedelta(days=1), self.plan)
        history = History(
            "grt_spec",
            segments[0].start,
            tuple(segments),
            given.hired,
            tuple(pauses),
            ends,
            "left" if ends else "ended",
        )
        return Situation(history, tuple(spending))

    def kind(self, event: EventPart, path: Path) -> str:
        """What an event is about; empty after a fault."""
        chosen = [name for name in _ONE_OF if getattr(event, name) is not None]
        if event.attributes or event.tier is not None:
            chosen.append("person")
        if len(chosen) != 1:
            found = " and ".join(chosen).replace("person", "a change of the person") or "nothing that happens"
            self.wrong(path, found, f"one of {', '.join(_ONE_OF)}, tier or {', '.join(ATTRIBUTES)}")
            return ""
        if chosen != ["used"]:
            for name in ("provider", "model", "purpose"):
                if getattr(event, name) is not None:
                    self.wrong((*path, name), f"it beside {chosen[0]}", "it beside used only")
        return chosen[0]

    def spent(self, event: EventPart, path: Path) -> Spending:
        assert event.used is not None
        amount = parse_amount(event.used)
        if str(amount.unit) != self.plan.unit:
            self.wrong((*path, "used"), repr(event.used), f"an amount in {self.plan.unit}, as the plan's")
        request = Request(
            event.provider or _example(self.plan.scope.providers),
            event.model or _example(self.plan.scope.models),
            event.purpose or _example(self.plan.scope.purposes),
        )
        at = micros(to_utc(datetime.combine(event.on, _NOON), self.plan.zone))
        return Spending(at, amount.nanos, str(amount.unit), request)

    def tier(self, given: PersonPart, person: Mapping[str, str], path: Path) -> Tier | None:
        names = ", ".join(tier.name for tier in self.plan.tiers)
        if given.tier is not None:
            named = self.plan.tier_named(given.tier)
            if named is None:
                self.wrong((*path, "tier"), repr(given.tier), f"one of the plan's tiers: {names}")
            return named
        if not person and len(self.plan.tiers) == 1:
            return self.plan.tiers[0]
        found = self.plan.tier_of(person)
        if found is None:
            told = ", ".join(f"{name} {value}" for name, value in person.items()) or "nobody in particular"
            self.wrong(path, told, f"somebody whom the plan is for, or one of its tiers: {names}")
        return found

    def check_days(self, spec: SpecPart, path: Path) -> None:
        first = spec.given.starts or spec.given.hired
        for index, expected in enumerate(spec.expect):
            here = (*path, "expect", index)
            if first is not None and not first <= expected.on < first + timedelta(days=366 * MAX_YEARS):
                self.wrong((*here, "on"), str(expected.on), f"a day within {MAX_YEARS} years from {first} on")
            if len(expected.model_fields_set) < 2:
                self.wrong(here, "a day of which nothing is expected", "an amount, lots or next_release")
            for name, value in expected:
                if name in _AMOUNTS and value is not None and str(parse_amount(value).unit) != self.plan.unit:
                    self.wrong((*here, name), repr(value), f"an amount in {self.plan.unit}, as the plan's")


_AMOUNTS = tuple(name for name in ExpectPart.model_fields if name == "available" or name.endswith("_so_far"))


def _differences(spec: SpecPart, situation: Situation, plan: Plan, source: Source, index: int) -> Iterator[Difference]:
    rehearsal = Rehearsal([situation.history])
    for number, expected in sorted(enumerate(spec.expect), key=lambda one: one[1].on):
        at = end_of_day(expected.on, plan)
        rehearsal.run(at, situation.spending)
        for name, wanted, found in _compared(expected, rehearsal, situation.history, plan, at):
            if wanted != found:
                line = source.fault((index, "expect", number, name), "", "").line
                yield Difference(expected.on, name, _told(wanted), _told(found), line)


def _compared(
    expected: ExpectPart, rehearsal: Rehearsal, history: History, plan: Plan, at: int
) -> Iterator[tuple[str, Any, Any]]:
    """Name, expected and found of everything that a day says."""
    lots = rehearsal.lots(rehearsal.person, at)
    sums = {
        "available": sum(lot.available for lot in lots if lot.open),
        "released_so_far": sum(one.released for one in rehearsal.done),
        "used_so_far": sum(lot.spent for lot in lots),
        "expired_so_far": sum(lot.expired for lot in lots),
        "rolled_so_far": sum(lot.rolled for lot in lots),
        "taken_back_so_far": sum(lot.revoked for lot in lots),
        "paid_out_so_far": sum(one.paid_out for one in rehearsal.done),
        "unmet_so_far": sum(amount for _, amount in rehearsal.unmet),
    }
    for name in _AMOUNTS:
        wanted = getattr(expected, name)
        if wanted is not None:
            yield name, parse_amount(wanted), Amount(sums[name], Unit(plan.unit))
    if expected.lots is not None:
        yield "lots", expected.lots, sum(1 for lot in lots if lot.open and lot.available)
    if expected.next_release is not None:
        yield "next_release", expected.next_release, _next_release(history, plan, at)


def _next_release(history: History, plan: Plan, at: int) -> date | Literal["none"]:
    event = next_due(history, at)
    while event is not None and event.kind not in _RELEASING:
        event = next_due(history, event.at)
    return "none" if event is None else to_local(from_micros(event.at), plan.zone).date()


def _told(value: Any) -> str:
    return format_amount(value, "exact") if isinstance(value, Amount) else str(value)


def _instant(day: date, plan: Plan) -> int:
    return micros(to_utc(datetime.combine(day, time()), plan.zone))


def _example(patterns: tuple[str, ...]) -> str:
    """A value that the first of some patterns admits; empty where everything is admitted."""
    return patterns[0].replace("*", "").replace("?", "x") if patterns else ""
