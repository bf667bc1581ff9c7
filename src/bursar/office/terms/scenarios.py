"""What a plan may cost, who runs out and what is lost, for the people of this house: a simulation asked for and done."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import Connection

from bursar.calendar import months_later
from bursar.errors import InvalidInput
from bursar.insight.simulation.behaviour import CALM, Behaviour
from bursar.insight.simulation.engine import MAX_CELLS, MAX_PEOPLE, Setup, run
from bursar.insight.simulation.outcome import Comparison, Outcome, as_json, compare, outcomes
from bursar.insight.simulation.usage import PRICES, Persona, Usage, parse_persona, parse_price
from bursar.ledger import Store
from bursar.ledger.session import MICROS_PER_DAY
from bursar.money import NANO, parse_amount
from bursar.office.database import reading as looking
from bursar.office.figures import usage_sums
from bursar.office.workforce import people
from bursar.office.works.work import Outcome as Result
from bursar.plans.check import load
from bursar.plans.terms import Plan

if TYPE_CHECKING:
    from bursar.office.desk import Desk

KIND = "simulation"
HISTORY_MONTHS = 12
"""How far back use is looked at."""
MAX_WORKERS = 4
UNIT = "USD"


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of a simulation, as people write it."""

    months: int = 24
    scenarios: int = 1_000
    seed: int = 1
    start: str = ""
    """First month: 2026-04; without it, the next."""
    price: str = "halving"
    usage: tuple[str, ...] = ()
    """`moderate`, `$400@0.9`, or of a tier: `senior=heavy`."""
    growth: float = 3.0
    steady: bool = False
    """No growth, no drift, no noise."""
    burst: bool = True
    contract_discount: str = "0%"
    unit_price: str = ""
    history: bool = True
    """Use what people used in the last months."""


@dataclass(frozen=True, slots=True)
class Simulated:
    """What came out, whole: it is kept as JSON and read back as it was."""

    setup: Setup
    outcomes: list[Outcome]
    comparison: Comparison | None
    with_history: int
    """People whose use is drawn from their own past."""
    document: str = ""
    """The text that was asked about, so that somebody can go on with it."""


def setup_of(asked: Asked, plans: Sequence[Plan], today: date) -> Setup:
    """The engine's setup. Raises InvalidInput, which names the field."""
    found = Usage(price=parse_price(asked.price), growth=_growth(asked.growth))
    if asked.steady:
        found = replace(found, month_sigma=0.0, growth=1.0, growth_sigma=0.0, price=PRICES["flat"], shifts=0.0)
    return Setup(
        first=_first(asked.start, today),
        months=asked.months,
        scenarios=asked.scenarios,
        seed=asked.seed,
        usage=_with_personas(found, asked.usage, plans),
        behaviour=Behaviour() if asked.burst else CALM,
        discount=_discount(asked.contract_discount),
        unit_price=_unit_price(asked.unit_price),
        workers=min(MAX_WORKERS, os.cpu_count() or 1),
    )


def everybody(connection: Connection) -> list[dict[str, Any]]:
    """Who is simulated: the roster without those who left. Raises InvalidInput for an empty one."""
    found = [one for one in people.listed(connection) if one["status"] != "left"]
    if not found:
        raise InvalidInput("roster", "nobody in the database", f"1 to {MAX_PEOPLE:,} people", "or a CSV with --roster")
    return found


def history_of(store: Store, handles: Mapping[str, str], now: int) -> dict[str, list[int]]:
    """Whole months of use at list price by handle, from each person's first month with some; `handles` by person's id."""
    this = datetime.fromtimestamp(now / 1_000_000, UTC).date().replace(day=1)
    marks = [_day(months_later(this, back)) for back in range(-HISTORY_MONTHS, 1)]
    found: dict[str, list[int]] = {}
    for start, end in pairwise(marks):
        sums = store.read(lambda session, a=start, b=end: usage_sums.usage_by(session, "person", a, b, unit=UNIT))  # type: ignore[misc]
        here = {handles[one.key]: one.list_nanos for one in sums if one.list_nanos > 0 and one.key in handles}
        for handle in {*found, *here}:
            found.setdefault(handle, []).append(here.get(handle, 0))
    return found


def simulated(
    plans: Sequence[Plan],
    who: Sequence[Mapping[str, str]],
    setup: Setup,
    past: Mapping[str, Sequence[int]],
    beat: Callable[[int, int], None] | None = None,
    names: Sequence[str] = (),
) -> Simulated:
    """Run it; `names` are what to call the plans instead of their titles. Raises InvalidInput beyond the limits."""
    tallies = run(plans, who, setup, past, beat)
    found = outcomes(tallies)
    comparison = compare(*tallies) if len(tallies) == 2 else None
    if names:
        found = [replace(one, title=name) for one, name in zip(found, names, strict=True)]
        if comparison is not None:
            comparison = replace(comparison, first=names[0], second=names[1])
    return Simulated(setup, found, comparison, len(past))


def question(documents: Sequence[str], asked: Asked, today: date, *, names: Sequence[str] = ()) -> dict[str, Any]:
    """What long work is asked: plan documents, the second less the first, and what to call them.

    Raises InvalidInput before it is asked.
    """
    plans = [load(one).plan for one in documents]
    setup = setup_of(asked, plans, today)
    for plan in plans:
        if len(plan.tiers) * setup.months * setup.scenarios > MAX_CELLS:
            size = f"{len(plan.tiers)} tiers x {setup.months} months x {setup.scenarios:,} scenarios"
            raise InvalidInput("scenarios", size, f"at most {MAX_CELLS:,} together")
        if not plan.tiers[0].amount.unit.is_currency and not setup.unit_price:
            raise InvalidInput("unit-price", "nothing", f"what one of {plan.unit} costs at list price")
    return {"documents": list(documents), "names": list(names), "asked": asdict(asked), "now": today.isoformat()}


def work(desk: Desk, given: dict[str, Any], beat: Callable[[int, int], None]) -> Result:
    """Do what `question` asked; returns what `outcome_of` reads."""
    asked = msgspec.convert(given["asked"], Asked)
    today = date.fromisoformat(given["now"])
    plans = [load(one).plan for one in given["documents"]]
    with looking(desk.engine) as connection:
        who = everybody(connection)
    now = _day(today) * MICROS_PER_DAY
    past = history_of(desk.store, {one["id"]: one["handle"] for one in who}, now) if asked.history else {}
    beat(0, 1)
    found = simulated(plans, who, setup_of(asked, plans, today), past, beat, given["names"])
    found = replace(found, document=given["documents"][-1])
    return Result(msgspec.json.encode(found), name=f"simulation-{plans[-1].name}.json")


def outcome_of(written: bytes) -> Simulated:
    """What `work` wrote down."""
    return msgspec.json.decode(written, type=Simulated)


def document_of(written: bytes) -> bytes:
    """The same as a document for others, of schema `simulation/1`."""
    found = outcome_of(written)
    return json.dumps(as_json(found.setup, found.outcomes, found.comparison)).encode()


def _day(day: date) -> int:
    return (day - date(1970, 1, 1)).days


def _with_personas(usage: Usage, given: Sequence[str], plans: Sequence[Plan]) -> Usage:
    tiers = {tier.name for plan in plans for tier in plan.tiers}
    by_tier: dict[str, Persona] = {}
    everyone = usage.everybody
    for one in given:
        name, equals, text = one.partition("=")
        if not equals:
            everyone = parse_persona(one)
            by_tier = {**dict.fromkeys(tiers, everyone), **by_tier}
        elif name not in tiers:
            raise InvalidInput("usage", repr(name[:60]), f"a tier of the plan: {', '.join(sorted(tiers))}")
        else:
            by_tier[name] = parse_persona(text)
    return replace(usage, everybody=everyone, by_tier=by_tier)


def _first(text: str, today: date) -> date:
    if not text:
        return months_later(today.replace(day=1), 1)
    try:
        found = date.fromisoformat(f"{text}-01" if len(text) == 7 else text)
    except ValueError:
        raise InvalidInput("from", repr(text[:40]), "a month such as 2026-04") from None
    if found.day != 1 or not 1970 <= found.year <= 2200:
        raise InvalidInput("from", repr(text[:40]), "the first day of a month from 1970 to 2200")
    return found


def _growth(value: float) -> float:
    if not 0.01 <= value <= 100:
        raise InvalidInput("growth", f"{value:g}", "0.01 to 100 times a year")
    return value


def _discount(text: str) -> float:
    number = text.strip().removesuffix("%")
    try:
        value = float(number) / 100
    except ValueError:
        value = -1.0
    if not text.strip().endswith("%") or not 0 <= value < 1:
        raise InvalidInput("contract-discount", repr(text[:40]), "a share such as 25%, less than 100%")
    return value


def _unit_price(text: str) -> float:
    if not text:
        return 0.0
    found = parse_amount(text, field="unit-price")
    if not found.unit.is_currency or found.nanos <= 0:
        raise InvalidInput("unit-price", repr(text[:40]), "money for one unit, such as $0.000003")
    return found.nanos / NANO
