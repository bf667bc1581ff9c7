"""Simulating plans: what people write becomes a setup, the roster and its history the people, for every face alike."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from itertools import pairwise
from typing import TYPE_CHECKING

from bursar.calendar import months_later
from bursar.errors import InvalidInput
from bursar.insight.simulation.behaviour import CALM, Behaviour
from bursar.insight.simulation.engine import MAX_PEOPLE, Setup, run
from bursar.insight.simulation.outcome import Comparison, Outcome, compare, outcomes
from bursar.insight.simulation.usage import PRICES, Persona, Usage, parse_persona, parse_price
from bursar.money import NANO, parse_amount
from bursar.office import reports
from bursar.plans.terms import Plan

if TYPE_CHECKING:
    from bursar.office.desk import Desk

HISTORY_MONTHS = 12
"""How far back use is looked at."""
MAX_WORKERS = 4
_SHOWN_CHARS = 40

People = Sequence[Mapping[str, str]]
History = Mapping[str, Sequence[int]]


@dataclass(frozen=True, slots=True)
class Wishes:
    """What is simulated, as people write it."""

    months: int = 24
    scenarios: int = 1_000
    seed: int = 1
    start: str = ""
    """First month, `2026-04`; empty for the next."""
    price: str = "halving"
    usage: tuple[str, ...] = ()
    """Personas for all, or `TIER=PERSONA`."""
    growth: float = 3.0
    steady: bool = False
    burst: bool = True
    contract_discount: str = "0%"
    unit_price: str = ""


@dataclass(frozen=True, slots=True)
class Simulated:
    """What came out."""

    setup: Setup
    outcomes: list[Outcome]
    comparison: Comparison | None


def setup_of(wishes: Wishes, plans: Sequence[Plan], now: int) -> Setup:
    """The setup that is meant. Raises InvalidInput."""
    found = Usage(price=parse_price(wishes.price), growth=_growth(wishes.growth))
    if wishes.steady:
        found = replace(found, month_sigma=0.0, growth=1.0, growth_sigma=0.0, price=PRICES["flat"], shifts=0.0)
    return Setup(
        first=_first(wishes.start, now),
        months=wishes.months,
        scenarios=wishes.scenarios,
        seed=wishes.seed,
        usage=_with_personas(found, wishes.usage, plans),
        behaviour=Behaviour() if wishes.burst else CALM,
        discount=_discount(wishes.contract_discount),
        unit_price=_unit_price(wishes.unit_price),
        workers=min(MAX_WORKERS, os.cpu_count() or 1),
    )


def simulated(
    plans: Sequence[Plan],
    people: People,
    setup: Setup,
    history: History,
    watch: Callable[[float], None] | None = None,
) -> Simulated:
    """Run one plan, or two side by side. `watch` is told the share that is done, and ends the run by raising."""
    tallies = run(plans, people, setup, history, watch)
    return Simulated(setup, outcomes(tallies), compare(*tallies) if len(tallies) == 2 else None)


def people_of(desk: Desk) -> list[dict[str, str]]:
    """Whoever is on the roster and has not left. Raises InvalidInput if that is nobody."""
    found = [one for one in desk.people() if one["status"] != "left"]
    if not found:
        raise InvalidInput("roster", "nobody in the database", f"1 to {MAX_PEOPLE:,} people", "import a roster first")
    return found


def history_of(desk: Desk) -> dict[str, list[int]]:
    """Whole months of use at list price by handle, from each person's first month with some."""
    this = _day(desk.now()).replace(day=1)
    marks = [months_later(this, back) for back in range(-HISTORY_MONTHS, 1)]
    found: dict[str, list[int]] = {}
    for start, end in pairwise(marks):
        rows = reports.usage(desk, "person", start=start.isoformat(), end=end.isoformat())["rows"]
        here = {row["key"]: row["list_nanos"] for row in rows if row["list_nanos"] > 0}
        for handle in {*found, *here}:
            found.setdefault(handle, []).append(here.get(handle, 0))
    return found


def _day(now: int) -> date:
    return datetime.fromtimestamp(now // 1_000_000, UTC).date()


def _with_personas(usage: Usage, given: Sequence[str], plans: Sequence[Plan]) -> Usage:
    tiers = {tier.name for plan in plans for tier in plan.tiers}
    by_tier: dict[str, Persona] = {}
    everybody = usage.everybody
    for one in given:
        name, equals, text = one.partition("=")
        if not equals:
            everybody = parse_persona(one)
            by_tier = {**dict.fromkeys(tiers, everybody), **by_tier}
        elif name not in tiers:
            raise InvalidInput("usage", repr(name[:60]), f"a tier of the plan: {', '.join(sorted(tiers))}")
        else:
            by_tier[name] = parse_persona(text)
    return replace(usage, everybody=everybody, by_tier=by_tier)


def _first(text: str, now: int) -> date:
    if not text:
        return months_later(_day(now).replace(day=1), 1)
    try:
        found = date.fromisoformat(f"{text}-01" if len(text) == 7 else text)
    except ValueError:
        raise InvalidInput("from", repr(text[:_SHOWN_CHARS]), "a month such as 2026-04") from None
    if found.day != 1 or not 1970 <= found.year <= 2200:
        raise InvalidInput("from", repr(text[:_SHOWN_CHARS]), "the first day of a month from 1970 to 2200")
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
        raise InvalidInput("contract-discount", repr(text[:_SHOWN_CHARS]), "a share such as 25%, less than 100%")
    return value


def _unit_price(text: str) -> float:
    if not text:
        return 0.0
    found = parse_amount(text, field="unit-price")
    if not found.unit.is_currency or found.nanos <= 0:
        raise InvalidInput("unit-price", repr(text[:_SHOWN_CHARS]), "money for one unit, such as $0.000003")
    return found.nanos / NANO
