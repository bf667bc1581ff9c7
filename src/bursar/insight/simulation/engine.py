"""The engine: every person of a roster, every month, every scenario, as arrays that fit into a processor's cache.

Work is cut into blocks of scenarios, one for each thread at a time, and stretches of people within them. Each block
writes only its own columns of the tally, and amounts are whole numbers that float64 holds exactly, so an answer is the
same however it is cut. Nothing here knows a clock, a file or a global.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from bursar.errors import InvalidInput
from bursar.insight.simulation.behaviour import Behaviour
from bursar.insight.simulation.cohorts import Cohort, Step, automatic, cohort, grain_of, month_bounds, start_of
from bursar.insight.simulation.lots import Piles
from bursar.insight.simulation.usage import BLOCK_PEOPLE, Array, Draws, Histories, Paths, Usage, paths, wanted
from bursar.money import NANO
from bursar.plans.terms import ATTRIBUTES, Plan

MAX_PEOPLE = 200_000
MAX_MONTHS = 120
MAX_SCENARIOS = 10_000
MAX_NUMBERS = 10_000_000_000
"""People times months times scenarios: several minutes."""
MAX_CELLS = 4_000_000
"""Tiers times months times scenarios: what the tally of a plan is about, some 400 MB at most."""
MAX_WORKERS = 64
BLOCK_SCENARIOS = 128
"""Most scenarios that are worked on together."""
BINS = 128
"""Of the days after which people run out."""
STRETCH_NUMBERS = 16_384
"""People times scenarios that are worked on together: small enough to stay in the cache."""

Sum = Literal[
    "wanted",
    "used",
    "covered",
    "own",
    "unmet",
    "forfeited",
    "released",
    "carried",
    "balance",
    "exposure",
    "out",
    "out_at",
]
SUMS: tuple[Sum, ...] = Sum.__args__  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class Setup:
    """What is simulated, apart from plans and people."""

    first: date
    """First day of the first month."""
    months: int = 24
    scenarios: int = 1_000
    seed: int = 1
    usage: Usage = field(default_factory=Usage)
    behaviour: Behaviour = field(default_factory=Behaviour)
    discount: float = 0.0
    """Of the contract on list prices, share of one."""
    unit_price: float = 0.0
    """Dollars for one unit of a plan that is not in money, a token or a GPU hour, in the first month."""
    workers: int = 1

    def __post_init__(self) -> None:
        for name, found, most in (
            ("months", self.months, MAX_MONTHS),
            ("scenarios", self.scenarios, MAX_SCENARIOS),
            ("workers", self.workers, MAX_WORKERS),
        ):
            if not 1 <= found <= most:
                raise InvalidInput(name, f"{found:,}", f"1 to {most:,}")
        if not 0 <= self.discount < 1:
            raise InvalidInput("contract discount", f"{self.discount:.0%}", "0% to less than 100%")
        if not 0 <= self.seed < 2**63:
            raise InvalidInput("seed", str(self.seed), "a whole number from 0")


@dataclass(slots=True)
class Tally:
    """Sums over people, in units of `grain` nano-units: by sum, tier, month and scenario."""

    plan: Plan
    setup: Setup
    tiers: tuple[str, ...]
    sums: Array
    """(sums, tiers, months, scenarios)"""
    people: NDArray[np.int64]
    """(tiers, months): who has a grant in that month."""
    periods: NDArray[np.int64]
    """(tiers, months): periods that begin in it."""
    days: NDArray[np.int64]
    """(tiers, months, bins): periods by the day on which people ran out, in bins of `bin_days`."""
    bin_days: float
    period_days: float
    money: Array
    """(months, scenarios): nano-dollars in one unit of the engine."""
    head_count: int = 0
    left_out: int = 0
    """People for whom the plan is not."""

    def of(self, name: Sum) -> Array:
        """(tiers, months, scenarios)"""
        found: Array = self.sums[SUMS.index(name)]
        return found


@dataclass(slots=True)
class _Group:
    """People of one cohort: their places in the roster, in order."""

    cohort: Cohort
    tier: int
    rows: NDArray[np.int64]


@dataclass(slots=True)
class _Job:
    """One plan's part of a run."""

    plan: Plan
    groups: list[_Group]
    tally: Tally
    grain: int
    steps: tuple[tuple[str, float], ...]
    factors: Array
    """(months, scenarios): units of the engine for a dollar that a person uses in the first month."""


def run(
    plans: Sequence[Plan],
    people: Sequence[Mapping[str, str]],
    setup: Setup,
    history: Mapping[str, Sequence[int]] | None = None,
    watch: Callable[[float], None] | None = None,
) -> list[Tally]:
    """Run a roster under each plan with the same people, the same demand and the same prices.

    `people` have `level`, `job_family`, `role`, `team`, `location`, `hire_date` and `handle`; `history` gives months of
    past use in nano-dollars by handle. `watch` is told the share of the blocks that are done, from any thread; what it
    raises ends the run. Raises `InvalidInput` beyond the limits.
    """
    if not 1 <= len(people) <= MAX_PEOPLE:
        raise InvalidInput("roster", f"{len(people):,} people", f"1 to {MAX_PEOPLE:,}")
    currencies = sorted({plan.currency for plan in plans})
    if len(currencies) > 1:
        raise InvalidInput("currency", " and ".join(currencies), "plans in one currency, to be set side by side")
    numbers = len(people) * setup.months * setup.scenarios
    if numbers > MAX_NUMBERS:
        size = f"{len(people):,} people x {setup.months} months x {setup.scenarios:,} scenarios"
        raise InvalidInput("scenarios", size, f"at most {MAX_NUMBERS:,} together")
    common = paths(setup.usage, setup.months, setup.scenarios, setup.seed)
    placed = _places(plans[0], people, setup)
    order = sorted(range(len(people)), key=lambda row: (_key(placed[row]), row))
    ordered = [people[row] for row in order]
    places = [[placed[row] for row in order], *(_places(plan, ordered, setup) for plan in plans[1:])]
    jobs = [_job(plan, where, setup, common) for plan, where in zip(plans, places, strict=True)]
    past = _past(ordered, history)
    personas = _personas(places, setup.usage)
    blocks = _blocks(setup.scenarios)
    done = itertools.count(1)

    def work(block: tuple[int, int, int]) -> list[NDArray[np.int64]]:
        days = _block(jobs, personas, setup, past, *block)
        if watch is not None:
            watch(next(done) / len(blocks))
        return days

    if setup.workers == 1:
        found = [work(block) for block in blocks]
    else:
        with ThreadPoolExecutor(min(setup.workers, len(blocks))) as pool:
            found = _all(pool, work, blocks)
    for index, job in enumerate(jobs):
        job.tally.days = sum([one[index] for one in found], np.zeros_like(job.tally.days))
    return [job.tally for job in jobs]


def _all(
    pool: ThreadPoolExecutor,
    work: Callable[[tuple[int, int, int]], list[NDArray[np.int64]]],
    blocks: list[tuple[int, int, int]],
) -> list[list[NDArray[np.int64]]]:
    """Every block's days in order; the first error leaves out the blocks that have not begun."""
    try:
        return list(pool.map(work, blocks))
    except BaseException:
        pool.shutdown(wait=True, cancel_futures=True)
        raise


_Place = tuple[str, date, date | None]
"""Tier, start, and the hire date if periods are counted from it."""


def _places(plan: Plan, people: Sequence[Mapping[str, str]], setup: Setup) -> list[_Place | None]:
    """Where everybody belongs; None for whom the plan is not, or who starts after the end."""
    last = _last_day(setup)
    tier_of: dict[tuple[str, ...], str] = {}
    found: list[_Place | None] = []
    for person in people:
        key = tuple([person.get(name) or "" for name in ATTRIBUTES])
        if key not in tier_of:
            tier = plan.tier_of(dict(zip(ATTRIBUTES, key, strict=True)))
            tier_of[key] = tier.name if tier else ""
        dates = start_of(plan, person, setup.first, last)
        found.append((tier_of[key], *dates) if tier_of[key] and dates else None)
    return found


def _key(place: _Place | None) -> tuple[date, date, str]:
    return (date.max, date.max, "") if place is None else (place[1], place[2] or date.min, place[0])


def _personas(places: list[list[_Place | None]], usage: Usage) -> tuple[Array, Array]:
    """Everybody's median and sigma: of their tier in the first plan that has one for them, whatever the others say."""
    chosen = [next((place[0] for place in where if place), "") for where in zip(*places, strict=True)]
    known = {name: usage.persona_of(name) for name in set(chosen)}
    return np.array([known[name].median for name in chosen]), np.array([known[name].sigma for name in chosen])


def _blocks(scenarios: int) -> list[tuple[int, int, int]]:
    """Number, first and end of each block of scenarios; at least two where there are two, for two threads."""
    count = max(min(2, scenarios), -(-scenarios // BLOCK_SCENARIOS))
    marks = [scenarios * one // count for one in range(count + 1)]
    return [(number, marks[number], marks[number + 1]) for number in range(count)]


def _job(plan: Plan, places: list[_Place | None], setup: Setup, common: Paths) -> _Job:
    bounds = month_bounds(plan, setup.first, setup.months)
    found: dict[_Place, list[int]] = {}
    for row, place in enumerate(places):
        if place is not None:
            found.setdefault(place, []).append(row)
    if not found:
        expected = "somebody who is in one of its tiers before the last month ends"
        raise InvalidInput("roster", f"nobody of {len(places):,} whom {plan.name} is for", expected)
    tiers = tuple(tier.name for tier in plan.tiers if any(name == tier.name for name, *_ in found))
    if len(tiers) * setup.months * setup.scenarios > MAX_CELLS:
        size = f"{len(tiers)} tiers x {setup.months} months x {setup.scenarios:,} scenarios"
        raise InvalidInput("scenarios", size, f"at most {MAX_CELLS:,} together")
    groups = []
    for (name, start, hired), rows in sorted(found.items(), key=lambda one: one[1][0]):
        tier = plan.tier_named(name)
        assert tier is not None
        groups.append(_Group(cohort(plan, tier, start, hired, bounds), tiers.index(name), np.array(rows)))
    grain = grain_of(plan)
    in_money = plan.tiers[0].amount.unit.is_currency
    if not in_money and setup.unit_price <= 0:
        raise InvalidInput(
            "unit price", "none", f"what one of {plan.unit} costs at list price, as the plan is not in money"
        )
    price = setup.unit_price if setup.unit_price > 0 else 1.0
    per_unit = grain / NANO * price
    tally = _tally(plan, setup, tiers, groups, per_unit * NANO * (1 if in_money else common.price))
    tally.head_count = sum(len(one.rows) for one in groups)
    tally.left_out = len(places) - tally.head_count
    factors = common.quantity * (common.price if in_money else 1) / per_unit
    steps = tuple((kind, float(round(amount.nanos / grain))) for kind, amount in automatic(plan))
    return _Job(plan, groups, tally, grain, steps, factors)


def _last_day(setup: Setup) -> date:
    month = setup.first.year * 12 + setup.first.month - 1 + setup.months
    return date(month // 12, month % 12 + 1, 1)


def _tally(plan: Plan, setup: Setup, tiers: tuple[str, ...], groups: list[_Group], money: Array | float) -> Tally:
    size = (len(tiers), setup.months)
    people, periods = np.zeros(size, dtype=np.int64), np.zeros(size, dtype=np.int64)
    for group in groups:
        present = {step.month for step in group.cohort.steps}
        people[group.tier, sorted(present)] += len(group.rows)
        for step in group.cohort.steps:
            if step.opens:
                periods[group.tier, step.month] += len(group.rows)
    longest = max((group.cohort.period_days for group in groups), default=1.0)
    sums = np.zeros((len(SUMS), *size, setup.scenarios))
    days = np.zeros((*size, BINS), dtype=np.int64)
    whole = np.broadcast_to(np.asarray(money, dtype=np.float64), (setup.months, setup.scenarios))
    return Tally(plan, setup, tiers, sums, people, periods, days, max(longest, 1.0) / BINS, longest, whole)


def _past(people: Sequence[Mapping[str, str]], history: Mapping[str, Sequence[int]] | None) -> Histories | None:
    """In dollars, for the first month's factor to turn into units."""
    if not history:
        return None
    return Histories.of([[one / NANO for one in history.get(person.get("handle", ""), ())] for person in people])


def _block(
    jobs: list[_Job],
    personas: tuple[Array, Array],
    setup: Setup,
    past: Histories | None,
    block: int,
    first: int,
    end: int,
) -> list[NDArray[np.int64]]:
    """One block of scenarios, stretch by stretch; returns each plan's days of running out."""
    width, people = end - first, len(personas[0])
    stretch = max(BLOCK_PEOPLE, STRETCH_NUMBERS // width // BLOCK_PEOPLE * BLOCK_PEOPLE)
    days = [np.zeros_like(job.tally.days) for job in jobs]
    for start in range(0, people, stretch):
        stop = min(start + stretch, people)
        rows = slice(start, stop)
        known = None if past is None else Histories(past.amounts[rows], past.counts[rows])
        demand, factors = np.empty(0), np.empty(0)
        for job, histogram in zip(jobs, days, strict=True):
            if job.factors is not factors and not np.array_equal(job.factors, factors):
                factors = job.factors
                draws = Draws(setup.seed, start, stop, block, width)
                medians, sigmas = personas[0][rows], personas[1][rows]
                demand = wanted(draws, medians, sigmas, setup.usage, factors[:, first:end], known)
                np.rint(demand, out=demand)
            for group in job.groups:
                low, high = np.searchsorted(group.rows, (start, stop))
                if low < high:
                    mine = _view(demand, group.rows[low:high] - start)
                    sums = job.tally.sums[:, group.tier, :, first:end]
                    live(group.cohort, mine, sums, histogram[group.tier], job.grain, job.steps, job.tally.bin_days)
    return days


def _view(demand: Array, rows: NDArray[np.int64]) -> Array:
    """These people's part of the demand; without a copy where they stand together."""
    if rows[-1] - rows[0] + 1 == len(rows):
        return demand[:, rows[0] : rows[-1] + 1]
    found: Array = demand[:, rows]
    return found


def live(
    cohort: Cohort,
    demand: Array,
    sums: Array,
    histogram: NDArray[np.int64],
    grain: int,
    automatic_steps: Sequence[tuple[str, float]] = (),
    bin_days: float = 1.0,
) -> Piles:
    """Let a cohort live through its steps and add what happens to `sums` (sums, months, scenarios).

    `demand` is (months, people, scenarios) in whole units; a step gets its share of the month. Returns the lots at the
    end.
    """
    people, scenarios = demand.shape[1:]
    piles = Piles(people, scenarios, grain)
    at = {name: index for index, name in enumerate(SUMS)}
    allowed: list[Array | float] = []
    allowance, out = np.zeros(scenarios), None
    month = -1
    for step in cohort.steps:
        if step.month != month:
            month = step.month
            here = sums[:, month]
            here[at["exposure"]] += piles.balance + (0.0 if step.opens else allowance)
        if step.opens:
            allowed = [most for _, most in automatic_steps]
            allowance = np.full(scenarios, people * sum(most for kind, most in automatic_steps if kind != "own_money"))
            here[at["exposure"]] += allowance
            out = None
        for lot in step.releases:
            whole = piles.release(lot)
            here[at["released"]] += whole
            here[at["exposure"]] += whole
        want = demand[month] if step.share == 1.0 else np.rint(demand[month] * step.share)
        unmet, used = piles.spend(want, step.end)
        missing = want.sum(axis=0) - used
        here[at["wanted"]] += missing + used
        here[at["used"]] += used
        if missing.any():
            out = _ran_out(step, want, unmet, out, sums, histogram, bin_days, at)
            for index, (kind, _) in enumerate(automatic_steps):
                covered = np.minimum(unmet, allowed[index])
                allowed[index] = allowed[index] - covered
                unmet = unmet - covered
                taken = covered.sum(axis=0)
                missing = missing - taken
                here[at["own" if kind == "own_money" else "covered"]] += taken
                if kind != "own_money":
                    allowance = allowance - taken
            here[at["unmet"]] += missing
        ended = piles.end(step.end, step.releases_next)
        here[at["forfeited"]] += ended.forfeited
        here[at["released"]] += ended.funded
        if step.closes:
            here[at["carried"]] += piles.carried
            here[at["balance"]] += piles.balance
    return piles


def _ran_out(
    step: Step,
    want: Array,
    unmet: Array,
    out: NDArray[np.bool_] | None,
    sums: Array,
    histogram: NDArray[np.int64],
    bin_days: float,
    at: Mapping[Sum, int],
) -> NDArray[np.bool_] | None:
    """Count who runs out in a step for the first time in their period, and after how many days; who is out by now."""
    if step.period < 0:
        return out
    short = unmet > 0
    now = short if out is None else short & ~out
    counts = np.add.reduce(now.view(np.uint8), axis=0, dtype=np.int64)
    sums[at["out"], step.period] += counts
    sums[at["out_at"], step.month] += counts
    where = np.flatnonzero(now)
    wants = want.reshape(-1)[where]
    # Use is even within a step: what is covered is the share of the step that it lasts.
    days = step.day + step.days * (1 - unmet.reshape(-1)[where] / wants)
    bins = np.minimum((days / bin_days).astype(np.int64), BINS - 1)
    histogram[step.period] += np.bincount(bins, minlength=BINS)
    if step.single:
        return None
    return short if out is None else out | short
